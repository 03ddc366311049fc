//! Who may make which call: every row of the router, as every kind of caller.

use std::collections::BTreeMap;

use countersign_api::contract::kind::Role;
use countersign_api::server::auth::Auth;
use countersign_api::server::listener::Listener;
use countersign_api::server::routes::TABLE;
use countersign_tests::app::{Person, TestApp};
use reqwest::Method;
use serde_json::json;

use super::documented::NOBODYS_TILE;

const SUPPORT: &[Role] = &[Role::Support, Role::Supervisor];
const FOLLOW: &[Role] = &[Role::Support, Role::Supervisor, Role::Auditor];
const SUPERVISOR: &[Role] = &[Role::Supervisor];
const AUDITOR: &[Role] = &[Role::Auditor];
const ADMIN: &[Role] = &[Role::Admin];
const ANY: &[Role] = &[Role::Support, Role::Supervisor, Role::Auditor, Role::Admin];

/// The support matrix, written down once more: who may do what of what operators do.
const DECLARED: &[(&str, &[Role])] = &[
    ("POST /v1/support/accounts/search", SUPPORT),
    ("GET /v1/support/accounts", SUPPORT),
    ("GET /v1/support/accounts/{account}", SUPPORT),
    ("GET /v1/support/accounts/{account}/events", SUPPORT),
    ("GET /v1/support/accounts/{account}/state", SUPPORT),
    ("GET /v1/support/accounts/{account}/changes", SUPPORT),
    ("GET /v1/support/stats", ANY),
    ("GET /v1/support/log-health", ANY),
    ("GET /v1/log/stream", FOLLOW),
    ("GET /v1/log/checkpoint", AUDITOR),
    ("GET /v1/log/tile/{tile}", AUDITOR),
    ("POST /v1/support/accounts/{account}/lockout-resets", SUPPORT),
    ("POST /v1/support/accounts/{account}/suspensions", SUPPORT),
    ("POST /v1/support/accounts/{account}/resumptions", SUPPORT),
    ("POST /v1/support/accounts/{account}/session-ends", SUPPORT),
    ("POST /v1/support/accounts/{account}/password-mails", SUPPORT),
    ("POST /v1/support/accounts/{account}/factor-removals", SUPPORT),
    ("POST /v1/support/accounts/{account}/factor-removals/{removal}/approve", SUPERVISOR),
    ("POST /v1/support/accounts/{account}/factor-removals/{removal}/cancel", SUPPORT),
    ("POST /v1/support/accounts/{account}/address-changes", SUPERVISOR),
    ("POST /v1/support/accounts/{account}/address-changes/{removal}/approve", SUPERVISOR),
    ("POST /v1/support/accounts/{account}/address-changes/{removal}/cancel", SUPPORT),
    ("GET /v1/support/factor-removals", SUPPORT),
    ("GET /v1/clients", ADMIN),
    ("POST /v1/clients", ADMIN),
    ("DELETE /v1/clients/{client}", ADMIN),
    ("POST /v1/clients/{client}/keys", ADMIN),
    ("DELETE /v1/clients/{client}/keys/{key}", ADMIN),
    ("PUT /v1/clients/{client}/redirects", ADMIN),
    ("GET /v1/clients/{client}/webhooks", ADMIN),
    ("POST /v1/clients/{client}/webhooks", ADMIN),
    ("DELETE /v1/clients/{client}/webhooks/{webhook}", ADMIN),
    ("POST /v1/clients/{client}/webhooks/{webhook}/secrets", ADMIN),
    ("GET /v1/clients/{client}/webhooks/{webhook}/dead-letters", ADMIN),
    ("POST /v1/clients/{client}/webhooks/{webhook}/redeliveries", ADMIN),
    ("POST /v1/clients/{client}/webhooks/{webhook}/replays", ADMIN),
    ("GET /v1/operators", ADMIN),
    ("POST /v1/operators", ADMIN),
    ("GET /v1/operators/me", ANY),
    ("DELETE /v1/operators/{operator}", ADMIN),
    ("GET /v1/policy", ADMIN),
    ("PUT /v1/policy", ADMIN),
];

