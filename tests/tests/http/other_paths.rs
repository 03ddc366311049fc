//! The ways to a session are few, written down, and none of them leads round the second factor.

use std::collections::BTreeSet;
use std::path::Path;

use countersign_api::contract::kind::Role;
use countersign_api::server::auth::Auth;
use countersign_api::server::listener::Listener;
use countersign_tests::app::{Answered, PASSWORD, Person, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

use super::acts::prove;
use super::cookies::{SESSION, as_page, cookie, with_cookies};
use super::documented::{ENDLESS, Operation, operations};
use super::pending::well_formed;
use super::taking::World;

/// The calls that the threat model says can answer with a session.
fn written_down() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/threat-model.md");
    let page = std::fs::read_to_string(path).unwrap();
    let section = page.split("\n## ").find(|section| section.starts_with("Where a session"));
    let rows = section.unwrap().lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().unwrap().to_owned()).collect()
}

/// Whether an answer gives a session, in its body or as a cookie.
fn gives_session(answered: &Answered) -> bool {
    let token = |value: &Value| value.pointer("/token").is_some();
    let in_body =
        token(&answered.body) || answered.body.get("session").is_some_and(Value::is_object);
    in_body || cookie(answered, SESSION).is_some_and(|value| !value.is_empty())
}

/// SR-062, AT-30: what can answer with a session, by the description that is made from the code,
/// is what is written down.
#[test]
fn sr_062_the_ways_to_a_session_are_those_that_are_written_down() {
    let described: BTreeSet<String> = operations()
        .iter()
        .filter(|operation| operation.gives_session)
        .map(Operation::name)
        .collect();
    assert_eq!(described, written_down());
    assert_eq!(described.len(), 7);
}

/// Who asks: a person with two fresh factors, or an operator of a role that may.
async fn token_for(app: &TestApp, operation: &Operation, person: &Person) -> String {
    let (Auth::Operator(roles) | Auth::OperatorOrClient(roles, _)) = operation.auth else {
        return person.token.clone();
    };
    let role = *roles.first().unwrap();
    app.operator(&format!("{}.operator", person.login), role).await.token
}

/// SR-062: and what answers show is what the description says: nothing else gives a token or sets
/// the cookie of a session, not even to somebody who may do all of it.
#[test]
fn sr_062_no_other_call_gives_a_session_whatever_it_answers() {
    TestApp::run(async |app| {
        let world = World::new(app).await;
        let calls = world.calls();
        let mut done = 0;
        for (number, operation) in operations().iter().enumerate() {
            if operation.gives_session {
                continue;
            }
            let name = operation.name();
            let person = app.person(&format!("holder.{number}")).await;
            let token = token_for(app, operation, &person).await;
            let path = operation.template.replace("{account}", "me");
            let path = path.replace("{factor}", &person.factor);
            let path = if path.contains("/support/") || path.contains('{') {
                operation.path(&person.account)
            } else {
                path
            };
            let example = calls.iter().find(|taking| {
                taking.template == operation.template && taking.method == operation.method
            });
            let body = example.map_or_else(|| json!({}), |taking| taking.example.clone());
            for on in operation.on {
                let method = match operation.template.as_str() {
                    path if ENDLESS.contains(&path) => Method::HEAD,
                    _ => operation.method.clone(),
                };
                let call = app.call(method, path.as_str()).on(*on);
                let call = match operation.method {
                    Method::GET => call,
                    _ => call.bytes(body.to_string().into_bytes()),
                };
                let answered = match on {
                    Listener::Public => with_cookies(as_page(app, call), &token, "").await,
                    _ => call.bearer(&token).await,
                };
                assert!(!gives_session(&answered), "{name}: {:?}", answered.face());
                done += usize::from(answered.status < 300);
            }
        }
        assert!(done > 15, "only {done} of the calls did anything");
    });
}

/// SR-062, AT-30: with a second factor on the account, the password is not enough, whoever says
/// that it was right and however often.
#[test]
fn sr_062_at_30_a_first_factor_gives_no_session_on_an_account_with_a_second() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.guarded").await;
        for _ in 0..3 {
            let begun = app.sign_in("marlene.guarded", PASSWORD).await.is(200);
            assert!(!gives_session(&begun), "{:?}", begun.face());
            assert_eq!(begun.text_at("/status"), "second_factor_required");
            let by_page = as_page(app, app.sign_in("marlene.guarded", PASSWORD)).await.is(200);
            assert!(!gives_session(&by_page), "{:?}", by_page.face());
            app.plant("cookie", cookie(&by_page, super::cookies::SIGN_IN).unwrap().as_bytes());
        }
        let support = app.operator("operator.guarded", Role::Support).await;
        let begun = app.sign_in("operator.guarded", PASSWORD).on(Listener::Operator).await.is(200);
        assert!(!gives_session(&begun), "{:?}", begun.face());
        // The two sessions that there are: of the activation, each.
        for person in [&marlene, &support] {
            assert_eq!(app.account(person).await["sessions"], 1);
        }
    });
}

