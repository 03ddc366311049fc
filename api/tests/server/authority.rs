//! Who may ask what: every route with no token, with a wrong one, and with one of another kind.

use countersign_api::server::auth::Auth;
use countersign_api::server::routes::TABLE;
use countersign_core::domain::totp;
use serde_json::json;

use super::edge::{assert_problem, filled};
use super::running::{PASSWORD, Running};

/// SR-056, AT-15: a sign-in id is no session, no API key and no operator, at any route.
#[actix_web::test]
async fn sr_056_a_sign_in_id_opens_no_other_route() {
    let running = Running::start().await;
    let sign_in = sign_in_in_progress(&running).await;
    for row in TABLE {
        let wants_bearer = match row.auth {
            Auth::Session | Auth::SessionOrClient(_) | Auth::Operator(_) => true,
            Auth::AnyoneOrClient(_) | Auth::Client(_) | Auth::OperatorOrClient(..) => true,
            // No JSON is taken there but by POST, where the form of a body goes first.
            Auth::AccessToken => row.method.as_str() == "GET",
            Auth::Anyone
            | Auth::AnyoneOrSession
            | Auth::ClientSecret
            | Auth::Proxied
            | Auth::SignIn
            | Auth::MailLink
            | Auth::SetupToken => false,
        };
        for listener in row.on.iter().filter(|_| wants_bearer) {
            let at = match listener.name() {
                "public" => running.public(&filled(row)),
                _ => running.operator(&filled(row)),
            };
            let body = well_formed(row.path);
            let method = row.method.as_str();
            let answered = running.call_with(method, at, Some(&sign_in), body).await;
            let what = format!("{} {}", row.method, row.path);
            assert_eq!(answered.status, 401, "{what}: {answered:?}");
            assert_problem(&what, &answered);
            assert!(answered.headers.contains_key("www-authenticate"), "{what}");
        }
    }
    running.stop().await;
}

/// A body that the route reads, so that nothing but the bearer can be wrong.
fn well_formed(path: &str) -> &'static str {
    match path.rsplit('/').next() {
        Some("factors") => r#"{"kind":"totp","name":"phone"}"#,
        Some("activate") => r#"{"code":"123456"}"#,
        Some("resync") => r#"{"codes":["123456","234567"]}"#,
        Some("{factor}") => r#"{"name":"phone"}"#,
        Some("email") => r#"{"email":"ada@example.com"}"#,
        Some("password") => r#"{"current":"tr0ubador & his mule","password":"another mule"}"#,
        Some("proofs") => r#"{"password":"tr0ubador & his mule"}"#,
        _ => "{}",
    }
}

/// A sign-in that waits for its second factor.
async fn sign_in_in_progress(running: &Running) -> String {
    let token = running.signed_in("ada").await;
    let bearer = |request: reqwest::RequestBuilder| {
        request.bearer_auth(&token).header("content-type", "application/json")
    };
    let factors = running.public("/v1/accounts/me/factors");
    let begun = bearer(running.http.post(&factors)).body(r#"{"kind":"totp","name":"phone"}"#);
    let begun: serde_json::Value = begun.send().await.unwrap().json().await.unwrap();
    let factor = begun["factor_id"].as_str().unwrap();
    let code = code_of(begun["secret"].as_str().unwrap());
    let activate = bearer(running.http.post(format!("{factors}/{factor}/activate")));
    let activated = activate.body(json!({ "code": code }).to_string()).send().await.unwrap();
    assert_eq!(activated.status(), 200, "{:?}", activated.text().await);
    let sign_in = json!({ "login": "ada", "password": PASSWORD });
    let asked = running.post("/v1/sign-ins", &sign_in).await;
    assert_eq!(asked.body["status"], "second_factor_required", "{asked:?}");
    asked.body["id"].as_str().unwrap().to_owned()
}

/// The code that a phone shows at the time at which these tests stand still.
fn code_of(secret: &str) -> String {
    let secret = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let at: jiff::Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    let step = u64::try_from(at.as_second()).unwrap() / totp::PERIOD_SECONDS;
    totp::Generator::new(&secret).unwrap().code(step)
}

/// SR-075: whatever is wrong with a sign-in, the answer is the same, byte for byte.
#[actix_web::test]
async fn sr_075_failed_sign_ins_look_the_same() {
    let running = Running::start().await;
    running.signed_in("ada").await;
    let dead = format!("/v1/sign-ins/{}/answers", "A".repeat(64));
    let malformed = "/v1/sign-ins/nothing/answers".to_owned();
    let code = json!({ "method": "totp", "code": "123456" });
    let mut seen = Vec::new();
    for (path, body) in [
        ("/v1/sign-ins".to_owned(), json!({ "login": "ada", "password": "wrong wrong" })),
        ("/v1/sign-ins".to_owned(), json!({ "login": "nobody", "password": PASSWORD })),
        (dead.clone(), code.clone()),
        (malformed, code),
        (dead.replace("answers", "email-code"), json!({})),
    ] {
        let mut answered = running.post(&path, &body).await;
        for varies in ["date", "x-request-id"] {
            answered.headers.remove(varies);
        }
        let mut headers: Vec<_> =
            answered.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.sort();
        seen.push((answered.status, headers, answered.body.to_string()));
    }
    assert_eq!(seen[0].0, 401);
    for one in &seen {
        assert_eq!(*one, seen[0]);
    }
    running.stop().await;
}
