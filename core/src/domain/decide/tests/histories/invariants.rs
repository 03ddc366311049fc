//! What must hold, told from the events alone: the witness keeps its own books and believes
//! nothing that the state says.

use std::collections::{BTreeMap, BTreeSet};

use countersign_events::account::{
    AccountEvent, Assurance, CodeRejected, CodeVerified, EmailCodes, Method, Need, PasswordSet,
    PasswordSetWhy, Purpose, RejectedWhy, SessionEndedWhy, SessionOpened, SignInOpened,
};
use countersign_events::id::{EventId, FactorId, HandleHash};
use jiff::{SignedDuration, Timestamp};

use super::actions::Action;
use super::desk::Books;
use super::devices::Known;
use super::guesses::{At, Guesses};
use crate::domain::Account;
use crate::domain::account::Session;
use crate::domain::refusal::Refusal;

const GUESSES_PER_SIGN_IN: u32 = 5;
const CHANGES_MAX: usize = 3;
/// What lies between two guesses of one sign-in or session.
const APART: SignedDuration = SignedDuration::from_secs(1);

/// Books kept from the events.
#[derive(Debug, Default)]
pub(super) struct Witness {
    /// The last step accepted, by authenticator.
    steps: BTreeMap<FactorId, u64>,
    /// Where each authenticator's clock was found, and its last offset: at most one from that.
    clocks: BTreeMap<FactorId, (i32, i32)>,
    /// The authenticator that last proved the second factor of each session.
    proven_by: BTreeMap<HandleHash, Option<FactorId>>,
    /// Sign-ins that wait, with the guesses evaluated in each and when each dies.
    waiting: BTreeMap<HandleHash, (u32, Timestamp)>,
    /// Sign-ins that began at a known device.
    at_known_device: BTreeSet<HandleHash>,
    /// Authenticators in use.
    factors: BTreeSet<FactorId>,
    /// How sure each session is: as it began, until the second factor is switched off.
    sessions: BTreeMap<HandleHash, Assurance>,
    /// Recovery codes used of the present set.
    recovery: BTreeSet<u32>,
    /// Requests whose code by e-mail was accepted.
    emails: BTreeSet<EventId>,
    /// What may be guessed.
    guesses: Guesses,
    /// Sign-ins that wait for something else, and the code that was accepted before.
    more: BTreeMap<HandleHash, (Need, Option<Method>)>,
    /// Whether a new password is demanded.
    demanded: bool,
    /// From when a code by e-mail completes a sign-in again; never, without a proof.
    email_from: Option<Timestamp>,
    /// From when a replacement may be completed.
    replacement: Option<Timestamp>,
    /// Whether authenticators are just being replaced: lost ones, or worthless ones.
    replacing: bool,
    rebinding: bool,
    /// Whether support's removal is just being done.
    removing: bool,
    /// Until when address, authenticators and recovery codes stay as they are.
    held: Option<Timestamp>,
    /// Until when each change of the address can be undone.
    changes: Vec<Timestamp>,
    /// The devices that may be known.
    devices: Known,
    /// When a code was last refused in each sign-in and session.
    guessed_at: BTreeMap<HandleHash, Timestamp>,
    /// Until when the last link to a new password works.
    link: Option<Timestamp>,
    /// The time of the last event.
    last: Option<Timestamp>,
    /// What support does.
    pub(super) desk: Books,
}

impl Witness {
    /// Before events are folded: each in its order.
    pub(super) fn before(
        &mut self,
        account: &Account,
        (now, holds): (Timestamp, Option<HandleHash>),
        events: &[AccountEvent],
    ) {
        assert!(events.is_empty() || self.last.is_none_or(|last| last <= now), "time runs back");
        for event in events {
            self.last = Some(now);
            self.devices.event(now, event);
            let is_first = self.factors.is_empty();
            let at = At { now, devices: &self.devices, holds };
            self.guesses.event(is_first, at, event);
            self.event(account, now, event);
        }
    }

