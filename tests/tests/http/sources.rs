//! SR-091: limits per source are one layer more, and never the only one.

use countersign_api::config::Config;
use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_tests::app::{Answered, Face, PASSWORD, STEP, TestApp};
use futures::StreamExt as _;
use futures::stream;
use jiff::SignedDuration;
use serde_json::{Value, json};

const THERE: &str = "198.51.100.7";
const ELSEWHERE: &str = "198.51.100.8";
const WRONG: &str = "another password";
/// Calls at the same time, where there are many.
const AT_ONCE: usize = 16;

/// Sources are limited.
fn limited(config: &mut Config) {
    config.source.enabled = true;
}

/// Sources are limited, and a proxy in front of this server says who they are.
fn limited_behind_a_proxy(config: &mut Config) {
    limited(config);
    behind_a_proxy(config);
}

fn behind_a_proxy(config: &mut Config) {
    config.listen.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
}

fn address(number: usize) -> String {
    format!("10.{}.{}.{}", number >> 16, (number >> 8) & 255, number & 255)
}

async fn guess(app: &TestApp, ip: &str, login: &str, password: &str) -> Answered {
    app.sign_in(login, password).header("x-forwarded-for", ip).await
}

/// Guesses at twenty logins that nobody has, from one source, until it is blocked.
async fn block(app: &TestApp, ip: &str) -> Answered {
    guess(app, ip, "nobody.0", WRONG).await.is(401);
    block_the_rest(app, ip).await
}

/// The same after the first of them.
async fn block_the_rest(app: &TestApp, ip: &str) -> Answered {
    for number in 1..20 {
        guess(app, ip, &format!("nobody.{number}"), WRONG).await.is(401);
    }
    guess(app, ip, "nobody.20", WRONG).await.is(429)
}

/// What a caller can compare of an answer that tells when to come back, but for that time.
fn timeless(answered: &Answered) -> Face {
    let mut face = answered.face();
    for (name, value) in &mut face.headers {
        if name == "retry-after" {
            value.clear();
        }
    }
    face.body = face.body.replace(&answered.text_at("/retry_at"), "");
    face
}

/// AT-10: with this layer off, the limits of the account alone stop guesses from anywhere.
#[test]
fn at_10_switched_off_the_account_still_stops_1000_guesses_from_1000_addresses() {
    TestApp::run_with(behind_a_proxy, async |app| {
        let marlene = app.person("marlene.anywhere").await;
        let sign_in = app.begin(&marlene).await;
        let wrong = app.wrong_code(&marlene);
        for number in 0..1000 {
            let from = address(number);
            let answer = app.answer(&sign_in, "totp", &wrong).header("x-forwarded-for", &from);
            assert_ne!(answer.await.status, 200);
            assert_ne!(guess(app, &from, "marlene.anywhere", WRONG).await.status, 200);
        }
        for judged in ["account.code_rejected", "account.password_rejected"] {
            let count = app.count(&marlene.account, judged);
            assert!((1..=5).contains(&count), "{judged}: {count}");
        }
        assert_eq!(app.sources().observe().refused, 0);
    });
}

/// SR-091: a spray over a thousand logins, from one source, stops at the twentieth, whether there
/// are such accounts or not.
#[test]
fn sr_091_a_spray_over_1000_logins_from_one_source_stops_at_20() {
    TestApp::run_with(limited, async |app| {
        for number in 0..40 {
            app.registered(&format!("user.{number}")).await;
        }
        let mut judged = 0;
        for number in 0..1000 {
            // Every other one exists.
            let login = format!("{}.{}", ["user", "nobody"][number % 2], number / 2);
            let status = app.sign_in(&login, WRONG).await.status;
            assert!(status == 401 || status == 429, "{status}");
            judged += usize::from(status == 401);
        }
        assert_eq!(judged, 20);
        let observed = app.sources().observe();
        assert_eq!((observed.blocked, observed.refused), (1, 980));
    });
}

/// AT-11, SR-073: no header but that of a trusted proxy says who somebody is.
#[test]
fn at_11_forged_headers_are_no_other_source() {
    TestApp::run_with(limited, async |app| {
        let names = ["x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip"];
        let forged = |number: usize, name: &str| match name {
            "forwarded" => format!("for={}", address(number)),
            _ => address(number),
        };
        for number in 0..21 {
            let mut call = app.sign_in(&format!("nobody.{number}"), WRONG);
            for name in names {
                call = call.header(name, &forged(number, name));
            }
            call.await.is(if number < 20 { 401 } else { 429 });
        }
    });
}

