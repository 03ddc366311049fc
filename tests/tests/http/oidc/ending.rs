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
