//! A log changed by hand by whoever owns the machine: other people's `sqlite3`, and our own code to
//! make it fit together again.

use std::fs;
use std::path::Path;
use std::process::Command;

use countersign_core::audit::source::Source;
use countersign_tests::bench::prepare::step_now;
use countersign_tests::forgery::chain_anew;
use countersign_tests::phone::{App, wrong_code};
use countersign_tests::server::{Server, add_client, verb};
use countersign_tests::signing::{keep_leaves, sign};
use serde_json::Value;

/// A log in which a code was refused; the server is gone. Its entries, and which of them that is.
fn log_with_a_refused_code(data: &Path) -> (Vec<String>, usize) {
    let server = Server::start(data).unwrap();
    let app = App { public: server.public, key: add_client(data).unwrap() };
    let user = app.user("victim").unwrap();
    let sign_in = app.sign_in(&user).unwrap();
    let wrong = wrong_code(&user.secret, step_now()).unwrap();
    assert_eq!(app.answer(&sign_in, &wrong).unwrap().status, 401);
    app.user("somebody-else").unwrap();
    assert!(server.terminate().unwrap().0.success());
    let mut source = Source::open(data).unwrap();
    let mut entries = vec![];
    while let Some(line) = source.next_line().unwrap() {
        entries.push(String::from_utf8(line.bytes).unwrap());
    }
    let refused = |entry: &String| entry.contains("\"type\":\"account.code_rejected\"");
    let at = entries.iter().position(refused).unwrap();
    (entries, at)
}

/// The refused code as an accepted one that starts a session.
fn accepted(entry: &str) -> String {
    let read: Value = serde_json::from_str(entry).unwrap();
    let (data, at) = (&read["data"], read["at"].as_str().unwrap());
    let at: jiff::Timestamp = at.parse().unwrap();
    let expires_at = at + jiff::SignedDuration::from_hours(12);
    let (factor, sign_in) = (data["factor"].as_str().unwrap(), data["sign_in"].as_str().unwrap());
    let step = step_now() + 1;
    let data = format!(
        "{{\"method\":\"totp\",\"factor\":\"{factor}\",\"step\":{step},\"offset\":0,\
         \"purpose\":\"sign_in\",\"sign_in\":\"{sign_in}\",\"session\":{{\
         \"session\":\"a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2\",\"assurance\":\"two_factor\",\
         \"amr\":[\"pwd\",\"otp\",\"mfa\"],\"expires_at\":\"{expires_at}\"}}}}"
    );
    let entry = entry.replacen("account.code_rejected", "account.code_verified", 1);
    let (head, tail) = entry.split_once("\"data\":").unwrap();
    match tail.find(",\"sealed\":") {
        Some(sealed) => format!("{head}\"data\":{data}{}", &tail[sealed..]),
        None => format!("{head}\"data\":{data}}}"),
    }
}

/// Drops what keeps the log from being changed, and writes these entries in the place of the old.
fn write_over(data: &Path, entries: &[String]) {
    let mut script = "DROP TRIGGER entries_no_update; BEGIN;\n".to_owned();
    for (position, entry) in entries.iter().enumerate() {
        let hex: String = entry.bytes().map(|byte| format!("{byte:02x}")).collect();
        script += &format!("UPDATE entries SET entry = x'{hex}' WHERE position = {position};\n");
    }
    let file = data.with_file_name("attack.sql");
    fs::write(&file, script + "COMMIT;\n").unwrap();
    let read = format!(".read {}", file.display());
    let log = data.join("log.db");
    let done = Command::new("sqlite3").arg("-bail").arg(log).arg(read).output().unwrap();
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
}

fn verified(arguments: &[&str]) -> (Option<i32>, Value) {
    let (exit, out, err) = verb(&[&["log", "verify", "--json"], arguments].concat()).unwrap();
    (exit, serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}")))
}

/// Whether a report names the rule at the place.
fn names(report: &Value, rule: &str, position: usize, stream: &str) -> bool {
    report["findings"].as_array().unwrap().iter().any(|finding| {
        let place = (&finding["rule"], &finding["position"], &finding["stream"]);
        place == (&rule.into(), &position.into(), &stream.into())
    })
}

/// SR-104, AT-54: triggers dropped, a refused code turned into an accepted one, everything chained
/// anew. What lies in the data directory tells the position, and without it an export that was kept
/// does; a kept checkpoint alone tells that it was done, even if it was signed anew.
#[test]
fn sr_104_a_verdict_that_is_turned_around_by_hand_is_found_at_its_position() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let data = path("data");
    let (mut entries, at) = log_with_a_refused_code(&data);
    sign(&data).unwrap();
    keep_leaves(&data).unwrap();
    let (data_text, kept, export) = (data.to_str().unwrap(), path("kept"), path("export"));
    fs::copy(data.join("checkpoint"), &kept).unwrap();
    let (kept, export) = (kept.to_str().unwrap(), export.to_str().unwrap());
    assert_eq!(verb(&["log", "export", export, "--data", data_text]).unwrap().0, Some(0));
    assert_eq!(verified(&[data_text, "--checkpoint", kept, "--older", export]).0, Some(0));

    let stream = entries[at].split('"').skip_while(|text| *text != "stream").nth(2).unwrap();
    let stream = &stream.to_owned();
    entries[at] = accepted(&entries[at]);
    chain_anew(&mut entries).unwrap();
    write_over(&data, &entries);

    let (exit, report) = verified(&[data_text]);
    assert_eq!((exit, names(&report, "entry-differs", at, stream)), (Some(1), true), "{report}");
    let (_, told, _) = verb(&["log", "verify", data_text]).unwrap();
    assert!(told.contains(&format!("entry-differs at position {at}, {stream}")), "{told}");

    // Whoever did it leaves nothing in the directory that tells of it, and signs it anew.
    fs::remove_dir_all(data.join("tree")).unwrap();
    sign(&data).unwrap();
    let (exit, report) = verified(&[data_text, "--checkpoint", kept]);
    let findings = report["findings"].as_array().unwrap();
    let differs = findings.iter().any(|finding| finding["rule"] == "root-differs");
    assert_eq!((exit, differs), (Some(1), true), "{report}");
    let (exit, report) = verified(&[data_text, "--older", export]);
    assert_eq!((exit, names(&report, "entry-differs", at, stream)), (Some(1), true), "{report}");
}
