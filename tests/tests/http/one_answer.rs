//! SR-075, SR-015, AT-37, AT-47: whatever is wrong at the sign-in, the answer is the same, byte for
//! byte, and so are its headers. What was wrong is in the log, for support and for the holder.

use std::collections::BTreeSet;

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_events::account::AccountEvent;
use countersign_tests::app::{Face, PASSWORD, Person, STEP, TestApp};
use countersign_tests::faulty_store::StoreFault;
use jiff::SignedDuration;
use serde_json::json;

/// How many failures cool a method down.
const FAILURES: usize = 5;
/// A recovery code by its form, and nobody's.
const NOBODYS_RECOVERY_CODE: &str = "00000-00000-00000-00000-00000";

/// What was heard, by what was wrong.
#[derive(Default)]
struct Heard(Vec<(&'static str, Face)>);

impl Heard {
    fn hear(&mut self, what: &'static str, face: Face) {
        self.0.push((what, face));
    }

    #[track_caller]
    fn is_one_answer(&self, status: u16) {
        let faces: BTreeSet<&Face> = self.0.iter().map(|(_, face)| face).collect();
        assert_eq!(faces.len(), 1, "{:#?}", self.0);
        assert_eq!(self.0[0].1.status, status, "{:?}", self.0[0]);
    }
}

/// SR-075, SR-063, AT-37: unknown login, wrong password, and whatever else there is at the first
/// step.
#[test]
fn sr_075_the_first_step_tells_nobody_what_was_wrong() {
    TestApp::run(async |app| {
        let mut heard = Heard::default();
        let wrong = "another password";
        app.person("marlene.known").await;
        app.registered("marlene.plain").await;
        app.operator("operator.known", Role::Support).await;
        let admin = app.operator("operator.admin", Role::Admin).await;
        let new = json!({ "login": "operator.new", "role": "support" });
        let added = app.post("/v1/operators", &new).on(Listener::Operator).bearer(&admin.token);
        added.await.is(201);
        // A login that was claimed, and whose registration never came to be.
        app.store.fails(StoreFault::Full);
        let claimed =
            json!({ "login": "claimed.only", "email": "c@example.com", "password": PASSWORD });
        app.post("/v1/accounts", &claimed).await.is(503);
        app.store.works();
        let long = "l".repeat(8_000);
        for (what, login, password) in [
            ("unknown login", "nobody.of.that.name", PASSWORD),
            ("wrong password", "marlene.plain", wrong),
            ("wrong password before a second step", "marlene.known", wrong),
            ("wrong password of an operator", "operator.known", wrong),
            ("operator without a password", "operator.new", PASSWORD),
            ("login that was only claimed", "claimed.only", PASSWORD),
            ("empty login", "", PASSWORD),
            ("empty password", "marlene.plain", ""),
            ("long login", &long, PASSWORD),
            ("long password", "marlene.plain", &long),
        ] {
            heard.hear(what, app.sign_in(login, password).await.face());
        }
        heard.is_one_answer(401);
    });
}

/// SR-063, AT-37: the ways to go on are told to whoever has the password, with names that are
/// masked, and to nobody else: not by the answer, nor by its length or headers.
#[test]
fn sr_063_at_37_the_ways_to_go_on_are_told_after_the_right_password_alone() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.ways").await;
        app.registered("plain.ways").await;
        let mut heard = Heard::default();
        for (what, login) in [
            ("with a second factor", "marlene.ways"),
            ("without one", "plain.ways"),
            ("nobody", "nobody.ways"),
        ] {
            heard.hear(what, app.sign_in(login, "another password").await.face());
        }
        heard.is_one_answer(401);
        let told = heard.0[0].1.body.clone();
        for secret in ["totp", "email_code", "recovery_code", "method", "phone", "•"] {
            assert!(!told.contains(secret), "{secret}: {told}");
        }
        let begun = app.sign_in("marlene.ways", PASSWORD).await.is(200);
        let methods = begun.body["methods"].as_array().unwrap();
        let ways: Vec<_> = methods.iter().map(|one| one["method"].as_str().unwrap()).collect();
        assert_eq!(ways, ["totp", "email_code", "recovery_code"]);
        assert_eq!(methods[0]["name"], "the red phone");
        assert_eq!(methods[1]["hint"], "m•••@e•••.com");
        assert!(!begun.body.to_string().contains(&marlene.email), "{}", begun.body);
    });
}

