//! A sign-in that is under way: in a page loaded anew, in another language, in two tabs at once.

use countersign_core::clock::Clock as _;
use countersign_tests::app::{PASSWORD, TestApp};
use countersign_tests::browser::{Browser, Looks};

use crate::person::*;

/// From the password on, as long as nothing further is proven.
const SIGN_IN_LIVES: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

async fn type_login(browser: &Browser, login: &str) {
    type_password_of(browser, login, PASSWORD).await;
    browser.see("#second").await.unwrap();
}

/// Loaded anew and read in the other language, the page goes on with the sign-in. What it keeps
/// for that opens nothing: the handle is in the cookie, which it cannot read.
#[test]
fn a_page_loaded_anew_goes_on_with_the_sign_in() {
    TestApp::run(async |app| {
        let person = app.person(LOGIN).await;
        let browser = browser(app, Looks::DESK).await;
        type_login(&browser, LOGIN).await;
        browser.reload().await.unwrap();
        browser.reads("#second h1", "One more step").await.unwrap();
        browser.click(".foot a[lang=de]").await.unwrap();
        browser.reads("#second h1", "Noch ein Schritt").await.unwrap();
        browser.click("#use-recovery").await.unwrap();
        type_code(&browser, "#recovery", "ABCDE-FGHJK").await;
        browser.reads("#code-form .error", "hat 25 Buchstaben und Ziffern").await.unwrap();
        browser.click("#use-totp").await.unwrap();

        let kept = browser.script("return JSON.stringify({ ...sessionStorage })").await.unwrap();
        let kept = kept.as_str().unwrap().to_owned();
        assert!(kept.contains("second_factor_required"), "{kept}");
        for secret in browser.cookies().await.unwrap() {
            assert!(secret.len() < 32 || !kept.contains(&secret), "{kept}");
        }

        next_step(app).await;
        type_code(&browser, "#code", &app.code(&person)).await;
        browser.see("#protected").await.unwrap();
        let kept = browser.script("return Object.keys(sessionStorage).length").await.unwrap();
        assert_eq!(kept, 0);
        browser.close().await.unwrap();
    });
}

#[test]
fn who_starts_again_is_asked_for_the_password() {
    TestApp::run(async |app| {
        app.person(LOGIN).await;
        let browser = browser(app, Looks::PHONE).await;
        type_login(&browser, LOGIN).await;
        browser.click("#second a[href='/sign-in']").await.unwrap();
        browser.see("#password-form").await.unwrap();
        browser.reload().await.unwrap();
        browser.see("#password-form").await.unwrap();
        browser.close().await.unwrap();
    });
}

/// SR-056: two people sign in in two tabs of one browser. Each code goes to its own sign-in, and
/// the browser is in the end with whoever came in last: no tab goes on showing the other.
#[test]
fn sr_056_two_accounts_in_two_tabs_do_not_mix() {
    TestApp::run(async |app| {
        let marlene = app.person(LOGIN).await;
        let konrad = app.person("konrad").await;
        let browser = browser(app, Looks::DESK).await;
        type_login(&browser, LOGIN).await;
        let (first, second) = browser.another_tab().await.unwrap();
        type_login(&browser, "konrad").await;
        next_step(app).await;

        browser.to_tab(&first).await.unwrap();
        type_code(&browser, "#code", &app.code(&konrad)).await;
        browser.reads("#code-form .error", "That did not work").await.unwrap();
        type_another_code(app, &browser, "#code", &app.code(&marlene)).await;
        browser.reads("#who", LOGIN).await.unwrap();

        browser.to_tab(&second).await.unwrap();
        type_code(&browser, "#code", &app.code(&konrad)).await;
        browser.reads("#who", "konrad").await.unwrap();
        browser.to_tab(&first).await.unwrap();
        browser.reads("#who", "konrad").await.unwrap();
        open_settings(&browser).await;
        browser.to_tab(&second).await.unwrap();
        sign_out(&browser).await;
        browser.to_tab(&first).await.unwrap();
        browser.see("#password-form").await.unwrap();
        browser.close().await.unwrap();
    });
}

