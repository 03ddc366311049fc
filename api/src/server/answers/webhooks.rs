//! Webhooks of client apps, over the wire.

use countersign_core::accounts::answer as core;
use countersign_events::id::EventId;
use jiff::Timestamp;

use super::{account_id, client_id};
use crate::contract::id::WebhookId;
use crate::contract::secret::Secret;
use crate::contract::webhook::{
    DeadLetter, Webhook, WebhookAdded, WebhookRetrying, WebhookSecretAdded,
};

pub(crate) fn added(given: &core::WebhookSecretGiven) -> WebhookAdded {
    WebhookAdded {
        client_id: client_id(given.client),
        webhook_id: webhook_id(given.webhook),
        secret: Secret::new(given.secret.as_str()),
    }
}

pub(crate) fn secret_added(given: &core::WebhookSecretGiven) -> WebhookSecretAdded {
    WebhookSecretAdded {
        client_id: client_id(given.client),
        webhook_id: webhook_id(given.webhook),
        secret: Secret::new(given.secret.as_str()),
        others_end_at: given.others_end_at.unwrap_or(Timestamp::MIN),
    }
}

pub(crate) fn webhook(view: core::WebhookView) -> Webhook {
    Webhook {
        webhook_id: webhook_id(view.webhook),
        url: view.url,
        types: view.types,
        added_at: view.added_at,
        ended_at: view.ended_at,
        waiting: view.standing.waiting,
        dead_letters: view.standing.dead_letters,
        next_position: view.standing.next.map(countersign_events::id::Position::get),
        retrying: view.standing.retrying.map(retrying),
    }
}

fn retrying(view: core::RetryingView) -> WebhookRetrying {
    let core::RetryingView { since, why, next_at } = view;
    WebhookRetrying { since, why, next_at }
}

pub(crate) fn dead_letter(view: core::DeadLetterView) -> DeadLetter {
    DeadLetter {
        position: view.position.get(),
        account_id: account_id(view.account),
        queued_at: view.queued_at,
        attempts: view.attempts,
        why: view.why,
        given_up_at: view.given_up_at,
    }
}

fn webhook_id(id: EventId) -> WebhookId {
    WebhookId::new(id.uuid())
}
