//! The portal's cookies: what a browser carries, and that nobody else can make it count.

use countersign_api::server::listener::Listener;
use countersign_tests::app::{Answered, Call, PASSWORD, Person, TestApp};
use reqwest::Method;
use reqwest::header::SET_COOKIE;
use serde_json::json;

pub(crate) const SESSION: &str = "__Host-cs_session";
pub(crate) const SIGN_IN: &str = "__Host-cs_txn";
pub(crate) const DEVICE: &str = "__Host-cs_did";

/// The value of a cookie that an answer sets; empty where it takes it away.
pub(crate) fn cookie(answered: &Answered, name: &str) -> Option<String> {
    let set = answered.headers.get_all(SET_COOKIE).iter();
    let lines: Vec<&str> = set.map(|line| line.to_str().unwrap()).collect();
    let line = lines.iter().find(|line| line.starts_with(&format!("{name}=")))?;
    let value = line.split(['=', ';']).nth(1).unwrap();
    Some(value.to_owned())
}

/// Asked as a page of the portal asks.
pub(crate) fn as_page<'a>(app: &TestApp, call: Call<'a>) -> Call<'a> {
    let own = format!("http://{}", app.address(Listener::Public));
    call.header("x-countersign-portal", "1")
        .header("origin", &own)
        .header("sec-fetch-site", "same-origin")
}

pub(crate) fn with_cookies<'a>(call: Call<'a>, session: &str, sign_in: &str) -> Call<'a> {
    call.header("cookie", &format!("{SESSION}={session}; {SIGN_IN}={sign_in}"))
}

pub(crate) fn at_device<'a>(call: Call<'a>, device: &str) -> Call<'a> {
    call.header("cookie", &format!("{DEVICE}={device}"))
}

/// Somebody's session in the cookie of a browser.
pub(crate) async fn in_browser(app: &TestApp, person: &Person) -> String {
    let call = as_page(app, app.sign_in(&person.login, PASSWORD));
    let session = cookie(&call.await.is(200), SESSION).unwrap();
    app.plant("session cookie", session.as_bytes());
    session
}

/// SR-069: every cookie is `__Host-`, secure, for no script, for no other site, and its value is
/// left out of the body.
#[test]
fn sr_069_cookies_are_for_this_host_and_no_script() {
    TestApp::run(async |app| {
        let person = app.person("marlene").await;
        let begun = as_page(app, app.sign_in("marlene", PASSWORD)).await.is(200);
        let handle = cookie(&begun, SIGN_IN).unwrap();
        app.plant("sign-in cookie", handle.as_bytes());
        assert_ne!(begun.text_at("/id"), handle);
        app.pass(countersign_tests::app::STEP).await;
        let path = format!("/v1/sign-ins/{}/answers", begun.text_at("/id"));
        let body = json!({ "method": "totp", "code": app.code(&person) });
        let call = with_cookies(as_page(app, app.post(path, &body)), "", &handle);
        let answered = call.await.is(200);
        assert_eq!(answered.text_at("/status"), "completed");
        assert_eq!(answered.body.pointer("/session/token"), None);
        let token = cookie(&answered, SESSION).unwrap();
        app.plant("session cookie", token.as_bytes());
        assert_eq!(cookie(&answered, SIGN_IN).as_deref(), Some(""), "the sign-in has ended");
        let set = [&begun, &answered].map(|one| one.headers.get_all(SET_COOKIE));
        for line in set.iter().flatten() {
            let line = line.to_str().unwrap();
            assert!(line.starts_with("__Host-"), "{line}");
            for part in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
                assert!(line.split("; ").any(|one| one == part), "{part} in {line}");
            }
            assert!(!line.contains("Domain"), "{line}");
        }
        let me = with_cookies(as_page(app, app.get("/v1/session")), &token, "").await.is(200);
        assert_eq!(me.text_at("/assurance"), "two_factor");
    });
}

