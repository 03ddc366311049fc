//! The verbs on directories that are not as they should be.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use countersign_tests::console::program;
use countersign_tests::server::{Server, add_client, verb};
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

/// A directory that was served once, and is not served now.
fn served() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let (status, _) = Server::start(&data).unwrap().terminate().unwrap();
    assert!(status.success(), "{status}");
    (directory, data)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Only `serve` and `restore` make an installation.
#[test]
fn at_a_mistyped_path_a_verb_makes_nothing_and_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("mistyped");
    let (out, none) = (directory.path().join("out"), "6f1ad0b4-7f0c-4c4e-9d52-6a5b1d1c2e3f");
    for line in [
        ["client", "add", "shop", "--all-scopes"].as_slice(),
        &["client", "list"],
        &["client", "disable", none],
        &["client", "rotate", none],
        &["client", "end-key", none, none],
        &["operator", "add", "zoe", "--role", "admin"],
        &["operator", "list"],
        &["operator", "disable", none],
        &["operator", "enable", none],
        &["policy", "show"],
        &["doctor"],
        &["backup", text(&out)],
        &["restore", text(&out)],
        &["log", "export", text(&out)],
        &["export", "--out", text(&out), "--admin", "ada", "--admin", "ben"],
        &["import", "/dev/null"],
    ] {
        let line: Vec<&str> = line.iter().copied().chain(["--data", text(&data)]).collect();
        let (code, out, err) = verb(&line).unwrap();
        // Some answer a directory that holds nothing as a mistake on their line.
        let failed = if ["log", "import"].contains(&line[0]) { 64 } else { 1 };
        assert_eq!(code, Some(failed), "{line:?}: {out}{err}");
        let named = if line.contains(&"restore") { "out" } else { "mistyped" };
        assert!(format!("{out}{err}").contains(named), "{line:?}: {out}{err}");
        let left: Vec<_> = std::fs::read_dir(&directory).unwrap().collect();
        assert!(left.is_empty(), "{line:?} left {left:?}");
    }
}

/// A key that may do everything is asked for by name.
#[test]
fn a_client_app_gets_no_scope_that_was_not_said() {
    let (_directory, data) = served();
    let (code, _, err) = verb(&["client", "add", "shop", "--data", text(&data)]).unwrap();
    assert_eq!(code, Some(64), "{err}");
    assert!(err.contains("--scope") && err.contains("--all-scopes"), "{err}");
    let both = ["client", "add", "shop", "--all-scopes", "--scope", "accounts:write"];
    assert_eq!(verb(&both).unwrap().0, Some(64));
    add_client(&data).unwrap();
    let one = ["client", "add", "shop", "--scope", "history:read", "--data", text(&data)];
    assert_eq!(verb(&one).unwrap().0, Some(0));
    let (_, listed, _) = verb(&["client", "list", "--json", "--data", text(&data)]).unwrap();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let scopes = |index: usize| listed["items"][index]["scopes"].as_array().unwrap().len();
    assert_eq!((scopes(0), scopes(1)), (5, 1));
    let app = listed["items"][1]["client_id"].as_str().unwrap();
    let redirects = |more: &[&str]| {
        let line = ["client", "redirects", app, "--data", text(&data)];
        verb(&line.into_iter().chain(more.iter().copied()).collect::<Vec<_>>()).unwrap().0
    };
    assert_eq!(redirects(&[]), Some(64), "what is not said clears nothing");
    assert_eq!(redirects(&["--none", "--redirect-uri", "https://shop.example/"]), Some(64));
    assert_eq!(redirects(&["--redirect-uri", "https://shop.example/"]), Some(0));
    assert_eq!(redirects(&["--none"]), Some(0));
    let unknown = ["client", "add", "shop", "--scope", "history", "--data", text(&data)];
    let (code, _, err) = verb(&unknown).unwrap();
    assert!(code == Some(64) && err.contains("unknown scope: there are accounts:write"), "{err}");
}

/// SR-135: at the machine, too, a key is told once, and times have their bounds.
#[test]
fn sr_135_a_clients_key_is_rotated_and_ended_at_the_machine() {
    let (_directory, data) = served();
    let json = |line: &[&str]| -> Value {
        let line = [line, &["--json", "--data", text(&data)]].concat();
        let (code, out, err) = verb(&line).unwrap();
        assert_eq!(code, Some(0), "{line:?}: {err}");
        serde_json::from_str(&out).unwrap()
    };
    let added = json(&["client", "add", "shop", "--all-scopes", "--expires", "90d"]);
    let id = added["client_id"].as_str().unwrap();
    assert!(added["expires_at"].is_string());
    let rotated = json(&["client", "rotate", id, "--overlap", "2h", "--expires", "30d"]);
    json(&["client", "end-key", id, rotated["key_id"].as_str().unwrap()]);
    let listed = json(&["client", "list"]);
    let keys = listed["items"][0]["keys"].as_array().unwrap();
    let alive: Vec<bool> = keys.iter().map(|key| key["alive"].as_bool().unwrap()).collect();
    assert_eq!(alive, [false, true], "{listed}");
    assert!(keys[1]["overlaps_until"].is_string() && keys[1]["added_by"]["kind"] == "console");
    let (_, shown, _) = verb(&["client", "list", "--data", text(&data)]).unwrap();
    assert!(shown.contains("events:read  enabled") && shown.contains("never used"), "{shown}");
    for secret in [&added["api_key"], &rotated["api_key"]] {
        let secret = secret.as_str().unwrap();
        assert!(!shown.contains(secret) && !listed.to_string().contains(secret));
    }
    for wrong in [["--overlap", "31d"], ["--overlap", "x"], ["--expires", "59m"]] {
        let line = ["client", "rotate", id, wrong[0], wrong[1], "--data", text(&data)];
        let (code, _, err) = verb(&line).unwrap();
        assert!(code == Some(64) && err.contains("must be a time like"), "{wrong:?}: {err}");
    }
}

