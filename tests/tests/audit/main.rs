//! The auditor's verbs as an auditor runs them: the real program, an export, and `jq`.
//!
//! The log is the golden one, under a key that is known here, put into a data directory by the
//! store; what is read here was written by the store and exported by the program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod million;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use countersign_core::entropy::OsEntropy;
use countersign_core::vault::Keyring;
use countersign_events::entry::Entry;
use countersign_events::id::{Revision, StreamId};
use countersign_events::store::sqlite::SqliteStore;
use countersign_events::store::{Append, AppendKey, EventStore, Expected, NewEntry};
use countersign_tests::forgery::{between, chain_anew};
use countersign_tests::signing::sign;
use data_encoding::HEXLOWER;
use tempfile::TempDir;
use uuid::Uuid;

const STREAM: &str = "account-11111111-1111-4111-8111-111111111111";

/// The program under test, built beside this one.
fn countersign(arguments: &[&str], within: &Path) -> Output {
    let program = countersign_tests::console::program("countersign").unwrap();
    Command::new(program).args(arguments).current_dir(within).output().expect("countersign runs")
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/tests/golden/v1/log")
}

/// A directory with the golden log in `countersign-data/log.db`.
async fn place() -> TempDir {
    let place = TempDir::new().unwrap();
    let data = place.path().join("countersign-data");
    fs::create_dir(&data).unwrap();
    let clock = Arc::new(|| "2026-11-24T05:05:00Z".parse().unwrap());
    let store = SqliteStore::open(&data.join("log.db"), clock).unwrap();
    let lines = fs::read_to_string(golden().join("entries.jsonl")).unwrap();
    let mut lines: Vec<String> = lines.lines().map(str::to_owned).collect();
    let keyring = Keyring::open_or_create(&data.join("keys"), &OsEntropy).unwrap();
    let key = HEXLOWER.encode(&keyring.log_public_key());
    lines[0] = between(&lines[0], "\"key\":\"", "\"", &key).unwrap();
    chain_anew(&mut lines).unwrap();
    for (number, line) in lines.iter().enumerate() {
        let entry = Entry::parse(line.as_bytes()).unwrap();
        let expected = match entry.rev.get() {
            0 => Expected::NoStream,
            revision => Expected::Revision(Revision::new(revision - 1)),
        };
        let new = NewEntry { bytes: line.as_bytes().to_vec(), sealed: None };
        let key = AppendKey::new(Uuid::from_u128(u128::try_from(number).unwrap()));
        let append = Append { stream: entry.stream, expected, entries: vec![new], key };
        store.append(append).await.unwrap();
    }
    sign(&data).unwrap();
    place
}

#[tokio::test]
async fn a_log_is_exported_verified_and_replayed_by_the_program() {
    let place = place().await;
    let at = place.path();
    let exported = countersign(&["log", "export", "audit", "--json"], at);
    assert_eq!(code(&exported), Some(0), "{exported:?}");
    let manifest: serde_json::Value = serde_json::from_slice(&exported.stdout).unwrap();
    assert_eq!((&manifest["size"], &manifest["newer"]), (&12.into(), &0.into()));
    let root = manifest["root"].as_str().unwrap();

    for source in ["audit", "countersign-data"] {
        let known = ["log", "verify", source, "--size", "12", "--root", root, "--json"];
        let verified = countersign(&known, at);
        assert_eq!(code(&verified), Some(0), "{verified:?}");
        let report: serde_json::Value = serde_json::from_slice(&verified.stdout).unwrap();
        assert_eq!((&report["verdict"], &report["held_to"]), (&"fine".into(), &1.into()));
        let key = report["signed"]["key"].as_str().unwrap();
        let pinned = ["log", "verify", source, "--key", key, "--checkpoint", "audit/checkpoint"];
        let pinned = countersign(&pinned, at);
        assert_eq!(code(&pinned), Some(0), "{pinned:?}");
        let told = String::from_utf8(pinned.stdout).unwrap();
        assert!(told.contains(&format!("signed   12 entries by {key}\n")), "{told}");
    }
    let replay = ["log", "replay", "--stream", STREAM, "--revision", "5", "--json"];
    let from_log = countersign(&replay, at);
    let from_export = countersign(&[&replay[..], &["--data", "audit"]].concat(), at);
    assert_eq!((code(&from_log), code(&from_export)), (Some(0), Some(0)));
    assert_eq!(from_log.stdout, from_export.stdout);
}

#[tokio::test]
async fn the_exit_code_tells_fine_tampered_incomplete_and_usage_apart() {
    let place = place().await;
    let at = place.path();
    assert_eq!(code(&countersign(&["log", "export", "audit"], at)), Some(0));
    assert_eq!(code(&countersign(&["log", "export", "audit"], at)), Some(64));
    assert_eq!(code(&countersign(&["log", "verify", "nowhere"], at)), Some(64));
    assert_eq!(code(&countersign(&["log", "verify", "--surprise"], at)), Some(64));
    assert_eq!(code(&countersign(&["log", "replay", "--stream", "log"], at)), Some(64));

    let entries = at.join("audit/entries.jsonl");
    let honest = fs::read_to_string(&entries).unwrap();
    fs::write(&entries, honest.replace("\"count\":1000000007", "\"count\":1")).unwrap();
    let tampered = countersign(&["log", "verify", "audit"], at);
    assert_eq!(code(&tampered), Some(1));
    assert!(String::from_utf8_lossy(&tampered.stdout).contains("root-differs"));

    fs::write(&entries, honest).unwrap();
    fs::remove_file(at.join("audit/manifest.json")).unwrap();
    assert_eq!(code(&countersign(&["log", "verify", "audit"], at)), Some(2));
}

