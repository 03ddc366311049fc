//! Sessions: a token lives as long as what it stands for, its holder sees all of them, and what
//! ends one is felt at the next request.

use countersign_api::server::listener::Listener;
use countersign_core::clock::Clock as _;
use countersign_tests::app::{Call, PASSWORD, Person, STEP, TestApp};
use serde_json::{Value, json};

use super::acts::{prove, totp};
use super::cookies::{SESSION, SIGN_IN, as_page, cookie, in_browser, with_cookies};
use super::documented::NOBODYS_HANDLE;

pub(crate) const SESSIONS: &str = "/v1/accounts/me/sessions";

/// A further session by password alone.
pub(crate) async fn entered(app: &TestApp, person: &Person) -> String {
    app.sign_in(&person.login, PASSWORD).await.is(200).text_at("/session/token")
}

/// A further session by the code of this one of several authenticators.
async fn enter_by(app: &TestApp, person: &Person) -> String {
    app.pass(STEP).await;
    let sign_in = app.begin(person).await;
    named(app, &sign_in, person).await.is(200).text_at("/session/token")
}

/// An answer that names the authenticator.
fn named<'a>(app: &'a TestApp, sign_in: &str, person: &Person) -> Call<'a> {
    let code = app.code(person);
    let body = json!({ "method": "totp", "factor_id": person.factor, "code": code });
    app.post(format!("/v1/sign-ins/{sign_in}/answers"), &body)
}

/// SR-131: at every call that wants a session, the next request with this token is refused.
pub(crate) async fn assert_over(app: &TestApp, token: &str) {
    for path in ["/v1/session", "/v1/accounts/me", "/v1/accounts/me/history", SESSIONS] {
        for on in [Listener::Public, Listener::Operator] {
            app.get(path).on(on).bearer(token).await.is(401);
        }
        with_cookies(as_page(app, app.get(path)), token, "").await.is(401);
    }
    prove(app, token, &json!({ "password": PASSWORD })).await.is(401);
}

pub(crate) async fn assert_alive(app: &TestApp, token: &str, assurance: &str) {
    let session = app.get("/v1/session").bearer(token).await.is(200);
    assert_eq!(session.text_at("/assurance"), assurance);
}

pub(crate) async fn listed(app: &TestApp, token: &str) -> Vec<Value> {
    app.get(SESSIONS).bearer(token).await.is(200).body["items"].as_array().unwrap().clone()
}

/// SR-115, AT-32: enabling the second factor ends every session but the one that did it, which is
/// lifted.
#[test]
fn sr_115_at_32_enabling_a_second_factor_ends_every_other_session() {
    TestApp::run(async |app| {
        let marlene = app.registered("marlene.enables").await;
        let others = [entered(app, &marlene).await, in_browser(app, &marlene).await];
        for other in &others {
            assert_alive(app, other, "password").await;
        }
        let own = marlene.token.clone();
        let marlene = app.with_authenticator(marlene, Listener::Public).await;
        for other in &others {
            assert_over(app, other).await;
        }
        assert_eq!(marlene.token, own, "it keeps its token");
        assert_alive(app, &own, "two_factor").await;
        assert_eq!(listed(app, &own).await.len(), 1);
    });
}

/// SR-115, AT-32: so does a further authenticator, and a sign-in that waits goes no further, not
/// even with the right code.
#[test]
fn sr_115_a_further_authenticator_ends_sessions_and_sign_ins_that_wait() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.enables").await;
        let other = app.enter(&marlene).await;
        let waiting = app.begin(&marlene).await;
        app.email_code(&waiting).await.is(202);
        app.settle().await;
        let mailed = app.post.newest_code(&marlene.email).unwrap();
        app.with_authenticator(marlene.clone(), Listener::Public).await;
        assert_over(app, &other).await;
        app.answer(&waiting, "totp", &app.code(&marlene)).await.is(401);
        app.answer(&waiting, "email_code", &mailed).await.is(401);
        app.answer(&waiting, "recovery_code", &marlene.recovery_codes[0]).await.is(401);
        app.email_code(&waiting).await.is(401);
        assert_alive(app, &marlene.token, "two_factor").await;
        enter_by(app, &marlene).await;
    });
}

/// SR-129, AT-31: password, second step and step-up each give a token of their own; the one that
/// a step-up replaced is dead, and one that was made up before the sign-in never was alive.
#[test]
fn sr_129_at_31_every_proof_gives_a_new_token_and_the_old_one_is_dead() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.rotates").await;
        let planted = with_cookies(as_page(app, app.get("/v1/session")), NOBODYS_HANDLE, "");
        planted.await.is(401);
        // The page of somebody whose browser was given both cookies beforehand.
        let call = as_page(app, app.sign_in("marlene.rotates", PASSWORD));
        let begun = with_cookies(call, NOBODYS_HANDLE, NOBODYS_HANDLE).await.is(200);
        let waiting = cookie(&begun, SIGN_IN).unwrap();
        app.plant("sign-in cookie", waiting.as_bytes());
        assert_eq!(cookie(&begun, SESSION), None, "no session by the password alone");
        let path = format!("/v1/sign-ins/{}/answers", begun.text_at("/id"));
        let call = as_page(app, app.post(path, &totp(app, &marlene)));
        let answered = with_cookies(call, NOBODYS_HANDLE, &waiting).await.is(200);
        let entered = cookie(&answered, SESSION).unwrap();
        app.plant("session cookie", entered.as_bytes());
        assert!(!waiting.contains(&entered));
        for dead in [NOBODYS_HANDLE, waiting.split('.').next().unwrap()] {
            assert_over(app, dead).await;
        }
        assert_alive(app, &entered, "two_factor").await;

        app.pass(STEP).await;
        let mut seen = vec![waiting, entered.clone()];
        let mut token = entered;
        let by_code = totp(app, &marlene);
        for proof in [json!({ "password": PASSWORD }), by_code] {
            let call = as_page(app, app.post("/v1/session/proofs", &proof));
            let next = cookie(&with_cookies(call, &token, "").await.is(200), SESSION).unwrap();
            app.plant("session cookie", next.as_bytes());
            assert!(!seen.contains(&next));
            assert_over(app, &token).await;
            assert_alive(app, &next, "two_factor").await;
            seen.push(next.clone());
            token = next;
        }
        assert_eq!(listed(app, &token).await.len(), 2, "a proof makes no further session");
    });
}

