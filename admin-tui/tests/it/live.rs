//! The log as it grows.

use countersign_admin_tui::effect::Effect;
use countersign_admin_tui::message::Followed;
use countersign_admin_tui::model::Dialog;
use countersign_admin_tui::model::live::{LIVE_LINES_MAX, Link};
use countersign_api::contract::problem::ProblemCode;
use crossterm::event::KeyCode;

use crate::driver::Console;
use crate::samples::{live_line, offline, refused};

fn following() -> Console {
    let mut console = Console::at(6);
    console.followed(Followed::Open);
    console
}

fn lines(positions: std::ops::Range<u64>) -> Followed {
    Followed::Lines(positions.map(live_line).collect())
}

#[test]
fn the_newest_line_is_at_the_top() {
    let mut console = following();
    console.followed(lines(0..3));
    let words = console.words();
    let place = |text: &str| words.find(text).unwrap_or_else(|| panic!("{text} in {words}"));
    assert!(place("the password was right") < place("a login that nobody has"));
    assert!(place("a login that nobody has") < place("a code was refused"));
    assert!(words.contains("3 shown, 0 hidden by the filter, 0 fallen out"), "{words}");
}

#[test]
fn a_held_view_stands_still_and_says_how_much_waits() {
    let mut console = following();
    console.followed(lines(0..3)).press(KeyCode::Char(' ')).followed(lines(3..5_000));
    let words = console.words();
    assert!(words.contains("held, 2,000 new wait"), "{words}");
    assert!(words.contains("3 shown"), "{words}");
    console.press(KeyCode::Char(' '));
    let words = console.words();
    let fallen = format!("{} fallen out", "3,000");
    assert!(words.contains("2,000 shown") && words.contains(&fallen), "{words}");
    assert!(console.model.live.lines.len() <= LIVE_LINES_MAX);
}

#[test]
fn who_moves_along_the_lines_holds_the_view() {
    let mut console = following();
    console.followed(lines(0..9)).press(KeyCode::Down).followed(lines(9..20));
    assert!(console.model.live.held.is_some());
    console.press(KeyCode::Enter);
    let Some(Dialog::LiveLine(line)) = console.model.dialogs.last() else { panic!() };
    assert_eq!(line.position, 7, "the line that was selected");
}

/// A server's lines name no account: which key leads there, and that none does here, is said.
#[test]
fn a_line_of_a_server_names_no_account_and_says_how_to_find_it() {
    let mut console = following();
    console.followed(lines(0..9));
    assert!(!console.words().contains("a account"), "{}", console.words());
    for in_dialog in [false, true] {
        if in_dialog {
            console.press(KeyCode::Enter);
        }
        console.press(KeyCode::Char('a'));
        assert_eq!(console.effects, []);
        assert!(console.said().contains("Live events name nobody"), "{}", console.words());
    }
}

#[test]
fn a_filter_hides_lines_and_says_how_many() {
    let mut console = following();
    console.followed(lines(0..8)).press(KeyCode::Char('f')).press(KeyCode::Tab);
    console.text("REFUSED");
    console.press(KeyCode::Enter);
    let words = console.words();
    assert!(words.contains("only \"refused\""), "{words}");
    assert!(words.contains("4 shown, 4 hidden by the filter"), "{words}");
    console.press(KeyCode::Char('x')).followed(lines(8..9));
    assert!(console.words().contains("1 shown, 0 hidden"), "{}", console.words());
}

#[test]
fn a_lost_stream_is_opened_again_after_the_last_line_that_was_seen() {
    let mut console = following();
    console.followed(lines(0..8)).followed(Followed::UpTo(11)).followed(Followed::Lost(offline()));
    let words = console.words();
    assert!(words.contains("Not following") && words.contains("again in 2 s"), "{words}");
    console.later(1);
    assert_eq!(console.effects, []);
    console.later(1);
    assert!(matches!(console.effects[..], [Effect::Follow { from: Some(12), .. }]));
    console.followed(Followed::Open);
    assert_eq!(console.model.live.link, Link::Open);
    assert!(console.words().contains("The server answers again."));
    // What comes twice stands there once.
    console.followed(lines(4..14));
    assert!(console.words().contains("10 shown"), "{}", console.words());
}

#[test]
fn a_role_that_may_not_follow_is_told_so() {
    let mut console = Console::at(6);
    console.followed(Followed::Lost(refused(ProblemCode::Forbidden)));
    assert!(console.words().contains("Not allowed"), "{}", console.words());
}

#[test]
fn what_a_stream_says_that_was_left_is_for_nobody() {
    let mut console = following();
    console.press(KeyCode::F(4)).followed(lines(0..3));
    assert!(console.model.live.lines.is_empty());
}
