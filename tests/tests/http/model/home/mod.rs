//! SR-055 and I1 to I7 at somebody's home: a browser that is known, one that is not, a mailbox, and
//! somebody else who knows the password. Every order of six calls over HTTP, held call by call
//! against books that are kept from the documents alone.

mod books;
mod holder;
mod walk;

use self::books::Call;
use self::walk::{Theme, walk};

const MINUTE: i64 = 60;
/// As many as begin a wait.
const FIVE_WRONG: &[Call] =
    &[Call::Away, Call::Wrong, Call::Wrong, Call::Wrong, Call::Wrong, Call::Wrong];

/// Somebody's known browser, four wrong codes at it since it was last known, and three elsewhere:
/// one more closes its own lane, two more begin a wait elsewhere.
const ON_EVERY_EDGE: &[(&[Call], i64)] = &[
    (&[Call::EnterHome, Call::Home], 0),
    (&[Call::Wrong, Call::Wrong, Call::Wrong, Call::Wrong], 0),
    (&[Call::Away, Call::Wrong, Call::Wrong, Call::Wrong], 0),
];

/// I1, I6, SR-084, SR-133: a success at home forgives what was wrong there and nothing else; what
/// is wrong there once its own lane is closed counts elsewhere.
#[test]
fn sr_084_every_order_of_six_calls_at_a_known_browser_is_as_the_books_say() {
    let walked = walk(&Theme {
        calls: &[Call::Home, Call::Right, Call::Wrong],
        before: ON_EVERY_EDGE,
        password_cap: None,
    });
    assert_eq!(walked, 3_usize.pow(6));
}

/// I1, I6, SR-060, SR-084, SR-088: and a wait that was begun elsewhere keeps nobody out at home.
#[test]
fn sr_088_every_order_of_six_calls_beside_a_known_browser_is_as_the_books_say() {
    let walked = walk(&Theme {
        calls: &[Call::EnterHome, Call::Away, Call::Wrong],
        before: ON_EVERY_EDGE,
        password_cap: None,
    });
    assert_eq!(walked, 3_usize.pow(6));
}

/// SR-053, SR-085, SR-088, SR-094, AT-58: ten wrong codes from elsewhere: the next full sign-in
/// asks for a new password, unless one was set by mail, which opens the lane, once.
#[test]
fn sr_053_every_order_of_six_calls_with_a_password_by_mail_is_as_the_books_say() {
    let walked = walk(&Theme {
        calls: &[Call::Ask, Call::Use, Call::EnterAway],
        before: &[(FIVE_WRONG, 16 * MINUTE), (FIVE_WRONG, 0)],
        password_cap: None,
    });
    assert_eq!(walked, 3_usize.pow(6));
}

/// SR-019, SR-053, SR-116, SR-133: somebody guesses, and the holder objects, to the guesses and to
/// the password that was set by mail: everybody is out, the known browser stays known, and the next
/// full sign-in sets a new password.
#[test]
fn sr_116_every_order_of_six_calls_with_an_objection_is_as_the_books_say() {
    let walked = walk(&Theme {
        calls: &[Call::EnterHome, Call::Object, Call::Use],
        before: &[
            (&[Call::EnterHome], 0),
            (&[Call::Away, Call::Wrong, Call::Wrong, Call::Wrong], 0),
        ],
        password_cap: None,
    });
    assert_eq!(walked, 3_usize.pow(6));
}

/// SR-083, SR-088: strangers have closed the password: the known browser enters, a new one after
/// the link of the mail, and that works once.
#[test]
fn sr_088_every_order_of_six_calls_at_a_closed_password_is_as_the_books_say() {
    let walked = walk(&Theme {
        calls: &[Call::Away, Call::WrongPassword, Call::Unlock],
        before: &[
            (&[Call::EnterHome], 0),
            (&[Call::WrongPassword; 5], 0),
            (&[Call::WrongPassword], MINUTE),
            (&[Call::WrongPassword], 2 * MINUTE),
            (&[Call::WrongPassword], 4 * MINUTE),
            (&[Call::WrongPassword], 8 * MINUTE),
            (&[Call::WrongPassword], 0),
        ],
        // What the policy may be tightened to: a hundred would take a while.
        password_cap: Some(10),
    });
    assert_eq!(walked, 3_usize.pow(6));
}