/// SR-129: a browser that signs in anew leaves no session behind that nobody can sign out of,
/// whether it was the same person's or another's; a sign-in that is not through ends nothing.
#[test]
fn sr_129_the_session_of_a_cookie_that_is_replaced_is_over() {
    TestApp::run(async |app| {
        let erika = app.registered("erika.before").await;
        let plain = app.registered("plain.before").await;
        let marlene = app.person("marlene.after").await;
        let sign_in = |login: &str, password: &str, before: &str| {
            with_cookies(as_page(app, app.sign_in(login, password)), before, "")
        };
        sign_in("plain.before", "another password", &erika.token).await.is(401);
        assert_alive(app, &erika.token, "password").await;
        let entered = sign_in("plain.before", PASSWORD, &erika.token).await.is(200);
        let token = cookie(&entered, SESSION).unwrap();
        app.plant("session cookie", token.as_bytes());
        assert_over(app, &erika.token).await;
        assert_alive(app, &plain.token, "password").await;

        let begun = sign_in("marlene.after", PASSWORD, &token).await.is(200);
        let waiting = cookie(&begun, SIGN_IN).unwrap();
        app.plant("sign-in cookie", waiting.as_bytes());
        assert_alive(app, &token, "password").await;
        let path = format!("/v1/sign-ins/{}/answers", begun.text_at("/id"));
        let answer = |before: &str| {
            let call = as_page(app, app.post(path.as_str(), &totp(app, &marlene)));
            with_cookies(call.keyed("key-of-a-page-0123456789abcdef"), before, &waiting)
        };
        let answered = answer(&token).await.is(200);
        let new = cookie(&answered, SESSION).unwrap();
        app.plant("session cookie", new.as_bytes());
        assert_over(app, &token).await;
        assert_alive(app, &new, "two_factor").await;
        // Sent again, with the old cookie or the new one, it does not end what it gave.
        answer(&token).await.is(200);
        answer(&new).await;
        assert_alive(app, &new, "two_factor").await;
        assert_alive(app, &marlene.token, "two_factor").await;
    });
}

/// SR-119: the holder sees every authenticator by name, with when it was made and last used; one
/// that is removed is refused at the next request, and the others go on.
#[test]
fn sr_119_a_removed_authenticator_is_refused_at_the_next_request() {
    TestApp::run(async |app| {
        let red = app.person("marlene.lists").await;
        let made = app.account(&red).await["factors"][0]["enabled_at"].clone();
        let offer = json!({ "kind": "totp", "name": "the blue phone" });
        let path = "/v1/accounts/me/factors";
        let offered = app.post(path, &offer).bearer(&red.token).await.is(202);
        let factor = offered.text_at("/factor_id");
        let blue = Person { secret: offered.text_at("/secret"), factor, ..red.clone() };
        let path = format!("{path}/{}/activate", blue.factor);
        app.post(path, &json!({ "code": app.code(&blue) })).bearer(&red.token).await.is(200);
        let token = enter_by(app, &blue).await;
        let now = app.clock.now().to_string();
        let account = app.get("/v1/accounts/me").bearer(&token).await.is(200).body;
        let of = |person: &Person| {
            let factors = account["factors"].as_array().unwrap();
            factors.iter().find(|one| one["factor_id"] == person.factor).unwrap().clone()
        };
        assert_eq!((&of(&red)["name"], &of(&red)["enabled_at"]), (&json!("the red phone"), &made));
        assert_eq!(of(&red)["last_used_at"], made, "used once, when it was made");
        assert_eq!(of(&blue)["name"], "the blue phone");
        assert_ne!(of(&blue)["enabled_at"], made);
        assert_eq!(of(&blue)["last_used_at"], now);

        let waiting = app.begin(&red).await;
        let path = format!("/v1/accounts/me/factors/{}/remove", red.factor);
        app.post(path, &json!({})).bearer(&token).await.is(204);
        app.pass(STEP).await;
        named(app, &waiting, &red).await.is(401);
        let begun = app.sign_in("marlene.lists", PASSWORD).await.is(200);
        assert!(!begun.body.to_string().contains("the red phone"), "{}", begun.body);
        named(app, &begun.text_at("/id"), &red).await.is(401);
        app.answer(&begun.text_at("/id"), "totp", &app.code(&red)).await.is(401);
        named(app, &begun.text_at("/id"), &blue).await.is(200);
    });
}
