//! A clock that is set: nothing that was used up comes back, and no wait gets shorter.

use countersign_tests::app::{Person, STEP, TestApp};
use countersign_tests::faulty_store::StoreFault;
use jiff::SignedDuration;

use super::back_in::{NEW_PASSWORD, ask_for_reset, link, reset};

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
        app.clock.step(-DAY);
        for _ in 0..4 {
            let sign_in = app.begin(&marlene).await;
            app.answer(&sign_in, "totp", &code).await.is(401);
            app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(401);
            app.pass(STEP).await;
        }
        app.clock.step(DAY);
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &code).await.is(401);
        app.pass(STEP).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(200);
    });
}

/// AT-49, SR-097: nor is a wait shorter or longer for it, whether the clock goes back and forth by
/// minutes or by days; what was counted counts.
#[test]
fn at_49_a_clock_that_is_set_moves_the_end_of_no_wait() {
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
        let minutes = SignedDuration::from_mins(6);
        for set in [-minutes, minutes, -DAY, DAY * 30, minutes - DAY, -DAY * 28 - minutes] {
            app.clock.step(set);
            let sign_in = app.begin(&marlene).await;
            let refused = app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(429);
            assert_eq!(refused.text_at("/retry_at"), until, "after {set:#}");
        }
        let second = SignedDuration::from_secs(1);
        app.clock.set(until.parse().unwrap());
        app.clock.advance(-second);
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).at_once().await.is(429);
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

/// How often an alarm of the clock was recorded.
pub(super) fn alarms(app: &TestApp) -> usize {
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
        assert_eq!(alarms(app), 1);
        app.restart().await.unwrap();
        assert_eq!(right_code(app, &marlene).await, 429);
        app.pass(DAY * 363).await;
        assert_eq!(right_code(app, &marlene).await, 429);
        app.pass(DAY * 2).await;
        assert_eq!(right_code(app, &marlene).await, 200);
        assert_eq!(alarms(app), 1);
    });
}

/// SR-097: five minutes are no alarm.
#[test]
fn sr_097_five_minutes_are_no_alarm() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.minutes").await;
        app.clock.step(SignedDuration::from_mins(5));
        assert_eq!((right_code(app, &marlene).await, alarms(app)), (200, 0));
        app.clock.step(SignedDuration::from_secs(30));
        assert_eq!((right_code(app, &marlene).await, alarms(app)), (200, 1));
    });
}

/// SR-097: a clock that is set ahead and right again leaves no account in the future: sessions end
/// when they would have, waits and mails come when they are due.
#[test]
fn sr_097_a_clock_that_was_wrong_for_a_while_leaves_nothing_behind() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.back").await;
        app.settle().await;
        app.clock.step(DAY * 30);
        app.sign_in(&marlene.login, "another password").await.is(401);
        app.clock.step(-DAY * 30);
        let sign_in = app.begin(&marlene).await;
        app.email_code(&sign_in).await.is(202);
        app.settle().await;
        let code = app.post.newest_code(&marlene.email).unwrap();
        app.answer(&sign_in, "email_code", &code).await.is(200);
        assert_eq!(alarms(app), 2);
        app.pass(SignedDuration::from_mins(31)).await;
        app.get("/v1/session").bearer(&marlene.token).await.is(401);
    });
}

/// SR-097, AT-58: nor does a clock that is set ahead end what somebody must wait for.
#[test]
fn sr_097_at_58_a_clock_that_is_set_forward_ends_no_delay() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.mailbox").await;
        let sign_in = app.begin(&marlene).await;
        app.email_code(&sign_in).await.is(202);
        app.settle().await;
        let code = app.post.newest_code(&marlene.email).unwrap();
        app.answer(&sign_in, "email_code", &code).await.is(200);
        ask_for_reset(app, &marlene.login).await.is(202);
        let token = link(app, &marlene.email, "A new password").await;
        reset(app, &token, NEW_PASSWORD).await.is(200);
        let offers = async |app: &TestApp| {
            let begun = app.sign_in(&marlene.login, NEW_PASSWORD).await.is(200);
            let methods = begun.body["methods"].as_array().unwrap();
            methods.iter().any(|way| way["method"] == "email_code")
        };
        app.clock.step(DAY * 8);
        assert!(!offers(app).await);
        app.pass(DAY * 8).await;
        assert!(offers(app).await);
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

/// SR-097: while the machine's clock is wrong, the codes of honest phones are not accepted, and not
/// counted as guesses either: nobody is locked out by a time service that errs. Wrong ones are, and
/// what was accepted before is dead.
#[test]
fn sr_097_a_clock_that_is_wrong_locks_out_nobody_with_a_right_code() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.honest").await;
        let used = app.code(&marlene);
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &used).await.is(200);
        app.pass(STEP).await;
        for minutes in [20, -20] {
            let set = SignedDuration::from_mins(minutes);
            app.clock.step(set);
            for _ in 0..30 {
                let shown_by_phone = app.code_at(&marlene, -2 * minutes);
                let sign_in = app.begin(&marlene).await;
                app.answer(&sign_in, "totp", &shown_by_phone).await.is(503);
                app.pass(STEP).await;
            }
            assert_eq!(app.count(&marlene.account, "account.code_rejected"), 0);
            app.clock.step(-set);
            assert_eq!(right_code(app, &marlene).await, 200);
            app.pass(STEP).await;
        }
        app.clock.step(DAY);
        let sign_in = app.begin(&marlene).await;
        for wrong in [app.wrong_code(&marlene), used] {
            app.answer(&sign_in, "totp", &wrong).await.is(401);
        }
        assert_eq!(app.count(&marlene.account, "account.code_rejected"), 2);
    });
}
