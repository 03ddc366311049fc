//! `kill -9` under load, and what is there afterwards.
//!
//! Every connection keeps a list of the events that an acknowledged answer promises. After each
//! restart that list must be the beginning of its account's stream.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use countersign_core::audit::finding::Verdict;
use countersign_core::audit::source::Source;
use countersign_core::audit::verify;
use countersign_core::entropy::{Entropy as _, OsEntropy};
use countersign_tests::bench::prepare::{prepare, step_now};
use countersign_tests::phone::{App, User, code, wrong_code};
use countersign_tests::server::{Server, add_client};
use rusqlite::{Connection, OpenFlags};

const KILLS: usize = 60;
const CONNECTIONS: usize = 6;
const READY_WITHIN: Duration = Duration::from_secs(2);
const EVENTS: usize = 100_000;

/// The events that were promised, by stream.
type Promised = BTreeMap<String, Vec<&'static str>>;
/// An entry: stream, revision, bytes.
type Entry = (String, i64, Vec<u8>);

fn entries(data: &Path) -> Vec<Entry> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let database = Connection::open_with_flags(data.join("log.db"), flags).unwrap();
    let fine: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(fine, "ok");
    let mut rows = database
        .prepare(
            "SELECT s.name, e.revision, e.entry FROM entries e JOIN streams s ON s.id = e.stream
             ORDER BY e.position",
        )
        .unwrap();
    let read = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    read.collect::<Result<_, _>>().unwrap()
}

fn types(entries: &[Entry]) -> BTreeMap<&str, Vec<String>> {
    let mut types: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (stream, _, bytes) in entries {
        let entry: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        types.entry(stream).or_default().push(entry["type"].as_str().unwrap().to_owned());
    }
    types
}

/// Mixed verdicts on accounts of its own, until the server is gone.
fn load(app: &App, name: &str, acknowledged: &Sender<()>) -> Promised {
    let mut promised = Promised::new();
    for number in 0.. {
        let subject = format!("{name}-{number}");
        if journey(app, &subject, acknowledged, &mut promised).is_none() {
            break;
        }
    }
    promised
}

/// One account's journey; none when the server died in it.
fn journey(
    app: &App,
    subject: &str,
    acknowledged: &Sender<()>,
    promised: &mut Promised,
) -> Option<()> {
    let registered = app.register(subject).ok()?;
    assert_eq!(registered.status, 201, "{registered:?}");
    let account = registered.text_at("/account_id").to_owned();
    let stream = format!("account-{account}");
    let mut promise = |events: &[&'static str]| {
        promised.entry(stream.clone()).or_default().extend(events);
        let _ = acknowledged.send(());
    };
    promise(&["account.registered", "account.key_created"]);
    let offered = app.begin(&account).ok()?;
    assert_eq!(offered.status, 202, "{offered:?}");
    promise(&["account.enable_requested"]);
    let user = User {
        subject: subject.to_owned(),
        account,
        factor: offered.text_at("/factor_id").to_owned(),
        secret: offered.text_at("/secret").to_owned(),
        step: step_now(),
    };
    let [first, next] = [0, 1].map(|more| code(&user.secret, user.step + more).unwrap());
    let activated = app.activate(&user, &first).ok()?;
    assert_eq!(activated.status, 200, "{activated:?}");
    promise(&["account.code_verified", "account.enabled", "account.recovery_codes_issued"]);
    let wrong = wrong_code(&user.secret, user.step).unwrap();
    let right = ["account.code_verified"];
    let refused = ["account.code_rejected"];
    // Each in a sign-in of its own: in one they would have to lie a second apart.
    for (code, status, events) in
        [(&wrong, 401, refused), (&first, 401, refused), (&next, 200, right), (&next, 401, refused)]
    {
        let begun = app.vouch(subject).ok()?;
        assert_eq!(begun.status, 200, "{begun:?}");
        promise(&["account.first_factor_vouched"]);
        let answered = app.answer(begun.text_at("/id"), code).ok()?;
        assert_eq!(answered.status, status, "{answered:?}");
        promise(&events);
    }
    Some(())
}

