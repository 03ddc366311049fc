//! An app sends people here to sign in, and has them back with what it asked for (OpenID Connect).

use countersign_tests::app::{PASSWORD, TestApp};
use countersign_tests::browser::{Browser, Looks};
use thirtyfour::Key;

use crate::accessible::nothing_found;
use crate::person::*;
use crate::shop::Shop;

/// What an app asks for that wants two factors.
const TWO_FACTOR: &str = "&acr_values=urn%3Acountersign%3Aacr%3Atwo_factor";

/// Types login and password on the page that is open, and the next code where there is a phone.
async fn sign_in(app: &TestApp, browser: &Browser, secret: Option<&str>) {
    browser.fill("#login", LOGIN).await.unwrap();
    browser.fill("#password", PASSWORD).await.unwrap();
    browser.click("#password-form [type=submit]").await.unwrap();
    let Some(secret) = secret else { return };
    next_step(app).await;
    type_code(browser, "#code", &phone(app, secret)).await;
}

/// From an app and back to it, with an account and 2FA made on the way; the next time nothing is
/// asked.
fn an_app_has_its_user_with_2fa_enabled_on_the_way(looks: Looks) {
    TestApp::run(async |app| {
        let shop = Shop::open(app).await;
        let browser = browser(app, looks).await;
        browser.go(&shop.asks(TWO_FACTOR)).await.unwrap();
        browser.reads("#for-app", "Sign in to go on to Shop").await.unwrap();
        browser.shot("app-sign-in").await.unwrap();
        browser.click("a[href='/register']").await.unwrap();
        browser.fill("#login", LOGIN).await.unwrap();
        browser.fill("#email", EMAIL).await.unwrap();
        browser.fill("#new-password", PASSWORD).await.unwrap();
        browser.click("#register [type=submit]").await.unwrap();
        browser.click("#skip").await.unwrap();

        browser.reads("#enrol", "Shop asks for two-factor authentication").await.unwrap();
        nothing_found(&browser, "an app that asks for 2FA").await;
        browser.shot("app-asks-for-2fa").await.unwrap();
        browser.click("#enrol-form [type=submit]").await.unwrap();
        browser.reads("#to-app", "Enable it here").await.unwrap();
        browser.click("#enable").await.unwrap();
        scan_and_activate(app, &browser, "enabled-for-an-app").await;
        kept_codes(&browser).await;
        browser.reads("#continue", "Continue to Shop").await.unwrap();
        nothing_found(&browser, "back to the app").await;
        browser.click("#continue").await.unwrap();
        let first = shop.has_back(&browser, "code").await;

        browser.go(&shop.asks(TWO_FACTOR)).await.unwrap();
        assert_ne!(shop.has_back(&browser, "code").await, first);
        browser.go("/account").await.unwrap();
        browser.see("#factors .remove").await.unwrap();
        assert!(is_hidden(&browser, "#to-app").await, "nobody is on the way any more");
        browser.close().await.unwrap();
    });
}

in_all_looks!(an_app_has_its_user_with_2fa_enabled_on_the_way);

/// Whoever has to sign in anyway does so once; with a session he does it anew, once for each time
/// that the app asks, and loses no session by being asked.
#[test]
fn sr_132_a_sign_in_anew_is_asked_for_once() {
    TestApp::run(async |app| {
        let (browser, secret, _) = protected(app, Looks::DESK, "signed-in-anew").await;
        let shop = Shop::open(app).await;
        browser.go(&shop.asks("&prompt=login")).await.unwrap();
        browser.reads("#for-app", "Sign in to go on to Shop").await.unwrap();
        sign_in(app, &browser, Some(&secret)).await;
        shop.has_back(&browser, "code").await;
        for asked in ["&prompt=login", "&prompt=select_account", "&max_age=0"] {
            app.pass(jiff::SignedDuration::from_mins(1)).await;
            browser.go(&shop.asks(asked)).await.unwrap();
            browser.reads("#for-app", "Shop asks you to sign in once more").await.unwrap();
            browser.see("#profile").await.unwrap();
            sign_in(app, &browser, Some(&secret)).await;
            shop.has_back(&browser, "code").await;
        }
        browser.close().await.unwrap();
    });
}

/// A code by e-mail is not two factors: that is said, and the authenticator helps.
#[test]
fn sr_132_who_came_in_by_e_mail_is_asked_for_the_authenticator() {
    TestApp::run(async |app| {
        let (browser, secret, _) = protected(app, Looks::PHONE, "more-than-e-mail").await;
        let shop = Shop::open(app).await;
        enter_by_email(app, &browser).await;
        browser.go(&shop.asks(TWO_FACTOR)).await.unwrap();
        browser.reads("#for-app", "A code by e-mail is not enough for Shop").await.unwrap();
        browser.shot("app-asks-for-more").await.unwrap();
        sign_in(app, &browser, Some(&secret)).await;
        shop.has_back(&browser, "code").await;
        browser.close().await.unwrap();
    });
}

