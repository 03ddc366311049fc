//! Ending sessions: by their holder, one or all, and by what changes how one is known.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_tests::app::{Person, TestApp};
use reqwest::Method;
use serde_json::Value;

use super::acts::{acts, prove, totp};
use super::cookies::{SESSION, as_page, cookie, with_cookies};
use super::sessions::{SESSIONS, assert_alive, assert_over, entered, listed};

/// The name of a session, which is no token.
fn id(session: &Value) -> String {
    session["session_id"].as_str().unwrap().to_owned()
}

/// The name of the session that a token stands for.
async fn id_of(app: &TestApp, token: &str) -> String {
    id(&app.get("/v1/session").bearer(token).await.is(200).body)
}

/// SR-131: signing out is felt at the next request, as bearer and as cookie, and on the operators'
/// listener; the browser is told to forget.
#[test]
fn sr_131_a_session_that_was_signed_out_is_over_at_the_next_request() {
    TestApp::run(async |app| {
        let marlene = app.registered("marlene.leaves").await;
        let other = entered(app, &marlene).await;
        let call = as_page(app, app.call(Method::DELETE, "/v1/session"));
        let left = with_cookies(call, &marlene.token, "").await.is(204);
        assert_eq!(cookie(&left, SESSION).as_deref(), Some(""));
        assert_over(app, &marlene.token).await;
        app.call(Method::DELETE, "/v1/session").bearer(&other).await.is(204);
        assert_over(app, &other).await;
        let olga = app.operator("operator.leaves", Role::Support).await;
        let call = app.call(Method::DELETE, "/v1/session").bearer(&olga.token);
        call.on(Listener::Operator).await.is(204);
        assert_over(app, &olga.token).await;
        // Nor does a restart bring it back.
        app.restart().await.unwrap();
        assert_over(app, &marlene.token).await;
    });
}

/// SR-131: removing the last authenticator ends every other session and every sign-in at the next
/// request; the one that did it is one by password again.
#[test]
fn sr_131_switching_the_second_factor_off_ends_every_other_session() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.off").await;
        let other = app.enter(&marlene).await;
        let waiting = app.begin(&marlene).await;
        app.pass(countersign_tests::app::STEP).await;
        let code = totp(app, &marlene);
        let token = prove(app, &marlene.token, &code).await.is(200).text_at("/session/token");
        let removal = acts(&marlene).pop().unwrap();
        removal.send(app).bearer(&token).await.is(removal.done);
        assert_over(app, &other).await;
        app.answer(&waiting, "recovery_code", &marlene.recovery_codes[0]).await.is(401);
        assert_alive(app, &token, "password").await;
        let amr = app.get("/v1/session").bearer(&token).await.body["amr"].clone();
        assert_eq!(amr, serde_json::json!(["pwd"]));
    });
}

/// SR-134: the holder sees every session and which is the own, also with one factor, and ends one
/// of them; its name is no token.
#[test]
fn sr_134_a_holder_sees_all_sessions_and_ends_one() {
    TestApp::run(async |app| {
        let marlene = app.registered("marlene.many").await;
        let others = [entered(app, &marlene).await, entered(app, &marlene).await];
        let seen = listed(app, &marlene.token).await;
        assert_eq!(seen.len(), 3);
        let current: Vec<_> = seen.iter().filter(|session| session["current"] == true).collect();
        assert_eq!(current.len(), 1);
        assert_eq!(id(current[0]), id_of(app, &marlene.token).await);
        for session in &seen {
            assert_eq!(session["assurance"], "password");
            assert!(session["started_at"].is_string() && session["last_used_at"].is_string());
            app.get("/v1/session").bearer(&id(session)).await.is(401);
        }
        let one = format!("{SESSIONS}/{}", id_of(app, &others[0]).await);
        app.call(Method::DELETE, one.as_str()).bearer(&marlene.token).await.is(204);
        assert_over(app, &others[0]).await;
        assert_alive(app, &others[1], "password").await;
        assert_alive(app, &marlene.token, "password").await;
        app.call(Method::DELETE, one.as_str()).bearer(&marlene.token).await.is(404);
        assert_eq!(listed(app, &marlene.token).await.len(), 2);
    });
}

/// SR-134: and all others at once; nobody's sessions but the own.
#[test]
fn sr_134_a_holder_ends_all_other_sessions_and_nobody_elses() {
    TestApp::run(async |app| {
        let marlene = app.registered("marlene.many").await;
        let erika: Person = app.registered("erika.many").await;
        let others = [entered(app, &marlene).await, entered(app, &marlene).await];
        let of_erika = format!("{SESSIONS}/{}", id_of(app, &erika.token).await);
        app.call(Method::DELETE, of_erika).bearer(&marlene.token).await.is(404);
        app.call(Method::DELETE, SESSIONS).bearer(&marlene.token).await.is(204);
        for other in &others {
            assert_over(app, other).await;
        }
        assert_alive(app, &marlene.token, "password").await;
        assert_alive(app, &erika.token, "password").await;
        assert_eq!(listed(app, &marlene.token).await.len(), 1);
    });
}
