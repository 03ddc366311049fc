//! What is true of every answer of every listener.

use countersign_api::server::auth::Auth;
use countersign_api::server::listener::Listener;
use countersign_api::server::routes::{Row, TABLE};

use super::running::{Answered, Running};

const HEADERS: &[(&str, &str)] = &[
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; \
         form-action 'none'",
    ),
];

/// Bytes of a head that is not read further.
const HEAD_BYTES_MAX: usize = 128 * 1024;

fn assert_headers(what: &str, answered: &Answered) {
    assert_cached(what, answered, "no-store");
}

/// The same where a host shows the answer as its own, and says itself how it is reached.
fn assert_headers_at_a_host(what: &str, answered: &Answered) {
    for (name, value) in HEADERS {
        let found = answered.headers.get(*name).and_then(|found| found.to_str().ok());
        let wanted = (*name != "strict-transport-security").then_some(*value);
        assert_eq!(found, wanted, "{name} of {what}");
    }
}

/// The same where the answer may be kept.
fn assert_cached(what: &str, answered: &Answered, cache: &str) {
    assert_eq!(answered.headers["cache-control"].to_str().unwrap(), cache, "{what}");
    for (name, value) in HEADERS {
        let found = answered.headers.get(*name).and_then(|found| found.to_str().ok());
        assert_eq!(found, Some(*value), "{name} of {what}");
    }
    assert!(answered.headers.contains_key("x-request-id"), "{what}");
    assert!(!answered.headers.contains_key("server"), "{what}");
}

/// SR-074: every error is a problem whose status is the real one.
pub(crate) fn assert_problem(what: &str, answered: &Answered) {
    assert!(answered.status >= 400, "{what}: {answered:?}");
    let media_type = answered.headers.get("content-type").map(|found| found.to_str().unwrap());
    assert_eq!(media_type, Some("application/problem+json"), "{what}: {answered:?}");
    let body = &answered.body;
    assert_eq!(body["status"], answered.status, "{what}");
    let code = body["code"].as_str().unwrap();
    assert_eq!(body["type"], format!("urn:countersign:problem:{code}"), "{what}");
    assert!(body["title"].is_string(), "{what}");
}

/// The path of a row with something in the place of each parameter.
pub(crate) fn filled(row: &Row) -> String {
    let id = "6f1ad0b4-7f0c-4c4e-9d52-6a5b1d1c2e3f";
    let path = row.path.replace("{account}", if row.path.contains("support") { id } else { "me" });
    let path = path.replace("{session}", &"0".repeat(32)).replace("{device}", &"0".repeat(32));
    let path = path.replace("{id}", &"A".repeat(64)).replace("{tile}", "0/000");
    ["{factor}", "{client}", "{operator}"].iter().fold(path, |path, name| path.replace(name, id))
}

fn url(running: &Running, listener: Listener, path: &str) -> String {
    match listener {
        Listener::Public => running.public(path),
        Listener::Operator => running.operator(path),
        Listener::Ops => running.ops(path),
    }
}

/// SR-070: the headers stand on every call's answer, good or bad, and on every other error.
#[actix_web::test]
async fn sr_070_every_answer_has_the_security_headers() {
    let running = Running::start().await;
    let token = running.signed_in("ada").await;
    for row in TABLE {
        for listener in row.on {
            let what = format!("{} {} on {}", row.method, row.path, listener.name());
            let at = url(&running, *listener, &filled(row));
            let refused = running.call(row.method.as_str(), at.clone(), None).await;
            if row.auth == Auth::Anyone && refused.status == 200 {
                assert_cached(&what, &refused, &row.cache.header());
                continue;
            }
            if row.auth == Auth::Proxied {
                assert_headers_at_a_host(&what, &refused);
                assert_problem(&what, &refused);
                continue;
            }
            assert_headers(&what, &refused);
            if row.auth == Auth::AnyoneOrSession && refused.status == 200 {
                continue;
            }
            if row.auth != Auth::ClientSecret {
                assert_problem(&what, &refused);
            }
            if row.path != "/v1/session" {
                let asked = running.call(row.method.as_str(), at, Some(&token)).await;
                assert_headers(&what, &asked);
            }
        }
    }
    for listener in [Listener::Public, Listener::Operator, Listener::Ops] {
        let missing = running.call("GET", url(&running, listener, "/nothing"), None).await;
        assert_eq!(missing.status, 404);
        assert_headers("404", &missing);
        assert_problem("404", &missing);
    }
    for path in ["/healthz/live", "/healthz/ready", "/metrics", "/mail"] {
        let answered = running.call("GET", running.ops(path), None).await;
        assert_eq!(answered.status, 200, "{path}");
        assert_headers(path, &answered);
    }
    let over = running.call("DELETE", running.public("/v1/session"), Some(&token)).await;
    assert_eq!(over.status, 204);
    assert_eq!(over.headers["clear-site-data"], "\"cache\"");
    assert_headers("sign out", &over);
    running.stop().await;
}

