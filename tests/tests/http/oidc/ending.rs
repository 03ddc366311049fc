//! Signing out for an app (OpenID Connect RP-Initiated Logout 1.0).

use countersign_tests::app::TestApp;

use super::*;

fn end<'a>(app: &'a TestApp, asked: &Value) -> Call<'a> {
    app.post("/v1/oidc/session-ends", asked)
}

#[test]
fn an_app_signs_out_and_the_browser_goes_back() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let anna = app.registered("anna").await;
        let grant = shop.granted(app, &anna.token, &shop.asked()).await;
        let redeemed = shop.redeem(app, &grant, VERIFIER).await.is(200);
        let hint = redeemed.text_at("/id_token");
        app.pass(jiff::SignedDuration::from_hours(2)).await;
        let asked = json!({
            "id_token_hint": hint, "post_logout_redirect_uri": SIGNED_OUT, "state": "a b",
        });
        let ended = end(app, &asked).bearer(&anna.token).await.is(200);
        let location = format!("{SIGNED_OUT}?state=a+b");
        assert_eq!(ended.body, json!({ "app": "shop", "location": location }));
        app.get("/v1/session").bearer(&anna.token).await.is(401);
        end(app, &asked).bearer(&anna.token).await.is(200);
        let nobody = end(app, &json!({})).await.is(200);
        assert_eq!(nobody.body, json!({}));
    });
}

/// OpenID Connect Core 1.0, 3.1.2.1 and RP-Initiated Logout 1.0, 2: what an app sends by a form is
/// led to the page by GET, and says the same there.
#[test]
fn an_app_may_send_a_browser_by_a_form() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let anna = app.registered("anna").await;
        let asked = shop.asked();
        let asked = asked.as_object().unwrap();
        let fields: Vec<_> =
            asked.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        let page = format!("http://{}", app.address(Listener::Public));
        let said = |led: &Answered| -> Value {
            let location = led.headers["location"].to_str().unwrap();
            let url = url::Url::parse(&page).unwrap().join(location).unwrap();
            url.query_pairs().map(|(name, value)| (name.into_owned(), json!(value))).collect()
        };
        let form = |path: &str, fields: &[(&str, &str)]| {
            app.call(Method::POST, path).form(fields).header("origin", "https://shop.example")
        };
        let led = form("/oidc/authorize", &fields).await.is(303);
        assert!(led.headers["location"].to_str().unwrap().starts_with("/oidc/authorize?"));
        assert_eq!(led.headers["cache-control"], "no-store");
        assert_eq!(said(&led), shop.asked());
        shop.granted(app, &anna.token, &said(&led)).await;
        let odd =
            [("state", "a b\r\nset-cookie: x=y&client_id=other"), ("client_id", shop.id.as_str())];
        let led = form("/oidc/end-session", &odd).await.is(303);
        assert_eq!(said(&led), json!({ "state": odd[0].1, "client_id": shop.id }));
        assert!(led.headers.get("set-cookie").is_none());
        for path in ["/oidc/authorize", "/oidc/end-session"] {
            form(path, &[("state", &"x".repeat(8000))]).await.is(400);
            form(&format!("{path}?state=x"), &odd).await.is(400);
            app.post(path, &json!({})).await.is(415);
            let allowed = app.call(Method::PUT, path).await.is(405);
            assert_eq!(allowed.headers["allow"], "GET, HEAD, POST");
            app.get(path).await.is(200);
        }
    });
}

/// A body of another type than the call takes is told which.
#[test]
fn another_content_type_is_told_which_is_needed() {
    TestApp::run(async |app| {
        for path in ["/v1/oidc/token", "/v1/oidc/userinfo"] {
            let refused = app.post(path, &json!({ "code": "x" })).await.is(415);
            let needed = "this call takes application/x-www-form-urlencoded";
            assert_eq!(refused.text_at("/detail"), needed, "{path}");
            assert!(!refused.text_at("/title").contains("json"), "{path}");
        }
        let refused = app.call(Method::POST, "/v1/sign-ins").form(&[("login", "x")]).await.is(415);
        assert_eq!(refused.text_at("/detail"), "this call takes application/json");
    });
}

/// Nobody is sent to where no app said so, nor signed out by what is refused.
#[test]
fn a_browser_goes_back_nowhere_else_after_signing_out() {
    TestApp::run(async |app| {
        let shop = Shop::new(app).await;
        let bank = Shop::of(app, shop.admin.clone(), "bank").await;
        let anna = app.registered("anna").await;
        let grant = shop.granted(app, &anna.token, &shop.asked()).await;
        let hint = shop.redeem(app, &grant, VERIFIER).await.is(200).text_at("/id_token");
        for asked in [
            json!({ "post_logout_redirect_uri": SIGNED_OUT }),
            json!({ "client_id": shop.id, "post_logout_redirect_uri": BACK }),
            json!({ "client_id": shop.id, "post_logout_redirect_uri": "https://evil.example/" }),
            json!({ "client_id": bank.id, "id_token_hint": hint }),
            json!({ "client_id": "shop" }),
            json!({ "id_token_hint": format!("{hint}x") }),
            json!({ "id_token_hint": anna.token }),
        ] {
            end(app, &asked).bearer(&anna.token).await.is(422);
        }
        app.get("/v1/session").bearer(&anna.token).await.is(200);
    });
}
