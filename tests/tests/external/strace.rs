//! The order of system calls, and what a failing disk does to a verdict.

use std::path::Path;
use std::process::Stdio;

use countersign_core::audit::finding::Verdict;
use countersign_core::audit::source::Source;
use countersign_core::audit::verify;
use countersign_tests::bench::prepare::step_now;
use countersign_tests::phone::{App, code, wrong_code};
use countersign_tests::server::{Server, add_client};

fn app(server: &Server, data: &Path) -> App {
    App { public: server.public, key: add_client(data).unwrap() }
}

/// One line of a trace: when the call returned, in the order that the lines came to stand.
struct Traced {
    call: String,
    line: String,
}

fn traced(trace: &Path) -> Vec<Traced> {
    let text = std::fs::read_to_string(trace).unwrap();
    let mut open = std::collections::HashMap::new();
    let mut done = Vec::new();
    for line in text.lines() {
        let (process, rest) = line.trim_start().split_once(' ').unwrap();
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix(" <unfinished ...>") {
            // A write counts from its beginning, a sync from its end.
            if begun.contains("HTTP/1.1") {
                done.push(Traced { call: "answer".into(), line: begun.into() });
            }
            open.insert(process.to_owned(), begun.to_owned());
            continue;
        }
        let whole = if rest.starts_with("<...") {
            let begun = open.remove(process).unwrap_or_default();
            if begun.contains("HTTP/1.1") {
                continue;
            }
            format!("{begun} {rest}")
        } else {
            rest.to_owned()
        };
        let call = if whole.contains("\"HTTP/1.1") {
            "answer"
        } else if whole.starts_with("fdatasync(") || whole.starts_with("fsync(") {
            "sync"
        } else {
            continue;
        };
        done.push(Traced { call: call.into(), line: whole });
    }
    done
}

/// SR-098: right, wrong and reused codes alike; one request at a time, so that every sync of the
/// log between two answers belongs to the second one.
#[test]
fn sr_098_no_byte_of_a_verdict_leaves_before_its_sync_returned() {
    let directory = tempfile::tempdir().unwrap();
    let (data, trace) = (directory.path().join("data"), directory.path().join("trace"));
    let above = [
        "strace",
        "-f",
        "-y",
        "-s",
        "64",
        "-e",
        "trace=fdatasync,fsync,write,writev,sendto,sendmsg",
        "-o",
        trace.to_str().unwrap(),
    ];
    let server = Server::start_under(&above, &data, Stdio::null()).unwrap();
    let app = app(&server, &data);
    let user = app.user("traced").unwrap();
    let [first, next] = [0, 1].map(|more| code(&user.secret, user.step + more).unwrap());
    let wrong = wrong_code(&user.secret, user.step).unwrap();
    let mut given = Vec::new();
    // Each in a sign-in of its own: in one they would have to lie a second apart.
    for code in [&wrong, &first, &next, &next] {
        let sign_in = app.sign_in(&user).unwrap();
        given.extend([200, app.answer(&sign_in, code).unwrap().status]);
    }
    assert!(step_now() <= user.step + 2, "the code's window is over: nothing was shown");
    assert_eq!(given, [200, 401, 200, 401, 200, 200, 200, 401]);
    let (ended, _) = server.terminate().unwrap();
    assert!(ended.success(), "{ended}");

    let mut synced = false;
    let mut verdicts = Vec::new();
    for Traced { call, line } in traced(&trace) {
        if call == "sync" {
            let of_the_log = line.contains("/log.db-wal>") || line.contains("/log.db>");
            synced |= of_the_log && line.ends_with("= 0");
        } else if let Some(status) = line.split("HTTP/1.1 ").nth(1).map(|rest| &rest[..3]) {
            if matches!(status, "200" | "201" | "202" | "401") {
                assert!(synced, "an answer left before its sync: {line}");
                verdicts.push(status.parse::<u16>().unwrap());
            }
            synced = false;
        }
    }
    // Registered, offered, activated; then what was given.
    assert_eq!(verdicts, [vec![201, 202, 200], given].concat());
}

/// Serves under injected errors of one system call on the log, asks for one verdict, and says
/// what the answer was; then starts again without errors and looks at what is true.
fn verdict_under(inject: &str) {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data).unwrap();
    let mut healthy = app(&server, &data);
    let user = healthy.user("unlucky").unwrap();
    let sign_in = healthy.sign_in(&user).unwrap();
    let next = code(&user.secret, user.step + 1).unwrap();
    assert!(server.terminate().unwrap().0.success());

    // The error comes once the server serves: the log's start needs its own writes.
    let server = Server::start(&data).unwrap();
    let process = server.process().to_string();
    let said = directory.path().join("strace");
    let mut strace = std::process::Command::new("strace")
        .args(["-f", "-e", inject, "-P", data.join("log.db-wal").to_str().unwrap()])
        .args(["-o", directory.path().join("trace").to_str().unwrap(), "-p", &process])
        .stderr(countersign_tests::server::into_file(&said).unwrap())
        .spawn()
        .unwrap();
    while !is_traced(&process) {
        std::thread::yield_now();
    }
    healthy.public = server.public;
    let answered = healthy.answer(&sign_in, &next).unwrap();
    assert_eq!(answered.status, 503, "{answered:?}");
    assert_eq!(answered.text_at("/session/token"), "", "a verdict came with the error");
    drop(server);
    let _detached = strace.wait().unwrap();

    let server = Server::start(&data).unwrap();
    healthy.public = server.public;
    let report = verify::verify(Source::open(&data).unwrap(), None, &mut |_, _| ());
    assert_eq!(report.verdict, Verdict::Fine, "{:?}", report.findings);
    let log = std::process::Command::new("sqlite3")
        .arg(data.join("log.db"))
        .arg("SELECT count(*) FROM log WHERE entry LIKE '%\"account.code_verified\"%'")
        .output()
        .unwrap();
    let accepted: u8 = String::from_utf8(log.stdout).unwrap().trim().parse().unwrap();
    let again = healthy.answer(&healthy.sign_in(&user).unwrap(), &next).unwrap();
    assert!(step_now() <= user.step + 2, "the code's window is over: nothing was shown");
    // One is the activation's. Appended after all: the code is used. Absent: it is still good.
    match accepted {
        1 => assert_eq!(again.status, 200, "{again:?}"),
        2 => assert_eq!(again.status, 401, "{again:?}"),
        more => panic!("{more} codes accepted"),
    }
}

/// Whether the kernel says of every thread of a process that it is traced.
pub(crate) fn is_traced(process: &str) -> bool {
    std::fs::read_dir(format!("/proc/{process}/task")).unwrap().all(|thread| {
        let status = std::fs::read_to_string(thread.unwrap().path().join("status"));
        status.is_ok_and(|status| !status.contains("TracerPid:\t0\n"))
    })
}

#[test]
fn an_io_error_at_the_sync_gives_503_without_a_verdict_and_one_truth_afterwards() {
    verdict_under("inject=fdatasync,fsync:error=EIO");
}

#[test]
fn a_full_disk_gives_503_without_a_verdict_and_one_truth_afterwards() {
    verdict_under("inject=pwrite64,write:error=ENOSPC");
}