/// SR-091: the answer to a blocked source is the ordinary one, and the end that it tells never
/// moves, however often it is asked for. Everybody else goes on.
#[test]
fn sr_091_a_blocked_source_hears_the_ordinary_answer_and_an_end_that_stays() {
    TestApp::run_with(limited_behind_a_proxy, async |app| {
        app.registered("marlene.elsewhere").await;
        let blocked = block(app, THERE).await;
        for _ in 0..5 {
            guess(app, "203.0.113.1", "marlene.elsewhere", WRONG).await.is(401);
        }
        let ordinary = guess(app, "203.0.113.1", "marlene.elsewhere", WRONG).await.is(429);
        assert_eq!(timeless(&blocked), timeless(&ordinary));
        assert!(blocked.headers.contains_key("retry-after"));
        assert_eq!(blocked.headers["retry-after"], "3600");
        app.registered("marlene.second").await;
        for _ in 0..11 {
            app.pass(SignedDuration::from_mins(5)).await;
            let again = guess(app, THERE, "marlene.second", PASSWORD).await.is(429);
            assert_eq!(again.text_at("/retry_at"), blocked.text_at("/retry_at"));
        }
        guess(app, "203.0.113.1", "marlene.second", PASSWORD).await.is(200);
        app.pass(SignedDuration::from_mins(5)).await;
        guess(app, THERE, "marlene.second", PASSWORD).await.is(200);
    });
}

/// SR-091: wrong codes of five accounts block, and on every listener.
#[test]
fn sr_091_wrong_codes_at_five_accounts_block_on_every_listener() {
    TestApp::run_with(limited, async |app| {
        let mut people = vec![];
        for number in 0..6 {
            people.push(app.person(&format!("user.{number}")).await);
        }
        let mut begun = vec![];
        for person in &people {
            begun.push(app.begin(person).await);
        }
        for (person, id) in people.iter().zip(&begun).take(5) {
            app.answer(id, "totp", &app.wrong_code(person)).await.is(401);
        }
        let code = app.code(&people[5]);
        for on in [Listener::Public, Listener::Operator] {
            app.answer(&begun[5], "totp", &code).on(on).await.is(429);
        }
        app.sign_in("user.5", PASSWORD).await.is(429);
        app.clock.advance(SignedDuration::from_hours(1));
        let begun = app.begin(&people[5]).await;
        app.answer(&begun, "totp", &app.code(&people[5])).await.is(200);
    });
}

/// SR-091: who guesses in public shuts no desk out behind the same address, nor the other way
/// round.
#[test]
fn sr_091_the_sources_of_operators_are_their_own() {
    TestApp::run_with(limited, async |app| {
        let olga = app.operator("operator.olga", Role::Support).await;
        for number in 0..20 {
            app.sign_in(&format!("nobody.{number}"), "not the password").await.is(401);
        }
        app.sign_in("nobody.at.last", PASSWORD).await.is(429);
        app.pass(SignedDuration::from_secs(30)).await;
        let begun = app.begin(&olga).await;
        // Whose code it is counts, not where it was given.
        app.answer(&begun, "totp", &app.code(&olga)).await.is(200);
        for number in 0..20 {
            let call = app.sign_in(&format!("nobody.{number}"), "not the password");
            call.on(Listener::Operator).await.is(401);
        }
        app.sign_in(&olga.login, PASSWORD).on(Listener::Operator).await.is(429);
    });
}

/// SR-010: what is no code is no guess of an account, and still somebody who tries.
#[test]
fn sr_010_malformed_codes_count_for_their_source_at_every_call_that_takes_one() {
    TestApp::run_with(limited, async |app| {
        let marlene = app.person("marlene.malformed").await;
        let begun = app.begin(&marlene).await;
        let malformed = |number: usize| -> Value {
            [json!(null), json!(""), json!("12345"), json!(["123456"]), json!(123_456)][number % 5]
                .clone()
        };
        let answers = format!("/v1/sign-ins/{begun}/answers");
        let activate = format!("/v1/accounts/me/factors/{}/activate", marlene.factor);
        for number in 0..20 {
            let (code, token) = (malformed(number), marlene.token.as_str());
            let bare = json!({ "code": code });
            let full = json!({ "method": "totp", "code": code });
            let call = match number % 4 {
                0 => app.post(answers.as_str(), &full),
                1 => app.post("/v1/session/proofs", &full).bearer(token),
                2 => app.post(activate.as_str(), &bare).bearer(token),
                _ => {
                    let half = json!({ "code": "12345" });
                    app.post("/v1/accounts/me/email/confirm", &half).bearer(token)
                }
            };
            call.await.is(400);
        }
        app.answer(&begun, "totp", &app.code(&marlene)).await.is(429);
        assert_eq!(app.count(&marlene.account, "account.code_rejected"), 0);
        // What is malformed is told so, blocked or not.
        app.post(answers, &json!({ "method": "totp", "code": "1" })).await.is(400);
    });
}