    /// After a command: the state says of guesses and devices what the books say.
    pub(super) fn after(&mut self, account: &Account, now: Timestamp) {
        self.desk.agree(account);
        self.guesses.agree(account, now);
        let Some(open) = account.open() else { return };
        self.devices.covers(open);
        assert!(open.sign_ins.len() <= 10);
        assert!(open.sessions.values().filter(|session| now < session.expires_at).count() <= 10);
        let two_factor = |session: &&Session| session.assurance == Assurance::TwoFactor;
        if let Some(session) = open.sessions.values().find(two_factor) {
            assert!(!open.factors.is_empty(), "two factors without a second: {session:?}");
        }
        for (id, factor) in &open.factors {
            assert_eq!(self.steps.get(id), Some(&factor.last_step), "the last accepted step");
        }
    }

    /// A guess that was not evaluated: told to wait exactly until the cool-down ends, or until a
    /// second after the guess before it. A change of the address waits first for room among the
    /// changes that can be undone.
    pub(super) fn refused(
        &self,
        action: &Action,
        within: Option<HandleHash>,
        refusal: &Refusal,
        now: Timestamp,
    ) {
        let (Some(method), Refusal::TooManyRequests { retry_at }) = (action.method(), refusal)
        else {
            return;
        };
        let changes = self.changes.iter().filter(|until| now < **until);
        if matches!(action, Action::ChangeEmail(..)) && changes.clone().count() >= CHANGES_MAX {
            assert_eq!(Some(retry_at), changes.min(), "the oldest change's end");
            return;
        }
        let second = within.filter(|_| method != Method::Password);
        let last = second.and_then(|within| self.guessed_at.get(&within));
        if last.is_some_and(|last| now < *last + APART && *retry_at == *last + APART) {
            return;
        }
        self.guesses.refused(method, *retry_at, now);
    }

    /// A guess that was evaluated: none so soon after another in the same place.
    fn evaluated(&mut self, purpose: Purpose, within: Option<HandleHash>, now: Timestamp) {
        let last = within.and_then(|within| self.guessed_at.get(&within));
        let last = last.filter(|_| purpose != Purpose::Enable);
        assert!(last.is_none_or(|last| *last + APART <= now), "too soon after another");
    }

    /// A session goes on under another token.
    fn goes_on(&mut self, opened: Option<&SessionOpened>) {
        let Some(opened) = opened else { return };
        if let Some(at) = opened.replaces.and_then(|replaced| self.guessed_at.remove(&replaced)) {
            self.guessed_at.insert(opened.session, at);
        }
    }

    fn event(&mut self, account: &Account, now: Timestamp, event: &AccountEvent) {
        match event {
            AccountEvent::PasswordVerified(verified) => {
                self.goes_on(verified.session.as_ref());
                self.waits(verified.sign_in.as_ref(), None);
                if verified.purpose == Purpose::SignIn && verified.session.is_some() {
                    assert!(!self.demanded, "a session before the new password");
                }
                self.first_factor(verified.purpose, verified.session.as_ref());
            }
            AccountEvent::FirstFactorVouched(vouched) => {
                self.waits(vouched.sign_in.as_ref(), None);
                self.first_factor(Purpose::SignIn, vouched.session.as_ref());
            }
            AccountEvent::CodeVerified(verified) => self.verified(account, now, verified),
            AccountEvent::CodeRejected(rejected) => self.rejected(now, rejected),
            AccountEvent::CooledDown(cooled) if cooled.ends_sign_ins => self.end_unknown(),
            AccountEvent::LockedOut(locked) if locked.ends_sign_ins => self.end_unknown(),
            AccountEvent::RecoveryCodesIssued(_) => self.recovery.clear(),
            AccountEvent::PasswordSet(set) => self.password_set(now, set),
            AccountEvent::RecoveryCodeUsed(used) => {
                assert!(self.recovery.insert(used.index), "a recovery code is accepted once");
            }
            AccountEvent::Enabled(enabled) => {
                assert!(self.steps.contains_key(&enabled.factor), "enabled by a code");
                self.factors.insert(enabled.factor);
                self.rebinding = false;
                self.replacement = None;
                self.waiting.clear();
                self.more.clear();
            }
            AccountEvent::FactorRemoved(removed) => {
                assert!(self.factors.remove(&removed.factor));
                let makes_way = self.replacing || self.rebinding || self.removing;
                assert!(makes_way || !self.is_held(now), "an authenticator was held");
                self.replacement = None;
                self.waiting.clear();
                self.more.clear();
            }
            AccountEvent::Disabled(_) => {
                assert!(self.factors.is_empty(), "it was the last authenticator");
                for assurance in self.sessions.values_mut() {
                    if *assurance == Assurance::TwoFactor {
                        *assurance = Assurance::Password;
                    }
                }
            }
            AccountEvent::SessionsEnded(ended) => {
                for session in &ended.sessions {
                    assert!(self.sessions.remove(session).is_some(), "it was open");
                }
                if ended.why == SessionEndedWhy::Support {
                    self.end_all();
                }
            }
            AccountEvent::Suspended(_) => self.end_all(),
            AccountEvent::FactorRemovalCompleted(_) => self.removing = true,
            other => self.recovering(now, other),
        }
    }

