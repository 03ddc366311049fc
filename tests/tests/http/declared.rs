//! What rows declare of cookies, tried at every call; their caches are compared at every answer of
//! every suite, and their guesses in `every_verifier`.

use countersign_api::server::listener::Listener;
use countersign_api::server::routes::TABLE;
use countersign_api::server::routes::declared::Csrf;
use countersign_tests::app::{Call, TestApp};
use reqwest::Method;
use serde_json::json;

use super::cookies::{SESSION, as_page, in_browser};
use super::documented::{ENDLESS, Operation, operations};

/// A call of a row, as somebody who has nothing but what a browser sends by itself.
fn call<'a>(app: &'a TestApp, one: &Operation, on: Listener, headers: &[(&str, &str)]) -> Call<'a> {
    let path = one.path("me");
    let method =
        if ENDLESS.contains(&one.template.as_str()) { "HEAD" } else { one.method.as_str() };
    let call = app.call(Method::from_bytes(method.as_bytes()).unwrap(), path).on(on);
    let call = if ["GET", "HEAD"].contains(&method) { call } else { call.json(&json!({})) };
    headers.iter().fold(call, |call, (name, value)| call.header(name, value))
}

/// SR-068, AT-28: at every call, a cookie counts as its row declares: from a page of ours alone, so
/// that from anywhere else it is refused, or not at all, so that it changes nothing.
#[test]
fn sr_068_at_28_a_cookie_counts_as_the_row_declares() {
    TestApp::run(async |app| {
        let marlene = app.registered("marlene.declared").await;
        let cookie = format!("{SESSION}={}", in_browser(app, &marlene).await);
        let own = format!("http://{}", app.address(Listener::Public));
        let foreign = [
            vec![],
            vec![("origin", own.as_str()), ("sec-fetch-site", "same-origin")],
            vec![("x-countersign-portal", "1")],
            vec![("x-countersign-portal", "1"), ("origin", "https://evil.example")],
            vec![("x-countersign-portal", "1"), ("sec-fetch-site", "same-site")],
        ];
        let (mut refused, mut ignored) = (0, 0);
        for one in operations() {
            let mut rows = TABLE.iter();
            let row = rows.find(|row| format!("{} {}", row.method, row.path) == one.name());
            let row = row.unwrap();
            for on in row.on {
                let name = format!("{} on {}", one.name(), on.name());
                let nobody = call(app, &one, *on, &[]).await;
                for headers in &foreign {
                    let headers = [&headers[..], &[("cookie", cookie.as_str())]].concat();
                    let answered = call(app, &one, *on, &headers).await;
                    match (row.csrf, on) {
                        (Csrf::OwnPages, Listener::Public) => {
                            assert_eq!(answered.status, 403, "{name} {headers:?}");
                            assert!(answered.text_at("/detail").contains("own pages"), "{name}");
                            refused += 1;
                        }
                        _ => {
                            assert_eq!(answered.face(), nobody.face(), "{name} {headers:?}");
                            ignored += 1;
                        }
                    }
                }
                let with = call(app, &one, *on, &[("cookie", cookie.as_str())]);
                let ours = as_page(app, with).await;
                if row.csrf == Csrf::OwnPages && *on == Listener::Public {
                    let detail = ours.text_at("/detail");
                    assert!(!detail.contains("own pages"), "{name}: {:?}", ours.face());
                } else {
                    assert_eq!(ours.face(), nobody.face(), "{name}");
                }
            }
        }
        assert!(refused > 100 && ignored > 100, "{refused} {ignored}");
    });
}

/// SR-067, SR-068: no row that is for operators alone reads a cookie, and every other reads them
/// from our own pages or says why not: it is written down here.
#[test]
fn sr_068_no_call_of_operators_reads_a_cookie() {
    for row in TABLE {
        let operators_alone = row.on == [Listener::Operator];
        let reads_none = row.csrf == Csrf::NoCookies;
        let others =
            ["/.well-known/", "/v1/oidc/", "/v1/forward-auth", "/.countersign/", "/v1/events"];
        let by_others = others.iter().any(|prefix| row.path.starts_with(prefix));
        assert!(reads_none == operators_alone || by_others, "{} {}", row.method, row.path);
    }
}
