//! The counter of one method of one account.

use countersign_events::account::{CooledDown, Lane, LockRule, LockedOut, Method};
use countersign_events::id::HandleHash;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::limit::{Limit, window};
use super::lock::{Lock, Rule};

/// Failures that a counter holds at the most: what no policy can reach. Not part of the policy,
/// because states are folded with it.
pub const FAILURES_KEPT_MAX: usize = 300;
/// The holder is told of wrong guesses of a method at most this often, and so of used codes and of
/// sessions that made room.
pub const TOLD_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// A guess, before it is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guess {
    /// When.
    pub at: Timestamp,
    /// The sign-in or session that it is made in; a password at the sign-in has none.
    pub within: Option<HandleHash>,
    /// The known device that it is made at.
    pub device: Option<HandleHash>,
}

/// A guess that was wrong and is not forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// The sign-in or session that it was made in.
    pub within: Option<HandleHash>,
    /// The known device by whose lane it came.
    pub device: Option<HandleHash>,
    /// The lane that it counts in.
    pub lane: Lane,
}

/// A wait of the unknown lane, running or past; known devices never wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Unresolved failures that led here.
    pub unresolved: u32,
}

/// What was guessed must be bound anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled {
    /// Since when.
    pub since: Timestamp,
    /// Unresolved failures that led here.
    pub unresolved: u32,
}

/// What a failure leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Unresolved failures of the lane, with this one.
    pub unresolved: u32,
    /// Whether the holder is to be told.
    pub tells_holder: bool,
    /// The wait that begins.
    pub wait_until: Option<Timestamp>,
    /// The rule that closes the lane or the method, with the failures that count for it, and until
    /// when.
    pub lock: Option<(LockRule, u32, Option<Timestamp>)>,
}

/// The counter of one method.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    failures: Vec<Failure>,
    wait: Option<Wait>,
    disabled: Option<Disabled>,
    told_at: Option<Timestamp>,
}

fn count<'a>(failures: impl Iterator<Item = &'a Failure>) -> u32 {
    u32::try_from(failures.count()).unwrap_or(u32::MAX)
}

fn later(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}

impl Counter {
    /// The failures that count at a time, the oldest first.
    fn counting(
        &self,
        method: Method,
        now: Timestamp,
    ) -> impl DoubleEndedIterator<Item = &Failure> + Clone {
        let window = window(method);
        self.failures.iter().filter(move |failure| now.duration_since(failure.at) < window)
    }

    /// Unresolved failures of a lane.
    #[must_use]
    pub fn unresolved(&self, method: Method, lane: Lane, now: Timestamp) -> u32 {
        count(self.counting(method, now).filter(|failure| failure.lane == lane))
    }

    /// Unresolved failures of both lanes.
    #[must_use]
    pub fn all_unresolved(&self, method: Method, now: Timestamp) -> u32 {
        count(self.counting(method, now))
    }

    /// When failures of the unknown lane were made that are younger than this.
    pub(super) fn lately(
        &self,
        method: Method,
        now: Timestamp,
        span: SignedDuration,
    ) -> impl Iterator<Item = Timestamp> {
        let of_lane = self.counting(method, now).filter(|failure| failure.lane == Lane::Unknown);
        let made = of_lane.map(|failure| failure.at);
        made.filter(move |at| now.duration_since(*at) < span)
    }

    /// Whether what is guessed must be bound anew.
    #[must_use]
    pub const fn is_disabled(&self) -> bool {
        self.disabled.is_some()
    }

    /// The lane of a guess. A known device that has failed too often, and every one once all of
    /// them have, is one like any other.
    #[must_use]
    pub fn lane(&self, method: Method, limit: &Limit, guess: &Guess) -> Lane {
        let (Some(device), Some(known)) = (guess.device, limit.known) else {
            return Lane::Unknown;
        };
        let of_lane = || self.counting(method, guess.at).filter(|it| it.lane == Lane::Known);
        let of_device = count(of_lane().filter(|failure| failure.device == Some(device)));
        let has_room = known.cap.is_none_or(|cap| count(of_lane()) < cap);
        if of_device < known.per_device && has_room { Lane::Known } else { Lane::Unknown }
    }

    /// Admits a guess to its lane. Nothing is counted here, and no refusal moves an end.
    ///
    /// # Errors
    /// The [`Lock`] where it is not to be evaluated.
    pub fn admit(&self, method: Method, limit: &Limit, guess: &Guess) -> Result<Lane, Lock> {
        let lane = self.lane(method, limit, guess);
        let shut = self.disabled_lock(method).or_else(|| match lane {
            Lane::Known => None,
            Lane::Unknown => self
                .waiting(method, guess.at)
                .or_else(|| self.capped(method, limit.unknown_cap, lane, guess.at)),
        });
        shut.map_or(Ok(lane), Err)
    }

    fn disabled_lock(&self, method: Method) -> Option<Lock> {
        let Disabled { since, unresolved } = self.disabled?;
        let (lane, rule) = (Lane::Unknown, Rule::HardCap);
        Some(Lock { method, lane, rule, since, until: None, unresolved })
    }

