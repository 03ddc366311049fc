//! Deliveries to a webhook survive `kill -9`: none is lost, none comes more than twice, each
//! account is told in order; and what the command line does with webhooks.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_tests::hook_sink::{Came, HookSink};
use countersign_tests::server::{Server, call, verb};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

const ACCOUNTS: usize = 500;
/// With the two events of its making, twenty of each account and more.
const SIGN_INS: usize = 18;
const DELIVERIES_MIN: usize = 10_000;
const CONNECTIONS: usize = 4;
const KILLS: usize = 4;

fn done(arguments: &[&str]) -> Value {
    let (code, out, err) = verb(arguments).unwrap();
    assert_eq!(code, Some(0), "{arguments:?}: {err}");
    serde_json::from_str(&out).unwrap()
}

/// An app with a webhook: its key, and both ids.
fn app_with_webhook(data: &str, url: &str) -> (String, String, String) {
    let add = ["client", "add", "shop", "--all-scopes", "--json", "--data", data];
    let app = done(&add);
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let client = text(&app, "client_id");
    let hook = done(&["client", "webhook", "add", &client, url, "--json", "--data", data]);
    assert!(text(&hook, "secret").starts_with("whsec_"));
    (text(&app, "api_key"), client, text(&hook, "webhook_id"))
}

/// Makes accounts and signs their users in, until so many deliveries are owed.
fn happen(server: &Server, key: &str) {
    std::thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            scope.spawn(move || {
                let post = |path: &str, body: &Value| {
                    call(server.public, "POST", path, Some(key), Some(body)).unwrap().status
                };
                for number in (connection..ACCOUNTS).step_by(CONNECTIONS) {
                    let subject = format!("user-{number}");
                    assert_eq!(post("/v1/accounts", &json!({ "subject": subject })), 201);
                    let body = json!({
                        "subject": subject, "first_factor": "vouched",
                        "context": { "ip": "192.0.2.1" }
                    });
                    for _ in 0..SIGN_INS {
                        assert_eq!(post("/v1/sign-ins", &body), 200);
                    }
                }
            });
        }
    });
}

/// How many deliveries are owed: everything that happened to accounts, all of them the app's.
fn owed(data: &Path) -> usize {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let database = Connection::open_with_flags(data.join("log.db"), flags).unwrap();
    let count = "SELECT COUNT(*) FROM entries e JOIN streams s ON s.id = e.stream
                 WHERE s.name LIKE 'account-%'";
    let count: i64 = database.query_row(count, [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}

/// Waits until everything that is owed has come at least once.
fn wait_for_all(sink: &HookSink, owed: usize) {
    let mut enough = owed;
    loop {
        sink.wait_until(|came| came.len() >= enough);
        let came = sink.came();
        let missing = owed - counted(&came).0.len();
        if missing == 0 {
            return;
        }
        enough = came.len() + missing;
    }
}

/// How often each event came, and each account's in the order of their coming.
fn counted(came: &[Came]) -> (BTreeMap<String, usize>, BTreeMap<String, Vec<u64>>) {
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    let mut accounts: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for one in came {
        *ids.entry(one.header("webhook-id").to_owned()).or_default() += 1;
        let (account, position) = one.place();
        accounts.entry(account).or_default().push(position);
    }
    (ids, accounts)
}

#[test]
fn ten_thousand_deliveries_survive_kill_9_without_loss_and_with_at_most_a_duplicate_each() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let path = data.to_str().unwrap();
    let sink = HookSink::start().unwrap();
    sink.refuses(true);
    let mut server = Server::start(&data).unwrap();
    let (key, client, hook) = app_with_webhook(path, &sink.url());
    happen(&server, &key);
    assert!(sink.came().is_empty());
    // Killed while everything waits, and then several times while it is delivered.
    server.kill().unwrap();
    let owed = owed(&data);
    assert!(owed >= DELIVERIES_MIN, "only {owed}");
    server = Server::start(&data).unwrap();
    let listed = ["client", "webhook", "list", &client, "--json", "--data", path];
    assert_eq!(done(&listed)["items"][0]["webhook_id"], hook.as_str());
    sink.refuses(false);
    for kill in 1..=KILLS {
        let enough = owed * kill / (KILLS + 2);
        sink.wait_until(|came| came.len() >= enough);
        server.kill().unwrap();
        server = Server::start(&data).unwrap();
    }
    wait_for_all(&sink, owed);
    let stopped = server.terminate().unwrap().0;
    assert!(stopped.success(), "{stopped:?}");
    let came = sink.came();
    let (ids, accounts) = counted(&came);
    assert_eq!((ids.len(), accounts.len()), (owed, ACCOUNTS));
    let most = ids.values().max().unwrap();
    assert!(*most <= 2, "one came {most} times");
    let twice = came.len() - ids.len();
    assert!(twice <= 8 * (KILLS + 1), "{twice} came twice");
    for (account, positions) in accounts {
        assert!(positions.windows(2).all(|two| two[0] <= two[1]), "{account}: {positions:?}");
    }
}

/// The command line adds, lists, rotates, replays and ends, beside a server that runs and alone.
#[test]
fn the_command_line_looks_after_webhooks() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let path = data.to_str().unwrap();
    let sink = HookSink::start().unwrap();
    let server = Server::start(&data).unwrap();
    let (key, client, hook) = app_with_webhook(path, &sink.url());
    let body = json!({ "subject": "somebody" });
    call(server.public, "POST", "/v1/accounts", Some(&key), Some(&body)).unwrap();
    sink.wait_until(|came| came.len() == 2);
    let on_hook = |words: &[&str]| {
        let mut arguments = vec!["client", "webhook", words[0], &client, &hook];
        arguments.extend(&words[1..]);
        arguments.extend(["--json", "--data", path]);
        done(&arguments)
    };
    let rotated = on_hook(&["rotate-secret", "--overlap", "2h"]);
    assert!(rotated["secret"].as_str().unwrap().starts_with("whsec_"));
    on_hook(&["replay", "--from", "0"]);
    sink.wait_until(|came| came.len() == 4);
    let came = sink.came();
    assert_eq!(came[0].header("webhook-id"), came[2].header("webhook-id"));
    assert_eq!(came[3].header("webhook-signature").split(' ').count(), 2);
    assert_eq!(on_hook(&["dead-letters"])["items"], json!([]));
    on_hook(&["redeliver", "--all"]);
    let (code, _, err) =
        verb(&["client", "webhook", "add", &client, "http://shop.example.com/", "--data", path])
            .unwrap();
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("must be https"), "{err}");
    assert!(server.terminate().unwrap().0.success());
    assert_private(&data.join("webhooks.db"));
    on_hook(&["end"]);
    let listed = done(&["client", "webhook", "list", &client, "--json", "--data", path]);
    assert!(listed["items"][0]["ended_at"].is_string(), "{listed}");
}

fn assert_private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{}", file.display());
}
