//! Another authenticator, and recovery codes to keep.

use countersign_tests::app::TestApp;
use countersign_tests::browser::{Browser, Looks};

use crate::person::*;

/// Keeps what is made for downloading, which a page of ours may not load again.
const KEEP_FILES: &str = "const make = URL.createObjectURL;
    URL.createObjectURL = (file) => { window.file = file; return make(file); };";
/// A browser that does not let pages copy.
const REFUSE_TO_COPY: &str = "Object.defineProperty(navigator, 'clipboard', {
    value: { writeText: () => Promise.reject(new Error('refused')) } });";

#[test]
fn another_authenticator_is_asked_for_its_name() {
    TestApp::run(async |app| {
        let browser = browser(app, Looks::PHONE).await;
        register(&browser).await;
        open_settings(&browser).await;
        enable(app, &browser, "first-of-two").await;
        browser.click("#add").await.unwrap();
        browser.reads("#add-dialog h2", "Add an authenticator").await.unwrap();
        browser.fill("#add-name", "The tablet").await.unwrap();
        browser.click("#add-form [type=submit]").await.unwrap();
        browser.reads("#enable-dialog h2", "Add an authenticator").await.unwrap();
        let secret = scan_and_activate(app, &browser, "second-of-two").await;
        browser.reads("#note", "The new authenticator is ready").await.unwrap();
        browser.reads("#factors", "The tablet").await.unwrap();
        sign_out(&browser).await;

        next_step(app).await;
        type_password(&browser).await;
        let choose = "document.querySelector('#factor').value =
            [...document.querySelectorAll('#factor option')].find(
                (one) => one.text === 'The tablet').value";
        browser.see("#factor").await.unwrap();
        browser.script(choose).await.unwrap();
        type_code(&browser, "#code", &phone(app, &secret)).await;
        browser.see("#protected").await.unwrap();
        browser.close().await.unwrap();
    });
}

/// The file names the service, the account and the day; where a browser refuses to copy, the page
/// says so and selects the codes.
#[test]
fn recovery_codes_say_whose_they_are_and_a_copy_that_failed_is_told() {
    TestApp::run(async |app| {
        let browser = browser(app, Looks::DESK).await;
        register(&browser).await;
        open_settings(&browser).await;
        browser.script(KEEP_FILES).await.unwrap();
        browser.script(REFUSE_TO_COPY).await.unwrap();
        browser.click("#enable").await.unwrap();
        scan_and_activate(app, &browser, "codes-to-keep").await;
        browser
            .reads("#codes-of", "Countersign: recovery codes of marlene, made on")
            .await
            .unwrap();
        browser.click("#copy").await.unwrap();
        browser.reads("#codes-dialog .error", "Could not copy").await.unwrap();
        let selected = browser.script("return getSelection().toString()").await.unwrap();
        browser.shot("copy-refused").await.unwrap();
        let file = browser.script("return window.file.text()").await.unwrap();
        let codes = kept_codes(&browser).await;
        let file = file.as_str().unwrap();
        assert!(file.starts_with("Countersign: recovery codes of marlene, made on "), "{file}");
        for code in &codes {
            assert!(file.lines().any(|line| line == code), "{file}");
            assert!(selected.as_str().unwrap().contains(code), "{selected}");
        }
        browser.close().await.unwrap();
    });
}

/// Where a dialog is higher than the window, its last buttons are in reach before anything is
/// scrolled; and the numbers of recovery codes stand within their column.
fn buttons_are_in_reach(looks: Looks, height: Option<u32>, name: &str) {
    TestApp::run(async |app| {
        let browser = browser(app, looks).await;
        if let Some(height) = height {
            browser.resize(1280, height).await.unwrap();
        }
        register(&browser).await;
        open_settings(&browser).await;
        browser.click("#enable").await.unwrap();
        browser.see("#qr svg").await.unwrap();
        let details = "document.querySelector('#enable-dialog details').open";
        browser.script(&format!("{details} = true")).await.unwrap();
        in_reach(&browser, "#enable-dialog", "#activate").await;
        browser.shot(&format!("{name}-enable")).await.unwrap();
        browser.script(&format!("{details} = false")).await.unwrap();
        scan_and_activate(app, &browser, name).await;
        browser.see("#codes").await.unwrap();
        in_reach(&browser, "#codes-dialog", "#kept").await;
        browser.shot(&format!("{name}-codes")).await.unwrap();
        let room = "const list = document.querySelector('#codes');
            const style = getComputedStyle(list);
            const pen = document.createElement('canvas').getContext('2d');
            pen.font = style.font;
            return parseFloat(style.paddingLeft) - pen.measureText('10. ').width;";
        let room = browser.script(room).await.unwrap().as_f64().unwrap();
        assert!(room >= 0.0, "10. hangs out by {room} px");
        kept_codes(&browser).await;
        browser.see("#factors .remove").await.unwrap();
        browser.close().await.unwrap();
    });
}

#[test]
fn the_buttons_of_a_long_dialog_are_in_reach_in_a_low_window() {
    buttons_are_in_reach(Looks::DESK, Some(620), "long-at-a-desk");
}

#[test]
fn the_buttons_of_a_long_dialog_are_in_reach_on_a_phone() {
    buttons_are_in_reach(Looks { language: "de", ..Looks::PHONE }, None, "long-on-a-phone");
}

/// The button lies within the window, with nothing over it and nothing showing below it, while its
/// dialog is scrolled to the top.
async fn in_reach(browser: &Browser, dialog: &str, button: &str) {
    let script = format!(
        "const dialog = document.querySelector('{dialog}');
        dialog.scrollTop = 0;
        const edge = dialog.getBoundingClientRect().bottom;
        const end = document.querySelector('{button}').parentElement.getBoundingClientRect().bottom;
        const button = document.querySelector('{button}');
        const at = button.getBoundingClientRect();
        const hit = document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2);
        return at.top >= 0 && at.bottom <= innerHeight && hit === button && edge - end < 3;"
    );
    assert_eq!(browser.script(&script).await.unwrap(), true, "{button} is out of reach");
}
