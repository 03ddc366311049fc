//! The walks of a person through the portal.

use countersign_tests::app::TestApp;
use countersign_tests::browser::Looks;

use crate::person::*;

/// The one sentence of every failed proof.
const ONE_SENTENCE: &str = "That did not work. Each code works once";

/// SR-008: walks 1 to 4, from the first click to a second factor that is asked for; the code of the
/// activation does not sign in, the next one does.
fn sr_008_enables_two_factor_and_is_asked_for_the_next_code(looks: Looks) {
    TestApp::run(async |app| {
        let browser = browser(app, looks).await;
        register(&browser).await;
        open_settings(&browser).await;
        browser.shot("settings").await.unwrap();
        let (secret, _) = enable(app, &browser, "enable").await;
        browser.shot("enabled").await.unwrap();
        let used = phone(app, &secret);

        sign_out(&browser).await;
        type_password(&browser).await;
        browser.reads("#second h1", "One more step").await.unwrap();
        type_code(&browser, "#code", &used).await;
        browser.reads("#code-form .error", ONE_SENTENCE).await.unwrap();
        browser.shot("used-code").await.unwrap();
        next_step(app).await;
        type_code(&browser, "#code", &phone(app, &secret)).await;
        browser.reads("#protected", "is on").await.unwrap();
        browser.shot("home").await.unwrap();
        browser.close().await.unwrap();
    });
}

in_all_looks!(sr_008_enables_two_factor_and_is_asked_for_the_next_code);

/// Walks 5 and 6, without the app: a code by e-mail opens a session that says what it may not do; a
/// recovery code opens a whole one, once.
fn signs_in_without_the_app(looks: Looks) {
    TestApp::run(async |app| {
        let (browser, _, codes) = protected(app, looks, "without-the-app").await;
        enter_by_email(app, &browser).await;
        browser.shot("by-email").await.unwrap();
        sign_out(&browser).await;

        type_password(&browser).await;
        browser.click("#use-recovery").await.unwrap();
        let (short, _) = codes[0].split_at(codes[0].len() - 1);
        type_code(&browser, "#recovery", short).await;
        browser.reads("#code-form .error", "has 25 letters and digits").await.unwrap();
        type_code(&browser, "#recovery", &codes[0].replace('-', " ").to_lowercase()).await;
        browser.reads("#note", "9 recovery codes left").await.unwrap();
        sign_out(&browser).await;

        type_password(&browser).await;
        browser.click("#use-recovery").await.unwrap();
        type_code(&browser, "#recovery", &codes[0]).await;
        browser.reads("#code-form .error", ONE_SENTENCE).await.unwrap();
        browser.close().await.unwrap();
    });
}

in_all_looks!(signs_in_without_the_app);

/// Walk 9: sees devices and sessions and ends them, reads the history, renames and removes the
/// authenticator, and is never asked again.
fn renames_and_removes_the_authenticator_and_is_never_asked_again(looks: Looks) {
    TestApp::run(async |app| {
        let here = browser(app, looks).await;
        register(&here).await;
        open_settings(&here).await;
        let (secret, _) = enable(app, &here, "rename-and-remove").await;

        let there = browser(app, Looks::PHONE).await;
        next_step(app).await;
        type_password(&there).await;
        type_code(&there, "#code", &phone(app, &secret)).await;
        there.see("#member").await.unwrap();
        here.go("/account").await.unwrap();
        here.reads("#sessions", "Chrome on Linux").await.unwrap();
        here.reads("#devices", "Chrome on Linux").await.unwrap();
        let seen = "document.querySelector('#devices-card').scrollIntoView({ block: 'end' })";
        here.script(seen).await.unwrap();
        here.shot("devices").await.unwrap();
        here.click("#devices .end").await.unwrap();
        here.reads("#history", "A device is no longer known").await.unwrap();
        there.go("/account").await.unwrap();
        next_step(app).await;
        type_password(&there).await;
        type_code(&there, "#code", &phone(app, &secret)).await;
        there.see("#member").await.unwrap();
        here.go("/account").await.unwrap();
        here.click("#end-others").await.unwrap();
        here.reads("#note", "Every other session has ended").await.unwrap();
        there.go("/account").await.unwrap();
        there.see("#password-form").await.unwrap();

        here.click(".rename").await.unwrap();
        here.fill("#new-name", "The blue phone").await.unwrap();
        here.click("#rename-form [type=submit]").await.unwrap();
        here.reads("#factors", "The blue phone").await.unwrap();
        here.reads("#history", "An authenticator was renamed").await.unwrap();

        app.pass(jiff::SignedDuration::from_mins(6)).await;
        here.click(".remove").await.unwrap();
        here.reads("#remove-last", "your only one").await.unwrap();
        here.click("#remove-form [type=submit]").await.unwrap();
        here.click("#prove-recovery").await.unwrap();
        here.fill("#prove-recovery-code", "ABCDE-FGHJK").await.unwrap();
        here.click("#prove-form [type=submit]").await.unwrap();
        here.reads("#prove-form .error", "has 25 letters and digits").await.unwrap();
        here.click("#prove-totp").await.unwrap();
        here.fill("#prove-code", &phone(app, &secret)).await.unwrap();
        here.shot("prove").await.unwrap();
        here.click("#prove-form [type=submit]").await.unwrap();
        here.reads("#note", "Two-factor authentication is off").await.unwrap();
        here.see("#enable").await.unwrap();
        sign_out(&here).await;
        type_password(&here).await;
        here.see("#unprotected").await.unwrap();
        here.close().await.unwrap();
        there.close().await.unwrap();
    });
}

in_all_looks!(renames_and_removes_the_authenticator_and_is_never_asked_again);
