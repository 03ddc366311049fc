//! Registering: the address confirmed at once, later, or with a code sent once more.

use countersign_core::clock::Clock as _;
use countersign_tests::app::TestApp;
use countersign_tests::browser::{Browser, Looks};

use crate::person::*;

/// What lies between two codes that somebody types.
const SECOND: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);

/// The id of what has the focus.
async fn focused(browser: &Browser) -> String {
    let id = browser.script("return document.activeElement.id").await.unwrap();
    id.as_str().unwrap().to_owned()
}

/// Types a code into the step after the registration.
async fn confirm(browser: &Browser, code: &str) {
    browser.fill("#confirm-code", code).await.unwrap();
    browser.click("#confirm-form [type=submit]").await.unwrap();
}

/// The code in the newest mail.
async fn mailed(app: &TestApp) -> String {
    app.settle().await;
    app.post.newest_code(EMAIL).unwrap()
}

/// Six digits that are not these.
fn another(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..5])
}

/// As people type it: in two groups.
fn in_groups(code: &str) -> String {
    let (first, last) = code.split_at(3);
    format!("{first} {last}")
}

/// What the page says in a language: the title, of half a code, of a wrong one, of the right one.
type Words = [&'static str; 4];

const ENGLISH: Words =
    ["Confirm your address", "has 6 digits", "That did not work", "Your address is confirmed"];
const GERMAN: Words =
    ["Adresse bestätigen", "hat 6 Ziffern", "Das hat nicht geklappt", "Ihre Adresse ist bestätigt"];

/// Half a code and a wrong one are told of; the right one confirms, and leads home.
fn confirms_the_address(looks: Looks, name: &str, [title, half, wrong, confirmed]: Words) {
    TestApp::run(async |app| {
        let browser = browser(app, looks).await;
        send_registration(&browser).await;
        browser.reads("#confirm h1", title).await.unwrap();
        browser.reads("#confirm-hint", "m").await.unwrap();
        assert_eq!(focused(&browser).await, "confirm-code");
        browser.shot(&format!("{name}-confirm")).await.unwrap();
        let code = mailed(app).await;

        confirm(&browser, "12 34").await;
        browser.reads("#confirm-form .error", half).await.unwrap();
        assert_eq!(focused(&browser).await, "confirm-code");
        confirm(&browser, &another(&code)).await;
        browser.reads("#confirm-form .error", wrong).await.unwrap();
        app.pass(SECOND).await;
        confirm(&browser, &in_groups(&code)).await;
        browser.reads("#note", confirmed).await.unwrap();
        assert_eq!(browser.path().await.unwrap(), "/");
        browser.see("#member").await.unwrap();
        open_settings(&browser).await;
        browser.see("#confirmed").await.unwrap();
        assert!(is_hidden(&browser, "#confirm-address").await);
        browser.close().await.unwrap();
    });
}

#[test]
fn the_address_is_confirmed_right_after_registering_at_a_desk() {
    confirms_the_address(Looks::DESK, "desk", ENGLISH);
}

#[test]
fn the_address_is_confirmed_right_after_registering_on_a_phone_in_german() {
    confirms_the_address(Looks { language: "de", ..Looks::PHONE }, "phone", GERMAN);
}

/// Whoever skips it is in all the same, and finds it in the settings. The password does not stay
/// in the page.
#[test]
fn confirming_the_address_can_wait() {
    TestApp::run(async |app| {
        let browser = browser(app, Looks::PHONE).await;
        send_registration(&browser).await;
        browser.see("#confirm").await.unwrap();
        let left = "return document.getElementById('new-password').value";
        assert_eq!(browser.script(left).await.unwrap(), "");
        skip_confirmation(&browser).await;
        open_settings(&browser).await;
        browser.see("#unconfirmed").await.unwrap();
        confirm_address(app, &browser).await;
        browser.see("#confirmed").await.unwrap();
        browser.close().await.unwrap();
    });
}

/// The page says when there is another code. Where the server wants a longer wait than the page
/// believed, that is said; the code that was sent last is the one that counts.
#[test]
fn a_code_is_sent_once_more() {
    TestApp::run(async |app| {
        let browser = browser(app, Looks::DESK).await;
        browser.at(app.clock.now()).await.unwrap();
        send_registration(&browser).await;
        browser.reads("#confirm-resend-at", "Another code can be sent in").await.unwrap();
        let first = mailed(app).await;

        browser.at(app.clock.now() + BETWEEN_MAILS).await.unwrap();
        browser.see("#confirm-resend:enabled").await.unwrap();
        browser.click("#confirm-resend").await.unwrap();
        browser.reads("#confirm-form .error", "then try again").await.unwrap();

        app.pass(BETWEEN_MAILS).await;
        // What the server said is counted in the time of this browser.
        browser.at(app.clock.now() + BETWEEN_MAILS).await.unwrap();
        browser.see("#confirm-resend:enabled").await.unwrap();
        browser.at(app.clock.now()).await.unwrap();
        browser.click("#confirm-resend").await.unwrap();
        browser.reads("#confirm-resend-at", "Another code can be sent in").await.unwrap();
        let second = mailed(app).await;
        assert_ne!(first, second);
        confirm(&browser, &first).await;
        browser.reads("#confirm-form .error", "That did not work").await.unwrap();
        app.pass(SECOND).await;
        confirm(&browser, &second).await;
        browser.reads("#note", "Your address is confirmed").await.unwrap();
        browser.close().await.unwrap();
    });
}

/// Where everybody needs a second factor, a new account goes on to its set-up without typing the
/// password again.
#[test]
fn a_new_account_goes_on_to_the_authenticator_that_everybody_needs() {
    TestApp::run_with(
        |config| config.two_factor.required_from = Some("2026-11-01T00:00:00Z".to_owned()),
        async |app| {
            let browser = browser(app, Looks::DESK).await;
            send_registration(&browser).await;
            browser.reads("#enrolment", "Everyone needs two-factor").await.unwrap();
            browser.click("#enrolment-form [type=submit]").await.unwrap();
            scan_and_activate(app, &browser, "registered-and-enrolled").await;
            kept_codes(&browser).await;
            browser.see("#protected").await.unwrap();
            browser.close().await.unwrap();
        },
    );
}

/// A login is chosen by whoever registers, so that one which is taken has to be told; whether an
/// address is known is not.
#[test]
fn a_page_tells_of_a_taken_login_and_never_of_a_known_address() {
    TestApp::run(async |app| {
        app.person(LOGIN).await;
        let browser = browser(app, Looks::DESK).await;
        send_registration(&browser).await;
        browser.reads("#register .error", "That login is taken").await.unwrap();
        assert_eq!(focused(&browser).await, "login");
        browser.fill("#login", "konrad").await.unwrap();
        browser.click("#register [type=submit]").await.unwrap();
        browser.see("#confirm").await.unwrap();
        skip_confirmation(&browser).await;
        browser.reads("#who", "konrad").await.unwrap();
        browser.close().await.unwrap();
    });
}
