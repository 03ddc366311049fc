//! A clock that is set while nobody serves, and what a start makes of it.

use countersign_tests::app::{Person, TestApp};
use jiff::SignedDuration;

use super::clock_moves::alarms;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Guesses until there is a wait, of 15 minutes.
async fn must_wait(app: &TestApp, person: &Person) {
    let (wrong, sign_in) = (app.wrong_code(person), app.begin(person).await);
    for _ in 0..5 {
        app.answer(&sign_in, "totp", &wrong).await.is(401);
    }
    assert_eq!(code(app, person).await, 429);
}

/// What the code that a phone shows is answered with, whose clock is as the machine's.
async fn code(app: &TestApp, person: &Person) -> u16 {
    let sign_in = app.begin(person).await;
    app.answer(&sign_in, "totp", &app.code(person)).await.status
}

/// SR-097, AT-49: a machine that comes up with a clock behind the log raises an alarm, and its time
/// goes on from the last entry. Waits end, and so do sessions, as if the clock were right; when it
/// is, codes fit again.
#[test]
fn sr_097_at_49_a_clock_behind_the_log_at_a_start_stops_no_time() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.rtc").await;
        must_wait(app, &marlene).await;
        app.restart_after(|app| app.clock.step(-DAY * 400)).await.unwrap();
        assert_eq!(alarms(app), 1);
        assert_eq!(code(app, &marlene).await, 429);
        app.restart().await.unwrap();
        assert_eq!(alarms(app), 1, "told once, whoever starts again");
        app.pass(MINUTE * 15).await;
        assert_eq!(code(app, &marlene).await, 401, "of a year ago, and judged");
        let sign_in = app.begin(&marlene).await;
        let recovery_code = &marlene.recovery_codes[0];
        let entered = app.answer(&sign_in, "recovery_code", recovery_code).await.is(200);
        let token = entered.text_at("/session/token");
        app.pass(MINUTE * 29).await;
        app.get("/v1/session").bearer(&token).await.is(200);
        app.pass(MINUTE * 31).await;
        app.get("/v1/session").bearer(&token).await.is(401);
        app.clock.step(DAY * 400);
        assert_eq!((code(app, &marlene).await, alarms(app)), (200, 2));
    });
}

/// SR-097: an alarm that ended while nobody served is over. No later start, after whatever time,
/// takes the clock for ahead again.
#[test]
fn sr_097_an_alarm_that_ended_while_nobody_served_does_not_come_back() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.stale").await;
        app.clock.step(HOUR);
        assert_eq!((code(app, &marlene).await, alarms(app)), (200, 1));
        app.restart_after(|app| app.clock.step(-HOUR)).await.unwrap();
        assert_eq!(alarms(app), 2, "it is right again");
        app.pass(HOUR * 2).await;
        must_wait(app, &marlene).await;
        app.restart_after(|app| app.clock.advance(MINUTE * 70)).await.unwrap();
        assert_eq!((code(app, &marlene).await, alarms(app)), (200, 2));
    });
}

/// SR-097: an operator takes a clock for right once, on record, and where there is something to
/// take; and never one that is behind the log, for then all that waits would wait for it.
#[test]
fn sr_097_a_clock_is_accepted_once_and_never_behind_the_log() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.accepts").await;
        must_wait(app, &marlene).await;
        app.clock.step(HOUR * 2);
        assert_eq!((code(app, &marlene).await, alarms(app)), (429, 1));
        app.restart().await.unwrap();
        assert_eq!((code(app, &marlene).await, alarms(app)), (429, 1));
        app.accepts_clock = true;
        app.restart().await.unwrap();
        assert_eq!((code(app, &marlene).await, alarms(app)), (200, 2));
        app.restart().await.unwrap();
        assert_eq!(alarms(app), 2, "there was nothing to accept");
        let refused = app.restart_after(|app| app.clock.step(-HOUR)).await;
        assert!(format!("{:?}", refused.unwrap_err()).contains("time never goes back"));
        app.accepts_clock = false;
        app.restart().await.unwrap();
        assert_eq!(alarms(app), 3);
        must_wait(app, &marlene).await;
        app.pass(HOUR).await;
        app.clock.step(HOUR);
        assert_eq!((code(app, &marlene).await, alarms(app)), (200, 4));
    });
}

/// SR-097: steps that are no alarm end no wait sooner than five minutes, however many they are.
#[test]
fn sr_097_small_steps_end_no_wait() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.steps").await;
        must_wait(app, &marlene).await;
        for _ in 0..40 {
            app.clock.step(MINUTE * 4);
            app.clock.advance(SignedDuration::from_secs(1));
            assert_eq!(code(app, &marlene).await, 429);
        }
        assert!((1..=16).contains(&alarms(app)), "{} alarms", alarms(app));
    });
}
