//! Evolves: an event on a state gives the next state.
//!
//! Total and deterministic: the same events give the same state whenever it runs, with no clock
//! but the events' own times. What has lapsed by an event's time is forgotten here and nowhere
//! else, so that a replay forgets the same.

use countersign_events::account::{
    AccountEvent, CodeRejected, CodeVerified, EmailCodeRequested, EmailCodes, EnableRequested,
    FactorResynced, LockRule, LockedOut, Method, PasswordSet, PasswordSetWhy, Purpose,
    RecoveryCodesIssued, Registered,
};
use countersign_events::actor::By;
use countersign_events::catalogue::DecodeError;
use countersign_events::entry::{Entry, Idempotency, SealClass};
use countersign_events::id::{EventId, FactorId, Hash32, Revision};
use jiff::Timestamp;

use super::account::{
    Account, ClockSeen, Email, EmailCode, Factor, FirstCode, MailState, Offer, Open, RecoverySet,
    Session, Standing,
};
use super::decide::{counts_as_guess, is_of_no_mail};
use super::email_code::{DIGITS, forget_old_sends, is_forgotten};
use super::totp::Drift;

mod grants;
mod limits;
mod recovery;
mod sessions;
mod support;

/// An event with what its entry says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampedEvent {
    /// Its place in the stream.
    pub revision: Revision,
    /// Its id.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// Who caused it.
    pub by: By,
    /// The idempotency key of its request.
    pub idempotency: Option<Idempotency>,
    /// The commitment to its sealed personal data.
    pub pii: Option<Hash32>,
    /// The event.
    pub event: AccountEvent,
}

impl StampedEvent {
    /// The event of an entry of an account's stream.
    ///
    /// # Errors
    /// [`DecodeError`] for a type or version that this program does not know.
    pub fn of(entry: &Entry<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            revision: entry.rev,
            id: entry.id,
            at: entry.at,
            by: entry.by.clone(),
            idempotency: entry.idempotency,
            pii: entry.sealed.get(&SealClass::Pii).map(|sealed| sealed.commit),
            event: AccountEvent::decode(&entry.event_type, entry.version, entry.data.get())?,
        })
    }
}

/// The state after an event.
#[must_use]
pub fn evolve(mut account: Account, stamped: &StampedEvent) -> Account {
    account.last = Some((stamped.revision, stamped.at));
    if let Some(asked) = &stamped.idempotency {
        account.idempotency.record(asked, stamped.revision, stamped.at);
    }
    match &stamped.event {
        AccountEvent::Registered(registered) => {
            account.standing = Standing::Open(Box::new(registered_open(registered, stamped)));
        }
        AccountEvent::RegistrationAbandoned(_) => account.standing = Standing::Abandoned,
        event => {
            limits::evolve(&mut account, event, stamped.at);
            if let Standing::Open(open) = &mut account.standing {
                open.forget_lapsed(stamped.at);
                evolve_open(open, stamped);
            }
        }
    }
    account
}

fn registered_open(registered: &Registered, stamped: &StampedEvent) -> Open {
    let email = stamped.pii.filter(|_| registered.has_email);
    Open {
        origin: registered.origin,
        client: registered.client,
        created_at: stamped.at,
        identity_at: stamped.revision,
        email: email.map(|commit| Email { commit, confirmed: registered.email_confirmed }),
        former_emails: vec![],
        password: None,
        password_change: None,
        reset: None,
        password_closed: None,
        admitted: None,
        factors: [].into(),
        offer: None,
        recovery: None,
        replacement: None,
        held_until: None,
        replay_told_at: None,
        room_told_at: None,
        email_codes_offered: EmailCodes::Offered,
        repudiated: [].into(),
        sign_ins: [].into(),
        sessions: [].into(),
        devices: [].into(),
        lane_opened_by_mail_at: None,
        email_sends: vec![],
        email_codes: [].into(),
        last_used_at: None,
        suspended_at: None,
        removal: None,
        grants: [].into(),
    }
}

