//! Acts, the step-up and the help.

use countersign_admin_tui::message::Answer;
use countersign_api::contract::kind::Role;
use countersign_api::contract::problem::ProblemCode;
use crossterm::event::KeyCode;

use super::{Frames, made};
use crate::driver::Console;
use crate::samples::{events, locked_account, refused, removals, reset_event, written};

pub(super) fn unlock(make: fn(&mut Console)) -> Console {
    made(Console::on_account(locked_account(), events()), |c| {
        c.press(KeyCode::Char('u'));
        make(c);
    })
}

pub(super) fn filled(console: &mut Console) {
    console.press(KeyCode::Tab).press(KeyCode::Tab).text("called, knows her birthday");
    console.press(KeyCode::Tab).text("4711");
}

pub(super) fn confirmed(console: &mut Console) {
    filled(console);
    console.press(KeyCode::Enter).press(KeyCode::Char('y'));
}

/// An act that needs a fresh proof.
pub(super) fn step_up() -> Console {
    unlock(|c| {
        confirmed(c);
        c.fail(refused(ProblemCode::StepUpRequired));
    })
}

pub(super) fn dialog_frames() -> Frames {
    vec![
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
        (
            "unlock_written",
            unlock(|c| {
                confirmed(c);
                c.answer(Answer::Written(reset_event()));
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

fn act(key: char, make: fn(&mut Console)) -> Console {
    made(Console::on_account(locked_account(), events()), |c| {
        c.press(KeyCode::Char(key));
        make(c);
    })
}

fn said(console: &mut Console) {
    console.text("called back on the number on record").press(KeyCode::Enter);
    console.text("4711").press(KeyCode::Enter);
}

/// With the ticket there already.
fn said_again(console: &mut Console) {
    console.text("called back as well").press(KeyCode::Enter).press(KeyCode::Enter);
}

/// A long reason, as people type it.
fn said_at_length(console: &mut Console) {
    console.press(KeyCode::Enter).press(KeyCode::Right);
    console.press(KeyCode::Enter).press(KeyCode::Enter);
    console
        .text(&"the holder lost the phone on a train and has no recovery codes left, ".repeat(6));
    console.press(KeyCode::Enter).text("4711").press(KeyCode::Enter);
}

pub(super) fn act_frames() -> Frames {
    let approving = |make: fn(&mut Console)| {
        made(Console::at_as(4, Role::Supervisor), |c| {
            c.answer(Answer::Removals(removals())).press(KeyCode::Char('a'));
            make(c);
        })
    };
    let address = |make: fn(&mut Console)| {
        made(Console::on_account_as(Role::Supervisor, locked_account(), events()), |c| {
            c.press(KeyCode::Char('m'));
            make(c);
        })
    };
    vec![
        ("suspend_empty", act('s', |_| ())),
        ("suspend_confirming", act('s', said)),
        (
            "suspend_written",
            act('s', |c| {
                said(c);
                c.press(KeyCode::Char('y'));
                c.answer(Answer::Written(written("account.suspended", "support suspended it")));
            }),
        ),
        ("resume_empty", act('S', |_| ())),
        ("end_sessions_empty", act('e', |_| ())),
        ("new_password_empty", act('p', |_| ())),
        ("removal_empty", act('r', |_| ())),
        (
            "removal_missing",
            act('r', |c| {
                for _ in 0..3 {
                    c.press(KeyCode::Enter);
                }
                said(c);
            }),
        ),
        ("removal_confirming", act('r', said_at_length)),
        (
            "removal_step_up",
            act('r', |c| {
                said_at_length(c);
                c.press(KeyCode::Char('y')).fail(refused(ProblemCode::StepUpRequired));
                c.text("000000");
            }),
        ),
        ("address_empty", address(|_| ())),
        (
            "address_confirming",
            address(|c| {
                c.text("ana@new.example").press(KeyCode::Enter);
                c.press(KeyCode::Right).press(KeyCode::Enter);
                said(c);
            }),
        ),
        ("approve_empty", approving(|_| ())),
        ("approve_confirming", approving(said_again)),
        (
            "approve_error",
            approving(|c| {
                said_again(c);
                c.press(KeyCode::Char('y')).fail(refused(ProblemCode::Forbidden));
            }),
        ),
    ]
}
