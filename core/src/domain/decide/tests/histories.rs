//! Random lives of an account: twenty thousand of them, with a clock that runs, stands still and
//! goes back. What must hold after every single command is in [`invariants`].
//!
//! The seed is printed; `PROPTEST_RNG_SEED=<seed>` runs the same lives again.

mod actions;
mod desk;
mod devices;
mod guesses;
mod invariants;
mod scenes;
mod shown;

use std::collections::{BTreeMap, HashMap};
use std::env;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use countersign_events::account::{
    AccountEvent, Lane, LockRule, LockedOut, Method, PasswordSetWhy,
};
use countersign_events::actor::By;
use countersign_events::id::{HandleHash, Revision};
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use self::actions::Action;
use self::invariants::Witness;
use self::scenes::{is_long, steps};
use super::harness::{email_commitment, event_id, operator as named, start};
use crate::domain::command::{AtDevice, Context};
use crate::domain::decide::guess_at;
use crate::domain::limits::{Refused, RefusedAttempts};
use crate::domain::policy::Policy;
use crate::domain::refusal::Refusal;
use crate::domain::{Account, StampedEvent, decide, evolve};

const HISTORIES: u32 = 20_000;
const COMMANDS_MAX: usize = 150;
/// An odd number that spreads consecutive ones over all bits.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// An account as its actor keeps it, and the callers around it.
#[derive(Debug)]
pub(super) struct Life {
    account: Account,
    policy: Policy,
    /// The machine's clock, which may go back.
    clock: Timestamp,
    refused: Refused,
    log: Vec<StampedEvent>,
    /// Handles given out so far, dead ones too.
    sign_ins: Vec<HandleHash>,
    sessions: Vec<HandleHash>,
    devices: Vec<HandleHash>,
    minted: u64,
    witness: Witness,
}

impl Life {
    fn new() -> Self {
        Self {
            account: Account::default(),
            policy: Policy::default(),
            clock: start(),
            refused: Refused::new(),
            log: vec![],
            sign_ins: vec![],
            sessions: vec![],
            devices: vec![],
            minted: 0,
            witness: Witness::default(),
        }
    }

    /// A number that was never used before.
    fn mint(&mut self) -> u64 {
        self.minted += 1;
        self.minted
    }

    fn mint_handle(&mut self) -> HandleHash {
        HandleHash::new(u128::from(self.mint()).to_be_bytes())
    }

    /// Who calls: a program, a browser that holds nothing, or one with what was given out lately,
    /// dead or alive.
    fn device(&mut self) -> Option<AtDevice> {
        let next = self.mint_handle();
        let which = self.minted.wrapping_mul(SPREAD) >> 61;
        let back = usize::try_from(which).unwrap().checked_sub(2);
        let holds = back.and_then(|back| self.devices.iter().rev().nth(back / 2).copied());
        (which > 0).then_some(AtDevice { holds, next: Some(next) })
    }

    /// Time as decisions see it: never earlier than the last event.
    fn now(&self) -> Timestamp {
        self.account.last.map_or(self.clock, |(_, last)| last.max(self.clock))
    }

    /// One command, as the actor does it: decide, append, evolve.
    fn live(&mut self, passes: SignedDuration, action: &Action) {
        self.clock = self.clock.saturating_add(passes).unwrap();
        if matches!(action, Action::Crash) {
            return self.crashes();
        }
        let (command, device) = (action.command(self), self.device());
        let now = self.now();
        let context = Context { now, policy: &self.policy, refused: &self.refused, device };
        match decide(&self.account, &command, &context) {
            Ok(events) => {
                let holds = device.and_then(|device| device.holds);
                self.witness.before(&self.account, (now, holds), &events);
                let by = action.operator();
                events.into_iter().for_each(|event| self.append(event, now, by));
            }
            Err(refusal) => self.refuse(&refusal, action, (now, device)),
        }
        self.witness.after(&self.account, now);
    }

    /// I7: the actor dies and another loads the account. What stands in the log is all there is,
    /// and nothing is forgotten that counts; only sums of refused attempts are lost.
    fn crashes(&mut self) {
        self.replays();
        self.account = self.log.iter().fold(Account::default(), evolve);
        self.refused.clear();
    }

    fn append(&mut self, event: AccountEvent, at: Timestamp, operator: Option<u128>) {
        if let AccountEvent::AttemptsRefused(told) = &event {
            self.refused.remove(&(told.method, told.lane));
        }
        self.remember_handles(&event);
        let revision = Revision::new(u64::try_from(self.log.len()).unwrap());
        let (id, pii) = (event_id(revision.get()), Some(email_commitment()));
        let idempotency = None;
        let by = operator.map_or(By::Holder, |number| By::Operator { id: named(number) });
        self.witness.desk.event((id, at, operator.unwrap_or(0)), &event);
        let stamped = StampedEvent { revision, id, at, by, idempotency, pii, event };
        self.account = evolve(std::mem::take(&mut self.account), &stamped);
        self.log.push(stamped);
    }

    /// What a caller was given it keeps, also when it is dead.
    fn remember_handles(&mut self, event: &AccountEvent) {
        let (sign_in, session) = match event {
            AccountEvent::PasswordVerified(verified) => (&verified.sign_in, &verified.session),
            AccountEvent::FirstFactorVouched(vouched) => (&vouched.sign_in, &vouched.session),
            AccountEvent::CodeVerified(verified) => (&verified.next, &verified.session),
            AccountEvent::PasswordSet(set) => (&set.next, &set.session),
            _ => (&None, &None),
        };
        self.sign_ins.extend(sign_in.as_ref().map(|opened| opened.sign_in));
        self.sessions.extend(session.as_ref().map(|opened| opened.session));
        let device = session.as_ref().and_then(|opened| opened.device.as_ref());
        self.devices.extend(device.map(|remembered| remembered.device));
        if let AccountEvent::PasswordUnlocked(unlocked) = event {
            self.devices.extend(unlocked.browser.map(|browser| browser.device));
        }
    }

