//! Every word that the console says, in one place.
//!
//! Words that mean one thing: *unlock* ends waiting times and, where asked, forgets failures, those
//! of codes together with the password; it never touches an authenticator. Times are UTC, as in the
//! log.

use countersign_api::contract::kind::{CodeMethod, Method, ResetScope};
use countersign_api::contract::problem::ProblemCode;
use jiff::Timestamp;

use crate::keymap::Context;
use crate::message::Failure;
use crate::model::form::FieldName;

/// The name in the bar at the top.
pub const NAME: &str = "Countersign console";
/// The choice of a search by login.
pub const BY_LOGIN: &str = "login";
/// The choice of a search by e-mail address.
pub const BY_EMAIL: &str = "e-mail";
/// The choice of an authenticator's code.
pub const WAY_TOTP: &str = "authenticator code";
/// The choice of a recovery code.
pub const WAY_RECOVERY_CODE: &str = "recovery code";
/// The name of the authenticator that the set-up makes.
pub const FIRST_AUTHENTICATOR: &str = "authenticator";

/// Titles of screens and boxes.
pub mod title {
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
    /// An account.
    pub const ACCOUNT: &str = "Account";
    /// Its time line.
    pub const TIME_LINE: &str = "Time line";
    /// The keys.
    pub const HELP: &str = "Keys";
    /// One event.
    pub const EVENT: &str = "Event";
    /// The end of a lockout.
    pub const UNLOCK: &str = "Unlock";
    /// A fresh code.
    pub const STEP_UP: &str = "Prove that it is you";
    /// The event before it is written.
    pub const WILL_BE_WRITTEN: &str = "This event will be written";
    /// The event after it was written.
    pub const WAS_WRITTEN: &str = "This event was written";
}

/// Sentences.
pub mod say {
    /// On the sign-in screen.
    pub const SIGN_IN: &str = "For operators. First time here? Press F2 and have the setup token \
                               at hand that \"countersign operator add\" printed.";
    /// Where a sign-in asks for a new password.
    pub const PASSWORD_WANTED: &str =
        "Your account needs a new password: sign in with a browser once and choose it there.";
    /// Where a sign-in asks for an authenticator.
    pub const ENROLMENT_WANTED: &str =
        "Your account needs an authenticator: sign in with a browser once and add it there.";
    /// Before the code.
    pub const CODE: &str = "Type the code that your authenticator shows now. Each code works once.";
    /// Before the first password.
    pub const SET_UP: &str = "Paste the setup token and choose a password of at least 8 \
                              characters. Then sign in with it and add your authenticator.";
    /// Before the first code.
    pub const ENROL: &str = "Scan this with your authenticator app, or type the key into it. \
                             Then type the code that it shows.";
    /// Where the code does not fit.
    pub const QR_TOO_LARGE: &str = "Make the terminal larger to see the QR code.";
    /// While the server prepares it.
    pub const ENROL_ASKED: &str = "Asking for your authenticator …";
    /// Beside the codes.
    pub const RECOVERY_CODES: &str = "Each of these lets you in once when your phone is lost. \
                                      They are shown now and never again: write them down, then \
                                      press Enter.";
    /// Before any search.
    pub const NOTHING_SEARCHED: &str =
        "Type a whole login or address and press Enter, or F2 for what is locked now.";
    /// After a search in vain.
    pub const NOBODY_FOUND: &str = "No account has exactly this login or address.";
    /// Where nothing is locked.
    pub const NOBODY_LOCKED: &str = "No account is locked now.";
    /// While a call is under way.
    pub const WAITING: &str = "Asking the server …";
    /// Before the first answer.
    pub const LOADING: &str = "Loading …";
    /// Where there is no answer to show.
    pub const NOT_LOADED: &str = "Not loaded.";
    /// Where a time line is empty.
    pub const NO_EVENTS: &str = "No events.";
    /// Where nothing is locked on an account.
    pub const NOT_LOCKED: &str = "nothing is locked";
    /// Until when something is locked that no time ends.
    pub const SET_UP_ANEW: &str = "it is set up anew";
    /// Where nothing is unresolved.
    pub const NO_FAILURES: &str = "none";
    /// Where there is no authenticator.
    pub const NO_AUTHENTICATOR: &str = "none";
    /// Before a step-up.
    pub const STEP_UP: &str = "This act needs a fresh code. A code that you have used already does \
                               not count: wait for the next one.";
    /// Under the form of an unlock that leaves the password as it is.
    pub const UNLOCK: &str = "Unlocking ends waiting times. It removes no authenticator and \
                              changes no password. The holder is told.";
    /// The same of one that forgets wrong codes: whoever gave them had the password.
    pub const UNLOCK_CODES: &str = "Failures of codes are forgotten together with the password: \
                                    it ends, and the holder is sent a link to a new one, to an \
                                    address that was proven. No authenticator is removed.";
    /// Under the event that will be written.
    pub const CONFIRM: &str = "Enter writes it. Esc goes back.";
    /// After an unlock.
    pub const WRITTEN: &str = "The account is unlocked. The event stands in its time line.";
    /// After setting the password.
    pub const PASSWORD_SET: &str = "Your password is set. Type your login to go on.";
    /// When a session is over.
    pub const SESSION_OVER: &str = "Your session is over: sign in again.";
    /// Two passwords that differ.
    pub const PASSWORDS_DIFFER: &str = "The two passwords differ.";
    /// A login without a way that works here.
    pub const NO_WAY: &str = "This console takes authenticator and recovery codes only.";
    /// A terminal that is too small.
    pub const TOO_SMALL: &str = "The console needs 80 columns and 24 rows.";
    /// While an act is under way.
    pub const WRITING: &str = "Writing …";
}

