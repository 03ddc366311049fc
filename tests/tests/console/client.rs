//! The typed client against answers of all kinds, good and bad, byte by byte.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use countersign_api::client::{ANSWER_BYTES_MAX, Client, ClientError};
use countersign_api::contract::kind::ResetScope;
use countersign_api::contract::problem::ProblemCode;
use countersign_api::contract::secret::Secret;
use countersign_api::contract::support::{ResetLockout, Search, SearchByEmail};

/// Answers one call with these bytes; gives the client and what the call said.
fn answering(bytes: Vec<u8>) -> (Client, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut call = Vec::new();
        let mut buffer = [0; 4096];
        while !is_whole(&call) {
            let count = stream.read(&mut buffer).unwrap();
            call.extend_from_slice(&buffer[..count]);
        }
        tell.send(String::from_utf8(call).unwrap()).unwrap();
        // A client that has seen enough may have hung up already.
        let _ = stream.write_all(&bytes);
    });
    (client, told)
}

/// Whether a request is there to its last byte.
fn is_whole(call: &[u8]) -> bool {
    let text = String::from_utf8_lossy(call).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}").into_bytes()
}

fn search() -> Search {
    Search::Email(SearchByEmail { email: "ana@example.org".to_owned(), ticket: None })
}

#[tokio::test]
async fn a_call_carries_token_key_and_body_and_reads_its_answer() {
    let body = r#"{"event":{"revision":7,"at":"2026-11-24T13:50:00Z","type":"account.lockout_reset",
        "by":{"kind":"system"},"data":{},"explanation":"done","a new field":1}}"#;
    let (client, told) =
        answering(http("201 Created", "content-type: application/json; charset=utf-8\r\n", body));
    let account = "6f1c2a9e-0c1d-4a57-9d0e-3c5b7a1f2e48".parse().unwrap();
    let request = ResetLockout {
        scope: ResetScope::CoolDown,
        method: None,
        reason: "called".to_owned(),
        ticket: "4711".to_owned(),
    };
    let client = client.with_bearer(Secret::new("the-token"));
    let ended =
        client.reset_lockout(account, &request).idempotency_key("a-key-of-22-characters").await;
    assert_eq!(ended.unwrap().event.revision, 7);
    let call = told.recv().unwrap();
    let first = "POST /v1/support/accounts/6f1c2a9e-0c1d-4a57-9d0e-3c5b7a1f2e48/lockout-resets ";
    assert!(call.starts_with(first), "{call}");
    let lower = call.to_lowercase();
    assert!(lower.contains("authorization: bearer the-token\r\n"), "{call}");
    assert!(lower.contains("idempotency-key: a-key-of-22-characters\r\n"), "{call}");
    let sent = r#"{"scope":"cool_down","reason":"called","ticket":"4711"}"#;
    assert!(call.ends_with(sent), "{call}");
}

#[tokio::test]
async fn a_problem_is_read_with_its_code_and_how_long_to_wait() {
    let body = r#"{"type":"urn:countersign:problem:too-many-requests","title":"Too many attempts",
        "status":429,"code":"too-many-requests","detail":"wait a little"}"#;
    let headers = "content-type: application/problem+json\r\nretry-after: 90\r\n";
    let (client, _told) = answering(http("429 Too Many Requests", headers, body));
    let Err(ClientError::Problem { problem, retry_after }) =
        client.search_accounts(&search()).await
    else {
        panic!("no problem")
    };
    assert_eq!(problem.code, ProblemCode::TooManyRequests);
    assert_eq!(problem.detail.as_deref(), Some("wait a little"));
    assert_eq!(retry_after, Some(Duration::from_secs(90)));
}

#[tokio::test]
async fn a_code_of_a_newer_server_is_unknown_and_no_failure_to_read() {
    let body = r#"{"type":"urn:countersign:problem:brand-new","title":"New","status":418,
        "code":"brand-new"}"#;
    let headers = "content-type: application/problem+json\r\n";
    let (client, _told) = answering(http("418 Teapot", headers, body));
    let error = client.search_accounts(&search()).await.unwrap_err();
    assert_eq!(error.code(), Some(ProblemCode::Unknown));
}

#[tokio::test]
async fn what_does_not_speak_the_contract_is_told_from_what_does() {
    let html = "<html>502</html>";
    for bytes in [
        http("502 Bad Gateway", "content-type: text/html\r\n", html),
        http("200 OK", "content-type: text/html\r\n", html),
        http("200 OK", "content-type: application/json\r\n", "{\"items\":1}"),
        http("400 Bad Request", "content-type: application/problem+json\r\n", "[]"),
    ] {
        let (client, _told) = answering(bytes);
        let error = client.search_accounts(&search()).await.unwrap_err();
        assert!(matches!(error, ClientError::Unexpected { .. }), "{error}");
    }
}

/// The token belongs to the server that was named: a redirect gets nothing.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (other, asked) = answering(http("200 OK", "content-type: application/json\r\n", "{}"));
    let location = format!("location: {}\r\n", other.base_url());
    let (client, _told) = answering(http("307 Temporary Redirect", &location, ""));
    let client = client.with_bearer(Secret::new("the-token"));
    let error = client.session().await.unwrap_err();
    assert!(matches!(error, ClientError::Unexpected { status: 307, .. }), "{error}");
    assert!(asked.try_recv().is_err(), "the other server was asked");
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let body = " ".repeat(ANSWER_BYTES_MAX + 1);
    let (client, _told) = answering(http("200 OK", "content-type: application/json\r\n", &body));
    let error = client.session().await.unwrap_err();
    assert!(matches!(error, ClientError::Unexpected { .. }), "{error}");
}

#[tokio::test]
async fn a_connection_that_breaks_is_unreachable() {
    let half = http("200 OK", "content-type: application/json\r\n", "{\"items\":[]}");
    let (client, _told) = answering(half[..half.len() - 4].to_vec());
    let error = client.session().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable(_)), "{error}");
}
