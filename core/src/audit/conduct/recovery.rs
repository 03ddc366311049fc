//! Getting back in: what was withheld, held or asked for before it was done.

use countersign_events::account::{
    AccountEvent, CodeVerified, EmailCodes, LockRule, LockedOut, Method, Need, PasswordSet,
    PasswordSetWhy, PasswordUnlocked, Purpose,
};
use countersign_events::id::EventId;
use jiff::Timestamp;

use super::{Act, Breach, Conduct, Rule};

/// What has to be known of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Recovery {
    email_codes: EmailCodes,
    held_until: Option<Timestamp>,
    due_at: Option<Timestamp>,
    /// Until when the last link to a new password works, unless it ended before.
    link_until: Option<Timestamp>,
    /// The request that it came of.
    link: Option<EventId>,
    /// What a link of a mail may unlock the password for: the lock that closed it, and the request
    /// whose link was just used.
    unlocks: [Option<EventId>; 2],
    /// Between `ReplacementCompleted` and the hold that closes the same append.
    replacing: bool,
}

impl Recovery {
    /// Takes what happened next.
    pub(super) fn take(&mut self, act: &Act<'_>, event: &AccountEvent, breaches: &mut Vec<Breach>) {
        match event {
            AccountEvent::HoldPlaced(hold) => {
                self.held_until = self.held_until.max(Some(hold.until));
                self.email_codes = hold.email_codes;
                self.replacing = false;
            }
            AccountEvent::ReplacementRequested(requested) => self.due_at = Some(requested.due_at),
            AccountEvent::ReplacementObjected(_) => self.forget_replacement(),
            AccountEvent::ReplacementCompleted(_) => {
                let due_at = self.due_at.take();
                if due_at.is_none_or(|due_at| act.at < due_at) {
                    let detail = format!("at {}, due {due_at:?}", act.at);
                    breaches.push((Rule::ReplacementNotDue, detail));
                }
                self.replacing = true;
            }
            AccountEvent::PasswordResetRequested(requested) if requested.link_until.is_some() => {
                (self.link_until, self.link) = (requested.link_until, Some(act.id));
            }
            AccountEvent::PasswordResetRenewed(renewed) => {
                if renewed.link_until.is_some() && self.link_until.is_none() {
                    let detail = "a link that was never sent, or ended, works again".to_owned();
                    breaches.push((Rule::ResetWithoutLink, detail));
                }
                self.link_until = renewed.link_until.or(self.link_until);
            }
            AccountEvent::PasswordUnlocked(PasswordUnlocked { cause, .. }) => {
                let unlocks = &mut self.unlocks;
                let of = unlocks.iter_mut().find(|unlocks| **unlocks == Some(*cause));
                if of.and_then(Option::take).is_none() {
                    let detail =
                        format!("by {cause}, which is no lock that lasts, nor a new password");
                    breaches.push((Rule::UnlockedWithoutLink, detail));
                }
            }
            _ => {}
        }
    }

    /// The password was closed to devices that are not known.
    pub(super) const fn password_closed(&mut self, by: EventId) {
        self.unlocks = [Some(by), None];
    }

    /// A link to a new password is worth nothing from now on; until when it would have worked.
    pub(super) const fn end_link(&mut self) -> Option<Timestamp> {
        self.link_until.take()
    }

    /// What was asked for concerned the authenticators and the password there were.
    pub(super) fn forget_replacement(&mut self) {
        self.due_at = None;
    }

    /// Something that a hold keeps as it is.
    pub(super) fn changes(&self, act: &Act<'_>, breaches: &mut Vec<Breach>) {
        let held = self.held_until.filter(|until| act.at < *until && !self.replacing);
        if let Some(until) = held {
            let detail = format!("{} though held until {until}", act.event.event_type());
            breaches.push((Rule::ChangedWhileHeld, detail));
        }
    }

