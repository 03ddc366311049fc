//! What is locked, and why: the one account of it that everybody is told from.

use countersign_events::account::{Lane, Method};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The rule that refuses a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// A wait after the failure before it.
    Wait,
    /// The lane has had as many as it may have in its window.
    LaneCap,
    /// Both lanes together have: what is guessed must be bound anew.
    HardCap,
    /// Second factors fail everywhere, and the account is guarded meanwhile.
    Guarded,
    /// It comes too soon after the one before it in the same sign-in or session.
    Pace,
}

impl Rule {
    /// Its name in the log and in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::LaneCap => "lane-cap",
            Self::HardCap => "hard-cap",
            Self::Guarded => "guarded",
            Self::Pace => "pace",
        }
    }
}

/// Why guesses of a method are refused unevaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    /// Which method.
    pub method: Method,
    /// From where; for a method as a whole, from everywhere.
    pub lane: Lane,
    /// The rule that fired.
    pub rule: Rule,
    /// Since when.
    pub since: Timestamp,
    /// Until when, as far as time alone ends it.
    pub until: Option<Timestamp>,
    /// Unresolved failures that led here.
    pub unresolved: u32,
}
