//! The proofs after every test can fail.

use countersign_tests::app::{PASSWORD, TestApp};
use rusqlite::Connection;

#[test]
fn a_test_that_does_nothing_passes() {
    TestApp::run(async |_| {});
}

#[test]
#[should_panic(expected = "password in ")]
fn a_password_that_lies_about_is_found() {
    TestApp::run(async |app| {
        app.registered("marlene.proof").await;
        std::fs::write(app.data().join("note"), format!("({PASSWORD})")).unwrap();
    });
}

#[test]
#[should_panic(expected = "code in ")]
fn a_code_that_lies_about_is_found() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.proof").await;
        let sign_in = app.begin(&marlene).await;
        let code = app.code(&marlene);
        app.answer(&sign_in, "totp", &code).await.is(200);
        std::fs::write(app.data().join("note"), format!("{{\"code\":\"{code}\"}}")).unwrap();
    });
}

#[test]
#[should_panic(expected = "does not verify")]
fn a_log_that_was_tampered_with_is_found() {
    TestApp::run(async |app| {
        app.registered("marlene.proof").await;
        app.settle().await;
        let log = Connection::open(app.data().join("log.db")).unwrap();
        let triggers: Vec<String> = log
            .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert!(!triggers.is_empty());
        for trigger in triggers {
            log.execute(&format!("DROP TRIGGER {trigger}"), []).unwrap();
        }
        let changed = "UPDATE entries SET entry = \
            CAST(replace(CAST(entry AS TEXT), '\"holder\"', '\"system\"') AS BLOB) \
            WHERE CAST(entry AS TEXT) LIKE '%account.registered%'";
        assert_eq!(log.execute(changed, []).unwrap(), 1);
    });
}
