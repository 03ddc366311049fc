//! Where guesses come from: limits per source, and an alarm over all accounts (SR-091, SR-073).
//!
//! A source is an IPv4 address or an IPv6 network of 64 bits, since whoever has one address of such
//! a network has them all; networks of 48 bits have ten times the numbers. Too many failures block
//! a source for a time: it is refused before anything is compared or hashed, nothing is counted
//! then, and no attempt moves the block's end. Successes forgive nothing here.
//!
//! What a client app says of where its users are is kept apart, by app: whatever it makes up blocks
//! its own users at most, and nobody's own address (AT-33).
//!
//! This is one layer more and never the only one: every limit of an account holds without it, and
//! no verdict depends on it alone. So it lives in memory, and a restart forgets it
//! (`docs/adr/0010-sources-in-memory.md`). What is counted comes from the events that were
//! recorded, so that there is no second opinion on what a failure is.
//!
//! Requests that are being judged while a source reaches its limit are judged to their end: the
//! count can exceed the limit by those.

mod blocks;
mod breaker;
mod tally;
mod window;

use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use countersign_events::id::{ClientId, StreamId};
use jiff::{SignedDuration, Timestamp};
use lru::LruCache;

use self::blocks::Blocks;
use self::breaker::{Breaker, Change};
use self::tally::{Failure, Tally};
use self::window::OwnTime;
use crate::actors::policy::PolicyInForce;
use crate::clock::Clock;
use crate::domain::policy::Policy;
use crate::domain::refusal::Refusal;

pub use breaker::BreakerState;
pub use tally::SourceLimits;

/// Sources whose failures are remembered, and as many that client apps tell of. Of one more, the
/// one that failed least recently is forgotten, unless it is blocked.
pub const SOURCES_MAX: usize = 100_000;
/// Sources that are blocked at once. None is let go for another; one more stays counted, and is
/// blocked at its next failure once there is room.
pub const BLOCKED_MAX: usize = 100_000;
/// A network of 48 bits may do so many times what one of 64 may.
const WIDE_TIMES: u32 = 10;

/// Where a request comes from, as far as limits are concerned, and by whose word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    place: Place,
    /// The client app that says so of one of its users; none where it is the caller's own address.
    told_by: Option<ClientId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Place {
    /// An IPv4 address.
    Address(Ipv4Addr),
    /// The first 64 bits of an IPv6 address.
    Network(u64),
}

impl Source {
    /// The source of an address; none of a text that is no address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let place = match text.parse::<IpAddr>().ok()?.to_canonical() {
            IpAddr::V4(address) => Place::Address(address),
            IpAddr::V6(address) => Place::Network(u64::try_from(address.to_bits() >> 64).ok()?),
        };
        Some(Self { place, told_by: None })
    }

    /// The same by the word of a client app: another source than that of whoever calls from there,
    /// and than the one that another app tells of.
    #[must_use]
    pub const fn told_by(self, client: Option<ClientId>) -> Self {
        Self { told_by: client, ..self }
    }

    fn keys(self) -> impl Iterator<Item = Key> {
        let wide = match self.place {
            Place::Address(_) => None,
            Place::Network(prefix) => Some(Key::Wide(prefix >> 16, self.told_by)),
        };
        std::iter::once(Key::Narrow(self)).chain(wide)
    }
}

/// What is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Narrow(Source),
    /// The first 48 bits of an IPv6 address.
    Wide(u64, Option<ClientId>),
}

impl Key {
    fn limits(self, limits: SourceLimits) -> SourceLimits {
        match self {
            Self::Narrow(_) => limits,
            Self::Wide(..) => limits.times(WIDE_TIMES),
        }
    }

    const fn is_told(self) -> bool {
        match self {
            Self::Narrow(source) => source.told_by.is_some(),
            Self::Wide(_, told_by) => told_by.is_some(),
        }
    }
}

/// How a guess ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A wrong password.
    PasswordRejected,
    /// A wrong code; not one that was accepted before, which is no guess.
    CodeRejected,
    /// A right code.
    CodeAccepted,
    /// A code that was refused, whether it was judged or not: what a blind sign-in counts, once.
    CodeUnjudged,
    /// What is no code at all: no guess, and still somebody who tries (SR-010).
    CodeMalformed,
}

/// What there is to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observed {
    /// Sources that something is remembered of, networks of 48 bits included.
    pub remembered: usize,
    /// Those that are blocked now.
    pub blocked: usize,
    /// Blocks since the start.
    pub blocks: u64,
    /// Requests refused since the start.
    pub refused: u64,
    /// The breaker.
    pub breaker: BreakerState,
}

/// All sources, and the breaker.
pub struct Sources {
    limits: Option<SourceLimits>,
    policy: PolicyInForce,
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    remembered_max: usize,
    state: Mutex<State>,
}

