//! Events out, over the wire.

use countersign_core::accounts::answer as core;
use countersign_events::actor;

use super::{account_id, by};
use crate::contract::app_event::{AppEvent, WebhookBody};
use crate::contract::event::By;
use crate::contract::id::EventId;

pub(crate) fn app_event(outgoing: core::OutgoingView) -> AppEvent {
    let core::OutgoingView { id, position, account, event } = outgoing;
    AppEvent {
        id: EventId::new(id.uuid()),
        position: position.get(),
        account_id: account_id(account),
        revision: event.revision.get(),
        at: event.at,
        event_type: event.event_type,
        // Whoever of the staff it was, and wherever he sat.
        by: match event.by {
            actor::By::Operator { .. } | actor::By::Console { .. } => By::Support,
            other => by(other),
        },
        data: event.data,
        explanation: event.explanation,
    }
}

/// What a webhook is told of an event.
///
/// # Errors
/// What serde says; an event has no shape that JSON lacks.
pub(crate) fn webhook_body(outgoing: core::OutgoingView) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&WebhookBody::from(app_event(outgoing)))
}
