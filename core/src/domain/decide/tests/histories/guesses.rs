//! What may be guessed, told from the events alone (I1, I6 of the guess limits): the books know the
//! numbers of the policy by heart and believe nothing that the state says.

use std::collections::{BTreeMap, BTreeSet};

use countersign_events::account::{
    AccountEvent, CodeRejected, CodeVerified, Counted, Lane, LockRule, LockedOut, Method,
    PasswordSet, PasswordSetWhy, Purpose, RejectedWhy, ResetScope, SessionOpened,
};
use countersign_events::id::HandleHash;
use jiff::{SignedDuration, Timestamp};

use super::devices::Known;
use crate::domain::Account;
use crate::domain::limits::Rule;

const METHODS: [Method; 4] =
    [Method::Password, Method::Totp, Method::EmailCode, Method::RecoveryCode];
/// Wrong second steps from unknown devices that demand a new password.
const DEMANDS_PASSWORD: u32 = 10;

/// What is allowed of a method: from unknown devices, at one known device, at all of these, in all,
/// and in how many days.
struct Allowed {
    unknown: u32,
    per_device: u32,
    known: u32,
    all: u32,
    days: i64,
}

const fn allowed(method: Method) -> Allowed {
    let (unknown, per_device, known, all, days) = match method {
        Method::Password => (100, 10, u32::MAX, u32::MAX, 30),
        Method::Totp => (16, 5, 10, 26, 365),
        Method::EmailCode => (20, 0, 0, u32::MAX, 365),
        Method::RecoveryCode => (50, 0, 0, 50, 365),
    };
    Allowed { unknown, per_device, known, all, days }
}

/// The wait after the n-th wrong guess from an unknown device, in seconds.
const fn wait(method: Method, count: u32) -> Option<i64> {
    match (method, count) {
        (Method::Password, 0..5) => None,
        (Method::Password, 5..12) => Some(30 << (count - 5)),
        (Method::Password, _) => Some(3_600),
        (Method::Totp | Method::EmailCode, 5) => Some(15 * 60),
        (Method::Totp | Method::EmailCode, 10) | (Method::RecoveryCode, 10) => Some(3_600),
        (Method::Totp, 13) | (Method::EmailCode, 15) => Some(12 * 3_600),
        (Method::RecoveryCode, 20) => Some(24 * 3_600),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy)]
struct Failure {
    at: Timestamp,
    within: Option<HandleHash>,
    device: Option<HandleHash>,
    lane: Lane,
}

/// When something happened, and where: which devices are known, and what the caller holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) now: Timestamp,
    pub(super) devices: &'a Known,
    pub(super) holds: Option<HandleHash>,
}

/// The books.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    unresolved: BTreeMap<Method, Vec<Failure>>,
    /// The end of each wait.
    until: BTreeMap<Method, Timestamp>,
    /// What must be bound anew.
    disabled: BTreeSet<Method>,
    /// When a password by mail last opened the lane of unknown devices.
    opened_by_mail: Option<Timestamp>,
}

impl Guesses {
    fn counting(&self, method: Method, now: Timestamp) -> impl Iterator<Item = &Failure> + Clone {
        let window = SignedDuration::from_hours(24 * allowed(method).days);
        let all = self.unresolved.get(&method).into_iter().flatten();
        all.filter(move |failure| now.duration_since(failure.at) < window)
    }

    fn count(&self, method: Method, lane: Lane, now: Timestamp) -> u32 {
        let of_lane = self.counting(method, now).filter(|failure| failure.lane == lane);
        u32::try_from(of_lane.count()).unwrap()
    }

    fn lane(&self, method: Method, device: Option<HandleHash>, now: Timestamp) -> Lane {
        let known = self.counting(method, now).filter(|failure| failure.lane == Lane::Known);
        let at_it = known.clone().filter(|failure| failure.device == device).count();
        let has_room = u32::try_from(at_it).unwrap() < allowed(method).per_device
            && u32::try_from(known.count()).unwrap() < allowed(method).known;
        if device.is_some() && has_room { Lane::Known } else { Lane::Unknown }
    }

    /// A guess of a lane was evaluated.
    fn evaluated(&self, method: Method, lane: Lane, now: Timestamp) {
        assert!(!self.disabled.contains(&method), "{method:?} must be bound anew");
        if lane == Lane::Known {
            return;
        }
        let waits = self.until.get(&method).is_some_and(|until| now < *until);
        assert!(!waits, "{method:?} was evaluated while it had to wait");
        let unresolved = self.count(method, lane, now);
        assert!(unresolved < allowed(method).unknown, "{method:?}: {unresolved} before it");
    }

    fn rejected(
        &mut self,
        method: Method,
        within: Option<HandleHash>,
        counted: Counted,
        at @ At { now, .. }: At<'_>,
    ) {
        let Counted { lane, device, .. } = counted;
        assert_eq!((lane, device), self.expected(method, within, at), "the lane of a guess");
        self.evaluated(method, lane, now);
        let failure = Failure { at: now, within, device, lane };
        self.unresolved.entry(method).or_default().push(failure);
        // I1.
        let Allowed { unknown, known, all, .. } = allowed(method);
        let (elsewhere, at_known) =
            (self.count(method, Lane::Unknown, now), self.count(method, Lane::Known, now));
        assert!(elsewhere <= unknown && at_known <= known);
        assert!(elsewhere.saturating_add(at_known) <= all, "in all");
    }