    /// A code that was accepted: by e-mail while that was withheld, or the proof that ends it.
    pub(super) fn proven(
        &mut self,
        act: &Act<'_>,
        verified: &CodeVerified,
        breaches: &mut Vec<Breach>,
    ) {
        match (verified.method, verified.purpose) {
            (Method::EmailCode, Purpose::SignIn) => {
                let withheld = match self.email_codes {
                    EmailCodes::Offered => false,
                    EmailCodes::WithheldUntil(until) => act.at < until,
                    EmailCodes::WithheldUntilProof => true,
                };
                if withheld {
                    let detail = format!("{:?}", self.email_codes);
                    breaches.push((Rule::EmailCodeWithheld, detail));
                }
            }
            (Method::Totp | Method::RecoveryCode, Purpose::SignIn | Purpose::StepUp) => {
                self.email_codes = EmailCodes::Offered;
            }
            _ => {}
        }
    }
}

impl Conduct {
    /// A lane is closed, or a method worth nothing.
    pub(super) fn locked_out(&mut self, act: &Act<'_>, locked: &LockedOut) {
        match (locked.rule, locked.method) {
            (LockRule::HardCap, method) => {
                self.disabled.insert(method);
            }
            (LockRule::LaneCap, Method::Password) => self.recovery.password_closed(act.id),
            (LockRule::LaneCap, _) => {}
        }
        self.end_sign_ins(locked.ends_sign_ins);
    }

    /// Getting back in, and what is taken back.
    pub(super) fn recovers(
        &mut self,
        act: &Act<'_>,
        event: &AccountEvent,
        breaches: &mut Vec<Breach>,
    ) {
        match event {
            AccountEvent::PasswordUnlocked(_) => {
                self.cool_downs.remove(&Method::Password);
            }
            AccountEvent::PasswordChangeDemanded(it) if it.ends_password => self.sign_ins.clear(),
            AccountEvent::Repudiated(_) => {
                self.recovery.end_link();
                self.sign_ins.clear();
                self.email_codes.clear();
            }
            AccountEvent::EmailChanged(_) => {
                if !self.support.removing {
                    self.recovery.changes(act, breaches);
                }
                self.recovery.end_link();
                self.email_codes.clear();
            }
            AccountEvent::EmailChangeUndone(_) => {
                self.recovery.end_link();
                self.email_codes.clear();
            }
            _ => {}
        }
        self.recovery.take(act, event, breaches);
    }

    /// A new password: what the old one began goes no further, and a session starts only in a
    /// sign-in that demanded it.
    pub(super) fn password_set(
        &mut self,
        act: &Act<'_>,
        set: &PasswordSet,
        breaches: &mut Vec<Breach>,
    ) {
        if set.why == PasswordSetWhy::Rehashed {
            return;
        }
        self.cool_downs.retain(|method, _| *method != Method::Password && !set.forgives_codes);
        self.disabled.remove(&Method::Password);
        if set.why == PasswordSetWhy::Initial {
            return;
        }
        let link_until = self.recovery.end_link();
        let works = link_until.is_some_and(|until| act.at < until);
        let link = self.recovery.link.take();
        self.recovery.unlocks = [None, link.filter(|_| set.why == PasswordSetWhy::Reset)];
        if set.why == PasswordSetWhy::Reset && !works {
            let detail = format!("at {}, the last link until {link_until:?}", act.at);
            breaches.push((Rule::ResetWithoutLink, detail));
        }
        self.recovery.forget_replacement();
        let demanded = set.sign_in.and_then(|sign_in| self.sign_ins.remove(&sign_in));
        let demanded = demanded.filter(|sign_in| sign_in.needs == Need::NewPassword);
        self.sign_ins.clear();
        self.email_codes.clear();
        let goes_on = set.session.is_some() || set.next.is_some();
        let Some(sign_in) = demanded else {
            if goes_on || set.why == PasswordSetWhy::Demanded {
                let detail = "no sign-in asked for a new password".to_owned();
                breaches.push((Rule::PasswordNotDemanded, detail));
            }
            return;
        };
        self.begin(set.next.as_ref(), sign_in.proven);
        if let Some(opened) = &set.session {
            self.start(opened, Some(sign_in.proven), breaches);
        }
    }
}
