//! The support console in a real pseudo-terminal: against the real server, and, for what that
//! cannot be made to say, against canned answers; and the console's client.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod archive;
mod canned;
mod client;
mod crash;
mod day;
mod desk;
mod ending;
mod holder;
mod live;
mod proxy;
mod review;
mod staff;
mod whole;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use canned::{Canned, FIRST_CODE, SETUP_TOKEN, SIGN_IN_CODE, STEP_UP_CODE};
use countersign_api::contract::kind::{Method, ResetScope};
use countersign_tests::console::{Console, Key, program};

fn start(url: &str) -> Console {
    Console::start(&program("countersign-admin").unwrap(), url).unwrap()
}

fn enter(console: &mut Console, text: &str) {
    console.type_text(text).unwrap();
    console.press(Key::Enter).unwrap();
}

fn sign_in(console: &mut Console) {
    console.wait_for_text("Sign in").unwrap();
    enter(console, "olga");
    enter(console, "correct horse");
    console.wait_for_text("Second factor").unwrap();
    enter(console, SIGN_IN_CODE);
    console.wait_for_text("Type a whole login").unwrap();
}

/// Looks the account up that there is, and opens it.
fn open_account(console: &mut Console) {
    enter(console, "ana.lima");
    console.wait_for_text("a•••@example.org").unwrap();
    console.press(Key::Enter).unwrap();
    console.wait_for_text("five wrong codes in a row").unwrap();
}

/// The whole task of a support agent, and nothing left behind.
#[test]
fn an_agent_signs_in_looks_an_account_up_unlocks_it_and_quits() {
    let server = Canned::start();
    let mut console = start(&server.url);
    sign_in(&mut console);

    enter(&mut console, "ana.lima");
    console.wait_for_text("a•••@example.org").unwrap();
    console.press(Key::Enter).unwrap();
    let screen = console.wait_for_text("five wrong codes in a row").unwrap();
    assert!(screen.contains("codes wait until 14:05"), "{screen}");

    console.type_text("u").unwrap();
    console.wait_for_text("Unlocking ends waiting times").unwrap();
    console.press(Key::Right).unwrap();
    console.press(Key::Enter).unwrap();
    console.press(Key::Enter).unwrap();
    enter(&mut console, "called, knows her birthday");
    enter(&mut console, "4711");
    let screen = console.wait_for_text("y writes it").unwrap();
    for part in ["account.lockout_reset", "counters", "called, knows her birthday", "4711"] {
        assert!(screen.contains(part), "{part} in {screen}");
    }
    assert_eq!(server.asked(|asked| asked.resets.len()), 0, "nothing is sent before a yes");

    console.type_text("y").unwrap();
    console.wait_for_text("Prove that it is you").unwrap();
    enter(&mut console, STEP_UP_CODE);
    let screen = console.wait_for_text("This event was written").unwrap();
    assert!(screen.contains("support ended the waiting times"), "{screen}");
    server.asked(|asked| {
        let [(first_key, first, request), (second_key, second, again)] = &asked.resets[..] else {
            panic!("{:?}", asked.resets)
        };
        assert_eq!((first.as_str(), second.as_str()), ("olga-first", "olga-second"));
        assert_eq!((first_key, request), (second_key, again), "the same act, the same key");
        assert_eq!((request.scope, request.method), (ResetScope::Counters, None::<Method>));
        assert_eq!(request.ticket, "4711");
    });

    console.press(Key::Enter).unwrap();
    let screen = console.wait_for_text("nothing is locked").unwrap();
    assert!(screen.contains("support ended the waiting times"), "{screen}");
    console.press(Key::Control('c')).unwrap();
    assert_eq!(console.wait_for_exit().unwrap(), 0);
    console.terminal_is_restored().unwrap();
    assert_eq!(server.asked(|asked| asked.ended.clone()), ["olga-second"], "signed out");
}

