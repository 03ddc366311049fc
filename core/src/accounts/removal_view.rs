//! What support sees of a removal, folded from the account's stream.

use countersign_events::account::AccountEvent;
use countersign_events::id::{EventId, FactorId, Revision};
use countersign_events::store::READ_LIMIT_MAX;

use super::answer::{RemovalAbout, RemovalState, RemovalView};
use super::identity::{Errand, open_pii};
use super::mail::event_since;
use super::mask;
use crate::actors::account::{Entity, Halt, stamped};
use crate::domain::refusal::Refusal;
use crate::domain::removal::Removal;

/// A removal as support sees it, as the log has it: also one that waits no more; as it stands, or
/// as it stood after an entry.
pub(super) async fn removal_view(
    entity: &Entity,
    request: EventId,
    until: Option<Revision>,
) -> Result<RemovalView, Halt> {
    let none = Refusal::NotFound("removal");
    let recorded = event_since(entity, request).await?.ok_or(none.clone())?;
    let stamped = stamped(&recorded)?;
    let AccountEvent::FactorRemovalRequested(asked) = &stamped.event else {
        return Err(none.into());
    };
    let removal = Removal::asked(asked, &stamped);
    let (removal, state) = became(entity, removal, until).await?;
    let errand: Option<Errand> =
        open_pii(&entity.services.secrets, entity.id()?, &recorded).await?;
    let errand = errand.unwrap_or_default();
    let identity = entity.identity().await?;
    Ok(RemovalView {
        request,
        account: entity.id()?,
        login_hint: mask::login(&identity.login.or(identity.subject).unwrap_or_default()),
        about: about(&removal),
        factor: match removal.factor {
            Some(factor) => Some((factor, name_of(entity, factor).await?)),
            None => None,
        },
        asked_by: removal.asked_by,
        asked_by_login: None,
        asked_at: removal.asked_at,
        email_hint: errand.email.as_deref().map(mask::email),
        ticket: errand.ticket.unwrap_or_default(),
        reason: errand.reason.unwrap_or_default(),
        proof: removal.proof,
        in_person: removal.in_person,
        needs_approval: removal.needs_approval,
        approved: removal.approved,
        approved_by_login: None,
        runs_at: removal.due_at().unwrap_or(removal.runs_at),
        notice: removal.notice,
        can_object: entity.open()?.can_object(entity.now()),
        state,
    })
}

/// What it is about, by what everybody can read of its event: an address is sealed.
const fn about(removal: &Removal) -> RemovalAbout {
    match (removal.address, removal.factor) {
        (true, _) => RemovalAbout::Address,
        (false, Some(_)) => RemovalAbout::Factor,
        (false, None) => RemovalAbout::RecoveryCodes,
    }
}

/// The holder's name for an authenticator; none once it is gone.
async fn name_of(entity: &Entity, factor: FactorId) -> Result<String, Halt> {
    match entity.open()?.factors.get(&factor) {
        Some(found) => entity.factor_name(found.named_at).await,
        None => Ok(String::new()),
    }
}

/// What became of a removal. The state says it while it waits; otherwise the events that came since
/// do, up to an entry or all of them.
async fn became(
    entity: &Entity,
    mut removal: Removal,
    until: Option<Revision>,
) -> Result<(Removal, RemovalState), Halt> {
    let request = removal.request;
    let waits = entity.open()?.removal.as_ref().filter(|waits| waits.request == request);
    if let (Some(waits), None) = (waits, until) {
        return Ok((waits.clone(), RemovalState::Pending));
    }
    let store = entity.services.log.store();
    let mut next = removal.asked_in.next();
    loop {
        let page = store.read_stream(entity.stream, next, READ_LIMIT_MAX).await?;
        let is_beyond = |revision: Revision| until.is_some_and(|until| until < revision);
        for recorded in &page {
            if is_beyond(recorded.revision) {
                return Ok((removal, RemovalState::Pending));
            }
            let event = stamped(recorded)?;
            if let Some(state) = ended(request, &event.event) {
                return Ok((removal, state));
            }
            removal.take(&event);
        }
        let Some(last) = page.last() else { break };
        next = last.revision.next();
    }
    // What is gone by another way than these was removed or replaced by the holder.
    let state = match until {
        Some(_) => RemovalState::Pending,
        None => RemovalState::Cancelled,
    };
    Ok((removal, state))
}

/// How a removal ended, where this event ended it.
fn ended(request: EventId, event: &AccountEvent) -> Option<RemovalState> {
    let (of, state) = match event {
        AccountEvent::FactorRemovalCancelled(it) => (it.request, RemovalState::Cancelled),
        AccountEvent::FactorRemovalObjected(it) => (it.request, RemovalState::Objected),
        AccountEvent::FactorRemovalCompleted(it) => (it.request, RemovalState::Completed),
        AccountEvent::EmailChanged(it) => (it.request?, RemovalState::Completed),
        _ => return None,
    };
    (of == request).then_some(state)
}
