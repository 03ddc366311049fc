//! A second between two guesses of one sign-in or session, over the whole server (ASVS 2.4.2).

use countersign_api::config::Config;
use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_core::clock::Clock as _;
use countersign_events::account::AccountEvent;
use countersign_tests::app::{Answered, Person, STEP, TestApp};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::json;

const ALMOST: SignedDuration = SignedDuration::from_millis(999);
const LAST: SignedDuration = SignedDuration::from_millis(1);
const BURST: usize = 200;

/// Refused before it was looked at, for as long as is left of the second.
fn too_soon(answered: &Answered, until: Timestamp) {
    assert_eq!(answered.status, 429, "{:?}", answered.face());
    assert_eq!(answered.text_at("/code"), "too-many-requests");
    assert_eq!(answered.text_at("/retry_at"), until.to_string());
    assert_eq!(answered.headers["retry-after"], "1");
}

/// The attempts that the log says came too soon, sum by sum.
fn summed(app: &TestApp, person: &Person) -> Vec<u64> {
    let sums = app.events(&person.account).into_iter().filter_map(|event| match event {
        AccountEvent::AttemptsRefused(sum) if sum.rule == "pace" => Some(sum.count),
        _ => None,
    });
    sums.collect()
}

/// SR-081, SR-083: refused 999 ms after a wrong code, right as it may be, and by every method;
/// evaluated a second after it. What was refused counts for nothing, and is one sum in the log.
#[test]
fn sr_083_the_next_code_is_looked_at_a_second_after_a_wrong_one() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.hasty").await;
        let (wrong, sign_in) = (app.wrong_code(&marlene), app.begin(&marlene).await);
        app.answer(&sign_in, "totp", &wrong).await.is(401);
        let until = app.clock.now() + SignedDuration::from_secs(1);
        for passes in [SignedDuration::ZERO, ALMOST] {
            app.pass(passes).await;
            let (right, recovery) = (app.code(&marlene), &marlene.recovery_codes[0]);
            for (method, code) in [("totp", &right), ("totp", &wrong), ("recovery_code", recovery)]
            {
                too_soon(&app.answer(&sign_in, method, code).at_once().await, until);
            }
        }
        // To ask for a code by e-mail is no guess.
        app.email_code(&sign_in).await.is(202);
        assert_eq!(app.count(&marlene.account, "account.code_rejected"), 1);
        app.pass(LAST).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).at_once().await.is(200);
        app.settle().await;
        assert_eq!(summed(app, &marlene), [4], "by codes of the authenticator");
        assert_eq!(app.account(&marlene).await["unresolved"], json!([]), "all forgiven");
    });
}

/// SR-088: somebody else's sign-in at the same account makes nobody wait.
#[test]
fn sr_088_another_sign_in_of_the_account_goes_on_at_once() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.beside").await;
        let wrong = app.wrong_code(&marlene);
        let (guessed, hers) = (app.begin(&marlene).await, app.begin(&marlene).await);
        app.answer(&guessed, "totp", &wrong).await.is(401);
        app.answer(&hers, "totp", &app.code(&marlene)).at_once().await.is(200);
    });
}

/// AT-07, SR-102: after a restart as before it.
#[test]
fn sr_102_a_restart_does_not_forget_when_the_last_code_was() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.again").await;
        let (wrong, sign_in) = (app.wrong_code(&marlene), app.begin(&marlene).await);
        app.answer(&sign_in, "totp", &wrong).await.is(401);
        let until = app.clock.now() + SignedDuration::from_secs(1);
        app.pass(ALMOST).await;
        app.restart().await.unwrap();
        let right = app.code(&marlene);
        too_soon(&app.answer(&sign_in, "totp", &right).at_once().await, until);
        app.pass(LAST).await;
        app.answer(&sign_in, "totp", &right).at_once().await.is(200);
    });
}

/// AT-04, SR-083, SR-101: two hundred codes at once in one sign-in are one guess, five times over;
/// the log grows by a code and a sum each time.
#[test]
fn at_04_two_hundred_codes_at_once_in_one_sign_in_are_one_guess() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.flooded").await;
        let (wrong, sign_in) = (app.wrong_code(&marlene), app.begin(&marlene).await);
        for guess in 1..=4 {
            let burst = (0..BURST).map(|_| app.answer(&sign_in, "totp", &wrong).at_once());
            let burst = join_all(burst.map(|call| call.into_future())).await;
            let looked_at = burst.iter().filter(|answered| answered.status == 401).count();
            assert_eq!(looked_at, 1, "guess {guess}");
            let until = app.clock.now() + SignedDuration::from_secs(1);
            burst.iter().filter(|it| it.status != 401).for_each(|it| too_soon(it, until));
            assert_eq!(app.count(&marlene.account, "account.code_rejected"), guess);
            app.pass(SignedDuration::from_secs(1)).await;
        }
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(200);
        app.settle().await;
        assert_eq!(summed(app, &marlene), [199; 4]);
    });
}

/// SR-095: within a session, under whatever token.
#[test]
fn sr_095_proofs_of_a_session_lie_a_second_apart() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.steps.up").await;
        let token = app.enter(&marlene).await;
        app.pass(STEP).await;
        let prove = |token: &str, code: &str| {
            let body = json!({ "method": "totp", "code": code });
            app.post("/v1/session/proofs", &body).bearer(token).at_once()
        };
        prove(&token, &app.wrong_code(&marlene)).await.is(401);
        let until = app.clock.now() + SignedDuration::from_secs(1);
        app.pass(ALMOST).await;
        let right = app.code(&marlene);
        too_soon(&prove(&token, &right).await, until);
        app.pass(LAST).await;
        prove(&token, &right).await.is(200);
    });
}

/// SR-064: at a blind sign-in it is refused like anything else, whether there is something to
/// guess or not.
#[test]
fn sr_064_a_blind_sign_in_does_not_tell_of_it() {
    let blind = |config: &mut Config| config.sign_in.blind = true;
    TestApp::run_with(blind, async |app| {
        let marlene = app.person("marlene.unseen").await;
        let sign_in = app.begin(&marlene).await;
        let first = app.answer(&sign_in, "totp", &app.wrong_code(&marlene)).await.is(401);
        let right = app.code(&marlene);
        let second = app.answer(&sign_in, "totp", &right).at_once().await.is(401);
        assert_eq!(first.face(), second.face());
        app.pass(SignedDuration::from_secs(1)).await;
        app.answer(&sign_in, "totp", &right).at_once().await.is(200);
    });
}

/// SR-096: a longer pause is anybody's to set, a shorter one is not to be had over the network.
#[test]
fn sr_096_the_pause_is_tightened_at_once_and_loosened_by_nobody_here() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.paces", Role::Admin).await;
        let put = |apart: &str| {
            let settings = json!({ "txn.guesses_apart": apart });
            let body = json!({ "profile": "standard", "settings": settings });
            let call = app.call(Method::PUT, "/v1/policy").json(&body);
            call.on(Listener::Operator).bearer(&admin.token)
        };
        put("0s").await.is(422);
        put("11s").await.is(422);
        put("3s").await.is(200);
        let marlene = app.person("marlene.paced").await;
        let (wrong, sign_in) = (app.wrong_code(&marlene), app.begin(&marlene).await);
        app.answer(&sign_in, "totp", &wrong).await.is(401);
        app.pass(SignedDuration::from_millis(2_999)).await;
        app.answer(&sign_in, "totp", &wrong).at_once().await.is(429);
        app.pass(LAST).await;
        app.answer(&sign_in, "totp", &wrong).at_once().await.is(401);
    });
}
