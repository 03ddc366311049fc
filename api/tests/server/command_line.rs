//! The program itself: its exit codes, its ready line, its lock and its drain.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

fn countersign(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(arguments).current_dir(data);
    command
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    countersign(data, arguments).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

struct Serving(Child);

impl Serving {
    fn start(data: &Path) -> (Self, Value) {
        let free = "127.0.0.1:0";
        let arguments = ["serve", "--json", "--public-addr", free, "--operator-addr", free];
        let mut command = countersign(data, &arguments);
        command.args(["--ops-addr", free]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        (Self(child), serde_json::from_str(&line).unwrap())
    }

    fn terminate(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.0.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn wrong_arguments_exit_with_64_and_help_with_0() {
    let data = tempfile::tempdir().unwrap();
    assert_eq!(run(data.path(), &["sreve"]).status.code(), Some(64));
    assert_eq!(run(data.path(), &["operator", "add", "zoe"]).status.code(), Some(64));
    // Nobody takes every address of an app away by leaving something out.
    let redirects = ["client", "redirects", "6f1ad0b4-7f0c-4c4e-9d52-6a5b1d1c2e3f"];
    let bare = run(data.path(), &redirects);
    assert_eq!(bare.status.code(), Some(64));
    assert!(told(&bare).contains("--none"), "{}", told(&bare));
    assert_eq!(run(data.path(), &[&redirects[..], &["--none"]].concat()).status.code(), Some(1));
    assert_eq!(run(data.path(), &["--help"]).status.code(), Some(0));
    assert_eq!(run(data.path(), &["--version"]).status.code(), Some(0));
}

#[test]
fn an_unknown_setting_is_named_and_nothing_starts() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("countersign.toml"), "[brand]\nnmae = \"x\"\n").unwrap();
    for arguments in [vec!["serve"], vec!["config", "check"]] {
        let output = run(data.path(), &arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(told(&output).contains("nmae"), "{}", told(&output));
    }
    assert!(!data.path().join("countersign-data").exists());
}

#[test]
fn beyond_loopback_a_start_without_a_mail_server_names_the_flag() {
    let data = tempfile::tempdir().unwrap();
    let output = run(data.path(), &["serve", "--operator-addr", "0.0.0.0:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(told(&output).contains("--smtp"), "{}", told(&output));
}

/// While it serves it owns its directory, does what verbs ask through its socket, and a SIGTERM
/// drains it; then the same verbs do it themselves.
#[test]
fn a_server_owns_its_directory_and_drains_when_told() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let (serving, ready) = Serving::start(data);
    for listener in ["public", "operator", "ops"] {
        assert!(ready[listener].as_str().unwrap().starts_with("http://127.0.0.1:"), "{ready}");
    }
    let second = run(data, &["serve", "--public-addr", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(told(&second).contains("in use"), "{}", told(&second));
    let added = run(data, &["operator", "add", "zoe", "--role", "support", "--json"]);
    assert_eq!(added.status.code(), Some(0), "{}", told(&added));
    let added: Value = serde_json::from_slice(&added.stdout).unwrap();
    assert_eq!(added["login"], "zoe");
    assert_eq!(added["setup_token"].as_str().unwrap().len(), 64);
    let key = run(data, &["client", "add", "shop", "--scope", "accounts:write", "--json"]);
    let key: Value = serde_json::from_slice(&key.stdout).unwrap();
    assert!(key["client_id"].is_string() && key["api_key"].is_string(), "{key}");
    assert_eq!(serving.terminate(), Some(0));
    assert!(!data.join("countersign-data/control.sock").exists());
    let listed = run(data, &["operator", "list", "--json"]);
    assert_eq!(listed.status.code(), Some(0), "{}", told(&listed));
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
}

/// A backup taken beside the server, restored elsewhere, is sound and knows the same operators.
#[test]
fn a_backup_of_a_running_server_restores_and_is_sound() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let (serving, _) = Serving::start(data);
    assert_eq!(run(data, &["operator", "add", "zoe", "--role", "admin"]).status.code(), Some(0));
    let beside = run(data, &["doctor", "--json"]);
    assert_eq!(beside.status.code(), Some(0), "{beside:?}");
    let made = run(data, &["backup", "copy", "--json"]);
    assert_eq!(made.status.code(), Some(0), "{}", told(&made));
    assert_eq!(serving.terminate(), Some(0));
    let restored = run(data, &["restore", "copy", "--data", "elsewhere", "--json"]);
    assert_eq!(restored.status.code(), Some(0), "{restored:?}");
    assert_eq!(run(data, &["restore", "copy", "--data", "elsewhere"]).status.code(), Some(1));
    let listed = run(data, &["operator", "list", "--data", "elsewhere", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    let doctor = run(data, &["doctor", "--data", "elsewhere", "--json"]);
    assert_eq!(doctor.status.code(), Some(0), "{doctor:?}");
}
