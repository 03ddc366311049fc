//! A person before a browser, with a phone in hand.

use std::process::Command;

use countersign_api::server::listener::Listener;
use countersign_core::clock::Clock as _;
use countersign_tests::app::{PASSWORD, STEP, TestApp};
use countersign_tests::browser::{Browser, Looks};

/// Everybody's login here.
pub(crate) const LOGIN: &str = "marlene";
/// The address.
pub(crate) const EMAIL: &str = "marlene@example.com";

/// From one mail with a code on, until another may be sent.
pub(crate) const BETWEEN_MAILS: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);

/// What a program says; what it wants must be there.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Reads the one QR code in a picture.
pub(crate) fn scan(picture: &[u8]) -> String {
    let file = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
    std::fs::write(&file, picture).unwrap();
    run("zbarimg", &["--raw", "-q", file.path().to_str().unwrap()])
}

/// The secret of an `otpauth` URI.
pub(crate) fn secret_in(uri: &str) -> String {
    uri.split(['?', '&']).find_map(|part| part.strip_prefix("secret=")).unwrap().to_owned()
}

/// What the phone shows now.
pub(crate) fn phone(app: &TestApp, secret: &str) -> String {
    let at = format!("@{}", app.clock.now().as_second());
    run("oathtool", &["--totp", "-b", secret, "-N", &at])
}

/// Half a minute later.
pub(crate) async fn next_step(app: &TestApp) {
    app.pass(STEP).await;
}

/// A browser on the portal of this server.
pub(crate) async fn browser(app: &TestApp, looks: Looks) -> Browser {
    let base = format!("http://{}", app.address(Listener::Public));
    Browser::open(&base, looks).await.unwrap()
}

/// Registers through the pages, and leaves the address unconfirmed.
pub(crate) async fn register(browser: &Browser) {
    send_registration(browser).await;
    browser.see("#confirm").await.unwrap();
    skip_confirmation(browser).await;
}

/// Fills in the registration and sends it.
pub(crate) async fn send_registration(browser: &Browser) {
    browser.go("/").await.unwrap();
    browser.click("a[href='/register']").await.unwrap();
    browser.fill("#login", LOGIN).await.unwrap();
    browser.fill("#email", EMAIL).await.unwrap();
    browser.fill("#new-password", PASSWORD).await.unwrap();
    browser.click("#register [type=submit]").await.unwrap();
}

/// Leaves the address for later.
pub(crate) async fn skip_confirmation(browser: &Browser) {
    browser.click("#confirm a.plain").await.unwrap();
    browser.see("#member").await.unwrap();
}

/// In the settings: confirms the address with the code that is sent to it.
pub(crate) async fn confirm_address(app: &TestApp, browser: &Browser) {
    app.pass(BETWEEN_MAILS).await;
    browser.click("#confirm-address").await.unwrap();
    browser.see("#address-form").await.unwrap();
    app.settle().await;
    browser.fill("#address-code", &app.post.newest_code(EMAIL).unwrap()).await.unwrap();
    browser.click("#address-form [type=submit]").await.unwrap();
    browser.reads("#note", "Your address is confirmed").await.unwrap();
}

/// Goes to the settings as people do: by the icon at the top right.
pub(crate) async fn open_settings(browser: &Browser) {
    browser.click("#profile summary").await.unwrap();
    browser.click("#profile a[href='/account']").await.unwrap();
    browser.see("#settings").await.unwrap();
}

/// Types login and password on the sign-in page.
pub(crate) async fn type_password(browser: &Browser) {
    type_password_of(browser, LOGIN, PASSWORD).await;
}

/// The same for somebody else, or with another password.
pub(crate) async fn type_password_of(browser: &Browser, login: &str, password: &str) {
    browser.go("/sign-in").await.unwrap();
    browser.fill("#login", login).await.unwrap();
    browser.fill("#password", password).await.unwrap();
    browser.click("#password-form [type=submit]").await.unwrap();
}