/// What a recovery code used up is said before the browser leaves.
#[test]
fn what_is_left_of_the_recovery_codes_is_read_on_the_way_to_an_app() {
    TestApp::run(async |app| {
        let (browser, _, codes) = protected(app, Looks::DESK, "recovered-for-an-app").await;
        let shop = Shop::open(app).await;
        browser.go(&shop.asks("")).await.unwrap();
        sign_in(app, &browser, None).await;
        browser.click("#use-recovery").await.unwrap();
        type_code(&browser, "#recovery", &codes[0]).await;
        browser.reads("#note", "9 recovery codes left").await.unwrap();
        browser.click("#consent-form [type=submit]").await.unwrap();
        shop.has_back(&browser, "code").await;
        browser.close().await.unwrap();
    });
}

/// Whoever does not want to go there is brought back with an error: before signing in, before
/// enabling 2FA, and where the app wants it agreed to; and stays signed in.
#[test]
fn who_does_not_want_to_is_brought_back_with_an_error() {
    TestApp::run(async |app| {
        let shop = Shop::open(app).await;
        let browser = browser(app, Looks::DESK).await;
        browser.go(&shop.asks("")).await.unwrap();
        browser.reads("#decline", "Do not go on to Shop").await.unwrap();
        browser.click("#decline").await.unwrap();
        shop.has_back(&browser, "error=access_denied").await;

        register(&browser).await;
        browser.go(&shop.asks(TWO_FACTOR)).await.unwrap();
        browser.click("#enrol .decline").await.unwrap();
        shop.has_back(&browser, "error=access_denied").await;
        browser.go(&shop.asks("&prompt=consent")).await.unwrap();
        browser.reads("#consent", "You are signed in as marlene").await.unwrap();
        assert!(is_hidden(&browser, "#told").await, "no more than who it is");
        nothing_found(&browser, "an app that wants it agreed to").await;
        browser.shot("app-continue").await.unwrap();
        browser.click("#consent .decline").await.unwrap();
        shop.has_back(&browser, "error=access_denied").await;

        let asks = shop.asks("&prompt=consent");
        browser.go(&asks.replace("=openid", "=openid%20email")).await.unwrap();
        browser.reads("#told", "E-mail address").await.unwrap();
        assert!(is_hidden(&browser, "#told-profile").await);
        browser.go(&asks.replace("=openid", "=openid%20profile%20email")).await.unwrap();
        browser.reads("#told", "Login").await.unwrap();
        browser.click("a[hreflang=de]").await.unwrap();
        browser.reads("#consent h1", "Weiter zu Shop").await.unwrap();
        browser.click("#consent-form [type=submit]").await.unwrap();
        shop.has_back(&browser, "code").await;
        browser.close().await.unwrap();
    });
}

/// Asked not to show anything, the page does not, whoever is there.
#[test]
fn nothing_is_shown_where_the_app_asks_for_that() {
    TestApp::run(async |app| {
        let shop = Shop::open(app).await;
        let browser = browser(app, Looks::DESK).await;
        browser.go(&shop.asks("&prompt=none")).await.unwrap();
        shop.has_back(&browser, "error=login_required").await;
        register(&browser).await;
        browser.go(&shop.asks("&prompt=none")).await.unwrap();
        shop.has_back(&browser, "code").await;
        browser.go(&shop.asks(&format!("&prompt=none{TWO_FACTOR}"))).await.unwrap();
        shop.has_back(&browser, "error=").await;
        browser.close().await.unwrap();
    });
}