/// SR-146: whoever changes a log writes no verdict of his own on the auditor's screen: what a
/// terminal obeys, and what ends a line, is shown.
#[tokio::test]
async fn sr_146_a_log_does_not_write_on_the_auditors_screen() {
    let place = place().await;
    let at = place.path();
    assert_eq!(code(&countersign(&["log", "export", "audit"], at)), Some(0));
    let entries = at.join("audit/entries.jsonl");
    let honest = fs::read_to_string(&entries).unwrap();
    let said = r"account.\u001b[2J\u009b2J\u202e\nverdict  fine";
    for (field, instead) in [
        ("\"type\":\"account.", format!("\"type\":\"{said}")),
        ("\"kind\":\"", format!("\"kind\":\"{said}")),
    ] {
        let changed = honest.replacen(field, &instead, 1);
        assert_ne!(changed, honest);
        fs::write(&entries, changed).unwrap();
        for arguments in [
            &["log", "verify", "audit"][..],
            &["log", "verify", "audit", "--json"],
            &["log", "serve", "audit", "--attended"],
        ] {
            let told = countersign(arguments, at);
            assert_eq!(code(&told), Some(1), "{told:?}");
            let told = String::from_utf8([told.stdout, told.stderr].concat()).unwrap();
            let obeyed = |character: char| character != '\n' && character.is_control();
            assert!(!told.contains(obeyed) && !told.contains('\u{202e}'), "{told:?}");
            assert!(!told.lines().any(|line| line.ends_with("verdict  fine")), "{told}");
        }
    }
}

/// What is not signed is not exported as if it were; what is newer than the checkpoint is counted.
#[tokio::test]
async fn an_export_is_what_is_signed_of_the_log() {
    let place = place().await;
    let (at, data) = (place.path(), place.path().join("countersign-data"));
    let file = data.join("checkpoint");
    let signed = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let refused = countersign(&["log", "export", "audit"], at);
    assert_eq!(code(&refused), Some(2), "{refused:?}");
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(why.contains("`countersign log checkpoint`"), "{why}");
    assert!(!at.join("audit").exists());

    fs::write(&file, signed.replacen("\n12\n", "\n11\n", 1)).unwrap();
    assert_eq!(code(&countersign(&["log", "export", "audit"], at)), Some(1));

    fs::write(&file, &signed).unwrap();
    let clock = Arc::new(|| "2026-11-24T05:05:00Z".parse().unwrap());
    let store = SqliteStore::open(&data.join("log.db"), clock).unwrap();
    let line = fs::read_to_string(golden().join("entries.jsonl")).unwrap();
    let line = line.lines().next().unwrap().replace("\"stream\":\"log\"", "\"stream\":\"policy\"");
    let append = Append {
        stream: StreamId::Policy,
        expected: Expected::NoStream,
        entries: vec![NewEntry { bytes: line.into_bytes(), sealed: None }],
        key: AppendKey::new(Uuid::from_u128(1000)),
    };
    store.append(append).await.unwrap();
    let exported = countersign(&["log", "export", "audit"], at);
    assert_eq!(code(&exported), Some(0), "{exported:?}");
    let told = String::from_utf8(exported.stdout).unwrap();
    assert!(told.contains("exported 12 entries"), "{told}");
    assert!(told.contains("newer    1 entries, which no checkpoint covers yet"), "{told}");
    assert_eq!(code(&countersign(&["log", "verify", "audit"], at)), Some(0));
}

/// The root of the export, as its manifest has it.
#[cfg(feature = "external")]
fn root_of(at: &Path) -> String {
    let manifest = fs::read(at.join("audit/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    manifest["root"].as_str().unwrap().to_owned()
}

#[cfg(feature = "external")]
#[tokio::test]
async fn jq_reads_an_export() {
    let place = place().await;
    let at = place.path();
    assert_eq!(code(&countersign(&["log", "export", "audit"], at)), Some(0));
    let jq = |arguments: &[&str]| {
        let output = Command::new("jq").args(arguments).current_dir(at).output().expect("jq runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let types = jq(&["-r", ".type", "audit/entries.jsonl"]);
    assert_eq!((types.lines().count(), types.lines().next()), (12, Some("log.created")));
    let by_operators = "select(.by.kind == \"operator\") | .type";
    assert_eq!(jq(&["-r", by_operators, "audit/entries.jsonl"]), "account.history_viewed\n");
    assert_eq!(
        jq(&["-r", "\"\\(.size) \\(.root)\"", "audit/manifest.json"]),
        format!("12 {}\n", root_of(at))
    );
}
