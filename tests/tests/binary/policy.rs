//! The policy at a start, and by the command line.

use std::path::{Path, PathBuf};

use countersign_tests::server::{Server, call, verb};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A place for data and configurations.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// A configuration file.
    fn file(&self, text: &str) -> String {
        let number = std::fs::read_dir(&self.directory).unwrap().count();
        let path = self.directory.path().join(format!("{number}.toml"));
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What a start complains of that must not succeed.
    fn refuses(&self, flags: &[&str]) -> String {
        let data = self.data();
        let addresses = ["--public-addr", "--operator-addr", "--ops-addr"];
        let addresses = addresses.into_iter().flat_map(|flag| [flag, "127.0.0.1:0"]);
        let line = ["serve", "--data", data.to_str().unwrap()].into_iter().chain(addresses);
        let line: Vec<&str> = line.chain(flags.iter().copied()).collect();
        let (code, _, err) = verb(&line).unwrap();
        assert_eq!(code, Some(1), "{err}");
        err
    }

    /// A verb that must succeed: what it prints.
    fn does(&self, line: &[&str]) -> String {
        let (code, out, err) = self.tries(line);
        assert_eq!(code, Some(0), "{line:?}: {err}");
        out
    }

    fn tries(&self, line: &[&str]) -> (Option<i32>, String, String) {
        let data = self.data();
        let line: Vec<&str> = line.iter().copied().chain(["--data", text(&data)]).collect();
        verb(&line).unwrap()
    }

    fn shown(&self, more: &[&str]) -> Value {
        let line: Vec<&str> = ["policy", "show", "--json"].iter().chain(more).copied().collect();
        serde_json::from_str(&self.does(&line)).unwrap()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn stop(server: Server) {
    assert!(server.terminate().unwrap().0.success());
}

/// SR-013, SR-096: what is too wide does not start, whoever accepts what; what is looser starts
/// only at a risk that is accepted by the flag, and is then on record.
#[test]
fn sr_096_a_start_is_loosened_only_by_its_flag_and_on_record() {
    let place = Place::new();
    for (wrong, said) in [
        ("[totp]\nskew = 2\n", "totp.skew: must be [-1, 0, 1], [-1, 0] or [0]"),
        ("[totp]\nskew = [-2, -1, 0, 1, 2]\n", "totp.skew: must be"),
        ("[totp.limit]\nhard_cap = 101\n", "totp.limit.hard_cap: must be 1 to 100"),
        ("[password]\nwindow = \"7d\"\n", "password.window: is \"30d\" in this version"),
    ] {
        let file = place.file(wrong);
        let told = place.refuses(&["--config", &file, "--accept-risk"]);
        assert!(told.contains(said), "{told}");
    }
    let looser = place.file("[totp.limit]\nhard_cap = 27\n");
    let told = place.refuses(&["--config", &looser]);
    assert!(told.contains("totp.limit.hard_cap = 27 instead of 26"), "{told}");
    assert!(told.contains("--accept-risk"), "{told}");
    let server = Server::start_with(&["--config", &looser, "--accept-risk"], &place.data());
    let server = server.unwrap();
    let shown = place.shown(&[]);
    assert_eq!(shown["accepted_risks"], json!(["totp.limit.hard_cap"]));
    assert_eq!((&shown["version"], &shown["by"]["kind"]), (&json!(1), &json!("system")));
    stop(server);
    stop(Server::start_with(&["--config", &looser], &place.data()).expect("accepted before"));
}

/// The policy in force is the log's: a start under another says what differs, and `policy apply`
/// puts it in force, offline and in a server that runs.
#[test]
fn a_start_under_another_policy_is_refused_until_it_is_applied() {
    let place = Place::new();
    stop(Server::start(&place.data()).unwrap());
    let strict = place.file("profile = \"strict\"\n[brand]\nname = \"Example\"\n");
    let told = place.refuses(&["--config", &strict]);
    assert!(told.contains("email.mode is \"recovery_only\", not \"sign_in\""), "{told}");
    assert!(told.contains("countersign policy apply"), "{told}");
    // A verb works under the policy of the log, whatever the configuration says.
    place.does(&["operator", "list", "--config", &strict]);
    let applied = place.does(&["policy", "apply", &strict]);
    assert!(applied.contains("password.min_alone: 8 -> 15"), "{applied}");
    let server = Server::start_with(&["--config", &strict], &place.data()).unwrap();
    let register = |login: &str| {
        let email = format!("{login}@example.com");
        let body = json!({ "login": login, "email": email, "password": "xqvt zab7 wk" });
        call(server.public, "POST", "/v1/accounts", None, Some(&body)).unwrap().status
    };
    assert_eq!(register("marlene.first"), 422, "twelve characters are too few");
    let standard = place.file("");
    assert!(place.does(&["policy", "apply", &standard]).contains("In force now"));
    assert_eq!(register("marlene.first"), 201, "at once");
    let again = place.does(&["policy", "apply", &standard, "--json"]);
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!((&again["changed"], &again["policy"]["version"]), (&json!(false), &json!(3)));
    let looser = place.file("[session]\nidle = \"1h\"\n");
    let (code, _, err) = place.tries(&["policy", "apply", &looser]);
    assert_eq!(code, Some(1));
    assert!(err.contains("session.idle = \"1h\" instead of \"30m\""), "{err}");
    place.does(&["policy", "apply", &looser, "--accept-risk"]);
    let shown = place.shown(&[]);
    assert_eq!(shown["accepted_risks"], json!(["session.idle"]));
    assert_eq!(shown["by"]["kind"], "console");
    assert_eq!(shown["history"].as_array().unwrap().len(), 4);
    assert_eq!(place.shown(&["--version", "2"])["profile"], "strict");
    let words = place.does(&["policy", "show"]);
    assert!(words.contains("session.idle = \"1h\"   (looser than the standard"), "{words}");
    stop(server);
}
