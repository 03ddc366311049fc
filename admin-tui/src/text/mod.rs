//! Every word that the console says, in one place.
//!
//! Words that mean one thing: *unlock* ends waiting times and, where asked, forgets failures, those
//! of codes together with the password; it never touches an authenticator. Times are UTC, as in the
//! log.

pub mod acts;
pub mod say;
mod times;
pub mod title;

use countersign_api::contract::account::PasswordChange;
use countersign_api::contract::kind::{CodeMethod, Lane, Method, Role};
use countersign_api::contract::log::StreamKind;
use countersign_api::contract::look::EventKind;
use countersign_api::contract::problem::ProblemCode;
use countersign_api::contract::statistics::Window;
use jiff::Timestamp;

use crate::keymap::Context;
use crate::message::Failure;
use crate::model::Archive;
use crate::model::form::FieldName;
use crate::printable::Printable;

pub use acts::{
    DELAYS, EVERY_METHOD, NEW_ADDRESS, RECOVERY_CODES_ALONE, SEALED, proof, runs, runs_not, scope,
};
pub use times::{
    clock_time, day, day_and_minute, day_and_time, hour_and_minute, is_of_the_year, minute, span,
    time, until,
};

/// The name in the bar at the top.
pub const NAME: &str = "Countersign console";
/// The choice of a search by login.
pub const BY_LOGIN: &str = "login";
/// The choice of a search by e-mail address.
pub const BY_EMAIL: &str = "e-mail";
/// Whoever looks through an exported log.
pub const READER: &str = "reader";
/// A choice that nobody has made yet.
pub const CHOOSE: &str = "choose …";
/// The choice of an authenticator's code.
pub const WAY_TOTP: &str = "authenticator code";
/// The choice of a recovery code.
pub const WAY_RECOVERY_CODE: &str = "recovery code";
/// On the edge of a dialog with more lines than are seen.
pub const MORE_BELOW: &str = " more: ↓ ";
/// The name of the authenticator that the set-up makes.
pub const FIRST_AUTHENTICATOR: &str = "authenticator";

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
        FieldName::AccountId => "Account id",
        FieldName::Scope => "Clears",
        FieldName::Method => "Of",
        FieldName::Factor => "Remove",
        FieldName::NewAddress => "New address",
        FieldName::Proof => "Identified by",
        FieldName::Delay => "Runs",
        FieldName::Kind => "About",
        FieldName::About => "About",
        FieldName::Words => "With the words",
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

/// What has ended by the console's clock alone.
#[must_use]
pub fn was_locked(of: Method, until: Timestamp) -> String {
    format!("{} was, until {} UTC: F5 looks anew", method(of), clock_time(until))
}

/// Seconds from which on a clock is called off: less can be a code typed late.
const CLOCK_OFF_FROM_SECONDS: u64 = 60;

/// Whether a phone's clock is off enough to be worth acting on.
#[must_use]
pub fn clock_is_off(offset_seconds: Option<i64>, refused: bool) -> bool {
    let off = |offset: i64| offset.unsigned_abs() >= CLOCK_OFF_FROM_SECONDS;
    refused || offset_seconds.is_some_and(off)
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

/// The heading of a context in the help.
#[must_use]
pub fn context(context: Context) -> &'static str {
    match context {
        Context::Everywhere => "Everywhere",
        Context::Screens => "The screens",
        Context::Archive => "In an exported log",
        Context::Letters => "Where there is no field",
        Context::SignIn => "Signing in",
        Context::Form => "In a form",
        Context::Choice => "In a choice",
        Context::Search => "In the search field",
        Context::List => "In the list of accounts",
        Context::Account => "On an account",
        Context::Travel => "In the past of an account",
        Context::Lockouts => "In the list of what is locked now",
        Context::Removals => "In the list of removals",
        Context::Live => "Before the live events",
        Context::LiveLine => "Before a live event",
        Context::Statistics => "Before the numbers",
        Context::Operators => "In the list of operators",
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
        Failure::Unexpected { why } => {
            format!("Not an answer of this server's contract: {why}. Is --server right?")
        }
        Failure::Refused { code: ProblemCode::Unavailable, .. } => {
            "The server could not record it, so nothing was decided. F5 tries again.".to_owned()
        }
        Failure::Refused { says, wait_seconds: Some(seconds), .. } => {
            format!("{} Try again in {}.", sentence(says), span(*seconds))
        }
        Failure::Refused { code, says, .. } => match what_to_do(*code) {
            "" => says.to_string(),
            hint => format!("{} {hint}", sentence(says)),
        },
    }
}

