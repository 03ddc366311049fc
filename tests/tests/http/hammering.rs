//! Hammering: hundreds of requests in one piece on one connection, and a hundred thousand attempts
//! while nothing is evaluated.

use countersign_api::server::listener::Listener;
use countersign_events::account::AccountEvent;
use countersign_tests::app::{PASSWORD, TestApp};
use futures::future::{join, join_all};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Requests in one piece.
const BURST: usize = 200;
/// Refused attempts of each kind: a hundred thousand in all.
const CODES: usize = 50_000;
const PASSWORDS: usize = 25_000;
/// Entries of the log may take so much for all of them together.
const LOG_BYTES_MAX: usize = 1024 * 1024;

/// A connection that is kept alive.
struct Connection {
    stream: TcpStream,
    heard: Vec<u8>,
}

impl Connection {
    async fn open(app: &TestApp) -> Self {
        let stream = TcpStream::connect(app.address(Listener::Public)).await.unwrap();
        Self { stream, heard: Vec::new() }
    }

    /// Writes these requests without waiting for an answer in between; the statuses, in order.
    async fn in_one_piece(&mut self, requests: &[String]) -> Vec<u16> {
        let (mut read, mut write) = self.stream.split();
        let piece = requests.concat();
        let (heard, mut statuses) = (&mut self.heard, Vec::new());
        let listening = async {
            let mut part = vec![0; 16 * 1024];
            while statuses.len() < requests.len() {
                match whole(heard) {
                    Some((status, length)) => {
                        statuses.push(status);
                        heard.drain(..length);
                    }
                    None => {
                        let length = read.read(&mut part).await.unwrap();
                        assert_ne!(length, 0, "closed after {} answers", statuses.len());
                        heard.extend_from_slice(&part[..length]);
                    }
                }
            }
        };
        let (written, ()) = join(write.write_all(piece.as_bytes()), listening).await;
        written.unwrap();
        statuses
    }
}

/// The status and the length of the first answer, once all of it is there.
fn whole(heard: &[u8]) -> Option<(u16, usize)> {
    let end = heard.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&heard[..end]).unwrap().to_ascii_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = end + length.unwrap_or("0").parse::<usize>().unwrap();
    (heard.len() >= length).then_some((status, length))
}

/// A POST as it goes over the line, with more lines in its head.
fn post(app: &TestApp, path: &str, body: &Value, more: &str) -> String {
    let (host, body) = (app.address(Listener::Public), body.to_string());
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{more}\r\n{body}"
    )
}

fn code_for(app: &TestApp, sign_in: &str, code: &str, more: &str) -> String {
    let body = json!({ "method": "totp", "code": code });
    post(app, &format!("/v1/sign-ins/{sign_in}/answers"), &body, more)
}

/// The same lie about where a request comes from, in every way that there is.
fn forged(number: usize) -> String {
    let address = format!("203.0.113.{number}");
    format!(
        "X-Forwarded-For: {address}\r\nX-Real-IP: {address}\r\nForwarded: for={address}\r\n\
         True-Client-IP: {address}\r\n"
    )
}

/// AT-04, AT-11, SR-101: two hundred wrong codes in one piece on one connection, each from another
/// address by its own word, with one guess left: one is evaluated. The connection stays, and what
/// comes on it later is no other guesser's.
#[test]
fn at_04_two_hundred_requests_in_one_piece_on_one_connection_are_one_guess() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.pipelined").await;
        let wrong = app.wrong_code(&marlene);
        let mut begun = Vec::new();
        for _ in 0..8 {
            begun.push(app.begin(&marlene).await);
        }
        for sign_in in &begun[..4] {
            app.answer(sign_in, "totp", &wrong).await.is(401);
        }
        app.pass(SignedDuration::from_secs(1)).await;
        let mut connection = Connection::open(app).await;
        let burst: Vec<_> = (0..BURST)
            .map(|number| code_for(app, &begun[number % 8], &wrong, &forged(number)))
            .collect();
        let statuses = connection.in_one_piece(&burst).await;
        assert_eq!((statuses.len(), statuses[0]), (BURST, 401));
        assert!(statuses[1..].iter().all(|status| *status == 429), "{statuses:?}");
        assert_eq!(app.count(&marlene.account, "account.code_rejected"), 5);
        // One after the other on the same connection, with the right code among them.
        for code in [&wrong, &app.code(&marlene), &wrong] {
            let sign_in = app.begin(&marlene).await;
            let request = code_for(app, &sign_in, code, &forged(7));
            assert_eq!(connection.in_one_piece(&[request]).await, [429]);
        }
        app.pass(SignedDuration::from_mins(15)).await;
        let sign_in = app.begin(&marlene).await;
        let request = code_for(app, &sign_in, &app.code(&marlene), "");
        assert_eq!(connection.in_one_piece(&[request]).await, [200]);
        assert_eq!(app.count(&marlene.account, "account.code_rejected"), 5);
    });
}

/// How many attempts the log says were refused unevaluated.
fn summed(app: &TestApp, account: &str) -> Vec<u64> {
    let events = app.events(account).into_iter();
    let sums = events.filter_map(|event| match event {
        AccountEvent::AttemptsRefused(refused) => Some(refused.count),
        _ => None,
    });
    sums.collect()
}

/// AT-33, SR-083: a hundred thousand attempts in a cool-down, of codes and of passwords, at a login
/// that exists and at one that does not: the log grows by a sum for each of them, and by less than
/// a mebibyte in all.
#[test]
fn at_33_a_hundred_thousand_refused_attempts_grow_the_log_by_less_than_a_mebibyte() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.endless").await;
        let plain = app.registered("plain.endless").await;
        let (wrong, first) = (app.wrong_code(&marlene), app.begin(&marlene).await);
        for _ in 0..5 {
            app.answer(&first, "totp", &wrong).await.is(401);
            for login in [plain.login.as_str(), "nobody.endless"] {
                app.sign_in(login, "another password").await.is(401);
            }
        }
        let sign_in = app.begin(&marlene).await;
        app.settle().await;
        let (before, files) = (app.log_bytes(), app.log_file_bytes());
        let password = |login: &str| json!({ "login": login, "password": "another password" });
        let hammers = [
            (code_for(app, &sign_in, &wrong, ""), CODES),
            (post(app, "/v1/sign-ins", &password(&plain.login), ""), PASSWORDS),
            (post(app, "/v1/sign-ins", &password("nobody.endless"), ""), PASSWORDS),
        ];
        let refused = join_all(hammers.iter().map(async |(request, times)| {
            let (mut connection, mut refused) = (Connection::open(app).await, 0);
            for _ in 0..times / BURST {
                let statuses = connection.in_one_piece(&vec![request.clone(); BURST]).await;
                refused += statuses.iter().filter(|status| **status == 429).count();
            }
            refused
        }));
        assert_eq!(refused.await, [CODES, PASSWORDS, PASSWORDS]);
        assert_eq!(app.log_bytes(), before, "nothing yet");
        app.pass(SignedDuration::from_mins(16)).await;
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(200);
        app.sign_in(&plain.login, PASSWORD).await.is(200);
        app.sign_in("nobody.endless", PASSWORD).await.is(401);
        app.settle().await;
        assert_eq!(summed(app, &marlene.account), [u64::try_from(CODES).unwrap()]);
        assert_eq!(summed(app, &plain.account), [u64::try_from(PASSWORDS).unwrap()]);
        let grown = (app.log_bytes() - before, app.log_file_bytes() - files);
        assert!(grown.0 > 0 && grown.0 < LOG_BYTES_MAX && grown.1 < LOG_BYTES_MAX, "{grown:?}");
    });
}
