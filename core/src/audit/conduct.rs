//! Whether what happened on a stream was allowed to happen.
//!
//! A second opinion: this is not the fold that decisions are taken on, but a small account of its
//! own, kept only as far as the rules below need it. It forgets what has lapsed, so that it does
//! not grow with a stream's age.
//!
//! ```text
//!   proof:     password ─▶ sign-in ─▶ code ─▶ session        (a second factor is asked for)
//!              password ─────────────────────▶ session        (none is)
//!   a code:    its step is later than any accepted; its method does not cool down
//! ```

use std::collections::BTreeSet;

use countersign_events::account::{
    AccountEvent, Assurance, HistoryViewed, Lane, Method, PasswordResetRenewed,
    PasswordResetRequested, PasswordVerified, Purpose, SessionEndedWhy, SessionOpened,
    SignInOpened, Viewed,
};
use countersign_events::actor::By;
use countersign_events::entry::{Entry, SealClass};
use countersign_events::id::{EventId, FactorId, HandleHash, StreamId};
use jiff::Timestamp;

use super::finding::Rule;
use crate::domain::policy::Policy;

mod codes;
mod devices;
mod few;
mod grants;
mod guesses;
mod imports;
mod known;
mod recovery;
mod sessions;
mod support;

use devices::Devices;
use few::Few;
use grants::Grants;
use guesses::Guesses;
use imports::Imports;
use known::{EmailCode, Factor, Session, SignIn};
use recovery::Recovery;
use sessions::Lives;
use support::Support;

/// An event, and what its entry says of it.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// Its id.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: &'a By,
    /// Whether personal data is sealed beside it.
    pub has_pii: bool,
    /// The policy that it was decided under.
    pub policy: &'a Policy,
    /// The event.
    pub event: &'a AccountEvent,
}

impl<'a> Act<'a> {
    /// The act of an entry.
    #[must_use]
    pub fn of(entry: &'a Entry<'_>, event: &'a AccountEvent, policy: &'a Policy) -> Self {
        Self {
            policy,
            id: entry.id,
            at: entry.at,
            by: &entry.by,
            has_pii: entry.sealed.contains_key(&SealClass::Pii),
            event,
        }
    }
}

/// What breaks a rule.
pub type Breach = (Rule, String);

/// What has to be known of a stream.
#[derive(Debug, Clone)]
pub struct Conduct {
    /// Whether there can be an account at all.
    may_register: bool,
    registered: bool,
    factors: Few<FactorId, Factor>,
    sign_ins: Few<HandleHash, SignIn>,
    sessions: Few<HandleHash, Session>,
    email_codes: Few<HandleHash, EmailCode>,
    recovery_used: BTreeSet<u32>,
    cool_downs: Few<Method, Timestamp>,
    /// Methods that are worth nothing until they are bound anew.
    disabled: BTreeSet<Method>,
    /// Between the first code of an authenticator that takes the place of worthless ones and its
    /// `Enabled`, which closes the same append.
    rebinding: bool,
    recovery: Recovery,
    devices: Devices,
    grants: Grants,
    guesses: Guesses,
    imports: Imports,
    lives: Lives,
    support: Support,
}

impl Conduct {
    /// Of a stream on which nothing has happened.
    #[must_use]
    pub fn new(stream: StreamId) -> Self {
        Self {
            may_register: matches!(stream, StreamId::Account(_)),
            registered: false,
            factors: Few::default(),
            sign_ins: Few::default(),
            sessions: Few::default(),
            email_codes: Few::default(),
            recovery_used: BTreeSet::new(),
            cool_downs: Few::default(),
            disabled: BTreeSet::new(),
            rebinding: false,
            recovery: Recovery::default(),
            devices: Devices::default(),
            grants: Grants::default(),
            guesses: Guesses::default(),
            imports: Imports::default(),
            lives: Lives::default(),
            support: Support::default(),
        }
    }

    /// Takes what happened next and says which rules it breaks.
    pub fn judge(&mut self, act: &Act<'_>) -> Vec<Breach> {
        self.forget_lapsed(act.at);
        let mut breaches = Vec::new();
        self.standing(act, &mut breaches);
        self.imports.take(act, &mut breaches);
        self.guesses.take(act, &self.devices, &mut breaches);
        self.devices.take(act, &mut breaches);
        self.lives.take(act, &mut breaches);
        self.grants.take(act, &self.sessions, &mut breaches);
        self.support.take(act, &mut breaches);
        match act.event {
            AccountEvent::PasswordVerified(verified) => {
                self.password_verified(act, verified, &mut breaches);
            }
            AccountEvent::PasswordRejected(rejected) => {
                self.evaluated(Method::Password, rejected.counted.lane, act.at, &mut breaches);
            }
            AccountEvent::FirstFactorVouched(vouched) => {
                self.begin(vouched.sign_in.as_ref(), Assurance::Password);
                self.first_factor(vouched.session.as_ref(), &mut breaches);
            }
            AccountEvent::CodeVerified(verified) => {
                self.code_verified(act, verified, &mut breaches);
            }
            AccountEvent::CodeRejected(rejected) => {
                self.code_rejected(act, rejected, &mut breaches);
            }
            AccountEvent::LockoutReset(reset) => {
                operator_act(act, &mut breaches);
                self.cool_downs.retain(|method, _| reset.method.is_some_and(|m| m != *method));
                // What else is disabled must be set up anew; a password, support brings back.
                if reset.method.is_none_or(|method| method == Method::Password) {
                    self.disabled.remove(&Method::Password);
                }
            }
            event => self.other(act, event, &mut breaches),
        }
        breaches
    }

