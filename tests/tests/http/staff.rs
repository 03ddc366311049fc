//! Operators and client apps over HTTP: asked for twice, and cut off between two writes.

use countersign_api::contract::kind::Role;
use countersign_api::server::auth::Auth;
use countersign_api::server::listener::Listener;
use countersign_api::server::routes::TABLE;
use countersign_tests::app::{Call, PASSWORD, Person, TestApp};
use countersign_tests::faulty_store::StoreFault;
use jiff::SignedDuration;
use serde_json::{Value, json};

const KEY: &str = "key-of-a-call-by-staff-0123456789";

fn post<'a>(app: &'a TestApp, admin: &Person, path: &str, body: &Value) -> Call<'a> {
    app.post(path, body).on(Listener::Operator).bearer(&admin.token)
}

fn set_up<'a>(app: &'a TestApp, token: &str) -> Call<'a> {
    let body = json!({ "setup_token": token, "password": PASSWORD });
    app.post("/v1/setup", &body).on(Listener::Operator)
}

/// SR-066: the same key, the same answer, one effect.
#[test]
fn sr_066_a_repeated_call_of_staff_is_answered_as_the_first_time() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let shop = json!({ "name": "shop", "scopes": ["accounts:write"] });
        let olga = json!({ "login": "operator.olga", "role": "support" });
        let mut token = String::new();
        for (path, body, secret) in
            [("/v1/clients", &shop, "/api_key"), ("/v1/operators", &olga, "/setup_token")]
        {
            let first = post(app, &admin, path, body).keyed(KEY).await.is(201);
            let again = post(app, &admin, path, body).keyed(KEY).await.is(201);
            assert_eq!(first.body, again.body, "{path}");
            token = first.text_at(secret);
            app.plant(secret, token.as_bytes());
            let other = json!({ "name": "other", "scopes": [] });
            let other = if path == "/v1/clients" {
                other
            } else {
                json!({ "login": "operator.other", "role": "support" })
            };
            post(app, &admin, path, &other).keyed(KEY).await.is(422);
        }
        let first = set_up(app, &token).keyed(KEY).await.is(201);
        let again = set_up(app, &token).keyed(KEY).await.is(201);
        assert_eq!(first.body, again.body);
        set_up(app, &token).await.is(401);
        let listed = app.get("/v1/operators").on(Listener::Operator).bearer(&admin.token).await;
        assert_eq!(listed.is(200).body["items"].as_array().unwrap().len(), 2);
        let listed = app.get("/v1/clients").on(Listener::Operator).bearer(&admin.token).await;
        assert_eq!(listed.is(200).body["items"].as_array().unwrap().len(), 1);
    });
}

/// SR-120: an act of an admin needs a second factor proven within five minutes, whichever it is.
#[test]
fn sr_120_an_act_of_an_admin_needs_a_fresh_second_factor() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let shop = json!({ "name": "shop", "scopes": [] });
        post(app, &admin, "/v1/clients", &shop).await.is(201);
        app.pass(SignedDuration::from_secs(301)).await;
        let mut seen = 0;
        let acts = TABLE.iter().filter(|row| row.auth == Auth::Operator(&[Role::Admin]));
        for row in acts.filter(|row| row.method != "GET") {
            let id = "6f1ad0b4-7f0c-4c4e-9d52-6a5b1d1c2e3f";
            let path = ["{client}", "{key}", "{webhook}", "{operator}"]
                .iter()
                .fold(row.path.to_owned(), |path, name| path.replace(name, id));
            let method = reqwest::Method::from_bytes(row.method.as_str().as_bytes()).unwrap();
            let call = app.call(method, path).json(&json!({}));
            let stale = call.on(Listener::Operator).bearer(&admin.token).await.is(401);
            assert_eq!(stale.body["code"], "step-up-required", "{} {}", row.method, row.path);
            seen += 1;
        }
        assert_eq!(seen, 13);
        let listed = app.get("/v1/clients").on(Listener::Operator).bearer(&admin.token).await;
        assert_eq!(listed.is(200).body["items"].as_array().unwrap().len(), 1);
        let code = json!({ "method": "totp", "code": app.code(&admin) });
        let proven = app.post("/v1/session/proofs", &code).on(Listener::Operator);
        let token = proven.bearer(&admin.token).await.is(200).text_at("/session/token");
        app.post("/v1/clients", &shop).on(Listener::Operator).bearer(&token).await.is(201);
    });
}