    fn recovering(&mut self, now: Timestamp, event: &AccountEvent) {
        match event {
            AccountEvent::PasswordChangeDemanded(_) => self.demanded = true,
            AccountEvent::HoldPlaced(hold) => {
                (self.replacing, self.removing) = (false, false);
                self.held = Some(self.held.map_or(hold.until, |held| held.max(hold.until)));
                self.email_from = match hold.email_codes {
                    EmailCodes::Offered => None,
                    EmailCodes::WithheldUntil(until) => Some(until),
                    EmailCodes::WithheldUntilProof => Some(Timestamp::MAX),
                };
            }
            AccountEvent::EmailChanged(changed) => {
                assert!(!self.is_held(now), "the address was held");
                self.link = None;
                self.changes.retain(|until| now < *until);
                self.changes.push(changed.undo_until);
                assert!(self.changes.len() <= CHANGES_MAX, "each can be undone");
            }
            // Whoever undoes a change here undoes the oldest, and with it all.
            AccountEvent::EmailChangeUndone(_) => {
                self.link = None;
                self.changes.clear();
            }
            AccountEvent::ReplacementRequested(requested) => {
                assert!(now + SignedDuration::from_hours(24) <= requested.due_at);
                assert!(!self.factors.is_empty());
                self.replacement = Some(requested.due_at);
            }
            AccountEvent::ReplacementObjected(_) => self.replacement = None,
            AccountEvent::ReplacementCompleted(_) => {
                let due = self.replacement.take().expect("it was asked for");
                assert!(due <= now, "it was due");
                self.replacing = true;
            }
            AccountEvent::PasswordResetRequested(requested) => {
                self.link = requested.link_until.or(self.link);
            }
            AccountEvent::PasswordResetRenewed(renewed) => {
                let was_sent = renewed.link_until.is_none() || self.link.is_some();
                assert!(was_sent, "a link that was sent");
                self.link = renewed.link_until.or(self.link);
            }
            AccountEvent::Repudiated(_) => {
                self.link = None;
                self.waiting.clear();
                self.more.clear();
            }
            _ => {}
        }
    }

    fn end_all(&mut self) {
        self.sessions.clear();
        self.waiting.clear();
        self.more.clear();
    }

    fn is_held(&self, now: Timestamp) -> bool {
        self.held.is_some_and(|held| now < held)
    }

    fn waits(&mut self, opened: Option<&SignInOpened>, proven: Option<Method>) {
        let Some(opened) = opened else { return };
        if opened.device.is_some() {
            self.at_known_device.insert(opened.sign_in);
        }
        if opened.needs == Need::SecondFactor {
            self.waiting.insert(opened.sign_in, (0, opened.expires_at));
        } else {
            self.more.insert(opened.sign_in, (opened.needs, proven));
        }
    }

