//! A clock that is set: nothing that was used up comes back, and no wait gets shorter.

use countersign_tests::app::{Person, STEP, TestApp};
use countersign_tests::faulty_store::StoreFault;
use jiff::SignedDuration;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// AT-49, SR-097: a code that was accepted stays dead where the clock goes a day back, for as long
/// as that takes, and where it comes forward again; so do the codes of the day before.
#[test]
fn at_49_a_clock_that_is_set_back_revives_no_code() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.clock").await;
        app.pass(STEP).await;
        let (code, sign_in) = (app.code(&marlene), app.begin(&marlene).await);
        app.answer(&sign_in, "totp", &code).await.is(200);
        app.clock.advance(-DAY);
        for half_hour in 0..4 {
            let sign_in = app.begin(&marlene).await;
            app.answer(&sign_in, "totp", &code).await.is(401);
            // In the same sign-in it would not even be looked at: no second passes until then.
            app.answer(&sign_in, "totp", &app.code(&marlene)).at_once().await.is(429);
            let another = app.begin(&marlene).await;
            app.answer(&another, "totp", &app.code(&marlene)).await.is(401);
            app.clock.advance(SignedDuration::from_mins(half_hour));
        }
        app.clock.advance(DAY - SignedDuration::from_mins(6));
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &code).await.is(401);
        app.pass(STEP).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(200);
    });
}

/// AT-49, SR-097: nor is a wait shorter for it, whether the clock goes back and forth by a second
/// or by a day; a day later by the clock it is over, and what was counted counts.
#[test]
fn at_49_a_clock_that_is_set_shortens_no_wait() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.waits").await;
        let (wrong, sign_in) = (app.wrong_code(&marlene), app.begin(&marlene).await);
        for _ in 0..5 {
            app.answer(&sign_in, "totp", &wrong).await.is(401);
        }
        let until = {
            let sign_in = app.begin(&marlene).await;
            app.answer(&sign_in, "totp", &wrong).await.is(429).text_at("/retry_at")
        };
        let second = SignedDuration::from_secs(1);
        for set in [-second, second, -DAY, SignedDuration::from_hours(12), second - DAY] {
            app.clock.advance(set);
            let sign_in = app.begin(&marlene).await;
            let refused = app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(429);
            assert_eq!(refused.text_at("/retry_at"), until, "after {set:#}");
        }
        app.clock.set(until.parse().unwrap());
        app.clock.advance(-second);
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(429);
        app.clock.advance(second);
        app.answer(&sign_in, "totp", &wrong).await.is(401);
        assert_eq!(app.count(&marlene.account, "account.code_rejected"), 6);
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(200);
    });
}

/// Guesses until the lane of devices that are not known is closed, and lets its last wait pass.
async fn close_the_lane(app: &TestApp, person: &Person) {
    let wrong = app.wrong_code(person);
    for (guesses, wait) in [(5, 15), (5, 60), (3, 12 * 60), (3, 12 * 60)] {
        let sign_in = app.begin(person).await;
        for _ in 0..guesses {
            app.answer(&sign_in, "totp", &wrong).await.is(401);
        }
        app.pass(SignedDuration::from_mins(wait)).await;
    }
    assert_eq!(app.count(&person.account, "account.code_rejected"), 16);
    app.settle().await;
}

/// What the right code at a device that is not known is answered with.
async fn right_code(app: &TestApp, person: &Person) -> u16 {
    let sign_in = app.begin(person).await;
    app.answer(&sign_in, "totp", &app.code(person)).await.status
}

fn alarms(app: &TestApp) -> usize {
    app.recorded().iter().filter(|event| *event == "log.clock_alarm").count()
}

/// AT-49, SR-097: a clock that is set a year ahead raises one alarm and opens no lane, before a
/// restart and after it; a year that passes does.
#[test]
fn sr_097_a_clock_that_is_set_forward_ends_no_cap() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.ahead").await;
        close_the_lane(app, &marlene).await;
        app.clock.step(DAY * 400);
        assert_eq!(right_code(app, &marlene).await, 429);
        assert_eq!(right_code(app, &marlene).await, 429);
        assert_eq!((alarms(app), app.count(&marlene.account, "account.clock_stepped")), (1, 1));
        app.restart().await.unwrap();
        assert_eq!(right_code(app, &marlene).await, 429);
        app.pass(DAY * 363).await;
        assert_eq!(right_code(app, &marlene).await, 429);
        app.pass(DAY * 2).await;
        assert_eq!(right_code(app, &marlene).await, 200);
        assert_eq!((alarms(app), app.count(&marlene.account, "account.clock_stepped")), (1, 1));
    });
}

/// SR-097: what is not remembered since before is not told; five minutes are no alarm.
#[test]
fn sr_097_five_minutes_are_no_alarm_and_nobody_else_is_told() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.minutes").await;
        app.clock.step(SignedDuration::from_mins(5));
        assert_eq!((right_code(app, &marlene).await, alarms(app)), (200, 0));
        app.clock.step(SignedDuration::from_secs(30));
        assert_eq!((right_code(app, &marlene).await, alarms(app)), (200, 1));
        assert_eq!(app.count(&marlene.account, "account.clock_stepped"), 0);
    });
}

/// SR-097: a step that is taken back before an account is asked makes nothing of it older or
/// younger.
#[test]
fn sr_097_a_step_that_is_taken_back_lengthens_nothing() {
    TestApp::run(async |app| {
        let (marlene, other) = (app.person("marlene.back").await, app.person("other.back").await);
        close_the_lane(app, &marlene).await;
        app.clock.step(DAY * 400);
        app.begin(&other).await;
        app.clock.step(-DAY * 400);
        app.begin(&other).await;
        assert_eq!(alarms(app), 2);
        assert_eq!(right_code(app, &marlene).await, 429);
        app.pass(DAY * 364).await;
        assert_eq!(right_code(app, &marlene).await, 200);
        assert_eq!(app.count(&marlene.account, "account.clock_stepped"), 0);
    });
}

/// SR-097, SR-098: an alarm that cannot be recorded leaves no verdict; once it can, the cap stands.
#[test]
fn sr_097_nothing_is_decided_before_the_alarm_is_recorded() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.silent").await;
        close_the_lane(app, &marlene).await;
        let sign_in = app.begin(&marlene).await;
        app.clock.step(SignedDuration::from_mins(6));
        app.store.fails(StoreFault::Full);
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(503);
        app.store.works();
        assert_eq!((right_code(app, &marlene).await, alarms(app)), (429, 1));
    });
}
