//! The screens beside the accounts.

use countersign_admin_tui::message::{Answer, Followed, Message};
use countersign_api::contract::problem::ProblemCode;
use countersign_api::contract::statistics::Window;
use crossterm::event::KeyCode;

use super::{Frames, made};
use crate::driver::Console;
use crate::samples::{
    health, hit, live_line, no_numbers, numbers, offline, other_hit, refused, removals,
    young_health,
};

fn refuse(console: &mut Console) {
    console.fail(refused(ProblemCode::Forbidden));
}

fn go_offline(console: &mut Console) {
    console.fail(offline());
}

/// What was there stays there while the server is away.
fn go_stale(console: &mut Console) {
    console.later(10);
    let number = console.model.quiet.as_ref().unwrap().number;
    console.message(Message::Answered { number, outcome: Err(offline()) });
}

pub(super) fn list_frames() -> Frames {
    let lockouts = |make: fn(&mut Console)| made(Console::at(3), make);
    let waiting = |make: fn(&mut Console)| made(Console::at(4), make);
    vec![
        ("lockouts_loading", lockouts(|_| ())),
        (
            "lockouts_empty",
            lockouts(|c| {
                c.answer(Answer::Found(Vec::new()));
            }),
        ),
        (
            "lockouts_full",
            lockouts(|c| {
                let mut other = other_hit();
                other.locked = true;
                c.answer(Answer::Found(vec![hit(), other]));
            }),
        ),
        ("lockouts_error", lockouts(refuse)),
        ("lockouts_offline", lockouts(go_offline)),
        ("removals_loading", waiting(|_| ())),
        (
            "removals_empty",
            waiting(|c| {
                c.answer(Answer::Removals(Vec::new()));
            }),
        ),
        (
            "removals_full",
            waiting(|c| {
                c.answer(Answer::Removals(removals()));
            }),
        ),
        (
            "removals_stale",
            waiting(|c| {
                c.answer(Answer::Removals(removals())).press(KeyCode::Down);
                go_stale(c);
            }),
        ),
        ("removals_error", waiting(refuse)),
        ("removals_offline", waiting(go_offline)),
    ]
}

fn following() -> Console {
    made(Console::at(6), |c| {
        c.followed(Followed::Open);
    })
}

fn some_lines(console: &mut Console) {
    console.followed(Followed::Lines((0..40).map(live_line).collect()));
}

pub(super) fn live_frames() -> Frames {
    let live = |make: fn(&mut Console)| made(following(), make);
    vec![
        ("live_loading", Console::at(6)),
        ("live_empty", following()),
        ("live_full", live(some_lines)),
        (
            "live_held",
            live(|c| {
                some_lines(c);
                c.press(KeyCode::Down).press(KeyCode::Down);
                c.followed(Followed::Lines((40..3_000).map(live_line).collect()));
            }),
        ),
        (
            "live_filtered",
            live(|c| {
                some_lines(c);
                c.press(KeyCode::Char('f')).text("refused").press(KeyCode::Enter);
            }),
        ),
        (
            "live_filter_full",
            live(|c| {
                some_lines(c);
                c.press(KeyCode::Char('f')).text("refused");
            }),
        ),
        (
            "live_line_full",
            live(|c| {
                some_lines(c);
                c.press(KeyCode::Enter);
            }),
        ),
        (
            "live_error",
            made(Console::at(6), |c| {
                c.followed(Followed::Lost(refused(ProblemCode::Forbidden)));
            }),
        ),
        (
            "live_offline",
            live(|c| {
                some_lines(c);
                c.followed(Followed::Lost(offline()));
            }),
        ),
    ]
}

pub(super) fn number_frames() -> Frames {
    let statistics = |make: fn(&mut Console)| made(Console::at(7), make);
    let log = |make: fn(&mut Console)| made(Console::at(8), make);
    vec![
        ("statistics_loading", statistics(|_| ())),
        (
            "statistics_empty",
            statistics(|c| {
                c.answer(Answer::Statistics(no_numbers()));
            }),
        ),
        (
            "statistics_full",
            statistics(|c| {
                c.answer(Answer::Statistics(numbers(Window::Hour)));
            }),
        ),
        (
            "statistics_week",
            statistics(|c| {
                c.press(KeyCode::Char(' ')).press(KeyCode::Char(' '));
                c.answer(Answer::Statistics(numbers(Window::Week)));
            }),
        ),
        (
            "statistics_stale",
            statistics(|c| {
                c.answer(Answer::Statistics(numbers(Window::Hour)));
                go_stale(c);
            }),
        ),
        ("statistics_error", statistics(refuse)),
        ("statistics_offline", statistics(go_offline)),
        ("log_loading", log(|_| ())),
        (
            "log_empty",
            log(|c| {
                c.answer(Answer::LogHealth(young_health()));
            }),
        ),
        (
            "log_full",
            log(|c| {
                c.answer(Answer::LogHealth(health()));
            }),
        ),
        (
            "log_resting",
            log(|c| {
                c.answer(Answer::LogHealth(health())).later(301);
            }),
        ),
        ("log_error", log(refuse)),
        ("log_offline", log(go_offline)),
    ]
}