    /// A new password opens a session only in a sign-in that asked for one, and then of what that
    /// sign-in has proven.
    fn password_set(&mut self, now: Timestamp, set: &PasswordSet) {
        if matches!(set.why, PasswordSetWhy::Initial | PasswordSetWhy::Rehashed) {
            assert!(set.session.is_none() && set.next.is_none());
            return;
        }
        let link = self.link.take();
        let works = link.is_some_and(|until| now < until);
        assert!(works || set.why != PasswordSetWhy::Reset, "by a link that works: {link:?}");
        let asked = set.sign_in.map(|sign_in| self.more.remove(&sign_in).expect("it asked"));
        self.waiting.clear();
        self.more.clear();
        // A mailbox that was objected to does not get past the demand that followed.
        let distrusted = self.email_from == Some(Timestamp::MAX) && !self.factors.is_empty();
        self.demanded &= set.why == PasswordSetWhy::Reset && distrusted;
        self.replacement = None;
        let Some(opened) = &set.session else { return };
        let (needs, proven) = asked.expect("a sign-in");
        assert_eq!(needs, Need::NewPassword);
        let expected = match proven {
            None => Assurance::Password,
            Some(Method::EmailCode) => Assurance::EmailCode,
            Some(_) => Assurance::TwoFactor,
        };
        assert_eq!(opened.assurance, expected);
        assert!(proven.is_some() || self.factors.is_empty(), "without its second factor");
        self.sessions.insert(opened.session, opened.assurance);
    }

    /// SR-060: who guessed too often from elsewhere goes on nowhere.
    fn end_unknown(&mut self) {
        let known = &self.at_known_device;
        self.waiting.retain(|sign_in, _| known.contains(sign_in));
        self.more.retain(|sign_in, _| known.contains(sign_in));
    }

    /// A password alone opens a session only without a second factor, and makes none more sure.
    fn first_factor(&mut self, purpose: Purpose, opened: Option<&SessionOpened>) {
        let Some(opened) = opened else { return };
        match (purpose, opened.replaces) {
            (Purpose::SignIn, None) => {
                assert!(self.factors.is_empty(), "a session without its second factor");
                assert_eq!(opened.assurance, Assurance::Password);
            }
            (Purpose::StepUp, Some(earlier)) => {
                assert_eq!(self.sessions.remove(&earlier), Some(opened.assurance));
                if let Some(by) = self.proven_by.get(&earlier).copied() {
                    self.proven_by.insert(opened.session, by);
                }
            }
            other => panic!("a password opened a session: {other:?}"),
        }
        self.sessions.insert(opened.session, opened.assurance);
    }

