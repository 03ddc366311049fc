//! Proofs, evidence and comparisons, as an auditor has them made and checked by the program.

use std::fs;
use std::path::{Path, PathBuf};

use countersign_tests::checkpoints::{entries, sign};
use countersign_tests::server::{Server, call, verb};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The export of a log that nobody serves any more, and the keys of its server.
pub(super) struct Log {
    pub(super) directory: TempDir,
    pub(super) account: String,
    pub(super) size: u64,
}

impl Log {
    /// Two people have registered and signed in.
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let server = Server::start(&data).unwrap();
        let mut account = String::new();
        for login in ["ana", "ben"] {
            let (email, password) = (format!("{login}@example.org"), "tr0ubador & his mule");
            let body = json!({ "login": login, "email": email, "password": password });
            let made = call(server.public, "POST", "/v1/accounts", None, Some(&body)).unwrap();
            assert_eq!(made.status, 201, "{made:?}");
            let body = json!({ "login": login, "password": password });
            let made = call(server.public, "POST", "/v1/sign-ins", None, Some(&body)).unwrap();
            assert_eq!(made.status, 200, "{made:?}");
        }
        server.terminate().unwrap();
        let export = directory.path().join("export");
        fine(&["log", "export", text(&export), "--data", text(&data)]);
        for entry in entries(&export).unwrap() {
            let entry: Value = serde_json::from_slice(&entry).unwrap();
            if let (Some(id), "") = (stream(&entry).strip_prefix("account-"), &*account) {
                id.clone_into(&mut account);
            }
        }
        let mut log = Self { directory, account, size: 0 };
        log.size = log.sign(None);
        sign(&data, &log.path("data/keys"), Some(log.size)).unwrap();
        log
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(super) fn export(&self) -> PathBuf {
        self.path("export")
    }

    /// Signs the first entries of the export.
    pub(super) fn sign(&self, size: Option<u64>) -> u64 {
        sign(&self.export(), &self.path("data/keys"), size).unwrap()
    }

    pub(super) fn key(&self) -> String {
        fine(&["log", "checkpoint", text(&self.export()), "--key"]).trim().to_owned()
    }

    /// Changes one entry of the export, and nothing else.
    pub(super) fn bend(&self, line: usize) {
        let path = self.export().join("entries.jsonl");
        let mut lines: Vec<String> =
            fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
        lines[line] = lines[line].replacen("\"v\":1", "\"v\":2", 1);
        fs::write(path, lines.join("\n") + "\n").unwrap();
    }
}

fn stream(entry: &Value) -> &str {
    entry["stream"].as_str().unwrap()
}

pub(super) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What a verb prints that ends well.
pub(super) fn fine(line: &[&str]) -> String {
    let (code, out, err) = verb(line).unwrap();
    assert_eq!(code, Some(0), "{line:?}: {out}{err}");
    out
}

/// What a verb prints that ends with a code.
pub(super) fn ends(line: &[&str], expected: i32) -> String {
    let (code, out, err) = verb(line).unwrap();
    assert_eq!(code, Some(expected), "{line:?}: {out}{err}");
    format!("{out}{err}")
}

/// SR-104: by position and by id, against an export and against the data directory.
#[test]
fn sr_104_every_entry_is_proven_and_its_proof_is_worth_its_key() {
    let log = Log::new();
    let (export, key) = (log.export(), log.key());
    let all = entries(&export).unwrap();
    assert!(all.len() > 6);
    for (position, entry) in all.iter().enumerate() {
        let file = log.path(&format!("{position}.tlog-proof"));
        let (file, number) = (text(&file), position.to_string());
        let prove = ["log", "prove", "inclusion"];
        fine(&[&prove[..], &[text(&export), "--position", &number, "--out", file]].concat());
        let entry: Value = serde_json::from_slice(entry).unwrap();
        let id = entry["id"].as_str().unwrap();
        let data = log.path("data");
        let made = fine(&[&prove[..], &[text(&data), "--id", id]].concat());
        assert_eq!(made, fs::read_to_string(file).unwrap());

        let report: Value =
            serde_json::from_str(&fine(&["log", "check-proof", file, "--key", &key, "--json"]))
                .unwrap();
        assert_eq!((&report["verdict"], &report["pinned"]), (&"fine".into(), &true.into()));
        let unpinned = ["log", "check-proof", file];
        if position == 0 {
            assert!(fine(&unpinned).contains("out of the file itself"));
        } else {
            assert!(ends(&unpinned, 2).contains("no key was given by --key"));
        }
        assert!(made.starts_with("c2sp.org/tlog-proof@v1\nextra "));
        let checkpoint = fs::read_to_string(export.join("checkpoint")).unwrap();
        assert!(made.ends_with(&format!("\n\n{checkpoint}")));
        ends(&[&prove[..], &[text(&export), "--position", &number, "--out", file]].concat(), 64);
    }
    let size = log.size.to_string();
    let beyond = ends(&["log", "prove", "inclusion", text(&export), "--position", &size], 64);
    assert!(beyond.contains("not covered yet"), "{beyond}");
    ends(&["log", "prove", "inclusion", text(&export)], 64);

    let (one, entry) = (log.path("2.tlog-proof"), log.path("entry"));
    let line = [all[2].as_slice(), b"\n"].concat();
    fs::write(&entry, line).unwrap();
    let check = ["log", "check-proof", text(&one), "--key", &key, "--entry", text(&entry)];
    fine(&check);
    fs::write(&entry, &all[3]).unwrap();
    assert!(ends(&check, 1).contains("verdict  REFUSED"));
    let bent = fs::read_to_string(&one).unwrap().replacen("index 2", "index 3", 1);
    fs::write(&one, bent).unwrap();
    ends(&["log", "check-proof", text(&one), "--key", &key], 1);
    fs::write(&one, "a letter\n").unwrap();
    ends(&["log", "check-proof", text(&one)], 64);
    ends(&["log", "check-proof", text(&log.path("nowhere"))], 64);
}