    fn waiting(&self, method: Method, now: Timestamp) -> Option<Lock> {
        let Wait { since, until, unresolved } = self.wait.filter(|wait| now < wait.until)?;
        let (lane, rule) = (Lane::Unknown, Rule::Wait);
        Some(Lock { method, lane, rule, since, until: Some(until), unresolved })
    }

    /// A lane at its cap: since its last failure, until there is room for one more.
    fn capped(&self, method: Method, cap: u32, lane: Lane, now: Timestamp) -> Option<Lock> {
        let of_lane = self.counting(method, now).filter(|failure| failure.lane == lane);
        let unresolved = count(of_lane.clone());
        let beyond = usize::try_from(unresolved.checked_sub(cap)?).ok()?;
        let since = of_lane.clone().next_back()?.at;
        let until = of_lane.clone().nth(beyond).map(|oldest| later(oldest.at, window(method)));
        Some(Lock { method, lane, rule: Rule::LaneCap, since, until, unresolved })
    }

    /// Everything that is shut now, the gravest first.
    pub(super) fn locks(
        &self,
        method: Method,
        cap: impl Fn(Lane) -> Option<u32>,
        now: Timestamp,
    ) -> Vec<Lock> {
        if let Some(disabled) = self.disabled_lock(method) {
            return vec![disabled];
        }
        let closed = |lane| cap(lane).and_then(|cap| self.capped(method, cap, lane, now));
        let unknown = closed(Lane::Unknown).or_else(|| self.waiting(method, now));
        unknown.into_iter().chain(closed(Lane::Known)).collect()
    }

    /// What a guess leads to that was admitted to a lane and is wrong.
    #[must_use]
    pub fn after(&self, method: Method, limit: &Limit, lane: Lane, guess: &Guess) -> Outcome {
        let now = guess.at;
        let unresolved = self.unresolved(method, lane, now).saturating_add(1);
        let all = self.all_unresolved(method, now).saturating_add(1);
        let told_lately = self.told_at.is_some_and(|at| now.duration_since(at) < TOLD_EVERY);
        let wait = if lane == Lane::Unknown { limit.waits.after(unresolved) } else { None };
        let lane_cap = match lane {
            Lane::Unknown => Some(limit.unknown_cap),
            Lane::Known => limit.known.and_then(|known| known.cap),
        };
        let lock = if limit.hard_cap.is_some_and(|cap| all >= cap) {
            Some((LockRule::HardCap, all, None))
        } else if lane_cap.is_some_and(|cap| unresolved >= cap) {
            let mut counted = self.clone();
            counted.fail(method, lane, guess);
            let until = counted.capped(method, unresolved, lane, now).and_then(|lock| lock.until);
            Some((LockRule::LaneCap, unresolved, until))
        } else {
            None
        };
        Outcome {
            unresolved,
            tells_holder: limit.tells_at.contains(&unresolved) && !told_lately,
            wait_until: wait.map(|wait| later(now, wait)),
            lock,
        }
    }

    /// Counts a guess that was evaluated and wrong, in the lane that admitted it.
    pub(super) fn fail(&mut self, method: Method, lane: Lane, guess: &Guess) {
        let Guess { at, within, device } = *guess;
        let device = device.filter(|_| lane == Lane::Known);
        let window = window(method);
        self.failures.retain(|failure| at.duration_since(failure.at) < window);
        if self.failures.len() >= FAILURES_KEPT_MAX {
            self.failures.remove(0);
        }
        self.failures.push(Failure { at, within, device, lane });
    }

    pub(super) const fn told(&mut self, at: Timestamp) {
        self.told_at = Some(at);
    }

    /// Begins a wait. One that runs longer already stays.
    pub(super) fn cool_down(&mut self, since: Timestamp, event: &CooledDown) {
        let (until, unresolved) = (event.until, event.unresolved);
        if self.wait.is_none_or(|running| running.until < until) {
            self.wait = Some(Wait { since, until, unresolved });
        }
    }

    pub(super) const fn lock_out(&mut self, since: Timestamp, event: &LockedOut) {
        if matches!(event.rule, LockRule::HardCap) {
            self.disabled = Some(Disabled { since, unresolved: event.unresolved });
        }
    }

    /// A success forgives what was wrong in the same sign-in or session.
    pub(super) fn forgive_within(&mut self, within: HandleHash) {
        self.failures.retain(|failure| failure.within != Some(within));
    }

    /// A new handle forgives what was wrong in the lane of the device that held this one.
    pub(super) fn forgive_at(&mut self, device: HandleHash) {
        self.failures.retain(|failure| failure.device != Some(device));
    }

    pub(super) const fn end_wait(&mut self) {
        self.wait = None;
    }

    /// Who guessed from elsewhere must begin anew: what guessing needed is gone.
    pub(super) fn forgive_unknown(&mut self) {
        self.failures.retain(|failure| failure.lane == Lane::Known);
        self.wait = None;
    }

    /// Forgives everything. What must be bound anew still must.
    pub(super) fn forgive_all(&mut self) {
        self.failures.clear();
        self.wait = None;
    }

    /// What is guessed was bound anew: all begins anew.
    pub(super) fn begin_anew(&mut self) {
        *self = Self::default();
    }
}
