//! The whole journey against the real binary, with codes, a QR reader and a log reader of others.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use countersign_tests::bench::prepare::step_now;
use countersign_tests::mailbox::Mailbox;
use countersign_tests::server::{Answered, Server, call, verb};
use countersign_tests::signing::sign;
use serde_json::{Value, json};

const LOGIN: &str = "journey";
const EMAIL: &str = "j@example.com";
const PASSWORD: &str = "tr0ubador & his mule";
/// The Python that Debian's `python3-pyotp` is installed for.
const PYTHON: &str = "/usr/bin/python3";

/// Runs a program on an input; its standard output, trimmed.
fn run(program: &str, arguments: &[&str], input: &[u8]) -> String {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program}: {}", output.status);
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn oathtool(secret: &str, step: u64) -> String {
    let at = format!("@{}", step * 30);
    run("oathtool", &["--totp", "-b", secret, "-N", &at], b"")
}

fn pyotp(secret: &str, step: u64) -> String {
    let script = format!("import pyotp; print(pyotp.TOTP('{secret}').at({}))", step * 30);
    run(PYTHON, &["-c", &script], b"")
}

struct Person<'a> {
    server: &'a Server,
    token: String,
}

impl Person<'_> {
    fn call(&self, method: &str, path: &str, body: Option<&Value>, status: u16) -> Answered {
        let bearer = (!self.token.is_empty()).then_some(self.token.as_str());
        let answered = call(self.server.public, method, path, bearer, body).unwrap();
        assert_eq!(answered.status, status, "{method} {path}: {answered:?}");
        answered
    }

    fn begin(&self) -> Answered {
        let body = json!({ "login": LOGIN, "password": PASSWORD });
        let begun = call(self.server.public, "POST", "/v1/sign-ins", None, Some(&body)).unwrap();
        assert_eq!(begun.status, 200, "{begun:?}");
        begun
    }

    /// Answers a sign-in that waits; takes the token of a yes.
    fn answer(&mut self, begun: &Answered, method: &str, code: &str, status: u16) -> Answered {
        let path = format!("/v1/sign-ins/{}/answers", begun.text_at("/id"));
        let body = json!({ "method": method, "code": code });
        let answered = call(self.server.public, "POST", &path, None, Some(&body)).unwrap();
        assert_eq!(answered.status, status, "{method}: {answered:?}");
        if status == 200 {
            answered.text_at("/session/token").clone_into(&mut self.token);
        }
        answered
    }
}

/// SR-004, SR-005: what the phone photographs is what the answer says.
fn qr_reads_back(offered: &Answered, directory: &Path) {
    let (svg, png) = (directory.join("qr.svg"), directory.join("qr.png"));
    std::fs::write(&svg, offered.text_at("/qr_svg")).unwrap();
    let [svg, png] = [&svg, &png].map(|path| path.to_str().unwrap());
    run("rsvg-convert", &["--width", "600", "--background-color", "white", "-o", png, svg], b"");
    assert_eq!(run("zbarimg", &["--raw", "-q", png], b""), offered.text_at("/otpauth_uri"));
    let secret = offered.text_at("/secret");
    assert!(offered.text_at("/otpauth_uri").contains(&format!("secret={secret}&")));
}

/// The code of the mail in the spool that has one.
fn mailed_code(data: &Path) -> String {
    let spool = Mailbox::of(&data.join("mail"));
    let letter = spool.wait_for(EMAIL, |letter| letter.code().is_some()).unwrap();
    letter.code().unwrap().to_owned()
}