/// What a field is called.
#[must_use]
pub fn label(name: FieldName) -> &'static str {
    match name {
        FieldName::SetupToken => "Setup token",
        FieldName::Login => "Login",
        FieldName::Password => "Password",
        FieldName::PasswordAgain => "Password again",
        FieldName::Way => "With",
        FieldName::Code => "Code",
        FieldName::LookupBy => "By",
        FieldName::Query => "For",
        FieldName::Scope => "Clears",
        FieldName::Method => "Of",
        FieldName::Reason => "Reason",
        FieldName::Ticket => "Ticket",
    }
}

/// What a method is called.
#[must_use]
pub fn method(method: Method) -> &'static str {
    match method {
        Method::Password => "password",
        Method::Totp => WAY_TOTP,
        Method::EmailCode => "e-mail code",
        Method::RecoveryCode => WAY_RECOVERY_CODE,
    }
}

/// Seconds from which on a clock is called off: less can be a code typed late.
const CLOCK_OFF_FROM_SECONDS: u64 = 60;

/// How far a phone's clock is off, where that is worth a word.
#[must_use]
pub fn clock(offset_seconds: Option<i64>, refused: bool) -> Option<String> {
    let offset = offset_seconds?;
    let seconds = offset.unsigned_abs();
    let side = if offset < 0 { "slow" } else { "fast" };
    match (refused, seconds >= CLOCK_OFF_FROM_SECONDS) {
        (true, _) => Some(format!("codes about {seconds} s {side}, refused")),
        (false, true) => Some(format!("codes about {seconds} s {side}")),
        (false, false) => None,
    }
}

/// What a way to answer is called.
#[must_use]
pub fn way(method: CodeMethod) -> &'static str {
    match method {
        CodeMethod::Totp => WAY_TOTP,
        CodeMethod::EmailCode => "e-mail code",
        CodeMethod::RecoveryCode => WAY_RECOVERY_CODE,
    }
}

/// What an unlock clears.
#[must_use]
pub fn scope(scope: ResetScope) -> &'static str {
    match scope {
        ResetScope::CoolDown => "waiting times",
        ResetScope::Counters => "waiting times and failures",
    }
}

/// What an unlock does, as it is chosen.
#[must_use]
pub fn unlocking(scope: ResetScope, method: Option<Method>) -> &'static str {
    match (scope, method) {
        (ResetScope::CoolDown, _) | (ResetScope::Counters, Some(Method::Password)) => say::UNLOCK,
        (ResetScope::Counters, _) => say::UNLOCK_CODES,
    }
}

