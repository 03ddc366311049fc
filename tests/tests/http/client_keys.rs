//! The keys of client apps over HTTP: every call that an app may make, by a key that is good and by
//! each that is not.

use std::collections::BTreeSet;
use std::future::IntoFuture as _;

use countersign_api::contract::kind::{Role, Scope};
use countersign_api::server::auth::Auth;
use countersign_api::server::listener::Listener;
use countersign_api::server::routes::{Row, TABLE};
use countersign_events::actor::By;
use countersign_events::id::ClientId;
use countersign_tests::app::{Answered, Call, Person, STEP, TestApp};
use futures::future::join_all;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::documented::{NOBODYS_HANDLE, NOBODYS_ID, NOBODYS_TILE};

const KEY: &str = "key-of-a-rotation-0123456789";
const AT_ONCE: usize = 20;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A client app and its first key.
struct App {
    id: String,
    key_id: String,
    key: String,
}

fn call<'a>(app: &'a TestApp, admin: &Person, method: Method, path: &str) -> Call<'a> {
    app.call(method, path).on(Listener::Operator).bearer(&admin.token)
}

async fn add(app: &TestApp, admin: &Person, body: &Value) -> App {
    let added = call(app, admin, Method::POST, "/v1/clients").json(body).await.is(201);
    let (id, key_id) = (added.text_at("/client_id"), added.text_at("/key_id"));
    App { id, key_id, key: planted(app, &added) }
}

/// The key that an answer gives: from then on it may stand nowhere else.
fn planted(app: &TestApp, answered: &Answered) -> String {
    let key = answered.text_at("/api_key");
    app.plant("API key", key.as_bytes());
    key
}

fn every_scope() -> Value {
    json!(Scope::ALL.map(Scope::as_str))
}

async fn rotate(app: &TestApp, admin: &Person, client: &str, body: &Value) -> Answered {
    let path = format!("/v1/clients/{client}/keys");
    call(app, admin, Method::POST, &path).json(body).await.is(201)
}

async fn listed(app: &TestApp, admin: &Person) -> Answered {
    call(app, admin, Method::GET, "/v1/clients").await.is(200)
}

/// The rows that a client app may call.
fn rows() -> impl Iterator<Item = &'static Row> {
    let is_for_apps = |row: &&Row| {
        matches!(
            row.auth,
            Auth::AnyoneOrClient(_)
                | Auth::SessionOrClient(_)
                | Auth::Client(_)
                | Auth::OperatorOrClient(..)
        )
    };
    TABLE.iter().filter(is_for_apps)
}

fn name(row: &Row) -> String {
    format!("{} {}", row.method, row.path)
}

/// The call of a row, well-formed, for an account by its id.
fn of_row<'a>(app: &'a TestApp, row: &Row, account: &str) -> Call<'a> {
    let path = row.path.replace("{account}", account).replace("{factor}", NOBODYS_ID);
    let body = match name(row).as_str() {
        "POST /v1/accounts" => json!({ "subject": "somebody-else" }),
        "POST /v1/sign-ins" => json!({
            "subject": "user-of-the-app", "first_factor": "vouched",
            "context": { "ip": "192.0.2.1" }
        }),
        "GET /v1/events" => return app.get(format!("{path}?account={account}")),
        "POST /v1/accounts/{account}/factors" => json!({ "kind": "totp", "name": "phone" }),
        "POST /v1/accounts/{account}/factors/{factor}/activate" => json!({ "code": "000000" }),
        _ => return app.get(path.replace("{tile}", NOBODYS_TILE)).on(row.on[0]),
    };
    app.post(path, &body)
}