/// What could not be looked at is named, and nothing is called sound.
#[test]
fn doctor_calls_nothing_sound_that_it_could_not_look_at() {
    let (_directory, data) = served();
    let doctor = || verb(&["doctor", "--data", text(&data)]).unwrap();
    let (code, out, err) = doctor();
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("\nSound"), "{out}");
    // A log of a later version is whole, and this one cannot read it.
    let log = Connection::open(data.join("log.db")).unwrap();
    log.pragma_update(None, "user_version", 99).unwrap();
    drop(log);
    let (code, out, err) = doctor();
    assert_eq!(code, Some(2), "{out}{err}");
    assert!(out.contains("Could not look at the log, ") && out.contains("log.db"), "{out}");
    assert!(!out.contains("Sound"), "{out}");
    let (_, out, _) = verb(&["doctor", "--json", "--data", text(&data)]).unwrap();
    assert!(out.contains("\"sound\":false"), "{out}");
}

/// Snapshots are a cache: damaged, they are set aside, and `doctor` only tells.
#[test]
fn damaged_snapshots_stop_nobody() {
    let (_directory, data) = served();
    let snapshots = data.join("log.snapshots.db");
    std::fs::write(&snapshots, "no database".repeat(1000)).unwrap();
    let (code, out, err) = verb(&["doctor", "--data", text(&data)]).unwrap();
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("log.snapshots.db") && out.contains("the next start"), "{out}");
    assert!(!data.join("log.snapshots.db.damaged").exists(), "doctor repairs nothing");
    let server = Server::start(&data).unwrap();
    assert!(data.join("log.snapshots.db.damaged").exists());
    server.terminate().unwrap();
    let (code, out, _) = verb(&["doctor", "--data", text(&data)]).unwrap();
    assert_eq!((code, out.contains("\nSound")), (Some(0), true), "{out}");
    assert!(!out.contains("log.snapshots.db"), "{out}");
}

/// Each part by its own name and no directory; a failed restore leaves nothing behind.
#[test]
fn a_restore_takes_three_parts_and_fails_without_a_trace() {
    let (directory, data) = served();
    let path = |name: &str| directory.path().join(name);
    let backup = path("backup");
    assert_eq!(verb(&["backup", text(&backup), "--data", text(&data)]).unwrap().0, Some(0));
    let [log, vault, keys] = ["log", "vault", "keys"].map(|part| backup.join(part));
    let parts = ["--from-log", text(&log), "--from-vault", text(&vault), "--from-keys"];
    let restore = |last: &[&str]| {
        let line = [&["restore"][..], &parts, last].concat();
        verb(&line).unwrap()
    };
    let (code, out, err) = restore(&[text(&keys), "--data", text(&path("restored"))]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(path("restored/log.db").exists());
    let two = ["restore", "--from-log", text(&log), "--from-vault", text(&vault)];
    assert_eq!(verb(&two).unwrap().0, Some(64));
    std::fs::write(keys.join("root.key"), "spoilt").unwrap();
    let (code, _, err) = restore(&[text(&keys), "--data", text(&path("new/nested"))]);
    assert_eq!(code, Some(1));
    assert!(err.contains("root.key"), "{err}");
    assert!(!path("new").exists());
    // A directory that was there stays there.
    std::fs::create_dir(path("mine")).unwrap();
    restore(&[text(&keys), "--data", text(&path("mine"))]);
    assert_eq!(std::fs::read_dir(path("mine")).unwrap().count(), 0);
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let mut command = Command::new(program("countersign").unwrap());
    command.args(["print", "openapi"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // More than a pipe holds: however late it writes, it meets the closed end.
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!((ended.status.code(), told), (Some(0), String::new()));
}

/// SR-138: whatever lies in the data directory is its owner's alone.
#[test]
fn sr_138_every_file_is_its_owners_alone() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{} has {mode:o}", path.display());
        seen += 1;
    }
    assert!(seen > 8, "{seen}");
    server.terminate().unwrap();
}