/// The word of the log for a scope.
#[must_use]
pub fn scope_in_log(scope: ResetScope) -> &'static str {
    match scope {
        ResetScope::CoolDown => "cool_down",
        ResetScope::Counters => "counters",
    }
}

/// The word of the log for a method.
#[must_use]
pub fn method_in_log(method: Method) -> &'static str {
    match method {
        Method::Password => "password",
        Method::Totp => "totp",
        Method::EmailCode => "email_code",
        Method::RecoveryCode => "recovery_code",
    }
}

/// The choice of every method at once.
pub const EVERY_METHOD: &str = "every method";

/// What is missing before an unlock can go on.
#[must_use]
pub fn missing(name: FieldName) -> String {
    format!("{} is missing.", label(name))
}

/// The heading of a context in the help.
#[must_use]
pub fn context(context: Context) -> &'static str {
    match context {
        Context::Everywhere => "Everywhere",
        Context::SignIn => "Signing in",
        Context::Form => "In a form",
        Context::Choice => "In a choice",
        Context::Search => "In the search field",
        Context::List => "In the list of accounts",
        Context::Account => "On an account",
        Context::Confirm => "Before a yes",
        Context::RecoveryCodes => "With the recovery codes",
        Context::Reading => "Reading",
    }
}

/// What went wrong, in a sentence.
#[must_use]
pub fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Offline { why } => format!("The server does not answer ({why}). F5 tries again."),
        Failure::Unexpected { why } => format!("Not an answer of this server's contract: {why}"),
        Failure::Refused { code: ProblemCode::Unavailable, .. } => {
            "The server could not record it, so nothing was decided. F5 tries again.".to_owned()
        }
        Failure::Refused { says, wait_seconds: Some(seconds), .. } => {
            format!("{says} Try again in {}.", span(*seconds))
        }
        Failure::Refused { says, .. } => says.to_string(),
    }
}

/// A length of time, in the two largest units that are not nothing.
#[must_use]
pub fn span(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, rest) => format!("{rest} s"),
        (0, minutes, _) if minutes >= 10 => format!("{minutes} min"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, rest) => format!("{minutes} min {rest} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// A time, in UTC.
#[must_use]
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The end of something, and how far off it is; without its date where that is today's.
#[must_use]
pub fn until(now: Timestamp, end: Timestamp) -> String {
    let (today, date) = (time(now), time(end));
    let (today, date) = (today.split_once(' '), date.split_once(' '));
    let shown = match (today, date) {
        (Some((today, _)), Some((date, clock))) if today == date => clock.to_owned(),
        _ => time(end),
    };
    match u64::try_from(end.as_second().saturating_sub(now.as_second())) {
        Ok(seconds) if seconds > 0 => format!("{shown} UTC (in {})", span(seconds)),
        _ => format!("{shown} UTC (over)"),
    }
}

/// A number of things: `1 session`, `2 sessions`.
#[must_use]
pub fn count(number: u32, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

#[cfg(test)]
mod tests {
    use super::{span, until};
    use jiff::Timestamp;

    #[test]
    fn lengths_of_time_are_short_and_exact_where_it_matters() {
        let said: Vec<String> = [7, 60, 75, 899, 3600, 5400, 90_000].map(span).to_vec();
        assert_eq!(said, ["7 s", "1 min", "1 min 15 s", "14 min", "1 h", "1 h 30 min", "25 h"]);
    }

    #[test]
    fn an_end_that_has_come_is_over() {
        let end = Timestamp::from_second(1_000).unwrap();
        assert_eq!(until(end, end), "00:16:40 UTC (over)");
    }

    #[test]
    fn an_end_on_another_day_says_which() {
        let (now, end) = (Timestamp::from_second(0), Timestamp::from_second(90_000));
        let said = until(now.unwrap(), end.unwrap());
        assert_eq!(said, "1970-01-02 01:00:00 UTC (in 25 h)");
    }
}