/// Makes each call that an app may make, for a user that it made: the names of the rows, and how
/// many entries each left.
async fn life(app: &TestApp, key: &str) -> (String, Vec<(String, usize)>) {
    let mut made = vec![];
    let mut after = app.recorded().len();
    let mut note = |name: &str| {
        let before = after;
        after = app.recorded().len();
        made.push((name.to_owned(), after - before));
    };
    let body = json!({ "subject": "user-of-the-app" });
    let account = app.post("/v1/accounts", &body).bearer(key).await.is(201);
    let account = account.text_at("/account_id");
    note("POST /v1/accounts");
    let path = format!("/v1/accounts/{account}");
    let body = json!({ "kind": "totp", "name": "phone" });
    let offered = app.post(format!("{path}/factors"), &body).bearer(key).await.is(202);
    note("POST /v1/accounts/{account}/factors");
    let person = Person { secret: offered.text_at("/secret"), ..Person::default() };
    let activate = format!("{path}/factors/{}/activate", offered.text_at("/factor_id"));
    let code = json!({ "code": app.code(&person) });
    app.post(activate, &code).bearer(key).await.is(200);
    note("POST /v1/accounts/{account}/factors/{factor}/activate");
    app.pass(STEP).await;
    let body = json!({
        "subject": "user-of-the-app", "first_factor": "vouched", "context": { "ip": "192.0.2.1" }
    });
    app.post("/v1/sign-ins", &body).bearer(key).await.is(200);
    note("POST /v1/sign-ins");
    app.get(path.as_str()).bearer(key).await.is(200);
    note("GET /v1/accounts/{account}");
    app.get(format!("{path}/history")).bearer(key).await.is(200);
    note("GET /v1/accounts/{account}/history");
    app.call(Method::HEAD, "/v1/events").bearer(key).await.is(200);
    note("GET /v1/events");
    for (name, path) in [
        ("GET /v1/log/checkpoint", "/v1/log/checkpoint"),
        ("GET /v1/log/tile/{tile}", "/v1/log/tile/entries/000.p/1"),
    ] {
        app.get(path).on(Listener::Operator).bearer(key).await.is(200);
        note(name);
    }
    (account, made)
}

/// SR-108, SR-107: whatever a client app does is in the log under its name: every row of the router
/// that it may call is called, and every entry that came of it is by that app. That it reads leaves
/// nothing.
#[test]
fn sr_108_whatever_a_client_app_does_is_told_under_its_name() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let shop = add(app, &admin, &json!({ "name": "shop", "scopes": every_scope() })).await;
        app.settle().await;
        let before = app.doers().len();
        let (_, made) = life(app, &shop.key).await;
        let called: BTreeSet<_> = made.iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(called, rows().map(name).collect(), "every row that a client app may call");
        for (name, left) in &made {
            assert_eq!(*left == 0, name.starts_with("GET"), "{name} left {left}");
        }
        let by = By::Client { id: ClientId::parse(&shop.id).unwrap() };
        let doers = app.doers().split_off(before);
        assert!(doers.len() > 5, "{doers:?}");
        for (stream, event_type, doer) in doers {
            // What the service does of itself: mails, and the keys of an account.
            let is_own = matches!(event_type.as_str(), "account.notice_sent");
            assert!(doer == by || is_own, "{event_type} on {stream} is by {doer:?}");
        }
    });
}

/// SR-057: what one app made, another does not reach by its own key, by id or by name, on any row
/// that is about accounts. The log is nobody's own: whoever may read it reads all of it.
#[test]
fn sr_057_a_key_of_one_app_never_acts_as_another() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let apps = json!({ "name": "shop", "scopes": every_scope() });
        let (shop, bank) = (add(app, &admin, &apps).await, add(app, &admin, &apps).await);
        let (account, _) = life(app, &shop.key).await;
        app.settle().await;
        let before = app.events(&account);
        let is_of_accounts = |row: &&Row| !matches!(row.auth, Auth::OperatorOrClient(..));
        for row in rows().filter(|row| row.path != "/v1/accounts").filter(is_of_accounts) {
            for whose in [account.as_str(), "subject:user-of-the-app"] {
                let answered = of_row(app, row, whose).bearer(&bank.key).await;
                // Of another's accounts an app is told what it is told of none.
                assert_eq!(answered.status, 404, "{}: {:?}", name(row), answered.face());
            }
        }
        assert_eq!(app.events(&account), before);
        // Nor does an id in the body make it another app's.
        let body = json!({ "subject": "user-of-the-app", "client_id": shop.id });
        app.post("/v1/accounts", &body).bearer(&bank.key).await.is(400);
        let path = format!("/v1/clients/{}/keys/{}", bank.id, shop.key_id);
        call(app, &admin, Method::DELETE, &path).await.is(404);
        app.get(format!("/v1/accounts/{account}")).bearer(&shop.key).await.is(200);
    });
}