fn evolve_open(open: &mut Open, stamped: &StampedEvent) {
    let at = stamped.at;
    match &stamped.event {
        AccountEvent::EmailConfirmed(_) => {
            if let Some(email) = &mut open.email {
                email.confirmed = true;
            }
        }
        AccountEvent::PasswordSet(set) => open.password_set(set, stamped),
        AccountEvent::PasswordVerified(verified) => {
            open.begin(verified.sign_in.as_ref(), stamped);
            open.start(verified.session.as_ref(), (Method::Password, None), stamped);
        }
        AccountEvent::FirstFactorVouched(vouched) => open.vouched(vouched, stamped),
        AccountEvent::EnableRequested(requested) => open.offer(requested, stamped.revision),
        AccountEvent::CodeVerified(verified) => open.verified(verified, stamped),
        AccountEvent::CodeRejected(rejected) => open.rejected(rejected, at),
        AccountEvent::Enabled(enabled) => open.enable(enabled.factor, at),
        AccountEvent::EmailCodeRequested(requested) => open.email_code(requested, stamped),
        AccountEvent::EmailCodeSent(sent) => open.mailed(sent.request, MailState::Sent),
        AccountEvent::EmailDeliveryFailed(failed) => {
            open.mailed(failed.request, MailState::Undeliverable);
            support::evolve(open, stamped);
        }
        AccountEvent::RecoveryCodesIssued(issued) => open.issue(issued),
        AccountEvent::RecoveryCodeUsed(used) => open.used_up(used.index),
        AccountEvent::FactorRenamed(renamed) => open.rename(renamed.factor, stamped.revision),
        AccountEvent::FactorRemoved(removed) => open.remove(removed.factor),
        AccountEvent::FactorResynced(resynced) => open.resynced(resynced),
        AccountEvent::Disabled(_) => open.disable(),
        AccountEvent::SessionUsed(used) => open.session_used(used.session, at),
        AccountEvent::SessionsEnded(ended) => open.sessions_ended(ended, at),
        AccountEvent::CooledDown(cooled) if cooled.ends_sign_ins => open.end_unknown_sign_ins(),
        AccountEvent::LockedOut(locked) => open.locked_out(locked, stamped.id),
        AccountEvent::DevicesForgotten(forgotten) => open.forget(&forgotten.devices),
        AccountEvent::PasswordUnlocked(_)
        | AccountEvent::PasswordResetRequested(_)
        | AccountEvent::PasswordResetRenewed(_)
        | AccountEvent::PasswordChangeDemanded(_)
        | AccountEvent::HoldPlaced(_)
        | AccountEvent::EmailChanged(_)
        | AccountEvent::EmailChangeUndone(_)
        | AccountEvent::ReplacementRequested(_)
        | AccountEvent::ReplacementObjected(_)
        | AccountEvent::ReplacementCompleted(_)
        | AccountEvent::Repudiated(_) => recovery::evolve(open, stamped),
        AccountEvent::Suspended(_)
        | AccountEvent::Resumed(_)
        | AccountEvent::FactorRemovalRequested(_)
        | AccountEvent::FactorRemovalApproved(_)
        | AccountEvent::FactorRemovalCancelled(_)
        | AccountEvent::FactorRemovalObjected(_)
        | AccountEvent::FactorRemovalCompleted(_)
        | AccountEvent::NoticeSent(_) => support::evolve(open, stamped),
        AccountEvent::Registered(_)
        | AccountEvent::KeyCreated(_)
        | AccountEvent::RegistrationAbandoned(_)
        | AccountEvent::PasswordRejected(_)
        | AccountEvent::AttemptsRefused(_)
        | AccountEvent::CooledDown(_)
        | AccountEvent::LockoutReset(_)
        | AccountEvent::PasswordMailAsked(_)
        | AccountEvent::HistoryViewed(_) => {}
        AccountEvent::GrantIssued(_)
        | AccountEvent::GrantRedeemed(_)
        | AccountEvent::GrantVoided(_) => grants::evolve(open, stamped),
    }
}

impl Open {
    /// Forgets what can no longer be used. A used-up or lapsed handle is then simply unknown.
    fn forget_lapsed(&mut self, at: Timestamp) {
        self.sessions.retain(|_, session| at < session.expires_at);
        self.sign_ins.retain(|_, sign_in| at < sign_in.expires_at);
        self.devices.retain(|_, device| at < device.expires_at);
        self.grants.retain(|_, grant| at < grant.ends_at());
        self.admitted.take_if(|browser| at >= browser.expires_at);
        self.former_emails.retain(|former| at < former.until);
        self.reset.take_if(|link| is_forgotten(link.asked_at, at));
        self.replacement.take_if(|replacement| at >= replacement.expires_at);
        self.repudiated.retain(|_, until| at < *until);
        let (sign_ins, sessions) = (&self.sign_ins, &self.sessions);
        self.email_codes.retain(|bound_to, _| {
            sign_ins.contains_key(bound_to) || sessions.contains_key(bound_to)
        });
        forget_old_sends(&mut self.email_sends, at);
    }

