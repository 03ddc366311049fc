//! A password that attackers try first is refused wherever one is set, and leaves no trace.

use std::collections::BTreeSet;

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_core::audit::source::Source;
use countersign_tests::app::{Answered, Call, PASSWORD, STEP, TestApp};
use serde_json::{Value, json};

use super::back_in::{NEW_PASSWORD, ask_for_reset, confirmed, link};

const KEY: &str = "key-of-a-weak-password-0123456789";
/// A password of breaches.
const LISTED: &str = "qwertyuiop";

/// Entries of the log, and rows of the vault by table.
fn traces(app: &TestApp) -> (usize, Vec<(String, i64)>) {
    let mut log = Source::open(app.data()).unwrap();
    let mut entries = 0;
    while log.next_line().unwrap().is_some() {
        entries += 1;
    }
    let vault = rusqlite::Connection::open(app.data().join("vault.db")).unwrap();
    let mut named = vault.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let names = named.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let counted = names.map(|name| {
        let name = name.unwrap();
        let count = format!("SELECT count(*) FROM \"{name}\"");
        let rows = vault.query_row(&count, [], |row| row.get(0)).unwrap();
        (name, rows)
    });
    (entries, counted.collect())
}

/// Refuses a listed password and one of the holder's own words, under a key and with nothing left
/// behind; then takes a good one under the same key.
async fn refuses_weak_ones<'a>(
    app: &'a TestApp,
    of_holder: &str,
    set: impl Fn(&str) -> Call<'a>,
) -> Answered {
    app.settle().await;
    let before = traces(app);
    for (password, reason) in [(LISTED, "common"), (of_holder, "personal"), ("kqzv", "too_short")] {
        let refused = set(password).keyed(KEY).await.is(422);
        assert_eq!(refused.text_at("/code"), "weak-password");
        assert_eq!(refused.text_at("/field"), "password");
        assert_eq!(refused.text_at("/reason"), reason, "{password}");
    }
    app.settle().await;
    assert_eq!(traces(app), before, "something was left behind");
    set(NEW_PASSWORD).keyed(KEY).await
}

/// SR-049: at registration, whether the login is taken or not.
#[test]
fn sr_049_registration_refuses_a_listed_password_and_tells_nothing_else() {
    TestApp::run(async |app| {
        app.registered("marlene.was.here").await;
        let register = |login: &str, password: &str| {
            let email = format!("{login}@example.com");
            let body = json!({ "login": login, "email": email, "password": password });
            app.post("/v1/accounts", &body)
        };
        let faces = [
            register("marlene.was.here", LISTED).await.is(422).face(),
            register("marlene.is.new", LISTED).await.is(422).face(),
        ];
        assert_eq!(faces[0], faces[1]);
        let set = |password: &str| register("marlene.is.new", password);
        refuses_weak_ones(app, "MarleneIsNew1999!", set).await.is(201);
    });
}

/// SR-049: when it is changed, and when it is set anew by a link, which stays good.
#[test]
fn sr_049_change_and_reset_refuse_a_listed_password() {
    TestApp::run(async |app| {
        let mike = confirmed(app, "mike.forgets").await;
        let token = app.enter(&mike).await;
        let change = |password: &str| {
            let body = json!({ "current": PASSWORD, "password": password });
            app.post("/v1/accounts/me/password", &body).bearer(&token)
        };
        refuses_weak_ones(app, "M1ke.Forgets", change).await.is(200);
        ask_for_reset(app, &mike.login).await.is(202);
        let link = link(app, &mike.email, "A new password").await;
        let reset = |password: &str| {
            let path = format!("/v1/password-resets/{link}");
            app.post(path, &json!({ "password": password }))
        };
        refuses_weak_ones(app, "mike.forgets@example.com", reset).await.is(200);
    });
}

/// SR-049: when a sign-in demands a new one.
#[test]
fn sr_049_a_demanded_change_refuses_a_listed_password() {
    TestApp::run(async |app| {
        let mike = confirmed(app, "mike.demanded").await;
        let token = app.enter(&mike).await;
        let body = json!({ "email": "thief@example.net" });
        app.post("/v1/accounts/me/email", &body).bearer(&token).await.is(202);
        let code = super::back_in::mailed_code(app, "thief@example.net").await;
        let confirm = json!({ "code": code });
        app.post("/v1/accounts/me/email/confirm", &confirm).bearer(&token).await.is(200);
        let objection = link(app, &mike.email, "Another e-mail").await;
        app.post(format!("/v1/objections/{objection}"), &json!({})).await.is(200);
        app.pass(STEP).await;
        let sign_in = app.begin(&mike).await;
        let answered = app.answer(&sign_in, "totp", &app.code(&mike)).await.is(200);
        assert_eq!(answered.text_at("/status"), "password_change_required");
        let id = answered.text_at("/id");
        let set = |password: &str| {
            app.post(format!("/v1/sign-ins/{id}/password"), &json!({ "password": password }))
        };
        refuses_weak_ones(app, "demanded1999", set).await.is(200);
    });
}

/// SR-049: an operator's first one. The name of the service counts for everybody.
#[test]
fn sr_049_the_setup_of_an_operator_refuses_a_listed_password() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let olga = json!({ "login": "operator.olga", "role": "support" });
        let added = app.post("/v1/operators", &olga).on(Listener::Operator).bearer(&admin.token);
        let token = added.await.is(201).text_at("/setup_token");
        app.plant("setup token", token.as_bytes());
        let set = |password: &str| {
            let body = json!({ "setup_token": token, "password": password });
            app.post("/v1/setup", &body).on(Listener::Operator)
        };
        assert_eq!(set("C0untersign!").await.is(422).text_at("/reason"), "personal");
        refuses_weak_ones(app, "operator.olga", set).await.is(201);
    });
}

/// What is asked of a password at its setting is not asked at a sign-in; and there is no further
/// call with a password than those that are tried here and those that only compare one.
#[test]
fn sr_049_every_call_that_sets_a_password_is_tried() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/http-api.json");
    let api: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut with_password = BTreeSet::new();
    for (path, calls) in api["paths"].as_object().unwrap() {
        let body = &calls["post"]["requestBody"]["content"]["application/json"]["schema"];
        if mentions_password(&api, body) {
            with_password.insert(path.as_str());
        }
    }
    let setting = [
        "/v1/accounts",
        "/v1/accounts/me/password",
        "/v1/password-resets/{token}",
        "/v1/setup",
        "/v1/sign-ins/{id}/password",
    ];
    let comparing = [
        "/v1/accounts/me/email",
        "/v1/accounts/{account}/factors",
        "/v1/session/proofs",
        "/v1/sign-ins",
    ];
    assert_eq!(with_password, setting.into_iter().chain(comparing).collect());
}

/// Whether a schema has a `password`, by itself or by what it refers to.
fn mentions_password(api: &Value, schema: &Value) -> bool {
    match schema {
        Value::Object(fields) => fields.iter().any(|(key, value)| match value.as_str() {
            Some(target) if key == "$ref" => {
                let pointer = target.trim_start_matches('#');
                mentions_password(api, api.pointer(pointer).expect("a schema"))
            }
            _ => key == "password" || mentions_password(api, value),
        }),
        Value::Array(all) => all.iter().any(|value| mentions_password(api, value)),
        _ => false,
    }
}
