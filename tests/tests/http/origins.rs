//! Pages of other origins: they read nothing, frame nothing, and change nothing.

use std::collections::BTreeSet;

use countersign_api::server::listener::Listener;
use countersign_tests::app::{Answered, Call, PASSWORD, Person, TestApp};
use reqwest::Method;
use serde_json::json;

use super::acts::{Act, acts, changes};
use super::cookies::{as_page, with_cookies};
use super::documented::operations;

const LISTENERS: [Listener; 3] = [Listener::Public, Listener::Operator, Listener::Ops];

/// Origins that some server somewhere lets in: any, none, one that begins or ends like ours, and
/// our own, which needs no leave.
fn origins(app: &TestApp) -> Vec<String> {
    let own = format!("http://{}", app.address(Listener::Public));
    let mut origins = vec![
        format!("{own}.evil.example"),
        own.replace("http://", "http://evil."),
        own.replace("http://", "https://"),
        format!("http://{}", app.address(Listener::Operator)),
        own,
    ];
    origins.extend(["null", "*", "https://evil.example", "http://localhost"].map(str::to_owned));
    origins
}

/// SR-078: no header that lets a page of another origin read the answer.
#[track_caller]
fn assert_unshared(what: &str, answered: &Answered) {
    let shared = answered.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
    assert_eq!(shared, None, "{what}: {:?}", answered.face());
    let vary = answered.headers.get_all("vary").iter();
    let mut vary = vary.map(|value| value.to_str().unwrap().to_ascii_lowercase());
    assert!(vary.all(|names| !names.contains("origin")), "{what}");
}

/// SR-078: whatever origin asks, with a session or without, for whatever call of any listener.
#[test]
fn sr_078_no_answer_is_shared_with_another_origin() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.origin").await;
        for origin in origins(app) {
            for operation in operations() {
                for on in operation.on {
                    let call = || {
                        let call = app.call(operation.method.clone(), operation.path("me"));
                        call.on(*on).header("origin", &origin)
                    };
                    let what = format!("{} for {origin}", operation.name());
                    assert_unshared(&what, &call().await);
                    if operation.template != "/v1/session" {
                        assert_unshared(&what, &call().bearer(&marlene.token).await);
                    }
                }
            }
            for path in ["/v1/session", "/v1/accounts/me"] {
                let read = app.get(path).bearer(&marlene.token).header("origin", &origin).await;
                assert_unshared(path, &read.is(200));
            }
            for path in ["/", "/sign-in", "/nothing", "/docs/openapi.json", "/healthz/live"] {
                for on in LISTENERS {
                    assert_unshared(path, &app.get(path).on(on).header("origin", &origin).await);
                }
            }
        }
    });
}

/// SR-078: a browser that asks beforehand is refused, so that no call with a header of ours, and
/// none in JSON, is ever sent from elsewhere.
#[test]
fn sr_078_a_preflight_is_refused() {
    TestApp::run(async |app| {
        let asked = |path: String, on: Listener, origin: &str, method: &str| {
            let call = app.call(Method::OPTIONS, path).on(on).header("origin", origin);
            let headers = "content-type, x-countersign-portal, authorization";
            call.header("access-control-request-method", method)
                .header("access-control-request-headers", headers)
        };
        for origin in origins(app) {
            for operation in operations() {
                for on in operation.on {
                    let method = operation.method.as_str();
                    let answered = asked(operation.path("me"), *on, &origin, method).await;
                    let what = format!("{} for {origin}", operation.name());
                    assert_eq!(answered.status, 405, "{what}");
                    assert_unshared(&what, &answered);
                }
            }
            for path in ["/", "/sign-in", "/account", "/nothing", "*"] {
                for on in LISTENERS {
                    let path = format!("/{}", path.trim_start_matches('/'));
                    let answered = asked(path, on, &origin, "POST").await;
                    assert!(answered.status >= 400, "{:?}", answered.face());
                    assert_unshared("a page", &answered);
                }
            }
        }
    });
}

