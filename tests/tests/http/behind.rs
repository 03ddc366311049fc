//! What a decision never waits for, and what it never goes without: read models may be as far
//! behind as they like, and without the log there is nothing.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_core::clock::Clock as _;
use countersign_tests::app::{PASSWORD, Person, STEP, TestApp};
use countersign_tests::faulty_store::StoreFault;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::acts::{acts, changes, prove};

/// Who support's list says is locked.
async fn locked(app: &TestApp, support: &Person) -> usize {
    let call = app.get("/v1/support/accounts?state=locked").on(Listener::Operator);
    let listed = call.bearer(&support.token).await.is(200);
    listed.body["items"].as_array().unwrap().len()
}

/// SR-103: the read models stand still for a minute and more. Guesses are counted and locks hold,
/// codes are used up, sessions start and end, and support ends a lock, all in the same instant.
#[test]
fn sr_103_read_models_that_stand_still_decide_nothing() {
    TestApp::run(async |app| {
        let support = app.operator("operator.support", Role::Support).await;
        let marlene = app.person("marlene.behind").await;
        let erika = app.person("erika.behind").await;
        app.settle().await;
        app.store.stalls_followers();
        let sign_in = app.begin(&marlene).await;
        for _ in 0..5 {
            app.answer(&sign_in, "totp", &app.wrong_code(&marlene)).await.is(401);
        }
        app.pass(SignedDuration::from_secs(60)).await;
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(429);
        // The one that would list it knows nothing yet: what refuses is not the read model.
        assert_eq!(locked(app, &support).await, 0);
        let sign_in = app.begin(&erika).await;
        let code = app.code(&erika);
        let token = app.answer(&sign_in, "totp", &code).await.is(200).text_at("/session/token");
        let again = app.begin(&erika).await;
        app.answer(&again, "totp", &code).await.is(401);
        app.call(reqwest::Method::DELETE, "/v1/session").bearer(&token).await.is(204);
        app.get("/v1/session").bearer(&token).await.is(401);
        let path = format!("/v1/support/accounts/{}/lockout-resets", marlene.account);
        let reset = json!({ "scope": "cool_down", "reason": "on the phone", "ticket": "T-1" });
        app.post(path, &reset).on(Listener::Operator).bearer(&support.token).await.is(201);
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(200);
        // And the list was behind indeed: it takes all of that in afterwards.
        let wrong = app.wrong_code(&erika);
        let sign_in = app.begin(&erika).await;
        for _ in 0..5 {
            app.answer(&sign_in, "totp", &wrong).await.is(401);
        }
        assert_eq!(locked(app, &support).await, 0);
        app.store.works();
        app.settle().await;
        assert_eq!(locked(app, &support).await, 1);
    });
}

/// SR-109: with a log that takes nothing nobody signs in, and nobody goes on with what he had: the
/// time for which a session is served all the same is none.
#[test]
fn sr_109_without_the_log_nobody_enters_and_no_session_is_served() {
    TestApp::run(async |app| {
        let mut marlene = app.person("marlene.without").await;
        marlene.token = app.enter(&marlene).await;
        for fault in [StoreFault::Full, StoreFault::Gone] {
            app.pass(STEP).await;
            let waiting = app.begin(&marlene).await;
            let before = changes(app, &marlene);
            // Nothing has failed yet that the server could know of: the first call already is no.
            app.store.fails(fault);
            app.get("/v1/session").bearer(&marlene.token).await.is(503);
            for path in ["/v1/accounts/me", "/v1/accounts/me/history", "/v1/accounts/me/sessions"] {
                app.get(path).bearer(&marlene.token).await.is(503);
            }
            app.sign_in(&marlene.login, PASSWORD).await.is(503);
            app.answer(&waiting, "totp", &app.code(&marlene)).await.is(503);
            let code = &marlene.recovery_codes[0];
            app.answer(&waiting, "recovery_code", code).await.is(503);
            app.email_code(&waiting).await.is(503);
            prove(app, &marlene.token, &json!({ "password": PASSWORD })).await.is(503);
            for act in acts(&marlene) {
                let refused = act.send(app).bearer(&marlene.token).await;
                assert_eq!(refused.status, 503, "{fault:?} {}: {:?}", act.path, refused.face());
            }
            app.store.works();
            assert_eq!(changes(app, &marlene), before, "{fault:?}");
            app.get("/v1/session").bearer(&marlene.token).await.is(200);
            app.answer(&waiting, "totp", &app.code(&marlene)).await.is(200);
        }
    });
}

/// SR-097, AT-49: a clock that is set back revives no code and shortens no wait; one that is set
/// forward forgives no guess.
#[test]
fn sr_097_at_49_a_clock_that_jumps_gives_nobody_anything() {
    const DAY: SignedDuration = SignedDuration::from_hours(24);
    let set = |app: &TestApp, to: Timestamp| app.clock.step(to.duration_since(app.clock.now()));
    TestApp::run(async |app| {
        let marlene = app.person("marlene.jumps").await;
        let accepted = app.code(&marlene);
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &accepted).await.is(200);
        let sign_in = app.begin(&marlene).await;
        for _ in 0..5 {
            app.answer(&sign_in, "totp", &app.wrong_code(&marlene)).await.is(401);
        }
        let sign_in = app.begin(&marlene).await;
        let answer = || app.answer(&sign_in, "totp", &accepted);
        let until = answer().await.is(429).text_at("/retry_at");
        let now = app.clock.now();
        for back in [DAY, SignedDuration::from_secs(1), SignedDuration::from_mins(14)] {
            set(app, now - back);
            assert_eq!(answer().await.is(429).text_at("/retry_at"), until, "back by {back}");
        }
        // The wait is over; it is yesterday again, and what was accepted then or before is dead.
        set(app, now);
        app.pass(SignedDuration::from_mins(15)).await;
        let after = app.clock.now();
        let (other, another) = (app.begin(&marlene).await, app.begin(&marlene).await);
        set(app, now);
        app.answer(&other, "totp", &accepted).await.is(401);
        set(app, now - DAY);
        app.answer(&another, "totp", &app.code(&marlene)).await.is(401);
        // A year less a day later everything still counts; those two were no guesses.
        set(app, after);
        app.pass(DAY * 364).await;
        let sign_in = app.begin(&marlene).await;
        let wrong = app.wrong_code(&marlene);
        app.answer(&sign_in, "totp", &wrong).await.is(401);
        let told = super::limits_held::unresolved(app, &marlene);
        assert_eq!(told, Some(6), "five and this one");
    });
}
