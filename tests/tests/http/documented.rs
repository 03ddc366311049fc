//! Every call of the API's own document, made from the code: a new one cannot be left out of a
//! test that goes through all.

use std::collections::BTreeSet;

use countersign_api::server::auth::Auth;
use countersign_api::server::listener::Listener;
use countersign_api::server::openapi::document_json;
use countersign_api::server::routes::TABLE;
use reqwest::Method;
use serde_json::Value;

/// What looks like the token of a mail's link.
pub(crate) const NOBODYS_LINK: &str = concat!(
    "abcdefghijklmnopabcdefghijklmnopabcdefghijklmnop",
    "abcdefghijklmnopabcdefghijklmnopabcdefghijklmnop"
);
/// A handle and an id by their forms, and nobody's.
pub(crate) const NOBODYS_HANDLE: &str =
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
pub(crate) const NOBODYS_ID: &str = "6f1ad0b4-7f0c-4c4e-9d52-6a5b1d1c2e3f";
const NOBODYS_HASH: &str = "00000000000000000000000000000000";
/// A tile that no log here is large enough to have.
pub(crate) const NOBODYS_TILE: &str = "7/000";
/// The calls whose answers have no end: a test that goes through all asks for their heads.
pub(crate) const ENDLESS: [&str; 2] = ["/v1/log/stream", "/v1/events"];
/// The schema of a session with its token.
const SESSION_GIVEN: &str = "SessionGiven";

/// A call.
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// Its path, with parameters in braces.
    pub(crate) template: String,
    pub(crate) auth: Auth,
    pub(crate) on: &'static [Listener],
    /// Whether its answers, as they are described, can hold a session's token.
    pub(crate) gives_session: bool,
}

/// All of them.
pub(crate) fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(&document_json().unwrap()).unwrap();
    let schemas = &document["components"]["schemas"];
    assert!(schemas[SESSION_GIVEN].is_object());
    let mut operations = Vec::new();
    for (template, methods) in document["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let row = TABLE.iter().find(|row| {
                row.path == template.as_str() && row.method.as_str() == method.as_str()
            });
            let row = row.unwrap_or_else(|| panic!("{method} {template} is served nowhere"));
            let responses = &described["responses"];
            operations.push(Operation {
                method,
                template: template.clone(),
                auth: row.auth,
                on: row.on,
                gives_session: reaches_session(responses, schemas, &mut BTreeSet::new()),
            });
        }
    }
    assert_eq!(operations.len(), TABLE.len());
    operations
}

impl Operation {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    /// The path with an account in it, and nobody's ids in the place of all other parameters.
    pub(crate) fn path(&self, account: &str) -> String {
        let mut path = self.template.replace("{account}", account);
        for (parameter, value) in [
            ("{id}", NOBODYS_HANDLE),
            ("{token}", NOBODYS_LINK),
            ("{session}", NOBODYS_HASH),
            ("{device}", NOBODYS_HASH),
            ("{factor}", NOBODYS_ID),
            ("{client}", NOBODYS_ID),
            ("{key}", NOBODYS_ID),
            ("{webhook}", NOBODYS_ID),
            ("{operator}", NOBODYS_ID),
            ("{removal}", NOBODYS_ID),
            ("{tile}", NOBODYS_TILE),
        ] {
            path = path.replace(parameter, value);
        }
        assert!(!path.contains('{'), "a parameter that no test knows: {path}");
        path
    }
}

fn reaches_session<'a>(
    described: &'a Value,
    schemas: &'a Value,
    seen: &mut BTreeSet<&'a str>,
) -> bool {
    match described {
        Value::Object(fields) => {
            let named = fields.get("$ref").and_then(Value::as_str);
            let named = named.and_then(|named| named.rsplit('/').next());
            let is_new = named.filter(|named| seen.insert(named));
            named == Some(SESSION_GIVEN)
                || is_new.is_some_and(|named| reaches_session(&schemas[named], schemas, seen))
                || fields.values().any(|field| reaches_session(field, schemas, seen))
        }
        Value::Array(items) => items.iter().any(|item| reaches_session(item, schemas, seen)),
        _ => false,
    }
}
