//! Asked again under one idempotency key: what else could tell that it was asked before, or cost
//! whoever asks. That every POST is done once is shown in `facts`.

use countersign_api::config::Config;
use countersign_tests::app::{PASSWORD, STEP, TestApp};
use jiff::SignedDuration;
use serde_json::json;

use super::oidc;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// SR-064, SR-066: at a blind sign-in a wrong password is answered again like a right one: alike,
/// whenever it is.
#[test]
fn sr_064_asked_again_a_wrong_password_is_answered_like_a_right_one() {
    let blind = |config: &mut Config| config.sign_in.blind = true;
    TestApp::run_with(blind, async |app| {
        let marlene = app.person("marlene").await;
        app.pass(STEP).await;
        for (login, password) in
            [(marlene.login.as_str(), PASSWORD), ("marlene", "a wrong one"), ("nobody", PASSWORD)]
        {
            let key = format!("of-{login}-with-{}", password.len());
            let call = app.sign_in(login, password).keyed(&format!("{key:-<24}"));
            let first = call.clone().await.is(200);
            assert_eq!(first.text_at("/status"), "second_factor_required");
            app.pass(MINUTE).await;
            assert_eq!(call.await.face(), first.face(), "{login} {password}");
        }
    });
}

/// SR-066, AT-50: a mail that is asked for again under its key is not another one to the limits of
/// its source, which has just one left.
#[test]
fn sr_066_a_mail_that_is_asked_for_again_counts_once() {
    let few = |config: &mut Config| {
        config.source.enabled = true;
        config.source.mails_1h = 2;
    };
    TestApp::run_with(few, async |app| {
        let marlene = app.person("marlene.mails").await;
        let sign_in = app.begin(&marlene).await;
        let code = app.email_code(&sign_in).keyed("one-code-by-e-mail-012345");
        let reset = app.post("/v1/password-resets", &json!({ "login": marlene.login }));
        let reset = reset.keyed("one-mail-with-a-link-01234");
        for call in [code, reset] {
            let first = call.clone().await.is(202);
            for _ in 0..5 {
                assert_eq!(call.clone().await.is(202).bytes, first.bytes);
            }
        }
        app.pass(MINUTE).await;
        app.email_code(&sign_in).await.is(429);
    });
}

/// SR-066: whoever has declined under a key does not agree under the same.
#[test]
fn sr_066_one_key_does_not_decline_and_agree() {
    TestApp::run(async |app| {
        let shop = oidc::Shop::new(app).await;
        let anna = app.registered("anna").await;
        let mut declined = shop.asked();
        declined["declined"] = json!(true);
        let (key, session) = ("a-browser-that-came-once", anna.token.as_str());
        for _ in 0..2 {
            let told = oidc::authorize(app, &declined).bearer(session).keyed(key).await.is(200);
            assert!(told.text_at("/location").contains("access_denied"));
        }
        oidc::authorize(app, &shop.asked()).bearer(session).keyed(key).await.is(422);
        oidc::authorize(app, &shop.asked()).bearer(session).await.is(200);
    });
}
