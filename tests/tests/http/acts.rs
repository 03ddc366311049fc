//! The acts that change how a person is known, each as its holder would ask for it.

use countersign_events::account::AccountEvent;
use countersign_tests::app::{Call, Person, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

/// An act.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Value,
    /// What it is answered where it is allowed.
    pub(crate) done: u16,
}

impl Act {
    fn new(method: Method, path: String, body: Value, done: u16) -> Self {
        Self { method, path, body, done }
    }

    pub(crate) fn send<'a>(&self, app: &'a TestApp) -> Call<'a> {
        app.call(self.method.clone(), self.path.as_str()).json(&self.body)
    }
}

/// Offering a further authenticator, renaming and removing the one there is, both ways, and new
/// recovery codes. What switches the second factor off comes last.
pub(crate) fn acts(person: &Person) -> Vec<Act> {
    let factors = "/v1/accounts/me/factors".to_owned();
    let factor = format!("{factors}/{}", person.factor);
    let offer = json!({ "kind": "totp", "name": "the blue phone" });
    let name = json!({ "name": "the old phone" });
    let recovery = "/v1/accounts/me/recovery-codes".to_owned();
    vec![
        Act::new(Method::POST, factors, offer, 202),
        Act::new(Method::PATCH, factor.clone(), name, 200),
        Act::new(Method::POST, recovery, json!({}), 201),
        Act::new(Method::POST, format!("{factor}/remove"), json!({}), 204),
        Act::new(Method::DELETE, factor, json!({}), 204),
    ]
}

/// What has happened to an account, without what says only that somebody was there, and that a
/// mail has left.
pub(crate) fn changes(app: &TestApp, person: &Person) -> Vec<AccountEvent> {
    let mut events = app.events(&person.account);
    events.retain(|event| {
        !matches!(
            event,
            AccountEvent::SessionUsed(_)
                | AccountEvent::NoticeSent(_)
                | AccountEvent::EmailCodeSent(_)
        )
    });
    events
}

/// Proves again with a password or a code: the answer, not judged.
pub(crate) fn prove<'a>(app: &'a TestApp, token: &str, proof: &Value) -> Call<'a> {
    app.post("/v1/session/proofs", proof).bearer(token)
}

/// A code of the authenticator as a proof.
pub(crate) fn totp(app: &TestApp, person: &Person) -> Value {
    json!({ "method": "totp", "code": app.code(person) })
}