/// A request that is not in order leads nowhere: a parameter that is there twice, an app that there
/// is not, an address that is not on its list.
#[test]
fn a_request_that_is_not_in_order_leads_nowhere() {
    TestApp::run(async |app| {
        let shop = Shop::open(app).await;
        let browser = browser(app, Looks::DESK).await;
        register(&browser).await;
        let fine = shop.asks("");
        let long = format!("state={}", "s".repeat(513));
        for (asked, why) in [
            (format!("{fine}&state=another"), "state is there twice"),
            (format!("{fine}&prompt=none&redirect_uri=http%3A%2F%2Flocalhost"), "there twice"),
            (fine.replace(&shop.id, "6f1c2a9e-0c1d-4a57-9d0e-3c5b7a1f2e48"), "no such app"),
            (fine.replace("%2Fcallback", "%2Fcallback%2F"), "redirect_uri: the app has not"),
            (fine.replace("client_id", "client"), "missing field `client_id`"),
            (fine.replace("state=kept-4711", &long), "state: 512 characters at most"),
        ] {
            for (language, says) in [("en", "Nothing has happened"), ("de", "Nichts ist geschehen")]
            {
                browser.go(&format!("{asked}&lang={language}")).await.unwrap();
                browser.reads("#invalid", says).await.unwrap();
                browser.reads("#invalid-why", why).await.unwrap();
            }
            let told = browser.text("#invalid-why").await.unwrap();
            assert!(!told.contains("line"), "an address has none: {told}");
        }
        nothing_found(&browser, "a request that is not in order").await;
        assert_eq!(shop.visits(), 0, "nobody was sent there");
        browser.close().await.unwrap();
    });
}

/// The way back that a tab keeps leads to the page of this site alone, whoever wrote it there.
#[test]
fn a_way_back_that_leads_elsewhere_is_none() {
    TestApp::run(async |app| {
        let browser = browser(app, Looks::DESK).await;
        register(&browser).await;
        for path in ["https://evil.example/oidc/authorize?", "//evil.example/", "/account"] {
            sign_out(&browser).await;
            let kept = format!("{{ path: {path:?}, app: 'Shop', began: Date.now() }}");
            let keep =
                format!("sessionStorage.setItem('countersign.return', JSON.stringify({kept}))");
            browser.script(&keep).await.unwrap();
            browser.go("/sign-in").await.unwrap();
            browser.see("#guest-nav").await.unwrap();
            assert!(is_hidden(&browser, "#for-app").await, "{path}");
            sign_in(app, &browser, None).await;
            browser.see("#member").await.unwrap();
        }
        browser.close().await.unwrap();
    });
}

/// Signs in, agrees and goes to the app with keys alone.
#[test]
fn a_keyboard_is_enough_to_go_on_to_an_app() {
    TestApp::run(async |app| {
        let (browser, secret, _) = protected(app, Looks::DESK, "keys-to-an-app").await;
        let shop = Shop::open(app).await;
        browser.go(&shop.asks("&prompt=consent")).await.unwrap();
        browser.see("#for-app").await.unwrap();
        browser.script("document.getElementById('login').focus()").await.unwrap();
        browser.press(LOGIN).await.unwrap();
        browser.press(Key::Tab + "").await.unwrap();
        browser.press(PASSWORD).await.unwrap();
        browser.press(Key::Enter + "").await.unwrap();
        browser.see("#code").await.unwrap();
        next_step(app).await;
        browser.press(phone(app, &secret)).await.unwrap();
        browser.press(Key::Enter + "").await.unwrap();
        browser.see("#consent").await.unwrap();
        browser.press(Key::Tab + "").await.unwrap();
        browser.press(Key::Enter + "").await.unwrap();
        shop.has_back(&browser, "code").await;
        browser.close().await.unwrap();
    });
}

/// An app sends somebody here to sign out: asked first, then back to the app; and asked by nobody
/// who may be gone back to, the page says that it is done.
#[test]
fn an_app_signs_its_user_out_here() {
    TestApp::run(async |app| {
        let shop = Shop::open(app).await;
        let browser = browser(app, Looks::DESK).await;
        register(&browser).await;
        browser.go(&shop.leaves("&state=over")).await.unwrap();
        browser.reads("#question", "You are signed in as marlene").await.unwrap();
        nothing_found(&browser, "sign out?").await;
        browser.click("#question a.plain").await.unwrap();
        browser.see("#member").await.unwrap();
        browser.go(&shop.leaves("&state=over")).await.unwrap();
        browser.click("#end-form [type=submit]").await.unwrap();
        browser.reads("#back", "/left?state=over").await.unwrap();
        browser.go("/").await.unwrap();
        browser.see("#guest").await.unwrap();
        browser.go("/oidc/end-session").await.unwrap();
        browser.reads("#done", "You are signed out").await.unwrap();
        assert!(is_hidden(&browser, "#no-way-back").await);
        nothing_found(&browser, "signed out").await;

        type_password(&browser).await;
        browser.see("#member").await.unwrap();
        let elsewhere = shop.leaves("").replace("%2Fleft", "%2Felsewhere");
        browser.go(&elsewhere).await.unwrap();
        browser.click("#end-form [type=submit]").await.unwrap();
        browser.reads("#no-way-back", "did not say in a valid way").await.unwrap();
        browser.go("/").await.unwrap();
        browser.see("#guest").await.unwrap();
        browser.close().await.unwrap();
    });
}