/// SR-068, AT-28: a cookie counts from a page of ours alone, whatever else a browser can be made
/// to send; and an answer of our own page does count, so that the refusals have one reason.
#[test]
fn sr_068_cookies_count_from_our_own_pages_alone() {
    TestApp::run(async |app| {
        let person = app.registered("marlene").await;
        let session = in_browser(app, &person).await;
        let own = format!("http://{}", app.address(Listener::Public));
        let sibling = own.replace("http://", "http://evil.");
        let forged: [&[(&str, &str)]; 11] = [
            &[],
            &[("origin", &own), ("sec-fetch-site", "same-origin")],
            &[("x-countersign-portal", "1")],
            &[("x-countersign-portal", "0"), ("origin", &own)],
            &[("x-countersign-portal", "1"), ("x-countersign-portal", "1"), ("origin", &own)],
            &[("x-countersign-portal", "1"), ("origin", "null")],
            &[("x-countersign-portal", "1"), ("origin", "https://evil.example")],
            &[("x-countersign-portal", "1"), ("origin", &sibling)],
            &[("x-countersign-portal", "1"), ("sec-fetch-site", "same-site")],
            &[("x-countersign-portal", "1"), ("origin", &own), ("sec-fetch-site", "cross-site")],
            &[("x-countersign-portal", "1"), ("origin", &own), ("origin", "https://evil.example")],
        ];
        let calls = [
            ("POST", "/v1/accounts/me/factors", json!({ "kind": "totp", "name": "phone" })),
            ("POST", "/v1/accounts/me/recovery-codes", json!({})),
            ("POST", "/v1/accounts/me/email/confirm", json!({})),
            ("DELETE", "/v1/session", json!({})),
            ("DELETE", "/v1/accounts/me/sessions", json!({})),
        ];
        for headers in forged {
            for (method, path, body) in &calls {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let call = app.call(method, *path).json(body);
                let mut call = with_cookies(call, &session, "");
                for (name, value) in headers {
                    call = call.header(name, value);
                }
                let answered = call.await;
                assert_eq!(answered.status, 403, "{path} {headers:?}: {:?}", answered.face());
            }
        }
        let body = json!({ "kind": "totp", "name": "phone" });
        let call = as_page(app, app.post("/v1/accounts/me/factors", &body));
        with_cookies(call, &session, "").await.is(202);
    });
}

/// SR-068: operators sign in by bearer only; a cookie is not even looked at there.
#[test]
fn sr_068_the_operators_listener_takes_no_cookie() {
    TestApp::run(async |app| {
        let person = app.registered("marlene").await;
        let session = in_browser(app, &person).await;
        let own = format!("http://{}", app.address(Listener::Operator));
        let call = app.get("/v1/session").on(Listener::Operator);
        let call = call.header("x-countersign-portal", "1").header("origin", &own);
        with_cookies(call, &session, "").await.is(401);
    });
}

/// SR-056, AT-15: the name that a page knows a sign-in by is worth nothing without its cookie, and
/// the cookie of a sign-in is no session. Tabs do not disturb each other.
#[test]
fn sr_056_a_sign_in_needs_its_own_cookie() {
    TestApp::run(async |app| {
        let person = app.person("marlene").await;
        let other = app.person("ulrich").await;
        app.pass(countersign_tests::app::STEP).await;
        let one = as_page(app, app.sign_in("marlene", PASSWORD)).await.is(200);
        let first = cookie(&one, SIGN_IN).unwrap();
        app.plant("sign-in cookie", first.as_bytes());
        let call = as_page(app, app.sign_in("ulrich", PASSWORD));
        let two = with_cookies(call, "", &first).await.is(200);
        let both = cookie(&two, SIGN_IN).unwrap();
        assert!(both.contains(&first), "the first tab's sign-in stays");

        let answer = |id: &str, person: &Person| {
            let body = json!({ "method": "totp", "code": app.code(person) });
            app.post(format!("/v1/sign-ins/{id}/answers"), &body)
        };
        let id = one.text_at("/id");
        answer(&id, &person).await.is(401);
        as_page(app, answer(&id, &person)).await.is(401);
        let stranger = both.replace(&first, "").replace('.', "");
        with_cookies(as_page(app, answer(&id, &person)), "", &stranger).await.is(401);
        for path in ["/v1/session", "/v1/accounts/me"] {
            with_cookies(as_page(app, app.get(path)), &first, "").await.is(401);
        }
        let done = with_cookies(as_page(app, answer(&id, &person)), "", &both).await.is(200);
        let left = cookie(&done, SIGN_IN).unwrap();
        assert_eq!(left, stranger, "the other tab goes on");
        let id = two.text_at("/id");
        let done = with_cookies(as_page(app, answer(&id, &other)), "", &left).await.is(200);
        app.plant("session cookie", cookie(&done, SESSION).unwrap().as_bytes());
    });
}
