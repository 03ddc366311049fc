//! SR-108: whatever changes something, and whatever somebody of the staff looks at in an account,
//! leaves its fact in the log. Every call that is no reading is made once here, with the fact that
//! it leaves; a call of the table that is not here fails.

mod made;

use std::collections::BTreeSet;

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_tests::app::{Call, PASSWORD, Person, STEP, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

pub(crate) use self::made::Made;
use super::acts::{prove, totp};
use super::back_in::{
    DAY, NEW_PASSWORD, REPLACEMENT, RESEND, by_email, confirmed, link, mailed_code,
};
use super::cookies::{SIGN_IN, as_page, cookie, with_cookies};
use super::documented::{Operation, operations};
use super::oidc;
use super::taking::removal_of;
use super::unlock::{closed, unlock_link};
use super::webhook_acts::every_act;

/// Readings of staff, which leave a fact too.
const LOOKS: [&str; 4] = [
    "GET /v1/support/accounts/{account}",
    "GET /v1/support/accounts/{account}/events",
    "GET /v1/support/accounts/{account}/state",
    "GET /v1/support/accounts/{account}/changes",
];

/// A reading, whatever its method.
const READING: &str = "POST /v1/oidc/userinfo";

fn delete<'a>(app: &'a TestApp, path: &str, token: &str) -> Call<'a> {
    app.call(Method::DELETE, path).bearer(token)
}

/// Registering, signing in, an address, an authenticator: what a person does first.
async fn arrival(app: &TestApp, made: &mut Made) -> Person {
    let email = "marlene@example.com";
    let body = json!({ "login": "marlene.facts", "email": email, "password": PASSWORD });
    let call = app.post("/v1/accounts", &body);
    let account = made.leaves(app, ("POST /v1/accounts", "account.registered"), call).await;
    let call = app.sign_in("marlene.facts", PASSWORD);
    let signed = made.leaves(app, ("POST /v1/sign-ins", "account.password_verified"), call).await;
    let mut person = Person {
        login: "marlene.facts".to_owned(),
        email: email.to_owned(),
        account: account.text_at("/account_id"),
        token: signed.text_at("/session/token"),
        ..Person::default()
    };
    let confirm = "/v1/accounts/me/email/confirm";
    app.post(confirm, &json!({})).bearer(&person.token).await.is(202);
    let code = json!({ "code": mailed_code(app, email).await });
    let call = app.post(confirm, &code).bearer(&person.token);
    let name = "POST /v1/accounts/me/email/confirm";
    made.leaves(app, (name, "account.email_confirmed"), call).await;
    let body = json!({ "kind": "totp", "name": "the red phone" });
    let call = app.post("/v1/accounts/me/factors", &body).bearer(&person.token);
    let name = "POST /v1/accounts/{account}/factors";
    let offered = made.leaves(app, (name, "account.enable_requested"), call).await;
    person.factor = offered.text_at("/factor_id");
    person.secret = offered.text_at("/secret");
    let path = format!("/v1/accounts/me/factors/{}/activate", person.factor);
    let code = json!({ "code": app.code(&person) });
    let call = app.post(path, &code).bearer(&person.token);
    let name = "POST /v1/accounts/{account}/factors/{factor}/activate";
    let enabled = made.leaves(app, (name, "account.enabled"), call).await;
    person.recovery_codes = vec![enabled.text_at("/recovery_codes/0")];
    app.pass(STEP).await;
    person
}

/// The second step in all its ways, and proving again.
async fn second_step(app: &TestApp, made: &mut Made, person: &mut Person) {
    app.pass(RESEND).await;
    let sign_in = app.begin(person).await;
    let call = app.email_code(&sign_in);
    let name = "POST /v1/sign-ins/{id}/email-code";
    made.leaves(app, (name, "account.email_code_requested"), call).await;
    let code = app.code(person);
    let call = app.answer(&sign_in, "totp", &code);
    let name = "POST /v1/sign-ins/{id}/answers";
    let entered = made.leaves(app, (name, "account.code_verified"), call).await;
    person.token = entered.text_at("/session/token");
    let call = app.post("/v1/session/proofs", &json!({ "password": PASSWORD }));
    let call = call.bearer(&person.token);
    let name = "POST /v1/session/proofs";
    let proven = made.leaves(app, (name, "account.password_verified"), call).await;
    person.token = proven.text_at("/session/token");
}

