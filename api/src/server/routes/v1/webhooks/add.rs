//! `POST /v1/clients/{client}/webhooks`: gives a client app a webhook.

use countersign_events::id::ClientId;

use crate::contract::webhook::{AddWebhook, WebhookAdded};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Give a client app a webhook
///
/// The events of its accounts are sent there from now on, signed as Standard Webhooks says. The
/// secret is told once, and again only for the same idempotency key. The app needs the scope
/// `events:read`.
#[utoipa::path(
    post, path = "/v1/clients/{client}/webhooks", tag = "webhooks", operation_id = "addWebhook",
    params(("client" = String, Path, description = "the app's id")),
    request_body = AddWebhook,
    responses((status = 201, description = "The webhook and its secret", body = WebhookAdded))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.fresh_operator().await?;
    let client = ask.named("client", ClientId::parse)?;
    let AddWebhook { url, types } = ask.json()?;
    let added = ask.accounts().add_webhook(&acting.call, client, &url, types).await;
    answers::created(&answers::webhooks::added(&ask.verdict(added)?))
}
