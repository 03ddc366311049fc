//! The blind sign-in: nobody learns by guessing that a password is right.

use countersign_api::config::Config;
use countersign_tests::app::{Answered, PASSWORD, TestApp};
use serde_json::{Value, json};

fn blind(config: &mut Config) {
    config.sign_in.blind = true;
}

/// An answer without the name of its sign-in, which is another each time.
fn unnamed(answered: &Answered) -> (u16, Value) {
    let mut body = answered.body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("id");
    }
    (answered.status, body)
}

/// SR-064, AT-37: a wrong password, a right one and a login that nobody has lead to the same
/// question, and everything that is tried there fails alike.
#[test]
fn sr_064_a_wrong_password_leads_to_the_same_question() {
    TestApp::run_with(blind, async |app| {
        let marlene = app.person("marlene").await;
        app.pass(countersign_tests::app::STEP).await;
        let tried = [("marlene", PASSWORD), ("marlene", "a wrong one"), ("nobody.here", PASSWORD)];
        let mut begins = vec![];
        for (login, password) in tried {
            let begun = app.sign_in(login, password).await;
            assert_eq!(begun.text_at("/status"), "second_factor_required", "{login} {password}");
            let id = begun.text_at("/id");
            let mut faces = vec![unnamed(&begun)];
            faces.push(unnamed(&app.email_code(&id).await));
            faces.push(unnamed(&app.email_code(&id).await));
            faces.push(unnamed(&app.get(format!("/v1/sign-ins/{id}/email-code")).await));
            begins.push((id, faces));
        }
        let mut seen = vec![];
        for (id, mut faces) in begins {
            for code in ["000000", "000001", "000002", "000003", "000004", "000005", "000006"] {
                faces.push(unnamed(&app.answer(&id, "totp", code).await));
            }
            faces.push(unnamed(&app.answer(&id, "recovery_code", "not one").await));
            seen.push(faces);
        }
        assert_eq!(seen[0], seen[1], "a wrong password");
        assert_eq!(seen[0], seen[2], "nobody's login");
        app.settle().await;
        let mails = app.post.mails_to(&marlene.email).len();
        assert_eq!(mails, 4, "her authenticator, one code, that somebody guesses, and a wait");
    });
}

/// Who knows the password and has the phone, the mailbox or a recovery code gets in as ever.
#[test]
fn a_blind_sign_in_lets_the_holder_in() {
    TestApp::run_with(blind, async |app| {
        let marlene = app.person("marlene").await;
        app.enter(&marlene).await;
        let begun = app.begin(&marlene).await;
        app.answer(&begun, "recovery_code", &marlene.recovery_codes[0]).await.is(200);
        let begun = app.begin(&marlene).await;
        app.email_code(&begun).await.is(202);
        app.settle().await;
        let code = app.post.newest_code(&marlene.email).unwrap();
        let entered = app.answer(&begun, "email_code", &code).await.is(200);
        assert_eq!(entered.body["session"]["assurance"], json!("email_code"));
    });
}
