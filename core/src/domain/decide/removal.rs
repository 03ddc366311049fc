//! The removal of an authenticator, or of the recovery codes, for who has lost them, and another
//! address for who has lost the mailbox: asked for by support, approved by another person, done by
//! the service once its delay is over. Of all three at most one waits.
//!
//! ```text
//!                 ┌── cancelled, by support
//!   asked for ────┼── objected to, by the holder
//!      │          └── gone: the holder removed, replaced or changed it himself
//!      │ approved by another person, and its delay over
//!      ▼
//!   completed
//! ```
//!
//! The delay runs from the request on, so that the holder has all of it to object in, whenever it
//! is approved; where the notice leaves late, from then on, and while it has not left nothing is
//! done (SR-124).

use countersign_events::account::{
    AccountEvent, Disabled, EmailChanged, FactorRemovalApproved, FactorRemovalCancelled,
    FactorRemovalCompleted, FactorRemovalRequested, FactorRemoved, HoldPlaced, HoldWhy,
    IdentityProof, SessionEndedWhy,
};
use countersign_events::id::{AccountId, EventId};

use super::devices;
use super::password::withheld;
use super::recovery::demand_few_changes;
use super::sessions::{ended, others};
use super::sign_in::later;
use super::{Decision, existing};
use crate::domain::account::{Account, Open};
use crate::domain::command::{AskRemoval, Context};
use crate::domain::policy::TwoPerson;
use crate::domain::refusal::Refusal;
use crate::domain::removal::Removal;

/// Asks for one. There is at most one that waits: what is asked for is what was approved.
pub(super) fn ask(account: &Account, ask: AskRemoval, context: &Context<'_>) -> Decision {
    let open = existing(account)?;
    if open.removal.is_some() {
        return Err(Refusal::Conflict("a removal was asked for already, and waits"));
    }
    match ask.factor {
        _ if ask.address => {
            open.email.as_ref().ok_or(Refusal::NotFound("address"))?;
            demand_few_changes(open, context)?;
        }
        Some(factor) if !open.factors.contains_key(&factor) => {
            return Err(Refusal::NotFound("authenticator"));
        }
        None if open.recovery.is_none() => return Err(Refusal::NotFound("set of recovery codes")),
        _ => {}
    }
    if ask.of_operator && (ask.in_person || !open.has_proven_address()) {
        // Two people of the staff and a password that one of them knows would make a third.
        return Err(Refusal::Conflict(
            "an operator is told at a proven address and has the whole delay: who cannot be told \
             is let in anew by two people at the machine",
        ));
    }
    let needs_approval = context.policy.two_person == TwoPerson::Required;
    if ask.in_person && ask.proof != IdentityProof::InPerson {
        let reason = "the delay falls away only for who was seen in person".to_owned();
        return Err(Refusal::Invalid { field: "in_person", reason });
    }
    if ask.in_person && !needs_approval {
        // One person alone would have taken the second factor away at once.
        return Err(Refusal::Conflict("where nobody else approves, the delay falls away for none"));
    }
    if !needs_approval && !open.has_proven_address() {
        // The notice and its link are all that stands against one person alone.
        return Err(Refusal::Conflict(
            "where nobody else approves, the holder must be told: no address was proven",
        ));
    }
    let AskRemoval { factor, address, proof, in_person, of_operator: _ } = ask;
    let runs_at = match (address, in_person) {
        (true, _) => later(context, context.policy.address_hold),
        (false, true) => context.now,
        (false, false) => later(context, context.policy.removal_hold),
    };
    // Who stands there is told by that; for another address, the mailbox is asked all the same.
    let awaits_notice = open.email.is_some() && (address || !in_person);
    Ok(vec![AccountEvent::FactorRemovalRequested(FactorRemovalRequested {
        factor,
        address,
        proof,
        in_person,
        needs_approval,
        runs_at,
        awaits_notice,
    })])
}

/// The removal that waits, by the event that asked for it.
fn waiting(account: &Account, request: EventId) -> Result<(&Open, &Removal), Refusal> {
    let open = existing(account)?;
    let removal = open.removal.as_ref().filter(|removal| removal.request == request);
    removal.map(|removal| (open, removal)).ok_or(Refusal::NotFound("removal that waits"))
}

