//! `DELETE /v1/clients/{client}/webhooks/{webhook}`: the webhook is told nothing more.

use countersign_events::id::{ClientId, EventId};

use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// End a webhook of a client app
///
/// What it was not told yet is forgotten.
#[utoipa::path(
    delete, path = "/v1/clients/{client}/webhooks/{webhook}", tag = "webhooks",
    operation_id = "endWebhook",
    params(
        ("client" = String, Path, description = "the app's id"),
        ("webhook" = String, Path, description = "what the webhook is called by"),
    ),
    responses((status = 204, description = "It is told nothing more"))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.fresh_operator().await?;
    let client = ask.named("client", ClientId::parse)?;
    let webhook = ask.named("webhook", EventId::parse)?;
    ask.nothing()?;
    ask.verdict(ask.accounts().end_webhook(&acting.call, client, webhook).await)?;
    answers::no_content()
}
