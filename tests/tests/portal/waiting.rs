//! What has to wait, and how that is told: never shorter than it is, and never as a reproach.

use countersign_core::clock::Clock as _;
use countersign_tests::app::TestApp;
use countersign_tests::browser::Looks;
use jiff::{SignedDuration, Timestamp};

use crate::person::*;

/// After so many wrong codes the authenticator waits.
const WRONG_CODES: usize = 5;

async fn is_disabled(browser: &countersign_tests::browser::Browser, css: &str) -> bool {
    let script = format!("return document.querySelector({css:?}).disabled");
    browser.script(&script).await.unwrap() == true
}

/// Who has done nothing wrong is told of no attempts: the next code is counted down beside its
/// button, which works once it may be sent.
#[test]
fn the_next_code_by_email_is_counted_down_at_its_button() {
    TestApp::run(async |app| {
        let (browser, _, _) = protected(app, Looks::PHONE, "mailed-twice").await;
        browser.at(app.clock.now()).await.unwrap();
        type_password(&browser).await;
        browser.click("#send-code").await.unwrap();
        browser.reads("#send-at", "Another code can be sent in ").await.unwrap();
        browser.reads("#code-form .error", "No other code can be sent yet").await.unwrap();
        assert!(is_disabled(&browser, "#send-code").await);
        assert!(!browser.text("body").await.unwrap().contains("attempts"));
        browser.shot("mailed-twice-waits").await.unwrap();

        app.pass(BETWEEN_MAILS).await;
        browser.at(app.clock.now()).await.unwrap();
        browser.see("#send-code:enabled").await.unwrap();
        browser.click("#send-code").await.unwrap();
        browser.reads("#hint", "m").await.unwrap();
        // Back at the app and here again: what was sent is asked for, and not sent again.
        browser.click("#use-totp").await.unwrap();
        browser.click("#send-code").await.unwrap();
        browser.reads("#second", "A code goes to").await.unwrap();
        browser.reads("#resend-at", "Another code can be sent in ").await.unwrap();
        app.settle().await;
        type_code(&browser, "#code", &app.post.newest_code(EMAIL).unwrap()).await;
        browser.see("#by-email").await.unwrap();
        browser.close().await.unwrap();
    });
}

/// The code that came at the registration is good in the settings, where no other can be sent yet.
#[test]
fn a_code_that_was_sent_before_can_be_typed_while_the_next_one_waits() {
    TestApp::run(async |app| {
        let browser = browser(app, Looks { language: "de", ..Looks::DESK }).await;
        browser.at(app.clock.now()).await.unwrap();
        register(&browser).await;
        open_settings(&browser).await;
        browser.click("#change-address").await.unwrap();
        browser.fill("#new-address", "other@example.com").await.unwrap();
        browser.click("#new-address-form [type=submit]").await.unwrap();
        browser.reads("#new-address-form .error", " Sekunden, und versuchen").await.unwrap();
        browser.click("#new-address-form .cancel").await.unwrap();

        browser.click("#confirm-address").await.unwrap();
        browser.reads("#address-earlier", "Vor Kurzem wurde ein Code geschickt").await.unwrap();
        browser.reads("#address-resend-at", "Noch ein Code kann in ").await.unwrap();
        assert!(is_disabled(&browser, "#address-resend").await);
        assert!(is_hidden(&browser, "#address-sent").await);
        browser.shot("earlier-code").await.unwrap();
        let found = browser.violations().await.unwrap();
        assert!(found.is_empty(), "{found:?}");
        app.settle().await;
        browser.fill("#address-code", &app.post.newest_code(EMAIL).unwrap()).await.unwrap();
        browser.click("#address-form [type=submit]").await.unwrap();
        browser.see("#confirmed").await.unwrap();
        browser.close().await.unwrap();
    });
}

/// A wait under two minutes is told in seconds; a longer one by its end, in full minutes after it.
#[test]
fn a_wait_is_never_told_shorter_than_it_is() {
    TestApp::run(async |app| {
        let (browser, _, codes) = protected(app, Looks::DESK, "never-shorter").await;
        app.pass(SignedDuration::from_secs(61)).await;
        browser.at(app.clock.now()).await.unwrap();
        for attempt in 0..=WRONG_CODES {
            if attempt == 3 {
                browser.click("#second a[href='/sign-in']").await.unwrap();
                browser.see("#password-form").await.unwrap();
            }
            if attempt % 3 == 0 {
                type_password(&browser).await;
            }
            type_another_code(app, &browser, "#code", "000000").await;
            browser.see("#code-form .error:not(:empty)").await.unwrap();
        }
        browser.reads("#code-form .error", "Too many attempts. Try again at").await.unwrap();
        // SR-060: the sign-in ended with the wait's beginning; another leads in by another way.
        browser.click("#second a[href='/sign-in']").await.unwrap();
        browser.see("#password-form").await.unwrap();
        type_password(&browser).await;
        browser.click("#use-recovery").await.unwrap();
        type_code(&browser, "#recovery", &codes[0]).await;
        browser.see("#protected").await.unwrap();
        open_settings(&browser).await;
        let until = "return fetch('/v1/accounts/me', { headers: { 'X-Countersign-Portal': '1' } })
            .then((answer) => answer.json()).then((account) => account.locks[0].until)";
        let until: Timestamp =
            browser.script(until).await.unwrap().as_str().unwrap().parse().unwrap();
        assert_ne!(until.as_second() % 60, 0, "a moment between two minutes");
        let full = (until.as_second() + 59) / 60 * 60;
        let told = format!(
            "return new Intl.DateTimeFormat('en', {{ timeStyle: 'short' }}).format({})",
            full * 1000
        );
        let told = browser.script(&told).await.unwrap();
        browser.reads("#locks", &format!("wait until {}.", told.as_str().unwrap())).await.unwrap();
        browser.close().await.unwrap();
    });
}
