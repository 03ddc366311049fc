//! A clock that is set: nothing that was used up comes back, and no wait gets shorter.

use countersign_tests::app::{STEP, TestApp};
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