/// SR-120, SR-122, AT-51: the table of routes is the matrix: every row of an operator is declared
/// here, and is what it is declared to be. A new one that is not fails.
#[test]
fn sr_122_every_call_of_operators_has_a_declared_role() {
    let declared: BTreeMap<&str, &[Role]> = DECLARED.iter().copied().collect();
    let mut rows = BTreeMap::new();
    for row in TABLE.iter().filter(|row| row.on == [Listener::Operator]) {
        let name = format!("{} {}", row.method, row.path);
        let (Auth::Operator(roles) | Auth::OperatorOrClient(roles, _)) = row.auth else {
            panic!("{name} is for anybody")
        };
        let wanted = declared.get(name.as_str());
        assert_eq!(wanted, Some(&roles), "{name} has another role, or none");
        rows.insert(name, roles);
    }
    let missing: Vec<_> = declared.keys().filter(|name| !rows.contains_key(**name)).collect();
    assert!(missing.is_empty(), "declared, and no row: {missing:?}");
}

/// SR-120, SR-121, SR-122, AT-51: each of those calls, by every role, by a holder, by a client app
/// and by nobody: whom the role does not allow it is refused, whatever it says, and it is not even
/// there in public. What it is given is empty, so that nothing is done by whom it is allowed.
#[test]
fn sr_120_every_call_of_operators_is_for_its_roles_alone() {
    TestApp::run(async |app| {
        let key = app.client_app().await;
        let marlene = app.person("marlene.roles").await;
        let mut staff: Vec<(Role, Person)> = vec![];
        for (login, role) in [
            ("operator.support", Role::Support),
            ("operator.supervisor", Role::Supervisor),
            ("operator.auditor", Role::Auditor),
            ("operator.admin", Role::Admin),
        ] {
            staff.push((role, app.operator(login, role).await));
        }
        let mut calls = 0;
        for row in TABLE.iter().filter(|row| row.on == [Listener::Operator]) {
            let (roles, of_app) = match row.auth {
                Auth::Operator(roles) => (roles, 401),
                // A key has a place there, and this one has not the scope.
                Auth::OperatorOrClient(roles, _) => (roles, 403),
                _ => continue,
            };
            let nobody = "6f1ad0b4-7f0c-4c4e-9d52-6a5b1d1c2e3f";
            let path = ["{account}", "{removal}", "{client}", "{key}", "{webhook}", "{operator}"]
                .iter()
                .fold(row.path.replace("{tile}", NOBODYS_TILE), |path, name| {
                    path.replace(name, nobody)
                });
            // A stream has no end: its head is answered like it.
            let is_stream = row.path == "/v1/log/stream";
            let method = if is_stream { "HEAD" } else { row.method.as_str() };
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let call = |on: Listener| {
                let call = app.call(method.clone(), path.as_str()).on(on);
                if method == Method::GET || is_stream { call } else { call.json(&json!({})) }
            };
            let name = format!("{method} {}", row.path);
            for (role, operator) in &staff {
                let answered = call(Listener::Operator).bearer(&operator.token).await;
                let may = roles.contains(role);
                let refused = matches!(answered.status, 401 | 403);
                assert_eq!(refused, !may, "{name} by {role:?}: {:?}", answered.face());
                if !may {
                    assert_eq!(answered.status, 403, "{name} by {role:?}");
                }
                call(Listener::Public).bearer(&operator.token).await.is(404);
                calls += 1;
            }
            assert_eq!(call(Listener::Operator).bearer(&marlene.token).await.status, 401, "{name}");
            assert_eq!(call(Listener::Operator).bearer(&key).await.status, of_app, "{name}");
            assert_eq!(call(Listener::Operator).await.status, 401, "{name}");
        }
        assert_eq!(calls, DECLARED.len() * staff.len());
        let done = app.recorded();
        let acts = ["account.suspended", "account.factor_removal_requested", "operator.disabled"];
        assert!(done.iter().all(|event| !acts.contains(&event.as_str())), "nothing was done");
    });
}

/// SR-121: no call enrols, sets or shows anything secret: no field of the desk's bodies is one.
#[test]
fn sr_121_no_body_of_the_desk_has_room_for_a_secret() {
    let document = countersign_api::reference::http_api().unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let ours = [
        "Act",
        "Acted",
        "AskAddressChange",
        "AskRemoval",
        "Removal",
        "RemovalActed",
        "RemovalFactor",
    ];
    for name in ours {
        let fields = schemas[name]["properties"].as_object().expect(name);
        for field in fields.keys() {
            for secret in ["password", "secret", "token", "otpauth", "qr", "document", "answer"] {
                assert!(!field.contains(secret), "{name}.{field}");
            }
            let code = field.contains("code");
            assert!(!code || field == "recovery_codes", "{name}.{field}");
        }
    }
    // SR-127: how identity was proven is one of a few words, and none of them is what one knows.
    let proofs = schemas["IdentityProof"].to_string();
    for word in ["question", "birth", "knowledge", "mother", "kba"] {
        assert!(!proofs.to_lowercase().contains(word), "{word}");
    }
}
