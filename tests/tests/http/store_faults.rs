//! SR-098, AT-17: no verdict before it is recorded, and none where it cannot be. Afterwards the
//! truth is one of two, recorded or not, and what a code is worth follows the log.

use std::collections::BTreeSet;
use std::future::IntoFuture as _;

use countersign_api::server::listener::Listener;
use countersign_tests::app::{Face, PASSWORD, Person, STEP, TestApp};
use countersign_tests::faulty_store::StoreFault;
use futures::future::{Either, join, join_all, select};
use futures::poll;
use jiff::SignedDuration;
use serde_json::json;

const LOST_ABSENT: StoreFault = StoreFault::Lost { written: false, resolves: false };
const LOST_WRITTEN: StoreFault = StoreFault::Lost { written: true, resolves: false };
/// Round trips that are made while a verdict is held back.
const ROUND_TRIPS: usize = 20;

/// Somebody with a sign-in that waits, and the code that will be typed.
struct Case {
    what: &'static str,
    person: Person,
    sign_in: String,
    code: String,
    key: String,
}

impl Case {
    /// What the code is answered once it can be recorded.
    fn status(&self) -> u16 {
        if self.what == "right" { 200 } else { 401 }
    }

    /// The event that tells of it.
    fn event(&self) -> &'static str {
        if self.what == "right" { "account.code_verified" } else { "account.code_rejected" }
    }

    async fn answer(&self, app: &TestApp) -> Face {
        app.answer(&self.sign_in, "totp", &self.code).await.face()
    }

    async fn answer_keyed(&self, app: &TestApp) -> Face {
        app.answer(&self.sign_in, "totp", &self.code).keyed(&self.key).await.face()
    }

    fn recorded(&self, app: &TestApp) -> usize {
        app.count(&self.person.account, self.event())
    }
}

/// A right, a wrong and a used code, each of somebody else.
async fn cases(app: &TestApp, name: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for what in ["right", "wrong", "used"] {
        let person = app.person(&format!("{name}.{what}")).await;
        cases.push(Case {
            what,
            person,
            sign_in: String::new(),
            code: String::new(),
            key: format!("key-of-{name}-{what}-0123456789"),
        });
    }
    for case in &mut cases {
        if case.what == "used" {
            let sign_in = app.begin(&case.person).await;
            case.code = app.code(&case.person);
            app.answer(&sign_in, "totp", &case.code).await.is(200);
        }
    }
    // The used code is of the step before this one, which is still looked at.
    app.pass(STEP).await;
    app.settle().await;
    for case in &mut cases {
        case.sign_in = app.begin(&case.person).await;
        match case.what {
            "right" => case.code = app.code(&case.person),
            "wrong" => case.code = app.wrong_code(&case.person),
            _ => {}
        }
    }
    cases
}

/// Lets every case be answered under a fault: what they all hear, which is one thing.
async fn one_answer(app: &TestApp, cases: &[Case], fault: StoreFault) -> Face {
    app.store.fails(fault);
    let mut heard = BTreeSet::new();
    for case in cases {
        heard.insert(case.answer_keyed(app).await);
    }
    app.store.works();
    assert_eq!(heard.len(), 1, "{fault:?}: {heard:?}");
    heard.pop_first().unwrap()
}

#[track_caller]
fn no_verdict(face: &Face) {
    assert_eq!(face.status, 503, "{face:?}");
    let body: serde_json::Value = serde_json::from_str(&face.body).unwrap();
    assert_eq!(body["code"], "unavailable");
    assert!(face.headers.iter().any(|(name, _)| name == "retry-after"), "{face:?}");
}

/// SR-098: full, gone, or its answer lost: right, wrong and used codes hear the same.
#[test]
fn sr_098_a_store_that_fails_gives_no_verdict_and_the_same_answer_to_every_code() {
    TestApp::run(async |app| {
        let mut heard = BTreeSet::new();
        for (number, fault) in
            [StoreFault::Full, StoreFault::Gone, LOST_ABSENT, LOST_WRITTEN].into_iter().enumerate()
        {
            let cases = cases(app, &format!("fault{number}")).await;
            heard.insert(one_answer(app, &cases, fault).await);
        }
        assert_eq!(heard.len(), 1, "{heard:?}");
        no_verdict(&heard.pop_first().unwrap());
    });
}