/// Sessions and devices.
async fn sessions(app: &TestApp, made: &mut Made, person: &mut Person) {
    let name = "DELETE /v1/accounts/me/sessions/{session}";
    let other = app.enter(person).await;
    let listed = app.get("/v1/accounts/me/sessions").bearer(&other).await.is(200);
    let items = listed.body["items"].as_array().unwrap().clone();
    let foreign = items.iter().find(|one| one["current"] == false).unwrap();
    let path = format!("/v1/accounts/me/sessions/{}", foreign["session_id"].as_str().unwrap());
    made.leaves(app, (name, "account.sessions_ended"), delete(app, &path, &other)).await;
    person.token = app.enter(person).await;
    let call = delete(app, "/v1/accounts/me/sessions", &person.token);
    let name = "DELETE /v1/accounts/me/sessions";
    made.leaves(app, (name, "account.sessions_ended"), call).await;
    let over = app.enter(person).await;
    let call = delete(app, "/v1/session", &over);
    made.leaves(app, ("DELETE /v1/session", "account.sessions_ended"), call).await;
    for name in ["DELETE /v1/accounts/me/devices/{device}", "DELETE /v1/accounts/me/devices"] {
        in_browser(app, person).await;
        let listed = app.get("/v1/accounts/me/devices").bearer(&person.token).await.is(200);
        let device = listed.text_at("/items/0/id");
        let path = name.strip_prefix("DELETE ").unwrap().replace("{device}", &device);
        let call = delete(app, &path, &person.token);
        made.leaves(app, (name, "account.devices_forgotten"), call).await;
    }
}

/// The whole sign-in in a browser, which is known from then on.
async fn in_browser(app: &TestApp, person: &Person) {
    app.pass(STEP).await;
    let begun = as_page(app, app.sign_in(&person.login, PASSWORD)).await.is(200);
    let waiting = cookie(&begun, SIGN_IN).unwrap();
    app.plant("sign-in cookie", waiting.as_bytes());
    let path = format!("/v1/sign-ins/{}/answers", begun.text_at("/id"));
    let call = as_page(app, app.post(path, &totp(app, person)));
    with_cookies(call, "", &waiting).await.is(200);
}

/// A clock that is set by two codes in a row, after a recovery code.
async fn clock(app: &TestApp, made: &mut Made, person: &mut Person) {
    app.pass(STEP * 2).await;
    let code = json!({ "method": "recovery_code", "code": person.recovery_codes[0] });
    let proven = prove(app, &person.token, &code).await.is(200);
    person.token = proven.text_at("/session/token");
    let path = format!("/v1/accounts/me/factors/{}/resync", person.factor);
    let codes = json!({ "codes": [app.code_at(person, -1), app.code(person)] });
    let call = app.post(path, &codes).bearer(&person.token);
    let name = "POST /v1/accounts/{account}/factors/{factor}/resync";
    made.leaves(app, (name, "account.factor_resynced"), call).await;
}

/// A password that was closed by guesses, opened by the link of a mail.
async fn unlocked(app: &TestApp, made: &mut Made) {
    let person = confirmed(app, "opened.by.link").await;
    closed(app, &person.login).await;
    let token = unlock_link(app, &person).await;
    app.plant("unlock link", token.as_bytes());
    let call = app.post(format!("/v1/unlocks/{token}"), &json!({}));
    made.leaves(app, ("POST /v1/unlocks/{token}", "account.password_unlocked"), call).await;
}

