//! "That was not me": the link of a notice, and what it puts right.

use countersign_tests::app::{PASSWORD, TestApp};
use countersign_tests::browser::{Browser, Looks};

use crate::person::*;

const NEW_EMAIL: &str = "somebody.else@example.com";
const NEW_PASSWORD: &str = "seven green umbrellas";

/// Opens the link of the newest notice; its secret.
async fn open_link(app: &TestApp, browser: &Browser) -> String {
    let secret = link_to(app, "/not-me", EMAIL).await;
    browser.go(&format!("/not-me#{secret}")).await.unwrap();
    browser.see("#question").await.unwrap();
    let address = browser.script("return location.href").await.unwrap();
    assert!(!address.to_string().contains(&secret), "the link's secret stays in {address}");
    secret
}

/// What a list says, an item a line.
async fn listed(browser: &Browser, css: &str) -> Vec<String> {
    browser.text(css).await.unwrap().lines().map(str::to_owned).collect()
}

/// AT-60: what follows links by itself, as mail programs do, changes nothing: only the button acts.
/// Then every session has ended, and the next sign-in asks for a new password. The page says that
/// and no more; a link that was used is over (SR-054).
#[test]
fn a_link_that_says_it_was_not_me_acts_at_its_button_alone() {
    TestApp::run(async |app| {
        let here = browser(app, Looks::DESK).await;
        register(&here).await;
        open_settings(&here).await;
        confirm_address(app, &here).await;
        let (secret, _) = enable(app, &here, "not-me-enabled").await;
        let elsewhere = browser(app, Looks::PHONE).await;
        open_link(app, &elsewhere).await;
        let would = ["Every session ends.", "The next sign-in asks for a new password."];
        assert_eq!(listed(&elsewhere, "#would").await, would);
        elsewhere.shot("not-me").await.unwrap();
        elsewhere.reload().await.unwrap();
        elsewhere.reads("#missing", "Open it again from your mail").await.unwrap();
        let used = open_link(app, &elsewhere).await;
        here.reload().await.unwrap();
        here.see("#settings").await.unwrap();

        elsewhere.click("#object-form [type=submit]").await.unwrap();
        elsewhere.reads("#done", "choose a new password").await.unwrap();
        let did = ["Every session has ended.", "The next sign-in asks for a new password."];
        assert_eq!(listed(&elsewhere, "#did").await, did);
        elsewhere.see("#by-password a[href='/sign-in']").await.unwrap();
        assert!(is_hidden(&elsewhere, "#by-mail").await);
        elsewhere.shot("not-me-done").await.unwrap();
        elsewhere.go(&format!("/not-me#{used}")).await.unwrap();
        elsewhere.reads("#over", "It was used already").await.unwrap();
        here.reload().await.unwrap();
        here.see("#password-form").await.unwrap();

        type_password(&here).await;
        next_step(app).await;
        type_code(&here, "#code", &phone(app, &secret)).await;
        here.reads("#renewal", "has to be changed").await.unwrap();
        assert_eq!(holder_in(&here, "#renewal-form").await, LOGIN);
        here.shot("password-demanded").await.unwrap();
        here.fill("#new-password", PASSWORD).await.unwrap();
        here.click("#renewal-form [type=submit]").await.unwrap();
        here.reads("#renewal-form .error", "That is the password you have now").await.unwrap();
        let field = "return document.querySelector('#new-password').ariaInvalid";
        assert_eq!(here.script(field).await.unwrap(), "true");
        here.reload().await.unwrap();
        here.fill("#new-password", NEW_PASSWORD).await.unwrap();
        here.click("#renewal-form [type=submit]").await.unwrap();
        here.see("#protected").await.unwrap();
        here.reads("#note", "Your new password is set").await.unwrap();
        here.close().await.unwrap();
        elsewhere.close().await.unwrap();
    });
}