#[test]
fn the_whole_journey_with_oathtool_pyotp_and_zbarimg() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data).unwrap();
    let mut person = Person { server: &server, token: String::new() };
    let body = json!({ "login": LOGIN, "email": EMAIL, "password": PASSWORD });
    let account = person.call("POST", "/v1/accounts", Some(&body), 201);
    let account = account.text_at("/account_id").to_owned();
    person.token = person.begin().text_at("/session/token").to_owned();
    let body = json!({ "kind": "totp", "name": "my phone" });
    let offered = person.call("POST", "/v1/accounts/me/factors", Some(&body), 202);
    qr_reads_back(&offered, directory.path());
    let (factor, secret) = (offered.text_at("/factor_id"), offered.text_at("/secret"));
    let step = step_now();
    let [before, now, next] = [step - 1, step, step + 1].map(|step| oathtool(secret, step));
    assert_eq!(pyotp(secret, step + 1), next);
    let path = format!("/v1/accounts/me/factors/{factor}");
    let body = json!({ "code": before });
    let activated = person.call("POST", &format!("{path}/activate"), Some(&body), 200);
    let recovery: Vec<String> =
        serde_json::from_value(activated.body["recovery_codes"].clone()).unwrap();
    assert_eq!(recovery.len(), 10);
    activated.text_at("/session/token").clone_into(&mut person.token);
    person.call("DELETE", "/v1/session", None, 204);
    person.token.clear();

    let begun = person.begin();
    assert_eq!(begun.text_at("/status"), "second_factor_required");
    person.answer(&begun, "totp", &before, 401);
    // In the same sign-in another code would have to wait for a second.
    let begun = person.begin();
    person.answer(&begun, "totp", &now, 200);
    let begun = person.begin();
    person.answer(&begun, "recovery_code", &recovery[0], 200);
    let begun = person.begin();
    person.answer(&begun, "recovery_code", &recovery[0], 401);
    let begun = person.begin();
    person.answer(&begun, "recovery_code", &recovery[1], 200);
    let begun = person.begin();
    let path_of_code = format!("/v1/sign-ins/{}/email-code", begun.text_at("/id"));
    person.token.clear();
    let sent = call(server.public, "POST", &path_of_code, None, Some(&json!({}))).unwrap();
    assert_eq!(sent.status, 202, "{sent:?}");
    let by_mail = person.answer(&begun, "email_code", &mailed_code(&data), 200);
    assert_eq!(by_mail.text_at("/session/assurance"), "email_code");

    let history = person.call("GET", "/v1/accounts/me/history", None, 200);
    assert!(history.body["items"].as_array().unwrap().len() > 5, "{history:?}");
    let begun = person.begin();
    person.answer(&begun, "totp", &next, 200);
    person.call("PATCH", &path, Some(&json!({ "name": "old phone" })), 200);
    person.call("POST", &format!("{path}/remove"), Some(&json!({})), 204);
    assert_eq!(person.begin().text_at("/status"), "completed");
    audited(&data, directory.path(), &account);
}

/// The log while it is served: other people's `sqlite3` and `jq`, and the auditor's verbs.
fn audited(data: &Path, directory: &Path, account: &str) {
    let log = data.join("log.db");
    let log = log.to_str().unwrap();
    let counted = run("sqlite3", &[log, "SELECT count(*) FROM entries"], b"");
    for change in ["UPDATE entries SET entry = x'00'", "DELETE FROM entries"] {
        let refused = Command::new("sqlite3").args([log, change]).output().unwrap();
        assert!(!refused.status.success());
        assert!(String::from_utf8_lossy(&refused.stderr).contains("append-only"), "{refused:?}");
    }
    sign(data).unwrap();
    let path = |name: &str| directory.join(name).to_str().unwrap().to_owned();
    let data = data.to_str().unwrap();
    let fine = |arguments: &[&str]| {
        let (code, out, err) = verb(arguments).unwrap();
        assert_eq!(code, Some(0), "{arguments:?}: {out}{err}");
        out
    };
    let export = path("export");
    fine(&["log", "export", &export, "--data", data]);
    let entries = std::fs::read(format!("{export}/entries.jsonl")).unwrap();
    assert_eq!(run("jq", &["-s", "length"], &entries), counted);
    fine(&["log", "verify", &export]);
    let stream = format!("account-{account}");
    let replayed = fine(&["log", "replay", "--stream", &stream, "--data", &export, "--json"]);
    let replayed: Value = serde_json::from_str(&replayed).unwrap();
    assert!(replayed["state"].is_object(), "{replayed}");
    let (backup, restored) = (path("backup"), path("restored"));
    fine(&["backup", &backup, "--data", data]);
    fine(&["restore", &backup, "--data", &restored]);
    fine(&["doctor", "--data", &restored]);
    fine(&["log", "verify", &restored]);
}
