//! A data directory of which a part was lost: it is not served, and nothing is made in its place.

use std::path::Path;

use countersign_tests::phone::App;
use countersign_tests::server::{Server, add_client, verb};
use rusqlite::Connection;

/// A directory where somebody has registered, and where nobody serves.
fn used(data: &Path) {
    let server = Server::start(data).unwrap();
    let app = App { public: server.public, key: add_client(data).unwrap() };
    app.user("somebody").unwrap();
    server.kill().unwrap();
}

/// Loses a database, and finds that it is not made anew.
fn is_not_served_without(file: &str) {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    used(&data);
    for suffix in ["", "-wal", "-shm"] {
        let path = data.join(format!("{file}{suffix}"));
        assert!(!path.exists() || std::fs::remove_file(path).is_ok());
    }
    assert!(Server::start(&data).is_err());
    assert!(!data.join(file).exists(), "it was made anew");
}

#[test]
fn a_directory_without_its_vault_is_not_served() {
    is_not_served_without("vault.db");
}

#[test]
fn a_directory_without_its_log_is_not_served() {
    is_not_served_without("log.db");
}

#[test]
fn a_directory_without_its_keys_is_not_served() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    used(&data);
    let keys = data.join("keys");
    std::fs::rename(&keys, directory.path().join("elsewhere")).unwrap();
    assert!(Server::start(&data).is_err());
    assert!(!keys.exists(), "they were made anew");
    // Nor with the keys of another installation.
    let other = directory.path().join("other");
    Server::start(&other).unwrap().kill().unwrap();
    std::fs::rename(other.join("keys"), &keys).unwrap();
    assert!(Server::start(&data).is_err());
    // And with its own it is as before.
    std::fs::rename(&keys, directory.path().join("not these")).unwrap();
    std::fs::rename(directory.path().join("elsewhere"), &keys).unwrap();
    Server::start(&data).unwrap().kill().unwrap();
}

/// The log names its signing key and the accounts their wrapping key; the root key has the vault.
#[test]
fn a_directory_with_another_root_key_is_not_served() {
    let directory = tempfile::tempdir().unwrap();
    let (data, other) = (directory.path().join("data"), directory.path().join("other"));
    used(&data);
    Server::start(&other).unwrap().kill().unwrap();
    let (root, own) = (data.join("keys/root.key"), directory.path().join("own"));
    std::fs::copy(&root, &own).unwrap();
    std::fs::copy(other.join("keys/root.key"), &root).unwrap();
    assert!(Server::start(&data).is_err());
    let (code, out, _) = verb(&["doctor", "--data", data.to_str().unwrap()]).unwrap();
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("root.key") && out.contains("another root key"), "{out}");
    // A vault of before has no check value, and gets that of its next start.
    let vault = data.join("vault.db");
    let lacking = "DROP TABLE key_check; PRAGMA user_version = 2";
    Connection::open(&vault).unwrap().execute_batch(lacking).unwrap();
    std::fs::copy(&own, &root).unwrap();
    Server::start(&data).unwrap().kill().unwrap();
    std::fs::copy(other.join("keys/root.key"), &root).unwrap();
    assert!(Server::start(&data).is_err());
}
