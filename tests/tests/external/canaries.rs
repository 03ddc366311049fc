//! Secrets that were planted everywhere are found nowhere but in the development mail spool.
//!
//! Raw, in hexadecimal (both cases), base32 and base64 of both alphabets. The keys are left out:
//! they are secrets themselves. So is the spool, where mails are meant to be read.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_tests::bench::prepare::step_now;
use countersign_tests::phone::code;
use countersign_tests::server::{Server, add_client, call, into_file};
use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use serde_json::{Value, json};

const LOGIN: &str = "canary.login";
const EMAIL: &str = "canary-mail@example.com";
const PASSWORD: &str = "canary password 4711!";
const UNKNOWN_LOGIN: &str = "canary-typed-password-as-login";
const WRONG_PASSWORD: &str = "canary wrong password 0815";

/// What may not be found, by what it is.
#[derive(Default)]
struct Canaries(BTreeMap<String, Vec<u8>>);

impl Canaries {
    fn plant(&mut self, what: &str, secret: &[u8]) {
        assert!(secret.len() > 7, "{what} is too short to tell from chance");
        self.0.insert(what.to_owned(), secret.to_vec());
    }

    /// Where any of them lies in these bytes, in any form.
    fn found(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for (what, secret) in &self.0 {
            // Base64 without the last group, which depends on what follows.
            let cut = secret.len() / 3 * 3;
            let forms = [
                secret.clone(),
                HEXLOWER.encode(secret).into_bytes(),
                HEXUPPER.encode(secret).into_bytes(),
                BASE32_NOPAD.encode(&secret[..secret.len() / 5 * 5]).into_bytes(),
                BASE64_NOPAD.encode(&secret[..cut]).into_bytes(),
                BASE64URL_NOPAD.encode(&secret[..cut]).into_bytes(),
            ];
            for form in forms {
                if bytes.windows(form.len()).any(|window| window == form) {
                    found.push(format!("{what} in {place}"));
                }
            }
        }
        found
    }
}

fn files(directory: &Path, left_out: &[&str]) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if left_out.contains(&entry.file_name().to_str().unwrap()) {
            continue;
        }
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files.extend(self::files(&entry.path(), left_out));
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files
}

/// What people type at registration and sign-in.
fn plant_what_is_typed(canaries: &mut Canaries) {
    for (what, secret) in [
        ("login", LOGIN),
        ("e-mail", EMAIL),
        ("password", PASSWORD),
        ("unknown login", UNKNOWN_LOGIN),
        ("wrong password", WRONG_PASSWORD),
    ] {
        canaries.plant(what, secret.as_bytes());
    }
}

/// SR-106, SR-024, SR-071: log, write-ahead log, vault, read models, standard output, the access
/// log and the metrics hold none of it.
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
    let entered = post(&answers, None, &right, 200);
    canaries.plant("third token", entered.text_at("/session/token").as_bytes());

    let metrics = call(server.ops, "GET", "/metrics", None, None).unwrap();
    assert_eq!(metrics.status, 200);
    let mut found = canaries.found("the metrics", metrics.text.as_bytes());
    // While it runs, so that the write-ahead logs are there; and once more when it has stopped.
    let look = |found: &mut Vec<String>| {
        let there = files(&data, &["keys", "mail"]);
        assert!(there.iter().any(|file| file.ends_with("vault.db")), "{there:?}");
        for file in there {
            let bytes = std::fs::read(&file).unwrap();
            found.extend(canaries.found(&file.display().to_string(), &bytes));
        }
    };
    look(&mut found);
    let (ended, printed) = server.terminate().unwrap();
    assert!(ended.success(), "{ended}");
    look(&mut found);
    found.extend(canaries.found("standard output", printed.as_bytes()));
    let access_log = std::fs::read(&stderr).unwrap();
    assert!(String::from_utf8_lossy(&access_log).contains("\"answered\""));
    found.extend(canaries.found("standard error", &access_log));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_canary_is_found_where_there_is_one() {
    let mut canaries = Canaries::default();
    canaries.plant("it", b"a secret of some length");
    for place in ["..a secret of some length..", "6120736563726574206f6620736f6d65206c656e677468"] {
        assert_eq!(canaries.found("here", place.as_bytes()).len(), 1, "{place}");
    }
}
