//! Changing how one is known needs a second factor proven a short while ago: a session alone, a
//! fresh password and a code by e-mail are each not enough.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_tests::app::{Answered, PASSWORD, Person, TestApp};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::acts::{acts, changes, prove, totp};
use super::cookies::{as_page, with_cookies};

/// One second more than a proof is fresh.
const STALE: SignedDuration = SignedDuration::from_secs(301);
const TWO_FACTOR: &str = "urn:countersign:acr:two_factor";
const BY_PASSWORD: &str = "urn:countersign:acr:password";
const FACTORS: &str = "/v1/accounts/me/factors";

/// SR-079: what must be proven, and how fresh, as RFC 9470 has it and once more in the body.
#[track_caller]
fn assert_step_up(what: &str, answered: &Answered, acr: &str) {
    assert_eq!(answered.status, 401, "{what}: {:?}", answered.face());
    assert_eq!(answered.not_a_problem(), None, "{what}");
    assert_eq!(answered.text_at("/type"), "urn:countersign:problem:step-up-required", "{what}");
    assert_eq!(answered.text_at("/acr_values"), acr, "{what}");
    assert_eq!(answered.body["max_age"], 300, "{what}");
    let challenges: Vec<_> = answered.headers.get_all("www-authenticate").iter().collect();
    let expected = format!(
        "Bearer error=\"insufficient_user_authentication\", acr_values=\"{acr}\", max_age=300"
    );
    assert_eq!(challenges, [expected.as_str()], "{what}");
}

/// Refused for each of the acts, as a client app asks and as a page does; and nothing has changed.
async fn assert_refused(app: &TestApp, person: &Person, token: &str) {
    let before = changes(app, person);
    for act in acts(person) {
        let what = format!("{} {}", act.method, act.path);
        assert_step_up(&what, &act.send(app).bearer(token).await, TWO_FACTOR);
        let by_page = with_cookies(as_page(app, act.send(app)), token, "").await;
        assert_step_up(&what, &by_page, TWO_FACTOR);
    }
    assert_eq!(changes(app, person), before);
}

/// SR-114, AT-27, SR-079: a session whose second factor is five minutes old changes nothing, and
/// neither does one with a fresh password; a fresh code does.
#[test]
fn sr_114_at_27_an_authenticator_is_not_removed_by_a_session_or_a_password() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.steps").await;
        app.pass(STALE).await;
        assert_refused(app, &marlene, &marlene.token).await;
        let proof = json!({ "password": PASSWORD });
        let proven = prove(app, &marlene.token, &proof).await.is(200);
        let token = proven.text_at("/session/token");
        assert_refused(app, &marlene, &token).await;
        // A password beside the request is not looked at.
        let body = json!({ "kind": "totp", "name": "phone", "password": PASSWORD });
        let offered = app.post(FACTORS, &body).bearer(&token).await;
        assert_step_up("with a password", &offered, TWO_FACTOR);

        let code = totp(app, &marlene);
        let token = prove(app, &token, &code).await.is(200).text_at("/session/token");
        let mut acts = acts(&marlene);
        acts.pop();
        for act in acts {
            act.send(app).bearer(&token).await.is(act.done);
        }
        assert_eq!(app.count(&marlene.account, "account.disabled"), 1);
        let plain = app.sign_in("marlene.steps", PASSWORD).await.is(200);
        assert_eq!(plain.text_at("/status"), "completed");
    });
}

/// SR-079: whatever else asks for more than a session says so too, to operators as well.
#[test]
fn sr_079_every_call_that_needs_more_says_what_and_how_fresh() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.calls").await;
        let plain = app.registered("plain.calls").await;
        let admin = app.operator("admin.calls", Role::Admin).await;
        let support = app.operator("support.calls", Role::Support).await;
        app.pass(STALE).await;
        let resync = format!("{FACTORS}/{}/resync", marlene.factor);
        let address = json!({ "email": "new@example.com" });
        let password = json!({ "current": PASSWORD, "password": "another mule, another song" });
        for (path, body, token, acr) in [
            ("/v1/accounts/me/email", &address, &plain.token, BY_PASSWORD),
            ("/v1/accounts/me/email", &address, &marlene.token, TWO_FACTOR),
            ("/v1/accounts/me/password", &password, &marlene.token, TWO_FACTOR),
            (&resync, &json!({ "codes": ["000000", "000000"] }), &marlene.token, TWO_FACTOR),
        ] {
            assert_step_up(path, &app.post(path, body).bearer(token).await, acr);
        }
        let unlock = format!("/v1/support/accounts/{}/lockout-resets", marlene.account);
        let reset = json!({ "scope": "counters", "reason": "a reason", "ticket": "T-1" });
        let client = format!("/v1/clients/{}", Uuid::from_u128(7));
        let (keys, key) =
            (format!("{client}/keys"), format!("{client}/keys/{}", Uuid::from_u128(8)));
        let operator = format!("/v1/operators/{}", support.account);
        let by_name = json!({ "login": "op.new", "role": "support" });
        for (method, path, body, by) in [
            (Method::POST, "/v1/clients", json!({ "name": "an app", "scopes": [] }), &admin),
            (Method::DELETE, &client, json!({}), &admin),
            (Method::POST, &keys, json!({}), &admin),
            (Method::DELETE, &key, json!({}), &admin),
            (Method::POST, "/v1/operators", by_name, &admin),
            (Method::DELETE, &operator, json!({}), &admin),
            (Method::POST, &unlock, reset, &support),
        ] {
            let call = app.call(method, path).json(&body).on(Listener::Operator);
            assert_step_up(path, &call.bearer(&by.token).await, TWO_FACTOR);
        }
    });
}

