//! `countersign log serve`: an export behind the operators' calls, for reading alone.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use countersign_events::tree::{TreeHead, leaf_hash};
use countersign_tests::console::program;
use countersign_tests::server::{Server, call, verb};
use countersign_tests::signing::sign;
use serde_json::{Value, json};
use tempfile::TempDir;

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// The export of a log in which one person has registered and signed in.
fn export() -> TempDir {
    export_after(|_| {})
}

/// The same, of a log in which something else happened then.
fn export_after(then: impl FnOnce(&Path)) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data).unwrap();
    let account = json!({
        "login": "ana", "email": "ana@example.org", "password": "tr0ubador & his mule",
    });
    assert_eq!(
        call(server.public, "POST", "/v1/accounts", None, Some(&account)).unwrap().status,
        201
    );
    then(&data);
    sign(&data).unwrap();
    let (to, from) = (directory.path().join("export"), data.to_str().unwrap());
    let (exit, _, err) = verb(&["log", "export", to.to_str().unwrap(), "--data", from]).unwrap();
    assert_eq!(exit, Some(0), "{err}");
    directory
}

/// A served export.
struct Served {
    child: Child,
    ready: Value,
    address: SocketAddr,
}

impl Served {
    fn start(export: &Path) -> Self {
        Self::start_with(export, &std::env::temp_dir())
    }

    /// The same with a place for temporary files.
    fn start_with(export: &Path, temporary: &Path) -> Self {
        let mut child = Command::new(program("countersign").unwrap())
            .args(["log", "serve", "--attended", "--json"])
            .arg(export)
            .env("TMPDIR", temporary)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let url = ready["operator"].as_str().unwrap();
        let address = url.trim_start_matches("http://").parse().unwrap();
        Self { child, ready, address }
    }

