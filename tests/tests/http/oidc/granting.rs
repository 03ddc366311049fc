//! Who is granted something, who is not, and what a grant is worth.

use countersign_tests::app::{PASSWORD, TestApp};
use jiff::SignedDuration;
use std::future::IntoFuture as _;

use super::*;

const NOT_REDEEMED: &str = "invalid_grant";

/// Nothing goes to an address that the app has not registered, not even an error.
#[test]
fn a_browser_goes_back_to_registered_addresses_alone() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let anna = app.registered("anna").await;
        for (name, value) in [
            ("redirect_uri", "https://shop.example/callback"),
            ("redirect_uri", "https://shop.example/callback?from=sign-in&more=1"),
            ("redirect_uri", "https://evil.example/callback?from=sign-in"),
            ("redirect_uri", "https://SHOP.example/callback?from=sign-in"),
            ("redirect_uri", SIGNED_OUT),
            ("redirect_uri", ""),
            ("client_id", "00000000-0000-4000-8000-000000000000"),
            ("client_id", "shop"),
            ("state", &"s".repeat(513)),
        ] {
            let asked = shop.asked_with(name, value);
            let refused = authorize(app, &asked).bearer(&anna.token).await.is(422);
            assert_eq!(refused.text_at("/field"), name, "{value}");
            assert_eq!(refused.not_a_problem(), None);
        }
        let path = format!("/v1/clients/{}", shop.id);
        as_admin(app, &shop.admin, Method::DELETE, &path).await.is(204);
        authorize(app, &shop.asked()).bearer(&anna.token).await.is(422);
    });
}

/// What the app got wrong, it is told, by way of the browser.
#[test]
fn what_an_app_got_wrong_goes_back_to_it() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let anna = app.registered("anna").await;
        for (name, value, error) in [
            ("response_type", "token", "unsupported_response_type"),
            ("scope", "profile", "invalid_scope"),
            ("code_challenge_method", "plain", "invalid_request"),
            ("code_challenge", "short", "invalid_request"),
            ("prompt", "none login", "invalid_request"),
            ("request", "eyJ", "request_not_supported"),
            ("request_uri", "https://x.example", "request_uri_not_supported"),
        ] {
            let asked = shop.asked_with(name, value);
            let back = back(&authorize(app, &asked).bearer(&anna.token).await.is(200));
            assert!(back.as_str().starts_with(BACK));
            assert_eq!(
                (parameter(&back, "error"), parameter(&back, "state")),
                (error.into(), "st-1".into())
            );
            assert_eq!(parameter(&back, "code"), "");
        }
        let silent = |acr: &str| {
            let mut asked = shop.asked_with("prompt", "none");
            asked["acr_values"] = json!(acr);
            asked
        };
        let nobody = back(&authorize(app, &silent(PASSWORD_ACR)).await.is(200));
        assert_eq!(parameter(&nobody, "error"), "login_required");
        let weak = authorize(app, &silent(TWO_FACTOR_ACR)).bearer(&anna.token).await.is(200);
        assert_eq!(parameter(&back(&weak), "error"), "interaction_required");
        let fine = authorize(app, &silent(PASSWORD_ACR)).bearer(&anna.token).await.is(200);
        assert!(!parameter(&back(&fine), "code").is_empty());
    });
}

/// RFC 6749, 4.1.2: once, within a minute; a second use ends what the first led to.
#[test]
fn a_grant_is_redeemed_once() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let anna = app.registered("anna").await;
        let grant = shop.granted(app, &anna.token, &shop.asked()).await;
        let redeemed = shop.redeem(app, &grant, VERIFIER).await.is(200);
        let access = redeemed.text_at("/access_token");
        userinfo(app, &access).await.is(200);
        let again = shop.redeem(app, &grant, VERIFIER).await.is(400);
        assert_eq!(again.text_at("/error"), NOT_REDEEMED);
        userinfo(app, &access).await.is(401);
        userinfo(app, &anna.token).await.is(401);

        let late = shop.granted(app, &anna.token, &shop.asked()).await;
        app.pass(SignedDuration::from_secs(60)).await;
        shop.redeem(app, &late, VERIFIER).await.is(400);
        let token = shop.granted(app, &anna.token, &shop.asked()).await;
        let token = shop.redeem(app, &token, VERIFIER).await.is(200).text_at("/access_token");
        app.pass(SignedDuration::from_secs(299)).await;
        userinfo(app, &token).await.is(200);
        app.pass(SignedDuration::from_secs(1)).await;
        userinfo(app, &token).await.is(401);
    });
}