/// SR-098: what was not recorded did not happen: nothing was counted, and the code is judged as if
/// for the first time.
#[test]
fn sr_098_what_was_not_recorded_did_not_happen() {
    TestApp::run(async |app| {
        for (number, fault) in [StoreFault::Full, StoreFault::Gone, LOST_ABSENT].iter().enumerate()
        {
            let cases = cases(app, &format!("absent{number}")).await;
            let before: Vec<_> =
                cases.iter().map(|case| app.events(&case.person.account)).collect();
            // More often than guesses are allowed.
            for _ in 0..7 {
                no_verdict(&one_answer(app, &cases, *fault).await);
            }
            let after: Vec<_> = cases.iter().map(|case| app.events(&case.person.account)).collect();
            assert_eq!(before, after, "{fault:?}");
            for case in &cases {
                let recorded = case.recorded(app);
                let answered = case.answer_keyed(app).await;
                assert_eq!(answered.status, case.status(), "{} {fault:?}", case.what);
                // The same key, the same answer, and nothing more in the log.
                assert_eq!(case.answer_keyed(app).await, answered, "{}", case.what);
                assert_eq!(case.recorded(app), recorded + 1, "{} {fault:?}", case.what);
            }
        }
    });
}

/// SR-098: what was recorded did happen, though nobody heard of it: a right code is used up, a
/// wrong one counts, and the same idempotency key gets the answer that was lost.
#[test]
fn sr_098_what_was_recorded_did_happen_though_its_answer_was_lost() {
    TestApp::run(async |app| {
        for restarts in [false, true] {
            let cases = cases(app, if restarts { "again" } else { "lost" }).await;
            let before: Vec<_> = cases.iter().map(|case| case.recorded(app)).collect();
            no_verdict(&one_answer(app, &cases, LOST_WRITTEN).await);
            if restarts {
                app.restart().await.unwrap();
            }
            for (case, before) in cases.iter().zip(before) {
                assert_eq!(case.recorded(app), before + 1, "{}", case.what);
                let repeated = case.answer_keyed(app).await;
                assert_eq!(repeated.status, case.status(), "{}: {repeated:?}", case.what);
                assert_eq!(case.recorded(app), before + 1, "{}", case.what);
                if case.what == "right" {
                    let given: serde_json::Value = serde_json::from_str(&repeated.body).unwrap();
                    let token = given["session"]["token"].as_str().unwrap();
                    app.get("/v1/session").bearer(token).await.is(200);
                    let other = app.begin(&case.person).await;
                    app.answer(&other, "totp", &case.code).await.is(401);
                }
                // Without the key the code is used up, whatever it was.
                assert_eq!(case.answer(app).await.status, 401, "{}", case.what);
            }
        }
    });
}

/// SR-098: an answer of the store that was lost is found out before anybody is told.
#[test]
fn an_append_whose_answer_was_lost_is_resolved_and_happens_once() {
    TestApp::run(async |app| {
        for written in [true, false] {
            let cases = cases(app, &format!("found-{written}")).await;
            for case in &cases {
                let before = case.recorded(app);
                app.store.fails_once(StoreFault::Lost { written, resolves: true });
                assert_eq!(case.answer(app).await.status, case.status(), "{}", case.what);
                assert_eq!(case.recorded(app), before + 1, "{} {written}", case.what);
            }
        }
    });
}

/// SR-098: while the store takes its time, nothing is told: no byte of any verdict leaves.
#[test]
fn sr_098_nothing_is_told_before_a_slow_store_has_it() {
    TestApp::run(async |app| {
        let cases = cases(app, "held").await;
        let before: Vec<_> = cases.iter().map(|case| case.recorded(app)).collect();
        app.store.fails(StoreFault::Held);
        let mut answers = Box::pin(join_all(cases.iter().map(|case| case.answer(app))));
        let held = Box::pin(app.store.holds(cases.len()));
        let first = select(&mut answers, held).await;
        assert!(matches!(first, Either::Right(_)), "answered before it was recorded");
        for _ in 0..ROUND_TRIPS {
            app.get("/healthz/live").on(Listener::Ops).await.is(200);
            assert!(poll!(&mut answers).is_pending());
        }
        assert_eq!(cases.iter().map(|case| case.recorded(app)).collect::<Vec<_>>(), before);
        app.store.works();
        let answers = answers.await;
        let told: Vec<u16> = answers.iter().map(|face| face.status).collect();
        assert_eq!(told, cases.iter().map(Case::status).collect::<Vec<_>>());
    });
}

/// SR-098: a slow store that fails in the end: no verdict, and the same answer to every code.
#[test]
fn sr_098_a_slow_store_that_fails_in_the_end_gives_no_verdict() {
    TestApp::run(async |app| {
        let cases = cases(app, "slow").await;
        app.store.fails(StoreFault::Held);
        let answers = cases.iter().map(|case| case.answer(app));
        let fail = async {
            app.store.holds(cases.len()).await;
            app.store.fails(StoreFault::Full);
        };
        let (answers, ()) = join(join_all(answers), fail).await;
        app.store.works();
        let heard: BTreeSet<Face> = answers.into_iter().collect();
        assert_eq!(heard.len(), 1, "{heard:?}");
        heard.iter().for_each(no_verdict);
        for case in &cases {
            assert_eq!(case.answer(app).await.status, case.status(), "{}", case.what);
        }
    });
}

