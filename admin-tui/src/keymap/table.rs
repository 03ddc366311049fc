//! The table itself: every key of the console, once.

use crossterm::event::KeyCode;

use super::{Action as A, Binding, Chord, Context as C, Place, control, key, letter};
use crate::model::act::ActKind;

const fn bind(
    context: C,
    keys: &'static [Chord],
    action: A,
    short: Option<&'static str>,
    long: &'static str,
) -> Binding {
    Binding { context, keys, action, short, long }
}

const DOWN: &[Chord] = &[key(KeyCode::Down), letter('j')];
const DOWN_ALONE: &[Chord] = &[key(KeyCode::Down)];
const UP: &[Chord] = &[key(KeyCode::Up), letter('k')];
const UP_ALONE: &[Chord] = &[key(KeyCode::Up)];
const PAGE_DOWN: &[Chord] = &[key(KeyCode::PageDown)];
const PAGE_UP: &[Chord] = &[key(KeyCode::PageUp)];
const ENTER: &[Chord] = &[key(KeyCode::Enter)];
const ESC: &[Chord] = &[key(KeyCode::Esc)];
const LEAVE: &[Chord] = &[key(KeyCode::Esc), key(KeyCode::Backspace)];
const OLDER: &[Chord] = &[letter('o'), key(KeyCode::Left)];
const NEWER: &[Chord] = &[letter('n'), key(KeyCode::Right)];
const ACCOUNT: &[Chord] = &[letter('a')];
const HOME: &[Chord] = &[key(KeyCode::Home)];
const END: &[Chord] = &[key(KeyCode::End)];