/// The same, where it is about this: what is done to one goes by its own path.
fn waiting_for(account: &Account, request: EventId, address: bool) -> Result<&Removal, Refusal> {
    let (_, removal) = waiting(account, request)?;
    if removal.address != address {
        return Err(Refusal::NotFound("removal that waits"));
    }
    Ok(removal)
}

/// Approves it, as another person than the one who asked.
pub(super) fn approve(
    account: &Account,
    (request, address): (EventId, bool),
    by: AccountId,
) -> Decision {
    let removal = waiting_for(account, request, address)?;
    if removal.asked_by == by {
        return Err(Refusal::Forbidden("whoever asked cannot approve: that is for another person"));
    }
    if !removal.needs_approval {
        return Err(Refusal::Conflict("it needs no approval: it waits for its time alone"));
    }
    if removal.approved.is_some() {
        return Err(Refusal::Conflict("it is approved already"));
    }
    Ok(vec![AccountEvent::FactorRemovalApproved(FactorRemovalApproved { request })])
}

/// Gives it up.
pub(super) fn cancel(account: &Account, (request, address): (EventId, bool)) -> Decision {
    waiting_for(account, request, address)?;
    Ok(vec![AccountEvent::FactorRemovalCancelled(FactorRemovalCancelled { request })])
}

/// Does it, where it is due: asked too early, or once more, there is nothing to do. Everything that
/// began before ends, no device is known any more, and for a while nothing else can be changed
/// (SR-118, SR-124).
pub(super) fn complete(account: &Account, request: EventId, context: &Context<'_>) -> Decision {
    let Ok((open, removal)) = waiting(account, request) else { return Ok(vec![]) };
    if !removal.is_due(context.now) {
        return Ok(vec![]);
    }
    if removal.address {
        return Ok(change_address(open, request, context));
    }
    let completed = AccountEvent::FactorRemovalCompleted(FactorRemovalCompleted { request });
    let factor = removal.factor;
    let removed = factor.map(|factor| AccountEvent::FactorRemoved(FactorRemoved { factor }));
    let is_last = factor.is_some() && open.factors.len() == 1;
    let disabled = is_last.then_some(AccountEvent::Disabled(Disabled {}));
    let ended = ended(others(open, None), SessionEndedWhy::FactorChanged);
    // First of all: with the authenticator every device becomes a stranger by itself.
    let forgotten = devices::all_forgotten(open, context);
    let hold = AccountEvent::HoldPlaced(HoldPlaced {
        why: HoldWhy::FactorRemoval,
        until: later(context, context.policy.hold),
        email_codes: open.email_codes_offered,
    });
    let events = [Some(completed), forgotten, removed, disabled, ended, Some(hold)];
    Ok(events.into_iter().flatten().collect())
}

/// Puts the new address in the place of the present one, unproven (SR-124).
///
/// Whoever talked support into it has a mailbox, and a mailbox alone must not be enough: no link to
/// a new password goes to an address that nobody proved, codes by e-mail are withheld as after a
/// password by mail (SR-053, AT-58), and to prove the address takes a session, or a sign-in with
/// the password. The earlier one, where it was proven, is told and can take itself back.
fn change_address(open: &Open, request: EventId, context: &Context<'_>) -> Vec<AccountEvent> {
    let changed = AccountEvent::EmailChanged(EmailChanged {
        undo_until: later(context, context.policy.email_undo),
        unproven: open.email.as_ref().is_some_and(|email| !email.confirmed),
        request: Some(request),
    });
    let forgotten = devices::all_forgotten(open, context);
    let ended = ended(others(open, None), SessionEndedWhy::AddressChanged);
    let hold = AccountEvent::HoldPlaced(HoldPlaced {
        why: HoldWhy::AddressChange,
        until: later(context, context.policy.hold),
        email_codes: withheld(open, context),
    });
    [Some(changed), forgotten, ended, Some(hold)].into_iter().flatten().collect()
}
