//! The README and the guides do what they say: their commands are run as they stand.
#![cfg(feature = "external")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_tests::bench::server::Server;
use countersign_tests::console::program;
use countersign_tests::neighbour::{Neighbour, free_port};
use countersign_tests::python::python;
use countersign_tests::signing::sign;

/// The app in one file.
const EXAMPLE: &str = "docs/example/app.py";

/// A page of the repository.
fn page(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(root.join(name)).unwrap()
}

/// The shell blocks of a page, in order.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// A directory with a running server's data, as the guides assume.
struct Place {
    dir: tempfile::TempDir,
    server: Option<Server>,
    program: PathBuf,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let program = program("countersign").unwrap();
        let server = Server::countersign(&program, &dir.path().join("countersign-data")).unwrap();
        Self { dir, server: Some(server), program }
    }

    /// The same, with no server that runs.
    fn stopped(self) -> Self {
        Self { server: None, ..self }
    }

    /// Commands as they stand, but for the places of programs and files and the server's port.
    fn script(&self, script: &str) -> String {
        let program = self.program.display().to_string();
        let public = self.server.as_ref().map(|server| format!("http://{}", server.public));
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let script = script
            .replace("http://127.0.0.1:8780", &public.unwrap_or_default())
            .replace("target/release/countersign ", &format!("{program} "))
            .replace("python3 ", &format!("{} ", python().unwrap().display()))
            .replace(EXAMPLE, &root.join(EXAMPLE).display().to_string());
        format!("set -eu -o pipefail\ncountersign() {{ {program} \"$@\"; }}\n{script}")
    }

    /// Has the log signed as it is now: a guide does not wait for the server's next second.
    fn sign(&self) {
        sign(&self.dir.path().join("countersign-data")).unwrap();
    }

    /// Runs them.
    fn run(&self, script: &str) -> String {
        let script = self.script(script);
        let mut bash = Command::new("bash");
        let output = bash.arg("-c").arg(&script).current_dir(self.dir.path()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n--\n{told}\n--\n{complained}");
        told
    }
}

fn one_with<'a>(blocks: &[&'a str], words: &str) -> &'a str {
    let mut with = blocks.iter().filter(|block| block.contains(words));
    let found = with.next().unwrap_or_else(|| panic!("no block with {words}"));
    assert!(with.next().is_none(), "two blocks with {words}");
    found
}

/// The journey as the README tells it, then the client app's, then the auditor's commands.
#[test]
fn the_readme_does_what_it_says() {
    let place = Place::new();
    let readme = page("README.md");
    let blocks = blocks(&readme);
    let journey = one_with(&blocks, "# Register");
    let told = place.run(journey);
    assert!(told.contains("otpauth://totp/"), "{told}");
    assert!(told.contains("authentication-failed"), "the used code is refused: {told}");
    for assurance in ["two_factor", "email_code"] {
        assert!(told.contains(&format!("\"assurance\":\"{assurance}\"")), "{told}");
    }
    assert!(told.contains("a recovery code was used; 9 left"), "{told}");
    assert!(told.contains("\"name\":\"Old phone\""), "{told}");
    assert!(told.trim_end().ends_with("completed"), "never asked again: {told}");

    let functions: String = journey.lines().take(2).map(|line| format!("{line}\n")).collect();
    let told = place.run(&format!("{functions}{}", one_with(&blocks, "client add")));
    assert!(told.contains("\"status\":\"completed\""), "{told}");
    let told = place.run(one_with(&blocks, "operator add").lines().next().unwrap());
    assert!(!told.trim().is_empty());
    place.sign();
    place.run(one_with(&blocks, "log export"));
}

/// Backup, restore, doctor, verify and the policy, as the operating guide has them; then the log of
/// the backup lies in the place of one that was signed further on.
#[test]
fn the_operating_guide_backs_up_and_restores() {
    let place = Place::new();
    let readme = page("README.md");
    place.run(one_with(&blocks(&readme), "# Register"));
    let guide = page("docs/operating.md");
    let all = blocks(&guide);
    assert_eq!(all.len(), 4);
    let recover = one_with(&all, "log recover");
    for block in all.iter().filter(|block| **block != recover) {
        place.run(block);
    }
    let (data, restored) =
        (place.dir.path().join("countersign-data"), place.dir.path().join("restored/log.db"));
    assert!(restored.exists());
    let set = place.run("countersign policy show");
    assert!(set.contains("session.idle: \"30m\" -> \"15m\""), "{set}");

    let place = place.stopped();
    place.sign();
    fs::rename(restored, data.join("log.db")).unwrap();
    fs::remove_file(data.join("log.db-wal")).unwrap();
    let verify = "countersign log verify countersign-data || echo \"it says $?\"";
    assert!(place.run(verify).ends_with("it says 1\n"));
    let told = place.run(recover);
    assert!(told.starts_with("Going on with "), "{told}");
    let told = place.run(verify);
    assert!(told.contains("verdict  fine"), "{told}");
}