/// SR-075, SR-051: a login that must wait is told so, whether it exists or not, and whether the
/// password would have been right.
#[test]
fn sr_075_a_login_that_must_wait_tells_nobody_whether_it_exists() {
    TestApp::run(async |app| {
        app.registered("marlene.waits").await;
        app.person("marlene.waits.too").await;
        let mut heard = Heard::default();
        let logins = ["marlene.waits", "marlene.waits.too", "nobody.of.that.name"];
        for _ in 0..FAILURES {
            for login in logins {
                heard.hear("wrong", app.sign_in(login, "another password").await.face());
            }
        }
        heard.is_one_answer(401);
        let mut heard = Heard::default();
        for login in logins {
            heard.hear("wrong", app.sign_in(login, "another password").await.face());
            heard.hear("right", app.sign_in(login, PASSWORD).await.face());
        }
        heard.is_one_answer(429);
    });
}

/// Somebody of whom nothing was guessed yet, and a sign-in of theirs.
async fn fresh(app: &TestApp, name: &str) -> (Person, String) {
    let person = app.person(&format!("marlene.{name}")).await;
    let sign_in = app.begin(&person).await;
    (person, sign_in)
}

/// SR-075, SR-015, AT-47: codes of an authenticator, near misses among them.
async fn codes(app: &TestApp, heard: &mut Heard) {
    let (person, sign_in) = fresh(app, "codes").await;
    for (what, code) in [
        ("wrong code", app.wrong_code(&person)),
        ("used code", app.code_at(&person, -1)),
        ("code of five steps on", app.code_at(&person, 5)),
        ("code of five steps ago", app.code_at(&person, -5)),
    ] {
        heard.hear(what, app.answer(&sign_in, "totp", &code).await.face());
    }
    // A phone that is known to be slow: what a right clock shows is too early for it.
    let (person, _) = fresh(app, "learned").await;
    app.pass(STEP * 20).await;
    let sign_in = app.begin(&person).await;
    app.answer(&sign_in, "totp", &app.code_at(&person, -1)).await.is(200);
    app.pass(STEP * 20).await;
    let sign_in = app.begin(&person).await;
    for (what, offset) in [
        ("code of a step on, of a slow phone", 1),
        ("code of three steps ago", -3),
        ("code of ten steps ago", -10),
        ("code of eleven steps on", 11),
    ] {
        let code = app.code_at(&person, offset);
        heard.hear(what, app.answer(&sign_in, "totp", &code).await.face());
    }
    let (person, sign_in) = fresh(app, "factors").await;
    let factor = "6f1ad0b4-7f0c-4c4e-9d52-6a5b1d1c2e3f";
    let body = json!({ "method": "totp", "factor_id": factor, "code": app.code(&person) });
    let path = format!("/v1/sign-ins/{sign_in}/answers");
    heard.hear("code of no such authenticator", app.post(path, &body).await.face());
    second_authenticator(app, &person).await;
    app.pass(STEP).await;
    // Which of two it is of has to be said: the sign-in has named them, and no code is looked at.
    let sign_in = app.begin(&person).await;
    let mut unnamed = Heard::default();
    for (what, code) in [("right", app.code(&person)), ("wrong", app.wrong_code(&person))] {
        unnamed.hear(what, app.answer(&sign_in, "totp", &code).await.face());
    }
    unnamed.is_one_answer(422);
}

