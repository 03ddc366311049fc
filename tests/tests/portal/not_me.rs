//! "That was not me": the link of a notice, and what it puts right.

use countersign_tests::app::{PASSWORD, TestApp};
use countersign_tests::browser::{Browser, Looks};

use crate::person::*;

const NEW_EMAIL: &str = "somebody.else@example.com";
const NEW_PASSWORD: &str = "seven green umbrellas";

/// Opens the link of the newest notice.
async fn open_link(app: &TestApp, browser: &Browser) {
    let secret = link_to(app, "/not-me", EMAIL).await;
    browser.go(&format!("/not-me#{secret}")).await.unwrap();
    browser.see("#question").await.unwrap();
    let address = browser.script("return location.href").await.unwrap();
    assert!(!address.to_string().contains(&secret), "the link's secret stays in {address}");
}

/// AT-60: what follows links by itself, as mail programs do, changes nothing: only the button acts.
/// Then every session has ended, and the next sign-in asks for a new password.
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
        elsewhere.reads("#would", "ends every session").await.unwrap();
        elsewhere.shot("not-me").await.unwrap();
        here.reload().await.unwrap();
        here.see("#settings").await.unwrap();

        elsewhere.click("#object-form [type=submit]").await.unwrap();
        elsewhere.reads("#done", "choose a new password").await.unwrap();
        elsewhere.shot("not-me-done").await.unwrap();
        here.reload().await.unwrap();
        here.see("#password-form").await.unwrap();

        type_password(&here).await;
        next_step(app).await;
        type_code(&here, "#code", &phone(app, &secret)).await;
        here.reads("#renewal", "has to be changed").await.unwrap();
        here.shot("password-demanded").await.unwrap();
        here.fill("#new-password", PASSWORD).await.unwrap();
        here.click("#renewal-form [type=submit]").await.unwrap();
        here.see("#renewal-form .error:not(:empty)").await.unwrap();
        here.reload().await.unwrap();
        here.fill("#new-password", NEW_PASSWORD).await.unwrap();
        here.click("#renewal-form [type=submit]").await.unwrap();
        here.see("#protected").await.unwrap();
        here.close().await.unwrap();
        elsewhere.close().await.unwrap();
    });
}

/// SR-117: the new address proves itself with a code, the old one is told and takes its place back.
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
        here.fill("#new-address", "no address").await.unwrap();
        here.click("#new-address-form [type=submit]").await.unwrap();
        here.see("#new-address-form .error:not(:empty)").await.unwrap();
        here.fill("#new-address", NEW_EMAIL).await.unwrap();
        here.click("#new-address-form [type=submit]").await.unwrap();
        here.reads("#address-hint", "s").await.unwrap();
        app.settle().await;
        here.fill("#address-code", &app.post.newest_code(NEW_EMAIL).unwrap()).await.unwrap();
        here.click("#address-form [type=submit]").await.unwrap();
        here.reads("#note", "Your address is changed").await.unwrap();
        assert_ne!(here.text("#address").await.unwrap(), old);
        here.shot("address-changed").await.unwrap();

        let elsewhere = browser(app, Looks::PHONE).await;
        open_link(app, &elsewhere).await;
        elsewhere.reads("#about", "the e-mail address of your account was changed").await.unwrap();
        elsewhere.click("#object-form [type=submit]").await.unwrap();
        elsewhere.reads("#did", "is the one of your account again").await.unwrap();
        here.reload().await.unwrap();
        here.see("#password-form").await.unwrap();
        type_password(&here).await;
        here.fill("#new-password", NEW_PASSWORD).await.unwrap();
        here.click("#renewal-form [type=submit]").await.unwrap();
        here.see("#unprotected").await.unwrap();
        open_settings(&here).await;
        assert_eq!(here.text("#address").await.unwrap(), old);
        here.reads("#history", "The earlier address was put back").await.unwrap();
        here.close().await.unwrap();
        elsewhere.close().await.unwrap();
    });
}
