//! One attempt at one delivery, and what becomes of it.

use std::sync::Arc;

use jiff::Timestamp;
use metrics::counter;

use super::Dispatch;
use super::live::Done;
use crate::accounts::Fault;
use crate::webhooks::ledger::Hook;
use crate::webhooks::pace::{PAUSE_FIRST, later, next_attempt};
use crate::webhooks::queue::{DueDelivery, QueueError};
use crate::webhooks::sign::signatures;
use crate::webhooks::{Delivery, NotTaken};

/// What becomes of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is told, or there is nothing to tell.
    Settled,
    /// It is tried again.
    Postponed {
        /// Attempts made.
        attempts: u32,
        /// When.
        next_at: Timestamp,
        /// How this one failed, if it was made.
        why: Option<NotTaken>,
    },
    /// It is given up.
    GivenUp {
        /// Attempts made.
        attempts: u32,
        /// How the last one failed.
        why: String,
    },
}

/// Makes one attempt at a delivery.
pub(super) async fn attempt(desk: Arc<Dispatch>, hook: Arc<Hook>, due: DueDelivery) -> Done {
    let outcome = match prepared(&desk, &hook, &due).await {
        Ok(Some(delivery)) => match desk.carrier.carry(delivery).await {
            Ok(()) => {
                counter!("countersign_webhook_deliveries_total").increment(1);
                Outcome::Settled
            }
            Err(NotTaken::Gone) => gone(&desk, &hook, &due).await,
            Err(why) => failed(&desk, &due, why),
        },
        Ok(None) => Outcome::Settled,
        Err(fault @ Fault::Unavailable(_)) => {
            tracing::warn!(webhook = %due.webhook, %fault, "an event cannot be read now");
            not_attempted(&desk, &due)
        }
        Err(fault) => {
            tracing::error!(webhook = %due.webhook, position = %due.position, %fault,
                "an event cannot be told");
            Outcome::GivenUp { attempts: due.attempts, why: "unreadable".to_owned() }
        }
    };
    write(&desk, due, outcome)
}

/// Writes down what became of a delivery. If we crash before, it is made again under the same id.
pub(super) fn write(desk: &Dispatch, due: DueDelivery, outcome: Outcome) -> Done {
    match written(desk, &due, &outcome) {
        Ok(()) => Done::Attempted(due),
        Err(error) => {
            tracing::error!(webhook = %due.webhook, %error, "a delivery's end is not written");
            Done::Unwritten(due, outcome)
        }
    }
}

fn written(desk: &Dispatch, due: &DueDelivery, outcome: &Outcome) -> Result<(), QueueError> {
    match outcome {
        Outcome::Settled => desk.queue.settle(due, desk.clock.now()),
        Outcome::Postponed { attempts, next_at, why } => {
            let why = why.map(|why| why.to_string());
            desk.queue.postpone(due, (*attempts, *next_at), why.as_deref())
        }
        Outcome::GivenUp { attempts, why } => {
            desk.queue.give_up(due, *attempts, why, desk.clock.now())
        }
    }
}

/// The delivery of an event, signed for this attempt; none where there is nothing to tell.
async fn prepared(
    desk: &Dispatch,
    hook: &Hook,
    due: &DueDelivery,
) -> Result<Option<Delivery>, Fault> {
    let Some(outgoing) = desk.ledger.outgoing(due.position).await? else { return Ok(None) };
    let event = outgoing.id;
    let body = (desk.body)(outgoing).map_err(|error| Fault::Internal(error.to_string()))?;
    let at = desk.clock.now();
    let signature = signatures(&hook.secrets, event, at, &body);
    Ok(Some(Delivery { url: hook.url.clone(), event, at, signature, body }))
}

fn failed(desk: &Dispatch, due: &DueDelivery, why: NotTaken) -> Outcome {
    let (attempts, now) = (due.attempts.saturating_add(1), desk.clock.now());
    counter!("countersign_webhook_attempts_failed_total").increment(1);
    let (webhook, position) = (due.webhook, due.position);
    match next_attempt((due.account, position), attempts, due.queued_at, now) {
        Some(next_at) => {
            tracing::warn!(%webhook, %position, attempts, %why, "a delivery was not taken");
            Outcome::Postponed { attempts, next_at, why: Some(why) }
        }
        None => {
            counter!("countersign_webhook_deliveries_given_up_total").increment(1);
            tracing::error!(%webhook, %position, attempts, %why, "a delivery is given up");
            Outcome::GivenUp { attempts, why: why.to_string() }
        }
    }
}

/// The receiver is gone: the webhook ends, and its deliveries with it. Where that cannot be
/// recorded, it is asked again.
async fn gone(desk: &Dispatch, hook: &Hook, due: &DueDelivery) -> Outcome {
    match desk.ledger.gone(hook.client, hook.webhook).await {
        Ok(()) => {
            tracing::warn!(webhook = %due.webhook, "a receiver is gone: its webhook is ended");
            not_attempted(desk, due)
        }
        Err(fault) => {
            tracing::error!(webhook = %due.webhook, %fault, "a gone webhook is not ended");
            not_attempted(desk, due)
        }
    }
}

fn not_attempted(desk: &Dispatch, due: &DueDelivery) -> Outcome {
    let next_at = later(desk.clock.now(), PAUSE_FIRST);
    Outcome::Postponed { attempts: due.attempts, next_at, why: None }
}
