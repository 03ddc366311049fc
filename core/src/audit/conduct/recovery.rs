//! Getting back in: what was withheld, held or asked for before it was done.

use countersign_events::account::{
    AccountEvent, CodeVerified, EmailCodes, Method, Need, PasswordSet, PasswordSetWhy, Purpose,
};
use jiff::Timestamp;

use super::{Act, Breach, Conduct, Rule};

/// What has to be known of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Recovery {
    email_codes: EmailCodes,
    held_until: Option<Timestamp>,
    due_at: Option<Timestamp>,
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
            _ => {}
        }
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
    /// A new password: what the old one began goes no further, and a session starts only in a
    /// sign-in that demanded it.
    pub(super) fn password_set(&mut self, set: &PasswordSet, breaches: &mut Vec<Breach>) {
        if set.why == PasswordSetWhy::Rehashed {
            return;
        }
        self.cool_downs.retain(|method, _| *method != Method::Password && !set.forgives_codes);
        self.disabled.remove(&Method::Password);
        if set.why == PasswordSetWhy::Initial {
            return;
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
