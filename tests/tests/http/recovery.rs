//! A recovery code that was used leaves an event, tells its owner, and says so in the session.

use countersign_events::account::AccountEvent;
use countersign_tests::app::{Person, TestApp};
use serde_json::{Value, json};

use super::acts::prove;

const AMR: [&str; 3] = ["pwd", "urn:countersign:amr:recovery_code", "mfa"];

/// Which codes were used, and how many were left each time.
fn used(app: &TestApp, person: &Person) -> Vec<(u32, u32)> {
    let events = app.events(&person.account);
    let used = events.iter().filter_map(|event| match event {
        AccountEvent::RecoveryCodeUsed(used) => Some((used.index, used.left)),
        _ => None,
    });
    used.collect()
}

/// The mails that tell of it, with what they say is left.
async fn told(app: &TestApp, person: &Person) -> Vec<String> {
    app.settle().await;
    let mails = app.post.mails_to(&person.email).into_iter();
    let told = mails.filter(|mail| mail.subject.starts_with("A recovery code of your"));
    let left = told.map(|mail| {
        let text = mail.text.as_str();
        let line = text.lines().find(|line| line.contains("Recovery codes left"));
        line.unwrap_or_else(|| panic!("{text}")).trim().to_owned()
    });
    left.collect()
}

fn assert_says_so(session: &Value) {
    assert_eq!(session["amr"], json!(AMR));
    assert_eq!(session["assurance"], "two_factor");
}

/// SR-038: at the sign-in.
#[test]
fn sr_038_a_recovery_code_at_the_sign_in_is_told_to_its_owner() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.recovers").await;
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "recovery_code", "00000-00000-00000-00000-00000").await.is(401);
        assert_eq!((used(app, &marlene), told(app, &marlene).await), (vec![], vec![]));
        let code = &marlene.recovery_codes[3];
        let entered = app.answer(&sign_in, "recovery_code", code).await.is(200);
        assert_says_so(&entered.body["session"]);
        let session = app.get("/v1/session").bearer(&entered.text_at("/session/token")).await;
        assert_says_so(&session.is(200).body);
        assert_eq!(used(app, &marlene), [(3, 9)]);
        let told = told(app, &marlene).await;
        assert_eq!(told.len(), 1);
        assert!(told[0].ends_with('9'), "{told:?}");
        assert_eq!(app.account(&marlene).await["recovery_codes_left"], 9);
        let history = app.history(&marlene).await;
        assert!(history.iter().any(|event| event["type"] == "account.recovery_code_used"));
    });
}

/// SR-038: and within a session, as a proof.
#[test]
fn sr_038_a_recovery_code_as_a_proof_is_told_to_its_owner() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.recovers").await;
        let body = |code: &str| json!({ "method": "recovery_code", "code": code });
        let first = body(&marlene.recovery_codes[0]);
        let proven = prove(app, &marlene.token, &first).await.is(200);
        assert_says_so(&proven.body["session"]);
        let token = proven.text_at("/session/token");
        prove(app, &token, &first).await.is(401);
        assert_eq!(used(app, &marlene), [(0, 9)]);
        prove(app, &token, &body(&marlene.recovery_codes[9])).await.is(200);
        assert_eq!(used(app, &marlene), [(0, 9), (9, 8)]);
        assert_eq!(told(app, &marlene).await.len(), 2);
    });
}
