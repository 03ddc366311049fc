//! What a client app's word and key open: as far as the app stands by it, and its holder's own
//! second factor never.

use countersign_api::contract::kind::{Role, Scope};
use countersign_api::server::listener::Listener;
use countersign_tests::app::{Answered, Call, Person, STEP, TestApp};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

const KEY: &str = "one-key-for-one-answer-0123";
const SUBJECT: &str = "customer-7";
const SECOND: SignedDuration = SignedDuration::from_secs(1);

fn call<'a>(app: &'a TestApp, admin: &Person, method: Method, path: &str) -> Call<'a> {
    app.call(method, path).on(Listener::Operator).bearer(&admin.token)
}

/// A client app and its first key.
struct Shop {
    id: String,
    key_id: String,
    key: String,
}

impl Shop {
    async fn of(app: &TestApp, admin: &Person, scopes: &[Scope]) -> Self {
        let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        let body = json!({ "name": "shop", "scopes": scopes });
        let added = call(app, admin, Method::POST, "/v1/clients").json(&body).await.is(201);
        let key = added.text_at("/api_key");
        app.plant("API key", key.as_bytes());
        Self { id: added.text_at("/client_id"), key_id: added.text_at("/key_id"), key }
    }

    async fn new(app: &TestApp) -> (Person, Self) {
        let admin = app.operator("ada", Role::Admin).await;
        let scopes = [Scope::AccountsWrite, Scope::SignInsVouch, Scope::FactorsWrite];
        let shop = Self::of(app, &admin, &scopes).await;
        (admin, shop)
    }
}

async fn made(app: &TestApp, key: &str, subject: &str) -> String {
    let body = json!({ "subject": subject, "email": "customer@example.com" });
    app.post("/v1/accounts", &body).bearer(key).await.is(201).text_at("/account_id")
}

fn vouch<'a>(app: &'a TestApp, key: &str, subject: &str) -> Call<'a> {
    let body = json!({
        "subject": subject, "first_factor": "vouched", "context": { "ip": "192.0.2.1" }
    });
    app.post("/v1/sign-ins", &body).bearer(key)
}

fn offer<'a>(app: &'a TestApp, bearer: &str, account: &str) -> Call<'a> {
    let body = json!({ "kind": "totp", "name": "phone" });
    app.post(format!("/v1/accounts/{account}/factors"), &body).bearer(bearer)
}

fn activate<'a>(app: &'a TestApp, bearer: &str, account: &str, offered: &Answered) -> Call<'a> {
    let factor = offered.text_at("/factor_id");
    let code = json!({ "code": app.code_of(&offered.text_at("/secret"), 0) });
    app.post(format!("/v1/accounts/{account}/factors/{factor}/activate"), &code).bearer(bearer)
}

/// The app's user with an authenticator: its secret, base32.
async fn enrolled(app: &TestApp, key: &str, subject: &str) -> String {
    made(app, key, subject).await;
    let account = format!("subject:{subject}");
    let offered = offer(app, key, &account).await.is(202);
    activate(app, key, &account, &offered).await.is(200);
    app.pass(STEP).await;
    offered.text_at("/secret")
}

/// The session of a user who has proven all.
async fn entered(app: &TestApp, key: &str, subject: &str, secret: &str) -> String {
    let begun = vouch(app, key, subject).await.is(200).text_at("/id");
    let answered = app.answer(&begun, "totp", &app.code_of(secret, 0)).await.is(200);
    answered.text_at("/session/token")
}

/// SR-111, AT-30: whoever has a key that may enrol and vouch enrols nothing beside what the holder
/// has, with an offer of before or of now. The holder does, with the session of his own code.
#[test]
fn sr_111_at_30_a_key_enrols_the_first_authenticator_and_no_further() {
    TestApp::run(async |app| {
        let (_, shop) = Shop::new(app).await;
        let account = made(app, &shop.key, SUBJECT).await;
        let first = offer(app, &shop.key, &account).await.is(202);
        activate(app, &shop.key, &account, &first).await.is(200);
        app.pass(STEP).await;
        for whose in [account.as_str(), "subject:customer-7"] {
            let refused = offer(app, &shop.key, whose).await.is(401);
            assert_eq!(refused.text_at("/code"), "step-up-required");
        }
        let factors = app.count(&account, "account.enabled");
        assert_eq!((factors, app.count(&account, "account.enable_requested")), (1, 1));

        let secret = first.text_at("/secret");
        let token = entered(app, &shop.key, SUBJECT, &secret).await;
        let second = offer(app, &token, "me").await.is(202);
        // What the holder began is not the app's to confirm.
        activate(app, &shop.key, &account, &second).await.is(404);
        activate(app, &token, "me", &second).await.is(200);
        assert_eq!(app.count(&account, "account.enabled"), 2);
    });
}