    fn token(&self) -> Option<&str> {
        self.ready["token"].as_str()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_export_is_read_with_its_token_and_nothing_is_done_in_it() {
    let directory = export();
    let served = Served::start(&directory.path().join("export"));
    let (at, token) = (served.address, served.token());
    assert!(served.ready["size"].as_u64().unwrap() > 3, "{}", served.ready);
    let latest = "/v1/support/accounts?state=recent";
    let found = call(at, "GET", latest, token, None).unwrap();
    let account = found.text_at("/items/0/account_id").to_owned();
    assert_eq!((found.status, account.len()), (200, 36), "{found:?}");
    // Nobody has a key here, so that nothing personal is shown.
    assert!(!found.text.contains("ana"), "{found:?}");
    let one = format!("/v1/support/accounts/{account}");
    for path in [
        one.clone(),
        format!("{one}/events"),
        format!("{one}/events?kind=sign_ins"),
        format!("{one}/state?revision=0"),
        format!("{one}/changes?revision=1"),
        "/v1/support/factor-removals?state=pending".to_owned(),
        "/v1/support/stats".to_owned(),
        "/v1/support/log-health".to_owned(),
        "/v1/operators/me".to_owned(),
        "/v1/policy".to_owned(),
    ] {
        let answered = call(at, "GET", &path, token, None).unwrap();
        assert_eq!(answered.status, 200, "{path}: {answered:?}");
        assert!(!answered.text.contains("ana@"), "{path}: {answered:?}");
    }
    // A look that is no event: reading twice shows the same.
    let line = call(at, "GET", &format!("{one}/events"), token, None).unwrap();
    assert!(!line.text.contains("history_viewed"), "{line:?}");

    for bearer in [None, Some("x"), Some(&*"A".repeat(64))] {
        let refused = call(at, "GET", latest, bearer, None).unwrap();
        assert_eq!(refused.status, 401, "{bearer:?}: {refused:?}");
    }
    let errand = json!({ "reason": "because", "ticket": "1", "scope": "cool_down" });
    let search = json!({ "login": "ana" });
    let operator = json!({ "login": "olga", "role": "support" });
    for (path, body) in [
        (format!("{one}/lockout-resets"), &errand),
        (format!("{one}/suspensions"), &errand),
        ("/v1/support/accounts/search".to_owned(), &search),
        ("/v1/operators".to_owned(), &operator),
    ] {
        let refused = call(at, "POST", &path, token, Some(body)).unwrap();
        assert_eq!(refused.status, 403, "{path}: {refused:?}");
        assert!(refused.text.contains("only read"), "{refused:?}");
    }
    // Nobody signs in, and nobody has an account.
    let sign_in = json!({ "login": "ana", "password": "tr0ubador & his mule" });
    for (path, body) in [("/v1/sign-ins", &sign_in), ("/v1/setup", &sign_in)] {
        assert_eq!(call(at, "POST", path, None, Some(body)).unwrap().status, 404, "{path}");
    }
    let nobody = format!("/v1/support/accounts/{NOBODY}");
    assert_eq!(call(at, "GET", &nobody, token, None).unwrap().status, 404);
}

#[test]
fn it_ends_with_whoever_started_it() {
    let directory = export();
    let mut served = Served::start(&directory.path().join("export"));
    drop(served.child.stdin.take());
    assert!(served.child.wait().unwrap().success());
}

/// Whatever ends it, a closed terminal too, nothing stays behind, and meanwhile it is its owner's.
#[test]
fn what_it_keeps_is_its_own_and_goes_with_it() {
    let (directory, temporary) = (export(), tempfile::tempdir().unwrap());
    let kept =
        || -> Vec<_> { fs::read_dir(temporary.path()).unwrap().map(Result::unwrap).collect() };
    for signal in ["HUP", "TERM", "INT"] {
        let mut served = Served::start_with(&directory.path().join("export"), temporary.path());
        let place = kept();
        assert_eq!(place.len(), 1, "{place:?}");
        assert_eq!(place[0].metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let script = format!("kill -{signal} {}", served.child.id());
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
        assert!(served.child.wait().unwrap().success(), "{signal}");
        assert!(kept().is_empty(), "{signal}: {:?}", kept());
    }
}

/// An account with an event that this program does not know fails closed, by itself: what is listed
/// beside it is listed.
#[test]
fn an_account_that_does_not_read_hides_no_other() {
    let directory = export_after(|data| {
        let data = data.to_str().unwrap();
        let added = verb(&["operator", "add", "olga", "--role", "auditor", "--data", data]);
        assert_eq!(added.unwrap().0, Some(0));
    });
    let export = directory.path().join("export");
    let entries = fs::read_to_string(export.join("entries.jsonl")).unwrap();
    let entries = entries.replacen("account.password_set", "account.unheard_of", 1);
    let mut tree = TreeHead::default();
    entries.lines().for_each(|line| tree.push(leaf_hash(line.as_bytes())));
    fs::write(export.join("entries.jsonl"), entries).unwrap();
    let manifest = fs::read(export.join("manifest.json")).unwrap();
    let mut manifest: Value = serde_json::from_slice(&manifest).unwrap();
    manifest["root"] = json!(tree.root());
    fs::write(export.join("manifest.json"), manifest.to_string()).unwrap();

    let served = Served::start(&export);
    let get = |path: &str| call(served.address, "GET", path, served.token(), None).unwrap();
    for list in [
        "/v1/support/accounts?state=recent",
        "/v1/support/accounts?state=locked",
        "/v1/support/factor-removals?state=pending",
        "/v1/operators",
    ] {
        assert_eq!(get(list).status, 200, "{list}");
    }
    let operators = get("/v1/operators");
    assert_eq!(operators.text_at("/items/0/role"), "auditor", "{operators:?}");
    let recent = get("/v1/support/accounts?state=recent");
    assert_eq!(recent.body["items"].as_array().unwrap().len(), 1, "the operator's: {recent:?}");
}

#[test]
fn what_is_no_export_or_not_the_log_of_its_manifest_is_not_served() {
    let directory = export();
    let serve = |directory: &Path| {
        verb(&["log", "serve", "--attended", directory.to_str().unwrap()]).unwrap()
    };
    let (exit, out, err) = serve(&directory.path().join("data"));
    assert!(exit == Some(64) && err.contains("export the log"), "{exit:?} {out} {err}");
    let (exit, out, err) = serve(directory.path());
    assert_eq!((exit, out.as_str()), (Some(64), ""), "{err}");

    let export = directory.path().join("export");
    let args = ["log", "serve", "--addr", "0.0.0.0:0", export.to_str().unwrap()];
    let (exit, out, err) = verb(&args).unwrap();
    assert!(exit == Some(1) && err.contains("loopback"), "{exit:?} {out} {err}");

    let entries = export.join("entries.jsonl");
    let text = std::fs::read_to_string(&entries).unwrap();
    let changed = text.replacen("account.registered", "account.registereD", 1);
    assert_ne!(text, changed);
    std::fs::write(&entries, changed).unwrap();
    let (exit, out, err) = serve(&export);
    assert!(exit == Some(1) && err.contains("manifest"), "{exit:?} {out} {err}");
}
