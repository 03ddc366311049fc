//! Every screen in every state, in two sizes, as it is drawn.

use countersign_admin_tui::message::Answer;
use countersign_admin_tui::theme::Theme;
use countersign_api::contract::problem::ProblemCode;
use crossterm::event::KeyCode;
use ratatui::style::Color;

use crate::driver::{
    Console, code_wanted, events, hit, locked_account, offered, offline, other_hit,
    password_session, recovery_codes, refused, reset_event, session, too_many, young_account,
};

/// The sizes of the snapshots: the smallest, and a roomy one.
const SIZES: [(u16, u16); 2] = [(80, 24), (132, 43)];

type Frames = Vec<(&'static str, Console)>;

fn made(mut console: Console, make: impl FnOnce(&mut Console)) -> Console {
    make(&mut console);
    console
}

fn sign_in_frames() -> Frames {
    let start = |make: fn(&mut Console)| made(Console::start(), make);
    vec![
        ("sign_in_empty", Console::start()),
        (
            "sign_in_full",
            start(|c| {
                c.text("olga").press(KeyCode::Tab).text("secret");
            }),
        ),
        ("sign_in_loading", start(|c| c.sign_in_with_password())),
        (
            "sign_in_error",
            start(|c| {
                c.sign_in_with_password();
                c.fail(refused(ProblemCode::AuthenticationFailed));
            }),
        ),
        (
            "sign_in_offline",
            start(|c| {
                c.sign_in_with_password();
                c.fail(offline());
            }),
        ),
        (
            "code_empty",
            start(|c| {
                c.sign_in_with_password();
                c.answer(code_wanted());
            }),
        ),
        (
            "code_full",
            start(|c| {
                c.sign_in_with_password();
                c.answer(code_wanted()).text("123456");
            }),
        ),
        (
            "code_loading",
            start(|c| {
                c.sign_in_with_password();
                c.answer(code_wanted()).text("123456").press(KeyCode::Enter);
            }),
        ),
        (
            "code_error",
            start(|c| {
                c.sign_in_with_password();
                c.answer(code_wanted()).text("123456").press(KeyCode::Enter);
                c.fail(too_many());
            }),
        ),
    ]
}

fn set_up(console: &mut Console, again: &str) {
    console.press(KeyCode::F(2)).text("the-setup-token").press(KeyCode::Enter);
    console.text("a long password").press(KeyCode::Enter).text(again).press(KeyCode::Enter);
}

fn to_offer(console: &mut Console) {
    console.sign_in_with_password();
    console.answer(Answer::SignedIn(password_session("weak")));
    console.answer(offered());
}

fn set_up_frames() -> Frames {
    let start = |make: fn(&mut Console)| made(Console::start(), make);
    vec![
        (
            "set_up_empty",
            start(|c| {
                c.press(KeyCode::F(2));
            }),
        ),
        ("set_up_loading", start(|c| set_up(c, "a long password"))),
        ("set_up_error", start(|c| set_up(c, "another"))),
        (
            "set_up_offline",
            start(|c| {
                set_up(c, "a long password");
                c.fail(offline());
            }),
        ),
        (
            "set_up_done",
            start(|c| {
                set_up(c, "a long password");
                c.answer(Answer::SetUp);
            }),
        ),
        (
            "enrol_loading",
            start(|c| {
                c.sign_in_with_password();
                c.answer(Answer::SignedIn(password_session("weak")));
            }),
        ),
        ("enrol_full", start(to_offer)),
        (
            "enrol_error",
            start(|c| {
                to_offer(c);
                c.text("000000").press(KeyCode::Enter);
                c.fail(refused(ProblemCode::AuthenticationFailed));
            }),
        ),
        (
            "enrol_offline",
            start(|c| {
                to_offer(c);
                c.text("000000").press(KeyCode::Enter);
                c.fail(offline());
            }),
        ),
        (
            "recovery_codes_full",
            start(|c| {
                to_offer(c);
                c.text("000000").press(KeyCode::Enter);
                let session = Some(session("strong"));
                c.answer(Answer::Activated { recovery_codes: recovery_codes(), session });
            }),
        ),
    ]
}

fn accounts_frames() -> Frames {
    let signed_in = |make: fn(&mut Console)| made(Console::signed_in(), make);
    vec![
        ("accounts_empty", Console::signed_in()),
        (
            "accounts_loading",
            signed_in(|c| {
                c.text("ana.lima").press(KeyCode::Enter);
            }),
        ),
        (
            "accounts_full",
            signed_in(|c| {
                c.text("ana.lima").press(KeyCode::Enter);
                c.answer(Answer::Found(vec![hit(), other_hit()]));
            }),
        ),
        (
            "accounts_nobody",
            signed_in(|c| {
                c.text("nobody").press(KeyCode::Enter);
                c.answer(Answer::Found(Vec::new()));
            }),
        ),
        (
            "accounts_error",
            signed_in(|c| {
                c.text("ana.lima").press(KeyCode::Enter);
                c.fail(too_many());
            }),
        ),
        (
            "accounts_offline",
            signed_in(|c| {
                c.text("ana.lima").press(KeyCode::Enter);
                c.fail(offline());
            }),
        ),
        (
            "locked_now_full",
            signed_in(|c| {
                c.press(KeyCode::F(2));
                c.answer(Answer::Found(vec![hit()]));
            }),
        ),
        (
            "locked_now_empty",
            signed_in(|c| {
                c.press(KeyCode::F(2));
                c.answer(Answer::Found(Vec::new()));
            }),
        ),
    ]
}

fn opening() -> Console {
    made(Console::signed_in(), |c| {
        c.text("ana.lima").press(KeyCode::Enter);
        c.answer(Answer::Found(vec![hit()]));
        c.press(KeyCode::Enter);
    })
}

fn account_frames() -> Frames {
    vec![
        ("account_loading", opening()),
        ("account_full", Console::on_account(locked_account(), events())),
        ("account_empty", Console::on_account(young_account(), Vec::new())),
        (
            "account_error",
            made(opening(), |c| {
                c.fail(refused(ProblemCode::Forbidden));
            }),
        ),
        (
            "account_offline",
            made(opening(), |c| {
                c.fail(offline());
            }),
        ),
        (
            "account_stale",
            made(Console::on_account(locked_account(), events()), |c| {
                c.press(KeyCode::F(5));
                c.fail(offline());
            }),
        ),
        (
            "event_full",
            made(Console::on_account(locked_account(), events()), |c| {
                c.press(KeyCode::Down).press(KeyCode::Down).press(KeyCode::Enter);
            }),
        ),
    ]
}

fn unlock(make: fn(&mut Console)) -> Console {
    made(Console::on_account(locked_account(), events()), |c| {
        c.press(KeyCode::Char('u'));
        make(c);
    })
}

fn filled(console: &mut Console) {
    console.press(KeyCode::Tab).press(KeyCode::Tab).text("called, knows her birthday");
    console.press(KeyCode::Tab).text("4711");
}

fn confirmed(console: &mut Console) {
    filled(console);
    console.press(KeyCode::Enter).press(KeyCode::Enter);
}

fn dialog_frames() -> Frames {
    vec![
        ("unlock_empty", unlock(|_| ())),
        ("unlock_full", unlock(filled)),
        (
            "unlock_missing",
            unlock(|c| {
                for _ in 0..4 {
                    c.press(KeyCode::Enter);
                }
            }),
        ),
        (
            "unlock_confirming",
            unlock(|c| {
                filled(c);
                c.press(KeyCode::Enter);
            }),
        ),
        ("unlock_loading", unlock(confirmed)),
        (
            "unlock_error",
            unlock(|c| {
                confirmed(c);
                c.fail(refused(ProblemCode::Conflict));
            }),
        ),
        (
            "unlock_offline",
            unlock(|c| {
                confirmed(c);
                c.fail(offline());
            }),
        ),
        (
            "unlock_written",
            unlock(|c| {
                confirmed(c);
                c.answer(Answer::LockoutEnded(reset_event()));
            }),
        ),
        (
            "step_up_empty",
            unlock(|c| {
                confirmed(c);
                c.fail(refused(ProblemCode::StepUpRequired));
            }),
        ),
        (
            "step_up_error",
            unlock(|c| {
                confirmed(c);
                c.fail(refused(ProblemCode::StepUpRequired));
                c.text("000000").press(KeyCode::Enter);
                c.fail(refused(ProblemCode::AuthenticationFailed));
            }),
        ),
        (
            "help_full",
            made(Console::signed_in(), |c| {
                c.press(KeyCode::F(1));
            }),
        ),
    ]
}

fn all_frames() -> Frames {
    [sign_in_frames(), set_up_frames(), accounts_frames(), account_frames(), dialog_frames()]
        .into_iter()
        .flatten()
        .collect()
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