/// SR-062, SR-111, SR-117: a key that may make accounts and vouch, and no more, gets a session by
/// its word alone: that enrols nothing and takes no other address.
#[test]
fn sr_062_a_session_on_an_apps_word_changes_nothing_by_itself() {
    TestApp::run(async |app| {
        let admin = app.operator("ada", Role::Admin).await;
        let scopes = [Scope::AccountsWrite, Scope::SignInsVouch];
        let shop = Shop::of(app, &admin, &scopes).await;
        let account = made(app, &shop.key, SUBJECT).await;
        let vouched = vouch(app, &shop.key, SUBJECT).await.is(200);
        let token = vouched.text_at("/session/token");
        app.get("/v1/session").bearer(&token).await.is(200);
        let refused = offer(app, &token, "me").await.is(401);
        assert_eq!(refused.text_at("/code"), "step-up-required");
        let body = json!({ "email": "thief@example.com" });
        let refused = app.post("/v1/accounts/me/email", &body).bearer(&token).await.is(401);
        assert_eq!(refused.text_at("/code"), "step-up-required");
        offer(app, &shop.key, &account).await.is(403);
        for changed in ["account.enable_requested", "account.email_code_requested"] {
            assert_eq!(app.count(&account, changed), 0, "{changed}");
        }
    });
}

/// What an app of a key has begun: a sign-in that waits, with the code for it, and a session.
struct Begun {
    secret: String,
    sign_in: String,
    token: String,
}

impl Begun {
    async fn by(app: &TestApp, shop: &Shop) -> Self {
        let secret = enrolled(app, &shop.key, SUBJECT).await;
        made(app, &shop.key, "customer-8").await;
        let alone = vouch(app, &shop.key, "customer-8").keyed(KEY).await.is(200);
        let token = alone.text_at("/session/token");
        let sign_in = vouch(app, &shop.key, SUBJECT).await.is(200).text_at("/id");
        app.get("/v1/session").bearer(&token).await.is(200);
        app.pass(SECOND).await;
        Self { secret, sign_in, token }
    }

    async fn is_over(&self, app: &TestApp) {
        app.pass(SECOND).await;
        let code = app.code_of(&self.secret, 0);
        let refused = app.answer(&self.sign_in, "totp", &code).await.is(401);
        assert_eq!(refused.text_at("/code"), "authentication-failed");
        app.get("/v1/session").bearer(&self.token).await.is(401);
        app.get("/v1/accounts/me/history").bearer(&self.token).await.is(401);
    }
}

/// SR-131, AT-30: with an app that is disabled ends what its word had opened.
#[test]
fn sr_131_at_30_what_a_disabled_app_had_begun_is_over() {
    TestApp::run(async |app| {
        let (admin, shop) = Shop::new(app).await;
        let begun = Begun::by(app, &shop).await;
        let admin = Person { token: app.enter(&admin).await, ..admin };
        let path = format!("/v1/clients/{}", shop.id);
        call(app, &admin, Method::DELETE, &path).await.is(204);
        begun.is_over(app).await;
    });
}

/// SR-131, AT-30: and with a key that is ended, or replaced at once; what the next one begins is
/// good. A key that goes on beside another ends nothing.
#[test]
fn sr_131_at_30_what_was_begun_before_a_key_was_ended_is_over() {
    TestApp::run(async |app| {
        let (admin, shop) = Shop::new(app).await;
        let begun = Begun::by(app, &shop).await;
        let admin = Person { token: app.enter(&admin).await, ..admin };
        let keys = format!("/v1/clients/{}/keys", shop.id);
        let rotate = async |body: Value| {
            let added = call(app, &admin, Method::POST, &keys).json(&body).await.is(201);
            app.plant("API key", added.text_at("/api_key").as_bytes());
            added.text_at("/api_key")
        };
        let next = rotate(json!({})).await;
        app.get("/v1/session").bearer(&begun.token).await.is(200);
        let ended = format!("{keys}/{}", shop.key_id);
        call(app, &admin, Method::DELETE, &ended).await.is(204);
        begun.is_over(app).await;
        // Nor is the assertion told again.
        vouch(app, &next, "customer-8").keyed(KEY).await.is(401);
        app.pass(STEP).await;
        let token = entered(app, &next, SUBJECT, &begun.secret).await;
        app.get("/v1/session").bearer(&token).await.is(200);
        app.pass(SECOND).await;
        rotate(json!({ "overlap_seconds": 0 })).await;
        app.get("/v1/session").bearer(&token).await.is(401);
    });
}
