//! `countersign import` with the real program: what another system had signs in here, a bad line
//! costs no other, a rehearsal leaves no trace, and one that is killed goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign_core::audit::finding::Verdict;
use countersign_core::audit::source::Source;
use countersign_core::audit::verify;
use countersign_tests::bench::prepare::step_now;
use countersign_tests::canaries::{Canaries, files_below};
use countersign_tests::console::program;
use countersign_tests::phone::code;
use countersign_tests::server::{Server, call, verb};
use data_encoding::{BASE32_NOPAD, BASE64};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What the hashes below were made of.
const PASSWORD: &str = "correct horse battery";
/// Made by libxcrypt, OpenSSL and the reference implementation of Argon2.
const HASHES: [(&str, &str); 5] = [
    ("bcrypt", "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS"),
    (
        "pbkdf2",
        "$pbkdf2-sha256$i=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg\
         $BVALGMmC/K/8ELErc5VgJxyPFApArIZRCQsqjEgZWJ4",
    ),
    ("django", "pbkdf2_sha256$1000$seasalt$DrdiWD40lyBuydnjvZiDrdQMx1S1mOA9O0QYex0R6ww="),
    (
        "scrypt",
        "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$LYtM8Mh+uD5qDLQWvjcUOTNEVL2STXzMHwI4lieKYvI",
    ),
    (
        "argon2",
        "$argon2id$v=19$m=64,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg\
         $G5iTPk9xLQp91Yo/sedCY4bRzyxkmXY9s22NT9T/DCg",
    ),
];

/// A directory that was served once, and is not served now.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { directory: tempfile::tempdir().unwrap() };
        let (status, _) = Server::start(&place.data()).unwrap().terminate().unwrap();
        assert!(status.success(), "{status}");
        place
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn file(&self, text: &str) -> PathBuf {
        let file = self.directory.path().join("accounts.csv");
        std::fs::write(&file, text).unwrap();
        file
    }

    fn line<'a>(&self, file: &'a Path, data: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
        let path = |path: &'a Path| path.to_str().unwrap();
        let line = ["import", path(file), "--data", path(data), "--json"];
        line.into_iter().chain(more.iter().copied()).collect()
    }

    /// Imports: exit code, report, and all that was printed.
    fn import(&self, file: &Path, more: &[&str]) -> (i32, Value, String) {
        let (code, out, err) = verb(&self.line(file, &self.data(), more)).unwrap();
        let report = serde_json::from_str(&out).unwrap_or(Value::Null);
        (code.unwrap(), report, format!("{out}{err}"))
    }
}

fn seed(number: u32) -> Vec<u8> {
    format!("seed of number {number:05}").into_bytes()
}

fn base32(number: u32) -> String {
    BASE32_NOPAD.encode(&seed(number))
}

/// The bodies of the entries, by stream.
fn events(data: &Path) -> BTreeMap<String, Vec<Value>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let database = Connection::open_with_flags(data.join("log.db"), flags).unwrap();
    let query = "SELECT s.name, e.entry FROM entries e JOIN streams s ON s.id = e.stream
                 ORDER BY e.position";
    let mut rows = database.prepare(query).unwrap();
    let read = rows.query_map([], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))).unwrap();
    let mut events: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (stream, bytes) in read.map(Result::unwrap) {
        events.entry(stream).or_default().push(serde_json::from_slice(&bytes).unwrap());
    }
    events
}

fn assert_verified(data: &Path) {
    let report = verify::verify(Source::open(data).unwrap(), None, &mut |_, _| ());
    assert_eq!(report.verdict, Verdict::Fine, "{:?}", report.findings);
}

fn sign_in(server: &Server, login: &str, password: &str) -> Value {
    let body = json!({ "login": login, "password": password });
    call(server.public, "POST", "/v1/sign-ins", None, Some(&body)).unwrap().body
}

#[track_caller]
fn signs_in(server: &Server, login: &str, code: &str) {
    let begun = sign_in(server, login, PASSWORD);
    assert_eq!(begun["status"], "second_factor_required", "{login}: {begun}");
    let path = format!("/v1/sign-ins/{}/answers", begun["id"].as_str().unwrap());
    let answer = json!({ "method": "totp", "code": code });
    let answered = call(server.public, "POST", &path, None, Some(&answer)).unwrap();
    assert_eq!((answered.status, answered.text_at("/status")), (200, "completed"), "{login}");
}

