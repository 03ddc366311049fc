//! A phone: the codes of an authenticator, and a user of a client app who has one.
//!
//! An authenticator is activated with the code of the present time step, and signs in with the
//! next one: both stay right for half a minute whatever second the test starts in.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use countersign_core::domain::totp::Generator;
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};

use crate::bench::prepare::step_now;
use crate::server::{Answered, call};

/// A user of a client app with an authenticator that was offered.
#[derive(Debug, Clone)]
pub struct User {
    /// The app's name for the account.
    pub subject: String,
    /// The account.
    pub account: String,
    /// The authenticator.
    pub factor: String,
    /// Its secret, base32 without padding.
    pub secret: String,
    /// The time step that it was offered in.
    pub step: u64,
}

/// The code of a secret (base32) at a time step.
///
/// # Errors
/// If the secret is none.
pub fn code(secret: &str, step: u64) -> anyhow::Result<String> {
    let secret = BASE32_NOPAD.decode(secret.as_bytes())?;
    Ok(Generator::new(&secret)?.code(step))
}

/// Another code than those of the steps that are near.
///
/// # Errors
/// If the secret is none.
pub fn wrong_code(secret: &str, step: u64) -> anyhow::Result<String> {
    let near: Vec<String> =
        (step - 2..=step + 4).map(|step| code(secret, step)).collect::<Result<_, _>>()?;
    let mut candidates = (0..20).map(|number| format!("{number:06}"));
    candidates.find(|candidate| !near.contains(candidate)).context("all codes are near")
}

/// A client app: where the server is and its API key.
#[derive(Debug, Clone)]
pub struct App {
    /// The public listener.
    pub public: SocketAddr,
    /// The API key.
    pub key: String,
}

/// Where somebody sits: always the same address, and hardly anybody else's.
fn address_of(subject: &str) -> String {
    let mut hasher = DefaultHasher::new();
    subject.hash(&mut hasher);
    let [a, b, c, ..] = hasher.finish().to_be_bytes();
    format!("10.{a}.{b}.{c}")
}

impl App {
    /// A POST with the API key.
    ///
    /// # Errors
    /// What the socket says.
    pub fn post(&self, path: &str, body: &Value) -> io::Result<Answered> {
        call(self.public, "POST", path, Some(&self.key), Some(body))
    }

    /// Makes an account.
    ///
    /// # Errors
    /// What the socket says.
    pub fn register(&self, subject: &str) -> io::Result<Answered> {
        self.post("/v1/accounts", &json!({ "subject": subject }))
    }

    /// Asks for an authenticator.
    ///
    /// # Errors
    /// What the socket says.
    pub fn begin(&self, account: &str) -> io::Result<Answered> {
        let body = json!({ "kind": "totp", "name": "phone" });
        self.post(&format!("/v1/accounts/{account}/factors"), &body)
    }

    /// Activates it with a code.
    ///
    /// # Errors
    /// What the socket says.
    pub fn activate(&self, user: &User, code: &str) -> io::Result<Answered> {
        let (account, factor) = (&user.account, &user.factor);
        let path = format!("/v1/accounts/{account}/factors/{factor}/activate");
        self.post(&path, &json!({ "code": code }))
    }

    /// Begins a sign-in that the app vouches for. Everybody sits at an address of their own: wrong
    /// codes of many from one would block it (SR-091).
    ///
    /// # Errors
    /// What the socket says.
    pub fn vouch(&self, subject: &str) -> io::Result<Answered> {
        let context = json!({ "ip": address_of(subject), "user_agent": "canary-phone/9.75" });
        let body = json!({ "subject": subject, "first_factor": "vouched", "context": context });
        self.post("/v1/sign-ins", &body)
    }

    /// Answers a sign-in with a code of the authenticator.
    ///
    /// # Errors
    /// What the socket says.
    pub fn answer(&self, sign_in: &str, code: &str) -> io::Result<Answered> {
        let body = json!({ "method": "totp", "code": code });
        call(self.public, "POST", &format!("/v1/sign-ins/{sign_in}/answers"), None, Some(&body))
    }

    /// Makes an account with an authenticator in use: its next code is that of `step + 1`.
    ///
    /// # Errors
    /// What the socket says, or an answer that is no yes.
    pub fn user(&self, subject: &str) -> anyhow::Result<User> {
        let registered = self.register(subject)?;
        ensure!(registered.status == 201, "{registered:?}");
        let account = registered.text_at("/account_id").to_owned();
        let offered = self.begin(&account)?;
        let user = User {
            subject: subject.to_owned(),
            account,
            factor: offered.text_at("/factor_id").to_owned(),
            secret: offered.text_at("/secret").to_owned(),
            step: step_now(),
        };
        let activated = self.activate(&user, &code(&user.secret, user.step)?)?;
        ensure!(activated.status == 200, "{activated:?}");
        Ok(user)
    }

    /// Begins a sign-in of a user: its id.
    ///
    /// # Errors
    /// What the socket says, or an answer that is no yes.
    pub fn sign_in(&self, user: &User) -> anyhow::Result<String> {
        let begun = self.vouch(&user.subject)?;
        ensure!(begun.status == 200, "{begun:?}");
        Ok(begun.text_at("/id").to_owned())
    }
}