/// The secret of the newest link to a page in the mails to an address. It must not turn up
/// anywhere else.
pub(crate) async fn link_to(app: &TestApp, page: &str, address: &str) -> String {
    app.settle().await;
    let secret = app.post.newest_link(address, page).unwrap();
    app.plant("secret of a link", secret.as_bytes());
    secret
}

/// Whether what this selects is hidden, whatever lies around it.
pub(crate) async fn is_hidden(browser: &Browser, css: &str) -> bool {
    let script = format!("return document.querySelector({css:?}).hidden");
    browser.script(&script).await.unwrap() == true
}

/// Whose password a form is about, as it tells password managers.
pub(crate) async fn holder_in(browser: &Browser, form: &str) -> String {
    let script = format!("return document.querySelector('{form} [autocomplete=username]').value");
    browser.script(&script).await.unwrap().as_str().unwrap().to_owned()
}

/// Types a code on the sign-in page.
pub(crate) async fn type_code(browser: &Browser, field: &str, code: &str) {
    browser.fill(field, code).await.unwrap();
    browser.click("#code-form [type=submit]").await.unwrap();
}

/// The same after another code was refused: a second later, as people are.
pub(crate) async fn type_another_code(app: &TestApp, browser: &Browser, field: &str, code: &str) {
    app.pass(jiff::SignedDuration::from_secs(1)).await;
    type_code(browser, field, code).await;
}

/// Signs out by the icon.
pub(crate) async fn sign_out(browser: &Browser) {
    browser.click("#profile summary").await.unwrap();
    browser.click("#sign-out").await.unwrap();
    browser.see("#guest-nav").await.unwrap();
}

/// Enables 2FA with what the picture of the dialog holds: the secret and the recovery codes.
pub(crate) async fn enable(
    app: &TestApp,
    browser: &Browser,
    picture: &str,
) -> (String, Vec<String>) {
    browser.click("#enable").await.unwrap();
    let secret = scan_and_activate(app, browser, picture).await;
    let codes = kept_codes(browser).await;
    browser.see("#factors .remove").await.unwrap();
    (secret, codes)
}

/// In the open dialog: scans the picture and types the first code. The secret.
pub(crate) async fn scan_and_activate(app: &TestApp, browser: &Browser, picture: &str) -> String {
    browser.see("#qr svg").await.unwrap();
    let uri = scan(&browser.shot(picture).await.unwrap());
    let secret = secret_in(&uri);
    let typed = browser.text("#key").await.unwrap().replace(' ', "");
    assert_eq!(typed, secret, "the key to type is the one in the QR code");
    let code = phone(app, &secret);
    let (first, last) = code.split_at(3);
    browser.fill("#activate-code", &format!("{first} {last}")).await.unwrap();
    browser.click("#activate-form [type=submit]").await.unwrap();
    secret
}

/// The recovery codes that are shown, until they are said to be kept.
pub(crate) async fn kept_codes(browser: &Browser) -> Vec<String> {
    let codes = browser.text("#codes").await.unwrap();
    let codes: Vec<String> = codes.lines().map(str::to_owned).collect();
    assert_eq!(codes.len(), 10, "{codes:?}");
    browser.see("#wait").await.unwrap();
    browser.click("#kept").await.unwrap();
    codes
}

/// Somebody who has registered, enabled 2FA and signed out: the browser, the secret, the recovery
/// codes.
pub(crate) async fn protected(
    app: &TestApp,
    looks: Looks,
    picture: &str,
) -> (Browser, String, Vec<String>) {
    let browser = browser(app, looks).await;
    register(&browser).await;
    open_settings(&browser).await;
    let (secret, codes) = enable(app, &browser, picture).await;
    sign_out(&browser).await;
    (browser, secret, codes)
}

/// The second step with a code sent by e-mail.
pub(crate) async fn enter_by_email(app: &TestApp, browser: &Browser) {
    app.pass(BETWEEN_MAILS).await;
    type_password(browser).await;
    browser.click("#send-code").await.unwrap();
    browser.reads("#hint", "m").await.unwrap();
    app.settle().await;
    type_code(browser, "#code", &app.post.newest_code(EMAIL).unwrap()).await;
    browser.reads("#by-email", "recovery codes, your password or your address").await.unwrap();
}
