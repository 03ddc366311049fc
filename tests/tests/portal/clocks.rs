//! A phone whose clock is off: the settings say so, and set it by two of its codes.

use countersign_tests::app::TestApp;
use countersign_tests::browser::{Browser, Looks};
use jiff::SignedDuration;

use crate::person::*;

/// SR-015, SR-018: whoever came in with a recovery code sees that the phone's clock is slow, types
/// two of its codes, and the phone enters again.
fn a_slow_phone_is_set_by_two_codes(looks: Looks, slow: &str, again: &str, name: &str) {
    TestApp::run(async |app| {
        let (browser, secret, codes) = protected(app, looks, name).await;
        app.pass(SignedDuration::from_mins(20)).await;
        let shows = |app: &TestApp, offset| app.code_of(&secret, offset);
        type_password(&browser).await;
        type_code(&browser, "#code", &shows(app, -3)).await;
        says_nothing_of_clocks(&browser).await;
        browser.click("#use-recovery").await.unwrap();
        type_another_code(app, &browser, "#recovery", &codes[0]).await;
        browser.see("#protected").await.unwrap();
        open_settings(&browser).await;
        browser.reads("#factors .clock", slow).await.unwrap();
        assert!(browser.violations().await.unwrap().is_empty());
        browser.shot(&format!("{name}-clock")).await.unwrap();

        browser.click("#factors .resync").await.unwrap();
        browser.fill("#resync-first", &shows(app, -3)).await.unwrap();
        browser.fill("#resync-second", "12").await.unwrap();
        browser.click("#resync-form [type=submit]").await.unwrap();
        browser.reads("#resync-form .error", "6").await.unwrap();
        assert!(browser.violations().await.unwrap().is_empty());
        browser.shot(&format!("{name}-resync")).await.unwrap();
        browser.fill("#resync-second", &shows(app, -2)).await.unwrap();
        browser.click("#resync-form [type=submit]").await.unwrap();
        browser.reads("#note", again).await.unwrap();
        browser.gone("#factors .resync").await.unwrap();
        sign_out(&browser).await;

        app.pass(SignedDuration::from_mins(20)).await;
        type_password(&browser).await;
        type_code(&browser, "#code", &shows(app, -3)).await;
        browser.see("#protected").await.unwrap();
        browser.close().await.unwrap();
    });
}

/// The sign-in page says what it says of any wrong code.
async fn says_nothing_of_clocks(browser: &Browser) {
    browser.reads("#code-form .error", " ").await.unwrap();
    let said = browser.text("#code-form .error").await.unwrap().to_lowercase();
    for word in ["clock", "uhr", "slow", "geht nach"] {
        assert!(!said.contains(word), "{said}");
    }
}

#[test]
fn a_slow_phone_is_set_by_two_codes_at_a_desk() {
    let slow = "This phone's clock is about 90 s slow. A code of it was refused";
    a_slow_phone_is_set_by_two_codes(Looks::DESK, slow, "Now its codes work", "slow-at-a-desk");
}

#[test]
fn a_slow_phone_is_set_by_two_codes_in_german() {
    let looks = Looks { language: "de", ..Looks::PHONE };
    let slow = "Die Uhr dieses Telefons geht etwa 90 s nach. Deshalb wurde ein Code abgelehnt";
    a_slow_phone_is_set_by_two_codes(looks, slow, "Jetzt gelten seine Codes", "slow-in-german");
}

/// SR-018: who came in with that same phone is asked for something else; where no other
/// authenticator is there, for a recovery code.
#[test]
fn the_phone_that_entered_is_no_proof_of_its_own_clock() {
    TestApp::run(async |app| {
        let (browser, secret, codes) = protected(app, Looks::DESK, "slow-and-in").await;
        app.pass(SignedDuration::from_mins(20)).await;
        type_password(&browser).await;
        type_code(&browser, "#code", &app.code_of(&secret, -4)).await;
        browser.reads("#code-form .error", " ").await.unwrap();
        browser.click("#use-recovery").await.unwrap();
        type_another_code(app, &browser, "#recovery", &codes[0]).await;
        browser.see("#protected").await.unwrap();
        app.pass(SignedDuration::from_mins(6)).await;
        open_settings(&browser).await;
        browser.click("#factors .resync").await.unwrap();
        browser.fill("#resync-first", &app.code_of(&secret, -4)).await.unwrap();
        browser.fill("#resync-second", &app.code_of(&secret, -3)).await.unwrap();
        browser.click("#resync-form [type=submit]").await.unwrap();
        browser.see("#prove-recovery-code").await.unwrap();
        browser.fill("#prove-recovery-code", &codes[1]).await.unwrap();
        browser.click("#prove-form [type=submit]").await.unwrap();
        browser.reads("#note", "Now its codes work").await.unwrap();
        browser.close().await.unwrap();
    });
}

/// SR-036: with three recovery codes left the settings say that it is time for new ones.
#[test]
fn sr_036_few_recovery_codes_are_a_reason_for_new_ones() {
    TestApp::run(async |app| {
        let (browser, _, codes) = protected(app, Looks::DESK, "few-codes").await;
        for (used, code) in (1..).zip(&codes[..7]) {
            app.pass(SignedDuration::from_mins(1)).await;
            type_password(&browser).await;
            browser.click("#use-recovery").await.unwrap();
            type_code(&browser, "#recovery", code).await;
            browser.see("#protected").await.unwrap();
            let said = if used == 7 { "3 recovery codes left. Make new ones" } else { "left." };
            browser.reads("#note", said).await.unwrap();
            open_settings(&browser).await;
            browser.reads("#codes-left", &format!("Left: {}.", 10 - used)).await.unwrap();
            assert_eq!(is_hidden(&browser, "#codes-low").await, used < 7, "{used} used");
            sign_out(&browser).await;
        }
        browser.close().await.unwrap();
    });
}
