//! What an account may have to do before it is let in, and changing the password by oneself.

use countersign_core::clock::Clock as _;
use countersign_tests::app::{PASSWORD, TestApp};
use countersign_tests::browser::Looks;
use jiff::SignedDuration;

use crate::person::*;

const NEW_PASSWORD: &str = "seven green umbrellas";
/// A week after every test begins.
const REQUIRED_FROM: &str = "2026-12-01T12:00:00Z";

/// A day from which everybody needs a second factor is counted down; from it on a sign-in leads to
/// the set-up, also in a page loaded anew, and the last authenticator stays.
#[test]
fn an_authenticator_is_demanded_from_a_day_on() {
    TestApp::run_with(
        |config| config.two_factor.required_from = Some(REQUIRED_FROM.to_owned()),
        async |app| {
            let browser = browser(app, Looks::PHONE).await;
            browser.at(app.clock.now()).await.unwrap();
            register(&browser).await;
            browser.reads("#required", "in 7 days").await.unwrap();
            open_settings(&browser).await;
            browser.reads("#required", "December 1, 2026").await.unwrap();
            browser.shot("required-in-days").await.unwrap();
            sign_out(&browser).await;

            app.pass(SignedDuration::from_hours(7 * 24)).await;
            browser.at(app.clock.now()).await.unwrap();
            type_password(&browser).await;
            browser.reads("#enrolment", "Everyone needs two-factor").await.unwrap();
            browser.reload().await.unwrap();
            browser.click("#enrolment-form [type=submit]").await.unwrap();
            browser.click("#activate-form .cancel").await.unwrap();
            browser.click("#enrolment-form [type=submit]").await.unwrap();
            for said in ["That did not work.", "start again", "start again", "start again", ""] {
                browser.fill("#activate-code", "000000").await.unwrap();
                browser.click("#activate-form [type=submit]").await.unwrap();
                if !said.is_empty() {
                    browser.reads("#activate-form .error", said).await.unwrap();
                }
            }
            browser.reads("#password-form .error", "That sign-in is over").await.unwrap();
            app.pass(SignedDuration::from_mins(16)).await;
            type_password(&browser).await;
            browser.click("#enrolment-form [type=submit]").await.unwrap();
            let secret = scan_and_activate(app, &browser, "enrolment-demanded").await;
            browser.reads("#codes-of", LOGIN).await.unwrap();
            kept_codes(&browser).await;
            browser.see("#protected").await.unwrap();
            open_settings(&browser).await;
            browser.click(".remove").await.unwrap();
            browser.click("#remove-form [type=submit]").await.unwrap();
            browser.reads("#note", "the last authenticator stays").await.unwrap();

            sign_out(&browser).await;
            next_step(app).await;
            type_password(&browser).await;
            type_code(&browser, "#code", &phone(app, &secret)).await;
            browser.see("#protected").await.unwrap();
            browser.close().await.unwrap();
        },
    );
}

/// The present password and a fresh second factor are asked for; every other session ends.
#[test]
fn sr_053_a_password_is_changed_with_the_present_one_and_a_fresh_second_factor() {
    TestApp::run(async |app| {
        let (here, secret, _) = protected(app, Looks::DESK, "change-password").await;
        let there = browser(app, Looks::DESK).await;
        for browser in [&here, &there] {
            next_step(app).await;
            type_password(browser).await;
            type_code(browser, "#code", &phone(app, &secret)).await;
            browser.see("#protected").await.unwrap();
        }
        app.pass(SignedDuration::from_mins(6)).await;
        open_settings(&here).await;
        here.click("#change-password").await.unwrap();
        assert_eq!(holder_in(&here, "#password-form").await, LOGIN);
        assert_eq!(holder_in(&here, "#prove-form").await, LOGIN);
        here.fill("#current-password", "not my password").await.unwrap();
        here.fill("#new-password", NEW_PASSWORD).await.unwrap();
        here.click("#password-form [type=submit]").await.unwrap();
        here.fill("#prove-code", &phone(app, &secret)).await.unwrap();
        here.click("#prove-form [type=submit]").await.unwrap();
        here.reads("#password-form .error", "not your current password").await.unwrap();
        here.shot("current-password-wrong").await.unwrap();
        here.fill("#current-password", PASSWORD).await.unwrap();
        here.click("#password-form [type=submit]").await.unwrap();
        here.reads("#note", "Your password is changed").await.unwrap();
        here.reads("#history", "The password was changed").await.unwrap();
        there.go("/account").await.unwrap();
        there.see("#password-form").await.unwrap();
        type_password_of(&there, LOGIN, NEW_PASSWORD).await;
        there.see("#second").await.unwrap();
        here.close().await.unwrap();
        there.close().await.unwrap();
    });
}
