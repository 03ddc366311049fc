//! Signing in and setting up.

use countersign_admin_tui::message::Answer;
use countersign_api::contract::problem::ProblemCode;
use crossterm::event::KeyCode;

use super::{Frames, made};
use crate::driver::Console;
use crate::samples::{
    code_wanted, offered, offline, password_session, recovery_codes, refused, session, too_many,
};

pub(super) fn sign_in_frames() -> Frames {
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

pub(super) fn set_up_frames() -> Frames {
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