/// With the old password and the old phone, at once; and the hash of another system is gone then.
/// SR-050, SR-139: neither hash nor seed is told or lies anywhere in clear.
#[test]
fn what_another_system_had_signs_in_here_and_is_hashed_anew() {
    let place = Place::new();
    let mut table = "login,email,seed,password_hash\n".to_owned();
    let mut canaries = Canaries::default();
    for (number, (login, hash)) in (0..).zip(HASHES) {
        // Between quotation marks, since some have commas.
        let row = format!("{login},{login}@example.com,{},\"{hash}\"\n", base32(number));
        table.push_str(&row);
        canaries.plant("a seed", &seed(number));
        canaries.plant("a hash", hash.as_bytes());
        canaries.plant("the end of a hash", hash.rsplit('$').next().unwrap().as_bytes());
    }
    let (code_of, report, printed) = place.import(&place.file(&table), &[]);
    assert_eq!(code_of, 0, "{printed}");
    assert_eq!((&report["imported"], &report["complete"]), (&json!(5), &json!(true)));
    assert_eq!(
        canaries.search().found_in("what was printed", printed.as_bytes()),
        [] as [String; 0]
    );
    let left_out: &[&str] = &[];
    assert_eq!(canaries.search().found_below(&place.data(), left_out).unwrap(), [] as [String; 0]);

    let server = Server::start(&place.data()).unwrap();
    let step = step_now();
    for (number, (login, _)) in (0..).zip(HASHES) {
        assert_eq!(sign_in(&server, login, "another password")["code"], "authentication-failed");
        for more in [0, 1] {
            signs_in(&server, login, &code(&base32(number), step + more).unwrap());
        }
    }
    server.terminate().unwrap();
    let events = events(&place.data());
    let mut lives = events.iter().filter(|(stream, _)| stream.starts_with("account-"));
    let whys = |life: &[Value]| -> Vec<String> {
        let sets = life.iter().filter(|event| event["type"] == "account.password_set");
        sets.map(|event| event["data"]["why"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(lives.clone().count(), HASHES.len());
    assert!(lives.clone().all(|(_, life)| whys(life) == ["initial", "rehashed"]));
    // Who did it is told, and that it was an import; and it was one.
    let correlations: BTreeSet<_> =
        lives.clone().map(|(_, life)| life[0]["cor"].to_string()).collect();
    assert_eq!(correlations.len(), 1, "{correlations:?}");
    assert!(lives.all(|(_, life)| {
        life[0]["data"]["imported"] == true && life[0]["by"].to_string().contains("console")
    }));
    assert_verified(&place.data());
    assert_eq!(canaries.search().found_below(&place.data(), left_out).unwrap(), [] as [String; 0]);
    let (code_of, report, printed) = place.import(&place.file(&table), &[]);
    assert_eq!((code_of, &report["skipped"]), (0, &json!(5)), "{printed}");
}

/// Each is named by its number, with a reason and without what stands there.
#[test]
fn bad_lines_are_named_and_the_rest_goes_on() {
    let place = Place::new();
    let file = place.file(&format!(
        "login,seed,password_hash\nada,{},\nbob,SECRETSECRETSEC,\ncleo,\"{},\n\
         dana,,hunter2hunter2\n\
         ada,{},\neve,{},\n",
        base32(1),
        base32(2),
        base32(3),
        base32(4),
    ));
    let (code, report, printed) = place.import(&file, &[]);
    assert_eq!(code, 1, "{printed}");
    let lines: Vec<_> =
        report["refused"].as_array().unwrap().iter().map(|it| &it["line"]).collect();
    assert_eq!(lines, [3, 4, 5, 6]);
    assert_eq!((&report["imported"], &report["skipped"]), (&json!(2), &json!(0)));
    for secret in ["SECRETSECRET", "hunter2", &base32(2), &base32(3)] {
        assert!(!printed.contains(secret), "{printed}");
    }
    let data = place.data();
    let path = |path: &'static str| Path::new(path);
    let exits = |line: &[&str]| verb(line).unwrap().0.unwrap();
    let none = "6f1ad0b4-7f0c-4c4e-9d52-6a5b1d1c2e3f";
    let subjects = place.file(&format!("subject,seed\nuser 1,{}\n", base32(1)));
    for mistake in [
        place.line(path("/nowhere"), &data, &[]),
        place.line(&file, path("/nowhere"), &[]),
        place.line(&subjects, &data, &["--client", none]),
        place.line(&subjects, &data, &["--client", none, "--dry-run"]),
    ] {
        let (exit, out, told) = verb(&mistake).unwrap();
        assert_eq!(exit, Some(64), "{told}");
        assert_eq!(out, "", "nothing was begun, so that there is nothing to report");
    }
    assert_eq!(exits(&place.line(&file, &data, &["--format", "xml"])), 64);
    assert_eq!(exits(&place.line(&file, &data, &["--format", "uris"])), 1, "no line is a URI");
    assert_eq!(exits(&place.line(&file, &data, &["--client", none])), 64, "the file has logins");
    assert_eq!(exits(&place.line(&subjects, &data, &[])), 64, "whose subjects?");
    let headless = place.file(&format!("ada,{}\n", base32(7)));
    let (code, _, printed) = place.import(&headless, &[]);
    assert_eq!(code, 2);
    assert!(printed.contains("first line") && !printed.contains(&base32(7)), "{printed}");
    let server = Server::start(&data).unwrap();
    let again = place.file(&format!("login,seed\nfay,{}\n", base32(1)));
    for more in [[].as_slice(), &["--dry-run"]] {
        let (code, _, printed) = place.import(&again, more);
        assert_eq!(code, 2, "{printed}");
        assert!(printed.contains("stop the server first"), "{printed}");
    }
    server.terminate().unwrap();
}

/// A file of little that stands for much is told in little: a line of two bytes for each of 24,000
/// accounts is refused as one, and of many refused lines the first are listed and the rest counted.
#[test]
fn a_file_that_stands_for_millions_of_refusals_is_told_in_thousands() {
    const BOMBS: u64 = 50;
    const OTHERS: u64 = 20_000;
    let place = Place::new();
    let bomb = BASE64.encode(&b"\x0a\x00".repeat(24_000));
    let mut uris = String::new();
    for _ in 0..BOMBS {
        uris.push_str("otpauth-migration://offline?data=");
        uris.push_str(&bomb);
        uris.push('\n');
    }
    uris.push_str(&"no URI\n".repeat(usize::try_from(OTHERS).unwrap()));
    let (code, report, printed) = place.import(&place.file(&uris), &["--dry-run"]);
    assert_eq!(code, 1);
    let refused = report["refused"].as_array().unwrap();
    assert_eq!((refused.len(), printed.len() < 1_000_000), (10_000, true), "{}", printed.len());
    let unlisted = report["refused_unlisted"].as_u64().unwrap();
    assert_eq!(unlisted + 10_000, BOMBS + OTHERS);
    let of_bombs = refused.iter().filter(|it| it["why"] == "more than 100 accounts in one line");
    assert_eq!(of_bombs.count(), usize::try_from(BOMBS).unwrap());
}

/// Every file, and what stands in it.
fn bytes(data: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = files_below(data, &[]).unwrap();
    files.into_iter().map(|file| (file.clone(), std::fs::read(file).unwrap())).collect()
}

/// The files that are not the same in both.
fn changed<'a>(
    before: &'a BTreeMap<PathBuf, Vec<u8>>,
    after: &'a BTreeMap<PathBuf, Vec<u8>>,
) -> Vec<&'a PathBuf> {
    let all: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    all.into_iter().filter(|file| before.get(*file) != after.get(*file)).collect()
}

#[test]
fn a_dry_run_says_the_same_and_leaves_every_byte() {
    let place = Place::new();
    let first = place.file(&format!("login,seed\nada,{}\n", base32(1)));
    assert_eq!(place.import(&first, &[]).0, 0);
    let table = format!(
        "login,seed\nada,{}\nada,{}\nbob,{}\nbob,{}\ncleo,x\n",
        base32(1),
        base32(2),
        base32(3),
        base32(3),
    );
    let file = place.file(&table);
    let before = bytes(&place.data());
    let (tried, would, _) = place.import(&file, &["--dry-run"]);
    assert_eq!(changed(&before, &bytes(&place.data())), [] as [&PathBuf; 0]);
    let (done, did, _) = place.import(&file, &[]);
    assert_eq!((tried, done), (1, 1));
    for field in ["imported", "skipped", "refused", "complete"] {
        assert_eq!(would[field], did[field], "{field}");
    }
    assert_eq!((&would["dry_run"], &did["dry_run"]), (&json!(true), &json!(false)));
    assert_eq!((&did["imported"], &did["skipped"]), (&json!(1), &json!(2)));
}

/// Lines of the file that is imported while it is killed.
const LINES: u32 = 6_000;

fn accounts_in(data: &Path) -> i64 {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let count = || -> rusqlite::Result<i64> {
        let database = Connection::open_with_flags(data.join("log.db"), flags)?;
        let query = "SELECT count(*) FROM streams WHERE name LIKE 'account-%'";
        database.query_row(query, [], |row| row.get(0))
    };
    // While the program opens it, it may be held.
    count().unwrap_or(0)
}

/// Kills the import when the log has so many accounts; false where it was done before.
fn killed_at(mut import: Child, data: &Path, accounts: i64) -> bool {
    loop {
        if let Some(status) = import.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return false;
        }
        if accounts <= accounts_in(data) {
            import.kill().unwrap();
            import.wait().unwrap();
            return true;
        }
        std::thread::yield_now();
    }
}

