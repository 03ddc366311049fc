//! The screens beside the accounts.

use countersign_admin_tui::message::{Answer, Followed, Message};
use countersign_api::contract::statistics::Window;
use crossterm::event::KeyCode;

use super::{Frames, made};
use crate::driver::Console;
use crate::samples::{health, live_line, numbers, offline, removals};

/// What was there stays there while the server is away.
fn go_stale(console: &mut Console) {
    console.later(10);
    let number = console.model.quiet.as_ref().unwrap().number;
    console.message(Message::Answered { number, outcome: Err(offline()) });
}

pub(super) fn list_frames() -> Frames {
    let waiting = |make: fn(&mut Console)| made(Console::at(4), make);
    vec![(
        "removals_stale",
        waiting(|c| {
            c.answer(Answer::Removals(removals())).press(KeyCode::Down);
            go_stale(c);
        }),
    )]
}

fn following() -> Console {
    made(Console::at(6), |c| {
        c.followed(Followed::Open);
    })
}

pub(super) fn some_lines(console: &mut Console) {
    console.followed(Followed::Lines((0..40).map(live_line).collect()));
}

pub(super) fn live_frames() -> Frames {
    let live = |make: fn(&mut Console)| made(following(), make);
    vec![
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
                c.press(KeyCode::Char('f'))
                    .press(KeyCode::Tab)
                    .text("refused")
                    .press(KeyCode::Enter);
            }),
        ),
        (
            "live_filter_full",
            live(|c| {
                some_lines(c);
                c.press(KeyCode::Char('f')).press(KeyCode::Tab).text("refused");
            }),
        ),
        (
            "live_line_full",
            live(|c| {
                some_lines(c);
                c.press(KeyCode::Enter);
            }),
        ),
    ]
}

pub(super) fn number_frames() -> Frames {
    let statistics = |make: fn(&mut Console)| made(Console::at(7), make);
    let log = |make: fn(&mut Console)| made(Console::at(8), make);
    vec![
        (
            "statistics_day",
            statistics(|c| {
                c.press(KeyCode::Char(' '));
                c.answer(Answer::Statistics(numbers(Window::Day)));
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
        (
            "log_resting",
            log(|c| {
                c.answer(Answer::LogHealth(health())).later(301);
            }),
        ),
    ]
}