    fn other(&mut self, act: &Act<'_>, event: &AccountEvent, breaches: &mut Vec<Breach>) {
        match event {
            AccountEvent::EnableRequested(requested) => {
                if let Some(replaced) = requested.replaces {
                    self.factors.remove(&replaced);
                }
                self.factors.retain(|_, factor| factor.enabled);
                let imported = self.imports.brings(requested.factor);
                self.factors.insert(requested.factor, Factor { imported, ..Factor::default() });
            }
            AccountEvent::Enabled(enabled) => {
                self.recovery.forget_replacement();
                self.rebinding = false;
                if !self.asks_for_second_factor() {
                    self.bound_anew(Method::Totp);
                }
                self.enable(enabled.factor, breaches);
            }
            AccountEvent::FactorRemoved(removed) => {
                // What is worth nothing makes way for another, held or not.
                if !self.rebinding && !self.support.removing {
                    self.recovery.changes(act, breaches);
                }
                self.recovery.forget_replacement();
                self.factors.remove(&removed.factor);
                self.sign_ins.clear();
                self.email_codes.clear();
            }
            AccountEvent::FactorResynced(resynced) => self.resynced(resynced, breaches),
            AccountEvent::Disabled(_) => self.disable(),
            AccountEvent::EmailCodeRequested(requested) => {
                let code = EmailCode {
                    request: act.id,
                    purpose: requested.purpose,
                    expires_at: requested.expires_at,
                };
                self.email_codes.insert(requested.bound_to, code);
            }
            AccountEvent::RecoveryCodesIssued(_) => {
                self.recovery_used.clear();
                self.bound_anew(Method::RecoveryCode);
            }
            AccountEvent::RecoveryCodeUsed(used) => self.recovery_code_used(used.index, breaches),
            AccountEvent::CooledDown(cooled) => {
                self.cool_downs.insert(cooled.method, cooled.until);
                self.end_sign_ins(cooled.ends_sign_ins);
            }
            AccountEvent::LockedOut(locked) => self.locked_out(act, locked),
            AccountEvent::SessionsEnded(ended) => {
                for session in &ended.sessions {
                    self.sessions.remove(session);
                    self.email_codes.remove(session);
                }
                if ended.why == SessionEndedWhy::Support {
                    self.end_all();
                }
            }
            AccountEvent::Suspended(_) => self.end_all(),
            AccountEvent::PasswordSet(set) => self.password_set(act, set, breaches),
            other => self.recovers(act, other, breaches),
        }
    }

    /// Nothing that had begun goes on.
    fn end_all(&mut self) {
        self.sessions.clear();
        self.sign_ins.clear();
        self.email_codes.clear();
    }

    /// With the second factor goes what sessions have proven of it.
    fn disable(&mut self) {
        self.factors.clear();
        for session in self.sessions.values_mut() {
            if session.assurance == Assurance::TwoFactor {
                session.assurance = Assurance::Password;
            }
        }
    }

    fn forget_lapsed(&mut self, at: Timestamp) {
        self.sign_ins.retain(|_, sign_in| at < sign_in.expires_at);
        self.sessions.retain(|_, session| at < session.expires_at);
        self.email_codes.retain(|_, code| at < code.expires_at);
        self.cool_downs.retain(|_, until| at < *until);
    }

    /// Where nobody registered, nothing but failures and searches in vain can happen.
    fn standing(&mut self, act: &Act<'_>, breaches: &mut Vec<Breach>) {
        if matches!(act.event, AccountEvent::Registered(_)) && self.may_register {
            self.registered = true;
        }
        let without_account = matches!(
            act.event,
            AccountEvent::PasswordRejected(_)
                | AccountEvent::CooledDown(_)
                | AccountEvent::LockedOut(_)
                | AccountEvent::AttemptsRefused(_)
                | AccountEvent::RegistrationAbandoned(_)
                | AccountEvent::PasswordResetRequested(PasswordResetRequested { link_until: None })
                | AccountEvent::PasswordResetRenewed(PasswordResetRenewed { link_until: None })
                | AccountEvent::HistoryViewed(HistoryViewed { what: Viewed::Search })
        );
        if !self.registered && !without_account {
            let detail = format!("{} before any registration", act.event.event_type());
            breaches.push((Rule::NobodyRegistered, detail));
        }
    }

    /// Whoever guessed too often from elsewhere goes on nowhere.
    fn end_sign_ins(&mut self, ends: bool) {
        self.sign_ins.retain(|_, sign_in| !ends || sign_in.at_known_device);
    }

