//! The example app of the guide, as a reader runs it.

use std::process::Command;

use countersign_tests::bench::prepare::step_now;
use countersign_tests::browser::{Browser, Looks};
use countersign_tests::neighbour::{Neighbour, free_port};
use countersign_tests::phone::code;
use countersign_tests::python::python;

use crate::place::{App, LOGIN, Place, enable_on_the_way, file, sign_in, type_code};

/// What it needs for the way without our pages.
const SCOPES: [&str; 6] =
    ["--scope", "accounts:write", "--scope", "factors:write", "--scope", "sign-ins:vouch"];

struct Shop {
    place: Place,
    _process: Neighbour,
    browser: Browser,
}

impl Shop {
    async fn open() -> Self {
        Self::open_in(Place::new()).await
    }

    async fn open_in(place: Place) -> Self {
        let port = free_port().unwrap();
        let site = format!("http://localhost:{port}");
        let (back, left) = (format!("{site}/callback"), format!("{site}/"));
        let app = place.add_app("Shop", &back, &left, &SCOPES);
        let process = run(&place, &app, port);
        let browser = Browser::open(&site, Looks::DESK).await.unwrap();
        Self { place, _process: process, browser }
    }

    /// Signs in with a password of the shop's own.
    async fn log_in(&self) {
        self.browser.go("/").await.unwrap();
        self.browser.fill("[name=name]", "alice").await.unwrap();
        self.browser.fill("[name=password]", "wonderland rabbit hole").await.unwrap();
        self.browser.click("form button").await.unwrap();
    }

    async fn sign_out(&self) {
        self.browser.go("/").await.unwrap();
        self.browser.click("#sign-out").await.unwrap();
        // Whoever goes on before that has arrived is still signed in.
        self.browser.see("[name=name]").await.unwrap();
    }

    /// Says of which authenticator the code will be.
    async fn choose(&self, name: &str) {
        let script = "const way = document.querySelector('[name=way]');
            way.selectedIndex = [...way.options].findIndex((one) => one.text === 'NAME');";
        self.browser.script(&script.replace("NAME", name)).await.unwrap();
    }

    async fn type_code(&self, code: &str) {
        self.browser.fill("[name=code]", code).await.unwrap();
        self.browser.click("form button").await.unwrap();
    }
}

fn run(place: &Place, app: &App, port: u16) -> Neighbour {
    let mut command = Command::new(python().unwrap());
    command.arg(file("docs/example/app.py"));
    command.env("ISSUER", place.issuer()).env("PORT", port.to_string());
    command.env("CLIENT_ID", &app.id).env("CLIENT_SECRET", &app.key);
    Neighbour::start(&mut command, "open http://localhost").unwrap()
}

/// With our pages: a password is enough to come in, two factors are asked for where they are
/// needed, and after signing out, both are.
#[tokio::test]
async fn sr_132_the_example_signs_in_by_one_redirect_and_steps_up() {
    let shop = Shop::open().await;
    let account = shop.place.register();
    let browser = &shop.browser;
    browser.go("/callback?code=stolen&state=guessed").await.unwrap();
    browser.reads("#why", "this browser did not ask for that").await.unwrap();

    browser.go("/").await.unwrap();
    browser.click("#sign-in").await.unwrap();
    sign_in(browser).await;
    browser.reads("#who", LOGIN).await.unwrap();
    assert_eq!(browser.text("#sub").await.unwrap(), account);
    assert_eq!(browser.text("#acr").await.unwrap(), "urn:countersign:acr:password");
    browser.click("#pay").await.unwrap();
    let phone = enable_on_the_way(browser, "Shop").await;
    browser.see("#paid").await.unwrap();

    browser.go("/").await.unwrap();
    assert_eq!(browser.text("#amr").await.unwrap(), "['pwd', 'otp', 'mfa']");
    browser.click("#sign-out").await.unwrap();
    browser.click("#end-form [type=submit]").await.unwrap();
    browser.click("#sign-in").await.unwrap();
    sign_in(browser).await;
    type_code(browser, &phone).await;
    browser.reads("#acr", "urn:countersign:acr:two_factor").await.unwrap();
    browser.click("#pay").await.unwrap();
    browser.see("#paid").await.unwrap();
    shop.browser.close().await.unwrap();
}

/// SR-135: without our pages: the shop checks the password, and believes the assertion once PyJWT
/// has verified it; its customer adds a phone, and is asked for a code from then on.
#[tokio::test]
async fn sr_135_the_example_vouches_and_verifies_the_assertion() {
    let shop = Shop::open().await;
    let browser = &shop.browser;
    shop.log_in().await;
    browser.reads("#who", "alice").await.unwrap();
    assert_eq!(browser.text("#acr").await.unwrap(), "urn:countersign:acr:password");
    browser.click("#offer").await.unwrap();
    browser.see("#qr svg").await.unwrap();
    let secret = browser.text("#key").await.unwrap();
    // Who mistypes the first code tries again.
    shop.type_code("no code").await;
    browser.see("#why").await.unwrap();
    browser.click("#back").await.unwrap();
    let step = step_now();
    shop.type_code(&code(&secret, step).unwrap()).await;
    browser.see("#codes li").await.unwrap();

    shop.sign_out().await;
    shop.log_in().await;
    browser.reads("h1", "One more step").await.unwrap();
    shop.type_code(&code(&secret, step + 1).unwrap()).await;
    browser.reads("#who", "alice").await.unwrap();
    // A further one is asked for with the customer's own session. A wrong code takes nothing away,
    // and no recovery codes come with it.
    browser.go("/offer?name=Tablet").await.unwrap();
    let tablet = browser.text("#key").await.unwrap();
    shop.type_code(&code(&tablet, step + 1000).unwrap()).await;
    browser.reads("#why", "Each code works once").await.unwrap();
    browser.click("#back").await.unwrap();
    assert_eq!(browser.text("#key").await.unwrap(), tablet);
    let of_tablet = step_now();
    shop.type_code(&code(&tablet, of_tablet).unwrap()).await;
    browser.see("#added").await.unwrap();

    shop.sign_out().await;
    shop.log_in().await;
    browser.reads("h1", "One more step").await.unwrap();
    // Each code is compared with the one authenticator that the customer names.
    shop.choose("Tablet").await;
    shop.type_code(&code(&tablet, of_tablet + 1).unwrap()).await;
    browser.reads("#who", "alice").await.unwrap();
    assert_eq!(browser.text("#acr").await.unwrap(), "urn:countersign:acr:two_factor");
    shop.browser.close().await.unwrap();
}

/// Where everybody must have a second factor the shop has its customer add a phone on the way in.
#[tokio::test]
async fn the_example_enrols_on_the_way_where_everybody_must_have_a_second_factor() {
    let shop = Shop::open_in(Place::with_two_factors_for_all()).await;
    let browser = &shop.browser;
    shop.log_in().await;
    browser.reads("h1", "Scan this").await.unwrap();
    let secret = browser.text("#key").await.unwrap();
    shop.type_code(&code(&secret, step_now()).unwrap()).await;
    browser.see("#codes li").await.unwrap();
    browser.go("/").await.unwrap();
    assert_eq!(browser.text("#acr").await.unwrap(), "urn:countersign:acr:two_factor");
    shop.browser.close().await.unwrap();
}
