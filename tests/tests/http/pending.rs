//! A sign-in that waits for its second factor opens nothing but itself.

use std::collections::BTreeSet;

use countersign_api::server::auth::Auth;
use countersign_api::server::listener::Listener;
use countersign_tests::app::{Answered, Call, PASSWORD, Person, TestApp};
use data_encoding::BASE64URL_NOPAD;
use reqwest::Method;
use serde_json::{Value, json};

use super::acts::{acts, changes, totp};
use super::cookies::{SESSION, as_page, with_cookies};
use super::documented::{NOBODYS_HANDLE, Operation, operations};
use super::taking::World;

/// The calls that look at nobody who asks, so that a cookie changes nothing for them.
const FOR_ANYONE: [&str; 3] =
    ["POST /v1/accounts", "POST /v1/password-resets", "POST /v1/sign-ins"];
/// Bytes of the account's id, which is no secret, at the head of a handle.
const OWNER_BYTES: usize = 16;

/// A call with a body that it takes, so that nothing but who asks can be wrong with it.
pub(crate) fn well_formed<'a>(
    app: &'a TestApp,
    world: &World,
    operation: &Operation,
    account: &str,
    on: Listener,
) -> Call<'a> {
    let call = app.call(operation.method.clone(), operation.path(account)).on(on);
    let calls = world.calls();
    let takes = calls.iter().find(|taking| {
        taking.template == operation.template.as_str() && taking.method == operation.method
    });
    match takes {
        // Not kept in mind as a secret: a made-up token is one that stands in every file.
        Some(taking) => call.bytes(taking.example.to_string().into_bytes()),
        None if operation.method == Method::GET => call,
        None => call.json(&json!({})),
    }
}

/// The accounts that a path can name: the one of the sign-in, in both ways.
fn accounts<'a>(operation: &Operation, marlene: &'a Person) -> Vec<&'a str> {
    match operation.template.contains("{account}") {
        true => vec!["me", &marlene.account],
        false => vec![""],
    }
}

#[track_caller]
fn assert_nobody(what: &str, answered: &Answered) {
    assert!([401, 403].contains(&answered.status), "{what}: {:?}", answered.face());
    assert_eq!(answered.not_a_problem(), None, "{what}");
}

/// What asks for no session, or for none but in its own way: `oidc::paths` shows that a sign-in is
/// nothing there.
fn is_elsewhere(operation: &Operation) -> bool {
    let is_document = operation.method == Method::GET && operation.auth == Auth::Anyone;
    let auth = operation.auth;
    // Its POST takes no body: the token stands in its header.
    let is_userinfo = auth == Auth::AccessToken;
    is_document
        || is_userinfo
        || matches!(auth, Auth::AnyoneOrSession | Auth::ClientSecret | Auth::Proxied)
}

/// SR-056, AT-15, SR-112, AT-26: at every call of the document, on every listener that has it, a
/// sign-in that waits is nobody, as a bearer and as either cookie; and nothing comes of asking.
#[test]
fn sr_056_at_15_a_sign_in_in_progress_is_nobody_at_every_call() {
    TestApp::run(async |app| {
        let world = World::new(app).await;
        let marlene = &world.marlene;
        app.settle().await;
        let sign_in = app.begin(marlene).await;
        let before = changes(app, marlene);
        let mut for_anyone = BTreeSet::new();
        for operation in operations() {
            let name = operation.name();
            if is_elsewhere(&operation) {
                continue;
            }
            for account in accounts(&operation, marlene) {
                for on in operation.on {
                    let call = || well_formed(app, &world, &operation, account, *on);
                    let what = format!("{name} for {account:?} on {}", on.name());
                    assert_nobody(&what, &call().bearer(&sign_in).await);
                    if *on == Listener::Operator {
                        continue;
                    }
                    if matches!(operation.auth, Auth::Anyone | Auth::AnyoneOrClient(_)) {
                        for_anyone.insert(name.clone());
                        continue;
                    }
                    let both = with_cookies(as_page(app, call()), &sign_in, &sign_in);
                    assert_nobody(&what, &both.await);
                    let only =
                        as_page(app, call()).header("cookie", &format!("{SESSION}={sign_in}"));
                    assert_nobody(&what, &only.await);
                }
            }
        }
        assert_eq!(for_anyone, BTreeSet::from(FOR_ANYONE.map(str::to_owned)));
        assert_eq!(changes(app, marlene), before, "nothing was even tried");
        app.answer(&sign_in, "totp", &app.code(marlene)).await.is(200);
    });
}

/// SR-056: and the calls that anyone may make answer a sign-in's cookie as they answer nobody.
#[test]
fn sr_056_a_cookie_of_a_sign_in_changes_nothing_where_anyone_may_ask() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.pending").await;
        let sign_in = app.begin(&marlene).await;
        for name in FOR_ANYONE {
            let path = name.strip_prefix("POST ").unwrap();
            for body in [json!({}), json!({ "login": "marlene.pending", "password": "another" })] {
                let nobody = as_page(app, app.post(path, &body)).await;
                let pending = with_cookies(as_page(app, app.post(path, &body)), &sign_in, &sign_in);
                assert_eq!(pending.await.face(), nobody.face(), "{name} {body}");
                assert!(nobody.status >= 400);
            }
        }
    });
}

