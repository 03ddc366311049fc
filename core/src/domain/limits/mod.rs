//! Guess limits: how many guesses an account evaluates, from where, in how long.
//!
//! ```text
//!   guess ──▶ admit: waits? closed? disabled? ──no──▶ evaluated ──wrong──▶ fail ──▶ after
//!                 │ yes: not evaluated, not counted, no end moves              │
//!                 ▼                                                            ▼
//!             refused                               a wait, a lane closed, a method disabled
//! ```
//!
//! A failure is *unresolved* until it is as old as the window, or until a success in the same
//! sign-in or at the same known device forgives it. A success elsewhere changes nothing: who
//! guesses cannot be forgiven by the holder's daily sign-in. Guesses from a known device have a
//! lane of their own, so that somebody who guesses from elsewhere cannot use up the holder's.
//!
//! No rate alone keeps a six-digit code for a year, not even one guess a day; a cap on what is
//! unresolved does. The arithmetic is in `docs/threat-model.md`.

mod counter;
mod limit;
mod lock;
mod refused;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use countersign_events::account::{
    CodeRejected, CodeVerified, Counted, DeviceRemembered, Lane, LockoutReset, Method,
    PasswordRejected, PasswordVerified, ResetScope,
};
use countersign_events::id::HandleHash;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use counter::{
    Counter, Disabled, FAILURES_KEPT_MAX, Failure, Guess, Outcome, TOLD_EVERY, Wait,
};
pub use limit::{KnownLane, Limit, Limits, Waits, window};
pub use lock::{Lock, Rule};
pub use refused::{Refused, RefusedAttempts};

/// The span in which failures of a guarded account are counted.
const GUARDED_SPAN: SignedDuration = SignedDuration::from_hours(24);

/// The ways to prove a second factor, or what comes instead of one.
pub const SECOND_STEPS: [Method; 3] = [Method::Totp, Method::EmailCode, Method::RecoveryCode];

/// The counters of an account, or of a login that does not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters(BTreeMap<Method, Counter>);

static UNTOUCHED: std::sync::OnceLock<Counter> = std::sync::OnceLock::new();

impl Counters {
    /// The counter of a method.
    #[must_use]
    pub fn of(&self, method: Method) -> &Counter {
        self.0.get(&method).unwrap_or_else(|| UNTOUCHED.get_or_init(Counter::default))
    }

    /// Admits a guess to its lane. Nothing is counted here, and no refusal moves an end.
    ///
    /// # Errors
    /// The [`Lock`] where it is not to be evaluated.
    pub fn admit(&self, limits: &Limits, method: Method, guess: &Guess) -> Result<Lane, Lock> {
        let lane = self.of(method).admit(method, limits.of(method), guess)?;
        match self.guarded(limits, method, guess.at).filter(|_| lane == Lane::Unknown) {
            Some(lock) => Err(lock),
            None => Ok(lane),
        }
    }

    /// A guarded account that has had its failures of a day: until there is room for one more.
    fn guarded(&self, limits: &Limits, method: Method, now: Timestamp) -> Option<Lock> {
        let allowance = limits.guarded.filter(|_| SECOND_STEPS.contains(&method))?;
        let lately = SECOND_STEPS.map(|step| self.of(step).lately(step, now, GUARDED_SPAN));
        let mut lately: Vec<Timestamp> = lately.into_iter().flatten().collect();
        lately.sort_unstable();
        let beyond = lately.len().checked_sub(usize::try_from(allowance).ok()?)?;
        let (since, oldest) = (*lately.last()?, lately.get(beyond)?);
        let until = Some(oldest.saturating_add(GUARDED_SPAN).unwrap_or(Timestamp::MAX));
        let unresolved = u32::try_from(lately.len()).unwrap_or(u32::MAX);
        Some(Lock { method, lane: Lane::Unknown, rule: Rule::Guarded, since, until, unresolved })
    }

