//! What must hold, told from the events alone: the witness keeps its own books and believes
//! nothing that the state says.

use std::collections::{BTreeMap, BTreeSet};

use countersign_events::account::{
    AccountEvent, Assurance, CodeRejected, CodeVerified, Method, Purpose, RejectedWhy,
    SessionOpened,
};
use countersign_events::id::{EventId, FactorId, HandleHash};
use jiff::Timestamp;

use crate::domain::Account;
use crate::domain::account::Session;
use crate::domain::refusal::Refusal;

const GUESSES_PER_SIGN_IN: u32 = 5;
const FAILURES_TO_COOL_DOWN: u32 = 5;

/// Books kept from the events.
#[derive(Debug, Default)]
pub(super) struct Witness {
    /// The last step accepted, by authenticator.
    steps: BTreeMap<FactorId, u64>,
    /// Sign-ins that wait, with the guesses evaluated in each and when each dies.
    waiting: BTreeMap<HandleHash, (u32, Timestamp)>,
    /// Authenticators in use.
    factors: BTreeSet<FactorId>,
    /// How sure each session is: as it began, until the second factor is switched off.
    sessions: BTreeMap<HandleHash, Assurance>,
    /// Recovery codes used of the present set.
    recovery: BTreeSet<u32>,
    /// Requests whose code by e-mail was accepted.
    emails: BTreeSet<EventId>,
    /// The end of each cool-down.
    until: BTreeMap<Method, Timestamp>,
    /// The time of the last event.
    last: Option<Timestamp>,
}

impl Witness {
    /// Before events are folded: each in its order.
    pub(super) fn before(&mut self, account: &Account, now: Timestamp, events: &[AccountEvent]) {
        assert!(events.is_empty() || self.last.is_none_or(|last| last <= now), "time runs back");
        for event in events {
            self.last = Some(now);
            self.event(account, now, event);
        }
    }

    /// After a command: the state says of cool-downs and counters what the books say.
    pub(super) fn after(&self, account: &Account, now: Timestamp) {
        for method in [Method::Password, Method::Totp, Method::EmailCode, Method::RecoveryCode] {
            let cooling = account.limits.cooling(method, now).map(|cool_down| cool_down.until);
            let expected = self.until.get(&method).copied().filter(|until| now < *until);
            assert_eq!(cooling, expected, "{method:?}");
            assert!(account.limits.unresolved(method) < FAILURES_TO_COOL_DOWN);
        }
        let Some(open) = account.open() else { return };
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

    /// A guess that was not evaluated: told to wait exactly until the cool-down ends.
    pub(super) fn refused(&self, method: Method, refusal: &Refusal, now: Timestamp) {
        if let Refusal::TooManyRequests { retry_at } = refusal {
            let until = self.until.get(&method).filter(|until| now < **until);
            assert_eq!(Some(retry_at), until, "a cool-down's end does not move");
        }
    }

    fn event(&mut self, account: &Account, now: Timestamp, event: &AccountEvent) {
        match event {
            AccountEvent::PasswordVerified(verified) => {
                self.evaluated(Method::Password, now);
                if let Some(opened) = &verified.sign_in {
                    self.waiting.insert(opened.sign_in, (0, opened.expires_at));
                }
                self.first_factor(verified.purpose, verified.session.as_ref());
            }
            AccountEvent::FirstFactorVouched(vouched) => {
                if let Some(opened) = &vouched.sign_in {
                    self.waiting.insert(opened.sign_in, (0, opened.expires_at));
                }
                self.first_factor(Purpose::SignIn, vouched.session.as_ref());
            }
            AccountEvent::PasswordRejected(_) => self.evaluated(Method::Password, now),
            AccountEvent::CodeVerified(verified) => self.verified(account, now, verified),
            AccountEvent::CodeRejected(rejected) => self.rejected(now, rejected),
            AccountEvent::CooledDown(cooled) => {
                self.evaluated(cooled.method, now);
                assert!(now < cooled.until);
                self.until.insert(cooled.method, cooled.until);
            }
            AccountEvent::LockoutReset(reset) => {
                self.until.retain(|method, _| reset.method.is_some_and(|reset| reset != *method));
            }
            AccountEvent::RecoveryCodesIssued(_) => self.recovery.clear(),
            AccountEvent::RecoveryCodeUsed(used) => {
                assert!(self.recovery.insert(used.index), "a recovery code is accepted once");
            }
            AccountEvent::Enabled(enabled) => {
                assert!(self.steps.contains_key(&enabled.factor), "enabled by a code");
                self.factors.insert(enabled.factor);
                self.waiting.clear();
            }
            AccountEvent::FactorRemoved(removed) => {
                assert!(self.factors.remove(&removed.factor));
                self.waiting.clear();
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
            }
            _ => {}
        }
    }

    /// No guess is evaluated in a cool-down.
    fn evaluated(&self, method: Method, now: Timestamp) {
        let free = self.until.get(&method).is_none_or(|until| *until <= now);
        assert!(free, "{method:?} was evaluated while it cooled down");
    }

    /// A password alone opens a session only where no second factor is in use, and never makes an
    /// open one more sure.
    fn first_factor(&mut self, purpose: Purpose, opened: Option<&SessionOpened>) {
        let Some(opened) = opened else { return };
        match (purpose, opened.replaces) {
            (Purpose::SignIn, None) => {
                assert!(self.factors.is_empty(), "a session without its second factor");
                assert_eq!(opened.assurance, Assurance::Password);
            }
            (Purpose::StepUp, Some(earlier)) => {
                assert_eq!(self.sessions.remove(&earlier), Some(opened.assurance));
            }
            other => panic!("a password opened a session: {other:?}"),
        }
        self.sessions.insert(opened.session, opened.assurance);
    }

    fn verified(&mut self, account: &Account, now: Timestamp, verified: &CodeVerified) {
        self.evaluated(verified.method, now);
        match verified.method {
            Method::Totp => {
                let (factor, step) = (verified.factor.unwrap(), verified.step.unwrap());
                let last = self.steps.insert(factor, step);
                assert!(last.is_none_or(|last| last < step), "a step was accepted again");
                let enabling = verified.purpose == Purpose::Enable;
                assert!(enabling || self.factors.contains(&factor), "it is in use");
            }
            Method::EmailCode => {
                assert!(self.emails.insert(verified.request.unwrap()), "accepted once");
                let codes = &account.open().unwrap().email_codes;
                let live = codes.values().find(|code| Some(code.request) == verified.request);
                assert!(
                    now < live.unwrap().expires_at && live.unwrap().purpose == verified.purpose
                );
            }
            Method::RecoveryCode => {}
            Method::Password => panic!("a password is no code"),
        }
        if let Some(sign_in) = verified.sign_in {
            let (guesses, dies) = self.waiting.remove(&sign_in).expect("a proven first factor");
            assert!(guesses < GUESSES_PER_SIGN_IN, "{guesses} guesses before it");
            assert!(now < dies);
        }
        let Some(opened) = &verified.session else { return };
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
                assert!(self.sessions.contains_key(&opened.session), "it was open");
            }
            Purpose::ConfirmEmail => panic!("it opens no session"),
        }
        self.sessions.insert(opened.session, opened.assurance);
    }

    fn rejected(&mut self, now: Timestamp, rejected: &CodeRejected) {
        self.evaluated(rejected.method, now);
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