/// AT-50: one source asks for twenty mails in an hour, and the answer says nothing of accounts.
#[test]
fn at_50_one_source_asks_for_20_mails_in_an_hour() {
    TestApp::run_with(limited_behind_a_proxy, async |app| {
        let ask = async |ip: &str, login: &str| {
            let body = json!({ "login": login });
            app.post("/v1/password-resets", &body).header("x-forwarded-for", ip).await
        };
        app.registered("marlene.mail").await;
        for number in 0..20 {
            ask(THERE, &format!("nobody.{number}")).await.is(202);
        }
        let known = ask(THERE, "marlene.mail").await.is(429);
        assert_eq!(known.face(), ask(THERE, "nobody.0").await.is(429).face());
        ask("203.0.113.1", "marlene.mail").await.is(202);
        // It may still sign in.
        guess(app, THERE, "marlene.mail", PASSWORD).await.is(200);
        app.pass(SignedDuration::from_mins(62)).await;
        ask(THERE, "marlene.mail").await.is(202);
    });
}

/// An app's user with an authenticator: the secret.
async fn user(app: &TestApp, key: &str, subject: &str) -> String {
    let body = json!({ "subject": subject });
    app.post("/v1/accounts", &body).bearer(key).await.is(201);
    let path = format!("/v1/accounts/subject:{subject}/factors");
    let body = json!({ "kind": "totp", "name": "the red phone" });
    let offered = app.post(path.as_str(), &body).bearer(key).await.is(202);
    let secret = offered.text_at("/secret");
    let path = format!("{path}/{}/activate", offered.text_at("/factor_id"));
    let body = json!({ "code": app.code_of(&secret, 0) });
    app.post(path, &body).bearer(key).await.is(200);
    secret
}

async fn vouched(app: &TestApp, key: &str, subject: &str, ip: &str) -> String {
    let body = json!({ "subject": subject, "first_factor": "vouched", "context": { "ip": ip } });
    app.post("/v1/sign-ins", &body).bearer(key).await.is(200).text_at("/id")
}

/// AT-11: behind one server of an app five hundred people mistype, and nobody is blocked: not they,
/// and not the server.
#[test]
fn sr_091_500_vouched_users_behind_one_server_with_3_typos_each_block_nobody() {
    TestApp::run_with(limited, async |app| {
        let key = app.client_app().await;
        let (app, key) = (&*app, key.as_str());
        let users: Vec<(usize, String)> = stream::iter(0..500)
            .map(async |number| (number, user(app, key, &format!("user-{number}")).await))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        app.clock.advance(STEP);
        let entered = stream::iter(&users)
            .map(async |(number, secret)| {
                let subject = format!("user-{number}");
                let id = vouched(app, key, &subject, &address(*number)).await;
                let wrong = app.wrong_code_of(secret);
                for _ in 0..3 {
                    let status = app.answer(&id, "totp", &wrong).await.status;
                    assert_eq!(status, 401, "{subject}");
                }
                app.answer(&id, "totp", &app.code_of(secret, 0)).await.is(200);
            })
            .buffer_unordered(AT_ONCE);
        assert_eq!(entered.count().await, 500);
        let observed = app.sources().observe();
        assert_eq!((observed.blocks, observed.refused), (0, 0));
        // Who sits at one address and guesses at five of them is blocked by the app's word.
        let mut ids = vec![];
        for (number, _) in users.iter().take(6) {
            ids.push(vouched(app, key, &format!("user-{number}"), THERE).await);
        }
        app.clock.advance(STEP);
        for (id, (_, secret)) in ids.iter().zip(&users).take(5) {
            app.answer(id, "totp", &app.wrong_code_of(secret)).await.is(401);
        }
        app.answer(&ids[5], "totp", &app.code_of(&users[5].1, 0)).await.is(429);
        let elsewhere = vouched(app, key, &format!("user-{}", users[5].0), "203.0.113.1").await;
        app.answer(&elsewhere, "totp", &app.code_of(&users[5].1, 0)).await.is(200);
    });
}

