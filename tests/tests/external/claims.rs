//! AT-59: killed at every durable write of register, enable, renew and remove.
//!
//! `strace` kills the server as it enters the n-th sync of the log or of the vault: that write is
//! complete, nothing after it has happened. Afterwards each login works, or can be registered
//! again: at once, or when the claim is ten minutes old. The claim is aged in the vault instead of
//! waiting.

use std::path::Path;
use std::process::{Command, Stdio};

use countersign_tests::bench::prepare::step_now;
use countersign_tests::phone::code;
use countersign_tests::server::{Answered, Server, call};
use serde_json::{Value, json};

use crate::strace::is_traced;

const PASSWORD: &str = "tr0ubador & his mule";
/// More syncs than the journey has.
const SYNCS_MAX: usize = 60;

/// What the person at the phone knows when the server dies.
#[derive(Default)]
struct Known {
    secret: Option<(String, u64)>,
}

fn post(server: &Server, bearer: Option<&str>, path: &str, body: &Value) -> Option<Answered> {
    let answered = call(server.public, "POST", path, bearer, Some(body)).ok()?;
    assert!(answered.status < 300, "{path}: {answered:?}");
    Some(answered)
}

/// Register, enable, renew, remove; none when the server died on the way.
fn journey(server: &Server, known: &mut Known) -> Option<()> {
    let body = json!({ "login": "somebody", "email": "s@example.com", "password": PASSWORD });
    post(server, None, "/v1/accounts", &body)?;
    let body = json!({ "login": "somebody", "password": PASSWORD });
    let session = post(server, None, "/v1/sign-ins", &body)?;
    let token = session.text_at("/session/token");
    let body = json!({ "kind": "totp", "name": "phone" });
    let offered = post(server, Some(token), "/v1/accounts/me/factors", &body)?;
    let (secret, step) = (offered.text_at("/secret").to_owned(), step_now());
    let factor = format!("/v1/accounts/me/factors/{}", offered.text_at("/factor_id"));
    let body = json!({ "code": code(&secret, step).unwrap() });
    known.secret = Some((secret, step));
    let activated = post(server, Some(token), &format!("{factor}/activate"), &body)?;
    let token = activated.text_at("/session/token");
    post(server, Some(token), "/v1/accounts/me/recovery-codes", &json!({}))?;
    post(server, Some(token), &format!("{factor}/remove"), &json!({}))?;
    Some(())
}

/// What is true of the login after a restart, in a word; panics where it is lost.
fn afterwards(data: &Path, known: &Known) -> &'static str {
    let server = Server::start(data).unwrap();
    let ask = |server: &Server, path: &str, body: &Value| {
        call(server.public, "POST", path, None, Some(body)).unwrap()
    };
    let sign_in = json!({ "login": "somebody", "password": PASSWORD });
    let begun = ask(&server, "/v1/sign-ins", &sign_in);
    if begun.status == 200 {
        if begun.text_at("/status") == "completed" {
            return "signs in";
        }
        let (secret, step) = known.secret.as_ref().unwrap();
        let path = format!("/v1/sign-ins/{}/answers", begun.text_at("/id"));
        let body = json!({ "method": "totp", "code": code(secret, step + 1).unwrap() });
        let answered = ask(&server, &path, &body);
        assert_eq!(answered.status, 200, "{answered:?}");
        return "signs in with a code";
    }
    assert_eq!(begun.status, 401, "{begun:?}");
    let body = json!({ "login": "somebody", "email": "s@example.com", "password": PASSWORD });
    let again = ask(&server, "/v1/accounts", &body);
    if again.status == 201 {
        return "registers again";
    }
    assert_eq!(again.status, 409, "{again:?}");
    assert!(server.terminate().unwrap().0.success());
    let vault = rusqlite::Connection::open(data.join("vault.db")).unwrap();
    let aged = "UPDATE claims SET claimed_at = claimed_at - 601000";
    assert!(vault.execute(aged, []).unwrap() > 0);
    drop(vault);
    let server = Server::start(data).unwrap();
    let again = ask(&server, "/v1/accounts", &body);
    assert_eq!(again.status, 201, "{again:?}");
    let entered = ask(&server, "/v1/sign-ins", &sign_in);
    assert_eq!(entered.status, 200, "{entered:?}");
    "registers again after ten minutes"
}

/// Lets a server die at its `sync`-th sync of a file; none when it has fewer.
fn killed_at(file: &str, sync: usize) -> Option<&'static str> {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data).unwrap();
    let process = server.process().to_string();
    let mut strace = Command::new("strace")
        .args(["-f", "-e", &format!("inject=fsync,fdatasync:signal=KILL:when={sync}")])
        .args(["-P", data.join(file).to_str().unwrap(), "-p", &process])
        .args(["-o", directory.path().join("trace").to_str().unwrap()])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !is_traced(&process) {
        std::thread::yield_now();
    }
    let mut known = Known::default();
    let whole = journey(&server, &mut known).is_some();
    drop(server);
    strace.wait().unwrap();
    if whole {
        return None;
    }
    Some(afterwards(&data, &known))
}

#[test]
fn at_59_killed_at_every_write_each_login_works_or_can_be_registered_again() {
    for file in ["log.db-wal", "vault.db-wal"] {
        let ends: Vec<_> = (1..SYNCS_MAX).map_while(|sync| killed_at(file, sync)).collect();
        assert!((4..SYNCS_MAX - 1).contains(&ends.len()), "{file}: {ends:?}");
        println!("{file}: {ends:?}");
    }
}
