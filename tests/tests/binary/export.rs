//! `countersign export` with the real program: two admins take the seeds along, one alone does not,
//! and what was exported moves in elsewhere.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use countersign_core::audit::finding::Verdict;
use countersign_core::audit::source::Source;
use countersign_core::audit::verify;
use countersign_tests::bench::prepare::step_now;
use countersign_tests::canaries::Canaries;
use countersign_tests::console::program;
use countersign_tests::phone::{code, wrong_code};
use countersign_tests::server::{Server, call, verb};
use data_encoding::BASE32_NOPAD;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

const PASSWORD: &str = "tr0ubador & his mule";
/// The file that is made.
const OUT: &str = "seeds.txt";
const LOGINS: [&str; 3] = ["ada.lovelace", "bob:the builder", "cleo@example.com"];

/// An operator with an authenticator that was activated a step ago.
struct Admin {
    login: &'static str,
    secret: String,
    step: u64,
}

impl Admin {
    fn code(&self, more: u64) -> String {
        code(&self.secret, self.step + more).unwrap()
    }
}

fn post(server: &Server, path: &str, bearer: Option<&str>, body: &Value) -> Value {
    let answered = call(server.operator, "POST", path, bearer, Some(body)).unwrap();
    assert!(answered.status < 300, "{path}: {answered:?}");
    answered.body
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn admin(server: &Server, data: &Path, login: &'static str, role: &str) -> Admin {
    let added = ["operator", "add", login, "--role", role, "--json", "--data", text(data)];
    let (_, out, err) = verb(&added).unwrap();
    let added: Value = serde_json::from_str(&out).expect(&err);
    let token = &added["setup_token"];
    post(server, "/v1/setup", None, &json!({ "setup_token": token, "password": PASSWORD }));
    let password = json!({ "login": login, "password": PASSWORD });
    let session = post(server, "/v1/sign-ins", None, &password);
    let token = session["session"]["token"].as_str().unwrap();
    let ask = json!({ "kind": "totp", "name": "phone", "password": PASSWORD });
    let offered = post(server, "/v1/accounts/me/factors", Some(token), &ask);
    let secret = offered["secret"].as_str().unwrap().to_owned();
    let step = step_now();
    let path =
        format!("/v1/accounts/me/factors/{}/activate", offered["factor_id"].as_str().unwrap());
    // That of the step before: the others are left for what is tested.
    let first = json!({ "code": code(&secret, step - 1).unwrap() });
    post(server, &path, Some(token), &first);
    Admin { login, secret, step }
}

fn seed(number: u8) -> Vec<u8> {
    vec![b'a' + number; 20]
}

struct Place {
    directory: TempDir,
}

impl Place {
    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn import(&self, file: &Path) -> Value {
        let data = self.data();
        let (_, out, err) = verb(&["import", text(file), "--json", "--data", text(&data)]).unwrap();
        serde_json::from_str(&out).expect(&err)
    }

    /// Exports to a file beside the data, as these say who they are: exit code, and all that was
    /// printed.
    fn export(&self, out: &str, typed: &[(&Admin, String)]) -> (Option<i32>, String) {
        let mut command = Command::new(program("countersign").unwrap());
        let admins: Vec<_> = typed.iter().map(|(admin, _)| admin.login).collect();
        command.current_dir(self.directory.path()).args(line(out, &admins));
        command.args(["--json", "--data"]).arg(self.data());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = typed.iter().map(|(_, code)| format!("{PASSWORD}\n{code}\n"));
        let mut stdin = child.stdin.take().unwrap();
        // It may end before it has read them all.
        let _ = stdin.write_all(lines.collect::<String>().as_bytes());
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(told).unwrap())
    }
}

/// What follows the program's name.
fn line(out: &str, admins: &[&str]) -> Vec<String> {
    let mut line = vec!["export".to_owned(), "--out".to_owned(), out.to_owned()];
    for admin in admins {
        line.extend(["--admin".to_owned(), (*admin).to_owned()]);
    }
    line
}

/// The guide's own line is the one that is tried below.
#[test]
fn the_guide_exports_as_the_test_does() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/migration.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let told = guide.lines().find_map(|line| line.strip_prefix("countersign export ")).unwrap();
    assert_eq!(format!("export {told}"), line(OUT, &["ada", "ben"]).join(" "));
}

fn exports(data: &Path) -> Vec<Value> {
    let database = Connection::open(data.join("log.db")).unwrap();
    let query = "SELECT entry FROM entries ORDER BY position";
    let mut rows = database.prepare(query).unwrap();
    let read = rows.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let read = read.map(|bytes| serde_json::from_slice::<Value>(&bytes.unwrap()).unwrap());
    read.filter(|entry| entry["type"] == "operator.seeds_exported").collect()
}

