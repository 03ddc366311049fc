//! Titles of screens and boxes.

/// The first step of a sign-in.
pub const SIGN_IN: &str = "Sign in";
/// The second step.
pub const CODE: &str = "Second factor";
/// The first password.
pub const SET_UP: &str = "First-time set-up, step 1 of 3: choose a password";
/// The authenticator.
pub const ENROL: &str = "First-time set-up, step 2 of 3: your authenticator";
/// The recovery codes.
pub const RECOVERY_CODES: &str = "First-time set-up, step 3 of 3: your recovery codes";
/// The search field.
pub const SEARCH: &str = "Search";
/// The list of accounts.
pub const ACCOUNTS: &str = "Accounts";
/// The list of locked accounts.
pub const LOCKED_NOW: &str = "Locked now";
/// The list of accounts looked at lately.
pub const RECENT: &str = "Looked at lately";
/// The accounts of an exported log that something happened to last.
pub const LATEST: &str = "What something happened to last";
/// What is locked now, with what it waits for.
pub const LOCKOUTS: &str = "Lockouts: what is locked now";
/// Removals that wait.
pub const REMOVALS: &str = "Removals and changes of addresses that wait";
/// One of them, by whether it is about an address.
#[must_use]
pub const fn request(is_address: bool) -> &'static str {
    if is_address { "Another address" } else { "Removal" }
}
/// The log as it grows.
pub const LIVE: &str = "Live";
/// The log's health.
pub const LOG: &str = "The log";
/// Who may act here.
pub const OPERATORS: &str = "Operators: who may act here";
/// One of them.
pub const OPERATOR: &str = "Operator";
/// What follows the log.
pub const READ_MODELS: &str = "What follows the log";
/// The mails.
pub const MAIL: &str = "Mail";
/// Sign-ins.
pub const SIGN_INS: &str = "Sign-ins";
/// Failures.
pub const FAILURES: &str = "Wrong passwords and codes";
/// The failures by reason.
pub const REASONS: &str = "Why they failed";
/// Waits and lockouts.
pub const LOCKED: &str = "Waits that began, and lockouts";
/// How things stand.
pub const STANDING: &str = "Now";
/// An account.
pub const ACCOUNT: &str = "Account";
/// Why it is locked.
pub const WHY: &str = "Why it is locked";
/// Its whole state.
pub const WHOLE: &str = "The whole state";
/// Its past.
pub const TRAVEL: &str = "Time travel";
/// What an event changed.
pub const CHANGED: &str = "What it changed";
/// The state after it.
pub const STATE_AFTER: &str = "The state after it";
/// The choice of events.
pub const FILTER: &str = "Which events";
/// The ticket.
pub const TICKET: &str = "Ticket";
/// Its time line.
pub const TIME_LINE: &str = "Time line";
/// The keys.
pub const HELP: &str = "Keys";
/// One event.
pub const EVENT: &str = "Event";
/// A fresh code.
pub const STEP_UP: &str = "Prove that it is you";
/// The event before it is written.
pub const WILL_BE_WRITTEN: &str = "This event will be written";
/// The event after it was written.
pub const WAS_WRITTEN: &str = "This event was written";
/// The last entries of an exported log.
pub const LOG_END: &str = "The end of the log";