/// RFC 7636: whoever has the grant alone has nothing, and takes it from the app as well.
#[test]
fn a_grant_with_what_does_not_belong_to_it_is_void() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let anna = app.registered("anna").await;
        let other = format!("{VERIFIER}x");
        for (verifier, back) in [(other.as_str(), BACK), (VERIFIER, SIGNED_OUT)] {
            let grant = shop.granted(app, &anna.token, &shop.asked()).await;
            let wrong = redeem(app, &grant, verifier, back).header("authorization", &shop.basic());
            assert_eq!(wrong.await.is(400).text_at("/error"), NOT_REDEEMED);
            shop.redeem(app, &grant, VERIFIER).await.is(400);
        }
    });
}

/// Another app takes nothing of a grant, not even its use; and an app that is none is told so.
#[test]
fn a_grant_is_its_own_apps() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let bank = Shop::of(app, shop.admin.clone(), "bank").await;
        let anna = app.registered("anna").await;
        let grant = shop.granted(app, &anna.token, &shop.asked()).await;
        assert_eq!(
            bank.redeem(app, &grant, VERIFIER).await.is(400).text_at("/error"),
            NOT_REDEEMED
        );
        let no_app = redeem(app, &grant, VERIFIER, BACK);
        let wrong_key =
            Shop { key: bank.key.clone(), id: shop.id.clone(), admin: bank.admin.clone() };
        for call in [no_app, wrong_key.redeem(app, &grant, VERIFIER)] {
            let refused = call.await.is(401);
            assert_eq!(refused.text_at("/error"), "invalid_client");
            assert!(refused.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"));
        }
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &grant),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
            ("client_id", &shop.id),
            ("client_secret", &shop.key),
        ];
        app.call(Method::POST, "/v1/oidc/token").form(&fields).await.is(200);
        for (index, error) in [
            (0, "invalid_request"),
            (1, "invalid_request"),
            (2, "invalid_request"),
            (3, "invalid_request"),
        ] {
            let mut lacking = fields.to_vec();
            lacking.remove(index);
            let refused = app.call(Method::POST, "/v1/oidc/token").form(&lacking).await.is(400);
            assert_eq!(refused.text_at("/error"), error);
        }
        let password =
            [("grant_type", "password"), ("client_id", &shop.id), ("client_secret", &shop.key)];
        let refused = app.call(Method::POST, "/v1/oidc/token").form(&password).await.is(400);
        assert_eq!(refused.text_at("/error"), "unsupported_grant_type");
    });
}

/// SR-131: what ends a session ends what apps were given for it.
#[test]
fn sr_131_with_its_session_everything_that_an_app_was_given_ends() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let anna = app.registered("anna").await;
        let redeemed = shop.granted(app, &anna.token, &shop.asked()).await;
        let access = shop.redeem(app, &redeemed, VERIFIER).await.is(200).text_at("/access_token");
        let waiting = shop.granted(app, &anna.token, &shop.asked()).await;
        app.call(Method::DELETE, "/v1/session").bearer(&anna.token).await.is(204);
        userinfo(app, &access).await.is(401);
        shop.redeem(app, &waiting, VERIFIER).await.is(400);
        let nobody = authorize(app, &shop.asked()).bearer(&anna.token).await.is(200);
        assert_eq!(nobody.text_at("/status"), "sign_in_required");
    });
}

/// AT-30, SR-066: another's grant under the same key is another request, and is not done.
#[test]
fn at_30_a_key_that_was_used_redeems_no_other_grant() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let (anna, berta) = (app.registered("anna").await, app.registered("berta").await);
        let key = "one-key-for-one-grant-01234";
        let hers = shop.granted(app, &anna.token, &shop.asked()).await;
        let told = shop.redeem(app, &hers, VERIFIER).keyed(key).await.is(200);
        let again = shop.redeem(app, &hers, VERIFIER).keyed(key).await.is(200);
        assert_eq!(told.bytes, again.bytes, "the same bytes, though it was signed again");
        let others = shop.granted(app, &berta.token, &shop.asked()).await;
        shop.redeem(app, &others, VERIFIER).keyed(key).await.is(422);
        shop.redeem(app, &others, VERIFIER).await.is(200);
    });
}