/// A session that ends before the yes: after signing in again the act is where it was, word for
/// word, and what it says stays in sight while it is proven anew.
#[test]
fn a_session_that_ends_in_the_middle_of_an_act_costs_no_word_of_it() {
    let server = Canned::start();
    let mut console = start(&server.url);
    sign_in(&mut console);
    open_account(&mut console);
    console.type_text("u").unwrap();
    console.wait_for_text("Unlocking ends waiting times").unwrap();
    console.press(Key::Tab).unwrap();
    console.press(Key::Tab).unwrap();
    enter(&mut console, "called, knows her birthday");
    enter(&mut console, "4711");
    console.wait_for_text("y writes it").unwrap();
    server.end_the_session();
    console.type_text("y").unwrap();
    let screen = console.wait_for_text("go on with what you were filling in").unwrap();
    assert!(!screen.contains("birthday"), "{screen}");

    enter(&mut console, "correct horse");
    console.wait_for_text("Second factor").unwrap();
    enter(&mut console, SIGN_IN_CODE);
    console.wait_for_text("y writes it").unwrap();
    assert_eq!(server.asked(|asked| asked.resets.len()), 0, "no yes was said to this session");
    console.type_text("y").unwrap();
    let screen = console.wait_for_text("Prove that it is you").unwrap();
    for part in ["account.lockout_reset", "called, knows her birthday", "4711", "6f1c2a9e"] {
        assert!(screen.contains(part), "{part} in {screen}");
    }
    enter(&mut console, STEP_UP_CODE);
    console.wait_for_text("This event was written").unwrap();
    let reasons = server.asked(|asked| asked.resets.iter().map(|it| it.2.reason.clone()).collect());
    let reasons: Vec<String> = reasons;
    assert_eq!(reasons, ["called, knows her birthday"; 2], "before and after the code");
}

#[test]
fn a_new_operator_sets_a_password_and_an_authenticator_up() {
    let server = Canned::start();
    let mut console = start(&server.url);
    console.wait_for_text("Press F2").unwrap();
    console.press(Key::Function(2)).unwrap();
    console.wait_for_text("Setup token").unwrap();
    console.type_text(&format!("\x1b[200~{SETUP_TOKEN}\n\x1b[201~")).unwrap();
    console.press(Key::Enter).unwrap();
    enter(&mut console, "a long password");
    enter(&mut console, "a long password");
    console.wait_for_text("Your password is set").unwrap();
    enter(&mut console, "nina");
    console.press(Key::Enter).unwrap();

    let screen = console.wait_for_text("JBSW Y3DP EHPK 3PXP").unwrap();
    assert!(screen.contains("█▀▀"), "the QR code is drawn: {screen}");
    enter(&mut console, FIRST_CODE);
    console.wait_for_text("0F3KQ-7WZ2P-M4XVA-90TBR-C6HDN").unwrap();
    console.press(Key::Enter).unwrap();
    console.wait_for_text("Type a whole login").unwrap();
    enter(&mut console, "ana.lima");
    console.wait_for_text("a•••@example.org").unwrap();
    console.press(Key::Control('c')).unwrap();
    assert_eq!(console.wait_for_exit().unwrap(), 0);
    console.terminal_is_restored().unwrap();
}

#[test]
fn a_terminal_escape_in_data_is_seen_and_does_nothing() {
    let server = Canned::start();
    let mut console = start(&server.url);
    sign_in(&mut console);
    enter(&mut console, "ana.lima");
    console.wait_for_text("a•••@example.org").unwrap();
    console.press(Key::Enter).unwrap();
    let screen = console.wait_for_text("Pixel ␛]2;owned␇␛[2J8").unwrap();
    assert!(screen.contains("codes wait until 14:05"), "nothing was cleared: {screen}");
    assert_eq!(console.window_title(), None);
}

#[test]
fn a_server_that_is_away_is_said_and_tried_again_by_a_key() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut console = start(&format!("http://{address}"));
    console.wait_for_text("Sign in").unwrap();
    enter(&mut console, "olga");
    enter(&mut console, "correct horse");
    console.wait_for_text("The server does not answer").unwrap();
    let _server = Canned::start_on(TcpListener::bind(address).unwrap());
    console.press(Key::Function(5)).unwrap();
    console.wait_for_text("Second factor").unwrap();
}

