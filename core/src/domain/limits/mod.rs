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
//! sign-in forgives it, or at the same known device one that gives it a new handle: whoever copied
//! the old one has nothing of that. A success elsewhere changes nothing: who guesses cannot be
//! forgiven by the holder's daily sign-in. Guesses from a known device have a lane of their own, so
//! that somebody who guesses from elsewhere cannot use up the holder's; one that has used up its
//! own is like any other, and what was wrong in the lane of all is tied to no device.
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
    AccountEvent, CodeRejected, CodeVerified, Counted, Lane, LockoutReset, Method,
    PasswordRejected, PasswordSetWhy, PasswordVerified, Purpose, ResetScope, SessionOpened,
};
use countersign_events::id::HandleHash;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::decide::counts_to_limit;
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
        let cap = |method, lane| match lane {
            Lane::Unknown => Some(limits.of(method).unknown_cap),
            Lane::Known => limits.of(method).known.and_then(|known| known.cap),
        };
        let mut locks = self.locks_at(cap, now);
        for method in SECOND_STEPS {
            let is_shut = |lock: &Lock| lock.method == method && lock.lane == Lane::Unknown;
            if !locks.iter().any(is_shut) {
                locks.extend(self.guarded(limits, method, now));
            }
        }
        locks
    }

    /// The same of counters alone, where lanes close at these counts.
    pub fn locks_at(&self, cap: impl Fn(Method, Lane) -> Option<u32>, now: Timestamp) -> Vec<Lock> {
        let each = self.0.iter();
        each.flat_map(|(method, counter)| counter.locks(*method, |lane| cap(*method, lane), now))
            .collect()
    }

    /// Takes what happened to the account; `is_first` where it has no authenticator in use.
    pub fn take(&mut self, event: &AccountEvent, at: Timestamp, is_first: bool) {
        match event {
            AccountEvent::PasswordVerified(verified) => {
                self.password_verified(verified);
                self.remembered(verified.session.as_ref());
            }
            AccountEvent::FirstFactorVouched(vouched) => self.remembered(vouched.session.as_ref()),
            AccountEvent::PasswordSet(set) => {
                if set.why != PasswordSetWhy::Rehashed {
                    self.counter(Method::Password).begin_anew();
                }
                if set.forgives_codes {
                    self.forgive_codes();
                }
                self.remembered(set.session.as_ref());
            }
            AccountEvent::PasswordRejected(rejected) => self.password_rejected(rejected, at),
            AccountEvent::CodeVerified(verified) => {
                self.code_verified(verified);
                self.remembered(verified.session.as_ref());
            }
            AccountEvent::CodeRejected(rejected)
                if counts_to_limit(rejected.method, rejected.why, rejected.purpose) =>
            {
                self.code_rejected(rejected, at);
            }
            AccountEvent::CooledDown(cooled) => self.counter(cooled.method).cool_down(at, cooled),
            AccountEvent::LockedOut(locked) => self.counter(locked.method).lock_out(at, locked),
            AccountEvent::PasswordUnlocked(_) => self.unlock_password(),
            AccountEvent::LockoutReset(reset) => self.reset(reset),
            // Another set of authenticators, or of recovery codes: nothing was guessed of it yet.
            AccountEvent::Enabled(_) if is_first => self.counter(Method::Totp).begin_anew(),
            AccountEvent::RecoveryCodesIssued(_) => {
                self.counter(Method::RecoveryCode).begin_anew();
            }
            _ => {}
        }
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

    fn counter(&mut self, method: Method) -> &mut Counter {
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

    fn password_rejected(&mut self, rejected: &PasswordRejected, at: Timestamp) {
        self.fail(Method::Password, rejected.in_session, rejected.counted, at);
    }

    fn code_rejected(&mut self, rejected: &CodeRejected, at: Timestamp) {
        let within = rejected.sign_in.or(rejected.in_session);
        self.fail(rejected.method, within, rejected.counted, at);
    }

    /// The password forgives what was wrong in the session whose token it replaces; where it keeps
    /// the token, nothing, since a copy of that lives on.
    fn password_verified(&mut self, verified: &PasswordVerified) {
        let replaced = |opened: &SessionOpened| opened.replaces.filter(|it| *it != opened.session);
        let within = verified.session.as_ref().and_then(replaced);
        if let (Some(within), Some(counter)) = (within, self.0.get_mut(&Method::Password)) {
            counter.forgive_within(within);
        }
    }

    /// A code that proves a second factor forgives what was wrong in every second step of the same
    /// sign-in or session; a code by e-mail, which proves less, what was wrong in its own. What
    /// proves an address, or an authenticator that was just shown, proves nothing of what is
    /// guessed.
    fn code_verified(&mut self, verified: &CodeVerified) {
        if !matches!(verified.purpose, Purpose::SignIn | Purpose::StepUp) {
            return;
        }
        let Some(within) = verified.sign_in.or(verified.in_session) else { return };
        let proves = matches!(verified.method, Method::Totp | Method::RecoveryCode);
        for (method, counter) in &mut self.0 {
            if *method == verified.method || (proves && *method != Method::Password) {
                counter.forgive_within(within);
            }
        }
    }

    /// A device at which all was proven holds another handle: what was wrong there is forgiven, and
    /// whoever copied the earlier one is a stranger. One that a client app names keeps its name,
    /// and so does whoever brings the same name along: nothing is forgiven there.
    fn remembered(&mut self, opened: Option<&SessionOpened>) {
        let Some(remembered) = opened.and_then(|opened| opened.device.as_ref()) else { return };
        let earlier = remembered.replaces.filter(|earlier| *earlier != remembered.device);
        let Some(earlier) = earlier else { return };
        self.0.values_mut().for_each(|counter| counter.forgive_at(earlier));
    }

    /// The password that wrong codes were given with is gone.
    fn forgive_codes(&mut self) {
        for step in SECOND_STEPS {
            if let Some(counter) = self.0.get_mut(&step) {
                counter.forgive_unknown();
            }
        }
    }

    /// The holder was reached by mail: who guessed passwords from elsewhere begins anew.
    pub(super) fn unlock_password(&mut self) {
        self.counter(Method::Password).forgive_unknown();
    }

    /// Ends waits and forgives wrong passwords; with [`ResetScope::Counters`] all that was wrong.
    fn reset(&mut self, reset: &LockoutReset) {
        let LockoutReset { scope, method: only } = *reset;
        for (method, counter) in &mut self.0 {
            if only.is_some_and(|only| only != *method) {
                continue;
            }
            counter.end_wait();
            match method {
                // What its cap disabled, too: without a proven address no mail could.
                Method::Password => counter.begin_anew(),
                _ if scope == ResetScope::Counters => counter.forgive_all(),
                _ => {}
            }
        }
    }
}