/// What changes how the holder is known.
async fn changes(app: &TestApp, made: &mut Made, person: &mut Person) {
    person.token = app.enter(person).await;
    let token = person.token.clone();
    let factor = format!("/v1/accounts/me/factors/{}", person.factor);
    let call = app.call(Method::PATCH, factor.as_str()).json(&json!({ "name": "the old phone" }));
    let name = "PATCH /v1/accounts/{account}/factors/{factor}";
    made.leaves(app, (name, "account.factor_renamed"), call.bearer(&token)).await;
    let call = app.post("/v1/accounts/me/recovery-codes", &json!({})).bearer(&token);
    let name = "POST /v1/accounts/{account}/recovery-codes";
    made.leaves(app, (name, "account.recovery_codes_issued"), call).await;
    let body = json!({ "email": "second@example.com" });
    let call = app.post("/v1/accounts/me/email", &body).bearer(&token);
    let name = "POST /v1/accounts/me/email";
    made.leaves(app, (name, "account.email_code_requested"), call).await;
    let body = json!({ "current": PASSWORD, "password": NEW_PASSWORD });
    let call = app.post("/v1/accounts/me/password", &body).bearer(&token);
    let name = "POST /v1/accounts/me/password";
    let changed = made.leaves(app, (name, "account.password_set"), call).await;
    let body = json!({ "current": NEW_PASSWORD, "password": PASSWORD });
    let call = app.post("/v1/accounts/me/password", &body);
    call.bearer(&changed.text_at("/session/token")).await.is(200);
}

/// A lost phone, a forgotten password, and "this was not me".
async fn recovery(app: &TestApp, made: &mut Made, person: &Person) {
    // So that the day's codes by e-mail are not used up.
    app.pass(DAY).await;
    let by_mail = by_email(app, person).await;
    let call = app.post(REPLACEMENT, &json!({})).bearer(&by_mail);
    let name = "POST /v1/accounts/me/factors/replacement";
    made.leaves(app, (name, "account.replacement_requested"), call).await;
    let call = delete(app, REPLACEMENT, &by_mail);
    let name = "DELETE /v1/accounts/me/factors/replacement";
    made.leaves(app, (name, "account.replacement_objected"), call).await;
    let call = app.post("/v1/password-resets", &json!({ "login": person.login }));
    let name = "POST /v1/password-resets";
    made.leaves(app, (name, "account.password_reset_requested"), call).await;
    let token = link(app, &person.email, "A new password").await;
    let body = json!({ "password": NEW_PASSWORD });
    let call = app.post(format!("/v1/password-resets/{token}"), &body);
    let name = "POST /v1/password-resets/{token}";
    made.leaves(app, (name, "account.password_set"), call).await;
    let token = link(app, &person.email, "was set anew").await;
    let call = app.post(format!("/v1/objections/{token}"), &json!({}));
    let name = "POST /v1/objections/{token}";
    made.leaves(app, (name, "account.repudiated"), call).await;
    // Which asks for another password at the next sign-in.
    app.pass(STEP).await;
    let begun = app.sign_in(&person.login, NEW_PASSWORD).await.is(200).text_at("/id");
    let code = app.code(person);
    let asked = app.answer(&begun, "totp", &code).await.is(200);
    let path = format!("/v1/sign-ins/{}/password", asked.text_at("/id"));
    let call = app.post(path, &json!({ "password": PASSWORD }));
    let name = "POST /v1/sign-ins/{id}/password";
    made.leaves(app, (name, "account.password_set"), call).await;
}

