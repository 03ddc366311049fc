//! Malformed requests: always a clear problem, never a guess, never a 500.

use serde_json::json;

use super::edge::assert_problem;
use super::running::Running;

/// SR-077: what is not exactly the body of the call is refused.
#[actix_web::test]
async fn sr_077_bodies_are_read_strictly() {
    let running = Running::start().await;
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let large = format!(r#"{{"login":"{}"}}"#, "a".repeat(64 * 1024));
    let corpus = [
        "",
        "null",
        "[]",
        r#"["a1c","a@example.com","long enough 1"]"#,
        "\"text\"",
        "{",
        "{}",
        r#"{"login":"a1c"}"#,
        r#"{"login":"a1c","email":"a@example.com","password":"long enough 1","admin":true}"#,
        r#"{"login":"a1c","login":"a1d","email":"a@example.com","password":"long enough 1"}"#,
        r#"{"login":1,"email":"a@example.com","password":"long enough 1"}"#,
        r#"{"login":"a1c","email":"a@example.com","password":["long enough 1"]}"#,
        r#"{"login":"\ud800","email":"a@example.com","password":"long enough 1"}"#,
        "{\"login\":\"a1c\",\"email\":\"a@example.com\",\"password\":\"long\nenough\"}",
        &deep,
        &large,
    ];
    for body in corpus {
        let answered = running.post_text("/v1/accounts", "application/json", body).await;
        let what: String = body.chars().take(80).collect();
        assert_eq!(answered.status, 400, "{what}: {answered:?}");
        assert_problem(&what, &answered);
        assert_eq!(answered.body["code"], "invalid-request", "{what}");
    }
    running.stop().await;
}

/// SR-077: a list is no object and an object no name, also within; nothing is an empty object.
#[actix_web::test]
async fn sr_077_lists_and_objects_stand_for_nothing_else() {
    let running = Running::start().await;
    let token = running.signed_in("ada").await;
    let factors = running.public("/v1/accounts/me/factors");
    let renew = running.public("/v1/accounts/me/recovery-codes");
    for (at, body) in [
        (&factors, r#"["totp","phone"]"#),
        (&factors, r#"{"kind":{"totp":null},"name":"phone"}"#),
        (&renew, "[]"),
        (&renew, "null"),
    ] {
        let answered = running.call_with("POST", at.clone(), Some(&token), body).await;
        assert_eq!(answered.status, 400, "{body}: {answered:?}");
        assert_problem(body, &answered);
        assert_eq!(answered.body["code"], "invalid-request", "{body}");
    }
    let good = r#"{"kind":"totp","name":"phone"}"#;
    let answered = running.call_with("POST", factors, Some(&token), good).await;
    assert_eq!(answered.status, 202, "{answered:?}");
    running.stop().await;
}

/// SR-010: a code is a string of six ASCII digits; all else is malformed and tells nothing.
#[actix_web::test]
async fn sr_010_malformed_codes_are_400_and_no_oracle() {
    let running = Running::start().await;
    let path = format!("/v1/sign-ins/{}/answers", "A".repeat(64));
    let long = "1".repeat(10_000);
    let mut details = std::collections::HashSet::new();
    for code in [
        json!(null),
        json!(""),
        json!("0"),
        json!("12345"),
        json!("1234567"),
        json!(["123456"]),
        json!({ "code": "123456" }),
        json!(true),
        json!(123_456),
        json!(123_456.0),
        json!("12345\u{0}"),
        json!("\u{202e}123456"),
        json!(" 123456"),
        json!("123456 "),
        json!("123 456"),
        json!("+123456"),
        json!("１２３４５６"),
        json!(long),
    ] {
        for method in ["totp", "email_code"] {
            let body = json!({ "method": method, "code": code });
            let answered = running.post(&path, &body).await;
            assert_eq!(answered.status, 400, "{body}: {answered:?}");
            assert_problem(&body.to_string(), &answered);
            details.insert(answered.body["title"].to_string());
        }
    }
    assert_eq!(details.len(), 1, "{details:?}");
    running.stop().await;
}

/// SR-017: an answer names its method; there is no field that takes anything.
#[actix_web::test]
async fn sr_017_an_answer_without_a_method_is_malformed() {
    let running = Running::start().await;
    let path = format!("/v1/sign-ins/{}/answers", "A".repeat(64));
    for body in [
        json!({ "code": "123456" }),
        json!({ "method": "any", "code": "123456" }),
        json!({ "method": "password", "code": "123456" }),
        json!({ "method": "totp", "code": "123456", "factor_id": "1" }),
    ] {
        assert_eq!(running.post(&path, &body).await.status, 400, "{body}");
    }
    running.stop().await;
}

/// SR-057: nothing in a later step names an account.
#[actix_web::test]
async fn sr_057_a_later_step_cannot_name_an_account() {
    let running = Running::start().await;
    let path = format!("/v1/sign-ins/{}/answers", "A".repeat(64));
    let body = json!({ "method": "totp", "code": "123456", "login": "john" });
    assert_eq!(running.post(&path, &body).await.status, 400);
    let in_query = running.post(&format!("{path}?login=john"), &body).await;
    assert_eq!(in_query.status, 400);
    running.stop().await;
}

#[actix_web::test]
async fn a_query_with_unknown_parameters_is_refused() {
    let running = Running::start().await;
    let token = running.signed_in("ada").await;
    let history = running.public("/v1/accounts/me/history");
    for (query, status) in [
        ("", 200),
        ("?limit=1", 200),
        ("?cursor=1&limit=200", 200),
        ("?limit=0", 400),
        ("?limit=201", 400),
        ("?limit=many", 400),
        ("?limit=1&limit=2", 400),
        ("?order=down", 400),
    ] {
        let answered = running.call("GET", format!("{history}{query}"), Some(&token)).await;
        assert_eq!(answered.status, status, "{query}: {answered:?}");
    }
    let session = running.public("/v1/session?verbose=1");
    assert_eq!(running.call("GET", session, Some(&token)).await.status, 400);
    running.stop().await;
}

/// An idempotency key is of the right length, and the same key gives the same answer.
#[actix_web::test]
async fn an_idempotency_key_is_checked_and_kept() {
    let running = Running::start().await;
    let body = r#"{"login":"ada","email":"ada@example.com","password":"tr0ubador & mule"}"#;
    let register = |key: &str, body: &str| {
        running
            .http
            .post(running.public("/v1/accounts"))
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(body.to_owned())
            .send()
    };
    assert_eq!(register("too-short", body).await.unwrap().status(), 400);
    let key = "0123456789abcdefghijkl";
    let first = register(key, body).await.unwrap();
    assert_eq!(first.status(), 201);
    let again = register(key, body).await.unwrap();
    assert_eq!(again.status(), 201);
    assert_eq!(first.text().await.unwrap(), again.text().await.unwrap());
    let other = register(key, &body.replace("mule", "mole")).await.unwrap();
    assert_eq!(other.status(), 422);
    running.stop().await;
}