    /// A password became the current one. Unless it is the same one, what the old one began goes
    /// no further.
    fn password_set(&mut self, set: &PasswordSet, stamped: &StampedEvent) {
        self.password = Some(set.version);
        if matches!(set.why, PasswordSetWhy::Initial | PasswordSetWhy::Rehashed) {
            return;
        }
        let earlier = set.sign_in.and_then(|hash| self.sign_ins.remove(&hash));
        self.sign_ins.clear();
        self.email_codes.clear();
        if set.why == PasswordSetWhy::Reset {
            // The mailbox, which is not trusted, sets none that the holder need not replace.
            let stays = self.email_codes_offered == EmailCodes::WithheldUntilProof
                && self.two_factor_enabled();
            self.password_change = self.password_change.filter(|_| stays);
            if set.forgives_codes {
                self.lane_opened_by_mail_at = Some(stamped.at);
            }
        } else {
            self.password_change = None;
            let is_sure = matches!(set.why, PasswordSetWhy::Changed | PasswordSetWhy::LetInAnew);
            if is_sure || set.forgives_codes {
                self.devices.clear();
            }
        }
        self.reset = None;
        self.password_closed = None;
        self.admitted = None;
        self.replacement = None;
        self.start(set.session.as_ref(), (Method::Password, None), stamped);
        if let (Some(opened), Some(earlier)) = (&set.session, &earlier) {
            self.carry_over(opened.session, earlier);
        }
        self.go_on(set.next.as_ref(), earlier, stamped);
    }

    fn locked_out(&mut self, locked: &LockedOut, id: EventId) {
        if locked.ends_sign_ins {
            self.end_unknown_sign_ins();
        }
        if (locked.method, locked.rule) == (Method::Password, LockRule::LaneCap) {
            self.password_closed = Some(id);
        }
    }

    fn offer(&mut self, requested: &EnableRequested, named_at: Revision) {
        self.offer = Some(Offer {
            factor: requested.factor,
            secret: requested.secret,
            named_at,
            expires_at: requested.expires_at,
            session: requested.session,
            guesses: 0,
            confirmed: None,
        });
    }

    fn verified(&mut self, verified: &CodeVerified, stamped: &StampedEvent) {
        let at = stamped.at;
        if let (Some(id), Some(step)) = (verified.factor, verified.step) {
            let offset = verified.offset.unwrap_or(0);
            if let Some(factor) = self.factors.get_mut(&id) {
                factor.last_step = factor.last_step.max(step);
                factor.drift = factor.drift.accepted(offset);
                factor.clock = Some(ClockSeen { offset, refused: false });
                factor.last_used_at = at;
            }
            if let Some(offer) = self.offer.as_mut().filter(|offer| offer.factor == id) {
                let drift = Drift::default().accepted(offset);
                offer.confirmed = Some(FirstCode { step, drift, offset, at });
            }
        }
        let mut sign_in = verified.sign_in.and_then(|hash| {
            self.email_codes.remove(&hash);
            self.sign_ins.remove(&hash)
        });
        if let Some(sign_in) = &mut sign_in {
            sign_in.proven = Some((verified.method, verified.factor, at));
        }
        if matches!(verified.purpose, Purpose::ConfirmEmail | Purpose::ChangeEmail) {
            verified.in_session.map(|session| self.email_codes.remove(&session));
        }
        if matches!(verified.method, Method::Totp | Method::RecoveryCode)
            && matches!(verified.purpose, Purpose::SignIn | Purpose::StepUp)
        {
            self.email_codes_offered = EmailCodes::Offered;
        }
        self.start(verified.session.as_ref(), (verified.method, verified.factor), stamped);
        if let (Some(opened), Some(sign_in)) = (&verified.session, &sign_in) {
            self.carry_over(opened.session, sign_in);
        }
        self.go_on(verified.next.as_ref(), sign_in, stamped);
    }

