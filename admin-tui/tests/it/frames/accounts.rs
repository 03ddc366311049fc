//! Lists of accounts, and one account.

use countersign_admin_tui::message::Answer;
use crossterm::event::KeyCode;

use super::{Frames, made};
use crate::driver::Console;
use crate::samples::{
    events, hit, locked_account, offline, other_hit, troubled_account, young_account,
};

pub(super) fn accounts_frames() -> Frames {
    let signed_in = |make: fn(&mut Console)| made(Console::signed_in(), make);
    vec![
        (
            "accounts_nobody",
            signed_in(|c| {
                c.text("nobody").press(KeyCode::Enter);
                c.answer(Answer::Found(Vec::new()));
            }),
        ),
        (
            "recent_full",
            signed_in(|c| {
                c.control('e');
                c.answer(Answer::Found(vec![other_hit(), hit()]));
            }),
        ),
        (
            "recent_empty",
            signed_in(|c| {
                c.control('e');
                c.answer(Answer::Found(Vec::new()));
            }),
        ),
        (
            "locked_now_full",
            signed_in(|c| {
                c.control('l');
                c.answer(Answer::Found(vec![hit()]));
            }),
        ),
        (
            "locked_now_empty",
            signed_in(|c| {
                c.control('l');
                c.answer(Answer::Found(Vec::new()));
            }),
        ),
    ]
}

/// An account that is asked for.
pub(super) fn opening() -> Console {
    made(Console::signed_in(), |c| {
        c.text("ana.lima").press(KeyCode::Enter);
        c.answer(Answer::Found(vec![hit()]));
        c.press(KeyCode::Enter);
    })
}

pub(super) fn account_frames() -> Frames {
    vec![
        (
            "account_stale",
            made(Console::on_account(locked_account(), events()), |c| {
                c.press(KeyCode::F(5));
                c.fail(offline());
            }),
        ),
        (
            "why_full",
            made(Console::on_account(locked_account(), events()), |c| {
                c.press(KeyCode::Char('w'));
            }),
        ),
        (
            "why_empty",
            made(Console::on_account(young_account(), Vec::new()), |c| {
                c.press(KeyCode::Char('w'));
            }),
        ),
        (
            "whole_full",
            made(Console::on_account(troubled_account(), events()), |c| {
                c.press(KeyCode::Char('v'));
            }),
        ),
        ("account_troubled", Console::on_account(troubled_account(), events())),
        (
            "account_filtered",
            made(Console::on_account(locked_account(), events()), |c| {
                c.press(KeyCode::Char('f')).press(KeyCode::Right).press(KeyCode::Right);
                c.press(KeyCode::Right).press(KeyCode::Enter);
                let locks = events().into_iter().filter(|event| event.revision == 11).collect();
                c.answer(Answer::Events { cursor: None, events: locks, older: None });
            }),
        ),
        (
            "event_filter_full",
            made(Console::on_account(locked_account(), events()), |c| {
                c.press(KeyCode::Char('f'));
            }),
        ),
        (
            "ticket_full",
            made(Console::on_account(locked_account(), events()), |c| {
                c.control('t').text("case 4711");
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

/// Its past, asked for.
pub(super) fn travelling() -> Console {
    made(Console::on_account(locked_account(), events()), |c| {
        c.press(KeyCode::Char('t'));
    })
}