/// The same call as a page of somebody else can have it sent, each with the cookie.
fn forged<'a>(app: &'a TestApp, act: &Act, token: &str) -> Vec<(String, Call<'a>)> {
    let own = format!("http://{}", app.address(Listener::Public));
    let sibling = own.replace("http://", "http://sibling.");
    let portal = ("x-countersign-portal", "1");
    let cases: Vec<Vec<(&str, &str)>> = vec![
        vec![],
        vec![portal],
        vec![portal, ("origin", "null")],
        vec![portal, ("origin", "https://evil.example")],
        vec![portal, ("origin", &sibling)],
        vec![portal, ("origin", &own), ("sec-fetch-site", "same-site")],
        vec![portal, ("origin", &own), ("sec-fetch-site", "none")],
        vec![("origin", &own), ("sec-fetch-site", "same-origin")],
        vec![("x-countersign-portal", "true"), ("origin", &own)],
    ];
    let forge = |headers: Vec<(&str, &str)>| {
        let mut call = with_cookies(act.send(app), token, "");
        for (name, value) in &headers {
            call = call.header(name, value);
        }
        (format!("{} {} {headers:?}", act.method, act.path), call)
    };
    cases.into_iter().map(forge).collect()
}

/// SR-068, AT-28: enabling, disabling and new recovery codes, each with everything fresh, so that
/// only where the request comes from stands in the way; and from our own page each goes through.
#[test]
fn sr_068_at_28_no_other_page_enables_disables_or_regenerates() {
    TestApp::run(async |app| {
        let plain = app.registered("marlene.plain").await;
        let body = json!({ "kind": "totp", "name": "a", "password": PASSWORD });
        let offer = Act {
            method: Method::POST,
            path: "/v1/accounts/me/factors".to_owned(),
            body,
            done: 202,
        };
        let before = changes(app, &plain);
        for (what, call) in forged(app, &offer, &plain.token) {
            assert_eq!(call.await.status, 403, "{what}");
        }
        assert_eq!(changes(app, &plain), before);
        let call = with_cookies(as_page(app, offer.send(app)), &plain.token, "");
        let offered = call.await.is(202);
        let phone = Person { secret: offered.text_at("/secret"), ..Person::default() };
        let activation = Act {
            path: format!("{}/{}/activate", offer.path, offered.text_at("/factor_id")),
            body: json!({ "code": app.code(&phone) }),
            done: 200,
            ..offer
        };
        let factor = offered.text_at("/factor_id");
        let mut all = vec![activation];
        all.extend(acts(&Person { factor, ..plain.clone() }));
        // Both ways of removing are tried, and one of them done.
        let last = all.len() - 1;
        for (number, act) in all.iter().enumerate() {
            let before = changes(app, &plain);
            for (what, call) in forged(app, act, &plain.token) {
                assert_eq!(call.await.status, 403, "{what}");
            }
            assert_eq!(changes(app, &plain), before);
            if number != last - 1 {
                let own = with_cookies(as_page(app, act.send(app)), &plain.token, "").await;
                own.is(act.done);
            }
        }
        assert_eq!(app.count(&plain.account, "account.disabled"), 1);
    });
}

/// The pages that a page leads to.
fn links(page: &str) -> Vec<String> {
    let links =
        page.split("href=\"/").skip(1).filter_map(|rest| rest.split(['"', '?', '#']).next());
    links.map(|path| format!("/{path}")).collect()
}

/// AT-28, SR-070: no page lets itself be framed: none that pages lead to, none that is not there,
/// and not those of the API's description and the development mails.
#[test]
fn at_28_no_page_can_be_framed() {
    TestApp::run(async |app| {
        let known = ["/", "/register", "/sign-in", "/account", "/nothing"];
        let mut waiting: Vec<(Listener, String)> =
            known.iter().map(|path| (Listener::Public, (*path).to_owned())).collect();
        waiting.push((Listener::Ops, "/docs/".to_owned()));
        waiting.push((Listener::Ops, "/mail".to_owned()));
        waiting.push((Listener::Operator, "/nothing".to_owned()));
        let mut seen = BTreeSet::new();
        while let Some((on, path)) = waiting.pop() {
            if !seen.insert((on.name(), path.clone())) {
                continue;
            }
            let answered = app.get(path.as_str()).on(on).header("accept", "text/html").await;
            let header = |name: &str| answered.headers[name].to_str().unwrap().to_owned();
            let policy = header("content-security-policy");
            let frames = policy.split("; ").filter(|part| part.starts_with("frame-ancestors"));
            let frames: Vec<_> = frames.collect();
            assert_eq!(frames, ["frame-ancestors 'none'"], "{path}: {policy}");
            assert_eq!(header("x-frame-options"), "DENY", "{path}");
            if on == Listener::Public && header("content-type").starts_with("text/html") {
                let page = String::from_utf8_lossy(&answered.bytes).into_owned();
                waiting.extend(links(&page).into_iter().map(|path| (on, path)));
            }
        }
        assert!(seen.len() >= known.len() + 3 + 2, "links are followed: {seen:?}");
    });
}
