//! Signing in and setting up.

use countersign_admin_tui::message::Answer;
use crossterm::event::KeyCode;

use super::{Frames, made};
use crate::driver::Console;
use crate::samples::{code_wanted, offered, password_session, recovery_codes, session};

/// The second question.
pub(super) fn question() -> Console {
    made(Console::start(), |c| {
        c.sign_in_with_password();
        c.answer(code_wanted());
    })
}

/// A new operator.
pub(super) fn setting_up() -> Console {
    made(Console::start(), |c| {
        c.press(KeyCode::F(2));
    })
}

/// A new operator without an authenticator.
pub(super) fn enrolling() -> Console {
    made(Console::start(), |c| {
        c.sign_in_with_password();
        c.answer(Answer::SignedIn(password_session("weak")));
    })
}

pub(super) fn set_up(console: &mut Console, again: &str) {
    console.text("the-setup-token").press(KeyCode::Enter);
    console.text("a long password").press(KeyCode::Enter).text(again).press(KeyCode::Enter);
}

pub(super) fn entrance_frames() -> Frames {
    vec![
        ("set_up_differ", made(setting_up(), |c| set_up(c, "another"))),
        (
            "set_up_done",
            made(setting_up(), |c| {
                set_up(c, "a long password");
                c.answer(Answer::SetUp);
            }),
        ),
        (
            "recovery_codes_full",
            made(enrolling(), |c| {
                c.answer(offered());
                c.text("000000").press(KeyCode::Enter);
                let session = Some(session("strong"));
                c.answer(Answer::Activated { recovery_codes: recovery_codes(), session });
            }),
        ),
    ]
}
