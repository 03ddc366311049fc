//! What wrong guesses lead to: waits, closed lanes, methods that must be bound anew.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Method, is_false};
use crate::id::{EventId, HandleHash};

/// From where a guess comes, as limits look at it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// From anywhere.
    #[default]
    Unknown,
    /// From a device that the account knows.
    Known,
}

impl Lane {
    fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }
}

/// How a wrong guess counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// In which lane.
    #[serde(default, skip_serializing_if = "Lane::is_unknown")]
    pub lane: Lane,
    /// The known device by whose lane it came: forgiven when that gets another handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<HandleHash>,
    /// Whether the holder is told.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_holder: bool,
}

impl Counted {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What was tried while it was refused, summed up: unevaluated and uncounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttemptsRefused {
    /// Which way.
    pub method: Method,
    /// In which lane.
    #[serde(default, skip_serializing_if = "Lane::is_unknown")]
    pub lane: Lane,
    /// How many attempts.
    pub count: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// The rule that refused the last of them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule: String,
}

/// A method is refused unevaluated until a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CooledDown {
    /// Which.
    pub method: Method,
    /// In which lane.
    #[serde(default, skip_serializing_if = "Lane::is_unknown")]
    pub lane: Lane,
    /// Until when.
    pub until: Timestamp,
    /// Unresolved failures that led here.
    pub unresolved: u32,
    /// The rule that fired.
    pub rule: String,
    /// Whether the sign-ins end that wait at devices which are not known.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ends_sign_ins: bool,
}

/// The rule that closes a lane, or a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockRule {
    /// The lane has had as many wrong guesses as it may have in its window.
    LaneCap,
    /// Both lanes together have: what is guessed must be bound anew.
    HardCap,
}

/// A lane is closed, or a method worth nothing until it is bound anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedOut {
    /// Which way.
    pub method: Method,
    /// The lane that is closed; for a method as a whole, the one that the last guess came by.
    #[serde(default, skip_serializing_if = "Lane::is_unknown")]
    pub lane: Lane,
    /// The rule that fired.
    pub rule: LockRule,
    /// Unresolved failures that led here.
    pub unresolved: u32,
    /// Until when, unless something ends it earlier; for ever without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Whether the sign-ins end that wait at devices which are not known.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ends_sign_ins: bool,
}

/// A browser whose passwords are counted by themselves for a while. That makes it no known device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrowserAdmitted {
    /// The hash of what it holds from now on.
    pub device: HandleHash,
    /// Until when.
    pub expires_at: Timestamp,
}

/// By a link that a mail brought to a proven address, the password is asked for again: wrong ones
/// from devices that are not known are forgiven, and their wait is over. Sealed `net`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordUnlocked {
    /// The event that the mail came of: the lock, or the request for a new password.
    pub cause: EventId,
    /// The browser in which the link was followed: whoever guesses from elsewhere cannot make its
    /// passwords wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<BrowserAdmitted>,
}

/// What a lockout reset clears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetScope {
    /// The waiting alone, and what was counted of passwords.
    CoolDown,
    /// The waiting and the failures counted.
    Counters,
}

/// Support ended a lockout. Sealed `pii`: `{reason, ticket}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockoutReset {
    /// What it clears.
    pub scope: ResetScope,
    /// Of which method; of all without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
}
