//! A disk that takes no more: real write errors, by a limit on the size of files.
//!
//! The limit holds for a whole process, so the test starts itself again under `ulimit`, with the
//! directory in its environment; that child tells on standard output what the store told it.

use std::path::PathBuf;
use std::process::Command;

use countersign_events::store::sqlite::SqliteStore;
use countersign_events::store::{AppendError, EventStore, Expected, Resolution};

use crate::backend::{SqliteBackend, after, append, key, log, plain, stream};
use crate::runtime;

const DIRECTORY: &str = "COUNTERSIGN_TEST_LIMITED_LOG";
/// In blocks of 512 bytes, as POSIX has it; some shells count 1024.
const LIMIT: &str = "600";
const ENTRY_BYTES: usize = 8_000;

#[test]
fn after_write_errors_the_truth_is_one_of_appended_or_absent() {
    let name = "disk::after_write_errors_the_truth_is_one_of_appended_or_absent";
    if let Ok(path) = std::env::var(DIRECTORY) {
        return runtime().block_on(write_until_it_fails(path.into()));
    }
    let backend = SqliteBackend::new();
    drop(backend.store());
    let script = format!("trap '' XFSZ; ulimit -f {LIMIT}; exec \"$0\" --exact {name} --nocapture");
    let child = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env(DIRECTORY, backend.path())
        .output()
        .unwrap();
    let told = String::from_utf8(child.stdout).unwrap();
    assert!(child.status.success(), "{told}\n{}", String::from_utf8_lossy(&child.stderr));

    let file = plain(&backend.path());
    let check: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    drop(file);
    let store = backend.store();
    let entries = runtime().block_on(log(&store));
    let mut counts = [0; 4];
    for line in told.lines() {
        let Some((verdict, number)) = line.split_once(' ') else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        let text = append(1, Expected::NoStream, number, ENTRY_BYTES).entries;
        let there = entries.iter().filter(|entry| entry.bytes == text[0].bytes).count();
        let (at, expected) = match verdict {
            "appended" => (0, 1),
            "absent" => (1, 0),
            "unavailable" => (2, 0),
            "unknown" => (3, there.min(1)),
            _ => continue,
        };
        counts[at] += 1;
        assert_eq!(there, expected, "{line}");
        if verdict == "unknown" {
            let resolution = runtime().block_on(store.resolve(stream(1), key(number))).unwrap();
            assert_eq!(resolution != Resolution::Absent, there == 1, "{line}");
        }
    }
    assert!(counts[0] > 10, "{told}");
    assert!(counts[1] + counts[3] > 0, "no commit failed\n{told}");
}

async fn write_until_it_fails(path: PathBuf) {
    let backend = SqliteBackend::new();
    let store = SqliteStore::open(&path, backend.clock()).unwrap();
    let mut end = Expected::NoStream;
    let mut refused = 0;
    for number in 0..500 {
        let revision = match store.append(append(1, end, number, ENTRY_BYTES)).await {
            Ok(appended) => Some(appended.placed().last),
            Err(AppendError::OutcomeUnknown(_)) => {
                match store.resolve(stream(1), key(number)).await {
                    Ok(Resolution::Appended(placed)) => Some(placed.last),
                    Ok(Resolution::Absent) => {
                        println!("\nabsent {number}");
                        None
                    }
                    Err(_) => {
                        println!("\nunknown {number}");
                        return;
                    }
                }
            }
            Err(AppendError::Unavailable(_)) => {
                println!("\nunavailable {number}");
                None
            }
            Err(error) => panic!("{error}"),
        };
        if let Some(revision) = revision {
            println!("\nappended {number}");
            end = after(revision.get());
        } else {
            refused += 1;
            if refused == 5 {
                return;
            }
        }
    }
    panic!("the limit on files was not felt");
}
