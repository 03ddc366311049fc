//! A vault that is down: no verdict, no guess, and nothing left of it once it is up again.

use std::collections::BTreeSet;

use countersign_tests::app::{PASSWORD, STEP, TestApp};
use countersign_tests::faulty_vault::VaultFault;
use serde_json::json;

/// SR-098, SR-051: whatever needs the vault is answered 503 alike, right or wrong, known or
/// unknown; nothing is counted.
#[test]
fn sr_098_sr_051_a_vault_that_is_down_gives_no_verdict_and_counts_no_guess() {
    for fault in [VaultFault::Down, VaultFault::NoSecrets] {
        TestApp::run(async |app| no_verdict_and_no_guess(app, fault).await);
    }
}

async fn no_verdict_and_no_guess(app: &TestApp, fault: VaultFault) {
    let marlene = app.person("marlene.vault").await;
    let sign_in = app.begin(&marlene).await;
    app.settle().await;
    let (right, wrong) = (app.code(&marlene), app.wrong_code(&marlene));
    let (before, account) = (app.events(&marlene.account), app.account(&marlene).await);
    app.vault.fails(fault);
    let mut heard = BTreeSet::new();
    // More often than guesses are allowed.
    for _ in 0..7 {
        for code in [&right, &wrong] {
            heard.insert(app.answer(&sign_in, "totp", code).await.face());
            let proof = json!({ "method": "totp", "code": code });
            let proven = app.post("/v1/session/proofs", &proof).bearer(&marlene.token);
            heard.insert(proven.await.face());
        }
        for password in [PASSWORD, "another password"] {
            heard.insert(app.sign_in("marlene.vault", password).await.face());
        }
        // SR-051: a login that nobody has fails alike, or a vault in trouble would tell who is
        // here.
        heard.insert(app.sign_in("nobody.of.that.name", PASSWORD).await.face());
        let proof = json!({ "password": "another password" });
        let proven = app.post("/v1/session/proofs", &proof).bearer(&marlene.token);
        heard.insert(proven.await.face());
    }
    app.vault.works();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard.first().unwrap().status, 503, "{heard:?}");
    assert_eq!(app.events(&marlene.account), before);
    assert_eq!(app.account(&marlene).await, account);
    assert_eq!(account["unresolved"], json!([]));

    app.answer(&sign_in, "totp", &wrong).await.is(401);
    app.answer(&sign_in, "totp", &right).await.is(200);
    app.sign_in("nobody.of.that.name", PASSWORD).await.is(401);
}

/// A vault that is down when an authenticator is asked for: nothing is offered, and the next try
/// is as good as the first.
#[test]
fn nothing_is_offered_whose_secret_is_not_in_the_vault() {
    TestApp::run(async |app| {
        let mut marlene = app.registered("marlene.vault").await;
        let path = "/v1/accounts/me/factors";
        let begin = json!({ "kind": "totp", "name": "the red phone" });
        app.vault.fails(VaultFault::Down);
        app.post(path, &begin).bearer(&marlene.token).await.is(503);
        app.vault.works();
        assert_eq!(app.count(&marlene.account, "account.enable_requested"), 0);
        let offered = app.post(path, &begin).bearer(&marlene.token).await.is(202);
        marlene.secret = offered.text_at("/secret");
        let path = format!("{path}/{}/activate", offered.text_at("/factor_id"));
        let activate = json!({ "code": app.code(&marlene) });
        app.vault.fails(VaultFault::Down);
        app.post(path.as_str(), &activate).bearer(&marlene.token).await.is(503);
        app.vault.works();
        app.post(path, &activate).bearer(&marlene.token).await.is(200);
    });
}

/// A registration is begun anew with the same key, and its login is never lost.
#[test]
fn a_registration_is_made_once_the_vault_is_up() {
    TestApp::run(async |app| {
        let body =
            json!({ "login": "marlene.vault", "email": "m@example.com", "password": PASSWORD });
        app.vault.fails(VaultFault::Down);
        app.post("/v1/accounts", &body).await.is(503);
        app.vault.works();
        app.post("/v1/accounts", &body).await.is(201);
        app.pass(STEP).await;
        app.sign_in("marlene.vault", PASSWORD).await.is(200);
    });
}
