//! `POST /v1/clients/{client}/webhooks/{webhook}/secrets`: gives a webhook another secret.

use countersign_events::id::{ClientId, EventId};

use crate::contract::webhook::{AddWebhookSecret, WebhookSecretAdded};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Give a webhook another secret
///
/// The secret is told once, and again only for the same idempotency key. For the overlap a delivery
/// carries the signatures of all of them.
#[utoipa::path(
    post, path = "/v1/clients/{client}/webhooks/{webhook}/secrets", tag = "webhooks",
    operation_id = "addWebhookSecret",
    params(
        ("client" = String, Path, description = "the app's id"),
        ("webhook" = String, Path, description = "what the webhook is called by"),
    ),
    request_body = AddWebhookSecret,
    responses((status = 201, description = "The secret", body = WebhookSecretAdded))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.fresh_operator().await?;
    let client = ask.named("client", ClientId::parse)?;
    let webhook = ask.named("webhook", EventId::parse)?;
    let AddWebhookSecret { overlap_seconds } = ask.json()?;
    let overlap = overlap_seconds.map(answers::span);
    let added = ask.accounts().add_webhook_secret(&acting.call, client, webhook, overlap).await;
    answers::created(&answers::webhooks::secret_added(&ask.verdict(added)?))
}