/// SR-098: the first step, too: right, wrong and unknown hear the same, and none was a guess.
#[test]
fn sr_098_at_the_first_step_right_wrong_and_unknown_hear_the_same() {
    TestApp::run(async |app| {
        app.registered("marlene.first").await;
        for fault in [StoreFault::Full, StoreFault::Gone, LOST_ABSENT] {
            app.store.fails(fault);
            let mut heard = BTreeSet::new();
            for _ in 0..6 {
                for (login, password) in [
                    ("marlene.first", PASSWORD),
                    ("marlene.first", "another password"),
                    ("nobody.of.that.name", PASSWORD),
                ] {
                    heard.insert(app.sign_in(login, password).await.face());
                }
            }
            app.store.works();
            assert_eq!(heard.len(), 1, "{fault:?}: {heard:?}");
            heard.iter().for_each(no_verdict);
        }
        app.sign_in("marlene.first", PASSWORD).await.is(200);
        app.sign_in("nobody.of.that.name", PASSWORD).await.is(401);
    });
}

/// Whoever is sent here while nothing can be recorded is sent in vain.
#[test]
fn a_server_whose_log_takes_nothing_is_not_ready() {
    TestApp::run(async |app| {
        let ready = || app.get("/healthz/ready").on(Listener::Ops);
        ready().await.is(200);
        for fault in [StoreFault::Full, StoreFault::Gone, LOST_ABSENT] {
            app.store.fails(fault);
            no_verdict(&app.sign_in("nobody.of.that.name", PASSWORD).await.face());
            let told = ready().await.is(503);
            assert_eq!(told.body["unwell"], json!(["log"]), "{fault:?}");
            app.store.works();
            ready().await.is(200);
        }
    });
}

/// A registration that could not be recorded: the same key gets it, and without one the login is
/// free again after ten minutes.
#[test]
fn a_registration_that_was_not_recorded_can_be_made_again() {
    TestApp::run(async |app| {
        let body = |login: &str| {
            let email = format!("{login}@example.com");
            json!({ "login": login, "email": email, "password": PASSWORD })
        };
        let key = "key-of-a-registration-0123456789";
        app.store.fails(StoreFault::Full);
        no_verdict(&app.post("/v1/accounts", &body("keyed.login")).keyed(key).await.face());
        no_verdict(&app.post("/v1/accounts", &body("plain.login")).await.face());
        app.store.works();
        app.post("/v1/accounts", &body("keyed.login")).keyed(key).await.is(201);
        app.sign_in("keyed.login", PASSWORD).await.is(200);
        app.sign_in("plain.login", PASSWORD).await.is(401);
        app.post("/v1/accounts", &body("plain.login")).await.is(409);
        app.pass(SignedDuration::from_mins(10)).await;
        app.post("/v1/accounts", &body("plain.login")).await.is(201);
        app.sign_in("plain.login", PASSWORD).await.is(200);
    });
}

/// SR-098: enabling, too: no recovery code is told that is not in the log.
#[test]
fn sr_098_no_authenticator_is_in_use_that_the_log_does_not_know() {
    TestApp::run(async |app| {
        let mut marlene = app.registered("marlene.enable").await;
        let path = "/v1/accounts/me/factors";
        let begin = json!({ "kind": "totp", "name": "the red phone" });
        app.store.fails(StoreFault::Full);
        no_verdict(&app.post(path, &begin).bearer(&marlene.token).await.face());
        app.store.works();
        let offered = app.post(path, &begin).bearer(&marlene.token).await.is(202);
        marlene.secret = offered.text_at("/secret");
        let path = format!("{path}/{}/activate", offered.text_at("/factor_id"));
        let activate = json!({ "code": app.code(&marlene) });
        let key = "key-of-an-activation-0123456789";
        for (fault, enabled) in [(StoreFault::Full, 0), (LOST_ABSENT, 0), (LOST_WRITTEN, 1)] {
            app.store.fails(fault);
            let call = app.post(path.as_str(), &activate).bearer(&marlene.token).keyed(key);
            no_verdict(&call.into_future().await.face());
            app.store.works();
            assert_eq!(app.count(&marlene.account, "account.enabled"), enabled, "{fault:?}");
        }
        let told = app.post(path, &activate).bearer(&marlene.token).keyed(key).await.is(200);
        assert_eq!(told.body["recovery_codes"].as_array().unwrap().len(), 10);
        assert_eq!(app.count(&marlene.account, "account.recovery_codes_issued"), 1);
        let sign_in = app.begin(&marlene).await;
        let code = told.text_at("/recovery_codes/3");
        app.answer(&sign_in, "recovery_code", &code).await.is(200);
    });
}