/// AT-33: what an app says of where its users are blocks them alone: nobody who calls from there
/// himself, and no user of another app.
#[test]
fn at_33_an_app_blocks_no_address_for_anybody_else() {
    TestApp::run_with(limited_behind_a_proxy, async |app| {
        let (shop, bank) = (app.client_app().await, app.client_app().await);
        app.registered("jane").await;
        let mut secrets = vec![];
        for number in 0..6 {
            secrets.push(user(app, &shop, &format!("user-{number}")).await);
        }
        let other = user(app, &bank, "user-0").await;
        app.clock.advance(STEP);
        for (number, secret) in secrets.iter().enumerate().take(5) {
            let id = vouched(app, &shop, &format!("user-{number}"), THERE).await;
            app.answer(&id, "totp", &app.wrong_code_of(secret)).await.is(401);
        }
        let id = vouched(app, &shop, "user-5", THERE).await;
        app.answer(&id, "totp", &app.code_of(&secrets[5], 0)).await.is(429);
        let id = vouched(app, &bank, "user-0", THERE).await;
        app.answer(&id, "totp", &app.code_of(&other, 0)).await.is(200);
        guess(app, THERE, "jane", PASSWORD).await.is(200);
        // Nor the other way round.
        block(app, ELSEWHERE).await;
        let id = vouched(app, &shop, "user-5", ELSEWHERE).await;
        app.answer(&id, "totp", &app.code_of(&secrets[5], 0)).await.is(200);
    });
}

/// AT-33: a source that is blocked has nothing kept of what it asks, whatever idempotency keys it
/// brings along; what it asked before is answered as it was (SR-066).
#[test]
fn at_33_nothing_is_kept_of_what_a_blocked_source_asks() {
    let kept = |app: &TestApp| {
        let vault = rusqlite::Connection::open(app.data().join("vault.db")).unwrap();
        vault.query_row("SELECT count(*) FROM requests", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    TestApp::run_with(limited_behind_a_proxy, async |app| {
        let key = |number: usize| format!("a-key-of-a-blocked-source-{number:04}");
        let ask = async |number: usize, login: &str| {
            let call = app.sign_in(login, WRONG).keyed(&key(number));
            call.header("x-forwarded-for", THERE).await
        };
        let reset = async |number: usize| {
            let body = json!({ "login": "nobody.there" });
            let call = app.post("/v1/password-resets", &body).keyed(&key(number));
            call.header("x-forwarded-for", THERE).await
        };
        let first = ask(0, "nobody.0").await.is(401);
        block_the_rest(app, THERE).await;
        let (before, entries) = (kept(app), app.recorded().len());
        for number in 100..150 {
            ask(number, "nobody.0").await.is(429);
            reset(number).await.is(429);
        }
        assert_eq!((kept(app), app.recorded().len()), (before, entries));
        assert_eq!(ask(0, "nobody.0").await.is(401).bytes, first.bytes);
    });
}

/// SR-064: at a blind sign-in a source is counted alike, whether there was something to answer or
/// not: who guesses passwords learns nothing by his own block.
#[test]
fn sr_064_at_a_blind_sign_in_a_block_tells_nothing() {
    let configure = |config: &mut Config| {
        limited_behind_a_proxy(config);
        config.sign_in.blind = true;
    };
    TestApp::run_with(configure, async |app| {
        app.person("marlene").await;
        app.registered("probe").await;
        let tried = [("marlene", PASSWORD), ("marlene", WRONG), ("nobody.here", WRONG)];
        for (number, (login, password)) in tried.into_iter().enumerate() {
            let ip = address(number);
            let begun = guess(app, &ip, login, password).await.is(200).text_at("/id");
            let ask = async || {
                let asked = app.email_code(&begun).header("x-forwarded-for", &ip).await;
                asked.is(202);
            };
            let reset = async || {
                let body = json!({ "login": "nobody.there" });
                app.post("/v1/password-resets", &body).header("x-forwarded-for", &ip).await
            };
            for _ in 0..19 {
                ask().await;
            }
            reset().await.is(202);
            ask().await;
            reset().await.is(429);
            for answer in 0..20 {
                guess(app, &ip, "probe", PASSWORD).await.is(200);
                let call = app.answer(&begun, "totp", "000000").keyed(&"k".repeat(22));
                let call = call.header("x-forwarded-for", &ip).await;
                assert_eq!(call.status, 401, "{login} {password}: {answer}");
            }
            guess(app, &ip, "probe", PASSWORD).await.is(429);
        }
    });
}

/// SR-080: the ops listener has the numbers, and no address.
#[test]
fn sr_091_the_numbers_are_on_the_ops_listener_without_an_address() {
    TestApp::run_with(limited_behind_a_proxy, async |app| {
        block(app, THERE).await;
        let told = app.get("/metrics").on(Listener::Ops).await.is(200);
        let text = String::from_utf8(told.bytes).unwrap();
        for name in [
            "countersign_sources_remembered",
            "countersign_sources_blocked",
            "countersign_source_blocks_total",
            "countersign_source_refusals_total",
            "countersign_breaker_tripped",
            "countersign_second_step_failures_hour",
            "countersign_second_step_attempts_hour",
            "countersign_second_step_failures_usual_hour",
        ] {
            assert!(text.lines().any(|line| line.starts_with(&format!("{name} "))), "{name}");
        }
        assert!(!text.contains("198.51"));
    });
}
