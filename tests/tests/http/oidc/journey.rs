//! From the app to the portal and back.

use countersign_core::clock::Clock as _;
use countersign_tests::app::TestApp;

use super::*;

/// Discovery, sign-in, grant, redemption, who it is; each step as an app and a browser take it.
#[test]
fn an_app_is_told_who_signed_in() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let anna = app.person("anna").await;

        let found = app.get("/.well-known/openid-configuration").await.is(200);
        let issuer = found.text_at("/issuer");
        assert_eq!(found.text_at("/token_endpoint"), format!("{issuer}/v1/oidc/token"));
        assert_eq!(found.text_at("/jwks_uri"), format!("{issuer}/.well-known/jwks.json"));
        assert_eq!(found.text_at("/authorization_endpoint"), format!("{issuer}/oidc/authorize"));

        let nobody = authorize(app, &shop.asked()).await.is(200);
        assert_eq!(nobody.body, json!({ "status": "sign_in_required", "app": "shop" }));

        let answered = authorize(app, &shop.asked()).bearer(&anna.token).await.is(200);
        let back = back(&answered);
        assert!(back.as_str().starts_with(&format!("{BACK}&")), "{back}");
        assert_eq!(
            (parameter(&back, "state"), parameter(&back, "iss")),
            ("st-1".into(), issuer.clone())
        );

        let grant = parameter(&back, "code");
        let redeemed = shop.redeem(app, &grant, VERIFIER).await.is(200);
        assert_eq!(redeemed.text_at("/token_type"), "Bearer");
        assert_eq!(redeemed.body["expires_in"], json!(300));
        assert_eq!(redeemed.text_at("/scope"), "openid profile email");

        let access = redeemed.text_at("/access_token");
        let claims = read(app, &redeemed.text_at("/id_token")).await;
        let now = app.clock.now().as_second();
        assert_eq!(
            (claims.iss.as_str(), claims.sub.as_str()),
            (issuer.as_str(), anna.account.as_str())
        );
        assert_eq!((claims.aud.as_str(), claims.nonce.as_deref()), (shop.id.as_str(), Some("n-1")));
        assert_eq!((claims.iat, claims.exp), (now, now + 300));
        assert_eq!(claims.acr, TWO_FACTOR_ACR);
        assert_eq!(claims.at_hash, Some(assertion::token_hash(&access)));

        let who = userinfo(app, &access).await.is(200);
        let told = json!({
            "sub": anna.account, "preferred_username": "anna",
            "email": "anna@example.com", "email_verified": false,
        });
        assert_eq!(who.body, told);
        let by_post = app.call(Method::POST, "/v1/oidc/userinfo").bearer(&access).await.is(200);
        assert_eq!(by_post.body, told);
    });
}

/// What the app did not ask for, it is not told.
#[test]
fn an_app_is_told_what_it_asked_for_and_no_more() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let anna = app.registered("anna").await;
        for (scope, names) in [
            ("openid", vec!["sub"]),
            ("openid email", vec!["sub", "email", "email_verified"]),
            ("profile openid address", vec!["sub", "preferred_username"]),
        ] {
            let grant = shop.granted(app, &anna.token, &shop.asked_with("scope", scope)).await;
            let redeemed = shop.redeem(app, &grant, VERIFIER).await.is(200);
            let who = userinfo(app, &redeemed.text_at("/access_token")).await.is(200);
            let told: Vec<&String> = who.body.as_object().unwrap().keys().collect();
            assert_eq!(told, names, "{scope}");
        }
    });
}

/// SR-132: the names of what was proven, for every way to sign in; and with less than the app asks
/// for, it is told nothing.
#[test]
fn sr_132_an_app_reads_how_sure_a_sign_in_is() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let berta = app.registered("berta").await;
        let anna = app.person("anna").await;
        let by_mail = app.begin(&anna).await;
        app.email_code(&by_mail).await.is(202);
        app.settle().await;
        let code = app.post.newest_code(&anna.email).unwrap();
        let by_mail = app.answer(&by_mail, "email_code", &code).await.is(200);
        let by_mail = by_mail.text_at("/session/token");
        let by_code = app.begin(&anna).await;
        let code = anna.recovery_codes[0].clone();
        let by_code = app.answer(&by_code, "recovery_code", &code).await.is(200);
        let by_code = by_code.text_at("/session/token");
        for (token, acr, amr) in [
            (&berta.token, PASSWORD_ACR, vec!["pwd"]),
            (&by_mail, EMAIL_ACR, vec!["pwd", "urn:countersign:amr:email"]),
            (&anna.token, TWO_FACTOR_ACR, vec!["pwd", "otp", "mfa"]),
            (&by_code, TWO_FACTOR_ACR, vec!["pwd", "urn:countersign:amr:recovery_code", "mfa"]),
        ] {
            let grant = shop.granted(app, token, &shop.asked()).await;
            let redeemed = shop.redeem(app, &grant, VERIFIER).await.is(200);
            let claims = read(app, &redeemed.text_at("/id_token")).await;
            assert_eq!(
                (claims.acr.as_str(), claims.amr),
                (acr, amr.iter().map(ToString::to_string).collect())
            );
        }
        for (token, acr_values, status) in [
            (&berta.token, TWO_FACTOR_ACR, "second_factor_required"),
            (&berta.token, EMAIL_ACR, "sign_in_required"),
            (&by_mail, TWO_FACTOR_ACR, "sign_in_required"),
            (&by_mail, EMAIL_ACR, "redirect"),
            (&anna.token, EMAIL_ACR, "redirect"),
            (&anna.token, TWO_FACTOR_ACR, "redirect"),
            (&berta.token, "urn:other urn:countersign:acr:password", "redirect"),
            (&berta.token, "urn:other", "redirect"),
        ] {
            let asked = shop.asked_with("acr_values", acr_values);
            let answered = authorize(app, &asked).bearer(token).await.is(200);
            assert_eq!(answered.text_at("/status"), status, "{acr_values}");
        }
    });
}

/// SR-132: how long ago the holder signed in is how long ago, whatever was proven since.
#[test]
fn sr_132_an_app_says_how_long_ago_the_sign_in_may_be() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let anna = app.registered("anna").await;
        let asked = shop.asked_with("max_age", "60");
        let status = async || authorize(app, &asked).bearer(&anna.token).await.text_at("/status");
        let began = app.clock.now().as_second();
        app.pass(jiff::SignedDuration::from_secs(60)).await;
        assert_eq!(status().await, "redirect");
        app.pass(jiff::SignedDuration::from_secs(1)).await;
        assert_eq!(status().await, "sign_in_required");
        let proof = json!({ "password": countersign_tests::app::PASSWORD });
        let proven = app.post("/v1/session/proofs", &proof).bearer(&anna.token).await.is(200);
        let proven = proven.text_at("/session/token");
        let answered = authorize(app, &asked).bearer(&proven).await.is(200);
        assert_eq!(answered.text_at("/status"), "sign_in_required", "a proof is no sign-in");
        let grant = shop.granted(app, &proven, &shop.asked()).await;
        let redeemed = shop.redeem(app, &grant, VERIFIER).await.is(200);
        assert_eq!(read(app, &redeemed.text_at("/id_token")).await.auth_time, began);
    });
}
