//! What support does: with a reason, within its rules, and no further than it was asked and
//! approved.

use countersign_events::account::{
    AccountEvent, DeliveryFailure, EmailChanged, EmailDeliveryFailed, FactorRemovalRequested,
    IdentityProof, SessionEndedWhy, SignInOpened,
};
use countersign_events::actor::By;
use countersign_events::id::{EventId, FactorId};
use jiff::{SignedDuration, Timestamp};

use super::{Act, Breach, Rule, operator_act};
use crate::domain::policy::TwoPerson;
use crate::domain::removal::NOTICE_LATE_MAX;

/// What has to be known of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Support {
    suspended: bool,
    /// Few accounts ever have one.
    removal: Option<Box<Removal>>,
    /// Between `FactorRemovalCompleted` and the hold that closes the same append.
    pub(super) removing: bool,
    /// What was asked for of what is done then: nothing else goes with it.
    done: Option<Box<Removal>>,
}

/// A removal that waits.
#[derive(Debug, Clone)]
struct Removal {
    request: EventId,
    /// The authenticator; none where it is about the recovery codes alone, or about the address.
    factor: Option<FactorId>,
    address: bool,
    asked_by: By,
    needs_approval: bool,
    asked_at: Timestamp,
    runs_at: Timestamp,
    may_run: bool,
    /// When the notice that it waits for left, or was refused where that is no reason to wait.
    told_at: Option<Timestamp>,
    awaits_notice: bool,
}

impl Support {
    /// Takes what happened next.
    pub(super) fn take(&mut self, act: &Act<'_>, breaches: &mut Vec<Breach>) {
        match act.event {
            AccountEvent::Suspended(_) => {
                operator_act(act, breaches);
                self.suspended = true;
            }
            AccountEvent::Resumed(_) => {
                // At the machine it stands beside what carries the reason.
                if !matches!(act.by, By::Console { .. }) {
                    operator_act(act, breaches);
                }
                self.suspended = false;
            }
            AccountEvent::PasswordMailAsked(_) => operator_act(act, breaches),
            AccountEvent::SessionsEnded(ended) if ended.why == SessionEndedWhy::Support => {
                operator_act(act, breaches);
            }
            AccountEvent::HoldPlaced(_) => self.removing = false,
            AccountEvent::PasswordVerified(it) => {
                self.begins(it.sign_in.as_ref(), it.session.is_some(), breaches);
            }
            AccountEvent::FirstFactorVouched(it) => {
                self.begins(it.sign_in.as_ref(), it.session.is_some(), breaches);
            }
            AccountEvent::CodeVerified(it) => {
                self.begins(it.next.as_ref(), it.session.is_some(), breaches);
            }
            AccountEvent::PasswordSet(it) => {
                self.begins(it.next.as_ref(), it.session.is_some(), breaches);
            }
            _ => self.removes(act, breaches),
        }
    }

    /// Whether a sign-in or session begins, and whether one may.
    fn begins(&self, next: Option<&SignInOpened>, session: bool, breaches: &mut Vec<Breach>) {
        if self.suspended && (next.is_some() || session) {
            let detail = "a sign-in goes on though the account is suspended".to_owned();
            breaches.push((Rule::SignInWhileSuspended, detail));
        }
    }

    fn removes(&mut self, act: &Act<'_>, breaches: &mut Vec<Breach>) {
        match act.event {
            AccountEvent::FactorRemovalRequested(requested) => {
                operator_act(act, breaches);
                if self.removal.is_some() {
                    let detail = "one waits already".to_owned();
                    breaches.push((Rule::RemovalNotDue, detail));
                }
                keeps_policy(act, requested, breaches);
                self.removal = Some(Box::new(Removal {
                    request: act.id,
                    factor: requested.factor,
                    address: requested.address,
                    asked_by: act.by.clone(),
                    needs_approval: requested.needs_approval,
                    asked_at: act.at,
                    runs_at: requested.runs_at,
                    may_run: !requested.needs_approval,
                    told_at: None,
                    awaits_notice: requested.awaits_notice,
                }));
            }
            AccountEvent::NoticeSent(sent) => self.told(sent.cause, act.at),
            AccountEvent::EmailDeliveryFailed(failed) => self.refused(failed, act.at),
            AccountEvent::FactorRemovalApproved(approved) => {
                operator_act(act, breaches);
                let waits = self.removal.as_mut().filter(|it| it.request == approved.request);
                match waits {
                    Some(removal) if removal.asked_by != *act.by => removal.may_run = true,
                    _ => {
                        let detail = format!("approved by {:?}, who may not", act.by);
                        breaches.push((Rule::RemovalNotApproved, detail));
                    }
                }
            }
            AccountEvent::FactorRemovalCancelled(_) => {
                operator_act(act, breaches);
                self.removal = None;
            }
            AccountEvent::FactorRemovalObjected(_) => self.removal = None,
            AccountEvent::FactorRemoved(removed)
                if self.removing
                    && self.done.as_ref().is_some_and(|it| it.factor != Some(removed.factor)) =>
            {
                let detail = "another authenticator than was asked for".to_owned();
                breaches.push((Rule::RemovalNotApproved, detail));
            }
            AccountEvent::FactorRemovalCompleted(completed) => {
                self.completes(act, completed.request, false, breaches);
            }
            AccountEvent::EmailChanged(EmailChanged { request: Some(request), .. }) => {
                self.completes(act, *request, true, breaches);
            }
            // What was to be removed or changed is gone by itself.
            AccountEvent::EmailChanged(_) => {
                self.removal.take_if(|removal| removal.address);
            }
            AccountEvent::FactorRemoved(removed) => {
                self.removal.take_if(|removal| removal.factor == Some(removed.factor));
            }
            AccountEvent::RecoveryCodesIssued(_) => {
                self.removal.take_if(|removal| removal.factor.is_none() && !removal.address);
            }
            _ => {}
        }
    }