/// SR-066: and it tells the same for a day, though what it told is worth nothing any more; whoever
/// never redeemed it is told nothing.
#[test]
fn sr_066_a_redeemed_grant_is_told_again_under_its_key_for_a_day() {
    // By whatever port it is reached after the restart, the token names this.
    let known = |config: &mut countersign_api::config::Config| {
        config.public_url = Some("http://localhost:8780".to_owned());
    };
    TestApp::run_with(known, async |app| {
        let shop = Shop::new(app).await;
        let anna = app.registered("anna").await;
        let key = "one-key-for-one-grant-01234";
        let grant = shop.granted(app, &anna.token, &shop.asked()).await;
        let told = shop.redeem(app, &grant, VERIFIER).keyed(key).await.is(200);
        // So many that the first is forgotten, and that more than a page lies between.
        for _ in 0..3 {
            app.pass(SignedDuration::from_mins(5)).await;
            for _ in 0..30 {
                shop.granted(app, &anna.token, &shop.asked()).await;
            }
            let again = shop.redeem(app, &grant, VERIFIER).keyed(key).await.is(200);
            assert_eq!(told.bytes, again.bytes);
        }
        userinfo(app, &told.text_at("/access_token")).await.is(401);
        shop.redeem(app, &grant, VERIFIER).await.is(400);
        app.restart().await.unwrap();
        app.pass(SignedDuration::from_hours(23)).await;
        let again = shop.redeem(app, &grant, VERIFIER).keyed(key).await.is(200);
        assert_eq!(told.bytes, again.bytes);
        app.pass(SignedDuration::from_hours(1)).await;
        shop.redeem(app, &grant, VERIFIER).keyed(key).await.is(400);
    });
}

/// SR-099: of twenty that come at once, one is told; and what it was told ends by the others.
#[test]
fn sr_099_a_grant_that_comes_twenty_times_at_once_is_told_once() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let anna = app.registered("anna").await;
        let grant = shop.granted(app, &anna.token, &shop.asked()).await;
        let calls = (0..20).map(|_| shop.redeem(app, &grant, VERIFIER).into_future());
        let answers = futures::future::join_all(calls).await;
        let told: Vec<_> = answers.iter().filter(|answered| answered.status == 200).collect();
        assert_eq!(told.len(), 1);
        userinfo(app, &told[0].text_at("/access_token")).await.is(401);
    });
}

/// AT-30, SR-131: what changes who may sign in ends what apps were given.
#[test]
fn at_30_after_a_factor_is_changed_or_the_account_suspended_nothing_is_told() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let support = app.operator("sam", Role::Support).await;
        let anna = app.registered("anna").await;
        let other = app.sign_in("anna", PASSWORD).await.is(200).text_at("/session/token");
        let grant = shop.granted(app, &other, &shop.asked()).await;
        let access = shop.redeem(app, &grant, VERIFIER).await.is(200).text_at("/access_token");
        // The first authenticator ends every other session.
        let anna = app.with_authenticator(anna, Listener::Public).await;
        userinfo(app, &access).await.is(401);
        let grant = shop.granted(app, &anna.token, &shop.asked()).await;
        let access = shop.redeem(app, &grant, VERIFIER).await.is(200).text_at("/access_token");
        let path = format!("/v1/support/accounts/{}/suspensions", anna.account);
        let act = json!({ "reason": "a stolen phone", "ticket": "T-1" });
        let suspended = app.post(path, &act).on(Listener::Operator).bearer(&support.token);
        assert!(suspended.await.status < 300);
        userinfo(app, &access).await.is(401);
    });
}

/// SR-120: who operators are, no app is told, whichever door their session is brought to.
#[test]
fn sr_120_an_operator_signs_in_to_no_app() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let answered = authorize(app, &shop.asked()).bearer(&shop.admin.token).await.is(200);
        assert_eq!(answered.text_at("/status"), "sign_in_required");
    });
}

/// What an app was told before a restart is worth the same after it.
#[test]
fn grants_outlive_a_restart() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let anna = app.registered("anna").await;
        let redeemed = shop.granted(app, &anna.token, &shop.asked()).await;
        let access = shop.redeem(app, &redeemed, VERIFIER).await.is(200).text_at("/access_token");
        let waiting = shop.granted(app, &anna.token, &shop.asked()).await;
        app.restart().await.unwrap();
        userinfo(app, &access).await.is(200);
        let told = shop.redeem(app, &waiting, VERIFIER).await.is(200);
        read(app, &told.text_at("/id_token")).await;
        shop.redeem(app, &redeemed, VERIFIER).await.is(400);
    });
}

/// AT-33: a holder fills the log no faster than sixty grants in a minute.
#[test]
fn at_33_a_session_is_given_sixty_grants_in_a_minute() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let anna = app.registered("anna").await;
        app.pass(SignedDuration::from_mins(2)).await;
        let mut given = 0;
        for _ in 0..100 {
            let answered = authorize(app, &shop.asked()).bearer(&anna.token).await;
            given += u32::from(answered.status == 200);
            assert!(matches!(answered.status, 200 | 429), "{answered:?}");
        }
        assert_eq!((given, app.count(&anna.account, "account.grant_issued")), (60, 60));
        app.pass(SignedDuration::from_mins(1)).await;
        authorize(app, &shop.asked()).bearer(&anna.token).await.is(200);
    });
}
