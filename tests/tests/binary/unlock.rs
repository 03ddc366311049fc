//! SR-092, with the real program: every operator is locked out, and two system users at the machine
//! let one in; the same one twice does not, and no listener knows of it.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use countersign_tests::console::program;
use countersign_tests::server::{Server, call};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

const PASSWORD: &str = "tr0ubador & his mule";
const NEW_PASSWORD: &str = "another long passphrase";
/// A system user that nobody is.
const SOMEBODY: u32 = 31_999;

/// A place where a system user other than this one can run the program.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = Self { directory };
        Self::open_to_all(place.directory.path());
        std::fs::copy(program("countersign").unwrap(), place.program()).unwrap();
        Self::open_to_all(&place.program());
        place
    }

    fn open_to_all(path: &Path) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn program(&self) -> PathBuf {
        self.directory.path().join("countersign")
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// `operator unlock` by a system user, on whose behalf root acts as `sudo` says.
    fn unlock(&self, uid: Option<u32>, sudo: Option<&str>, more: &[&str]) -> Output {
        let mut command = Command::new(self.program());
        command.current_dir(self.directory.path()).env_remove("SUDO_UID");
        command.args(["operator", "unlock", "zoe", "--json", "--data"]).arg(self.data());
        command.args(more);
        if let Some(sudo) = sudo {
            command.env("SUDO_UID", sudo);
        }
        if let Some(uid) = uid {
            command.uid(uid).gid(uid);
        }
        command.output().unwrap()
    }

    /// Asks; the code.
    fn ask(&self, uid: Option<u32>, sudo: Option<&str>) -> String {
        let why = ["--reason", "all of us are locked out", "--ticket", "4711"];
        fact(&self.unlock(uid, sudo, &why), "code")
    }

    fn confirm(&self, uid: Option<u32>, sudo: Option<&str>, code: &str) -> Output {
        self.unlock(uid, sudo, &["--confirm", code])
    }
}

fn fact(output: &Output, field: &str) -> String {
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{err}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    told[field].as_str().unwrap().to_owned()
}

#[track_caller]
fn assert_refused(output: &Output, words: &str) {
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains(words), "{err}");
}

fn post(server: &Server, path: &str, body: &Value) -> u16 {
    call(server.operator, "POST", path, None, Some(body)).unwrap().status
}

fn sign_in(server: &Server, password: &str) -> u16 {
    post(server, "/v1/sign-ins", &json!({ "login": "zoe", "password": password }))
}

/// Zoe, the only operator, who was set up and is locked out.
fn locked(place: &Place, server: &Server) {
    let added = Command::new(place.program())
        .args(["operator", "add", "zoe", "--role", "admin", "--json", "--data"])
        .arg(place.data())
        .output()
        .unwrap();
    let token = fact(&added, "setup_token");
    let set_up = json!({ "setup_token": token, "password": PASSWORD });
    assert_eq!(post(server, "/v1/setup", &set_up), 201);
    for _ in 0..5 {
        assert_eq!(sign_in(server, "wrong"), 401);
    }
    assert_eq!(sign_in(server, PASSWORD), 429);
}

/// While the server runs, through its socket: root on behalf of two people; and with the server
/// stopped, by its own user and root. Whoever runs the tests as root is two users; anybody else is
/// one, and one lets nobody in.
#[test]
fn sr_092_two_system_users_let_a_locked_out_operator_in() {
    let place = Place::new();
    let server = Server::start(&place.data()).unwrap();
    locked(&place, &server);
    let code = place.ask(None, Some("1000"));
    if !rustix::process::geteuid().is_root() {
        assert_refused(&place.confirm(None, Some("1001"), &code), "another system user");
        return;
    }
    assert_refused(&place.confirm(None, Some("1000"), &code), "another system user");
    let token = fact(&place.confirm(None, Some("1001"), &code), "setup_token");
    assert_eq!(sign_in(&server, PASSWORD), 401, "the old password has ended");
    let set_up = json!({ "setup_token": token, "password": NEW_PASSWORD });
    assert_eq!(post(&server, "/v1/setup", &set_up), 201);
    assert_eq!(sign_in(&server, NEW_PASSWORD), 200);
    for _ in 0..5 {
        sign_in(&server, "wrong");
    }
    assert_eq!(sign_in(&server, NEW_PASSWORD), 429);
    server.terminate().unwrap();

    // The data directory is somebody's, who may say nothing about whom he acts for.
    let mut owned = Command::new("chown");
    owned.arg("-R").arg(format!("{SOMEBODY}:{SOMEBODY}")).arg(place.data());
    assert!(owned.status().unwrap().success());
    let code = place.ask(Some(SOMEBODY), Some("1000"));
    assert_refused(&place.confirm(Some(SOMEBODY), Some("1001"), &code), "another system user");
    let token = fact(&place.confirm(None, None, &code), "setup_token");
    let server = Server::start(&place.data()).unwrap();
    let set_up = json!({ "setup_token": token, "password": PASSWORD });
    assert_eq!(post(&server, "/v1/setup", &set_up), 201);
    assert_eq!(sign_in(&server, PASSWORD), 200);
    server.terminate().unwrap();
}

/// No call of any listener takes the code, or lets an operator in anew.
#[test]
fn sr_092_no_listener_lets_an_operator_in() {
    let place = Place::new();
    let server = Server::start(&place.data()).unwrap();
    locked(&place, &server);
    let code = place.ask(None, Some("1000"));
    let printed = Command::new(place.program()).args(["print", "openapi"]).output().unwrap();
    let document: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let id = "6f1ad0b4-7f0c-4c4e-9d52-6a5b1d1c2e3f";
    let mut tried = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let parts = path.split('/');
            let parts = parts.map(|part| if part.starts_with('{') { code.as_str() } else { part });
            let path = parts.collect::<Vec<_>>().join("/");
            for body in [
                json!({ "login": "zoe", "code": code, "confirm": code }),
                json!({ "setup_token": code, "password": NEW_PASSWORD }),
                json!({ "operator": id, "reason": "why", "ticket": "4711" }),
            ] {
                for listener in [server.public, server.operator, server.ops] {
                    let method = method.to_uppercase();
                    let answered = call(listener, &method, &path, Some(&code), Some(&body));
                    let status = answered.unwrap().status;
                    assert!(status >= 400 || method == "GET", "{method} {path}: {status}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 300, "{tried}");
    server.terminate().unwrap();
    let log = Connection::open(place.data().join("log.db")).unwrap();
    let told = |event: &str| -> i64 {
        let like = "SELECT count(*) FROM entries WHERE CAST(entry AS TEXT) LIKE ?1";
        log.query_row(like, [format!("%{event}%")], |row| row.get(0)).unwrap()
    };
    assert_eq!((told("operator.unlock_requested"), told("operator.unlocked")), (1, 0));
}
