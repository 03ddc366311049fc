//! A forgotten password: asked for, set by a link in a mail, and no way around the second factor.

use countersign_tests::app::TestApp;
use countersign_tests::browser::{Browser, Looks};

use crate::person::*;

const NEW_PASSWORD: &str = "seven green umbrellas";

/// Asks for a link; what the page says then.
async fn ask_for_link(browser: &Browser, login: &str) -> String {
    browser.go("/sign-in").await.unwrap();
    browser.click("a[href='/forgot-password']").await.unwrap();
    browser.reads("label[for=login]", "Login or e-mail address").await.unwrap();
    browser.fill("#login", login).await.unwrap();
    browser.click("#forgot-form [type=submit]").await.unwrap();
    browser.text("#asked").await.unwrap()
}

async fn set_password(browser: &Browser, secret: &str, password: &str) {
    browser.go(&format!("/reset-password#{secret}")).await.unwrap();
    browser.fill("#new-password", password).await.unwrap();
    browser.click("#reset-form [type=submit]").await.unwrap();
}

/// Walk 8, SR-053, AT-58: a new password by mail signs nobody in and takes nothing away: a code of
/// the authenticator is asked for, and none is sent to the mailbox that the link came from until
/// one worked.
fn sr_053_a_forgotten_password_is_set_by_mail_and_the_second_factor_is_still_asked_for(
    looks: Looks,
) {
    TestApp::run(async |app| {
        let (browser, secret, _) = protected(app, looks, "forgotten").await;
        enter_by_email(app, &browser).await;
        sign_out(&browser).await;

        let stranger = ask_for_link(&browser, "nobody-of-this-name").await;
        assert!(stranger.contains("never confirmed gets no link"), "{stranger}");
        assert_eq!(ask_for_link(&browser, EMAIL).await, stranger, "it tells who is known");
        let link = link_to(app, "/reset-password", EMAIL).await;

        // The link is not kept, so a page loaded anew asks for it again, and it is still good.
        browser.go(&format!("/reset-password#{link}")).await.unwrap();
        browser.see("#renewal").await.unwrap();
        browser.reload().await.unwrap();
        browser.reads("#missing", "Open it again from your mail").await.unwrap();
        assert!(is_hidden(&browser, "#over").await);
        set_password(&browser, &link, "short").await;
        let address = browser.script("return location.href").await.unwrap();
        assert!(!address.to_string().contains(&link), "the link's secret stays in {address}");
        browser.reads("#reset-form .error", "at least 8 characters").await.unwrap();
        assert!(!browser.text("#reset-form .error").await.unwrap().contains("guess"));
        let kept = browser.script("return document.querySelector('#new-password').value").await;
        assert_eq!(kept.unwrap(), "short");
        browser.shot("reset").await.unwrap();
        browser.fill("#new-password", NEW_PASSWORD).await.unwrap();
        browser.click("#reset-form [type=submit]").await.unwrap();
        browser.reads("#done", "The new password is set").await.unwrap();
        browser.go("/").await.unwrap();
        browser.see("#guest").await.unwrap();
        set_password(&browser, &link, NEW_PASSWORD).await;
        browser.reads("#over", "This link does not work").await.unwrap();

        type_password(&browser).await;
        browser.reads("#password-form .error", "do not fit").await.unwrap();
        type_password_of(&browser, LOGIN, NEW_PASSWORD).await;
        browser.see("#code").await.unwrap();
        assert!(is_hidden(&browser, "[data-offer=email_code]").await);
        assert!(!is_hidden(&browser, "[data-offer=recovery_code]").await);
        next_step(app).await;
        type_code(&browser, "#code", &phone(app, &secret)).await;
        browser.see("#protected").await.unwrap();
        open_settings(&browser).await;
        browser.see("#held").await.unwrap();
        browser.click("#renew").await.unwrap();
        browser.click("#renew-form [type=submit]").await.unwrap();
        browser.reads("#note", "that has to wait until").await.unwrap();
        browser.shot("held").await.unwrap();

        sign_out(&browser).await;
        type_password_of(&browser, LOGIN, NEW_PASSWORD).await;
        browser.see("[data-offer=email_code]").await.unwrap();
        browser.close().await.unwrap();
    });
}

in_all_looks!(sr_053_a_forgotten_password_is_set_by_mail_and_the_second_factor_is_still_asked_for);
