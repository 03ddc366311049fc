//! What is tried while it is refused, summed up.

use std::collections::BTreeMap;

use countersign_events::account::{AccountEvent, AttemptsRefused, Lane, Method};
use jiff::Timestamp;

use super::lock::Rule;

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
    /// The rule that refused the last.
    pub rule: Rule,
}

impl RefusedAttempts {
    /// One more.
    #[must_use]
    pub fn count(earlier: Option<Self>, at: Timestamp, rule: Rule) -> Self {
        match earlier {
            None => Self { count: 1, first: at, last: at, rule },
            Some(sum) => Self { count: sum.count.saturating_add(1), last: at, rule, ..sum },
        }
    }

    /// The event that sums them up.
    #[must_use]
    pub fn event(self, method: Method, lane: Lane) -> AccountEvent {
        let Self { count, first, last, rule } = self;
        let rule = rule.name().to_owned();
        AccountEvent::AttemptsRefused(AttemptsRefused { method, lane, count, first, last, rule })
    }
}
