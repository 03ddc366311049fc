//! Another authenticator, and recovery codes to keep.

use countersign_tests::app::TestApp;
use countersign_tests::browser::Looks;

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
