//! The server, apps that it knows, and people with a browser and a phone.

use std::path::{Path, PathBuf};

use countersign_tests::bench::prepare::step_now;
use countersign_tests::browser::Browser;
use countersign_tests::phone::code;
use countersign_tests::server::{Server, call, verb};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Everybody's login here.
pub(crate) const LOGIN: &str = "marlene";
/// And password.
const PASSWORD: &str = "seven green umbrellas";

/// A running server and its directory.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
    server: Server,
}

/// An app that the server knows.
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) key: String,
}

/// A phone with an authenticator that was activated in a time step. The code of the next step is
/// right from now on, for a minute.
pub(crate) struct Phone {
    secret: String,
    step: u64,
}

impl Phone {
    pub(crate) fn next_code(&self) -> String {
        code(&self.secret, self.step + 1).unwrap()
    }
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(&dir.path().join("data")).unwrap();
        Self { dir, server }
    }

    /// The same with a server that believes a proxy of this machine.
    pub(crate) fn behind_a_proxy() -> Self {
        Self::set_up("[listen]\ntrusted_proxies = [\"127.0.0.1/32\"]\n")
    }

    /// The same where everybody must have a second factor.
    pub(crate) fn with_two_factors_for_all() -> Self {
        Self::set_up("[two_factor]\nrequired_from = \"2026-01-01T00:00:00Z\"\n")
    }

    fn set_up(configuration: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("countersign.toml");
        std::fs::write(&config, configuration).unwrap();
        let flags = ["--config", config.to_str().unwrap()];
        let server = Server::start_with(&flags, &dir.path().join("data")).unwrap();
        Self { dir, server }
    }

    /// Where the server is: the issuer.
    pub(crate) fn issuer(&self) -> String {
        format!("http://{}", self.server.public)
    }

    /// Adds an app that browsers come back to, and go back to when they have signed out.
    pub(crate) fn add_app(&self, name: &str, back: &str, left: &str, more: &[&str]) -> App {
        let data = self.dir.path().join("data");
        let mut line = vec!["client", "add", name, "--redirect-uri", back];
        line.extend(["--post-logout-redirect-uri", left]);
        line.extend(more);
        line.extend(["--json", "--data", data.to_str().unwrap()]);
        let (ended, out, err) = verb(&line).unwrap();
        assert_eq!(ended, Some(0), "{err}");
        let added: Value = serde_json::from_str(&out).unwrap();
        let text = |name: &str| added[name].as_str().unwrap().to_owned();
        App { id: text("client_id"), key: text("api_key") }
    }

    fn post(&self, path: &str, bearer: Option<&str>, body: &Value, status: u16) -> Value {
        let answered = call(self.server.public, "POST", path, bearer, Some(body)).unwrap();
        assert_eq!(answered.status, status, "{path}: {}", answered.text);
        answered.body
    }

    /// Somebody with a password: the account's id.
    pub(crate) fn register(&self) -> String {
        let email = format!("{LOGIN}@example.com");
        let body = json!({ "login": LOGIN, "email": email, "password": PASSWORD });
        let made = self.post("/v1/accounts", None, &body, 201);
        made["account_id"].as_str().unwrap().to_owned()
    }

    /// Gives whom there is an authenticator.
    pub(crate) fn enable(&self) -> Phone {
        let body = json!({ "login": LOGIN, "password": PASSWORD });
        let entered = self.post("/v1/sign-ins", None, &body, 200);
        let token = entered["session"]["token"].as_str();
        let body = json!({ "kind": "totp", "name": "Phone" });
        let offered = self.post("/v1/accounts/me/factors", token, &body, 202);
        let secret = offered["secret"].as_str().unwrap().to_owned();
        let step = step_now();
        let factor = offered["factor_id"].as_str().unwrap();
        let path = format!("/v1/accounts/me/factors/{factor}/activate");
        self.post(&path, token, &json!({ "code": code(&secret, step).unwrap() }), 200);
        Phone { secret, step }
    }
}

/// Types login and password where the portal asks for them.
pub(crate) async fn sign_in(browser: &Browser) {
    browser.fill("#login", LOGIN).await.unwrap();
    browser.fill("#password", PASSWORD).await.unwrap();
    browser.click("#password-form [type=submit]").await.unwrap();
}

/// Types the code that the portal asks for then.
pub(crate) async fn type_code(browser: &Browser, phone: &Phone) {
    browser.fill("#code", &phone.next_code()).await.unwrap();
    browser.click("#code-form [type=submit]").await.unwrap();
}

/// Enables 2FA on the way to an app that asks for it, and goes on there.
pub(crate) async fn enable_on_the_way(browser: &Browser, app: &str) -> Phone {
    browser.reads("#enrol", &format!("{app} asks for two-factor authentication")).await.unwrap();
    browser.click("#enrol-form [type=submit]").await.unwrap();
    browser.reads("#to-app", &format!("{app} asks for two-factor")).await.unwrap();
    browser.click("#enable").await.unwrap();
    let secret = browser.text("#key").await.unwrap().replace(' ', "");
    let step = step_now();
    browser.fill("#activate-code", &code(&secret, step).unwrap()).await.unwrap();
    browser.click("#activate-form [type=submit]").await.unwrap();
    browser.click("#kept").await.unwrap();
    browser.reads("#continue", &format!("Continue to {app}")).await.unwrap();
    browser.click("#continue").await.unwrap();
    Phone { secret, step }
}

/// A file of the repository.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(name)
}
