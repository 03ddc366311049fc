//! What the dispatcher asks of apps and accounts, and tells them.

use countersign_events::client::{ClientEvent, WebhookEndedWhy, WebhookProgressed};
use countersign_events::id::{ClientId, EventId, Hash32, Position, StreamId};
use countersign_events::tree::leaf_hash;
use futures::future::BoxFuture;

use super::super::answer::OutgoingView;
use super::super::app_events::outgoing;
use super::super::request::Call;
use super::super::{Accounts, Fault};
use super::given_up;
use crate::actors::account::CONFLICTS_MAX;
use crate::webhooks::HookUrl;
use crate::webhooks::ledger::{Hook, HookLedger};

impl HookLedger for Accounts {
    fn live(&self) -> BoxFuture<'_, Result<Vec<Hook>, Fault>> {
        Box::pin(async move {
            let mut hooks = vec![];
            for stream in self.read_model().staff()? {
                if let StreamId::Client(client) = stream {
                    hooks.extend(self.hooks_of(client).await?);
                }
            }
            Ok(hooks)
        })
    }

    fn outgoing(&self, position: Position) -> BoxFuture<'_, Result<Option<OutgoingView>, Fault>> {
        Box::pin(async move { outgoing(&self.entry_of(position).await?) })
    }

    fn holds(&self, position: Position, leaf: Hash32) -> BoxFuture<'_, Result<bool, Fault>> {
        Box::pin(async move {
            let read = self.log().store().read_all(position, 1).await?;
            let found = read.first().filter(|recorded| recorded.position == position);
            Ok(found.is_some_and(|recorded| leaf_hash(&recorded.bytes) == leaf))
        })
    }

    fn progressed(
        &self,
        client: ClientId,
        webhook: EventId,
        next: Position,
    ) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async move {
            let call = Call::system(self.log())?;
            for _ in 0..CONFLICTS_MAX {
                let known = self.known_client(client).await?;
                let found = known.client.webhooks.get(webhook);
                if known.client.disabled || !found.is_some_and(|webhook| webhook.is_live()) {
                    return Ok(());
                }
                let progressed = WebhookProgressed { webhook_id: webhook, next };
                let event = ClientEvent::WebhookProgressed(progressed);
                let id = self.log().event_id()?;
                if self.record_client(&call, client, known.head, id, &event).await? {
                    return Ok(());
                }
            }
            Err(given_up(StreamId::Client(client)))
        })
    }

    fn gone(&self, client: ClientId, webhook: EventId) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async move {
            let call = Call::system(self.log())?;
            let why = WebhookEndedWhy::Gone;
            match self.end_webhook_for(&call, client, webhook, why).await? {
                Ok(()) => Ok(()),
                Err(refusal) => Err(Fault::Internal(refusal.to_string())),
            }
        })
    }
}

impl Accounts {
    async fn hooks_of(&self, client: ClientId) -> Result<Vec<Hook>, Fault> {
        let known = self.known_client(client).await?;
        if known.client.disabled {
            return Ok(vec![]);
        }
        let mut hooks = vec![];
        for webhook in known.client.webhooks.live() {
            let url = match HookUrl::parse(&webhook.url) {
                Ok(url) => url,
                Err(error) => {
                    // It was one when it was added: the rule is another by now.
                    tracing::error!(%client, webhook = %webhook.id, %error, "a webhook's url");
                    continue;
                }
            };
            let secrets = webhook.secrets.iter();
            hooks.push(Hook {
                client,
                webhook: webhook.id,
                url,
                types: webhook.types.clone(),
                secrets: secrets
                    .map(|(event, until)| self.webhook_secret(*event, *until))
                    .collect(),
                resume: webhook.resume,
                noted_at: webhook.noted_at,
                replay: webhook.replay,
            });
        }
        Ok(hooks)
    }
}
