//! The phone is lost and so are the recovery codes: a new authenticator after a day.

use countersign_core::clock::Clock as _;
use countersign_tests::app::TestApp;
use countersign_tests::browser::{Browser, Looks};
use jiff::SignedDuration;

use crate::person::*;

/// From asking on until the new authenticator may be set up.
const DELAY: SignedDuration = SignedDuration::from_hours(24);

async fn ask_for_replacement(browser: &Browser) {
    open_settings(browser).await;
    browser.reads("#lost-phone", "After 24 hours").await.unwrap();
    browser.click("#replace").await.unwrap();
    browser.click("#replace-form [type=submit]").await.unwrap();
    browser.reads("#note", "We told you by e-mail").await.unwrap();
    browser.see("#replacement").await.unwrap();
    assert!(is_hidden(browser, "#lost-phone").await);
}

/// Walk 7: whoever has the password and the mailbox waits a day in which the holder is told; then
/// the new authenticator takes the place of the old one, whose codes end.
fn a_lost_authenticator_is_replaced_after_a_day(looks: Looks) {
    TestApp::run(async |app| {
        let (browser, lost, codes) = protected(app, looks, "to-be-lost").await;
        browser.at(app.clock.now()).await.unwrap();
        enter_by_email(app, &browser).await;
        ask_for_replacement(&browser).await;
        assert!(is_hidden(&browser, "#replace-now").await, "before it is due");
        browser.shot("replacement-asked").await.unwrap();
        sign_out(&browser).await;

        // The server says what is due: this browser's clock still stands at the day before.
        app.pass(DELAY).await;
        enter_by_email(app, &browser).await;
        open_settings(&browser).await;
        browser.shot("replacement-due").await.unwrap();
        browser.click("#replace-now").await.unwrap();
        browser.reads("#enable-dialog h2", "Set up the new authenticator").await.unwrap();
        let found = scan_and_activate(app, &browser, "replaced").await;
        let fresh = kept_codes(&browser).await;
        assert!(fresh.iter().all(|code| !codes.contains(code)));
        browser.reads("#history", "The authenticator was replaced").await.unwrap();
        assert!(is_hidden(&browser, "#replacement").await);
        assert!(is_hidden(&browser, "#by-email").await, "the session has two factors now");
        let held = browser.text("#held").await.unwrap();
        assert!(held.starts_with("The way into this account was changed not long ago"), "{held}");
        assert!(!held.contains("password"), "nobody has set one: {held}");
        sign_out(&browser).await;

        next_step(app).await;
        type_password(&browser).await;
        type_code(&browser, "#code", &phone(app, &lost)).await;
        browser.reads("#code-form .error", "That did not work").await.unwrap();
        type_another_code(app, &browser, "#code", &phone(app, &found)).await;
        browser.see("#protected").await.unwrap();
        browser.close().await.unwrap();
    });
}

in_all_looks!(a_lost_authenticator_is_replaced_after_a_day);

/// Whoever has asked thinks better of it and cancels; and where the phone turns up, signing in with
/// it stops what waits (SR-019).
#[test]
fn a_replacement_is_cancelled_in_the_settings_or_by_the_phone() {
    TestApp::run(async |app| {
        let (browser, secret, _) = protected(app, Looks::DESK, "to-be-found").await;
        enter_by_email(app, &browser).await;
        ask_for_replacement(&browser).await;
        browser.click("#cancel-replacement").await.unwrap();
        browser.reads("#note", "stay as they are").await.unwrap();
        browser.see("#lost-phone").await.unwrap();
        assert!(is_hidden(&browser, "#replacement").await);
        browser.reads("#history", "was stopped").await.unwrap();

        ask_for_replacement(&browser).await;
        sign_out(&browser).await;
        next_step(app).await;
        type_password(&browser).await;
        type_code(&browser, "#code", &phone(app, &secret)).await;
        browser.see("#protected").await.unwrap();
        open_settings(&browser).await;
        assert!(is_hidden(&browser, "#replacement").await);
        let stopped = "return [...document.querySelectorAll('#history .what')].filter(
            (one) => one.textContent.includes('was stopped')).length";
        assert_eq!(browser.script(stopped).await.unwrap(), 2);
        browser.close().await.unwrap();
    });
}
