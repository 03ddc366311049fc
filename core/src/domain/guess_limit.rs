//! Guess limits: the first, simple policy.
//!
//! Counters are keyed by method, in the account's own stream; a cool-down refuses unevaluated and
//! uncounted, and no refused attempt moves its end. A failure is *unresolved* until a success in
//! the same sign-in or session (for the password: a right password) forgives it. After
//! `failures_to_cool_down` of them the method cools down and counting begins anew.
//!
//! What this allows is in the README: 5 guesses in 15 minutes are 41 % a year against a code of
//! six digits for somebody who has the password. The cumulative policy follows.

use std::collections::BTreeMap;

use countersign_events::account::{AccountEvent, AttemptsRefused, CooledDown, Method, ResetScope};
use countersign_events::id::HandleHash;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::policy::Policy;
use super::refusal::Refusal;

/// The rule that cools a method down.
pub const RULE_UNRESOLVED: &str = "unresolved-failures";

/// What was guessed, by method.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits(BTreeMap<Method, Counter>);

/// The counter of one method.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Unresolved failures since the last cool-down, each with the sign-in or session it was in.
    /// Never longer than the policy's `failures_to_cool_down`.
    pub unresolved: Vec<Option<HandleHash>>,
    /// The cool-down, running or past.
    pub cool_down: Option<CoolDown>,
}

/// A cool-down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoolDown {
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Unresolved failures that led here.
    pub unresolved: u32,
    /// The rule that fired.
    pub rule: String,
}

/// Attempts refused during a cool-down, not yet in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedAttempts {
    /// How many.
    pub count: u64,
    /// The first.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

impl Limits {
    /// The counter of a method.
    #[must_use]
    pub fn counter(&self, method: Method) -> Option<&Counter> {
        self.0.get(&method)
    }

    /// Unresolved failures of a method since its last cool-down.
    #[must_use]
    pub fn unresolved(&self, method: Method) -> u32 {
        let failures = self.0.get(&method).map_or(0, |counter| counter.unresolved.len());
        u32::try_from(failures).unwrap_or(u32::MAX)
    }

    /// Each method with its counter.
    pub fn iter(&self) -> impl Iterator<Item = (Method, &Counter)> {
        self.0.iter().map(|(method, counter)| (*method, counter))
    }

    /// The cool-down of a method that runs at `now`.
    #[must_use]
    pub fn cooling(&self, method: Method, now: Timestamp) -> Option<&CoolDown> {
        self.0.get(&method)?.cool_down.as_ref().filter(|cool_down| now < cool_down.until)
    }

    /// Whether a guess may be evaluated now.
    ///
    /// # Errors
    /// [`Refusal::TooManyRequests`] while the method cools down.
    pub fn admit(&self, method: Method, now: Timestamp) -> Result<(), Refusal> {
        match self.cooling(method, now) {
            Some(cool_down) => Err(Refusal::TooManyRequests { retry_at: cool_down.until }),
            None => Ok(()),
        }
    }

    /// The cool-down that one more failure of the method brings, if it is one too many.
    #[must_use]
    pub fn after_failure(
        &self,
        method: Method,
        now: Timestamp,
        policy: &Policy,
    ) -> Option<AccountEvent> {
        let unresolved = self.unresolved(method).saturating_add(1);
        (unresolved >= policy.failures_to_cool_down).then(|| {
            AccountEvent::CooledDown(CooledDown {
                method,
                until: now.saturating_add(policy.cool_down).unwrap_or(Timestamp::MAX),
                unresolved,
                rule: RULE_UNRESOLVED.to_owned(),
            })
        })
    }

    /// Counts a failure.
    pub(super) fn fail(&mut self, method: Method, within: Option<HandleHash>) {
        self.0.entry(method).or_default().unresolved.push(within);
    }

    /// Forgives the failures of a method in one sign-in or session.
    pub(super) fn resolve(&mut self, method: Method, within: Option<HandleHash>) {
        if let Some(counter) = self.0.get_mut(&method) {
            counter.unresolved.retain(|failure| *failure != within);
        }
    }

    /// Forgives every failure of a method.
    pub(super) fn resolve_all(&mut self, method: Method) {
        if let Some(counter) = self.0.get_mut(&method) {
            counter.unresolved.clear();
        }
    }

    /// Cools a method down; counting begins anew.
    pub(super) fn cool_down(&mut self, at: Timestamp, event: &CooledDown) {
        let counter = self.0.entry(event.method).or_default();
        counter.unresolved.clear();
        counter.cool_down = Some(CoolDown {
            since: at,
            until: event.until,
            unresolved: event.unresolved,
            rule: event.rule.clone(),
        });
    }

    /// Ends cool-downs, and with [`ResetScope::Counters`] forgets failures too.
    pub(super) fn reset(&mut self, scope: ResetScope, method: Option<Method>) {
        for (_, counter) in
            self.0.iter_mut().filter(|(counted, _)| method.is_none_or(|method| method == **counted))
        {
            counter.cool_down = None;
            if scope == ResetScope::Counters {
                counter.unresolved.clear();
            }
        }
    }
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
    pub const fn event(self, method: Method) -> AccountEvent {
        AccountEvent::AttemptsRefused(AttemptsRefused {
            method,
            count: self.count,
            first: self.first,
            last: self.last,
        })
    }
}
