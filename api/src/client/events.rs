//! Events of a client app's own accounts, and its webhooks as admins see them.

use super::log::{LogStream, Placed, STREAM_TIMEOUT};
use super::{Client, ClientError, Done, Pending};
use crate::contract::app_event::{AppEvent, EVENT, EventsQuery};
use crate::contract::id::{ClientId, WebhookId};
use crate::contract::log::LAST_EVENT_ID;
use crate::contract::page::Page;
use crate::contract::webhook::{AddWebhook, Webhook, WebhookAdded};

impl Placed for AppEvent {
    fn position(&self) -> u64 {
        self.position
    }
}

impl Client {
    /// Follows the events of the app's own accounts, `after` a position that was seen:
    /// `GET /v1/events`.
    ///
    /// # Errors
    /// What [`Pending::send`] names.
    pub async fn follow_events(
        &self,
        query: &EventsQuery,
        after: Option<u64>,
    ) -> Result<LogStream<AppEvent>, ClientError> {
        let call: Pending<Done> = self.get_with(&["events"], query);
        let call = match after {
            Some(position) => call.header(LAST_EVENT_ID, &position.to_string()),
            None => call,
        };
        Ok(LogStream::of(call.timeout(STREAM_TIMEOUT).open().await?, EVENT))
    }

    /// Adds a webhook; its secret is told once: `POST /v1/clients/{client}/webhooks`.
    pub fn add_webhook(&self, client: ClientId, request: &AddWebhook) -> Pending<WebhookAdded> {
        self.post(&["clients", &client.to_string(), "webhooks"], request)
    }

    /// Lists the webhooks of a client app: `GET /v1/clients/{client}/webhooks`.
    pub fn webhooks(&self, client: ClientId) -> Pending<Page<Webhook>> {
        self.get(&["clients", &client.to_string(), "webhooks"])
    }

    /// Ends a webhook: `DELETE /v1/clients/{client}/webhooks/{webhook}`.
    pub fn end_webhook(&self, client: ClientId, webhook: WebhookId) -> Pending<Done> {
        self.delete(&["clients", &client.to_string(), "webhooks", &webhook.to_string()])
    }
}