/// SR-092, SR-139: one person alone takes no seed along, and no seed is told of or left behind.
#[test]
fn sr_092_two_admins_take_the_seeds_along_and_one_does_not() {
    let place = Place { directory: tempfile::tempdir().unwrap() };
    let data = place.data();
    let server = Server::start(&data).unwrap();
    let [ada, ben, max] =
        ["ada", "ben", "max.admin"].map(|login| admin(&server, &data, login, "admin"));
    let sue = admin(&server, &data, "sue.support", "supervisor");
    server.terminate().unwrap();
    let mut table = "login,seed\n".to_owned();
    let mut canaries = Canaries::default();
    for (number, login) in (0..).zip(LOGINS) {
        table.push_str(&format!("{login},{}\n", BASE32_NOPAD.encode(&seed(number))));
        canaries.plant("a seed", &seed(number));
    }
    let file = place.file("accounts.csv");
    std::fs::write(&file, table).unwrap();
    assert_eq!(place.import(&file)["imported"], 3);

    let out = place.file(OUT);
    let wrong = wrong_code(&ada.secret, ada.step).unwrap();
    // Logins are compared in a normal form.
    let again = Admin { login: "MAX.admin", secret: max.secret.clone(), step: max.step };
    for (typed, says) in [
        (vec![(&ada, wrong), (&ben, ben.code(0))], "take ada"),
        (vec![(&max, max.code(0)), (&again, max.code(1))], "two admins are needed"),
        (vec![(&sue, sue.code(0)), (&ben, ben.code(0))], "an admin is needed"),
    ] {
        let (exit, told) = place.export(OUT, &typed);
        assert_eq!(exit, Some(1), "{told}");
        assert!(told.contains(says), "{told}");
        assert!(!out.exists());
    }
    assert_eq!(place.export(OUT, &[(&ada, ada.code(0))]).0, Some(64), "who is the other?");
    let (exit, told) = place.export(OUT, &[(&ben, ben.code(0)), (&ben, ben.code(1))]);
    assert_eq!(exit, Some(64), "{told}");
    assert!(told.contains("ben is named twice"), "before anybody types: {told}");
    assert!(exports(&data).is_empty());

    let (exit, told) = place.export(OUT, &[(&ada, ada.code(0)), (&ben, ben.code(0))]);
    assert_eq!(exit, Some(0), "{told}");
    assert_eq!(out.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let written = std::fs::read(&out).unwrap();
    let [exported] = exports(&data).try_into().unwrap();
    assert_eq!(exported["data"]["seeds"], 3);
    assert_eq!(exported["data"]["tells_admins"], true);
    assert!(exported["stream"] != format!("operator-{}", exported["data"]["with"]), "{exported}");
    assert!(exported["by"].to_string().contains("console"), "{exported}");
    let (exit, told) = place.export(OUT, &[(&ada, "no code".to_owned()), (&ben, ben.code(1))]);
    assert_eq!(exit, Some(1), "{told}");
    assert!(told.contains("is there already"), "before anybody is asked who he is: {told}");
    assert_eq!(std::fs::read(&out).unwrap(), written, "never overwritten");
    let (exit, told) = place.export(OUT, &[(&ada, "no code".to_owned()), (&ben, String::new())]);
    assert_eq!((exit, told.contains("is there already")), (Some(1), true), "before anybody typed");
    assert_eq!(exports(&data).len(), 1, "and nothing was given out");
    assert_eq!(canaries.search().found_in("what was printed", told.as_bytes()), [] as [&str; 0]);
    assert_eq!(canaries.search().found_below(&data, &[]).unwrap(), [] as [&str; 0]);
    let report = verify::verify(Source::open(&data).unwrap(), None, &mut |_, _| ());
    assert_eq!(report.verdict, Verdict::Fine, "{:?}", report.findings);

    moves_in(&out);
}

/// What was exported is imported elsewhere, and is the same.
fn moves_in(exported: &Path) {
    let elsewhere = Place { directory: tempfile::tempdir().unwrap() };
    Server::start(&elsewhere.data()).unwrap().terminate().unwrap();
    let report = elsewhere.import(exported);
    assert_eq!((&report["imported"], &report["refused"]), (&json!(3), &json!([])));
    let table = elsewhere.file("again.csv");
    let rows = (0..).zip(LOGINS);
    let rows =
        rows.map(|(number, login)| format!("{login},{}\n", BASE32_NOPAD.encode(&seed(number))));
    std::fs::write(&table, format!("login,seed\n{}", rows.collect::<String>())).unwrap();
    let report = elsewhere.import(&table);
    assert_eq!((&report["imported"], &report["skipped"]), (&json!(0), &json!(3)));
}
