//! A sign-in that is under way: in a page loaded anew, in another language, in two tabs at once.

use countersign_tests::app::{PASSWORD, TestApp};
use countersign_tests::browser::{Browser, Looks};

use crate::person::*;

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
/// the browser is in the end with whoever came in last.
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
        type_code(&browser, "#code", &app.code(&marlene)).await;
        browser.reads("#who", LOGIN).await.unwrap();

        browser.to_tab(&second).await.unwrap();
        type_code(&browser, "#code", &app.code(&konrad)).await;
        browser.reads("#who", "konrad").await.unwrap();
        browser.to_tab(&first).await.unwrap();
        browser.reload().await.unwrap();
        browser.reads("#who", "konrad").await.unwrap();
        browser.close().await.unwrap();
    });
}
