//! What is tried while it is refused, summed up.

use std::collections::BTreeMap;

use countersign_events::account::{AccountEvent, AttemptsRefused, Lane, Method};
use jiff::Timestamp;

/// Attempts refused unevaluated that no event tells of yet, by method and lane.
pub type Refused = BTreeMap<(Method, Lane), RefusedAttempts>;

/// Attempts refused unevaluated, not yet in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedAttempts {
    /// How many.
    pub count: u64,
    /// The first.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

impl RefusedAttempts {
    /// One more.
    #[must_use]
    pub fn count(earlier: Option<Self>, at: Timestamp) -> Self {
        match earlier {
            None => Self { count: 1, first: at, last: at },
            Some(sum) => Self { count: sum.count.saturating_add(1), last: at, ..sum },
        }
    }

    /// The event that sums them up.
    #[must_use]
    pub const fn event(self, method: Method, lane: Lane) -> AccountEvent {
        let Self { count, first, last } = self;
        AccountEvent::AttemptsRefused(AttemptsRefused { method, lane, count, first, last })
    }
}