/// Every key of the console.
pub const KEYMAP: &[Binding] = &[
    bind(C::Everywhere, &[key(KeyCode::F(1))], A::Help, Some("help"), "show these keys"),
    bind(C::Everywhere, &[control('c')], A::Quit, Some("quit"), "sign out and quit"),
    bind(
        C::Everywhere,
        &[key(KeyCode::F(5)), control('r')],
        A::Retry,
        Some("again"),
        "try again what failed, or load anew",
    ),
    go(Place::Accounts, &[key(KeyCode::F(2))], "accounts", "accounts: search, locked, recent"),
    go(Place::Lockouts, &[key(KeyCode::F(3))], "lockouts", "what is locked now, and for how long"),
    go(
        Place::Removals,
        &[key(KeyCode::F(4))],
        "removals",
        "removals and changes of addresses that wait",
    ),
    go(Place::Live, &[key(KeyCode::F(6))], "live", "what happens now"),
    go(Place::Statistics, &[key(KeyCode::F(7))], "statistics", "the last hour, day or week"),
    go(Place::Log, &[key(KeyCode::F(8))], "log", "the log's health"),
    go(Place::Operators, &[key(KeyCode::F(9))], "operators", "who may act here (admins)"),
    bind(C::Screens, &[control('t')], A::Ticket, None, "say which ticket all this is for"),
    bind(C::Letters, &[letter('?')], A::Help, None, "show these keys"),
    bind(C::SignIn, &[key(KeyCode::F(2))], A::SetUp, Some("set up"), "first time: use a token"),
    bind(C::Form, ENTER, A::Accept, Some("go on"), "go on"),
    bind(
        C::Form,
        &[key(KeyCode::Tab), key(KeyCode::Down)],
        A::NextField,
        Some("next field"),
        "next field",
    ),
    bind(
        C::Form,
        &[key(KeyCode::BackTab), key(KeyCode::Up)],
        A::PreviousField,
        None,
        "field before",
    ),
    bind(C::Form, ESC, A::Back, Some("back"), "back, or close the dialog"),
    bind(C::Form, &[control('u')], A::Empty, None, "empty the field"),
    bind(C::Choice, &[key(KeyCode::Right)], A::TurnOn, Some("choose"), "next option"),
    bind(C::Choice, &[key(KeyCode::Left)], A::TurnBack, None, "former option"),
    bind(C::Search, ENTER, A::Accept, Some("search"), "search"),
    bind(
        C::Search,
        &[key(KeyCode::Tab)],
        A::SwitchLookup,
        Some("login/e-mail"),
        "search by login or by e-mail",
    ),
    bind(C::Search, &[key(KeyCode::Down)], A::ToList, Some("list"), "go to the list"),
    bind(C::Search, &[control('l')], A::LockedNow, Some("locked now"), "list the locked"),
    bind(C::Search, &[control('e')], A::Recent, Some("recent"), "list what was looked at lately"),
    bind(C::Search, ESC, A::ToList, None, "go to the list"),
    bind(C::List, ENTER, A::Accept, Some("open"), "open the account"),
    bind(C::List, DOWN_ALONE, A::Down, None, "one down"),
    bind(C::List, UP_ALONE, A::Up, None, "one up"),
    bind(C::List, PAGE_DOWN, A::PageDown, None, "ten down"),
    bind(C::List, PAGE_UP, A::PageUp, None, "ten up"),
    bind(
        C::List,
        &[letter('/'), key(KeyCode::Tab), key(KeyCode::Esc)],
        A::ToSearch,
        Some("search"),
        "go to the search field; so does any letter",
    ),
    bind(
        C::List,
        &[control('l')],
        A::LockedNow,
        Some("locked now"),
        "list the accounts locked now",
    ),
    bind(C::List, &[control('e')], A::Recent, Some("recent"), "list the accounts looked at lately"),
    act(C::Account, &[letter('u')], ActKind::Unlock, "unlock", "end a lockout"),
    bind(C::Account, &[letter('w')], A::Why, Some("why"), "say in words why it is locked"),
    bind(C::Account, &[letter('t')], A::Travel, Some("past"), "step through its past"),
    act(C::Account, &[letter('s')], ActKind::Suspend, "suspend", "suspend the account"),
    act(C::Account, &[letter('e')], ActKind::EndSessions, "end sessions", "end every session"),
    act(
        C::Account,
        &[letter('p')],
        ActKind::NewPassword,
        "new password",
        "mail a link to a new password",
    ),
    act(
        C::Account,
        &[letter('r')],
        ActKind::AskRemoval,
        "remove",
        "ask for an authenticator's removal",
    ),
    act(
        C::Account,
        &[letter('m')],
        ActKind::AskAddress,
        "address",
        "ask for another address, of who has lost the mailbox",
    ),
    act(C::Account, &[letter('S')], ActKind::Resume, "resume", "end a suspension"),
    bind(C::Account, &[letter('f')], A::Filter, Some("filter"), "choose which events are shown"),
    bind(C::Account, ENTER, A::Accept, Some("event"), "show the selected event whole"),
    bind(C::Account, OLDER, A::Older, Some("older"), "the page of older events"),
    bind(C::Account, NEWER, A::Newer, Some("newer"), "the page of newer events"),
    bind(C::Account, &[letter('v')], A::Whole, Some("state"), "show the whole state"),
    bind(C::Account, LEAVE, A::Back, Some("back"), "back to the list"),
    bind(C::Account, DOWN, A::Down, None, "one event down"),
    bind(C::Account, UP, A::Up, None, "one event up"),
    bind(C::Account, PAGE_DOWN, A::PageDown, None, "ten events down"),
    bind(C::Account, PAGE_UP, A::PageUp, None, "ten events up"),
    bind(C::Travel, OLDER, A::Older, Some("before"), "the revision before"),
    bind(C::Travel, NEWER, A::Newer, Some("after"), "the revision after"),
    bind(
        C::Travel,
        &[letter('v')],
        A::Whole,
        Some("raw state"),
        "show the state as it is, or what changed in words",
    ),
    bind(C::Travel, HOME, A::First, Some("first"), "the first revision"),
    bind(C::Travel, END, A::Last, Some("last"), "the last revision"),
    bind(C::Travel, LEAVE, A::Back, Some("close"), "back to the present"),
    bind(C::Travel, DOWN, A::Down, Some("down"), "one line down"),
    bind(C::Travel, UP, A::Up, None, "one line up"),
    bind(C::Travel, PAGE_DOWN, A::PageDown, None, "ten lines down"),
    bind(C::Travel, PAGE_UP, A::PageUp, None, "ten lines up"),
    bind(C::Lockouts, ENTER, A::Accept, Some("open"), "open the account"),
    bind(C::Lockouts, DOWN, A::Down, Some("down"), "one down"),
    bind(C::Lockouts, UP, A::Up, None, "one up"),
    bind(C::Lockouts, PAGE_DOWN, A::PageDown, None, "ten down"),
    bind(C::Lockouts, PAGE_UP, A::PageUp, None, "ten up"),
    act(
        C::Removals,
        &[letter('a')],
        ActKind::Approve,
        "approve",
        "approve a removal that another asked for",
    ),
    act(C::Removals, &[letter('c')], ActKind::Cancel, "cancel", "cancel a removal"),
    bind(C::Removals, ENTER, A::Accept, Some("open account"), "open the account"),
    bind(C::Removals, DOWN, A::Down, Some("down"), "one down"),
    bind(C::Removals, UP, A::Up, None, "one up"),
    bind(C::Removals, PAGE_DOWN, A::PageDown, None, "ten down"),
    bind(C::Removals, PAGE_UP, A::PageUp, None, "ten up"),
    bind(
        C::Live,
        &[letter(' ')],
        A::Pause,
        Some("pause/go on"),
        "hold the events, or let them go on",
    ),
    bind(C::Live, &[letter('f')], A::Filter, Some("filter"), "choose which events are shown"),
    bind(C::Live, ENTER, A::Accept, Some("event"), "show the selected event whole"),
    bind(C::Live, ACCOUNT, A::OpenAccount, Some("account"), "open the account that it is about"),
    bind(C::Live, &[letter('x')], A::Clear, Some("clear"), "forget the events shown"),
    bind(C::Live, DOWN, A::Down, Some("down"), "one event down, and hold"),
    bind(C::Live, UP, A::Up, None, "one event up, and hold"),
    bind(C::Live, PAGE_DOWN, A::PageDown, None, "ten events down, and hold"),
    bind(C::Live, PAGE_UP, A::PageUp, None, "ten events up, and hold"),
    bind(
        C::LiveLine,
        ACCOUNT,
        A::OpenAccount,
        Some("account"),
        "open the account that it is about",
    ),
    bind(
        C::Statistics,
        &[letter(' '), key(KeyCode::Right), key(KeyCode::Tab)],
        A::Span,
        Some("hour/day/week"),
        "the next span: hour, day, week",
    ),
    bind(C::Operators, DOWN, A::Down, Some("down"), "one down"),
    bind(C::Operators, UP, A::Up, None, "one up"),
    bind(C::Operators, PAGE_DOWN, A::PageDown, None, "ten down"),
    bind(C::Operators, PAGE_UP, A::PageUp, None, "ten up"),
    bind(C::Confirm, &[letter('y')], A::Accept, Some("yes, write it"), "yes, write it"),
    bind(C::Confirm, ESC, A::Back, Some("back"), "back"),
    bind(C::Confirm, DOWN_ALONE, A::Down, None, "one line down"),
    bind(C::Confirm, UP_ALONE, A::Up, None, "one line up"),
    bind(C::Confirm, PAGE_DOWN, A::PageDown, None, "ten lines down"),
    bind(C::Confirm, PAGE_UP, A::PageUp, None, "ten lines up"),
    bind(C::RecoveryCodes, ENTER, A::Accept, Some("I have them"), "go on: never again shown"),
    bind(C::Reading, DOWN, A::Down, Some("down"), "one line down"),
    bind(C::Reading, UP, A::Up, Some("up"), "one line up"),
    bind(C::Reading, PAGE_DOWN, A::PageDown, None, "ten lines down"),
    bind(C::Reading, PAGE_UP, A::PageUp, None, "ten lines up"),
    bind(C::Reading, HOME, A::First, None, "to the beginning"),
    bind(C::Reading, END, A::Last, None, "to the end"),
    bind(
        C::Reading,
        &[key(KeyCode::Enter), key(KeyCode::Esc), letter('q')],
        A::Back,
        Some("close"),
        "close",
    ),
];

const fn go(
    place: Place,
    keys: &'static [Chord],
    short: &'static str,
    long: &'static str,
) -> Binding {
    bind(C::Screens, keys, A::Go(place), Some(short), long)
}

/// A letter that begins an act: it asks, and writes nothing yet.
const fn act(
    context: C,
    keys: &'static [Chord],
    kind: ActKind,
    short: &'static str,
    long: &'static str,
) -> Binding {
    bind(context, keys, A::Begin(kind), Some(short), long)
}