    fn told(&mut self, cause: EventId, at: Timestamp) {
        let waits = self.removal.as_mut().filter(|it| it.request == cause);
        if let Some(removal) = waits {
            removal.told_at.get_or_insert(at);
        }
    }

    /// The notice did not leave. Where its mailbox is none, and another address is what another
    /// person must approve, there is nobody to wait for.
    fn refused(&mut self, failed: &EmailDeliveryFailed, at: Timestamp) {
        let is_final =
            matches!(failed.class, DeliveryFailure::Refused | DeliveryFailure::NoAddress);
        if is_final && self.removal.as_ref().is_some_and(|it| it.address && it.needs_approval) {
            self.told(failed.request, at);
        }
    }

    /// The service did what was asked for: approved, after its delay, and what it was about.
    fn completes(
        &mut self,
        act: &Act<'_>,
        request: EventId,
        address: bool,
        breaches: &mut Vec<Breach>,
    ) {
        let waited = self.removal.take();
        let waited = waited.filter(|it| it.request == request && it.address == address);
        self.done.clone_from(&waited);
        match waited {
            Some(removal) if removal.due_at().is_none() => {
                let detail = "the holder had not been told".to_owned();
                breaches.push((Rule::RemovalNotDue, detail));
            }
            Some(removal) if removal.due_at().is_some_and(|due_at| act.at < due_at) => {
                let detail = format!("at {}, due {:?}", act.at, removal.due_at());
                breaches.push((Rule::RemovalNotDue, detail));
            }
            Some(removal) if !removal.may_run => {
                let detail = "nobody approved it".to_owned();
                breaches.push((Rule::RemovalNotApproved, detail));
            }
            Some(_) => {}
            None => {
                let detail = "none was asked for that waits".to_owned();
                breaches.push((Rule::RemovalNotDue, detail));
            }
        }
        self.removing = true;
    }
}

impl Removal {
    /// From when it may be done; none while the holder was not told.
    fn due_at(&self) -> Option<Timestamp> {
        if !self.awaits_notice {
            return Some(self.runs_at);
        }
        let late = self.told_at?.duration_since(self.asked_at);
        let moved = late.saturating_sub(NOTICE_LATE_MAX).max(SignedDuration::ZERO);
        self.runs_at.checked_add(moved).ok()
    }
}

/// Another person and the delay, as the policy has them; without the delay only in person.
fn keeps_policy(act: &Act<'_>, requested: &FactorRemovalRequested, breaches: &mut Vec<Breach>) {
    let required = act.policy.two_person == TwoPerson::Required;
    if required && !requested.needs_approval {
        let detail = "asked for as if one person were enough".to_owned();
        breaches.push((Rule::RemovalNotApproved, detail));
    }
    let in_person = !requested.address
        && requested.in_person
        && requested.needs_approval
        && requested.proof == IdentityProof::InPerson;
    let hold = match requested.address {
        true => act.policy.address_hold,
        false => act.policy.removal_hold,
    };
    let earliest = act.at.saturating_add(hold).unwrap_or(act.at);
    if requested.runs_at < earliest && !in_person {
        let detail = format!("asked for at {}, due {}", act.at, requested.runs_at);
        breaches.push((Rule::RemovalNotDue, detail));
    }
}