async fn second_authenticator(app: &TestApp, person: &Person) {
    let body = json!({ "kind": "totp", "name": "the blue phone" });
    let offered = app.post("/v1/accounts/me/factors", &body).bearer(&person.token).await.is(202);
    let blue = Person { secret: offered.text_at("/secret"), ..Person::default() };
    let path = format!("/v1/accounts/me/factors/{}/activate", offered.text_at("/factor_id"));
    let body = json!({ "code": app.code(&blue) });
    app.post(path, &body).bearer(&person.token).await.is(200);
}

/// SR-075: right codes in sign-ins that are dead, done, somebody else's or none.
async fn sign_ins(app: &TestApp, heard: &mut Heard) {
    let (person, done) = fresh(app, "done").await;
    let code = app.code(&person);
    app.answer(&done, "totp", &code).await.is(200);
    app.pass(STEP).await;
    let code = app.code(&person);
    for (what, sign_in) in [
        ("completed sign-in", done.as_str()),
        ("no sign-in", &"A".repeat(64)),
        ("no id", "nonsense"),
        ("a session's token for an id", &person.token),
    ] {
        heard.hear(what, app.answer(sign_in, "totp", &code).await.face());
    }
    let (other, theirs) = fresh(app, "other").await;
    heard.hear("somebody else's", app.answer(&theirs, "totp", &code).await.face());
    // Five guesses by two methods, so that neither has to wait.
    let (person, dead) = fresh(app, "dead").await;
    let wrong = app.wrong_code(&other);
    let guesses = [("totp", wrong.as_str(), 3), ("recovery_code", NOBODYS_RECOVERY_CODE, 2)];
    for (method, code, times) in guesses {
        for _ in 0..times {
            app.answer(&dead, method, code).await.is(401);
        }
    }
    heard.hear("dead sign-in", app.answer(&dead, "totp", &app.code(&person)).await.face());
    let (person, old) = fresh(app, "old").await;
    app.pass(SignedDuration::from_mins(10)).await;
    heard.hear("expired sign-in", app.answer(&old, "totp", &app.code(&person)).await.face());
    heard.hear("expired, by mail", app.email_code(&old).await.face());
}

/// SR-075: recovery codes and codes by e-mail.
async fn other_ways(app: &TestApp, heard: &mut Heard) {
    let (person, sign_in) = fresh(app, "ways").await;
    let (other, _) = fresh(app, "other.ways").await;
    app.answer(&sign_in, "recovery_code", &person.recovery_codes[0]).await.is(200);
    let sign_in = app.begin(&person).await;
    for (what, code) in [
        ("used recovery code", person.recovery_codes[0].as_str()),
        ("recovery code of somebody else", &other.recovery_codes[0]),
        ("recovery code of nobody", NOBODYS_RECOVERY_CODE),
        ("the same in small letters", "ooooo ooooo ooooo ooooo ooooo"),
    ] {
        heard.hear(what, app.answer(&sign_in, "recovery_code", code).await.face());
    }
    let sign_in = app.begin(&person).await;
    let totp = app.code(&person);
    heard.hear("none was sent", app.answer(&sign_in, "email_code", &totp).await.face());
    app.email_code(&sign_in).await.is(202);
    app.settle().await;
    let first = app.post.newest_code(&person.email).unwrap();
    app.pass(SignedDuration::from_mins(1)).await;
    app.email_code(&sign_in).await.is(202);
    app.settle().await;
    let second = app.post.newest_code(&person.email).unwrap();
    if first != second {
        heard.hear("a later one was sent", app.answer(&sign_in, "email_code", &first).await.face());
    }
    let elsewhere = app.begin(&person).await;
    let face = app.answer(&elsewhere, "email_code", &second).await.face();
    heard.hear("sent for another sign-in", face);
    app.answer(&sign_in, "email_code", &second).await.is(200);
    let again = app.begin(&person).await;
    heard.hear("used code by e-mail", app.answer(&again, "email_code", &second).await.face());
}

