//! SR-066, AT-56: a call with an idempotency key is answered alike after `kill -9`.
//!
//! What a call gives out once is derived from its event and its key, and nothing secret is stored
//! for it. So a server that never got to say anything answers, when it is asked again, what it had
//! said.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use countersign_tests::bench::prepare::step_now;
use countersign_tests::phone::code;
use countersign_tests::server::{Answered, Server, add_client, send, verb};
use serde_json::{Value, json};

const PASSWORD: &str = "tr0ubador & his mule";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const BACK: &str = "https://shop.example/back";

/// A call that was made, and what it was answered.
struct Made {
    operators: bool,
    path: String,
    headers: Vec<(String, String)>,
    body: (&'static str, String),
    answered: Answered,
}

/// A server that is killed again and again.
struct House {
    data: PathBuf,
    /// Says by which address it is known, whatever port it gets: an assertion names that.
    config: PathBuf,
    server: Option<Server>,
    /// Since it was last killed.
    made: Vec<Made>,
    /// Paths of calls that were answered alike.
    alike: Vec<String>,
}

impl House {
    fn at(&self, operators: bool) -> SocketAddr {
        let server = self.server.as_ref().unwrap();
        if operators { server.operator } else { server.public }
    }

    /// A POST with a key of its own.
    fn post(&mut self, path: &str, bearer: Option<&str>, body: &Value) -> Value {
        self.keep((false, path), bearer.map(as_bearer), (JSON, body.to_string()))
    }

    fn post_at_desk(&mut self, path: &str, bearer: &str, body: &Value) -> Value {
        self.keep((true, path), Some(as_bearer(bearer)), (JSON, body.to_string()))
    }

