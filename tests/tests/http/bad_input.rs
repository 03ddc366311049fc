//! SR-077, SR-010: bad input to every call that takes a body: a clear problem, never a 500, never
//! a hang, never a guess.
//!
//! The calls are those of the API's own document, so that a new one cannot be left out.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use countersign_api::server::listener::Listener;
use countersign_tests::app::{Answered, TestApp};
use futures::future::join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::taking::{Taking, World};

/// Longer than anything that is kept, shorter than the longest body.
const LONG_CHARS: usize = 9_000;
/// Deeper than anything that is read.
const DEEP: usize = 3_000;
/// Just beyond the longest body.
const LARGE_BYTES: usize = 16 * 1024 + 1;
const MEBIBYTE: usize = 1024 * 1024;
/// No answer may take longer; the longest that the server waits for a body is 10 s.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bodies that are no body of any call, each with what is wrong with it.
fn never_well_formed(call: &Taking) -> Vec<(String, Vec<u8>)> {
    let example = call.example.to_string();
    let inner = example.trim_start_matches('{').trim_end_matches('}');
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(DEEP), close.repeat(DEEP));
    let mut bodies: Vec<(String, Vec<u8>)> = [
        ("nothing", String::new()),
        ("white space", " \n".to_owned()),
        ("null", "null".to_owned()),
        ("a text", "\"text\"".to_owned()),
        ("a number", "1e9".to_owned()),
        ("a list", format!("[{example}]")),
        ("cut off", example.trim_end_matches('}').to_owned()),
        ("two of them", format!("{example}{example}")),
        ("an unknown field", format!("{{{inner},\"surprise\":1}}")),
        ("every field twice", format!("{{{inner},{inner}}}")),
        ("single quotes", example.replace('"', "'")),
        ("a byte order mark", format!("\u{feff}{example}")),
        ("deep lists", deep("[", "]")),
        ("a deep unknown field", format!("{{{inner},\"a\":{}}}", deep("[", "]"))),
        ("deep objects", deep("{\"a\":", "}")),
        ("a deep end that never comes", "[".repeat(DEEP)),
        ("one byte too many", format!("{example}{}", " ".repeat(LARGE_BYTES - example.len()))),
    ]
    .into_iter()
    .map(|(what, body)| (what.to_owned(), body.into_bytes()))
    .collect();
    bodies.push(("no text at all".to_owned(), vec![0xff, 0xfe, 0x00, 0x7b]));
    for field in call.fields() {
        for wrong in [json!(7), json!(1.5), json!(true), json!([1]), json!({ "a": 1 }), json!(null)]
        {
            let fits = match &wrong {
                Value::Bool(_) => call.example.pointer(&field).unwrap().is_boolean(),
                Value::Number(number) => number.is_u64() && call.numbers.contains(&field.as_str()),
                Value::Null => call.optional.contains(&field.as_str()),
                _ => false,
            };
            if !fits {
                let what = format!("{wrong} in {field}");
                bodies.push((what, call.with(&field, wrong).to_string().into_bytes()));
            }
        }
        for (what, raw) in [
            ("invalid UTF-8", b"\"\xff\xfe\"".as_slice()),
            ("an overlong encoding", b"\"\xc0\xaf\""),
            ("half a surrogate", b"\"\\ud800\""),
            ("a control character", b"\"a\nb\""),
            ("a number beyond all", b"1e999"),
            ("no number", b"NaN"),
        ] {
            bodies.push((format!("{what} in {field}"), call.with_raw(&field, raw)));
        }
        let deep = deep("[", "]");
        bodies.push((format!("depth in {field}"), call.with_raw(&field, deep.as_bytes())));
    }
    bodies
}

/// The calls that the API's document says take a body of JSON.
fn documented() -> BTreeSet<(String, String)> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/http-api.json");
    let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut calls = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let body = operation.get("requestBody");
            let schema = body.map(|body| &body["content"]["application/json"]["schema"]);
            let is_something = |schema: &&Value| {
                !schema.is_null() && schema["$ref"] != "#/components/schemas/Nothing"
            };
            let takes = schema.is_some_and(|schema| is_something(&schema));
            if takes {
                calls.insert((method.to_uppercase(), path.clone()));
            }
        }
    }
    calls
}

#[track_caller]
fn assert_problem(what: &str, call: &Taking, answered: &Answered) {
    let what = format!("{what} to {} {}", call.method, call.template);
    assert!((400..500).contains(&answered.status), "{what}: {:?}", answered.face());
    assert_eq!(answered.not_a_problem(), None, "{what}");
}