/// The support matrix: accounts are looked at by those who help their holders. An admin and an
/// auditor do not, whatever else they may.
#[test]
fn sr_122_no_admin_and_no_auditor_looks_at_accounts() {
    TestApp::run(async |app| {
        let marlene = app.registered("marlene.matrix").await;
        for (login, role, may) in [
            ("operator.admin", Role::Admin, false),
            ("operator.auditor", Role::Auditor, false),
            ("operator.support", Role::Support, true),
            ("operator.supervisor", Role::Supervisor, true),
        ] {
            let operator = app.operator(login, role).await;
            let account = format!("/v1/support/accounts/{}", marlene.account);
            let looks = [
                account.clone(),
                format!("{account}?ticket=4711"),
                format!("{account}/events"),
                format!("{account}/state?revision=0"),
                "/v1/support/accounts?state=locked".to_owned(),
            ];
            for path in looks {
                let call = app.get(path).on(Listener::Operator).bearer(&operator.token);
                call.await.is(if may { 200 } else { 403 });
            }
            let search = json!({ "login": "marlene.matrix", "ticket": "4711" });
            post(app, &operator, "/v1/support/accounts/search", &search).await.is(if may {
                200
            } else {
                403
            });
        }
        // For each of the two: four looks and a search.
        assert_eq!(app.count(&marlene.account, "account.history_viewed"), 10);
        let history = app.history(&marlene).await;
        assert_eq!(history[0]["data"]["ticket"], "4711");
    });
}

/// Cut off between the account and the role, a login is not lost: adding it again goes on.
#[test]
fn an_operator_cut_off_between_account_and_role_is_added_again() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let olga = json!({ "login": "operator.olga", "role": "support" });
        app.store.fails_second(StoreFault::Full);
        post(app, &admin, "/v1/operators", &olga).await.is(503);
        // While the log takes nothing no session is served (SR-109).
        app.store.works();
        let listed = app.get("/v1/operators").on(Listener::Operator).bearer(&admin.token).await;
        assert_eq!(listed.is(200).body["items"].as_array().unwrap().len(), 1);
        let added = post(app, &admin, "/v1/operators", &olga).await.is(201);
        let token = added.text_at("/setup_token");
        app.plant("setup token", token.as_bytes());
        set_up(app, &token).await.is(201);
        app.sign_in("operator.olga", PASSWORD).on(Listener::Operator).await.is(200);
    });
}

/// Cut off between the password and its record, the same key goes on; without one the token is
/// dead, the operator signs in, and the record is made up for.
#[test]
fn a_setup_cut_off_after_the_password_is_finished() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        for (login, keyed) in [("operator.olga", true), ("operator.zoe", false)] {
            let body = json!({ "login": login, "role": "support" });
            let added = post(app, &admin, "/v1/operators", &body).await.is(201);
            let token = added.text_at("/setup_token");
            app.plant("setup token", token.as_bytes());
            app.store.fails_second(StoreFault::Full);
            let call = || match keyed {
                true => set_up(app, &token).keyed(KEY),
                false => set_up(app, &token),
            };
            call().await.is(503);
            call().await.is(if keyed { 201 } else { 401 });
            app.sign_in(login, PASSWORD).on(Listener::Operator).await.is(200);
            post(app, &admin, "/v1/operators", &body).await.is(409);
        }
        let listed = app.get("/v1/operators").on(Listener::Operator).bearer(&admin.token).await;
        let items = listed.is(200).body["items"].as_array().unwrap().clone();
        assert!(items.iter().all(|item| item["set_up"] == true), "{items:?}");
    });
}
