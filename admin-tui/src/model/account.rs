//! What the console knows of an account: the server's answers with all text made printable.

use countersign_api::contract::account::PasswordChange;
use countersign_api::contract::id::{AccountId, FactorId};
use countersign_api::contract::kind::{Lane, Method};
use jiff::Timestamp;

use super::removal::Removal;
use crate::printable::Printable;

/// A line of a list of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The account.
    pub id: AccountId,
    /// Its login, masked.
    pub login_hint: Printable,
    /// Its address, masked.
    pub email_hint: Option<Printable>,
    /// Whether a second factor is asked for.
    pub two_factor_enabled: bool,
    /// Whether something of it is locked.
    pub locked: bool,
    /// Until when, as far as time alone ends it.
    pub locked_until: Option<Timestamp>,
}

/// An authenticator in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// Its id.
    pub id: FactorId,
    /// The holder's name for it.
    pub name: Printable,
    /// Since when.
    pub enabled_at: Timestamp,
    /// When a code of it was last accepted.
    pub last_used_at: Option<Timestamp>,
    /// How far its clock is off by its last code, in seconds: negative for one that is slow.
    pub clock_offset_seconds: Option<i64>,
    /// Whether that code was refused for it.
    pub clock_refused: bool,
    /// The same in words.
    pub clock: Option<Printable>,
    /// Whether that is worth acting on: less can be a code typed late.
    pub clock_is_off: bool,
}

/// A method that must wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Which.
    pub method: Method,
    /// From where.
    pub lane: Lane,
    /// Since when.
    pub since: Timestamp,
    /// Until when, as far as time alone ends it.
    pub until: Option<Timestamp>,
    /// Failures that led here.
    pub unresolved: u32,
    /// The rule that fired.
    pub rule: Printable,
    /// Why, in a sentence.
    pub explanation: Printable,
}

/// An account's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its login, masked.
    pub login: Option<Printable>,
    /// Its address, masked.
    pub email_hint: Option<Printable>,
    /// Whether that address was proven.
    pub email_confirmed: bool,
    /// Whether a second factor is asked for at every sign-in.
    pub two_factor_enabled: bool,
    /// The authenticators in use.
    pub factors: Vec<Factor>,
    /// Recovery codes left.
    pub recovery_codes_left: u32,
    /// What must wait.
    pub locks: Vec<Lock>,
    /// Unresolved failures by method.
    pub unresolved: Vec<(Method, u32)>,
    /// Sessions alive.
    pub sessions: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// Since when support has suspended it, if it has.
    pub suspended_at: Option<Timestamp>,
    /// Why the next sign-in asks for a new password, if it does.
    pub password_change: Option<PasswordChange>,
    /// Until when factors and address stay as they are.
    pub held_until: Option<Timestamp>,
    /// The removal of an authenticator that waits.
    pub removal: Option<Removal>,
    /// The last revision of its stream.
    pub revision: u64,
}

impl Account {
    /// What must wait at this time: what has ended since it was loaded is none.
    #[must_use]
    pub fn locks_at(&self, now: Timestamp) -> Vec<&Lock> {
        let lasts = |lock: &&Lock| lock.until.is_none_or(|until| until > now);
        self.locks.iter().filter(lasts).collect()
    }

    /// What has ended since it was loaded, and when.
    #[must_use]
    pub fn ended_locks_at(&self, now: Timestamp) -> Vec<(&Lock, Timestamp)> {
        let ended = |lock: &&Lock| lock.until.is_some_and(|until| until <= now);
        let ended = self.locks.iter().filter(ended);
        ended.filter_map(|lock| Some((lock, lock.until?))).collect()
    }
}

/// One event in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the stream.
    pub revision: u64,
    /// When.
    pub at: Timestamp,
    /// The type string.
    pub event_type: Printable,
    /// Who, in a word.
    pub by: &'static str,
    /// Who, exactly.
    pub by_whom: Printable,
    /// A sentence.
    pub explanation: Printable,
    /// The data, a line per line.
    pub data: Vec<Printable>,
    /// How many looks it stands for, and since when, where it stands for several.
    pub looks: Option<(u32, Timestamp)>,
}