/// SR-104, AT-54.
#[test]
fn sr_104_at_54_a_log_proves_that_it_grew_and_cannot_where_it_was_changed() {
    let log = Log::new();
    let (export, key) = (log.export(), log.key());
    log.sign(Some(4));
    let kept = log.path("kept");
    fs::copy(export.join("checkpoint"), &kept).unwrap();
    log.sign(None);
    for from in [text(&kept), "4", "0"] {
        let proof = log.path("proof");
        let out = ["--from", from, "--out", text(&proof)];
        fine(&[&["log", "prove", "consistency", text(&export)][..], &out].concat());
        fine(&["log", "check-proof", text(&proof), "--key", &key]);
        assert!(fine(&["log", "check-proof", text(&proof)]).contains("whose key it is"));
        fs::remove_file(proof).unwrap();
    }
    ends(&["log", "prove", "consistency", text(&export), "--from", "99999"], 64);
    ends(&["log", "prove", "consistency", text(&export), "--from", "nowhere"], 64);
    log.bend(2);
    let refused = ends(&["log", "prove", "consistency", text(&export), "--from", "4"], 1);
    assert!(refused.contains("was signed"), "{refused}");
    log.sign(None);
    let from = ["log", "prove", "consistency", text(&export), "--from", text(&kept)];
    let refused = ends(&from, 1);
    assert!(refused.contains("was signed before"), "{refused}");
}

#[test]
fn the_evidence_for_an_account_stands_by_itself_and_tells_nothing_of_others() {
    let log = Log::new();
    let file = log.path("ana.evidence");
    let data = log.path("data");
    let line =
        ["log", "export", text(&file), "--data", text(&data), "--account", &log.account, "--json"];
    let told: Value = serde_json::from_str(&fine(&line)).unwrap();
    assert!(told["entries"].as_u64().unwrap() >= 3 && told["policies"] == 1, "{told}");
    ends(&line, 64);
    let key = log.key();
    let shown = fine(&["log", "check-proof", text(&file), "--key", &key]);
    assert!(shown.contains("without a gap") && shown.contains("no later entry"), "{shown}");
    assert!(fine(&["log", "check-proof", text(&file)]).contains("whose key it is"));
    let held = fs::read_to_string(&file).unwrap();
    for entry in entries(&data).unwrap() {
        let entry: Value = serde_json::from_slice(&entry).unwrap();
        let of_another = stream(&entry).starts_with("account-")
            && stream(&entry) != format!("account-{}", log.account);
        assert!(!of_another || !held.contains(stream(&entry)));
    }
    assert!(!held.contains("example.org"));
    let bent = held.replacen("account.password_set", "account.password_sit", 1);
    assert_ne!(bent, held);
    fs::write(&file, bent).unwrap();
    assert!(ends(&["log", "check-proof", text(&file)], 1).contains("FOUND"));
    let nobody = "00000000-0000-4000-8000-000000000000";
    let other = log.path("nobody");
    ends(&["log", "export", text(&other), "--data", text(&data), "--account", nobody], 64);
    assert!(!other.exists());
}

#[test]
fn the_checkpoint_is_printed_as_it_lies_there() {
    let log = Log::new();
    let export = log.export();
    let lies = fs::read_to_string(export.join("checkpoint")).unwrap();
    assert_eq!(fine(&["log", "checkpoint", text(&export)]), lies);
    assert_eq!(fine(&["log", "checkpoint", text(&log.path("data"))]), lies);
    let told: Value =
        serde_json::from_str(&fine(&["log", "checkpoint", text(&export), "--json"])).unwrap();
    assert_eq!((&told["size"], &told["key"]), (&log.size.into(), &log.key().into()));
    assert_eq!(told["signed_by"].as_array().unwrap().len(), 1);
    assert_eq!(told["signed_by"][0]["log"], true);
    fs::write(export.join("checkpoint"), lies.replacen(&log.size.to_string(), "1", 1)).unwrap();
    ends(&["log", "checkpoint", text(&export)], 1);
    fs::remove_file(export.join("checkpoint")).unwrap();
    ends(&["log", "checkpoint", text(&export)], 2);
    ends(&["log", "checkpoint", text(log.directory.path())], 64);
}

