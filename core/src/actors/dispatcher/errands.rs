//! What the dispatcher does beside deliveries: asks which webhooks there are, takes the log in,
//! notes how far it has come.

use std::sync::Arc;

use countersign_events::id::{AccountId, Position};

use super::Dispatch;
use super::live::Done;
use crate::accounts::Fault;
use crate::webhooks::ledger::Hook;

/// Events of an app that are taken in at once.
const TAKEN_IN_MAX: usize = 500;

/// The webhooks that there are. Before the first of them is told anything, the file is found to be
/// of this log; one of another log, or of one that lost its end, is begun anew.
pub(super) async fn refresh(desk: Arc<Dispatch>, fits: bool) -> Result<Vec<Hook>, Fault> {
    if !fits
        && let Some((position, leaf)) = desk.queue.last_entry()?
        && !desk.ledger.holds(position, leaf).await?
    {
        tracing::warn!(%position, "the webhook deliveries are of another log: begun anew");
        desk.queue.clear()?;
    }
    let hooks = desk.ledger.live().await?;
    desk.queue.keep(&hooks)?;
    Ok(hooks)
}

/// Takes in what the log holds for a webhook from a position on: a page of it.
pub(super) async fn take_in(desk: Arc<Dispatch>, hook: Arc<Hook>, from: Position) -> Done {
    match taken_in(&desk, &hook, from).await {
        Ok(()) => Done::TakenIn(hook.webhook),
        Err(fault) => {
            tracing::error!(webhook = %hook.webhook, %fault, "a webhook cannot take the log in");
            Done::Failed(hook.webhook)
        }
    }
}

async fn taken_in(desk: &Dispatch, hook: &Hook, from: Position) -> Result<(), Fault> {
    let events = desk.model.app_events(hook.client, None, from, TAKEN_IN_MAX)?;
    // What the read models have now is no less than what they had then.
    let (Some(last), Some(seen)) = (events.last(), desk.model.last_entry()?) else { return Ok(()) };
    let next = last.position.next();
    let mut wanted: Vec<(AccountId, Position)> = Vec::with_capacity(events.len());
    for event in events {
        let Some(account) = event.account else { continue };
        if hook.types.is_empty() || is_wanted(desk, hook, event.position).await? {
            wanted.push((account, event.position));
        }
    }
    desk.queue.take_in(hook.webhook, (from, next), &wanted, seen, desk.clock.now())?;
    Ok(())
}

/// Whether an event is of a type that the webhook is told of.
async fn is_wanted(desk: &Dispatch, hook: &Hook, position: Position) -> Result<bool, Fault> {
    let outgoing = desk.ledger.outgoing(position).await?;
    Ok(outgoing.is_some_and(|outgoing| hook.types.contains(&outgoing.event.event_type)))
}

/// Notes in the log how far a webhook has come.
pub(super) async fn note(desk: Arc<Dispatch>, hook: Arc<Hook>, next: Position) -> Done {
    match desk.ledger.progressed(hook.client, hook.webhook, next).await {
        Ok(()) => Done::Noted(hook.webhook, next, desk.clock.now()),
        Err(fault) => {
            tracing::error!(webhook = %hook.webhook, %fault, "how far it has come is not noted");
            Done::Failed(hook.webhook)
        }
    }
}