/// What an app is told of somebody, and signing out for it.
async fn signed_in_to(app: &TestApp, made: &mut Made, shop: oidc::Shop) {
    let klara = app.registered("klara.facts").await;
    let call = oidc::authorize(app, &shop.asked()).bearer(&klara.token);
    let name = "POST /v1/oidc/authorizations";
    let granted = made.leaves(app, (name, "account.grant_issued"), call).await;
    let grant = oidc::parameter(&oidc::back(&granted), "code");
    app.plant("grant", grant.as_bytes());
    let call = shop.redeem(app, &grant, oidc::VERIFIER);
    let name = "POST /v1/oidc/token";
    let told = made.leaves(app, (name, "account.grant_redeemed"), call).await;
    if made.many {
        let call = app.post("/v1/oidc/userinfo", &json!({})).bearer(&told.text_at("/access_token"));
        made.is_once(app, READING, call.form(&[])).await;
    }
    let call = app.post("/v1/oidc/session-ends", &json!({})).bearer(&klara.token);
    made.leaves(app, ("POST /v1/oidc/session-ends", "account.sessions_ended"), call).await;
}

/// What staff does, and looks at.
async fn staff(app: &TestApp, made: &mut Made, person: &Person) {
    let admin = app.operator("operator.admin", Role::Admin).await;
    let support = app.operator("operator.support", Role::Support).await;
    let on = Listener::Operator;
    let by_admin = |path: &str, body: &Value| app.post(path, body).on(on).bearer(&admin.token);
    let shop = json!({ "name": "shop", "scopes": [] });
    let call = by_admin("/v1/clients", &shop);
    let added = made.leaves(app, ("POST /v1/clients", "client.added"), call).await;
    let path = format!("/v1/clients/{}", added.text_at("/client_id"));
    let call = by_admin(&format!("{path}/keys"), &json!({}));
    let key = made.leaves(app, ("POST /v1/clients/{client}/keys", "client.key_added"), call).await;
    app.plant("API key", key.text_at("/api_key").as_bytes());
    let back = json!({ "redirect_uris": [oidc::BACK], "post_logout_redirect_uris": [] });
    let redirects = app.call(Method::PUT, format!("{path}/redirects"));
    let call = redirects.json(&back).on(on).bearer(&admin.token);
    made.leaves(app, ("PUT /v1/clients/{client}/redirects", "client.redirects_set"), call).await;
    let (id, api_key) = (added.text_at("/client_id"), key.text_at("/api_key"));
    signed_in_to(app, made, oidc::Shop { id, key: api_key, admin: admin.clone() }).await;
    let call = delete(app, &format!("{path}/keys/{}", key.text_at("/key_id")), &admin.token).on(on);
    let name = "DELETE /v1/clients/{client}/keys/{key}";
    made.leaves(app, (name, "client.key_ended"), call).await;
    let call = delete(app, &path, &admin.token).on(on);
    made.leaves(app, ("DELETE /v1/clients/{client}", "client.disabled"), call).await;
    every_act(app, made, &admin).await;
    let call = by_admin("/v1/operators", &json!({ "login": "op.new", "role": "support" }));
    let added = made.leaves(app, ("POST /v1/operators", "operator.added"), call).await;
    let setup_token = added.text_at("/setup_token");
    app.plant("setup token", setup_token.as_bytes());
    let call = app.post("/v1/setup", &json!({ "setup_token": setup_token, "password": PASSWORD }));
    let set_up = made.leaves(app, ("POST /v1/setup", "operator.set_up"), call).await;
    let path = format!("/v1/operators/{}", set_up.text_at("/account_id"));
    let call = delete(app, &path, &admin.token).on(on);
    made.leaves(app, ("DELETE /v1/operators/{operator}", "operator.disabled"), call).await;
    let search = json!({ "login": person.login, "ticket": "T-1" });
    let call = app.post("/v1/support/accounts/search", &search).on(on).bearer(&support.token);
    let name = "POST /v1/support/accounts/search";
    made.leaves(app, (name, "account.history_viewed"), call).await;
    for name in LOOKS {
        let path = name.strip_prefix("GET ").unwrap().replace("{account}", &person.account);
        let is_of_then = path.ends_with("/state") || path.ends_with("/changes");
        // Of one ticket the second of them would go on with the look of the first.
        let ticket = path.rsplit('/').next().unwrap();
        let revision = if is_of_then { "&revision=1" } else { "" };
        let call =
            app.get(format!("{path}?ticket={ticket}{revision}")).on(on).bearer(&support.token);
        made.leaves(app, (name, "account.history_viewed"), call).await;
    }
    let path = format!("/v1/support/accounts/{}/lockout-resets", person.account);
    let reset = json!({ "scope": "cool_down", "reason": "on the phone", "ticket": "T-1" });
    let call = app.post(path, &reset).on(on).bearer(&support.token);
    let name = "POST /v1/support/accounts/{account}/lockout-resets";
    made.leaves(app, (name, "account.lockout_reset"), call).await;
    desk(app, made, &support).await;
}

