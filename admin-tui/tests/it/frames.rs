//! Every screen in every state, in two sizes, as it is drawn.

mod accounts;
mod acts;
mod entrance;
mod views;

use countersign_admin_tui::theme::Theme;
use crossterm::event::KeyCode;
use ratatui::style::Color;

use crate::driver::Console;
use crate::samples::{events, locked_account};
use accounts::{account_frames, accounts_frames, travel_frames};
use acts::{act_frames, dialog_frames};
use entrance::{set_up_frames, sign_in_frames};
use views::{list_frames, live_frames, number_frames};

/// The sizes of the snapshots: the smallest, and a roomy one.
const SIZES: [(u16, u16); 2] = [(80, 24), (132, 43)];

type Frames = Vec<(&'static str, Console)>;

fn made(mut console: Console, make: impl FnOnce(&mut Console)) -> Console {
    make(&mut console);
    console
}

fn all_frames() -> Frames {
    let mut all = sign_in_frames();
    all.extend(set_up_frames());
    all.extend(accounts_frames());
    all.extend(account_frames());
    all.extend(travel_frames());
    all.extend(dialog_frames());
    all.extend(act_frames());
    all.extend(list_frames());
    all.extend(live_frames());
    all.extend(number_frames());
    all
}

fn snapshot(frames: Frames) {
    for (name, console) in frames {
        for (columns, rows) in SIZES {
            let terminal = console.frame(Theme::new(true), (columns, rows));
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), terminal.backend());
        }
    }
}

#[test]
fn the_sign_in_looks_like_this() {
    snapshot(sign_in_frames());
}

#[test]
fn the_set_up_looks_like_this() {
    snapshot(set_up_frames());
}

#[test]
fn the_accounts_look_like_this() {
    snapshot(accounts_frames());
}

#[test]
fn an_account_looks_like_this() {
    snapshot(account_frames());
}

#[test]
fn the_dialogs_look_like_this() {
    snapshot(dialog_frames());
}

#[test]
fn time_travel_looks_like_this() {
    snapshot(travel_frames());
}

#[test]
fn the_acts_look_like_this() {
    snapshot(act_frames());
}

#[test]
fn the_lists_look_like_this() {
    snapshot(list_frames());
}

#[test]
fn the_live_events_look_like_this() {
    snapshot(live_frames());
}

#[test]
fn the_numbers_look_like_this() {
    snapshot(number_frames());
}

/// No frame is lost for want of room, nor is any drawn beyond the edge.
#[test]
fn every_screen_is_drawn_at_every_size() {
    for (name, console) in all_frames() {
        for size in [(80, 24), (100, 30), (132, 43), (200, 60), (79, 24), (80, 23), (1, 1)] {
            let terminal = console.frame(Theme::new(true), size);
            let words = terminal.backend().to_string();
            assert!(!words.trim().is_empty(), "{name} at {size:?}");
        }
    }
}

#[test]
fn a_terminal_that_is_too_small_is_told_so() {
    let terminal = Console::start().frame(Theme::new(true), (60, 20));
    insta::assert_snapshot!("too_small_60x20", terminal.backend());
}

#[test]
fn without_colours_every_frame_has_none_and_says_the_same() {
    for (name, console) in all_frames() {
        for size in SIZES {
            let plain = console.frame(Theme::new(false), size);
            let cells = &plain.backend().buffer().content;
            let coloured = cells.iter().any(|c| c.fg != Color::Reset || c.bg != Color::Reset);
            assert!(!coloured, "{name} has a colour");
            let with = console.frame(Theme::new(true), size);
            assert_eq!(plain.backend().to_string(), with.backend().to_string(), "{name}");
        }
    }
}

#[test]
fn every_colour_is_one_of_the_terminals_own_sixteen() {
    for (name, console) in all_frames() {
        let terminal = console.frame(Theme::new(true), (80, 24));
        for cell in &terminal.backend().buffer().content {
            for colour in [cell.fg, cell.bg] {
                let other = matches!(colour, Color::Rgb(..) | Color::Indexed(_));
                assert!(!other, "{name}: {colour:?}");
            }
        }
    }
}

#[test]
fn terminal_escapes_in_data_are_shown() {
    let console = Console::on_account(locked_account(), events());
    let words = console.words();
    assert!(words.contains("tablet ␛[31mred"), "{words}");
    assert!(words.contains("wrong ␛]0;owned␇"), "{words}");
}

#[test]
fn no_frame_shows_a_password_or_a_code_that_is_being_typed() {
    let secrets = ["correct horse", "a long password", "the-setup-token", "123456"];
    for (name, console) in all_frames() {
        let words = console.words();
        for secret in secrets {
            assert!(!words.contains(secret), "{name} shows {secret}");
        }
    }
}

#[test]
fn the_cursor_stands_where_typing_goes() {
    let mut console = Console::start();
    console.text("olga");
    let mut terminal = console.frame(Theme::new(true), (80, 24));
    let before = terminal.get_cursor_position().unwrap();
    console.press(KeyCode::Left);
    let after = console.frame(Theme::new(true), (80, 24)).get_cursor_position().unwrap();
    assert_eq!((after.x, after.y), (before.x - 1, before.y));
    let words = terminal.backend().to_string();
    assert!(words.lines().nth(usize::from(before.y)).unwrap().contains("olga"), "{words}");
}

/// The pictures of the guide and the README are a frame, not a drawing from memory.
#[test]
fn guide_and_readme_show_the_account_screen_as_it_is() {
    let mut account = locked_account();
    account.factors.truncate(1);
    let quiet = events().into_iter().filter(|event| event.revision != 9).collect();
    let words = Console::on_account(account, quiet).words();
    let frame: Vec<&str> = words.lines().map(|line| line.trim_matches('"').trim_end()).collect();
    let frame = frame.join("\n");
    for page in [include_str!("../../../docs/console.md"), include_str!("../../../README.md")] {
        assert!(page.contains(&frame), "put this into the page:\n{frame}");
    }
}
