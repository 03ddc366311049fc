//! What an app holds opens nothing else.

use countersign_api::server::auth::Auth;
use countersign_api::server::openapi::document_json;
use countersign_api::server::routes::{Row, TABLE};
use countersign_tests::app::TestApp;

use super::hosts::run as run_with_proxy;
use super::*;
use crate::cookies::{as_page, with_cookies};
use crate::documented::{NOBODYS_HANDLE, NOBODYS_ID};

/// SR-056: a sign-in in progress is no session where one may ask without; nothing is granted.
#[test]
fn sr_056_a_sign_in_in_progress_is_granted_nothing() {
    run_with_proxy(async |app| {
        let shop = Shop::new(app).await;
        let anna = app.person("anna").await;
        app.pass(countersign_tests::app::STEP).await;
        let sign_in = app.begin(&anna).await;
        let asked = authorize(app, &shop.asked()).bearer(&sign_in).await.is(200);
        assert_eq!(asked.text_at("/status"), "sign_in_required");
        let page = as_page(app, authorize(app, &shop.asked()));
        let asked = with_cookies(page, &sign_in, &sign_in).await.is(200);
        assert_eq!(asked.text_at("/status"), "sign_in_required");
        shop.redeem(app, &sign_in, VERIFIER).await.is(400);
        userinfo(app, &sign_in).await.is(401);
        let ask = app.get("/v1/forward-auth").header("x-forwarded-host", "wiki.example");
        let ask = ask.header("x-forwarded-proto", "https").header("x-forwarded-uri", "/");
        ask.header("cookie", &format!("__Host-cs_fa={sign_in}")).await.is(401);
        app.post("/v1/oidc/session-ends", &json!({})).bearer(&sign_in).await.is(200);
        app.answer(&sign_in, "totp", &app.code(&anna)).await.is(200);
    });
}

/// A well-formed body of a call, where it takes one: the document's own example.
fn body<'a>(document: &'a Value, row: &Row) -> Option<&'a Value> {
    let operation = &document["paths"][row.path][row.method.as_str().to_lowercase()];
    operation.pointer("/requestBody/content/application~1json/example")
}

/// SR-062, AT-30: a grant, an access token and an ID token are no session and no key, at any call
/// that there is; and a session is no access token.
#[test]
fn sr_062_at_30_what_an_app_was_given_opens_no_other_call() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let anna = app.person("anna").await;
        let grant = shop.granted(app, &anna.token, &shop.asked()).await;
        let redeemed = shop.redeem(app, &grant, VERIFIER).await.is(200);
        let unused = shop.granted(app, &anna.token, &shop.asked()).await;
        let (access, id) = (redeemed.text_at("/access_token"), redeemed.text_at("/id_token"));
        let document: Value = serde_json::from_str(&document_json().unwrap()).unwrap();
        let mut tried = 0;
        for row in TABLE {
            let wants = matches!(
                row.auth,
                Auth::Session
                    | Auth::SessionOrClient(_)
                    | Auth::Operator(_)
                    | Auth::OperatorOrClient(..)
                    | Auth::AccessToken
            );
            if !wants {
                continue;
            }
            let mut path = row.path.replace("{account}", "me");
            for name in ["{factor}", "{client}", "{key}", "{operator}", "{removal}", "{webhook}"] {
                path = path.replace(name, NOBODYS_ID);
            }
            for name in ["{id}", "{token}"] {
                path = path.replace(name, NOBODYS_HANDLE);
            }
            for name in ["{session}", "{device}"] {
                path = path.replace(name, &"0".repeat(32));
            }
            let tokens = [&access, &id, &unused, &anna.token];
            let is_its_own = |token: &&&String| match row.auth {
                Auth::AccessToken => **token == &access,
                _ => **token == &anna.token,
            };
            for token in tokens.iter().filter(|token| !is_its_own(token)) {
                let method: Method = row.method.as_str().parse().unwrap();
                let call = app.call(method, &path).on(row.on[0]).bearer(token);
                let refused = match body(&document, row) {
                    Some(body) => call.json(body).await,
                    None => call.await,
                };
                assert_eq!(refused.status, 401, "{} {path}: {refused:?}", row.method);
                tried += 1;
            }
        }
        assert!(tried > 100, "{tried}");
        userinfo(app, &access).await.is(200);
    });
}