/// SR-112, AT-26: whatever a waiting sign-in would change, also with the right code in hand, and
/// with an authenticator on offer that only wants its first one.
#[test]
fn sr_112_at_26_a_sign_in_in_progress_changes_no_authenticator() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.pending").await;
        let offer = json!({ "kind": "totp", "name": "the blue phone" });
        let factors = "/v1/accounts/me/factors";
        let offered = app.post(factors, &offer).bearer(&marlene.token).await.is(202);
        let blue = Person { secret: offered.text_at("/secret"), ..Person::default() };
        let sign_in = app.begin(&marlene).await;
        let before = changes(app, &marlene);
        let activate = |account: &str| {
            let factor = offered.text_at("/factor_id");
            let path = format!("/v1/accounts/{account}/factors/{factor}/activate");
            app.post(path, &json!({ "code": app.code(&blue) }))
        };
        for account in ["me", &marlene.account] {
            activate(account).bearer(&sign_in).await.is(401);
            with_cookies(as_page(app, activate(account)), &sign_in, &sign_in).await.is(401);
        }
        for act in acts(&marlene) {
            act.send(app).bearer(&sign_in).await.is(401);
            with_cookies(as_page(app, act.send(app)), &sign_in, &sign_in).await.is(401);
        }
        for body in [totp(app, &marlene), json!({ "password": PASSWORD })] {
            app.post("/v1/session/proofs", &body).bearer(&sign_in).await.is(401);
        }
        assert_eq!(changes(app, &marlene), before);
        activate("me").bearer(&marlene.token).await.is(200);
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(401);
    });
}

/// AT-16, SR-065: an answer that was flipped on the way is of no use, and neither is a request
/// that claims what only the server knows.
#[test]
fn at_16_a_flipped_answer_opens_nothing() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.flipped").await;
        let begun = app.sign_in("marlene.flipped", PASSWORD).await.is(200);
        let sign_in = begun.text_at("/id");
        assert_eq!(begun.body.pointer("/session"), None);
        let refused = app.answer(&sign_in, "totp", &app.wrong_code(&marlene)).await.is(401);
        assert!(!refused.body.to_string().contains(&sign_in), "{}", refused.body);
        // As if it had been accepted: the best tokens that a client can make of what it was told.
        let mut forged = BASE64URL_NOPAD.decode(sign_in.as_bytes()).unwrap();
        forged[OWNER_BYTES..].fill(0);
        let forged = BASE64URL_NOPAD.encode(&forged);
        for token in [&sign_in, &forged, &marlene.account] {
            app.get("/v1/session").bearer(token).await.is(401);
            app.get("/v1/accounts/me").bearer(token).await.is(401);
            with_cookies(as_page(app, app.get("/v1/accounts/me")), token, "").await.is(401);
        }
        // As if it said itself that it is through.
        let path = format!("/v1/sign-ins/{sign_in}/answers");
        let wrong = app.wrong_code(&marlene);
        for (field, claim) in [
            ("status", json!("completed")),
            ("verified", json!(true)),
            ("mfa_required", json!(false)),
            ("session", json!({ "assurance": "two_factor" })),
        ] {
            let mut body = json!({ "method": "totp", "code": wrong });
            body.as_object_mut().unwrap().insert(field.to_owned(), claim.clone());
            app.post(path.as_str(), &body).await.is(400);
            let mut body = json!({ "login": "marlene.flipped", "password": PASSWORD });
            body.as_object_mut().unwrap().insert(field.to_owned(), claim);
            app.post("/v1/sign-ins", &body).await.is(400);
        }
        let vouched: Value = json!({
            "subject": "marlene.flipped", "first_factor": "vouched",
            "context": { "ip": "192.0.2.1" }
        });
        app.post("/v1/sign-ins", &vouched).await.is(401);
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(200);
    });
}

/// AT-23: a right code is worth nothing without a sign-in that has seen the right password,
/// whatever stands in its place and whoever is named beside it; and it is not used up.
#[test]
fn at_23_a_right_code_without_the_password_enters_nowhere() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.first").await;
        let refused = app.sign_in("marlene.first", "another password").await.is(401);
        assert_eq!(refused.text_at("/id"), "");
        let before = changes(app, &marlene);
        let (code, recovery) = (app.code(&marlene), &marlene.recovery_codes[0]);
        let places =
            [NOBODYS_HANDLE, &marlene.account, &marlene.token, "marlene.first", &marlene.email];
        for place in places {
            app.answer(place, "totp", &code).await.is(401);
            app.answer(place, "recovery_code", recovery).await.is(401);
        }
        let named = json!({ "login": "marlene.first", "method": "totp", "code": code });
        app.post("/v1/sign-ins", &named).await.is(400);
        assert_eq!(changes(app, &marlene), before);
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &code).await.is(200);
    });
}