    fn refuse(
        &mut self,
        refusal: &Refusal,
        action: &Action,
        (now, device): (Timestamp, Option<AtDevice>),
    ) {
        self.witness.refused(action, refusal, now);
        let Some(method) = action.method() else { return };
        let guess = guess_at(&self.account, method, None, device, now);
        if let Err(lock) = self.account.limits.admit(&self.policy.limits, method, &guess) {
            let earlier = self.refused.remove(&(method, lock.lane));
            let count = RefusedAttempts::count(earlier, now, lock.rule);
            self.refused.insert((method, lock.lane), count);
        }
    }

    /// I5: what stands in the log folds to the state that was kept along.
    fn replays(&self) {
        let read = self.log.iter().map(|stamped| {
            let (event, data) = (&stamped.event, stamped.event.to_json().unwrap());
            let event = AccountEvent::decode(event.event_type(), event.version(), &data).unwrap();
            StampedEvent { event, ..stamped.clone() }
        });
        let replayed = read.fold(Account::default(), |account, event| evolve(account, &event));
        assert_eq!(replayed, self.account, "a replay gives the live state");
        let json = serde_json::to_string(&self.account).unwrap();
        let restored: Account = serde_json::from_str(&json).unwrap();
        assert_eq!(restored, self.account, "a snapshot gives the live state");
    }
}

fn seed() -> u64 {
    let given = env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| RandomState::new().build_hasher().finish())
}

/// Histories of a year and more there must be, and how many in which a cap was reached.
const LONG_MIN: usize = 1_000;
const CAPPED_MIN: usize = 1_000;
const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

/// What all the histories together have seen: were there nothing, they would prove nothing.
#[derive(Debug, Default)]
struct Seen {
    events: BTreeMap<&'static str, usize>,
    locks: HashMap<(Method, Lane, LockRule), usize>,
    opened_by_mail: usize,
    long: usize,
    capped: usize,
}

impl Seen {
    fn count(&mut self, life: &Life) {
        let mut capped = false;
        for stamped in &life.log {
            *self.events.entry(stamped.event.event_type()).or_default() += 1;
            match &stamped.event {
                AccountEvent::LockedOut(LockedOut { method, lane, rule, .. }) => {
                    *self.locks.entry((*method, *lane, *rule)).or_default() += 1;
                    capped = true;
                }
                AccountEvent::PasswordSet(set) if set.why == PasswordSetWhy::Reset => {
                    self.opened_by_mail += usize::from(set.forgives_codes);
                }
                _ => {}
            }
        }
        let last = life.account.last.map_or(start(), |(_, last)| last);
        self.long += usize::from(last.duration_since(start()) >= YEAR);
        self.capped += usize::from(capped);
    }

    fn is_enough(&self) {
        for row in AccountEvent::CATALOGUE {
            let enough = usize::from(row.event_type != "account.registration_abandoned");
            let count = self.events.get(row.event_type).copied().unwrap_or(0);
            println!("{count:>6} {}", row.event_type);
            assert!(count >= enough, "{} happened {count} times", row.event_type);
        }
        println!("{} of a year, {} capped, {:?}", self.long, self.capped, self.locks);
        println!("{} lanes opened by mail", self.opened_by_mail);
        assert!(self.long >= LONG_MIN && self.capped >= CAPPED_MIN && self.opened_by_mail > 100);
        let (totp, recovery) = (Method::Totp, Method::RecoveryCode);
        for lock in [
            (totp, Lane::Unknown, LockRule::LaneCap),
            (totp, Lane::Known, LockRule::LaneCap),
            (Method::EmailCode, Lane::Unknown, LockRule::LaneCap),
            (recovery, Lane::Unknown, LockRule::HardCap),
        ] {
            assert!(self.locks.get(&lock).is_some_and(|count| *count > 10), "{lock:?}");
        }
        let hard = |rule: &(Method, Lane, LockRule)| (rule.0, rule.2) == (totp, LockRule::HardCap);
        assert!(self.locks.keys().any(hard), "an authenticator that must be bound anew");
    }
}

/// The invariants of the guess limits, SR-085: I1 no more unresolved guesses in a window than the
/// caps, and none forgiven but by what may forgive it; I2, I3 each step accepted once, and later
/// than the last; I4 no session without its proofs; I5 a replay gives the live state; I6 no refused
/// attempt moves an end; I7 a crash makes nothing easier.
#[test]
fn every_invariant_holds_in_twenty_thousand_random_histories() {
    let seed = seed();
    println!("PROPTEST_RNG_SEED={seed}");
    let mut runner = TestRunner::new(Config {
        cases: HISTORIES,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    });
    let seen = std::cell::RefCell::new(Seen::default());
    let outcome = runner.run(&(vec(steps(), 1..COMMANDS_MAX), is_long()), |(steps, is_long)| {
        let mut life = Life::new();
        actions::prelude().iter().for_each(|action| life.live(SignedDuration::ZERO, action));
        // A year and a month, however few things happen in it.
        let months = i32::try_from(steps.len()).unwrap();
        let between = if is_long { YEAR * 13 / 12 / months } else { SignedDuration::ZERO };
        for step in &steps {
            for (passes, action) in step {
                life.live(*passes, action);
            }
            life.clock = life.clock.saturating_add(between).unwrap();
        }
        life.live(SignedDuration::ZERO, &Action::View);
        life.replays();
        seen.borrow_mut().count(&life);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("PROPTEST_RNG_SEED={seed}\n{error}"));
    seen.borrow().is_enough();
}
