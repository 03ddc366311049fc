//! However the program ends, the terminal is given back and the session is ended: a panic, a
//! signal, a terminal that is gone, each also while the server keeps it waiting.

use std::net::TcpListener;
use std::path::Path;

use countersign_tests::console::{Console, program};

use crate::canned::Canned;
use crate::{enter, sign_in, start};

/// The console's own terminal and hook, in a program that panics.
fn panicking(place: &str) -> Console {
    Console::start_program(&program("examples/panics").unwrap(), &[place]).unwrap()
}

/// After the panic the words of it stand on the person's own screen, in a terminal that works.
#[test]
fn a_panic_gives_the_terminal_back_and_is_read_on_it() {
    for (place, words) in
        [("main", "a panic of the main thread"), ("task", "a panic of another thread")]
    {
        let console = panicking(place);
        assert_eq!(console.wait_for_exit().unwrap(), 101, "{place}");
        console.terminal_is_restored().unwrap();
        let screen = console.wait_for_last_text(words).unwrap();
        assert!(!screen.contains("Sign in"), "drawn over:\n{screen}");
    }
}

#[test]
fn a_signal_ends_the_session_and_gives_the_terminal_back() {
    for name in ["TERM", "HUP", "INT"] {
        let server = Canned::start();
        let mut console = start(&server.url);
        sign_in(&mut console);
        console.signal(name).unwrap();
        assert_eq!(console.wait_for_exit().unwrap(), 0, "{name}");
        console.terminal_is_restored().unwrap();
        assert_eq!(server.asked(|asked| asked.ended.clone()), ["olga-first"], "{name}");
    }
}

/// A server that takes a call and says nothing keeps nobody from leaving.
#[test]
fn a_signal_ends_the_program_while_a_call_is_under_way() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for name in ["TERM", "HUP"] {
        let mut console = start(&format!("http://{}", silent.local_addr().unwrap()));
        console.wait_for_text("Sign in").unwrap();
        enter(&mut console, "olga");
        enter(&mut console, "correct horse");
        console.wait_for_text("Asking the server").unwrap();
        console.signal(name).unwrap();
        assert_eq!(console.wait_for_exit().unwrap(), 0, "{name}");
        console.terminal_is_restored().unwrap();
    }
}

/// The window is closed: with a hang-up signal, and where none comes, since the terminal is the
/// program's input and output and no more.
#[test]
fn a_lost_terminal_ends_the_program_and_the_session() {
    type Start = fn(&Path, &str) -> anyhow::Result<Console>;
    let starts: [Start; 2] = [Console::start, Console::start_uncontrolled];
    for start in starts {
        let server = Canned::start();
        let mut console = start(&program("countersign-admin").unwrap(), &server.url).unwrap();
        sign_in(&mut console);
        console.close_terminal();
        console.wait_for_exit().unwrap();
        assert_eq!(server.asked(|asked| asked.ended.clone()), ["olga-first"]);
    }
}