/// A server that takes a call and says nothing: no key waits for it.
#[test]
fn keys_are_answered_while_the_server_says_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut console = start(&format!("http://{}", silent.local_addr().unwrap()));
    console.wait_for_text("Sign in").unwrap();
    enter(&mut console, "olga");
    enter(&mut console, "correct horse");
    console.wait_for_text("Asking the server").unwrap();
    let pressed = Instant::now();
    console.press(Key::Function(1)).unwrap();
    console.wait_for_text("┌ Keys").unwrap();
    assert!(pressed.elapsed() < ANSWERED, "{:?}", pressed.elapsed());
    console.press(Key::Enter).unwrap();
    console.wait_until_gone("┌ Keys").unwrap();
    // What is asked for may be given up, too.
    console.press(Key::Escape).unwrap();
    console.wait_until_gone("Asking the server").unwrap();
}

#[test]
fn without_colours_there_are_none() {
    let program = program("countersign-admin").unwrap();
    let url = "http://127.0.0.1:9";
    let coloured = Console::start(&program, url).unwrap();
    coloured.wait_for_text("Sign in").unwrap();
    assert!(coloured.has_colours());
    let plain = Console::start_with(&program, url, &[("NO_COLOR", "1")]).unwrap();
    plain.wait_for_text("Sign in").unwrap();
    assert!(!plain.has_colours());
}

/// How long a key may take on a machine that does much else: the server is waited for much longer.
const ANSWERED: Duration = Duration::from_secs(2);
/// How long the program may take to its first frame.
const FIRST_FRAME: Duration = Duration::from_millis(100);
/// How much memory it may have at once, in KiB.
const MEMORY_KIB: u64 = 40 * 1024;

/// The fastest of five: what the program takes, and not what else this machine does meanwhile.
#[test]
fn the_first_frame_is_there_at_once() {
    let program = program("countersign-admin").unwrap();
    let start = || {
        let started = Instant::now();
        let console = Console::start(&program, "http://127.0.0.1:9").unwrap();
        console.wait_for_text("Sign in").unwrap();
        started.elapsed()
    };
    let fastest = (0..5).map(|_| start()).min().unwrap();
    assert!(fastest < FIRST_FRAME, "{fastest:?}");
}

/// Every line comes, the newest is on top, what falls out of view is counted, a stream that ends is
/// gone on with after the last line; and all that in little memory.
#[test]
fn a_busy_log_is_followed_without_a_gap_and_in_little_memory() {
    let server = Canned::start();
    let mut console = start(&server.url);
    sign_in(&mut console);
    console.press(Key::Function(6)).unwrap();
    let screen = console.wait_for_text("line 20000 of the log").unwrap();
    // The first answer held 20,000 lines and ended; the second, after its last one, holds one.
    assert!(screen.contains("2,000 shown, 0 hidden by the filter, 18,001 fallen out"), "{screen}");
    assert_eq!(server.asked(|asked| asked.after.clone()), ["", "19999"]);
    console.press(Key::Function(2)).unwrap();
    console.wait_for_text("Type a whole login").unwrap();
    enter(&mut console, "ana.lima");
    console.wait_for_text("a•••@example.org").unwrap();
    let peak = console.peak_memory_kib().unwrap();
    assert!(peak < MEMORY_KIB, "{peak} KiB");
}

/// Bytes of a paste, with and without a terminal that marks them as one.
#[test]
fn a_paste_does_nothing_but_fill_a_field() {
    let server = Canned::start();
    let mut console = start(&server.url);
    sign_in(&mut console);
    open_account(&mut console);
    console.type_text("\x1b[200~u\n\nq\n\x1b[201~").unwrap();
    console.type_text("u").unwrap();
    console.wait_for_text("Unlocking ends waiting times").unwrap();
    console.type_text("\x1b[200~u\n\nq\n\x1b[201~").unwrap();
    console.press(Key::Tab).unwrap();
    console.press(Key::Tab).unwrap();
    // As keys: every line end goes on, and the y would say yes.
    console.type_text("a reason\r4711\r\r\ry\r").unwrap();
    console.wait_for_text("y writes it").unwrap();
    assert_eq!(server.asked(|asked| asked.resets.len()), 0, "nobody has seen the event yet");
}

/// A password is never sent where it can be read on the way.
#[test]
fn plain_http_to_another_machine_is_refused() {
    let console = start("http://auth.example.org");
    assert_ne!(console.wait_for_exit().unwrap(), 0);
    console.terminal_is_restored().unwrap();
}
