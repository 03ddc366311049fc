//! Back end only: an app that checked the password itself verifies by itself how a sign-in ended.

use countersign_core::clock::Clock as _;
use countersign_tests::app::TestApp;

use super::*;

const KEY: &str = "one-key-for-one-answer-0123";

/// The app's account of that subject.
async fn made(app: &TestApp, key: &str, subject: &str) -> String {
    let body = json!({ "subject": subject });
    app.post("/v1/accounts", &body).bearer(key).await.is(201).text_at("/account_id")
}

fn vouch<'a>(app: &'a TestApp, key: &str, subject: &str, nonce: Option<&str>) -> Call<'a> {
    let mut body = json!({
        "subject": subject, "first_factor": "vouched", "context": { "ip": "192.0.2.1" }
    });
    if let Some(nonce) = nonce {
        body["nonce"] = json!(nonce);
    }
    app.post("/v1/sign-ins", &body).bearer(key)
}

/// The app's user with an authenticator: its secret, base32.
async fn enrolled(app: &TestApp, key: &str, subject: &str) -> String {
    let factors = format!("/v1/accounts/subject:{subject}/factors");
    let body = json!({ "kind": "totp", "name": "phone" });
    let offered = app.post(&factors, &body).bearer(key).await.is(202);
    let (factor, secret) = (offered.text_at("/factor_id"), offered.text_at("/secret"));
    let code = json!({ "code": app.code_of(&secret, 0) });
    app.post(format!("{factors}/{factor}/activate"), &code).bearer(key).await.is(200);
    secret
}

/// The whole way, and once more with the same idempotency key: the same bytes.
#[test]
fn an_app_verifies_the_end_of_a_sign_in_that_it_began() {
    TestApp::run(async |app| {
        let key = app.client_app().await;
        let account = made(app, &key, "u-1").await;
        let alone = vouch(app, &key, "u-1", Some("first")).await.is(200);
        let claims = read(app, &alone.text_at("/assertion")).await;
        assert_eq!((claims.sub.as_str(), claims.acr.as_str()), (account.as_str(), PASSWORD_ACR));
        assert_eq!(claims.nonce.as_deref(), Some("first"));

        let secret = enrolled(app, &key, "u-1").await;
        app.pass(countersign_tests::app::STEP).await;
        let begun = vouch(app, &key, "u-1", Some("n-2")).await.is(200);
        assert!(begun.body.get("assertion").is_none(), "nothing is said before it is so");
        let id = begun.text_at("/id");
        let code = app.code_of(&secret, 0);
        let answered = app.answer(&id, "totp", &code).keyed(KEY).await.is(200);
        let claims = read(app, &answered.text_at("/assertion")).await;
        let now = app.clock.now().as_second();
        assert_eq!((claims.acr.as_str(), claims.nonce.as_deref()), (TWO_FACTOR_ACR, Some("n-2")));
        assert_eq!((claims.auth_time, claims.iat, claims.exp), (now, now, now + 300));
        assert_eq!(claims.amr, ["pwd", "otp", "mfa"]);

        app.pass(jiff::SignedDuration::from_secs(5)).await;
        let token = answered.text_at("/session/token");
        app.call(Method::DELETE, "/v1/session").bearer(&token).await.is(204);
        let again = app.answer(&id, "totp", &code).keyed(KEY).await.is(200);
        assert_eq!(again.bytes, answered.bytes, "SR-066: the same answer, whatever came since");
    });
}

/// SR-062: an app's key stands for its own accounts, to itself: no other app and no host is told
/// that somebody signed in whom the app made up.
#[test]
fn sr_062_an_app_signs_nobody_in_to_another() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let key = app.client_app().await;
        made(app, &key, "u-3").await;
        let vouched = vouch(app, &key, "u-3", None).await.is(200);
        let token = vouched.text_at("/session/token");
        let asked = authorize(app, &shop.asked()).bearer(&token).await.is(200);
        assert_eq!(asked.text_at("/status"), "sign_in_required");
    });
}

/// Who signs in here by a password is told by a session, and no app by anything.
#[test]
fn a_sign_in_that_no_app_began_has_no_assertion() {
    TestApp::run(async |app| {
        let anna = app.person("anna").await;
        app.pass(countersign_tests::app::STEP).await;
        let begun = app.begin(&anna).await;
        let answered = app.answer(&begun, "totp", &app.code_at(&anna, 0)).await.is(200);
        assert!(answered.body.get("assertion").is_none(), "{answered:?}");
        let key = app.client_app().await;
        made(app, &key, "u-2").await;
        let vouched = vouch(app, &key, "u-2", None).await.is(200);
        assert_eq!(read(app, &vouched.text_at("/assertion")).await.nonce, None);
        for nonce in ["", &"n".repeat(256), "line\nfeed"] {
            vouch(app, &key, "u-2", Some(nonce)).await.is(400);
        }
    });
}
