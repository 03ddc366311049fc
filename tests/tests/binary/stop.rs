//! A clean stop, and what it leaves in the data directory.

use std::collections::BTreeSet;
use std::path::Path;

use countersign_tests::phone::App;
use countersign_tests::server::{Server, add_client};

/// The files of a directory by name.
fn names(data: &Path) -> BTreeSet<String> {
    let files = std::fs::read_dir(data).unwrap();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

fn write_ahead(data: &Path) -> Vec<String> {
    let is_left = |name: &String| name.ends_with("-wal") || name.ends_with("-shm");
    names(data).into_iter().filter(is_left).collect()
}

/// One file a database: whoever copies a stopped installation copies all of it.
#[test]
fn after_a_clean_stop_no_write_ahead_log_is_left() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data).unwrap();
    let app = App { public: server.public, key: add_client(&data).unwrap() };
    let user = app.user("somebody").unwrap();
    app.sign_in(&user).unwrap();
    assert!(!write_ahead(&data).is_empty(), "there was none to leave");
    let (status, _) = server.terminate().unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(write_ahead(&data), Vec::<String>::new());
    for name in ["log.db", "vault.db", "read.db", "webhooks.db"] {
        assert!(names(&data).contains(name), "{name} in {:?}", names(&data));
    }
    // So does a verb that owns the directory for a moment; and what was left is whole.
    add_client(&data).unwrap();
    assert_eq!(write_ahead(&data), Vec::<String>::new());
    let server = Server::start(&data).unwrap();
    let app = App { public: server.public, ..app };
    app.sign_in(&user).unwrap();
}
