//! Every page and every dialog, by day and by night, under the rules of axe-core; and the way
//! through the portal with a keyboard alone.

use countersign_tests::app::{PASSWORD, TestApp};
use countersign_tests::browser::{Browser, Looks};
use thirtyfour::Key;

use crate::person::*;

pub(crate) async fn nothing_found(browser: &Browser, what: &str) {
    let found = browser.violations().await.unwrap();
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

fn axe_finds_nothing(looks: Looks) {
    TestApp::run(async |app| {
        let browser = browser(app, looks).await;
        let own = ["/", "/register", "/sign-in", "/forgot-password"];
        for page in
            own.into_iter().chain(["/reset-password", "/not-me", "/unlock", "/no-such-page"])
        {
            browser.go(page).await.unwrap();
            browser.see("#guest-nav").await.unwrap();
            nothing_found(&browser, page).await;
        }
        send_registration(&browser).await;
        browser.see("#confirm").await.unwrap();
        nothing_found(&browser, "address to confirm").await;
        skip_confirmation(&browser).await;
        nothing_found(&browser, "home").await;
        open_settings(&browser).await;
        nothing_found(&browser, "settings, off").await;
        browser.click("#enable").await.unwrap();
        browser.see("#qr svg").await.unwrap();
        nothing_found(&browser, "enable dialog").await;
        browser.click("#activate-form .cancel").await.unwrap();
        let (secret, _) = enable(app, &browser, "accessible").await;
        nothing_found(&browser, "settings, on").await;
        for (button, dialog, cancel) in [
            (".rename", "#rename-form", "#rename-form .cancel"),
            (".remove", "#remove-form", "#remove-form .cancel"),
            ("#confirm-address", "#address-form", "#address-form .cancel"),
            ("#change-address", "#new-address-form", "#new-address-form .cancel"),
            ("#change-password", "#password-form", "#password-form .cancel"),
            ("#add", "#add-form", "#add-form .cancel"),
        ] {
            app.pass(jiff::SignedDuration::from_mins(2)).await;
            // A dialog that closes draws the page anew: each begins on a page that stands.
            open_settings(&browser).await;
            browser.click(button).await.unwrap();
            browser.see(dialog).await.unwrap();
            nothing_found(&browser, dialog).await;
            browser.click(cancel).await.unwrap();
        }
        sign_out(&browser).await;
        type_password(&browser).await;
        browser.see("#code").await.unwrap();
        nothing_found(&browser, "second step").await;
        browser.click("#use-recovery").await.unwrap();
        nothing_found(&browser, "recovery code").await;
        browser.click("#use-totp").await.unwrap();
        type_code(&browser, "#code", &phone(app, &secret)).await;
        browser.see("#member").await.unwrap();
        browser.close().await.unwrap();
    });
}

/// The ways back in, each page and dialog as it stands when somebody needs it.
#[test]
fn axe_finds_nothing_on_the_ways_back_in() {
    TestApp::run(async |app| {
        let german = Looks { language: "de", ..Looks::PHONE };
        let (browser, secret, _) = protected(app, Looks::DESK, "accessible-back").await;
        let other = crate::person::browser(app, german).await;
        enter_by_email(app, &browser).await;
        open_settings(&browser).await;
        nothing_found(&browser, "a session by e-mail").await;
        browser.click("#replace").await.unwrap();
        browser.see("#replace-form").await.unwrap();
        nothing_found(&browser, "replace dialog").await;
        browser.click("#replace-form [type=submit]").await.unwrap();
        browser.see("#cancel-replacement").await.unwrap();
        nothing_found(&browser, "a replacement that is pending").await;
        sign_out(&browser).await;

        browser.go("/forgot-password").await.unwrap();
        browser.fill("#login", EMAIL).await.unwrap();
        browser.click("#forgot-form [type=submit]").await.unwrap();
        browser.see("#asked").await.unwrap();
        nothing_found(&browser, "link asked for").await;
        let link = link_to(app, "/reset-password", EMAIL).await;
        other.go(&format!("/reset-password#{link}")).await.unwrap();
        other.see("#new-password").await.unwrap();
        nothing_found(&other, "new password").await;
        other.fill("#new-password", "seven green umbrellas").await.unwrap();
        other.click("#reset-form [type=submit]").await.unwrap();
        other.see("#done").await.unwrap();
        nothing_found(&other, "password set").await;

        let link = link_to(app, "/not-me", EMAIL).await;
        other.go(&format!("/not-me#{link}")).await.unwrap();
        other.see("#question").await.unwrap();
        nothing_found(&other, "it was not me").await;
        other.click("#object-form [type=submit]").await.unwrap();
        other.see("#done").await.unwrap();
        nothing_found(&other, "objected").await;
        type_password_of(&browser, LOGIN, "seven green umbrellas").await;
        next_step(app).await;
        type_code(&browser, "#code", &phone(app, &secret)).await;
        browser.see("#renewal").await.unwrap();
        nothing_found(&browser, "a password that is demanded").await;
        browser.close().await.unwrap();
        other.close().await.unwrap();
    });
}

#[test]
fn axe_finds_nothing_by_day() {
    axe_finds_nothing(Looks::DESK);
}

#[test]
fn axe_finds_nothing_on_a_phone_by_night() {
    axe_finds_nothing(Looks { language: "de", ..Looks::PHONE });
}

/// Signs in, opens the settings by the icon and asks for a QR code, with keys alone.
#[test]
fn a_keyboard_is_enough() {
    TestApp::run(async |app| {
        let browser = browser(app, Looks::DESK).await;
        register(&browser).await;
        sign_out(&browser).await;
        browser.go("/sign-in").await.unwrap();
        browser.see("#login").await.unwrap();
        let focus = "document.getElementById('login').focus()";
        browser.script(focus).await.unwrap();
        browser.press(LOGIN).await.unwrap();
        browser.press(Key::Tab + "").await.unwrap();
        browser.press(PASSWORD).await.unwrap();
        browser.press(Key::Enter + "").await.unwrap();
        browser.see("#member").await.unwrap();
        tab_to(&browser, "SUMMARY").await;
        browser.press(Key::Enter + "").await.unwrap();
        tab_to(&browser, "/account").await;
        browser.press(Key::Enter + "").await.unwrap();
        browser.see("#enable").await.unwrap();
        tab_to(&browser, "enable").await;
        browser.press(Key::Space + "").await.unwrap();
        browser.see("#qr svg").await.unwrap();
        browser.press(Key::Escape + "").await.unwrap();
        tab_to(&browser, "enable").await;
        browser.close().await.unwrap();
    });
}

/// How often Tab is pressed at most.
const TABS_MAX: usize = 40;

/// Goes on with Tab until the focus is on an element of this id, tag or address.
async fn tab_to(browser: &Browser, wanted: &str) {
    let where_now = "const at = document.activeElement;
        return [at.id, at.tagName, at.getAttribute('href')];";
    for _ in 0..TABS_MAX {
        let at = browser.script(where_now).await.unwrap();
        if at.as_array().unwrap().iter().any(|one| one == wanted) {
            return;
        }
        browser.press(Key::Tab + "").await.unwrap();
    }
    panic!("no way to {wanted} with Tab");
}