    /// Everything that is locked now.
    #[must_use]
    pub fn locks(&self, limits: &Limits, now: Timestamp) -> Vec<Lock> {
        let each = self.0.iter();
        let own =
            each.flat_map(|(method, counter)| counter.locks(*method, limits.of(*method), now));
        let mut locks: Vec<Lock> = own.collect();
        for method in SECOND_STEPS {
            let is_shut = |lock: &Lock| lock.method == method && lock.lane == Lane::Unknown;
            if !locks.iter().any(is_shut) {
                locks.extend(self.guarded(limits, method, now));
            }
        }
        locks
    }

    /// Unresolved failures by method, in both lanes.
    pub fn unresolved(&self, now: Timestamp) -> impl Iterator<Item = (Method, u32)> {
        let counts = self
            .0
            .iter()
            .map(move |(method, counter)| (*method, counter.all_unresolved(*method, now)));
        counts.filter(|(_, failures)| *failures > 0)
    }

    /// Unresolved failures of second steps from devices that are not known.
    #[must_use]
    pub fn unknown_second_steps(&self, now: Timestamp) -> u32 {
        let counts = SECOND_STEPS.map(|step| self.of(step).unresolved(step, Lane::Unknown, now));
        counts.into_iter().fold(0, u32::saturating_add)
    }

    pub(super) fn counter(&mut self, method: Method) -> &mut Counter {
        self.0.entry(method).or_default()
    }

    fn fail(
        &mut self,
        method: Method,
        within: Option<HandleHash>,
        counted: Counted,
        at: Timestamp,
    ) {
        let counter = self.counter(method);
        counter.fail(method, counted.lane, &Guess { at, within, device: counted.device });
        if counted.tells_holder {
            counter.told(at);
        }
    }

    pub(super) fn password_rejected(&mut self, rejected: &PasswordRejected, at: Timestamp) {
        self.fail(Method::Password, rejected.in_session, rejected.counted, at);
    }

    pub(super) fn code_rejected(&mut self, rejected: &CodeRejected, at: Timestamp) {
        let within = rejected.sign_in.or(rejected.in_session);
        self.fail(rejected.method, within, rejected.counted, at);
    }

    pub(super) fn password_verified(&mut self, verified: &PasswordVerified) {
        let within = verified.session.as_ref().and_then(|session| session.replaces);
        if let Some(counter) = self.0.get_mut(&Method::Password) {
            counter.forgive(within, verified.device);
        }
    }

    /// A code that proves a second factor forgives what was wrong in every second step of the same
    /// sign-in and device; a code by e-mail, which proves less, what was wrong in its own.
    pub(super) fn code_verified(&mut self, verified: &CodeVerified) {
        let within = verified.sign_in.or(verified.in_session);
        let proves = matches!(verified.method, Method::Totp | Method::RecoveryCode);
        for (method, counter) in &mut self.0 {
            if *method == verified.method || (proves && *method != Method::Password) {
                counter.forgive(within, verified.device);
            }
        }
    }

    /// What was wrong at a device and is not forgiven stays tied to it under its new handle.
    pub(super) fn device_remembered(&mut self, remembered: &DeviceRemembered) {
        let Some(earlier) = remembered.replaces else { return };
        self.0.values_mut().for_each(|counter| counter.rename_device(earlier, remembered.device));
    }

    /// The password that wrong codes were given with is gone.
    pub(super) fn forgive_codes(&mut self) {
        for step in SECOND_STEPS {
            if let Some(counter) = self.0.get_mut(&step) {
                counter.forgive_unknown();
            }
        }
    }

    /// Ends waits and forgives wrong passwords; with [`ResetScope::Counters`] all that was wrong.
    pub(super) fn reset(&mut self, reset: &LockoutReset) {
        let LockoutReset { scope, method: only } = *reset;
        for (method, counter) in &mut self.0 {
            if only.is_some_and(|only| only != *method) {
                continue;
            }
            counter.end_wait();
            if scope == ResetScope::Counters || *method == Method::Password {
                counter.forgive_all();
            }
        }
    }
}