    fn rejected(&mut self, rejected: &CodeRejected, at: Timestamp) {
        let is_guess = counts_as_guess(rejected.why);
        let is_of_no_mail = is_of_no_mail(rejected.method, rejected.why);
        if !is_guess && rejected.counted.tells_holder {
            self.replay_told_at = Some(at);
        }
        let factor = rejected.factor.and_then(|id| self.factors.get_mut(&id));
        if let (Some(factor), Some(offset)) = (factor, rejected.off_by_steps) {
            factor.clock = Some(ClockSeen { offset, refused: true });
        }
        let mut sign_in = rejected.sign_in.and_then(|hash| self.sign_ins.get_mut(&hash));
        let mut session = rejected.in_session.and_then(|hash| self.sessions.get_mut(&hash));
        // Whoever types a code for an authenticator on offer was shown the secret.
        if rejected.purpose != Purpose::Enable {
            let of_sign_in = sign_in.as_mut().map(|sign_in| &mut sign_in.guessed_at);
            let of_session = session.as_mut().map(|session| &mut session.guessed_at);
            of_sign_in.into_iter().chain(of_session).for_each(|last| *last = Some(at));
        }
        let counted = match (sign_in, session) {
            (Some(sign_in), _) if is_guess => Some(&mut sign_in.guesses),
            (Some(sign_in), _) => Some(&mut sign_in.reused),
            (None, Some(session)) if !is_guess || is_of_no_mail => Some(&mut session.reused),
            (None, _) => None,
        };
        if let Some(counted) = counted {
            *counted = counted.saturating_add(1);
        }
        let offer = self.offer.as_mut().filter(|offer| Some(offer.factor) == rejected.factor);
        if let Some(offer) = offer.filter(|_| rejected.purpose == Purpose::Enable) {
            offer.guesses = offer.guesses.saturating_add(1);
        }
    }

    fn enable(&mut self, factor: FactorId, at: Timestamp) {
        let Some(offer) = self.offer.take_if(|offer| offer.factor == factor) else { return };
        let unproven = FirstCode { step: 0, drift: Drift::default(), offset: 0, at };
        let first = offer.confirmed.unwrap_or(unproven);
        let clock = offer.confirmed.map(|first| ClockSeen { offset: first.offset, refused: false });
        let Offer { secret, named_at, .. } = offer;
        let enabled = Factor {
            secret,
            named_at,
            enabled_at: at,
            last_step: first.step,
            drift: first.drift,
            clock,
            last_used_at: first.at,
        };
        self.factors.insert(factor, enabled);
        // A sign-in that began before the change goes no further, and no device is known (SR-115).
        self.sign_ins.clear();
        self.devices.clear();
        // What was asked for concerned the authenticators there were.
        self.replacement = None;
    }

    /// Without a second factor there is nothing to recover, and no session is two factors sure:
    /// the one that switched it off goes on as one by password (SR-132).
    fn disable(&mut self) {
        self.recovery = None;
        self.offer = None;
        self.sessions.values_mut().for_each(Session::lower);
    }

    fn email_code(&mut self, requested: &EmailCodeRequested, stamped: &StampedEvent) {
        self.email_sends.push(stamped.at);
        // Another address comes along, sealed beside the event; every other code goes to the one
        // there is.
        let address = match requested.purpose {
            Purpose::ChangeEmail => stamped.pii.map(|commit| (commit, stamped.revision)),
            _ => self.email.as_ref().map(|email| (email.commit, self.identity_at)),
        };
        let Some((address, address_at)) = address else { return };
        let code = EmailCode {
            request: stamped.id,
            bound_to: requested.bound_to,
            purpose: requested.purpose,
            address,
            address_at,
            nonce: requested.nonce,
            digits: requested.digits.unwrap_or(DIGITS),
            expires_at: requested.expires_at,
            mail: MailState::Waiting,
        };
        self.email_codes.insert(requested.bound_to, code);
    }

    fn remove(&mut self, factor: FactorId) {
        self.factors.remove(&factor);
        self.removal.take_if(|removal| removal.factor == Some(factor));
        self.sign_ins.clear();
        self.email_codes.clear();
        self.devices.clear();
        self.replacement = None;
    }

    fn rename(&mut self, factor: FactorId, named_at: Revision) {
        if let Some(factor) = self.factors.get_mut(&factor) {
            factor.named_at = named_at;
        }
    }

    fn resynced(&mut self, resynced: &FactorResynced) {
        if let Some(factor) = self.factors.get_mut(&resynced.factor) {
            factor.drift = Drift::resynced(resynced.offset);
        }
    }

    fn issue(&mut self, issued: &RecoveryCodesIssued) {
        let RecoveryCodesIssued { pepper, hashes } = issued.clone();
        self.recovery = Some(RecoverySet { pepper, hashes, used: [].into() });
        // What was to be removed is gone.
        self.removal.take_if(|removal| removal.factor.is_none() && !removal.address);
    }

    fn used_up(&mut self, index: u32) {
        if let Some(set) = &mut self.recovery {
            set.used.insert(index);
        }
    }

    fn mailed(&mut self, request: EventId, mail: MailState) {
        let code = self.email_codes.values_mut().find(|code| code.request == request);
        if let Some(code) = code {
            code.mail = mail;
        }
    }
}

#[cfg(test)]
mod tests;
