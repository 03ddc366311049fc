//! Limits, and what must not get round them: other spellings, other methods, other accounts' names,
//! and a burst that comes at once.

use countersign_api::server::listener::Listener;
use countersign_events::account::AccountEvent;
use countersign_tests::app::{PASSWORD, Person, STEP, TestApp};
use futures::future::join_all;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::acts::changes;

/// Requests of a burst.
const BURST: usize = 200;

/// Unresolved failures as the last refused code left them.
pub(crate) fn unresolved(app: &TestApp, person: &Person) -> Option<u32> {
    app.events(&person.account).iter().rev().find_map(|event| match event {
        AccountEvent::CodeRejected(rejected) => Some(rejected.unresolved),
        _ => None,
    })
}

/// An answer with a code as it goes over the wire.
fn raw_answer(app: &TestApp, sign_in: &str, code: &str) -> Vec<u8> {
    let body = json!({ "method": "totp", "code": code }).to_string();
    let host = app.address(Listener::Public);
    let length = body.len();
    let request = format!(
        "POST /v1/sign-ins/{sign_in}/answers HTTP/1.1\r\nHost: {host}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    request.into_bytes()
}

/// The statuses of so many answers on a connection.
async fn statuses(stream: &mut TcpStream, answers: usize) -> Vec<u16> {
    let mut read = Vec::new();
    let mut found = Vec::new();
    while found.len() < answers {
        let mut piece = [0; 16 * 1024];
        let bytes = stream.read(&mut piece).await.unwrap();
        assert!(bytes > 0, "closed after {} answers", found.len());
        read.extend_from_slice(&piece[..bytes]);
        let text = String::from_utf8_lossy(&read);
        let starts = text.match_indices("HTTP/1.1 ").map(|(at, word)| at + word.len());
        found = starts.filter_map(|at| text.get(at..at + 3)?.parse().ok()).collect();
    }
    found
}

/// Somebody with four wrong codes, and sign-ins of his that wait.
async fn one_left(app: &TestApp, login: &str) -> (Person, Vec<String>) {
    let person = app.person(login).await;
    let wrong = app.wrong_code(&person);
    let mut waiting = vec![];
    for _ in 0..8 {
        waiting.push(app.begin(&person).await);
    }
    for sign_in in &waiting[..4] {
        app.answer(sign_in, "totp", &wrong).await.is(401);
    }
    (person, waiting)
}

#[track_caller]
fn one_more_was_evaluated(app: &TestApp, person: &Person, heard: &[u16]) {
    assert_eq!(heard.len(), BURST);
    assert!(heard.iter().all(|status| [401, 429].contains(status)), "{heard:?}");
    assert_eq!(app.count(&person.account, "account.code_rejected"), 5);
    assert_eq!(app.count(&person.account, "account.cooled_down"), 1);
}

/// SR-101, AT-04: two hundred connections, each with a wrong code but for its last byte; then all
/// the last bytes at once, with one guess left: one is evaluated.
#[test]
fn sr_101_two_hundred_last_bytes_at_once_with_one_guess_left_are_one_guess() {
    TestApp::run(async |app| {
        let (marlene, waiting) = one_left(app, "marlene.burst").await;
        let wrong = app.wrong_code(&marlene);
        let mut held = vec![];
        for number in 0..BURST {
            let request = raw_answer(app, &waiting[number % waiting.len()], &wrong);
            let (last, most) = request.split_last().unwrap();
            let mut stream = TcpStream::connect(app.address(Listener::Public)).await.unwrap();
            stream.set_nodelay(true).unwrap();
            stream.write_all(most).await.unwrap();
            held.push((stream, *last));
        }
        let released = held.iter_mut().map(|(stream, last)| async move {
            stream.write_all(&[*last]).await.unwrap();
        });
        join_all(released).await;
        let answers = held.iter_mut().map(|(stream, _)| statuses(stream, 1));
        one_more_was_evaluated(app, &marlene, &join_all(answers).await.concat());
    });
}

/// SR-101, AT-04: the same on one connection, in one piece.
#[test]
fn sr_101_two_hundred_codes_in_one_piece_on_one_connection_are_one_guess() {
    TestApp::run(async |app| {
        let (marlene, waiting) = one_left(app, "marlene.piped").await;
        let wrong = app.wrong_code(&marlene);
        let requests =
            (0..BURST).map(|number| raw_answer(app, &waiting[number % waiting.len()], &wrong));
        let piece = requests.collect::<Vec<_>>().concat();
        let (last, most) = piece.split_last().unwrap();
        let stream = TcpStream::connect(app.address(Listener::Public)).await.unwrap();
        let (mut reading, mut writing) = stream.into_split();
        let write = async {
            writing.write_all(most).await.unwrap();
            writing.write_all(&[*last]).await.unwrap();
        };
        let read = async {
            let mut all = Vec::new();
            let mut piece = [0; 16 * 1024];
            while String::from_utf8_lossy(&all).matches("HTTP/1.1 ").count() < BURST {
                let bytes = reading.read(&mut piece).await.unwrap();
                assert!(bytes > 0, "closed early");
                all.extend_from_slice(&piece[..bytes]);
            }
            String::from_utf8_lossy(&all).into_owned()
        };
        let ((), text) = Box::pin(futures::future::join(write, read)).await;
        let heard: Vec<u16> = text
            .match_indices("HTTP/1.1 ")
            .filter_map(|(at, word)| text.get(at + word.len()..at + word.len() + 3)?.parse().ok())
            .collect();
        one_more_was_evaluated(app, &marlene, &heard);
    });
}

/// SR-057, AT-19: whom a sign-in is for was settled by its password. Whoever else a later step
/// names is not him: in the body that is malformed, anywhere else nobody looks.
#[test]
fn sr_057_at_19_a_later_step_is_for_the_account_of_the_first_one() {
    TestApp::run(async |app| {
        let jane = app.person("jane.first").await;
        let john = app.person("john.later").await;
        let sign_in = app.begin(&jane).await;
        let path = format!("/v1/sign-ins/{sign_in}/answers");
        let before = changes(app, &john);
        for field in ["login", "account", "account_id", "subject", "user", "email", "id"] {
            for (code, name) in [(app.code(&john), &john.login), (app.code(&jane), &john.account)] {
                let mut body = json!({ "method": "totp", "code": code });
                body[field] = json!(name);
                // As bytes: an account's id is no secret, whatever the field is called.
                let call = app.call(Method::POST, path.as_str());
                call.bytes(body.to_string().into_bytes()).await.is(400);
            }
            let query = format!("{path}?{field}={}", john.account);
            let body = json!({ "method": "totp", "code": app.code(&jane) });
            app.post(query, &body).await.is(400);
        }
        // John's code is a wrong one for Jane, and counts to her.
        let named = |code: &str| {
            let call = app.answer(&sign_in, "totp", code);
            ["x-account", "x-account-id", "x-login", "x-user", "x-subject", "x-forwarded-user"]
                .iter()
                .fold(call, |call, name| call.header(name, &john.account))
                .bearer(&john.token)
        };
        if app.code(&john) != app.code(&jane) {
            named(&app.code(&john)).await.is(401);
            assert_eq!(unresolved(app, &jane), Some(1));
        }
        let token = named(&app.code(&jane)).await.is(200).text_at("/session/token");
        let who = app.get("/v1/accounts/me").bearer(&token).await.is(200);
        assert_eq!(who.text_at("/account_id"), jane.account, "{}", who.body);
        assert_eq!(changes(app, &john), before, "nothing of it reached John");
        // Nor is a session anybody at an account that is not its own.
        let path = format!("/v1/accounts/{}/factors", john.account);
        let body = json!({ "kind": "totp", "name": "phone" });
        app.post(path, &body).bearer(&token).await.is(401);
        assert_eq!(changes(app, &john), before);
    });
}

/// SR-087: what shuts one method shuts no other, and never the account.
#[test]
fn sr_087_a_method_that_is_shut_leaves_every_other_open() {
    TestApp::run(async |app| {
        for shut in ["password", "totp", "email_code", "recovery_code"] {
            let login = format!("shut.{}", shut.replace('_', "."));
            let person = app.person(&login).await;
            let mut waiting = vec![];
            for _ in 0..4 {
                waiting.push(app.begin(&person).await);
            }
            let (guesses, wrong) = match shut {
                "recovery_code" => (10, "00000-00000-00000-00000-00000".to_owned()),
                "password" => (5, "another long password".to_owned()),
                "totp" => (5, app.wrong_code(&person)),
                _ => {
                    // Where none was sent there is nothing to guess.
                    app.email_code(&waiting[0]).await.is(202);
                    app.settle().await;
                    let sent = app.post.newest_code(&person.email).unwrap();
                    let other = if sent == "000000" { "000001" } else { "000000" };
                    (5, other.to_owned())
                }
            };
            for number in 0..guesses {
                match shut {
                    "password" => app.sign_in(&login, &wrong).await.is(401),
                    _ => app.answer(&waiting[number / 5], shut, &wrong).await.is(401),
                };
            }
            if shut == "password" {
                app.sign_in(&login, PASSWORD).await.is(429);
            }
            for other in ["totp", "email_code", "recovery_code"] {
                // A cool-down of a code ends the sign-ins that wait; one of the password does not.
                let sign_in = match shut {
                    "password" => waiting.remove(0),
                    _ => app.begin(&person).await,
                };
                let code = match other {
                    "totp" => app.code(&person),
                    "recovery_code" => person.recovery_codes[0].clone(),
                    _ if shut == "email_code" => "000000".to_owned(),
                    _ => {
                        app.email_code(&sign_in).await.is(202);
                        app.settle().await;
                        app.post.newest_code(&person.email).unwrap()
                    }
                };
                let answered = app.answer(&sign_in, other, &code).await;
                let expected = if other == shut { 429 } else { 200 };
                assert_eq!(answered.status, expected, "{shut}, {other}: {:?}", answered.face());
            }
            // Who is in stays in.
            app.get("/v1/session").bearer(&person.token).await.is(200);
        }
    });
}

/// SR-089, AT-34: however a login is written, it has one counter; and a lock of one spelling is a
/// lock of all.
#[test]
fn sr_089_at_34_spellings_of_a_login_share_one_counter() {
    TestApp::run(async |app| {
        let body = json!({
            "login": "marlène.straße", "email": "marlene@example.com", "password": PASSWORD
        });
        let marlene = app.post("/v1/accounts", &body).await.is(201).text_at("/account_id");
        let spellings = [
            "marlène.straße",
            "MARLÈNE.STRASSE",
            "Marle\u{300}ne.Straße",
            "  marlène.straße ",
            "ｍａｒｌène.straße",
        ];
        // All of them are hers: with the right password she comes in by each.
        for spelling in spellings {
            app.sign_in(spelling, PASSWORD).await.is(200);
        }
        for spelling in spellings {
            app.sign_in(spelling, "another long password").await.is(401);
        }
        for spelling in spellings {
            app.sign_in(spelling, PASSWORD).await.is(429);
        }
        assert_eq!(app.count(&marlene, "account.password_rejected"), spellings.len());
        app.pass(SignedDuration::from_secs(30)).await;
        app.sign_in(spellings[2], PASSWORD).await.is(200);
    });
}

/// SR-039: recovery codes are dead with the last authenticator, and stay dead when another comes.
#[test]
fn sr_039_recovery_codes_do_not_outlive_the_authenticator_they_came_with() {
    TestApp::run(async |app| {
        let old = app.person("marlene.recovers").await;
        let path = format!("/v1/accounts/me/factors/{}", old.factor);
        app.call(Method::DELETE, path).bearer(&old.token).await.is(204);
        let plain = Person { login: old.login.clone(), ..old.clone() };
        let new = app.with_authenticator(plain, Listener::Public).await;
        app.pass(STEP).await;
        let sign_in = app.begin(&new).await;
        for code in &old.recovery_codes[..4] {
            app.answer(&sign_in, "recovery_code", code).await.is(401);
        }
        assert_eq!(unresolved(app, &new), Some(4), "each is a guess like any other");
        app.answer(&sign_in, "recovery_code", &new.recovery_codes[0]).await.is(200);
    });
}

/// SR-037: the sign-in that used up the recovery codes is dead after the wait, too.
#[test]
fn sr_037_a_sign_in_that_was_ended_by_a_wait_is_dead_after_it() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.recovers").await;
        let wrong = "00000-00000-00000-00000-00000";
        let (first, second) = (app.begin(&marlene).await, app.begin(&marlene).await);
        let third = app.begin(&marlene).await;
        for number in 0..10 {
            let sign_in = if number < 5 { &first } else { &second };
            app.answer(sign_in, "recovery_code", wrong).await.is(401);
        }
        let right = &marlene.recovery_codes[0];
        let refused = app.answer(&third, "recovery_code", right).await.is(429);
        assert_eq!(refused.headers["retry-after"], "3600");
        // Its own counter: none of another method has moved.
        let code = app.code(&marlene);
        let fourth = app.begin(&marlene).await;
        app.answer(&fourth, "totp", &code).await.is(200);
        app.pass(SignedDuration::from_hours(1)).await;
        for dead in [&first, &second, &third] {
            app.answer(dead, "recovery_code", right).await.is(401);
        }
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "recovery_code", right).await.is(200);
    });
}
