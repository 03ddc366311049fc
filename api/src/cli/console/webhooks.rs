//! What the command line does with the webhooks of client apps.

use countersign_core::accounts::request::{Call, PageRequest};
use countersign_events::id::{ClientId, EventId, Position};
use serde::{Deserialize, Serialize};

use super::{Console, Reply, reply};
use crate::contract::id::WebhookId;
use crate::contract::webhook::{AddWebhook, AddWebhookSecret, Redeliver, Replay};
use crate::server::answers;

/// What is to be done with webhooks of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case", deny_unknown_fields)]
pub enum WebhookVerb {
    /// Add one.
    Add {
        /// Which.
        asked: AddWebhook,
    },
    /// List them.
    List,
    /// End one.
    End {
        /// The webhook.
        webhook_id: WebhookId,
    },
    /// Give one another secret.
    RotateSecret {
        /// The webhook.
        webhook_id: WebhookId,
        /// What secret.
        asked: AddWebhookSecret,
    },
    /// List deliveries that were given up.
    DeadLetters {
        /// The webhook.
        webhook_id: WebhookId,
        /// From which position on.
        from: Option<u64>,
        /// How many.
        limit: usize,
    },
    /// Make deliveries again that were given up.
    Redeliver {
        /// The webhook.
        webhook_id: WebhookId,
        /// Which.
        asked: Redeliver,
    },
    /// Tell everything again.
    Replay {
        /// The webhook.
        webhook_id: WebhookId,
        /// From where.
        asked: Replay,
    },
}

impl Console {
    pub(super) async fn do_with_webhooks(
        &self,
        call: &Call,
        client: ClientId,
        act: WebhookVerb,
    ) -> Reply {
        let accounts = &self.accounts;
        match act {
            WebhookVerb::Add { asked: AddWebhook { url, types } } => {
                let added = accounts.add_webhook(call, client, &url, types).await;
                reply(added, |given| answers::webhooks::added(&given))
            }
            WebhookVerb::List => reply(accounts.webhooks(call, client).await, |webhooks| {
                webhooks.into_iter().map(answers::webhooks::webhook).collect::<Vec<_>>()
            }),
            WebhookVerb::End { webhook_id } => {
                reply(accounts.end_webhook(call, client, core_id(webhook_id)).await, |()| ())
            }
            WebhookVerb::RotateSecret { webhook_id, asked } => {
                let overlap = asked.overlap_seconds.map(answers::span);
                let webhook = core_id(webhook_id);
                let added = accounts.add_webhook_secret(call, client, webhook, overlap).await;
                reply(added, |given| answers::webhooks::secret_added(&given))
            }
            WebhookVerb::DeadLetters { webhook_id, from, limit } => {
                let (webhook, page) = (core_id(webhook_id), PageRequest { cursor: from, limit });
                reply(accounts.dead_letters(call, client, webhook, page).await, |dead| {
                    answers::page(dead, answers::webhooks::dead_letter)
                })
            }
            WebhookVerb::Redeliver { webhook_id, asked } => {
                let position = asked.position.map(Position::new);
                let webhook = core_id(webhook_id);
                reply(accounts.redeliver(call, client, webhook, position).await, |()| asked)
            }
            WebhookVerb::Replay { webhook_id, asked } => {
                let (webhook, from) = (core_id(webhook_id), Position::new(asked.from));
                reply(accounts.replay_webhook(call, client, webhook, from).await, |()| asked)
            }
        }
    }
}

const fn core_id(webhook: WebhookId) -> EventId {
    EventId::new(webhook.uuid())
}