/// SR-132, SR-135: both ways in, what is signed is verified, and the keys of a client app from the
/// first to the last, as the guide has them, in one go.
#[test]
fn sr_135_the_guide_to_client_apps_runs() {
    let place = Place::new();
    let guide = page("docs/client-apps.md");
    let all = blocks(&guide);
    assert!(all.len() >= 8, "only {} blocks", all.len());
    // This one does not end by itself.
    let app = one_with(&all, EXAMPLE);
    let all: Vec<&str> = all.into_iter().filter(|block| *block != app).collect();
    let told = place.run(&all.concat());
    assert!(told.contains("second_factor_required"), "{told}");
    assert!(
        told.contains("verified: urn:countersign:acr:two_factor ['pwd', 'otp', 'mfa']"),
        "{told}"
    );
    assert!(told.contains("\nPhone\n10\nnew codes: 10\nOld phone\n"), "{told}");
    assert_eq!(told.matches("EC ES256").count(), 3, "{told}");
    assert!(told.contains("\"account_id\":"), "{told}");
    assert_eq!(told.matches("while they overlap: 200").count(), 2, "{told}");
    for (one, other) in [("overlaps until", "expires"), ("system user", "last used about")] {
        assert!(told.lines().any(|line| line.contains(one) && line.contains(other)), "{told}");
    }
    for told_of in ["event: event\n", "event: heartbeat\n", "\"type\":\"account.registered\""] {
        assert!(told.contains(told_of), "{told_of:?}: {told}");
    }
    for told_of in ["told of account.registered", "told of account.key_created"] {
        assert!(told.contains(told_of), "{told_of:?}: {told}");
    }
    assert!(told.contains(" waiting, 0 dead letters"), "{told}");
    for end in ["\n401\n", "the new one: 200", "Disabled.", "disabled: 401"] {
        assert!(told.contains(end), "{end:?}: {told}");
    }
}

/// The example starts as the guide says, and sends a browser to the portal.
#[test]
fn the_example_of_the_guide_to_client_apps_runs() {
    let place = Place::new();
    let guide = page("docs/client-apps.md");
    let all = blocks(&guide);
    let (added, run) = (one_with(&all, "--redirect-uri"), one_with(&all, EXAMPLE));
    let port = free_port().unwrap().to_string();
    let script = place.script(&format!("{added}{run}")).replace("8790", &port);
    let mut bash = Command::new("bash");
    bash.arg("-c").arg(script).env("PORT", &port).current_dir(place.dir.path());
    bash.env("ISSUER", format!("http://{}", place.server.as_ref().unwrap().public));
    let _app = Neighbour::start(&mut bash, "open http://localhost:").unwrap();
    let asks = "curl -sS -o /dev/null -w '%{redirect_url}' http://localhost:PORT/sign-in";
    let told = place.run(&asks.replace("PORT", &port));
    assert!(told.contains("/oidc/authorize?response_type=code&client_id="), "{told}");
    assert!(told.contains("&code_challenge_method=S256"), "{told}");
}

/// Every command of the auditing guide, on the log of the README's journey.
#[test]
fn the_auditing_guide_runs() {
    let place = Place::new();
    let readme = page("README.md");
    place.run(one_with(&blocks(&readme), "# Register"));
    place.sign();
    let guide = page("docs/auditing.md");
    let all = blocks(&guide);
    assert!(all.len() >= 10, "only {} blocks", all.len());
    for block in all {
        place.run(block);
        place.sign();
    }
}

/// The migration guide moves accounts in, beside no server; what moves out, the tests of the
/// program try, with the guide's own line.
#[test]
fn the_migration_guide_moves_accounts_in() {
    let place = Place::new().stopped();
    let guide = page("docs/migration.md");
    let told: Vec<String> = blocks(&guide).into_iter().map(|block| place.run(block)).collect();
    let [tables, uris, _shredded] = told.as_slice() else { panic!("{} blocks", told.len()) };
    assert_eq!(tables.matches("imported  3").count(), 2, "tried, and done: {tables}");
    assert!(tables.contains("nothing was written"), "{tables}");
    assert!(uris.contains("imported  1"), "{uris}");
    assert!(!place.dir.path().join("accounts.csv").exists());
}