/// SR-114: the other way to remove it, and five minutes to the second.
#[test]
fn sr_114_a_code_is_fresh_for_five_minutes() {
    TestApp::run(async |app| {
        let mut marlene = app.person("marlene.fresh").await;
        marlene.token = app.enter(&marlene).await;
        app.pass(SignedDuration::from_secs(300)).await;
        let removal = acts(&marlene).pop().unwrap();
        let last = acts(&marlene).swap_remove(1);
        last.send(app).bearer(&marlene.token).await.is(last.done);
        app.pass(SignedDuration::from_secs(1)).await;
        let stale = removal.send(app).bearer(&marlene.token).await;
        assert_step_up("a second later", &stale, TWO_FACTOR);
        let token = app.enter(&marlene).await;
        removal.send(app).bearer(&token).await.is(removal.done);
        assert_eq!(app.count(&marlene.account, "account.disabled"), 1);
    });
}

/// SR-114, AT-27: a session by a code sent by e-mail changes nothing either, however fresh, and a
/// further code by e-mail proves nothing in it.
#[test]
fn sr_114_a_session_by_a_code_by_e_mail_removes_nothing() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.mailed").await;
        let sign_in = app.begin(&marlene).await;
        app.email_code(&sign_in).await.is(202);
        app.settle().await;
        let code = app.post.newest_code(&marlene.email).unwrap();
        let entered = app.answer(&sign_in, "email_code", &code).await.is(200);
        let token = entered.text_at("/session/token");
        assert_refused(app, &marlene, &token).await;
        let by_mail = json!({ "method": "email_code", "code": code });
        prove(app, &token, &by_mail).await.is(422);
        let proven = prove(app, &token, &json!({ "password": PASSWORD })).await.is(200);
        assert_eq!(proven.text_at("/session/assurance"), "email_code");
        assert_refused(app, &marlene, &proven.text_at("/session/token")).await;
    });
}

/// SR-111, AT-25, SR-079: whoever has stolen the session cookie of somebody without a second
/// factor cannot give the account one, and lock its holder out.
#[test]
fn sr_111_at_25_a_stolen_session_cookie_enrols_nothing() {
    TestApp::run(async |app| {
        let marlene = app.registered("marlene.stolen").await;
        app.pass(STALE).await;
        let before = changes(app, &marlene);
        let offer = |password: Option<&str>| {
            let mut body = json!({ "kind": "totp", "name": "the thief's phone" });
            if let Some(password) = password {
                body["password"] = json!(password);
            }
            app.post(FACTORS, &body)
        };
        let by_cookie = with_cookies(as_page(app, offer(None)), &marlene.token, "").await;
        assert_step_up("the cookie alone", &by_cookie, BY_PASSWORD);
        let by_bearer = offer(None).bearer(&marlene.token).await;
        assert_step_up("the token alone", &by_bearer, BY_PASSWORD);
        assert_eq!(changes(app, &marlene), before);
        let guessed = with_cookies(as_page(app, offer(Some("a guess"))), &marlene.token, "").await;
        assert_eq!(guessed.is(401).text_at("/code"), "authentication-failed");
        assert_eq!(app.count(&marlene.account, "account.enable_requested"), 0);
        with_cookies(as_page(app, offer(Some(PASSWORD))), &marlene.token, "").await.is(202);
    });
}

/// AT-25: nor can it give a further one to an account that has one, password or not.
#[test]
fn at_25_a_stolen_session_cookie_adds_no_further_authenticator() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.stolen").await;
        app.pass(STALE).await;
        for body in [
            json!({ "kind": "totp", "name": "the thief's phone" }),
            json!({ "kind": "totp", "name": "the thief's phone", "password": PASSWORD }),
        ] {
            let call = as_page(app, app.post(FACTORS, &body));
            let offered = with_cookies(call, &marlene.token, "").await;
            assert_step_up("a further one", &offered, TWO_FACTOR);
        }
        assert_eq!(app.count(&marlene.account, "account.enable_requested"), 1);
    });
}

/// SR-079: where the policy asks for a fresher proof, the challenge says so.
#[test]
fn sr_079_a_stricter_policy_names_its_own_age() {
    let strict = |config: &mut countersign_api::config::Config| {
        config.session.step_up_max_age = "2m".to_owned();
    };
    TestApp::run_with(strict, async |app| {
        let marlene = app.person("marlene.strict").await;
        app.pass(SignedDuration::from_secs(121)).await;
        let renew = app.post("/v1/accounts/me/recovery-codes", &json!({}));
        let refused = renew.bearer(&marlene.token).await.is(401);
        assert_eq!(refused.body["max_age"], 120);
        let challenge = refused.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.ends_with("max_age=120"), "{challenge}");
    });
}