/// SR-077: every call that takes a body is tried here, with a body that it takes.
#[test]
fn every_call_that_takes_a_body_is_tried_with_one_that_it_takes() {
    TestApp::run(async |app| {
        let calls = World::new(app).await.calls();
        let tried: BTreeSet<_> =
            calls.iter().map(|call| (call.method.to_string(), call.template.to_owned())).collect();
        assert_eq!(tried, documented());
        for call in &calls {
            let answered = call.send(app, call.example.to_string().into_bytes()).await;
            let what = format!("{} {}", call.method, call.template);
            assert_eq!(answered.status, call.answered, "{what}: {:?}", answered.face());
        }
    });
}

/// SR-077, SR-010: what is not well-formed is 400, nothing happens, and nothing was guessed.
#[test]
fn sr_077_what_is_not_well_formed_is_400_and_nothing_happens() {
    TestApp::run(async |app| {
        let world = World::new(app).await;
        app.settle().await;
        let before = app.events(&world.marlene.account);
        for call in world.calls() {
            for (what, body) in never_well_formed(&call) {
                let answered = call.send(app, body).await;
                assert_problem(&what, &call, &answered);
                assert_eq!(answered.status, 400, "{what} to {} {}", call.method, call.template);
                assert_eq!(answered.text_at("/code"), "invalid-request");
            }
        }
        assert_eq!(app.events(&world.marlene.account), before);
        for person in [&world.marlene, &world.admin, &world.support] {
            app.get("/v1/session").bearer(&person.token).await.is(200);
        }
    });
}

/// SR-010, AT-18: a malformed code is 400 wherever a code is taken, and is no guess.
#[test]
fn sr_010_a_malformed_code_is_no_guess_wherever_it_is_typed() {
    TestApp::run(async |app| {
        let world = World::new(app).await;
        app.settle().await;
        let before = app.events(&world.marlene.account);
        let calls = world.calls();
        let places = |call| ["/code", "/codes/0", "/codes/1"].map(|place| (call, place));
        let mut taking: Vec<(&Taking, _)> = calls.iter().flat_map(places).collect();
        taking.retain(|(call, place)| call.example.pointer(place).is_some());
        assert_eq!(taking.len(), 7);
        for (call, place) in taking {
            for code in [
                "",
                "0",
                "12345",
                "1234567",
                " 123456",
                "123456 ",
                "123 456",
                "+123456",
                "12345a",
                "１２３４５６",
                "12345\u{0}",
                "\u{202e}123456",
                "0x1234",
                "-12345",
                "1e0000",
            ] {
                let body = call.with(place, json!(code)).to_string().into_bytes();
                let answered = call.send(app, body).await;
                assert_problem(code, call, &answered);
                assert_eq!(answered.status, 400, "{code:?} to {}", call.template);
            }
        }
        assert_eq!(app.events(&world.marlene.account), before);
    });
}

/// SR-010, SR-035, AT-18: the same of recovery codes, at the sign-in and within a session.
#[test]
fn sr_010_what_is_no_recovery_code_is_no_guess() {
    TestApp::run(async |app| {
        let world = World::new(app).await;
        app.settle().await;
        let before = app.events(&world.marlene.account);
        let calls = world.calls();
        let takes_code = |call: &&Taking| {
            ["code", "method"].iter().all(|field| call.example.get(field).is_some())
        };
        let taking: Vec<_> = calls.iter().filter(takes_code).collect();
        assert_eq!(taking.len(), 2);
        let right = &world.marlene.recovery_codes[0];
        let malformed = [
            String::new(),
            "nonsense".to_owned(),
            "123456".to_owned(),
            right[1..].to_owned(),
            format!("{right}0"),
            right.replace('-', "_"),
            format!("{right}{}", " ".repeat(64)),
            format!("{}U", &right[..right.len() - 1]),
            format!("\u{202e}{right}"),
        ];
        for call in taking {
            for code in &malformed {
                let mut body = call.with("/code", json!(code));
                body["method"] = json!("recovery_code");
                let answered = call.send(app, body.to_string().into_bytes()).await;
                assert_problem(code, call, &answered);
                assert_eq!(answered.status, 400, "{code:?} to {}", call.template);
            }
        }
        assert_eq!(app.events(&world.marlene.account), before);
    });
}

