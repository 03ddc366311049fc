//! Every page in each of its five states, and what else there is to see, as it is drawn: in the
//! smallest terminal, in a roomy one, and in a large one.

mod accounts;
mod acts;
mod entrance;
mod five;
mod matrix;
mod views;

use countersign_admin_tui::effect::{Call, Look};
use countersign_admin_tui::message::Answer;
use countersign_admin_tui::theme::Theme;
use countersign_api::contract::statistics::Window;
use crossterm::event::KeyCode;
use ratatui::style::Color;

use crate::driver::Console;
use crate::samples::{events, locked_account, numbers};
use accounts::{account_frames, accounts_frames};
use acts::{act_frames, dialog_frames};
use entrance::entrance_frames;
use five::five;
use matrix::{Page, matrix};
use views::{list_frames, live_frames, number_frames};

/// The sizes of all snapshots: the smallest, and a roomy one.
const SIZES: [(u16, u16); 2] = [(80, 24), (132, 43)];
/// A large one: what is full is a snapshot there too.
const LARGE: (u16, u16) = (200, 60);

type Frames = Vec<(&'static str, Console)>;

fn made(mut console: Console, make: impl FnOnce(&mut Console)) -> Console {
    make(&mut console);
    console
}

/// What is no page's state but worth a look.
fn other_frames() -> Frames {
    let mut all = entrance_frames();
    all.extend(accounts_frames());
    all.extend(account_frames());
    all.extend(dialog_frames());
    all.extend(act_frames());
    all.extend(list_frames());
    all.extend(live_frames());
    all.extend(number_frames());
    all
}

fn all_frames() -> Vec<(String, Console)> {
    let pages = matrix().into_iter();
    let mut all: Vec<(String, Console)> =
        pages.map(|(page, state, console)| (format!("{}_{state}", page.name()), console)).collect();
    all.extend(other_frames().into_iter().map(|(name, console)| (name.to_owned(), console)));
    all
}

fn snapshot(name: &str, console: &Console, (columns, rows): (u16, u16)) {
    let terminal = console.frame(Theme::new(true), (columns, rows));
    insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), terminal.backend());
}

#[test]
fn every_page_looks_like_this_in_each_of_its_five_states() {
    for (page, state, console) in matrix() {
        for size in SIZES {
            snapshot(&format!("{}_{state}", page.name()), &console, size);
        }
        if state == "full" {
            snapshot(&format!("{}_{state}", page.name()), &console, LARGE);
        }
    }
}

#[test]
fn all_else_looks_like_this() {
    for (name, console) in other_frames() {
        for size in SIZES {
            snapshot(name, &console, size);
        }
    }
}

/// Five states that look alike would be one.
#[test]
fn no_two_states_of_a_page_look_alike() {
    for page in Page::ALL {
        let of_page = matrix().into_iter().filter(|(of, _, _)| of == page);
        let mut seen: Vec<String> = of_page.map(|(_, _, console)| console.words()).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 5, "{}", page.name());
    }
}

/// Whoever is refused, or has no server, reads what to do about it on the frame itself.
#[test]
fn a_frame_with_trouble_says_what_to_do() {
    let ways =
        ["F5 tries again", "Try again in", "again in 2 s", "ask somebody who may", "F5 shows"];
    let proofs = ["wait for the next one", "or use another way", "type login and password again"];
    for (page, state, console) in matrix() {
        if !matches!(state, "error" | "offline") {
            continue;
        }
        let words = console.said();
        let said = ways.iter().chain(&proofs).any(|way| words.contains(way));
        assert!(said, "{} {state}: {words}", page.name());
    }
}

/// In a large terminal nothing is cut, and what has columns uses all of them.
#[test]
fn in_a_large_terminal_nothing_is_cut_and_no_column_is_left_empty() {
    let waits =
        ["Loading …", "Asking the server …", "Writing …", "Asking for your authenticator …"];
    for (page, state, console) in matrix() {
        let terminal = console.frame(Theme::new(true), LARGE);
        let words = terminal.backend().to_string();
        let rest = waits.iter().fold(words.clone(), |rest, wait| rest.replace(wait, ""));
        assert!(!rest.contains('…'), "{} {state}:\n{words}", page.name());
        let is_centred = matches!(page, Page::SignIn | Page::Code | Page::SetUp | Page::Enrol);
        let widest = words.lines().skip(1).map(|line| line.trim_matches('"').trim_end());
        let widest = widest.map(|line| line.chars().count()).max().unwrap();
        assert!(is_centred || widest == usize::from(LARGE.0), "{} {state}: {widest}", page.name());
    }
}

/// No frame is lost for want of room, nor is any drawn beyond the edge.
#[test]
fn every_screen_is_drawn_at_every_size() {
    for (name, console) in all_frames() {
        for size in [(80, 24), (100, 30), (132, 43), LARGE, (79, 24), (80, 23), (1, 1)] {
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

/// Whoever looks at a chart sees when its bars were: at both ends and in the middle.
#[test]
fn every_chart_has_its_times_below() {
    for (window, times) in [
        (Window::Hour, ["12:53", "13:23", "13:53"]),
        (Window::Day, ["13:53", "01:53", "13:53"]),
        (Window::Week, ["11-17", "11-2", "11-24"]),
    ] {
        let mut console = Console::at(7);
        let wanted = Call::from(Look::Statistics { window });
        while console.call().1 != &wanted {
            console.press(KeyCode::Char(' '));
        }
        console.answer(Answer::Statistics(numbers(window)));
        for size in [(80, 24), LARGE] {
            let frame = console.frame(Theme::new(true), size).backend().to_string();
            // Two charts side by side, and two below them.
            let axes = frame.lines().filter(|line| has_in_order(line, &[times, times].concat()));
            assert_eq!(axes.count(), 2, "{window:?} at {size:?}:\n{frame}");
        }
    }
}

fn has_in_order(line: &str, words: &[&str]) -> bool {
    let rest = words.iter().try_fold(line, |rest, word| Some(rest.split_once(word)?.1));
    rest.is_some()
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
