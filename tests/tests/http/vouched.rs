//! Accounts of client apps: what the app is told, and whom mails and events name where every call
//! comes from the app's own server.

use countersign_tests::app::{STEP, TestApp};
use serde_json::{Value, json};

use super::back_in::letters;

const EMAIL: &str = "customer@example.com";
/// Where the person sits, in the app's words.
const THERE: &str = "203.0.113.44";

/// An account with a proven address and authenticators of these names: its id, and each
/// authenticator's id and secret.
async fn customer(app: &TestApp, key: &str, names: &[&str]) -> (String, Vec<(String, String)>) {
    let body = json!({ "subject": "customer", "email": EMAIL, "email_verified": true });
    let made = app.post("/v1/accounts", &body).bearer(key).await.is(201);
    let account = made.text_at("/account_id");
    // The first is the app's to ask for, a further one the person's.
    let (mut bearer, mut whose) = (key.to_owned(), account.clone());
    let mut factors: Vec<(String, String)> = vec![];
    for name in names {
        if let Some((first, secret)) = factors.first() {
            let path = format!("/v1/sign-ins/{}/answers", begin(app, key).await);
            let answer = answer(first, &app.code_of(secret, 0));
            let entered = app.post(path, &answer).bearer(key).await.is(200);
            (bearer, whose) = (entered.text_at("/session/token"), "me".to_owned());
        }
        let path = format!("/v1/accounts/{whose}/factors");
        let body = json!({ "kind": "totp", "name": name });
        let offered = app.post(path.as_str(), &body).bearer(&bearer).await.is(202);
        let (id, secret) = (offered.text_at("/factor_id"), offered.text_at("/secret"));
        let code = json!({ "code": app.code_of(&secret, 0) });
        app.post(format!("{path}/{id}/activate"), &code).bearer(&bearer).await.is(200);
        factors.push((id, secret));
        app.pass(STEP).await;
    }
    (account, factors)
}

async fn begin(app: &TestApp, key: &str) -> String {
    let context = json!({ "ip": THERE, "user_agent": "Firefox/140.0" });
    let body = json!({ "subject": "customer", "first_factor": "vouched", "context": context });
    app.post("/v1/sign-ins", &body).bearer(key).await.is(200).text_at("/id")
}

fn answer(factor: &str, code: &str) -> Value {
    json!({ "method": "totp", "factor_id": factor, "code": code })
}

/// SR-017, SR-075: a code is compared with one authenticator. Where the sign-in has named several,
/// an answer that names none is told so, whatever the code, and is no guess.
#[test]
fn sr_017_an_answer_that_names_none_of_several_authenticators_is_told_so() {
    TestApp::run(async |app| {
        let key = app.client_app().await;
        let (account, factors) = customer(app, &key, &["phone", "tablet"]).await;
        let sign_in = begin(app, &key).await;
        let path = format!("/v1/sign-ins/{sign_in}/answers");
        let mut faces = Vec::new();
        for code in [app.code_of(&factors[0].1, 0), app.wrong_code_of(&factors[0].1)] {
            let body = json!({ "method": "totp", "code": code });
            let told = app.post(path.as_str(), &body).bearer(&key).await.is(422);
            assert_eq!(told.text_at("/code"), "field-refused");
            assert_eq!(told.text_at("/field"), "factor_id");
            faces.push(told.face());
        }
        assert_eq!(faces[0], faces[1]);
        assert_eq!(app.count(&account, "account.code_rejected"), 0);
        let (tablet, secret) = &factors[1];
        let right = app.code_of(secret, 0);
        app.post(path.as_str(), &answer(&factors[0].0, &right)).bearer(&key).await.is(401);
        app.pass(STEP).await;
        let right = answer(tablet, &app.code_of(secret, 0));
        app.post(path.as_str(), &right).bearer(&key).await.is(200);
    });
}

/// SR-028: who asks for the code by e-mail is the app's server; the mail and the event name the
/// place of the person, as the app said it when the sign-in began.
#[test]
fn sr_028_a_code_by_e_mail_names_the_place_of_the_person_and_not_of_the_app() {
    TestApp::run(async |app| {
        let key = app.client_app().await;
        let (account, _) = customer(app, &key, &["phone"]).await;
        let sign_in = begin(app, &key).await;
        let path = format!("/v1/sign-ins/{sign_in}/email-code");
        let asked = app.post(path, &json!({})).bearer(&key).header("user-agent", "curl/8.14");
        asked.await.is(202);
        app.settle().await;
        let sent = letters(app, EMAIL, "Your code to sign in").await;
        let [letter] = sent.as_slice() else { panic!("{} letters", sent.len()) };
        assert!(letter.contains("Firefox, network 203.0.113.x"), "{letter}");
        assert!(!letter.contains("curl"), "{letter}");
        let history = app.get(format!("/v1/accounts/{account}/history")).bearer(&key).await.is(200);
        let items = history.body["items"].as_array().unwrap();
        let asked = items.iter().find(|event| event["type"] == "account.email_code_requested");
        let data = &asked.unwrap()["data"];
        assert_eq!(data["ip"], THERE, "{data}");
        assert_eq!(data["user_agent"], "Firefox/140.0", "{data}");
    });
}

/// SR-075: whose subject it is not, has no sign-in and is told nothing but that; an app is told
/// that its key is not good in words about keys.
#[test]
fn sr_075_an_app_is_told_of_its_key_and_its_words_of_codes() {
    TestApp::run(async |app| {
        let key = app.client_app().await;
        let nobody = json!({
            "subject": "nobody", "first_factor": "vouched", "context": { "ip": THERE }
        });
        let told = app.post("/v1/sign-ins", &nobody).bearer(&key).await.is(404);
        assert_eq!(told.text_at("/detail"), "there is no such account");
        let dead = app.post("/v1/sign-ins", &nobody).bearer("cs_nobody").await.is(401);
        assert!(dead.text_at("/title").contains("key"), "{:?}", dead.face());
        let other = json!({
            "subject": "nobody", "first_factor": "password", "context": { "ip": THERE }
        });
        let told = app.post("/v1/sign-ins", &other).bearer(&key).await.is(400);
        assert!(told.text_at("/detail").contains("must be `vouched`"), "{:?}", told.face());
    });
}