/// Texts that are too long are refused or not found; none is kept whole.
#[test]
fn texts_that_are_too_long_are_refused() {
    TestApp::run(async |app| {
        let world = World::new(app).await;
        for call in world.calls() {
            for field in call.fields() {
                let example = call.example.pointer(&field).unwrap();
                for long in ["l".repeat(LONG_CHARS), "€".repeat(LONG_CHARS / 3)] {
                    if !example.is_string() {
                        continue;
                    }
                    let body = call.with(&field, json!(long)).to_string().into_bytes();
                    let answered = call.send(app, body).await;
                    if call.long.contains(&field.as_str()) {
                        assert_eq!(
                            answered.status,
                            call.answered,
                            "{field}: {:?}",
                            answered.face()
                        );
                    } else {
                        assert_problem(&format!("a long {field}"), &call, &answered);
                    }
                }
            }
        }
    });
}

/// A mebibyte is refused, announced or not, also where it never ends; then the connection does.
#[test]
fn sr_077_a_mebibyte_is_refused() {
    TestApp::run(async |app| {
        let world = World::new(app).await;
        for call in world.calls() {
            let example = call.example.to_string();
            let body = format!("{example}{}", " ".repeat(MEBIBYTE - example.len())).into_bytes();
            let answered = call.send(app, body).await;
            assert_problem("a mebibyte", &call, &answered);
            assert_eq!(answered.status, 400, "{} {}", call.method, call.template);
        }
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000)).repeat(16);
        for call in world.calls() {
            let head = head(app, &call, "Transfer-Encoding: chunked");
            let heard =
                hear(app.address(call.on), &[head.as_bytes(), chunk.as_bytes()], false).await;
            assert!(heard.starts_with("HTTP/1.1 400"), "{} {heard}", call.template);
        }
    });
}

/// A body that breaks off, and one that stops in the middle without a word: an answer or an end,
/// and within seconds.
#[test]
fn a_body_that_never_ends_is_not_waited_for() {
    TestApp::run(async |app| {
        let world = World::new(app).await;
        let calls = world.calls();
        let part = b"{\"login\":\"marl";
        let broken = calls.iter().map(async |call| {
            let head = head(app, call, "Content-Length: 100");
            hear(app.address(call.on), &[head.as_bytes(), part], true).await
        });
        for heard in join_all(broken).await {
            assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 400"), "{heard}");
        }
        let silent = calls.iter().map(async |call| {
            let head = head(app, call, "Content-Length: 100");
            hear(app.address(call.on), &[head.as_bytes(), part], false).await
        });
        for heard in join_all(silent).await {
            assert!(heard.starts_with("HTTP/1.1 400"), "{heard}");
            assert!(heard.contains("application/problem+json"), "{heard}");
        }
        app.get("/v1/session").bearer(&world.marlene.token).await.is(200);
    });
}

/// Whoever answers, and whether or not anybody reads the body: where it never ends, the connection
/// does, and what comes on it is not read for ever.
#[test]
fn a_connection_ends_where_a_body_never_does() {
    TestApp::run(async |app| {
        let own = app.address(Listener::Public).to_string();
        let chunk = format!("5000\r\n{}\r\n", " ".repeat(0x5000));
        for (line, host, status) in [
            ("POST /v1/accounts", own.as_str(), 400),
            ("POST /v1/nothing", &own, 404),
            ("PUT /v1/accounts", &own, 405),
            ("TRACE /v1/accounts", &own, 405),
            ("POST /v1/accounts", "evil.example", 421),
            ("GET /v1/session", &own, 400),
        ] {
            let head = format!(
                "{line} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
                 Transfer-Encoding: chunked\r\n\r\n"
            );
            let to = app.address(Listener::Public);
            let heard = hear(to, &[head.as_bytes(), chunk.as_bytes()], false).await;
            assert!(heard.starts_with(&format!("HTTP/1.1 {status}")), "{line}: {heard}");
        }
    });
}

fn head(app: &TestApp, call: &Taking, length: &str) -> String {
    let (method, path, host) = (&call.method, &call.path, app.address(call.on));
    let bearer = call.bearer.as_ref();
    let bearer = bearer.map(|bearer| format!("Authorization: Bearer {bearer}\r\n"));
    let bearer = bearer.unwrap_or_default();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{bearer}\
         Content-Type: application/json\r\n{length}\r\n\r\n"
    )
}

/// Sends bytes as they are, and gives what is heard until the end.
async fn hear(to: SocketAddr, pieces: &[&[u8]], ends: bool) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    for piece in pieces {
        // A server that has heard enough may close while we still speak.
        if stream.write_all(piece).await.is_err() {
            break;
        }
    }
    if ends {
        stream.shutdown().await.unwrap();
    }
    let mut heard = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut heard)).await;
    let _end_or_reset = read.expect("an answer or an end in time");
    String::from_utf8_lossy(&heard).into_owned()
}