    fn verified(&mut self, account: &Account, now: Timestamp, verified: &CodeVerified) {
        self.evaluated(verified.purpose, verified.sign_in.or(verified.in_session), now);
        self.goes_on(verified.session.as_ref());
        match verified.method {
            Method::Totp => {
                let (factor, step) = (verified.factor.unwrap(), verified.step.unwrap());
                let last = self.steps.insert(factor, step);
                assert!(last.is_none_or(|last| last < step), "I2, I3: a step accepted again");
                self.clock(factor, verified);
                let enabling = verified.purpose == Purpose::Enable;
                self.rebinding = enabling && self.guesses.is_worthless(Method::Totp);
                assert!(enabling || self.factors.contains(&factor), "it is in use");
            }
            Method::EmailCode => {
                assert!(self.emails.insert(verified.request.unwrap()), "accepted once");
                let codes = &account.open().unwrap().email_codes;
                let live = codes.values().find(|code| Some(code.request) == verified.request);
                let live = live.unwrap();
                assert!(now < live.expires_at && live.purpose == verified.purpose);
            }
            Method::RecoveryCode => {}
            Method::Password => panic!("a password is no code"),
        }
        // I4: the password was right in the same sign-in.
        if let Some(sign_in) = verified.sign_in {
            let (guesses, dies) = self.waiting.remove(&sign_in).expect("a proven first factor");
            assert!(guesses < GUESSES_PER_SIGN_IN, "{guesses} guesses before it");
            assert!(now < dies);
        }
        let strong = matches!(verified.method, Method::Totp | Method::RecoveryCode);
        if strong && matches!(verified.purpose, Purpose::SignIn | Purpose::StepUp) {
            self.email_from = None;
        }
        if verified.method == Method::EmailCode && verified.purpose == Purpose::SignIn {
            // AT-58: a mailbox alone is not enough.
            assert!(self.email_from.is_none_or(|from| from <= now), "codes were withheld");
        }
        self.waits(verified.next.as_ref(), Some(verified.method));
        let Some(opened) = &verified.session else { return };
        if verified.purpose == Purpose::SignIn {
            assert!(!self.demanded, "a session before the new password");
        }
        let expected = match verified.method {
            Method::EmailCode => Assurance::EmailCode,
            _ => Assurance::TwoFactor,
        };
        assert_eq!(opened.assurance, expected);
        match verified.purpose {
            Purpose::SignIn => assert!(verified.sign_in.is_some() && opened.replaces.is_none()),
            Purpose::StepUp => {
                assert_eq!(opened.replaces, verified.in_session);
                assert!(self.sessions.remove(&opened.replaces.unwrap()).is_some(), "it was open");
            }
            Purpose::Enable => {
                assert_eq!(Some(opened.session), verified.in_session);
                let before = self.sessions.get(&opened.session).expect("it was open");
                if !self.factors.is_empty() && *before != Assurance::TwoFactor {
                    assert!(*before == Assurance::EmailCode);
                    assert!(self.replacement.is_some_and(|due| due <= now), "it was due");
                }
            }
            Purpose::ConfirmEmail | Purpose::ChangeEmail | Purpose::Resync => {
                panic!("it opens no session")
            }
        }
        self.sessions.insert(opened.session, opened.assurance);
        if strong {
            self.proven_by.insert(opened.session, verified.factor);
        }
    }

    /// SR-014: one of three, around what was accepted last. SR-018: two in a row, within twenty
    /// steps, in a session that something else has proven.
    fn clock(&mut self, factor: FactorId, verified: &CodeVerified) {
        let offset = verified.offset.unwrap();
        let (centre, learned) = self.clocks.get(&factor).copied().unwrap_or((0, 0));
        if verified.purpose == Purpose::Resync {
            let session = verified.in_session.unwrap();
            assert_eq!(self.sessions.get(&session), Some(&Assurance::TwoFactor));
            assert_ne!(self.proven_by.get(&session), Some(&Some(factor)), "by itself");
            assert!((-19..=20).contains(&offset), "{offset} off");
            self.clocks.insert(factor, (offset, offset));
        } else {
            assert!((learned - 1..=learned + 1).contains(&offset), "{offset} off");
            self.clocks.insert(factor, (centre, offset.clamp(centre - 1, centre + 1)));
        }
    }

    fn rejected(&mut self, now: Timestamp, rejected: &CodeRejected) {
        let within = rejected.sign_in.or(rejected.in_session);
        self.evaluated(rejected.purpose, within, now);
        if let Some(within) = within.filter(|_| rejected.purpose != Purpose::Enable) {
            self.guessed_at.insert(within, now);
        }
        let Some(sign_in) = rejected.sign_in else { return };
        let (guesses, dies) = self.waiting.get_mut(&sign_in).expect("a proven first factor");
        assert!(now < *dies);
        if rejected.why != RejectedWhy::Reused {
            *guesses += 1;
        }
        assert!(*guesses <= GUESSES_PER_SIGN_IN, "{guesses} guesses in one sign-in");
        assert_eq!(rejected.in_sign_in, *guesses);
    }
}