/// SR-075, SR-086: a right recovery code of a set at which too much was guessed: it is worth
/// nothing until there are others, and nobody is told.
async fn disabled(app: &TestApp, heard: &mut Heard) {
    let (person, _) = fresh(app, "disabled").await;
    for _ in 0..10 {
        app.pass(SignedDuration::from_hours(25)).await;
        let sign_in = app.begin(&person).await;
        for _ in 0..5 {
            app.answer(&sign_in, "recovery_code", NOBODYS_RECOVERY_CODE).await.is(401);
        }
    }
    app.pass(SignedDuration::from_hours(25)).await;
    let sign_in = app.begin(&person).await;
    for (what, code) in [
        ("right code of a disabled set", person.recovery_codes[0].as_str()),
        ("wrong code of a disabled set", NOBODYS_RECOVERY_CODE),
    ] {
        heard.hear(what, app.answer(&sign_in, "recovery_code", code).await.face());
    }
    assert_eq!(app.count(&person.account, "account.code_rejected"), 50);
}

/// SR-075: every refusal of the second step is one answer.
#[test]
fn sr_075_the_second_step_tells_nobody_what_was_wrong() {
    TestApp::run(async |app| {
        let mut heard = Heard::default();
        codes(app, &mut heard).await;
        sign_ins(app, &mut heard).await;
        other_ways(app, &mut heard).await;
        disabled(app, &mut heard).await;
        assert!(heard.0.len() > 20, "{}", heard.0.len());
        heard.is_one_answer(401);
    });
}

/// SR-075: a method that must wait says so to every code alike.
#[test]
fn sr_075_a_method_that_must_wait_says_so_to_right_and_wrong_codes_alike() {
    TestApp::run(async |app| {
        let (marlene, sign_in) = fresh(app, "waits").await;
        for _ in 0..FAILURES {
            app.answer(&sign_in, "totp", &app.wrong_code(&marlene)).await.is(401);
        }
        let sign_in = app.begin(&marlene).await;
        let mut heard = Heard::default();
        for (what, code) in [
            ("right", app.code(&marlene)),
            ("wrong", app.wrong_code(&marlene)),
            ("used", app.code_at(&marlene, -1)),
            ("of another time", app.code_at(&marlene, 5)),
        ] {
            heard.hear(what, app.answer(&sign_in, "totp", &code).await.face());
        }
        heard.is_one_answer(429);
        assert!(
            heard.0[0]
                .1
                .headers
                .iter()
                .any(|(name, value)| { (name.as_str(), value.as_str()) == ("retry-after", "900") })
        );
        // Other ways go on, and the wait ends by itself.
        app.answer(&sign_in, "recovery_code", &marlene.recovery_codes[0]).await.is(200);
        app.pass(SignedDuration::from_mins(15)).await;
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(200);
    });
}

/// SR-015: what nobody is told at the door, the log knows, and the holder reads.
#[test]
fn sr_015_the_event_and_the_holder_know_how_far_a_phone_is_off() {
    TestApp::run(async |app| {
        let (mut marlene, sign_in) = fresh(app, "off").await;
        for offset in [5, -5, -1] {
            let code = app.code_at(&marlene, offset);
            app.answer(&sign_in, "totp", &code).await.is(401);
        }
        let off: Vec<_> = app
            .events(&marlene.account)
            .iter()
            .filter_map(|event| match event {
                AccountEvent::CodeRejected(rejected) => {
                    Some((format!("{:?}", rejected.why), rejected.off_by_steps))
                }
                _ => None,
            })
            .collect();
        let wrong = "Wrong".to_owned();
        assert_eq!(off, [(wrong.clone(), Some(5)), (wrong, Some(-5)), ("Reused".to_owned(), None)]);
        marlene.token = app.enter(&marlene).await;
        let told: Vec<String> = app
            .history(&marlene)
            .await
            .iter()
            .map(|event| event["explanation"].to_string())
            .collect();
        for clock in ["150 s fast", "150 s slow", "used before"] {
            assert!(told.iter().any(|line| line.contains(clock)), "{clock}: {told:#?}");
        }
    });
}
