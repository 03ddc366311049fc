//! `countersign restore`, killed before each of its renames.

use std::path::Path;
use std::process::Command;

use countersign_tests::console::program;
use countersign_tests::phone::App;
use countersign_tests::server::{Server, add_client, verb};
use serde_json::Value;

/// Keys, vault and log.
const RENAMES: usize = 3;

/// Restores and dies at the `count`-th rename; whether it came to an end before.
fn restore_killed_at(count: usize, backup: &str, data: &str, trace: &Path) -> bool {
    let renames = "rename,renameat,renameat2";
    let traced = Command::new("strace")
        .args(["-f", "-e", &format!("trace={renames}")])
        .args(["-e", &format!("inject={renames}:signal=KILL:when={count}")])
        .args(["-o", trace.to_str().unwrap()])
        .arg(program("countersign").unwrap())
        .args(["restore", backup, "--data", data])
        .output()
        .unwrap();
    traced.status.success()
}

/// Whoever starts a server on half a restore would begin a new log beside old keys.
fn is_refused_and_repaired(data: &Path, backup: &str) {
    let path = data.to_str().unwrap();
    let before = files(data);
    let (exit, _, err) = verb(&["serve", "--data", path, "--public-addr", "127.0.0.1:0"]).unwrap();
    assert_eq!(exit, Some(1), "{err}");
    assert!(err.contains("cut off"), "{err}");
    let (exit, out, err) = verb(&["doctor", "--json", "--data", path]).unwrap();
    assert_eq!(exit, Some(1), "{err}");
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["findings"][0]["code"], "restore-unfinished", "{told}");
    let (exit, _, err) = verb(&["restore", backup, "--data", path]).unwrap();
    assert_eq!(exit, Some(1), "{err}");
    assert!(err.contains("empty the data directory"), "{err}");
    assert_eq!(files(data), before, "nothing was made beside it");
    std::fs::remove_dir_all(data).unwrap();
    let (exit, _, err) = verb(&["restore", backup, "--data", path]).unwrap();
    assert_eq!(exit, Some(0), "{err}");
}

/// The names in a data directory, but for that of its lock.
fn files(data: &Path) -> Vec<String> {
    let files = std::fs::read_dir(data).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name != "lock").collect();
    names.sort();
    names
}

#[test]
fn a_restore_killed_at_any_rename_is_the_old_state_or_the_new_or_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let server = Server::start(&path("data")).unwrap();
    let app = App { public: server.public, key: add_client(&path("data")).unwrap() };
    let user = app.user("somebody").unwrap();
    let backup = path("backup").to_str().unwrap().to_owned();
    let (exit, _, err) =
        verb(&["backup", &backup, "--data", path("data").to_str().unwrap()]).unwrap();
    assert_eq!(exit, Some(0), "{err}");
    for count in 1..=RENAMES + 1 {
        let data = path(&format!("restored-{count}"));
        let done = restore_killed_at(count, &backup, data.to_str().unwrap(), &path("trace"));
        assert_eq!(done, count > RENAMES, "{count}");
        if !done {
            is_refused_and_repaired(&data, &backup);
        }
        let restored = Server::start(&data).unwrap();
        let app = App { public: restored.public, ..app.clone() };
        app.sign_in(&user).unwrap();
    }
}