/// SR-117: the new address proves itself with a code, the old one is told and takes its place back.
/// Without a second factor the password ends, and the page leads to a new one by mail.
#[test]
fn sr_117_a_change_of_address_is_undone_from_the_old_one() {
    TestApp::run(async |app| {
        let here = browser(app, Looks::DESK).await;
        register(&here).await;
        open_settings(&here).await;
        confirm_address(app, &here).await;
        let old = here.text("#address").await.unwrap();

        app.pass(BETWEEN_MAILS).await;
        here.click("#change-address").await.unwrap();
        here.reads("#new-address-form", "can undo it for 7 days").await.unwrap();
        here.fill("#new-address", "no address").await.unwrap();
        here.click("#new-address-form [type=submit]").await.unwrap();
        here.see("#new-address-form .error:not(:empty)").await.unwrap();
        here.fill("#new-address", NEW_EMAIL).await.unwrap();
        here.click("#new-address-form [type=submit]").await.unwrap();
        here.reads("#address-hint", "s").await.unwrap();
        app.settle().await;
        here.fill("#address-code", &app.post.newest_code(NEW_EMAIL).unwrap()).await.unwrap();
        here.click("#address-form [type=submit]").await.unwrap();
        here.reads("#note", "where this can be undone for 7 days").await.unwrap();
        assert!(old.starts_with("m•••@"), "{old}");
        here.reads("#address", "s•••@").await.unwrap();
        here.shot("address-changed").await.unwrap();

        let elsewhere = browser(app, Looks::PHONE).await;
        open_link(app, &elsewhere).await;
        elsewhere.reads("#about", "the e-mail address of your account was changed").await.unwrap();
        elsewhere.click("#object-form [type=submit]").await.unwrap();
        elsewhere.see("#done").await.unwrap();
        let did = listed(&elsewhere, "#did").await;
        assert_eq!(did.len(), 3, "{did:?}");
        assert!(did[0].contains("is the one of your account again"), "{did:?}");
        assert!(did[1].contains("Every session has ended"), "{did:?}");
        assert!(did[2].contains("Your password does not work any more"), "{did:?}");
        elsewhere.reads("#next-by-mail", "a link comes by mail").await.unwrap();
        for hidden in ["#next-password", "#next-factors", "#next-factors-held", "#by-password"] {
            assert!(is_hidden(&elsewhere, hidden).await, "{hidden}");
        }
        elsewhere.shot("not-me-by-mail").await.unwrap();
        here.reload().await.unwrap();
        here.see("#password-form").await.unwrap();
        type_password(&here).await;
        here.reads("#password-form .error", "do not fit").await.unwrap();

        elsewhere.click("#by-mail a").await.unwrap();
        elsewhere.fill("#login", LOGIN).await.unwrap();
        elsewhere.click("#forgot-form [type=submit]").await.unwrap();
        elsewhere.see("#asked").await.unwrap();
        let link = link_to(app, "/reset-password", EMAIL).await;
        elsewhere.go(&format!("/reset-password#{link}")).await.unwrap();
        elsewhere.fill("#new-password", NEW_PASSWORD).await.unwrap();
        elsewhere.click("#reset-form [type=submit]").await.unwrap();
        elsewhere.see("#done").await.unwrap();
        type_password_of(&here, LOGIN, NEW_PASSWORD).await;
        here.see("#unprotected").await.unwrap();
        open_settings(&here).await;
        assert_eq!(here.text("#address").await.unwrap(), old);
        here.reads("#history", "The earlier address was put back").await.unwrap();
        here.close().await.unwrap();
        elsewhere.close().await.unwrap();
    });
}

/// An address that was never proven cannot take its place back, and nobody is told that it can.
#[test]
fn an_address_that_was_never_confirmed_is_promised_no_way_back() {
    TestApp::run(async |app| {
        let browser = browser(app, Looks { language: "de", ..Looks::PHONE }).await;
        register(&browser).await;
        open_settings(&browser).await;
        app.pass(BETWEEN_MAILS).await;
        browser.click("#change-address").await.unwrap();
        browser.see("#new-address").await.unwrap();
        assert!(is_hidden(&browser, "#new-address-undo").await);
        browser.fill("#new-address", NEW_EMAIL).await.unwrap();
        browser.click("#new-address-form [type=submit]").await.unwrap();
        browser.reads("#address-hint", "s").await.unwrap();
        app.settle().await;
        browser.fill("#address-code", &app.post.newest_code(NEW_EMAIL).unwrap()).await.unwrap();
        browser.click("#address-form [type=submit]").await.unwrap();
        browser.reads("#note", "Eine frühere bestätigte gibt es nicht").await.unwrap();
        browser.close().await.unwrap();
    });
}

/// SR-118: who says that a new password by mail was not theirs gets a day in which things stay as
/// they are, and is not told to change them at once.
#[test]
fn sr_118_what_has_to_wait_is_not_what_to_do_now() {
    TestApp::run(async |app| {
        let (browser, _, _) = protected(app, Looks::PHONE, "reset-by-a-stranger").await;
        enter_by_email(app, &browser).await;
        sign_out(&browser).await;
        browser.go("/forgot-password").await.unwrap();
        browser.fill("#login", LOGIN).await.unwrap();
        browser.click("#forgot-form [type=submit]").await.unwrap();
        browser.see("#asked").await.unwrap();
        let link = link_to(app, "/reset-password", EMAIL).await;
        browser.go(&format!("/reset-password#{link}")).await.unwrap();
        browser.fill("#new-password", NEW_PASSWORD).await.unwrap();
        browser.click("#reset-form [type=submit]").await.unwrap();
        browser.see("#done").await.unwrap();

        open_link(app, &browser).await;
        browser.reads("#about", "was set by a link in a mail").await.unwrap();
        let would = listed(&browser, "#would").await;
        assert!(would.iter().any(|one| one.starts_with("For 24 hours")), "{would:?}");
        assert!(!would.iter().any(|one| one.contains("session")), "none is open: {would:?}");
        browser.click("#object-form [type=submit]").await.unwrap();
        browser.reads("#next-factors-held", "Once the 24 hours are over").await.unwrap();
        assert!(is_hidden(&browser, "#next-factors").await);
        browser.see("#by-password a[href='/forgot-password']").await.unwrap();
        browser.shot("not-me-held").await.unwrap();
        browser.close().await.unwrap();
    });
}