    fn keep(
        &mut self,
        (operators, path): (bool, &str),
        authorization: Option<String>,
        body: (&'static str, String),
    ) -> Value {
        let key = format!("a-key-of-one-call-only-{:04}", self.made.len() + 100 * self.alike.len());
        let mut headers = vec![("Idempotency-Key".to_owned(), key)];
        headers.extend(authorization.map(|value| ("Authorization".to_owned(), value)));
        let path = path.to_owned();
        let mut made = Made { operators, path, headers, body, answered: NOTHING.clone() };
        made.answered = self.again(&made);
        assert!(made.answered.status < 300, "{}: {:?}", made.path, made.answered);
        let answered = made.answered.body.clone();
        self.made.push(made);
        answered
    }

    fn again(&self, made: &Made) -> Answered {
        let headers: Vec<(&str, &str)> =
            made.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let (media_type, body) = &made.body;
        let body = Some((*media_type, body.as_str()));
        send(self.at(made.operators), ("POST", &made.path), &headers, body).unwrap()
    }

    fn start(&mut self) {
        let flags = ["--config", self.config.to_str().unwrap()];
        self.server = Some(Server::start_with(&flags, &self.data).unwrap());
    }

    /// Kills the server, and asks everything again that it was asked since it was last killed.
    fn kill(&mut self) {
        self.server.take().unwrap().kill().unwrap();
        self.start();
        for made in std::mem::take(&mut self.made) {
            let again = self.again(&made);
            let both = [&made.answered, &again].map(|answered| (answered.status, &answered.text));
            assert_eq!(both[0], both[1], "{}", made.path);
            self.alike.push(made.path);
        }
    }

    /// The code that an authenticator shows in the next time step, and in this one.
    fn codes(secret: &str) -> [String; 2] {
        [0, 1].map(|more| code(secret, step_now() + more).unwrap())
    }
}

static NOTHING: std::sync::LazyLock<Answered> = std::sync::LazyLock::new(|| Answered {
    status: 0,
    head: String::new(),
    text: String::new(),
    body: Value::Null,
});

fn as_bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What a client app does for its user, to the assertion at the end.
fn as_an_app(house: &mut House, key: &str) {
    let app = Some(key);
    house.post("/v1/accounts", app, &json!({ "subject": "u-1" }));
    let factors = "/v1/accounts/subject:u-1/factors";
    let offered = house.post(factors, app, &json!({ "kind": "totp", "name": "phone" }));
    house.kill();
    let [now, next] = House::codes(&text(&offered, "/secret"));
    let path = format!("{factors}/{}/activate", text(&offered, "/factor_id"));
    house.post(&path, app, &json!({ "code": now }));
    let vouched = json!({
        "subject": "u-1", "first_factor": "vouched", "context": { "ip": "192.0.2.1" }, "nonce": "n",
    });
    let begun = house.post("/v1/sign-ins", app, &vouched);
    let path = format!("/v1/sign-ins/{}/answers", text(&begun, "/id"));
    let answered = house.post(&path, None, &json!({ "method": "totp", "code": next }));
    assert!(!text(&answered, "/assertion").is_empty(), "{answered}");
    house.kill();
}

/// What a person does, and an app that is told who it is.
fn as_a_person(house: &mut House, client: &str, key: &str) {
    let mail = "marlene@example.com";
    let body = json!({ "login": "marlene.again", "email": mail, "password": PASSWORD });
    house.post("/v1/accounts", None, &body);
    let body = json!({ "login": "marlene.again", "password": PASSWORD });
    let token = text(&house.post("/v1/sign-ins", None, &body), "/session/token");
    let body = json!({ "kind": "totp", "name": "phone", "password": PASSWORD });
    let offered = house.post("/v1/accounts/me/factors", Some(&token), &body);
    house.kill();
    let [now, next] = House::codes(&text(&offered, "/secret"));
    let path = format!("/v1/accounts/me/factors/{}/activate", text(&offered, "/factor_id"));
    house.post(&path, Some(&token), &json!({ "code": now }));
    house.post("/v1/accounts/me/recovery-codes", Some(&token), &json!({}));
    let asked = json!({
        "client_id": client, "redirect_uri": BACK, "response_type": "code", "scope": "openid",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    });
    let granted = house.post("/v1/oidc/authorizations", Some(&token), &asked);
    let location = text(&granted, "/location");
    let grant = location.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let form = format!(
        "grant_type=authorization_code&code={grant}&redirect_uri=https%3A%2F%2Fshop.example%2Fback\
         &code_verifier={VERIFIER}&client_id={client}&client_secret={key}"
    );
    let told = house.keep((false, "/v1/oidc/token"), None, (FORM, form));
    assert!(!text(&told, "/id_token").is_empty(), "{told}");
    let body = json!({ "login": "marlene.again", "password": PASSWORD });
    let begun = house.post("/v1/sign-ins", None, &body);
    let id = text(&begun, "/id");
    house.post(&format!("/v1/sign-ins/{id}/email-code"), None, &json!({}));
    house.post("/v1/password-resets", None, &json!({ "login": "marlene.again" }));
    house.kill();
    let body = json!({ "method": "totp", "code": next });
    house.post("/v1/session/proofs", Some(&token), &body);
    house.kill();
}

/// What an admin adds.
fn as_an_admin(house: &mut House, token: &str) {
    let shop = json!({ "name": "bank", "scopes": ["events:read"], "redirect_uris": [BACK] });
    let added = house.post_at_desk("/v1/clients", token, &shop);
    let path = format!("/v1/clients/{}", text(&added, "/client_id"));
    house.post_at_desk(&format!("{path}/keys"), token, &json!({}));
    let hook = json!({ "url": "https://shop.example/hooks" });
    let hook = house.post_at_desk(&format!("{path}/webhooks"), token, &hook);
    let path = format!("{path}/webhooks/{}", text(&hook, "/webhook_id"));
    house.post_at_desk(&format!("{path}/secrets"), token, &json!({}));
    let other = json!({ "login": "operator.other", "role": "support" });
    let added = house.post_at_desk("/v1/operators", token, &other);
    house.kill();
    let body = json!({ "setup_token": text(&added, "/setup_token"), "password": PASSWORD });
    house.post("/v1/setup", None, &body);
    house.kill();
}

/// An admin with a session of two factors.
fn admin(house: &House, data: &Path) -> String {
    let line = ["operator", "add", "ada", "--role", "admin", "--json", "--data"];
    let line = [&line[..], &[data.to_str().unwrap()]].concat();
    let (done, out, error) = verb(&line).unwrap();
    assert_eq!(done, Some(0), "{error}");
    let added: Value = serde_json::from_str(&out).unwrap();
    let post = |path: &str, token: Option<&str>, body: &Value| {
        let bearer = token.map(as_bearer);
        let headers: Vec<_> = bearer.iter().map(|it| ("Authorization", it.as_str())).collect();
        let body = body.to_string();
        let body = Some((JSON, body.as_str()));
        let answered = send(house.at(true), ("POST", path), &headers, body).unwrap();
        assert!(answered.status < 300, "{path}: {answered:?}");
        answered.body
    };
    let set_up = json!({ "setup_token": added["setup_token"], "password": PASSWORD });
    post("/v1/setup", None, &set_up);
    let begun = post("/v1/sign-ins", None, &json!({ "login": "ada", "password": PASSWORD }));
    let token = text(&begun, "/session/token");
    let body = json!({ "kind": "totp", "name": "phone", "password": PASSWORD });
    let offered = post("/v1/accounts/me/factors", Some(&token), &body);
    let [now, _] = House::codes(&text(&offered, "/secret"));
    let path = format!("/v1/accounts/me/factors/{}/activate", text(&offered, "/factor_id"));
    let lifted = post(&path, Some(&token), &json!({ "code": now }));
    text(&lifted, "/session/token")
}

#[test]
fn sr_066_at_56_after_kill_and_restart_every_answer_is_still_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let config = directory.path().join("countersign.toml");
    fs::write(&config, "public_url = \"http://localhost:8780\"\n").unwrap();
    let mut house = House { data: data.clone(), config, server: None, made: vec![], alike: vec![] };
    house.start();
    let key = add_client(&data).unwrap();
    let line = ["client", "add", "shop", "--redirect-uri", BACK, "--json", "--data"];
    let (done, out, error) = verb(&[&line[..], &[data.to_str().unwrap()]].concat()).unwrap();
    assert_eq!(done, Some(0), "{error}");
    let shop: Value = serde_json::from_str(&out).unwrap();
    let admin = admin(&house, &data);
    as_an_app(&mut house, &key);
    as_a_person(&mut house, &text(&shop, "/client_id"), &text(&shop, "/api_key"));
    as_an_admin(&mut house, &admin);
    assert!(house.alike.len() >= 20, "{:?}", house.alike);
}
