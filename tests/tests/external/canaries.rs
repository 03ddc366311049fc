//! Secrets that were planted everywhere are found nowhere but in the development mail spool.
//!
//! Raw, in hexadecimal (both cases), base32 and base64 of both alphabets. The keys are left out:
//! they are secrets themselves. So is the spool, where mails are meant to be read.

use countersign_tests::bench::prepare::step_now;
use countersign_tests::canaries::{Canaries, files_below};
use countersign_tests::phone::code;
use countersign_tests::server::{Server, add_client, call, into_file};
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};

const LOGIN: &str = "canary.login";
const EMAIL: &str = "canary-mail@example.com";
const PASSWORD: &str = "canary password 4711!";
const UNKNOWN_LOGIN: &str = "canary-typed-password-as-login";
const WRONG_PASSWORD: &str = "canary wrong password 0815";

/// What people type at registration and sign-in.
fn plant_what_is_typed(canaries: &mut Canaries) {
    for (what, secret) in [
        ("login", LOGIN),
        ("e-mail", EMAIL),
        ("password", PASSWORD),
        ("unknown login", UNKNOWN_LOGIN),
        ("wrong password", WRONG_PASSWORD),
    ] {
        assert!(canaries.plant(what, secret.as_bytes()), "{what} is too short");
    }
}

/// SR-106, SR-024, SR-071, AT-43, AT-44: log, write-ahead log, vault, read models, standard output,
/// the access log and the metrics hold none of it.
#[test]
fn sr_106_planted_secrets_are_found_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    let (data, stderr) = (directory.path().join("data"), directory.path().join("stderr"));
    let server = Server::start_under(&[], &data, into_file(&stderr).unwrap()).unwrap();
    let mut canaries = Canaries::default();
    canaries.plant("api key", add_client(&data).unwrap().as_bytes());
    canaries.plant("user agent of the client", b"canary-browser/7.25");
    let post = |path: &str, bearer: Option<&str>, body: &Value, status: u16| {
        let answered = call(server.public, "POST", path, bearer, Some(body)).unwrap();
        assert_eq!(answered.status, status, "{path}: {answered:?}");
        answered
    };
    plant_what_is_typed(&mut canaries);
    let person = json!({ "login": LOGIN, "email": EMAIL, "password": PASSWORD });
    post("/v1/accounts", None, &person, 201);
    let sign_in = |login: &str, password: &str, status| {
        let body = json!({ "login": login, "password": password });
        post("/v1/sign-ins", None, &body, status)
    };
    sign_in(UNKNOWN_LOGIN, WRONG_PASSWORD, 401);
    sign_in(LOGIN, WRONG_PASSWORD, 401);
    let session = sign_in(LOGIN, PASSWORD, 200).text_at("/session/token").to_owned();
    canaries.plant("first token", session.as_bytes());
    let factor = json!({ "kind": "totp", "name": "canary phone" });
    let offered = post("/v1/accounts/me/factors", Some(&session), &factor, 202);
    let secret = offered.text_at("/secret").to_owned();
    let step = step_now();
    canaries.plant("seed as text", secret.as_bytes());
    canaries.plant("seed", &BASE32_NOPAD.decode(secret.as_bytes()).unwrap());
    let path = format!("/v1/accounts/me/factors/{}/activate", offered.text_at("/factor_id"));
    let body = json!({ "code": code(&secret, step).unwrap() });
    let activated = post(&path, Some(&session), &body, 200);
    canaries.plant("second token", activated.text_at("/session/token").as_bytes());
    let recovery: Vec<String> =
        serde_json::from_value(activated.body["recovery_codes"].clone()).unwrap();
    for one in &recovery {
        canaries.plant(&format!("recovery code {one}"), one.as_bytes());
        canaries.plant(&format!("recovery code {one}, normal"), one.replace('-', "").as_bytes());
    }
    let waits = sign_in(LOGIN, PASSWORD, 200).text_at("/id").to_owned();
    canaries.plant("sign-in id", waits.as_bytes());
    let answers = format!("/v1/sign-ins/{waits}/answers");
    let wrong = json!({ "method": "recovery_code", "code": "CANAR-YC0DE-77777-88888-99999" });
    canaries.plant("wrong recovery code", b"CANAR-YC0DE-77777-88888-99999");
    post(&answers, None, &wrong, 401);
    let right = json!({ "method": "recovery_code", "code": recovery[0] });
    // In the same sign-in it would have to come a second later.
    let another = sign_in(LOGIN, PASSWORD, 200).text_at("/id").to_owned();
    canaries.plant("another sign-in id", another.as_bytes());
    let answers = format!("/v1/sign-ins/{another}/answers");
    let entered = post(&answers, None, &right, 200);
    canaries.plant("third token", entered.text_at("/session/token").as_bytes());

    let metrics = call(server.ops, "GET", "/metrics", None, None).unwrap();
    assert_eq!(metrics.status, 200);
    let search = canaries.search();
    let mut found = search.secrets_in("the metrics", metrics.text.as_bytes());
    // While it runs, so that the write-ahead logs are there; and once more when it has stopped.
    let left_out = ["keys", "mail"];
    let look = |found: &mut Vec<String>| {
        let there = files_below(&data, &left_out).unwrap();
        assert!(there.iter().any(|file| file.ends_with("vault.db")), "{there:?}");
        found.extend(search.found_below(&data, &left_out).unwrap());
    };
    look(&mut found);
    let (ended, printed) = server.terminate().unwrap();
    assert!(ended.success(), "{ended}");
    look(&mut found);
    found.extend(search.secrets_in("standard output", printed.as_bytes()));
    let access_log = std::fs::read(&stderr).unwrap();
    assert!(String::from_utf8_lossy(&access_log).contains("\"answered\""));
    found.extend(search.secrets_in("standard error", &access_log));
    assert_eq!(found, Vec::<String>::new());
}
