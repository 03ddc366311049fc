//! SR-027: a mail goes to the stored address, whatever a request says.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_tests::app::{PASSWORD, Person, TestApp};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// As it was typed; mails go there letter by letter.
const STORED: &str = "Mike.Stored@Example.com";
/// Looks the same in many fonts, and folds to it in many programs.
const LOOK_ALIKES: [&str; 3] =
    ["mıke.stored@example.com", "mike.ſtored@example.com.evil.example", "mike.stored@exämple.com"];

/// Somebody with an authenticator at an address.
async fn at_address(app: &TestApp, login: &str, email: &str) -> Person {
    let body = json!({ "login": login, "email": email, "password": PASSWORD });
    let account = app.post("/v1/accounts", &body).await.is(201).text_at("/account_id");
    let token = app.sign_in(login, PASSWORD).await.is(200).text_at("/session/token");
    let person = Person {
        login: login.to_owned(),
        email: email.to_owned(),
        account,
        token,
        ..Person::default()
    };
    app.with_authenticator(person, Listener::Public).await
}

fn recipients(app: &TestApp) -> Vec<String> {
    app.post.mails().into_iter().map(|mail| mail.to).collect()
}

/// SR-027, AT-41: the request for a code has no say in where it goes.
#[test]
fn sr_027_a_code_goes_to_the_stored_address_and_nowhere_else() {
    TestApp::run(async |app| {
        let mike = at_address(app, "mike.login", STORED).await;
        app.settle().await;
        assert_eq!(recipients(app), [STORED], "the notice of the authenticator");
        let sign_in = app.begin(&mike).await;
        let path = format!("/v1/sign-ins/{sign_in}/email-code");
        for look_alike in LOOK_ALIKES {
            for field in ["email", "to", "address", "recipient", "login"] {
                let body = json!({ field: look_alike });
                app.post(path.as_str(), &body).await.is(400);
            }
            let query = format!("{path}?email=evil%40example.org");
            app.post(query, &json!({})).await.is(400);
            app.post("/v1/accounts/me/email/confirm", &json!({ "email": look_alike }))
                .bearer(&mike.token)
                .await
                .is(400);
        }
        app.settle().await;
        assert_eq!(recipients(app).len(), 1, "nothing was sent");
        app.email_code(&sign_in).header("x-original-to", "evil@example.org").await.is(202);
        app.settle().await;
        assert_eq!(recipients(app), [STORED, STORED]);
        let code = app.post.newest_code(STORED).unwrap();
        app.answer(&sign_in, "email_code", &code).await.is(200);
    });
}

/// SR-027, AT-41: somebody who registers with an address that looks the same gets the own mails and
/// no others, and is not found by the other one's address.
#[test]
fn sr_027_an_address_that_only_looks_the_same_is_another() {
    TestApp::run(async |app| {
        let support = app.operator("operator.support", Role::Support).await;
        let mike = at_address(app, "mike.login", STORED).await;
        let mut others = Vec::new();
        for (number, look_alike) in LOOK_ALIKES.iter().enumerate() {
            others.push(at_address(app, &format!("other.login.{number}"), look_alike).await);
        }
        app.settle().await;
        let sign_in = app.begin(&mike).await;
        app.email_code(&sign_in).await.is(202);
        app.settle().await;
        let code = app.post.newest_code(STORED).unwrap();
        for other in &others {
            assert_eq!(app.post.mails_to(&other.email).len(), 1, "only the own notice");
            assert_eq!(app.post.newest_code(&other.email), None);
            let theirs = app.begin(other).await;
            app.answer(&theirs, "email_code", &code).await.is(401);
        }
        app.answer(&sign_in, "email_code", &code).await.is(200);
        let found = |email: &str| {
            let body = json!({ "email": email });
            let call = app.post("/v1/support/accounts/search", &body);
            let call = call.on(Listener::Operator).bearer(&support.token);
            async move {
                let items = call.await.is(200).body["items"].clone();
                let items: Vec<Value> = serde_json::from_value(items).unwrap();
                items.iter().map(|hit| hit["account_id"].to_string()).collect::<Vec<_>>()
            }
        };
        let account = |person: &Person| vec![format!("\"{}\"", person.account)];
        for spelling in [STORED, "mike.stored@example.com", " MIKE.STORED@EXAMPLE.COM"] {
            assert_eq!(found(spelling).await, account(&mike), "{spelling}");
        }
        for other in &others {
            assert_eq!(found(&other.email).await, account(other), "{}", other.email);
        }
    });
}

/// SR-027: nothing that is no address is stored as one, so that no header can be smuggled in.
#[test]
fn sr_027_what_is_no_address_is_never_stored() {
    TestApp::run(async |app| {
        for email in [
            "mike@example.com\r\nBcc: evil@example.org",
            "mike@example.com, evil@example.org",
            "mike@example.com;evil@example.org",
            "Mike <evil@example.org>",
            "mike@example.com@example.org",
            "mike",
            "@example.org",
            " mike@example.com",
        ] {
            let body = json!({ "login": "mike.login", "email": email, "password": PASSWORD });
            app.post("/v1/accounts", &body).await.is(422);
        }
        app.pass(SignedDuration::from_hours(1)).await;
        app.settle().await;
        assert_eq!(recipients(app), [""; 0]);
        at_address(app, "mike.login", STORED).await;
    });
}
