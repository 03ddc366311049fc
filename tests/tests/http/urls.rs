//! SR-071: what stands in an address ends up in histories, logs and referrers: nothing that is
//! secret, and no login and no e-mail address, has a place there.

use std::collections::{BTreeMap, BTreeSet};

use countersign_api::server::auth::Auth;
use countersign_api::server::openapi::document_json;
use countersign_tests::app::TestApp;
use reqwest::Method;
use serde_json::{Value, json};

use super::documented::{ENDLESS, operations};

/// What stands in paths, and why it may: names and ids that open nothing, and two exemptions.
const IN_PATHS: [(&str, &str); 12] = [
    ("account", "an id, `me`, or `subject:` and a client app's own name of it"),
    ("factor", "an id"),
    ("client", "an id"),
    ("key", "the id of a key, which is not the key"),
    ("operator", "an id"),
    ("removal", "an id"),
    ("webhook", "an id"),
    ("session", "its name, a hash"),
    ("device", "its name, a hash"),
    ("tile", "which part of the log's tree: numbers"),
    ("id", "exempt: the sign-in that waits, in its own path; it lives ten minutes"),
    ("token", "exempt: the link of a mail, which acts on a POST alone and once"),
];
/// What a query says: where to go on, and what to leave out. `code` is a grant, as OAuth has it: it
/// comes by way of the browser, lives a minute, works once and with what another cookie holds.
const IN_QUERIES: [&str; 18] = [
    "account", "acr", "at", "code", "cursor", "error", "from", "kind", "limit", "order",
    "revision", "since", "state", "ticket", "to", "types", "version", "window",
];

/// The parameters of all calls, by where they stand.
fn described() -> BTreeMap<String, BTreeSet<String>> {
    let document: Value = serde_json::from_str(&document_json().unwrap()).unwrap();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let parameters = operation["parameters"].as_array();
            for parameter in parameters.into_iter().flatten() {
                let part = |name: &str| parameter[name].as_str().unwrap().to_owned();
                found.entry(part("in")).or_default().insert(part("name"));
            }
        }
    }
    found
}

/// SR-071: no path and no query has room for a secret, a code, a login or an address; two paths are
/// exempt, and nothing else.
#[test]
fn sr_071_no_address_has_room_for_a_secret_or_a_name() {
    let described = described();
    let known = IN_PATHS.iter().map(|(name, _)| (*name).to_owned());
    assert_eq!(described["path"], known.collect::<BTreeSet<_>>());
    let known = IN_QUERIES.iter().map(|name| (*name).to_owned());
    assert_eq!(described["query"], known.collect::<BTreeSet<_>>());
    let exempt: BTreeSet<_> = operations()
        .iter()
        .filter(|one| one.template.contains("{id}") || one.template.contains("{token}"))
        .map(|one| one.template.split('{').next().unwrap().to_owned())
        .collect();
    let owners = ["/v1/objections/", "/v1/password-resets/", "/v1/sign-ins/", "/v1/unlocks/"];
    assert_eq!(exempt, owners.map(str::to_owned).into());
}

/// SR-071: and what a caller writes there all the same is refused by every call, unread.
#[test]
fn sr_071_a_secret_in_a_query_is_refused_by_every_call() {
    TestApp::run(async |app| {
        for operation in operations() {
            let method = match operation.template.as_str() {
                endless if ENDLESS.contains(&endless) => Method::HEAD,
                _ => operation.method.clone(),
            };
            for query in ["password=x", "code=123456", "token=x", "login=x", "email=x%40y.z"] {
                for on in operation.on {
                    let path = format!("{}?{query}", operation.path("me"));
                    let call = app.call(method.clone(), path).on(*on);
                    let call = match operation.method {
                        Method::GET => call,
                        _ => call.json(&json!({})),
                    };
                    let answered = call.await;
                    let name = operation.name();
                    // A host's browser is heard where a trusted proxy speaks for it, and nobody
                    // else.
                    let unheard = operation.auth == Auth::Proxied && answered.status == 403;
                    let refused = unheard || [400, 401].contains(&answered.status);
                    assert!(refused, "{name}: {answered:?}");
                }
            }
        }
    });
}