/// What support does to an account beside that.
async fn desk(app: &TestApp, made: &mut Made, support: &Person) {
    let on = Listener::Operator;
    let ulla = confirmed(app, "ulla.facts").await;
    let code = json!({ "method": "totp", "code": app.code(support) });
    let proven = app.post("/v1/session/proofs", &code).on(on).bearer(&support.token).await.is(200);
    let token = proven.text_at("/session/token");
    let supervisor = app.operator("operator.supervisor", Role::Supervisor).await;
    let act = json!({ "reason": "on the phone", "ticket": "T-1" });
    let path = |rest: &str| format!("/v1/support/accounts/{}/{rest}", ulla.account);
    for (rest, fact) in [
        ("suspensions", "account.suspended"),
        ("resumptions", "account.resumed"),
        ("session-ends", "account.sessions_ended"),
        ("password-mails", "account.password_mail_asked"),
    ] {
        let name = format!("POST /v1/support/accounts/{{account}}/{rest}");
        let call = app.post(path(rest), &act).on(on).bearer(&token);
        made.leaves(app, (&name, fact), call).await;
    }
    let call = app.post(path("factor-removals"), &removal_of(&ulla)).on(on).bearer(&token);
    let name = "POST /v1/support/accounts/{account}/factor-removals";
    let asked = made.leaves(app, (name, "account.factor_removal_requested"), call).await;
    let removal = asked.text_at("/removal/removal_id");
    for (verb, fact, token) in [
        ("approve", "account.factor_removal_approved", &supervisor.token),
        ("cancel", "account.factor_removal_cancelled", &token),
    ] {
        let path = path(&format!("factor-removals/{removal}/{verb}"));
        let name =
            format!("POST /v1/support/accounts/{{account}}/factor-removals/{{removal}}/{verb}");
        let call = app.post(path, &act).on(on).bearer(token);
        made.leaves(app, (&name, fact), call).await;
    }
    let other = app.operator("operator.other", Role::Supervisor).await;
    let to = json!({ "email": "ulla.new@example.org", "proof": "call_back",
        "reason": "on the phone", "ticket": "T-1" });
    let call = app.post(path("address-changes"), &to).on(on).bearer(&supervisor.token);
    let name = "POST /v1/support/accounts/{account}/address-changes";
    let asked = made.leaves(app, (name, "account.factor_removal_requested"), call).await;
    let request = asked.text_at("/removal/removal_id");
    for (verb, fact, token) in [
        ("approve", "account.factor_removal_approved", &other.token),
        ("cancel", "account.factor_removal_cancelled", &token),
    ] {
        let path = path(&format!("address-changes/{request}/{verb}"));
        let name =
            format!("POST /v1/support/accounts/{{account}}/address-changes/{{removal}}/{verb}");
        let call = app.post(path, &act).on(on).bearer(token);
        made.leaves(app, (&name, fact), call).await;
    }
}