/// What the server said, with a full stop.
fn sentence(says: &Printable) -> String {
    format!("{}.", says.as_str().trim_end_matches('.'))
}

/// What helps against a refusal; nothing where its own words say so.
fn what_to_do(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::Forbidden => "Nothing was done: ask somebody who may.",
        ProblemCode::Held => "Nothing was done: try again when the time is over.",
        ProblemCode::NotFound => "Look it up anew: it may be gone.",
        ProblemCode::Conflict => {
            "Nothing was done. Back on the account (Esc), F5 shows it as it is."
        }
        ProblemCode::Unknown => "F5 tries again.",
        _ => "",
    }
}

/// Why something failed, in as few words as can be.
#[must_use]
pub fn reason(failure: &Failure) -> Printable {
    match failure {
        Failure::Offline { why } | Failure::Unexpected { why } => why.clone(),
        Failure::Refused { says, .. } => says.clone(),
    }
}

/// Why something failed, as the statistics name it, in the words of the console.
#[must_use]
pub fn failed(reason: &str) -> String {
    let methods = [
        ("totp_", WAY_TOTP, "none set up"),
        ("email_code_", "e-mail code", "none was sent"),
        ("recovery_code_", WAY_RECOVERY_CODE, "none left"),
        ("password_", "password", "none"),
    ];
    let of = |(prefix, method, none)| Some((method, none, reason.strip_prefix(prefix)?));
    let Some((method, none, why)) = methods.into_iter().find_map(of) else {
        return reason.replace('_', " ");
    };
    let why = match why {
        "clock" => "clock is off",
        "reused" => "used before",
        "expired" => "too late",
        "none" => none,
        other => other,
    };
    format!("{method}: {}", why.replace('_', " "))
}

/// The rule behind a lock: its name in the log, and what it is.
#[must_use]
pub fn rule(name: &str) -> String {
    let what = match name {
        "wait" => "it grows with each failure in a row",
        "lane-cap" => "as many failures as such devices may have together",
        "hard-cap" => "as many failures as there may be: it is set up anew",
        "guarded" => "codes fail everywhere, and accounts are guarded meanwhile",
        "pace" => "it came too soon after the one before",
        _ => return name.to_owned(),
    };
    format!("{name}: {what}")
}

/// Where a list is empty.
pub const NOTHING: &str = "none";

/// A part of an account's state, in the words of the console.
#[must_use]
pub fn part_of_state(name: &str) -> String {
    match name {
        "limits" => "guesses",
        "totp" => WAY_TOTP,
        "email_code" => "e-mail code",
        "sign_ins" => "sign-in",
        "sessions" => "session",
        "devices" => "device",
        "factors" => "authenticator",
        "offer" => "authenticator offered",
        "recovery" => "recovery codes",
        "email" => "address",
        "former_emails" => "former addresses",
        "email_codes" => "e-mail codes",
        "email_sends" => "mails sent",
        "lockout_resets" => "unlocked by support",
        "resets" => "new passwords asked for",
        other => return other.replace('_', " "),
    }
    .to_owned()
}

/// An operator by the login.
#[must_use]
pub fn operator(login: &Printable) -> Printable {
    Printable::from(format!("operator {login}"))
}

/// What a role is called.
#[must_use]
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Support => "support",
        Role::Supervisor => "supervisor",
        Role::Auditor => "auditor",
        Role::Admin => "admin",
    }
}

/// Whether an operator may act, in the words of `countersign operator list`.
#[must_use]
pub fn standing(set_up: bool, enabled: bool) -> &'static str {
    match (enabled, set_up) {
        (false, _) => "disabled",
        (true, false) => "not set up",
        (true, true) => "enabled",
    }
}

/// From where guesses come.
#[must_use]
pub fn lane(lane: Lane) -> &'static str {
    match lane {
        Lane::Unknown => "devices that are not known",
        Lane::Known => "known devices",
    }
}

/// What a window of time is called.
#[must_use]
pub fn window(window: Window) -> &'static str {
    match window {
        Window::Hour => "The last hour",
        Window::Day => "The last day",
        Window::Week => "The last week",
    }
}

