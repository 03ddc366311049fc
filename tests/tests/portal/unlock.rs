//! A password that guesses have closed to new devices, and the link of the mail that tells.

use countersign_tests::app::{PASSWORD, TestApp};
use countersign_tests::browser::{Browser, Looks};
use thirtyfour::Key;

use crate::accessible::nothing_found;
use crate::person::*;

const HOUR: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// Somebody guesses at every hour, until no new device is asked for the password.
async fn close(app: &TestApp, login: &str) {
    for _ in 0..97 {
        while app.sign_in(login, "a wrong one for once").await.status == 401 {}
        app.pass(HOUR).await;
    }
}

async fn open_link(app: &TestApp, browser: &Browser) -> String {
    let secret = link_to(app, "/unlock", EMAIL).await;
    browser.go(&format!("/unlock#{secret}")).await.unwrap();
    browser.see("#question").await.unwrap();
    let address = browser.script("return location.href").await.unwrap();
    assert!(!address.to_string().contains(&secret), "the link's secret stays in {address}");
    secret
}

/// SR-088, AT-33, AT-60: a browser that was never here before is told what to do, the same where
/// there is no such account. What follows the link changes nothing: the button does, by keyboard
/// too, and then this browser gets in though somebody guesses on.
fn sr_088_a_new_browser_gets_in_by_the_link_of_a_mail(looks: Looks) {
    TestApp::run(async |app| {
        let (home, secret, _) = protected(app, Looks::DESK, "unlock").await;
        enter_by_email(app, &home).await;
        home.close().await.unwrap();
        close(app, LOGIN).await;
        close(app, "nobody.at.all").await;

        let browser = browser(app, looks).await;
        let mut told = vec![];
        for login in ["nobody.at.all", LOGIN] {
            type_password_of(&browser, login, "a wrong one for once").await;
            browser.reads("#password-form .error", "a mail with a link was sent").await.unwrap();
            browser.see("#closed a[href='/forgot-password']").await.unwrap();
            let text = browser.text("#password-form .error").await.unwrap();
            told.push(text.split_once(". ").expect("a time, and what to do").1.to_owned());
        }
        assert_eq!(told[0], told[1], "it tells who is known");
        nothing_found(&browser, "told of the mail").await;
        browser.shot("unlock-told").await.unwrap();

        open_link(app, &browser).await;
        nothing_found(&browser, "unlock").await;
        browser.shot("unlock").await.unwrap();
        browser.reload().await.unwrap();
        browser.reads("#missing", "Open it again from your mail").await.unwrap();
        nothing_found(&browser, "unlock, without its link").await;
        app.sign_in(LOGIN, PASSWORD).await.is(429);
        let used = open_link(app, &browser).await;
        let focus = "document.querySelector('#unlock-form [type=submit]').focus()";
        browser.script(focus).await.unwrap();
        browser.press(Key::Enter + "").await.unwrap();
        browser.reads("#done", "Sign in now, in this browser").await.unwrap();
        nothing_found(&browser, "unlocked").await;
        browser.go(&format!("/unlock#{used}")).await.unwrap();
        browser.click("#unlock-form [type=submit]").await.unwrap();
        browser.reads("#over", "It was used already").await.unwrap();
        nothing_found(&browser, "unlock, over").await;

        while app.sign_in(LOGIN, "a wrong one for once").await.status == 401 {}
        app.sign_in(LOGIN, PASSWORD).await.is(429);
        type_password(&browser).await;
        next_step(app).await;
        type_code(&browser, "#code", &phone(app, &secret)).await;
        browser.see("#protected").await.unwrap();
        open_settings(&browser).await;
        browser.reads("#history", "the password is asked for again on new devices").await.unwrap();
        browser.close().await.unwrap();
    });
}

in_all_looks!(sr_088_a_new_browser_gets_in_by_the_link_of_a_mail);