/// SR-070: signing out takes the session alone. A sign-in that another tab is at goes on, also in a
/// page loaded anew.
#[test]
fn sr_070_signing_out_leaves_the_sign_in_of_another_tab() {
    TestApp::run(async |app| {
        app.registered(LOGIN).await;
        let konrad = app.person("konrad").await;
        let browser = browser(app, Looks::DESK).await;
        type_login(&browser, "konrad").await;
        let (first, second) = browser.another_tab().await.unwrap();
        type_password(&browser).await;
        browser.see("#unprotected").await.unwrap();
        sign_out(&browser).await;
        browser.to_tab(&first).await.unwrap();
        browser.reload().await.unwrap();
        next_step(app).await;
        type_code(&browser, "#code", &app.code(&konrad)).await;
        browser.reads("#who", "konrad").await.unwrap();
        browser.to_tab(&second).await.unwrap();
        browser.reload().await.unwrap();
        browser.reads("#who", "konrad").await.unwrap();
        browser.close().await.unwrap();
    });
}

/// The API never says that a sign-in is over, so the page does: a second failure names the way out,
/// the fifth leads to it.
#[test]
fn sr_055_a_sign_in_that_is_over_is_said_to_be_over() {
    TestApp::run(async |app| {
        let person = app.person(LOGIN).await;
        let browser = browser(app, Looks::DESK).await;
        type_login(&browser, LOGIN).await;
        let wrong = app.wrong_code(&person);
        type_code(&browser, "#code", &wrong).await;
        browser.reads("#code-form .error", "That did not work. ").await.unwrap();
        for _ in 0..3 {
            type_another_code(app, &browser, "#code", &wrong).await;
            browser.reads("#code-form .error", "use another way, or start again").await.unwrap();
        }
        type_another_code(app, &browser, "#code", &wrong).await;
        browser.reads("#password-form .error", "That sign-in is over").await.unwrap();
        assert!(is_hidden(&browser, "#second").await);
        browser.shot("sign-in-over").await.unwrap();
        let found = browser.violations().await.unwrap();
        assert!(found.is_empty(), "{found:?}");

        // The method waits; every other way is open to who starts again.
        type_login(&browser, LOGIN).await;
        browser.click("#use-recovery").await.unwrap();
        type_code(&browser, "#recovery", &person.recovery_codes[0]).await;
        browser.see("#protected").await.unwrap();
        browser.close().await.unwrap();
    });
}

/// After its ten minutes the page leads back by itself, and does not come back when loaded anew.
#[test]
fn sr_055_a_sign_in_that_took_too_long_leads_back_to_the_password() {
    TestApp::run(async |app| {
        app.person(LOGIN).await;
        let german = Looks { language: "de", ..Looks::PHONE };
        let browser = browser(app, german).await;
        browser.at(app.clock.now()).await.unwrap();
        type_login(&browser, LOGIN).await;
        // The browser saw it begin a little later than the server did.
        app.pass(SIGN_IN_LIVES).await;
        browser.at(app.clock.now() + jiff::SignedDuration::from_mins(1)).await.unwrap();
        type_code(&browser, "#code", "000000").await;
        browser.reads("#password-form .error", "Diese Anmeldung ist vorbei").await.unwrap();

        type_login(&browser, LOGIN).await;
        let soon = SIGN_IN_LIVES - jiff::SignedDuration::from_secs(1);
        let began = app.clock.now() + jiff::SignedDuration::from_mins(1);
        browser.at(began + soon).await.unwrap();
        browser.reload().await.unwrap();
        browser.reads("#password-form .error", "Diese Anmeldung ist vorbei").await.unwrap();
        browser.reload().await.unwrap();
        browser.see("#password-form").await.unwrap();
        assert!(is_hidden(&browser, "#second").await);
        browser.close().await.unwrap();
    });
}