    fn bound_anew(&mut self, method: Method) {
        self.cool_downs.remove(&method);
        self.disabled.remove(&method);
        self.guesses.anew(method);
    }

    /// A success from a known device: by which lane it came, only the counters know.
    fn succeeded(
        &self,
        method: Method,
        device: Option<HandleHash>,
        at: Timestamp,
        breaches: &mut Vec<Breach>,
    ) {
        let lane = if device.is_some() { Lane::Known } else { Lane::Unknown };
        self.evaluated(method, lane, at, breaches);
    }

    /// A guess that was evaluated: its method must not be cooling down, nor worth nothing.
    fn evaluated(&self, method: Method, lane: Lane, at: Timestamp, breaches: &mut Vec<Breach>) {
        if self.disabled.contains(&method) {
            let detail = format!("{method:?} was to be bound anew");
            breaches.push((Rule::GuessDuringCoolDown, detail));
        }
        if lane == Lane::Known {
            return;
        }
        if let Some(until) = self.cool_downs.get(&method).filter(|until| at < **until) {
            let detail = format!("{method:?} was to wait until {until}");
            breaches.push((Rule::GuessDuringCoolDown, detail));
        }
    }

    fn asks_for_second_factor(&self) -> bool {
        self.factors.values().any(|factor| factor.enabled)
    }

    fn password_verified(
        &mut self,
        act: &Act<'_>,
        verified: &PasswordVerified,
        breaches: &mut Vec<Breach>,
    ) {
        self.succeeded(Method::Password, verified.device, act.at, breaches);
        self.begin(verified.sign_in.as_ref(), Assurance::Password);
        let Some(opened) = &verified.session else { return };
        if verified.purpose == Purpose::SignIn {
            self.first_factor(Some(opened), breaches);
        } else {
            // The password again adds nothing to what the session was.
            let before = self.successor(opened, breaches);
            self.start(opened, before.as_ref().map(|session| session.assurance), breaches);
            self.proven_by(opened, before.and_then(|session| session.by));
        }
    }

    fn begin(&mut self, opened: Option<&SignInOpened>, proven: Assurance) {
        if let Some(opened) = opened {
            let (expires_at, needs) = (opened.expires_at, opened.needs);
            let at_known_device = opened.device.is_some();
            let sign_in =
                SignIn { expires_at, needs, at_known_device, proven, guesses: 0, reused: 0 };
            self.sign_ins.insert(opened.sign_in, sign_in);
        }
    }

    /// A session by the first factor alone.
    fn first_factor(&mut self, opened: Option<&SessionOpened>, breaches: &mut Vec<Breach>) {
        let Some(opened) = opened else { return };
        if self.asks_for_second_factor() {
            let detail = "by the first factor alone, though a second is asked for".to_owned();
            breaches.push((Rule::SessionWithoutProof, detail));
        }
        if opened.replaces.is_some() {
            let detail = "a sign-in takes another session's place".to_owned();
            breaches.push((Rule::SessionWithoutProof, detail));
        }
        self.start(opened, Some(Assurance::Password), breaches);
    }

    /// What the session was whose place another takes.
    fn successor(&mut self, opened: &SessionOpened, breaches: &mut Vec<Breach>) -> Option<Session> {
        let replaced = opened.replaces.unwrap_or(opened.session);
        let before = self.sessions.remove(&replaced);
        if let Some(code) = self.email_codes.remove(&replaced) {
            self.email_codes.insert(opened.session, code);
        }
        if before.is_none() {
            let detail = "it takes the place of a session that is not there".to_owned();
            breaches.push((Rule::SessionWithoutProof, detail));
        }
        before
    }

    /// Notes which authenticator a session was proven by.
    fn proven_by(&mut self, opened: &SessionOpened, by: Option<FactorId>) {
        if let Some(session) = self.sessions.get_mut(&opened.session) {
            session.by = by;
        }
    }

    fn start(
        &mut self,
        opened: &SessionOpened,
        proven: Option<Assurance>,
        breaches: &mut Vec<Breach>,
    ) {
        if let Some(proven) = proven.filter(|proven| opened.assurance > *proven) {
            let detail = format!("called {:?}, proven {proven:?}", opened.assurance);
            breaches.push((Rule::AssuranceWithoutProof, detail));
        }
        let SessionOpened { expires_at, assurance, .. } = *opened;
        self.sessions.insert(opened.session, Session { expires_at, assurance, by: None });
    }
}

/// What an operator does to an account carries a reason, and nobody else does it.
fn operator_act(act: &Act<'_>, breaches: &mut Vec<Breach>) {
    if !matches!(act.by, By::Operator { .. } | By::Console { .. }) {
        let detail = format!("{} by {:?}", act.event.event_type(), act.by);
        breaches.push((Rule::ActWithoutOperator, detail));
    }
    if !act.has_pii {
        let detail = format!("{} without a sealed reason", act.event.event_type());
        breaches.push((Rule::ActWithoutReason, detail));
    }
}

#[cfg(test)]
mod tests;
