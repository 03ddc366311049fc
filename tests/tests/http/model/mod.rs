//! SR-055, SR-059, SR-061, SR-066, and the invariants I1 to I7 of the guess limits: every order of
//! six calls over HTTP, held call by call against a model that is written from the documents alone.
//! Shorter orders are walked on the way.

mod account;
mod home;
mod logged;
mod person;
mod walk;

use jiff::SignedDuration;

use self::person::Letter;
use self::walk::{Theme, walk};

/// SR-055, SR-059, SR-061, SR-066, I2, I3, I4, I5: signing in with codes of an authenticator and
/// recovery codes: a session exactly where the first factor and an unused right code of the same
/// sign-in were given; and what is wrong counts as the model says.
#[test]
fn sr_055_every_order_of_six_calls_of_a_sign_in_is_as_the_model_says() {
    let walked = walk(&Theme {
        letters: &[Letter::Begin, Letter::Right, Letter::Wrong, Letter::Used, Letter::Recovery],
        wait: SignedDuration::from_mins(15),
        before: &[],
        is_by_mail: false,
    });
    assert_eq!(walked, 6_usize.pow(6));
}

/// SR-060, SR-061, SR-083, I1, I6: on the edge of a wait, after three wrong codes in another
/// sign-in: it begins with the fifth, ends every sign-in, and is never longer for what is tried.
#[test]
fn sr_083_every_order_of_six_calls_on_the_edge_of_a_wait_is_as_the_model_says() {
    let before = &[Letter::Begin, Letter::Wrong, Letter::Wrong, Letter::Wrong, Letter::Begin];
    let letters = &[Letter::Begin, Letter::Right, Letter::Wrong];
    let wait = SignedDuration::from_mins(15);
    let walked = walk(&Theme { letters, wait, before, is_by_mail: false });
    assert_eq!(walked, 4_usize.pow(6));
}

/// SR-021, SR-022, SR-023, SR-026: codes by e-mail: asked for, typed in the sign-in that they are
/// for and in another, in time and too late.
#[test]
fn sr_023_every_order_of_six_calls_with_codes_by_e_mail_is_as_the_model_says() {
    let letters = &[Letter::Begin, Letter::Send, Letter::Mailed, Letter::NeverMailed];
    let wait = SignedDuration::from_mins(10);
    let walked = walk(&Theme { letters, wait, before: &[], is_by_mail: true });
    assert_eq!(walked, 5_usize.pow(6));
}

/// SR-129, SR-130, SR-132, SR-095: within a session: looked at, proven again, signed out, idle.
#[test]
fn sr_129_every_order_of_six_calls_of_a_session_is_as_the_model_says() {
    let letters = &[Letter::Look, Letter::Prove, Letter::ProveWrong, Letter::SignOut];
    let before = &[Letter::Begin, Letter::Right];
    let wait = SignedDuration::from_mins(20);
    let walked = walk(&Theme { letters, wait, before, is_by_mail: false });
    assert_eq!(walked, 5_usize.pow(6));
}