/// SR-062, AT-30: the API key of a client app is no session, and nothing that an app may do gives
/// it one of its user's.
#[test]
fn sr_062_at_30_a_client_apps_key_is_no_session_and_gets_none() {
    TestApp::run(async |app| {
        let world = World::new(app).await;
        let key = app.client_app().await;
        for operation in operations() {
            if matches!(operation.auth, Auth::Session | Auth::Operator(_)) {
                for on in operation.on {
                    let call = well_formed(app, &world, &operation, "me", *on);
                    let answered = call.bearer(&key).await;
                    assert_eq!(answered.status, 401, "{}: {answered:?}", operation.name());
                }
            }
        }
        let made = app.post("/v1/accounts", &json!({ "subject": "user-of-the-app" })).bearer(&key);
        let account = made.await.is(201).text_at("/account_id");
        let factors = format!("/v1/accounts/{account}/factors");
        let offer = json!({ "kind": "totp", "name": "phone" });
        let offered = app.post(factors.as_str(), &offer).bearer(&key).await.is(202);
        let user = Person { secret: offered.text_at("/secret"), ..Person::default() };
        let path = format!("{factors}/{}/activate", offered.text_at("/factor_id"));
        let code = json!({ "code": app.code(&user) });
        let activated = app.post(path, &code).bearer(&key).await.is(200);
        assert!(!gives_session(&activated), "{:?}", activated.face());
        let vouched = json!({
            "subject": "user-of-the-app", "first_factor": "vouched",
            "context": { "ip": "192.0.2.1" }
        });
        let begun = app.post("/v1/sign-ins", &vouched).bearer(&key).await.is(200);
        assert!(!gives_session(&begun), "{:?}", begun.face());
        let shown = app.get(format!("/v1/accounts/{account}")).bearer(&key).await.is(200);
        assert_eq!(shown.body["sessions"], 0);
        // With the user's code there is one.
        app.pass(countersign_tests::app::STEP).await;
        let code = app.code(&user);
        app.answer(&begun.text_at("/id"), "totp", &code).await.is(200);
    });
}

/// SR-062, AT-30: confirming an address gives no session and makes the one that asks no surer, and
/// its code is worth nothing at the sign-in.
#[test]
fn sr_062_at_30_confirming_an_address_leads_nowhere_else() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.confirms").await;
        app.settle().await;
        let sign_in = app.begin(&marlene).await;
        app.email_code(&sign_in).await.is(202);
        app.settle().await;
        let code = app.post.newest_code(&marlene.email).unwrap();
        let entered = app.answer(&sign_in, "email_code", &code).await.is(200);
        let token = entered.text_at("/session/token");
        app.pass(jiff::SignedDuration::from_mins(1)).await;
        let confirm = |body: &Value| app.post("/v1/accounts/me/email/confirm", body).bearer(&token);
        confirm(&json!({})).await.is(202);
        app.settle().await;
        let code = app.post.newest_code(&marlene.email).unwrap();
        let waiting = app.begin(&marlene).await;
        app.answer(&waiting, "email_code", &code).await.is(401);
        let confirmed = confirm(&json!({ "code": code })).await.is(200);
        assert!(!gives_session(&confirmed), "{:?}", confirmed.face());
        let session = app.get("/v1/session").bearer(&token).await.is(200);
        assert_eq!(session.text_at("/assurance"), "email_code");
        prove(app, &token, &json!({ "method": "email_code", "code": code })).await.is(422);
    });
}

/// SR-062, AT-30: a setup token sets one password once; it is no way into an operator's account.
#[test]
fn sr_062_at_30_a_setup_token_is_no_way_in() {
    TestApp::run(async |app| {
        let admin = app.operator("operator.admin", Role::Admin).await;
        let olga = json!({ "login": "operator.olga", "role": "support" });
        let added = app.post("/v1/operators", &olga).on(Listener::Operator).bearer(&admin.token);
        let token = added.await.is(201).text_at("/setup_token");
        app.plant("setup token", token.as_bytes());
        for on in [Listener::Public, Listener::Operator] {
            app.get("/v1/session").on(on).bearer(&token).await.is(401);
        }
        let set_up = |password: &str| {
            let body = json!({ "setup_token": token, "password": password });
            app.post("/v1/setup", &body)
        };
        let answered = set_up(PASSWORD).await.is(201);
        assert!(!gives_session(&answered), "{:?}", answered.face());
        let token = app
            .sign_in("operator.olga", PASSWORD)
            .on(Listener::Operator)
            .await
            .is(200)
            .text_at("/session/token");
        let login = "operator.olga".into();
        let olga = Person { login, token, is_operator: true, ..Person::default() };
        let olga = app.with_authenticator(olga, Listener::Operator).await;
        set_up("another fine password").await.is(401);
        app.sign_in("operator.olga", "another fine password").on(Listener::Operator).await.is(401);
        app.begin(&olga).await;
    });
}