struct State {
    time: OwnTime,
    /// Of those who call.
    callers: Table,
    /// Of those whom client apps tell of: they can make up any number, and fill this alone.
    told: Table,
    breaker: Breaker,
    refused: u64,
}

/// What sources did, and which are blocked for it.
struct Table {
    tallies: LruCache<Key, Tally>,
    blocks: Blocks,
}

impl Table {
    fn new(blocked_max: usize) -> Self {
        Self { tallies: LruCache::unbounded(), blocks: Blocks::new(blocked_max) }
    }
}

/// The time of one look: our own, which decides, and the clock's, which is told.
#[derive(Clone, Copy)]
struct Now {
    own: u64,
    clock: Timestamp,
}

impl Now {
    /// What the clock will show then.
    fn told(self, until: u64) -> Timestamp {
        let left = i64::try_from(until.saturating_sub(self.own)).unwrap_or(i64::MAX);
        let left = SignedDuration::from_millis(left);
        self.clock.saturating_add(left).unwrap_or(Timestamp::MAX)
    }
}

impl Sources {
    /// Limits for sources; without any, only the breaker counts.
    #[must_use]
    pub fn new(limits: Option<SourceLimits>, clock: Arc<dyn Clock>) -> Self {
        Self::within(limits, clock, SOURCES_MAX, BLOCKED_MAX)
    }

    fn within(
        limits: Option<SourceLimits>,
        clock: Arc<dyn Clock>,
        remembered_max: usize,
        blocked_max: usize,
    ) -> Self {
        let state = Mutex::new(State {
            time: OwnTime::default(),
            callers: Table::new(blocked_max),
            told: Table::new(blocked_max),
            breaker: Breaker::default(),
            refused: 0,
        });
        let policy = PolicyInForce::new(Policy::default());
        Self { limits, policy, clock, hasher: RandomState::new(), remembered_max, state }
    }

    /// With the breaker of a policy that may change.
    #[must_use]
    pub fn under(mut self, policy: PolicyInForce) -> Self {
        self.policy = policy;
        self
    }

    /// Whether sources are limited at all.
    #[must_use]
    pub const fn are_limited(&self) -> bool {
        self.limits.is_some()
    }

    /// Admits a guess. Nothing is counted yet.
    ///
    /// # Errors
    /// [`Refusal::TooManyRequests`] for a source that is blocked.
    pub fn admit(&self, source: Option<Source>) -> Result<(), Refusal> {
        let (Some(source), Some(_)) = (source, self.limits) else { return Ok(()) };
        self.look(|state, now| state.admit(source, now))
    }

    /// Whether a guess would be admitted.
    #[must_use]
    pub fn admits(&self, source: Option<Source>) -> bool {
        let (Some(source), Some(_)) = (source, self.limits) else { return true };
        self.look(|state, now| state.blocked_until(source, now).is_none())
    }

    /// Admits a request that sends a mail, and counts it (AT-50).
    ///
    /// # Errors
    /// [`Refusal::TooManyRequests`] for a source that is blocked or has asked for too many.
    pub fn admit_mail(&self, source: Option<Source>) -> Result<(), Refusal> {
        let (Some(source), Some(limits)) = (source, self.limits) else { return Ok(()) };
        self.look(|state, now| {
            state.admit(source, now)?;
            let waits = |key: Key| {
                let most = key.limits(limits).mails_hour;
                let tally = state.table(key).tallies.peek(&key)?;
                let too_many = tally.mails.count(now.own) >= most;
                too_many.then(|| tally.mails.below_at(most, now.own))
            };
            let until = source.keys().filter_map(waits).max();
            if let Some(until) = until {
                return state.refuse(until, now);
            }
            for key in source.keys() {
                self.tally(state, key).mails.add(now.own);
            }
            Ok(())
        })
    }

    /// Takes note of how a guess at an account ended, once that is on record.
    pub fn note(&self, source: Option<Source>, account: StreamId, outcome: Outcome) {
        // Enough to tell some hundred accounts apart, under a key that nobody knows.
        let account = u32::try_from(self.hasher.hash_one(account) >> 32).unwrap_or(0);
        let failure = match outcome {
            Outcome::PasswordRejected => Some(Failure::Password(account)),
            Outcome::CodeRejected | Outcome::CodeUnjudged => Some(Failure::Code(account)),
            Outcome::CodeMalformed => Some(Failure::Malformed),
            Outcome::CodeAccepted => None,
        };
        let breaker = self.policy.now().breaker;
        let (change, blocked) = self.look(|state, now| {
            let change = match outcome {
                Outcome::CodeRejected | Outcome::CodeAccepted => {
                    state.breaker.count(outcome == Outcome::CodeRejected, now.own);
                    state.breaker.look(now.own, now.clock, &breaker)
                }
                Outcome::PasswordRejected | Outcome::CodeUnjudged | Outcome::CodeMalformed => None,
            };
            let (Some(source), Some(failure), Some(limits)) = (source, failure, self.limits) else {
                return (change, vec![]);
            };
            let blocked =
                source.keys().filter_map(|key| self.count(state, key, failure, limits, now));
            (change, blocked.collect())
        });
        // Not while everybody else waits.
        tell(change);
        for limit in blocked {
            tracing::warn!(limit, "a source has reached a limit and is blocked");
        }
    }