/// SR-062, SR-131, SR-135, AT-30: on every row that a client app may call, a key that was ended,
/// whose overlap is over, that has expired or whose app was disabled is answered exactly as one
/// that nobody has, on the very next request; and nothing is done.
#[test]
fn sr_062_at_30_a_dead_key_is_nobodys_on_every_row() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let named = json!({ "name": "shop", "scopes": every_scope() });
        let (ended, replaced) = (add(app, &admin, &named).await, add(app, &admin, &named).await);
        let (overlapped, disabled) =
            (add(app, &admin, &named).await, add(app, &admin, &named).await);
        let body = json!({ "name": "shop", "scopes": every_scope(), "expires_in_seconds": 3_600 });
        let expired = add(app, &admin, &body).await;
        let good = rotate(app, &admin, &overlapped.id, &json!({ "overlap_seconds": 3_600 })).await;
        let good = planted(app, &good);
        let (account, _) = life(app, &good).await;
        let alive = async |one: &App| {
            let path = format!("/v1/accounts/{account}");
            let answered = app.get(path).bearer(&one.key).await;
            if answered.status == 401 { None } else { Some(answered.status) }
        };
        for one in [&ended, &replaced, &disabled, &expired] {
            assert_eq!(alive(one).await, Some(404));
        }
        assert_eq!(alive(&overlapped).await, Some(200));
        let admin = Person { token: app.enter(&admin).await, ..admin };
        let path = format!("/v1/clients/{}/keys/{}", ended.id, ended.key_id);
        call(app, &admin, Method::DELETE, &path).await.is(204);
        assert_eq!(alive(&ended).await, None);
        let newer = rotate(app, &admin, &replaced.id, &json!({ "overlap_seconds": 0 })).await;
        planted(app, &newer);
        assert_eq!(alive(&replaced).await, None);
        let path = format!("/v1/clients/{}", disabled.id);
        call(app, &admin, Method::DELETE, &path).await.is(204);
        assert_eq!(alive(&disabled).await, None);
        app.pass(HOUR).await;
        app.settle().await;
        let before = app.recorded().len();
        for row in rows() {
            let nobody = of_row(app, row, &account).bearer(NOBODYS_HANDLE).await;
            assert_eq!(nobody.status, 401, "{}: {:?}", name(row), nobody.face());
            for one in [&ended, &replaced, &overlapped, &expired, &disabled] {
                let answered = of_row(app, row, &account).bearer(&one.key).await;
                assert_eq!(answered.face(), nobody.face(), "{}", name(row));
            }
        }
        assert_eq!(app.recorded().len(), before, "nothing was done, and no use told");
        app.get(format!("/v1/accounts/{account}")).bearer(&good).await.is(200);
    });
}

/// SR-135, SR-106: a key is told once. The list shows its id, times and who added it, and neither
/// the key nor its hash; what is at rest is searched for it after every test.
#[test]
fn sr_135_a_key_is_told_once_and_its_id_is_no_secret() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let body =
            json!({ "name": "shop", "scopes": ["events:read"], "expires_in_seconds": 7_776_000 });
        let shop = add(app, &admin, &body).await;
        let newer = rotate(app, &admin, &shop.id, &json!({})).await;
        let key = planted(app, &newer);
        app.post("/v1/accounts", &json!({ "subject": "4711" })).bearer(&shop.key).await.is(403);
        let listed = listed(app, &admin).await;
        let one = &listed.body["items"][0];
        assert_eq!(one["scopes"], json!(["events:read"]));
        let keys = one["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 2);
        assert_eq!(keys[0]["key_id"], newer.body["key_id"]);
        assert_eq!(keys[1]["key_id"], json!(shop.key_id));
        assert_eq!(keys[1]["overlaps_until"], newer.body["others_end_at"]);
        assert_eq!(keys[0]["added_by"], json!({ "kind": "operator", "id": admin.account }));
        assert!(keys[1]["last_used_at"].is_string() && keys[0].get("last_used_at").is_none());
        assert!(keys[1]["expires_at"].is_string() && keys[0].get("expires_at").is_none());
        let text = listed.body.to_string();
        for secret in [&shop.key, &key] {
            assert!(!text.contains(secret.as_str()));
        }
        let fields: BTreeSet<_> =
            keys.iter().flat_map(|key| key.as_object().unwrap().keys()).cloned().collect();
        let known = [
            "added_at",
            "added_by",
            "alive",
            "expires_at",
            "key_id",
            "last_used_at",
            "overlaps_until",
        ];
        assert_eq!(fields, known.map(str::to_owned).into());
    });
}