#[test]
fn entries_are_shown_as_they_are() {
    let log = Log::new();
    let export = log.export();
    let lines = fs::read_to_string(export.join("entries.jsonl")).unwrap();
    let show = |more: &[&str]| fine(&[&["log", "show", text(&export)], more].concat());
    assert_eq!(show(&[]), lines);
    assert_eq!(fine(&["log", "show", text(&log.path("data"))]), lines);
    let third = lines.lines().nth(2).unwrap();
    for range in ["2", "2..3"] {
        assert_eq!(show(&["--position", range]), format!("{third}\n"));
    }
    let whole = format!("{{\"position\":2,\"entry\":{third}}}\n");
    assert_eq!(show(&["--position", "2", "--with-position"]), whole);
    let registered = show(&["--type", "account.registered", "--type", "log.created"]);
    assert_eq!(registered.lines().count(), 3);
    assert_eq!(show(&["--limit", "2"]).lines().count(), 2);
    let stream = format!("account-{}", log.account);
    let own = show(&["--stream", &stream]);
    assert_eq!(fine(&["log", "show", text(&log.path("data")), "--stream", &stream]), own);
    assert!(own.lines().all(|line| line.contains(&stream)) && own.lines().count() >= 3);
    assert_eq!(show(&["--to", "2020-01-01T00:00:00Z"]), "");
    assert_eq!(show(&["--from", "2020-01-01T00:00:00Z"]), lines);
    ends(&["log", "show", text(&export), "--position", "x"], 64);
    fs::write(export.join("entries.jsonl"), format!("{lines}{{}}\n")).unwrap();
    ends(&["log", "show", text(&export)], 1);
}

#[test]
fn two_logs_are_the_same_or_one_begins_the_other_or_they_part() {
    let log = Log::new();
    let (export, data) = (log.export(), log.path("data"));
    assert!(fine(&["log", "diff", text(&export), text(&data)]).contains("the same"));
    let path = export.join("entries.jsonl");
    let lines = fs::read_to_string(&path).unwrap();
    let (shorter, _) = lines.trim_end().rsplit_once('\n').unwrap();
    fs::write(&path, format!("{shorter}\n")).unwrap();
    let begins = fine(&["log", "diff", text(&export), text(&data)]);
    assert!(begins.contains("A is the beginning of B, which has 1 more"), "{begins}");
    assert!(fine(&["log", "diff", text(&data), text(&export)]).contains("B is the beginning"));
    fs::write(&path, &lines).unwrap();
    log.bend(2);
    let parted = ends(&["log", "diff", text(&export), text(&data)], 1);
    assert!(parted.contains("the same up to position 2; there"), "{parted}");
    assert!(parted.contains("1 only in A, 1 only in B"), "{parted}");
    let told: Value =
        serde_json::from_str(&ends(&["log", "diff", text(&export), text(&data), "--json"], 1))
            .unwrap();
    assert_eq!(told["divergence"]["position"], 2);
    assert_eq!((&told["outcome"], &told["streams_total"]), (&"diverged".into(), &1.into()));
    ends(&["log", "diff", text(&export), "nowhere"], 64);
}

/// SR-105: as of a checkpoint, twice the same bytes, whatever came behind it, and without the
/// sealed parts, as after the account was erased.
#[test]
fn sr_105_a_state_as_of_a_checkpoint_is_the_same_every_time() {
    let log = Log::new();
    let (export, kept) = (log.export(), log.path("kept"));
    let stream = format!("account-{}", log.account);
    let replay = |more: &[&str]| {
        let line = ["log", "replay", "--stream", &stream, "--json", "--data", text(&export)];
        fine(&[&line[..], more].concat())
    };
    let all = replay(&[]);
    fs::write(export.join("sealed.jsonl"), "").unwrap();
    let mut seen = 0;
    for size in 1..=log.size {
        log.sign(Some(size));
        fs::copy(export.join("checkpoint"), &kept).unwrap();
        let once = replay(&["--checkpoint", text(&kept)]);
        assert_eq!(replay(&["--checkpoint", text(&kept)]), once);
        let state: Value = serde_json::from_str(&once).unwrap();
        if let Some(revision) = state["revision"].as_u64() {
            assert_eq!(replay(&["--revision", &revision.to_string()]), once);
            seen = seen.max(revision);
        }
        assert!(size < log.size || once == all);
    }
    assert!(seen >= 2);
    log.bend(1);
    let line = ["log", "replay", "--stream", &stream, "--data", text(&export)];
    ends(&[&line[..], &["--checkpoint", text(&kept)]].concat(), 1);
    let both = [&line[..], &["--checkpoint", text(&kept), "--revision", "1"]].concat();
    ends(&both, 64);
}