    /// The lane that a guess comes by, and the device that it is tied to: none in the lane of all.
    fn expected(
        &self,
        method: Method,
        within: Option<HandleHash>,
        at: At<'_>,
    ) -> (Lane, Option<HandleHash>) {
        let device = at.devices.named(within).or(at.holds);
        let device = device.filter(|device| at.devices.was(method, *device));
        let lane = self.lane(method, device, at.now);
        (lane, device.filter(|_| lane == Lane::Known))
    }

    fn code_rejected(&mut self, rejected: &CodeRejected, at: At<'_>) {
        if rejected.purpose == Purpose::Enable {
            return;
        }
        // What was accepted before, and a code by e-mail where none was sent, is no guess.
        let of_no_mail = rejected.method == Method::EmailCode;
        if rejected.why == RejectedWhy::Reused
            || (of_no_mail && rejected.why == RejectedWhy::NoneIssued)
        {
            self.evaluated(rejected.method, rejected.counted.lane, at.now);
            return;
        }
        let within = rejected.sign_in.or(rejected.in_session);
        self.rejected(rejected.method, within, rejected.counted, at);
    }

    /// A right one: by the lane that it had to come by.
    fn accepted(
        &mut self,
        method: Method,
        (within, device): (Option<HandleHash>, Option<HandleHash>),
        at: At<'_>,
    ) {
        let (lane, expected) = self.expected(method, within, at);
        assert_eq!(device, expected, "the lane of a right guess");
        self.evaluated(method, lane, at.now);
    }

    /// A right one forgives what was wrong in the same sign-in or session.
    fn forgive_within(&mut self, methods: &[Method], within: Option<HandleHash>) {
        for method in methods {
            let failures = self.unresolved.entry(*method).or_default();
            failures.retain(|failure| within.is_none() || failure.within != within);
        }
    }

    fn code_verified(&mut self, verified: &CodeVerified, at: At<'_>) {
        if verified.purpose != Purpose::Enable {
            let within = verified.sign_in.or(verified.in_session);
            self.accepted(verified.method, (within, verified.device), at);
        }
        if matches!(verified.purpose, Purpose::SignIn | Purpose::StepUp) {
            let proves = verified.method != Method::EmailCode;
            let forgives = if proves { &METHODS[1..] } else { &[Method::EmailCode] };
            self.forgive_within(forgives, verified.sign_in.or(verified.in_session));
        }
        self.remembered(verified.session.as_ref());
    }

    /// I1: nothing but a new handle of the same device forgives what was wrong by its lane.
    fn remembered(&mut self, opened: Option<&SessionOpened>) {
        let Some(remembered) = opened.and_then(|opened| opened.device.as_ref()) else { return };
        let replaced = remembered.replaces.filter(|replaced| *replaced != remembered.device);
        let Some(replaced) = replaced else { return };
        for failures in self.unresolved.values_mut() {
            failures.retain(|failure| failure.device != Some(replaced));
        }
    }

    fn password_set(&mut self, set: &PasswordSet, now: Timestamp) {
        if set.why == PasswordSetWhy::Reset {
            let steps = || METHODS[1..].iter().map(|method| (method, allowed(*method).unknown));
            let counts = || steps().map(|(of, cap)| (self.count(*of, Lane::Unknown, now), cap));
            let guessed = counts().map(|(count, _)| count).sum::<u32>() >= DEMANDS_PASSWORD;
            let closed = counts().any(|(count, cap)| count >= cap);
            let year = SignedDuration::from_hours(24 * 365);
            let lately = self.opened_by_mail.is_some_and(|at| now.duration_since(at) < year);
            assert_eq!(set.forgives_codes, !lately && (guessed || closed), "the lane, by mail");
            if set.forgives_codes {
                self.opened_by_mail = Some(now);
            }
        }
        if set.why != PasswordSetWhy::Rehashed {
            self.anew(Method::Password);
        }
        if set.forgives_codes {
            for method in &METHODS[1..] {
                self.until.remove(method);
                let failures = self.unresolved.entry(*method).or_default();
                failures.retain(|failure| failure.lane == Lane::Known);
            }
        }
        self.remembered(set.session.as_ref());
    }

    fn anew(&mut self, method: Method) {
        self.unresolved.remove(&method);
        self.until.remove(&method);
        self.disabled.remove(&method);
    }