/// SR-066: twenty rotations at once with one idempotency key are one, and answered with the same
/// bytes; with another body the key is refused.
#[test]
fn sr_066_twenty_rotations_at_once_have_one_effect() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let named = json!({ "name": "shop", "scopes": every_scope() });
        let (shop, bank) = (add(app, &admin, &named).await, add(app, &admin, &named).await);
        let path = |one: &App| format!("/v1/clients/{}/keys", one.id);
        let ask = |one: &App, body: &Value| {
            call(app, &admin, Method::POST, &path(one)).json(body).keyed(KEY)
        };
        let body = json!({ "overlap_seconds": 60 });
        let asked = (0..AT_ONCE).map(|_| ask(&shop, &body).into_future());
        let answered = join_all(asked).await;
        planted(app, &answered[0]);
        for one in &answered {
            assert_eq!((one.status, &one.bytes), (201, &answered[0].bytes));
        }
        let added = || app.recorded().iter().filter(|it| *it == "client.key_added").count();
        assert_eq!(added(), 1);
        assert_eq!(ask(&shop, &json!({})).await.is(422).body["code"], "idempotency-key-reused");
        // Of another app it is another request.
        let other = ask(&bank, &body).await.is(201);
        assert_ne!(planted(app, &other), planted(app, &answered[0]));
        assert_eq!(added(), 2);
        app.restart().await.unwrap();
        let admin = &admin;
        let again = call(app, admin, Method::POST, &path(&shop)).json(&body).keyed(KEY).await;
        assert_eq!(again.is(201).bytes, answered[0].bytes);
        assert_eq!(app.recorded().iter().filter(|it| *it == "client.key_added").count(), 2);
    });
}

/// SR-122: a scope opens its own rows and no other: each row is tried with every scope alone. One
/// that there is not is refused in words, and no app is added.
#[test]
fn sr_122_a_key_does_what_its_scope_says() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let mut tried = 0;
        for scope in Scope::ALL {
            let body = json!({ "name": "shop", "scopes": [scope.as_str()] });
            let shop = add(app, &admin, &body).await;
            for row in rows() {
                let (Auth::AnyoneOrClient(wanted)
                | Auth::SessionOrClient(wanted)
                | Auth::Client(wanted)
                | Auth::OperatorOrClient(_, wanted)) = row.auth
                else {
                    continue;
                };
                let answered = of_row(app, row, NOBODYS_ID).bearer(&shop.key).await;
                let is_refused = answered.status == 403;
                assert_eq!(is_refused, scope != wanted, "{scope:?} at {}", name(row));
                tried += 1;
            }
        }
        assert_eq!(tried, Scope::ALL.len() * 9);
        for scopes in [json!(["history"]), json!(["EVENTS:READ"]), json!(["log:write"])] {
            let body = json!({ "name": "shop", "scopes": scopes });
            let refused = call(app, &admin, Method::POST, "/v1/clients").json(&body).await.is(400);
            let detail = refused.text_at("/detail");
            assert!(detail.contains("unknown scope: there are accounts:write"), "{detail}");
        }
        assert_eq!(listed(app, &admin).await.body["items"].as_array().unwrap().len(), 6);
    });
}
