//! An exported log at the console: read like the log of a server, with nobody there to ask.

use countersign_tests::console::{Console, Key, program};
use countersign_tests::server::{Server, verb};
use countersign_tests::signing::sign;
use tempfile::TempDir;

use crate::enter;
use crate::holder::Holder;

const ROOMY: (u16, u16) = (132, 43);

/// The export of a log in which an account is locked; the server is gone.
fn export() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data).unwrap();
    Holder::with_an_authenticator(server.public).is_locked_by_wrong_codes();
    sign(&data).unwrap();
    let (to, from) = (directory.path().join("export"), data.to_str().unwrap());
    let line = ["log", "export", to.to_str().unwrap(), "--data", from];
    let (exit, _, err) = verb(&line).unwrap();
    assert_eq!(exit, Some(0), "{err}");
    server.kill().unwrap();
    std::fs::remove_dir_all(&data).unwrap();
    directory
}

fn open(directory: &TempDir, size: (u16, u16)) -> Console {
    let export = directory.path().join("export");
    let program = program("countersign-admin").unwrap();
    Console::start_on(&program, &["--log", export.to_str().unwrap()], &[], size).unwrap()
}

#[test]
fn an_exported_log_is_looked_through_and_left_as_it_is() {
    let directory = export();
    let entries = directory.path().join("export").join("entries.jsonl");
    let before = std::fs::read(&entries).unwrap();
    let mut console = open(&directory, ROOMY);
    let screen = console.wait_for_text("What something happened to last").unwrap();
    assert!(screen.contains("read only"), "{screen}");
    let screen = console.wait_for_text("> ").unwrap();
    // Accounts go by their ids.
    let row = screen.lines().find(|line| line.contains("> ")).unwrap();
    assert_eq!(row.split_whitespace().nth(1).unwrap().len(), 36, "{screen}");
    console.press(Key::Enter).unwrap();
    let screen = console.wait_for_text("an authenticator was enabled").unwrap();
    assert!(screen.contains("5 wrong tries from devices"), "{screen}");
    assert!(screen.contains("not in an exported log"), "{screen}");

    // The lock is one: the clock stands where the log ends.
    console.type_text("w").unwrap();
    let screen = console.wait_for_text("Why it is locked").unwrap();
    assert!(screen.contains("Unresolved"), "{screen}");
    console.press(Key::Enter).unwrap();
    console.wait_until_gone("Why it is locked").unwrap();
    console.type_text("t").unwrap();
    console.wait_for_text("Time travel: revision").unwrap();
    console.wait_for_text("What it changed").unwrap();
    console.type_text("v").unwrap();
    console.wait_for_text("The state after it").unwrap();
    console.press(Key::Escape).unwrap();
    console.wait_until_gone("Time travel").unwrap();

    // No act is offered, and its letter does nothing.
    let screen = console.screen();
    assert!(!screen.contains("unlock") && !screen.contains("suspend"), "{screen}");
    console.type_text("u").unwrap();
    console.press(Key::Function(3)).unwrap();
    let screen = console.wait_for_text("Lockouts: what is locked now: 1").unwrap();
    assert!(!screen.contains("Unlock"), "{screen}");
    console.press(Key::Function(4)).unwrap();
    console.wait_for_text("No removal waited").unwrap();
    console.press(Key::Function(6)).unwrap();
    let screen = console.wait_for_text("an authenticator was enabled").unwrap();
    assert!(screen.contains("The end of the log"), "{screen}");
    // A line leads to its account, and the account back to the line.
    console.type_text("f").unwrap();
    console.wait_for_text("With the words").unwrap();
    console.press(Key::Enter).unwrap();
    enter(&mut console, "authenticator was enabled");
    console.wait_for_text("2 shown").unwrap();
    console.press(Key::Enter).unwrap();
    console.wait_for_text("Position ").unwrap();
    console.type_text("a").unwrap();
    console.wait_for_text("┌ Time line: revisions").unwrap();
    console.press(Key::Escape).unwrap();
    console.wait_for_text("2 shown").unwrap();
    console.press(Key::Function(7)).unwrap();
    console.wait_for_text("Sign-ins").unwrap();
    console.press(Key::Function(8)).unwrap();
    console.wait_for_text("in step").unwrap();

    console.press(Key::Control('c')).unwrap();
    assert_eq!(console.wait_for_exit().unwrap(), 0);
    console.terminal_is_restored().unwrap();
    assert_eq!(std::fs::read(&entries).unwrap(), before);
}

/// What is no export is said before the terminal is taken over.
#[test]
fn what_is_no_export_is_said_and_the_terminal_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let console = open(&directory, ROOMY);
    assert_ne!(console.wait_for_exit().unwrap(), 0);
    let written = console.written();
    assert!(written.contains("does not open"), "{written}");
    assert!(!written.contains("\u{1b}[?1049h"), "{written}");
}