/// How long a hundred thousand seeds may take, with nothing else to do.
const A_MINUTE: Duration = Duration::from_secs(60);
const SEEDS: u32 = 100_000;

#[test]
fn a_hundred_thousand_seeds_come_within_a_minute() {
    let place = Place::new();
    let mut table = "login,email,seed\n".to_owned();
    for number in 0..SEEDS {
        let login = format!("user.{number}");
        table.push_str(&format!("{login},{login}@example.com,{}\n", base32(number)));
    }
    let file = place.file(&table);
    let started = Instant::now();
    let (code_of, report, printed) = place.import(&file, &[]);
    let took = started.elapsed();
    assert_eq!((code_of, &report["imported"]), (0, &json!(SEEDS)), "{printed}");
    assert_eq!(accounts_in(&place.data()), i64::from(SEEDS));
    assert!(took < A_MINUTE, "{took:?}");
    println!("{SEEDS} seeds in {took:.1?}");
}

#[test]
fn killed_at_any_moment_it_goes_on_and_makes_nothing_twice() {
    let place = Place::new();
    let mut table = "login,seed,password_hash\n".to_owned();
    for number in 0..LINES {
        table.push_str(&format!("user.{number},{},{}\n", base32(number), HASHES[0].1));
    }
    let (file, data) = (place.file(&table), place.data());
    let mut kills = 0;
    for more in [1, 500, 1_500, 3_000, 4_500] {
        let mut command = Command::new(program("countersign").unwrap());
        command.args(place.line(&file, &data, &[]));
        let import = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        kills += u32::from(killed_at(import, &data, more));
    }
    assert!(kills > 1, "it was too quick to be killed");
    let there = accounts_in(&data);
    let (code_of, report, printed) = place.import(&file, &[]);
    assert_eq!(code_of, 0, "{printed}");
    assert_eq!(report["skipped"], json!(there), "what is durable is not made again");
    assert_eq!(report["imported"], json!(i64::from(LINES) - there));
    assert_eq!(accounts_in(&data), i64::from(LINES));
    let whole = events(&data).into_iter().filter(|(stream, _)| stream.starts_with("account-"));
    assert!(whole.into_iter().all(|(_, life)| life.len() == 5), "each is whole");
    assert_verified(&data);
    let (code_of, out, err) = verb(&["doctor", "--data", data.to_str().unwrap()]).unwrap();
    assert_eq!(code_of, Some(0), "{out}{err}");
    let server = Server::start(&data).unwrap();
    let step = step_now();
    for number in [0, 501, LINES - 1] {
        signs_in(&server, &format!("user.{number}"), &code(&base32(number), step).unwrap());
    }
}