/// SR-067: a change is made by its own method and `application/json`, and by nothing else.
#[actix_web::test]
async fn sr_067_other_methods_are_405_and_other_types_415() {
    let running = Running::start().await;
    for row in TABLE.iter().filter(|row| row.on.contains(&Listener::Public)) {
        let has = |method: &str| {
            TABLE.iter().any(|other| other.path == row.path && other.method.as_str() == method)
        };
        let path = filled(row);
        for method in ["GET", "HEAD", "PUT", "OPTIONS", "TRACE"] {
            let served = has(method) || (method == "HEAD" && has("GET"));
            let shadowed = row.path.starts_with("/v1/accounts/me/");
            if !served && !shadowed {
                let answered = running.call(method, running.public(&path), None).await;
                assert_eq!(answered.status, 405, "{method} {path}");
                let allowed = answered.headers["allow"].to_str().unwrap();
                let mine = row.method.as_str();
                assert!(allowed.split(", ").any(|one| one == mine), "{method} {path}: {allowed}");
            }
        }
    }
    let body = r#"{"login":"ada","email":"ada@example.com","password":"tr0ubador & mule"}"#;
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let answered = running.post_text("/v1/accounts", media_type, body).await;
        assert_eq!(answered.status, 415, "{media_type}");
        assert_problem(media_type, &answered);
    }
    let overridden = running
        .http
        .get(running.public("/v1/accounts"))
        .header("x-http-method-override", "POST")
        .header("content-type", "application/json");
    assert_eq!(overridden.send().await.unwrap().status(), 405);
    running.stop().await;
}

/// SR-072: a foreign `Host` is refused wherever it stands, and `X-Forwarded-Host` is nothing.
#[actix_web::test]
async fn sr_072_a_foreign_host_is_refused() {
    let running = Running::start().await;
    let port = running.addresses.public.port();
    let ask = |target: &str, hosts: &[&str]| {
        let hosts: String = hosts.iter().map(|host| format!("Host: {host}\r\n")).collect();
        format!(
            "GET {target} HTTP/1.1\r\n{hosts}X-Forwarded-Host: evil\r\nConnection: close\r\n\r\n"
        )
    };
    let ours = format!("127.0.0.1:{port}");
    let fine = running.raw(&ask("/v1/session", &[&ours])).await;
    assert!(fine.starts_with("HTTP/1.1 401"), "{fine}");
    for (target, hosts) in [
        ("/v1/session", vec!["evil.example"]),
        ("/v1/session", vec!["127.0.0.1"]),
        ("/v1/session", vec![&ours, "evil.example"]),
        ("http://evil.example/v1/session", vec![&ours]),
        ("/v1/session", vec![]),
    ] {
        let refused = running.raw(&ask(target, &hosts)).await;
        let status = refused.split(' ').nth(1).unwrap_or_default().to_owned();
        assert!(["421", "400"].contains(&status.as_str()), "{target} {hosts:?}: {refused}");
    }
    running.stop().await;
}

/// What is no request at all never reaches the calls: as the description of the API says, it is
/// answered with its status, no body and a closed connection.
#[actix_web::test]
async fn what_is_no_request_is_answered_without_a_body() {
    let running = Running::start().await;
    let head = "GET /v1/session HTTP/1.1\r\nHost: localhost\r\nX-Long: ";
    let long = format!("{head}{}", "a".repeat(HEAD_BYTES_MAX - head.len()));
    for (request, status) in [
        ("NONSENSE\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost localhost\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: many\r\n\r\n", "400"),
        (long.as_str(), "431"),
    ] {
        let answered = running.raw(request).await;
        let (head, body) = answered.split_once("\r\n\r\n").unwrap();
        let line: String = request.chars().take(60).collect();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {answered}");
        assert_eq!(body, "", "{line}");
    }
    running.stop().await;
}

/// SR-080: documentation, metrics and health are elsewhere, and no label names an account.
#[actix_web::test]
async fn sr_080_ops_are_on_their_own_listener_and_metrics_name_nobody() {
    let running = Running::start().await;
    running.signed_in("canary-login").await;
    for path in ["/metrics", "/docs", "/docs/", "/healthz/live", "/healthz/ready", "/mail"] {
        for at in [running.public(path), running.operator(path)] {
            assert_eq!(running.call("GET", at, None).await.status, 404, "{path}");
        }
    }
    for row in TABLE.iter().filter(|row| !row.on.contains(&Listener::Public)) {
        let at = running.public(&filled(row));
        let answered = running.call(row.method.as_str(), at, None).await;
        assert_eq!(answered.status, 404, "{}", row.path);
    }
    let metrics = running.http.get(running.ops("/metrics")).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("countersign_http_requests_total"), "{metrics}");
    assert!(!metrics.contains("canary"), "{metrics}");
    let document = running.http.get(running.ops("/docs/openapi.json")).send().await.unwrap();
    assert_eq!(document.status(), 200);
    // The pages send no call: none is served where they are.
    let pages = running.http.get(running.ops("/docs/swagger-initializer.js")).send().await.unwrap();
    let pages = pages.text().await.unwrap().replace([' ', '\n'], "");
    assert!(pages.contains("\"supportedSubmitMethods\":[]"), "{pages}");
    running.stop().await;
}