/// What events of a time line may be about, in the order of the choice; the first is anything.
pub const KINDS: [(Option<EventKind>, &str); 7] = [
    (None, "everything"),
    (Some(EventKind::SignIns), "sign-ins"),
    (Some(EventKind::Codes), "codes"),
    (Some(EventKind::Locks), "locks"),
    (Some(EventKind::Support), "support"),
    (Some(EventKind::Mail), "mail"),
    (Some(EventKind::Factors), "factors and password"),
];

/// What events of a time line are about.
#[must_use]
pub fn kind(kind: EventKind) -> &'static str {
    KINDS.iter().find(|(of, _)| *of == Some(kind)).map_or("", |(_, words)| words)
}

/// What live events may be about, in the order of the choice; the first is anything.
pub const STREAMS: [(Option<StreamKind>, &str); 7] = [
    (None, "everything"),
    (Some(StreamKind::Account), "account"),
    (Some(StreamKind::Unknown), "unknown login"),
    (Some(StreamKind::Operator), "operator"),
    (Some(StreamKind::Client), "client app"),
    (Some(StreamKind::Policy), "policy"),
    (Some(StreamKind::Log), "log"),
];

/// What a line of the log is about.
#[must_use]
pub fn stream(stream: StreamKind) -> &'static str {
    STREAMS.iter().find(|(kind, _)| *kind == Some(stream)).map_or("", |(_, words)| words)
}

/// Since when a server does not answer, and when it is asked again by itself.
#[must_use]
pub fn away(now: Timestamp, since: Timestamp, again_at: Option<Timestamp>) -> String {
    let since = clock_time(since);
    match again_at {
        Some(again_at) => {
            let left = u64::try_from(again_at.as_second() - now.as_second()).unwrap_or(0);
            format!("Away since {since} UTC; asked again in {}.", span(left))
        }
        // What might have been done waits for a person to say so again.
        None => format!("Away since {since} UTC; asked again only by you, and done once."),
    }
}

/// The log is not followed any more, and when it is again.
#[must_use]
pub fn link_lost(now: Timestamp, why: &Printable, again_at: Timestamp) -> String {
    let left = u64::try_from(again_at.as_second() - now.as_second()).unwrap_or(0);
    format!("Not following ({why}); again in {}.", span(left))
}

/// A number of things: `1 session`, `2 sessions`.
#[must_use]
pub fn count(number: u32, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// A large number with its thousands apart: `12,345`.
#[must_use]
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Why the next sign-in asks for a new password.
#[must_use]
pub fn password_change(why: PasswordChange) -> &'static str {
    match why {
        PasswordChange::Repudiated => {
            "ended: the holder said \"this was not me\". The next sign-in asks for a new one"
        }
        PasswordChange::Guessed => {
            "ended: whoever guessed so many codes has it. The next sign-in asks for a new one"
        }
        PasswordChange::Unlocked => {
            "ended with the wrong codes that support forgave. The next sign-in asks for a new one"
        }
    }
}

/// That a field takes no more, and some of what was typed or pasted is left out.
#[must_use]
pub fn too_long(name: FieldName, most: usize) -> String {
    format!("{}: {most} characters at most, the rest is left out.", label(name))
}

/// That another account is opened for the same ticket as the one before.
#[must_use]
pub fn still_for(ticket: &str) -> String {
    format!("Another account, still for ticket {ticket}: Ctrl+T for another ticket.")
}

/// Which exported log is looked through: all of it, then less and less.
#[must_use]
pub fn archive(archive: &Archive) -> Vec<String> {
    let (size, end) = (number(archive.size), time(archive.ends_at));
    let directory = &archive.directory;
    vec![
        format!("exported log {directory}: {size} entries up to {end} UTC, read only "),
        format!("exported log: {size} entries up to {end} UTC, read only "),
        format!("exported log up to {end} UTC, read only "),
        "exported log, read only ".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::{failed, number};

    #[test]
    fn why_tries_failed_is_said_in_words() {
        let said = ["totp_clock", "email_code_none", "recovery_code_reused", "password_wrong"];
        let expected = [
            "authenticator code: clock is off",
            "e-mail code: none was sent",
            "recovery code: used before",
            "password: wrong",
        ];
        assert_eq!(said.map(failed), expected);
        assert_eq!(failed("something_new"), "something new");
    }

    #[test]
    fn thousands_stand_apart() {
        let said = [0, 999, 1_000, 12_345, 1_234_567].map(number);
        assert_eq!(said, ["0", "999", "1,000", "12,345", "1,234,567"]);
    }
}