    /// What an event means to guesses; `is_first` where no authenticator is in use.
    pub(super) fn event(&mut self, is_first: bool, at: At<'_>, event: &AccountEvent) {
        let now = at.now;
        match event {
            AccountEvent::PasswordRejected(rejected) => {
                self.rejected(Method::Password, rejected.in_session, rejected.counted, at);
            }
            AccountEvent::PasswordVerified(verified) => {
                let opened = verified.session.as_ref();
                let token = opened.map(|opened| opened.session);
                let replaced = opened.and_then(|opened| opened.replaces);
                self.accepted(Method::Password, (replaced, verified.device), at);
                self.forgive_within(&[Method::Password], replaced.filter(|it| Some(*it) != token));
                self.remembered(opened);
            }
            AccountEvent::FirstFactorVouched(vouched) => self.remembered(vouched.session.as_ref()),
            AccountEvent::CodeRejected(rejected) => self.code_rejected(rejected, at),
            AccountEvent::CodeVerified(verified) => self.code_verified(verified, at),
            AccountEvent::CooledDown(cooled) => {
                let count = self.count(cooled.method, Lane::Unknown, now);
                assert_eq!((cooled.lane, cooled.unresolved), (Lane::Unknown, count));
                let wait = wait(cooled.method, count).expect("a step of the ladder");
                assert_eq!(cooled.until, now + SignedDuration::from_secs(wait));
                assert_eq!(cooled.ends_sign_ins, cooled.method != Method::Password);
                self.until.insert(cooled.method, cooled.until);
            }
            AccountEvent::LockedOut(locked) => self.locked_out(locked, now),
            AccountEvent::LockoutReset(reset) => {
                let methods =
                    METHODS.into_iter().filter(|it| reset.method.is_none_or(|of| of == *it));
                for method in methods {
                    self.until.remove(&method);
                    if reset.scope == ResetScope::Counters || method == Method::Password {
                        self.unresolved.remove(&method);
                    }
                }
            }
            AccountEvent::PasswordUnlocked(_) => {
                self.until.remove(&Method::Password);
                let failures = self.unresolved.entry(Method::Password).or_default();
                failures.retain(|failure| failure.lane == Lane::Known);
            }
            AccountEvent::PasswordSet(set) => self.password_set(set, now),
            AccountEvent::Enabled(_) if is_first => self.anew(Method::Totp),
            AccountEvent::RecoveryCodesIssued(_) => self.anew(Method::RecoveryCode),
            _ => {}
        }
    }

    /// Whether what is guessed must be bound anew.
    pub(super) fn is_worthless(&self, method: Method) -> bool {
        self.disabled.contains(&method)
    }

    fn locked_out(&mut self, locked: &LockedOut, now: Timestamp) {
        let Allowed { unknown, known, all, .. } = allowed(locked.method);
        let (elsewhere, at_known) = (
            self.count(locked.method, Lane::Unknown, now),
            self.count(locked.method, Lane::Known, now),
        );
        match (locked.rule, locked.lane) {
            (LockRule::HardCap, _) => {
                assert_eq!(elsewhere + at_known, all, "the hard cap");
                assert_eq!(locked.until, None, "no time ends it");
                self.disabled.insert(locked.method);
            }
            (LockRule::LaneCap, Lane::Unknown) => assert_eq!(elsewhere, unknown),
            (LockRule::LaneCap, Lane::Known) => assert_eq!(at_known, known),
        }
    }

    /// I6: a guess that was refused unevaluated is told to wait exactly until a wait ends, or until
    /// the oldest of a closed lane is as old as the window.
    pub(super) fn refused(&self, method: Method, retry_at: Timestamp, now: Timestamp) {
        let wait = self.until.get(&method).copied().filter(|until| now < *until);
        let window = SignedDuration::from_hours(24 * allowed(method).days);
        let mut unknown = self.counting(method, now).filter(|it| it.lane == Lane::Unknown);
        let beyond = self.count(method, Lane::Unknown, now).checked_sub(allowed(method).unknown);
        let room = beyond.and_then(|beyond| unknown.nth(usize::try_from(beyond).unwrap()));
        let expected = wait.or(room.map(|oldest| oldest.at + window));
        assert_eq!(Some(retry_at), expected, "the end of a lock does not move");
    }

    /// The state says of counters, waits and locks what the books say.
    pub(super) fn agree(&self, account: &Account, now: Timestamp) {
        let limits = crate::domain::limits::Limits::standard();
        let locks = account.limits.locks(&limits, now);
        for method in METHODS {
            for lane in [Lane::Unknown, Lane::Known] {
                let counted = account.limits.of(method).unresolved(method, lane, now);
                assert_eq!(counted, self.count(method, lane, now), "{method:?} {lane:?}");
            }
            let disabled = locks.iter().any(|it| it.method == method && it.rule == Rule::HardCap);
            assert_eq!(disabled, self.disabled.contains(&method), "{method:?}");
            let shut = locks.iter().find(|it| it.method == method && it.lane == Lane::Unknown);
            if let Some(shut) = shut.filter(|it| it.rule == Rule::Wait) {
                assert_eq!(shut.until, self.until.get(&method).copied(), "{method:?}");
            } else if shut.is_none() {
                assert!(self.until.get(&method).is_none_or(|until| *until <= now), "{method:?}");
            }
        }
    }
}