    /// What there is to see now.
    #[must_use]
    pub fn observe(&self) -> Observed {
        let breaker = self.policy.now().breaker;
        let (observed, change) = self.look(|state, now| {
            let change = state.breaker.look(now.own, now.clock, &breaker);
            let observed = Observed {
                remembered: state.callers.tallies.len() + state.told.tallies.len(),
                blocked: state.callers.blocks.count(now.own) + state.told.blocks.count(now.own),
                blocks: state.callers.blocks.begun().saturating_add(state.told.blocks.begun()),
                refused: state.refused,
                breaker: state.breaker.state(now.own),
            };
            (observed, change)
        });
        tell(change);
        observed
    }

    /// Whether accounts are guarded now: the alarm sounds, and the policy wants it.
    #[must_use]
    pub fn guards(&self) -> bool {
        let breaker = self.policy.now().breaker;
        if !breaker.enforce {
            return false;
        }
        let (tripped, change) = self.look(|state, now| {
            let change = state.breaker.look(now.own, now.clock, &breaker);
            (state.breaker.is_tripped(), change)
        });
        tell(change);
        tripped
    }

    /// How the breaker stands: whoever wants to guard accounts while it is tripped asks here.
    #[must_use]
    pub fn breaker(&self) -> BreakerState {
        self.observe().breaker
    }

    /// Counts a failure; the limit that is reached, where the source is blocked for it.
    fn count(
        &self,
        state: &mut State,
        key: Key,
        failure: Failure,
        limits: SourceLimits,
        now: Now,
    ) -> Option<&'static str> {
        // Judged already when the block began: it is not counted any more, and moves nothing.
        if state.table(key).blocks.until(key, now.own).is_some() {
            return None;
        }
        let limits = key.limits(limits);
        let tally = self.tally(state, key);
        tally.count(failure, &limits, now.own);
        let reached = tally.reached(&limits, now.own)?;
        let block = u64::try_from(limits.block.as_millis()).unwrap_or(0);
        if !state.table_mut(key).blocks.block(key, now.own, now.own.saturating_add(block)) {
            return None;
        }
        self.tally(state, key).begin_hour_anew();
        Some(reached)
    }

    /// What a source has done: from now on the last to be forgotten.
    fn tally<'a>(&self, state: &'a mut State, key: Key) -> &'a mut Tally {
        let tallies = &mut state.table_mut(key).tallies;
        if !tallies.contains(&key) {
            while tallies.len() >= self.remembered_max.max(1) {
                tallies.pop_lru();
            }
        }
        tallies.get_or_insert_mut(key, Tally::default)
    }

    fn look<T>(&self, at: impl FnOnce(&mut State, Now) -> T) -> T {
        // Nothing in here can leave the counts in pieces: who panicked has counted one less.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that nobody's earlier look seems to be a step back.
        let clock = self.clock.now();
        let now = Now { own: state.time.at(clock), clock };
        at(&mut state, now)
    }
}

impl State {
    fn admit(&mut self, source: Source, now: Now) -> Result<(), Refusal> {
        let until = self.blocked_until(source, now);
        until.map_or(Ok(()), |until| self.refuse(until, now))
    }

    fn blocked_until(&self, source: Source, now: Now) -> Option<u64> {
        source.keys().filter_map(|key| self.table(key).blocks.until(key, now.own)).max()
    }

    const fn table(&self, key: Key) -> &Table {
        if key.is_told() { &self.told } else { &self.callers }
    }

    const fn table_mut(&mut self, key: Key) -> &mut Table {
        if key.is_told() { &mut self.told } else { &mut self.callers }
    }

    fn refuse(&mut self, until: u64, now: Now) -> Result<(), Refusal> {
        self.refused = self.refused.saturating_add(1);
        Err(Refusal::TooManyRequests { retry_at: now.told(until) })
    }
}

fn tell(change: Option<Change>) {
    let (seen, what) = match change {
        None => return,
        Some(Change::Tripped(seen)) => {
            (seen, "second factors fail far more often than usual: they may be guessed")
        }
        Some(Change::Ended(seen)) => (seen, "second factors fail no more often than usual again"),
    };
    let BreakerState { failures_hour, attempts_hour, usual_hour, .. } = seen;
    tracing::warn!(failures_hour, attempts_hour, usual_hour, "{what}");
}

#[cfg(test)]
mod tests;