/// Lets several connections ask until a random number of answers has come, and kills the server.
fn killed_under_load(server: Server, key: &str, round: usize) -> Promised {
    let mut random = [0; 1];
    OsEntropy.fill(&mut random).unwrap();
    let app = App { public: server.public, key: key.to_owned() };
    let (acknowledged, counted) = channel();
    let mut promised = Promised::new();
    std::thread::scope(|scope| {
        let connections: Vec<_> = (0..CONNECTIONS)
            .map(|connection| {
                let (app, acknowledged) = (&app, acknowledged.clone());
                let name = format!("{round}-{connection}");
                scope.spawn(move || load(app, &name, &acknowledged))
            })
            .collect();
        drop(acknowledged);
        for _ in 0..20 + usize::from(random[0]) {
            counted.recv().unwrap();
        }
        server.kill().unwrap();
        for connection in connections {
            promised.append(&mut connection.join().unwrap());
        }
    });
    promised
}

#[test]
fn after_60_kills_under_load_every_acknowledged_answer_is_in_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut server = Server::start(&data).unwrap();
    let key = add_client(&data).unwrap();
    let (mut promised, mut before) = (Promised::new(), Vec::new());
    for round in 0..KILLS {
        promised.append(&mut killed_under_load(server, &key, round));
        server = Server::start(&data).unwrap();
        assert!(server.ready_after < READY_WITHIN, "round {round}: {:?}", server.ready_after);
        let now = entries(&data);
        assert!(now.starts_with(&before), "round {round}: an entry has changed");
        let there = types(&now);
        for (stream, events) in &promised {
            let found = there.get(stream.as_str()).unwrap_or_else(|| panic!("{stream} is lost"));
            let kept = events.iter().eq(found.iter().take(events.len()));
            assert!(kept, "{stream}: {events:?} not in {found:?}");
        }
        let report = verify::verify(Source::open(&data).unwrap(), None, &mut |_, _| ());
        assert_eq!(report.verdict, Verdict::Fine, "round {round}: {:?}", report.findings);
        before = now;
    }
    assert!(promised.len() > KILLS, "the load was no load");
}

/// SR-008, SR-102: replay protection is in the log, so it outlives the process.
#[test]
fn sr_008_sr_102_an_accepted_code_is_refused_after_kill_and_restart_in_its_window() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data).unwrap();
    let mut app = App { public: server.public, key: add_client(&data).unwrap() };
    let user = app.user("somebody").unwrap();
    let right = code(&user.secret, user.step + 1).unwrap();
    let accepted = app.answer(&app.sign_in(&user).unwrap(), &right).unwrap();
    assert_eq!(accepted.status, 200, "{accepted:?}");
    server.kill().unwrap();
    let server = Server::start(&data).unwrap();
    app.public = server.public;
    let again = app.answer(&app.sign_in(&user).unwrap(), &right).unwrap();
    assert!(step_now() <= user.step + 2, "the code's window is over: nothing was shown");
    assert_eq!(again.status, 401, "{again:?}");
    // That of the activation, too.
    let first = code(&user.secret, user.step).unwrap();
    let again = app.answer(&app.sign_in(&user).unwrap(), &first).unwrap();
    assert_eq!(again.status, 401, "{again:?}");
}

#[test]
fn with_100_000_events_it_serves_again_in_under_two_seconds() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    // Six events an account.
    let prepared = actix_rt::System::new().block_on(prepare(&data, EVENTS / 6 + 1, 0)).unwrap();
    Server::start(&data).unwrap().kill().unwrap();
    let server = Server::start(&data).unwrap();
    assert!(server.ready_after < READY_WITHIN, "{:?}", server.ready_after);
    assert!(entries(&data).len() >= EVENTS);
    // And it answers.
    let app = App { public: server.public, key: prepared.key.to_string() };
    let last = prepared.accounts.last().unwrap();
    let begun = app.vouch(&last.subject).unwrap();
    let right = last.code(step_now()).unwrap();
    assert_eq!(app.answer(begun.text_at("/id"), &right).unwrap().status, 200);
}
