//! Who asks the API in the suites of other people's programs: a person, a client app, operators.

use std::net::SocketAddr;
use std::path::Path;

use countersign_tests::bench::prepare::step_now;
use countersign_tests::phone::code;
use countersign_tests::server::{Answered, Server, add_client, call, verb};
use serde_json::{Value, json};

const PASSWORD: &str = "tr0ubador & his mule";

/// Somebody with an authenticator and a session of two fresh factors.
pub(crate) struct Holder {
    pub(crate) account: String,
    pub(crate) factor: String,
    pub(crate) token: String,
}

fn post(at: SocketAddr, path: &str, bearer: Option<&str>, body: &Value) -> Answered {
    let answered = call(at, "POST", path, bearer, Some(body)).unwrap();
    assert!(answered.status < 300, "{path}: {answered:?}");
    answered
}

/// Enables two factors for whoever has only a password.
fn with_authenticator(at: SocketAddr, login: &str, account: String) -> Holder {
    let body = json!({ "login": login, "password": PASSWORD });
    let begun = post(at, "/v1/sign-ins", None, &body);
    let token = begun.text_at("/session/token");
    let body = json!({ "kind": "totp", "name": "phone", "password": PASSWORD });
    let offered = post(at, "/v1/accounts/me/factors", Some(token), &body);
    let factor = offered.text_at("/factor_id").to_owned();
    let body = json!({ "code": code(offered.text_at("/secret"), step_now()).unwrap() });
    let path = format!("/v1/accounts/me/factors/{factor}/activate");
    let activated = post(at, &path, Some(token), &body);
    Holder { account, factor, token: activated.text_at("/session/token").to_owned() }
}

/// A person who registered.
pub(crate) fn person(server: &Server, login: &str) -> Holder {
    let email = format!("{login}@example.com");
    let body = json!({ "login": login, "email": email, "password": PASSWORD });
    let made = post(server.public, "/v1/accounts", None, &body);
    with_authenticator(server.public, login, made.text_at("/account_id").to_owned())
}

/// An operator of a role, set up from the command line.
pub(crate) fn operator(server: &Server, data: &Path, role: &str) -> Holder {
    let (login, data) = (format!("operator.{role}"), data.to_str().unwrap());
    let line = ["operator", "add", &login, "--role", role, "--json", "--data", data];
    let (code, out, err) = verb(&line).unwrap();
    assert_eq!(code, Some(0), "{err}");
    let added: Value = serde_json::from_str(&out).unwrap();
    let body = json!({ "setup_token": added["setup_token"], "password": PASSWORD });
    let set_up = post(server.operator, "/v1/setup", None, &body);
    with_authenticator(server.operator, &login, set_up.text_at("/account_id").to_owned())
}

/// A client app of every scope, with an account of its own; its key and the account.
pub(crate) fn client_app(server: &Server, data: &Path) -> (String, String) {
    let key = add_client(data).unwrap();
    let body = json!({ "subject": "fuzzed-customer" });
    let made = post(server.public, "/v1/accounts", Some(&key), &body);
    (key, made.text_at("/account_id").to_owned())
}