/// Removing an authenticator, in both ways; and enrolling one in a sign-in that asks for it.
async fn authenticators(app: &TestApp, made: &mut Made) {
    let ways = [
        ("DELETE /v1/accounts/{account}/factors/{factor}", Method::DELETE, ""),
        ("POST /v1/accounts/{account}/factors/{factor}/remove", Method::POST, "/remove"),
    ];
    for (number, (name, method, rest)) in ways.into_iter().enumerate() {
        let person = app.person(&format!("removes.{number}")).await;
        let path = format!("/v1/accounts/me/factors/{}{rest}", person.factor);
        let call = app.call(method, path).json(&json!({})).bearer(&person.token);
        made.leaves(app, (name, "account.factor_removed"), call).await;
    }
}

async fn demanded(app: &TestApp, made: &mut Made) {
    let body = json!({ "login": "must.enrol", "email": "must@example.com", "password": PASSWORD });
    app.post("/v1/accounts", &body).await.is(201);
    let asked = app.sign_in("must.enrol", PASSWORD).await.is(200);
    assert_eq!(asked.text_at("/status"), "enrolment_required");
    let path = format!("/v1/sign-ins/{}/factors", asked.text_at("/id"));
    let call = app.post(path.as_str(), &json!({ "kind": "totp", "name": "phone" }));
    let name = "POST /v1/sign-ins/{id}/factors";
    let offered = made.leaves(app, (name, "account.enable_requested"), call).await;
    let person = Person { secret: offered.text_at("/secret"), ..Person::default() };
    let path = format!("{path}/{}/activate", offered.text_at("/factor_id"));
    let call = app.post(path, &json!({ "code": app.code(&person) }));
    let name = "POST /v1/sign-ins/{id}/factors/{factor}/activate";
    made.leaves(app, (name, "account.enabled"), call).await;
}

/// Another policy, which no server with the configuration of before starts under.
async fn policy(app: &TestApp, made: &mut Made) {
    let admin = app.operator("operator.policy", Role::Admin).await;
    let body = json!({ "profile": "standard", "settings": { "totp.limit.per_txn": 4 } });
    let call = app.call(Method::PUT, "/v1/policy").json(&body).on(Listener::Operator);
    made.leaves(app, ("PUT /v1/policy", "policy.set"), call.bearer(&admin.token)).await;
}

/// Makes every call.
fn make_all(made: &mut Made) {
    TestApp::run(async |app| {
        let mut marlene = arrival(app, made).await;
        second_step(app, made, &mut marlene).await;
        sessions(app, made, &mut marlene).await;
        clock(app, made, &mut marlene).await;
        changes(app, made, &mut marlene).await;
        recovery(app, made, &marlene).await;
        staff(app, made, &marlene).await;
        authenticators(app, made).await;
        unlocked(app, made).await;
        policy(app, made).await;
    });
    let required = |config: &mut countersign_api::config::Config| {
        config.two_factor.required_from = Some("2026-11-24T05:00:00Z".to_owned());
    };
    TestApp::run_with(required, async |app| demanded(app, made).await);
}

/// SR-066, AT-56: every POST of the table, sent twenty times at once under one key, is done once
/// and answered alike to the last byte, also by a server on what a kill left; and the key is
/// refused for another body.
#[test]
fn sr_066_at_56_every_post_sent_twenty_times_at_once_is_done_once() {
    let mut made = Made { many: true, ..Made::default() };
    make_all(&mut made);
    let posts = operations().into_iter().filter(|operation| operation.method == Method::POST);
    let all: BTreeSet<String> = posts.map(|operation| operation.name()).collect();
    assert!(made.names.is_superset(&all), "{:?}", all.difference(&made.names));
}

/// SR-108: every call of the table that is no reading, and every look of staff.
#[test]
fn sr_108_every_call_that_changes_something_leaves_its_fact() {
    let mut made = Made::default();
    make_all(&mut made);
    let all: BTreeSet<String> = operations()
        .iter()
        .filter(|operation| operation.method != Method::GET)
        .map(Operation::name)
        .filter(|name| name != READING)
        .chain(LOOKS.map(str::to_owned))
        .collect();
    assert_eq!(made.names, all);
}
