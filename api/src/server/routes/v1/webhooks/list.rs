//! `GET /v1/clients/{client}/webhooks`: the webhooks of a client app.

use countersign_events::id::ClientId;

use crate::contract::page::Page;
use crate::contract::webhook::Webhook;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// List the webhooks of a client app, and how they go
#[utoipa::path(
    get, path = "/v1/clients/{client}/webhooks", tag = "webhooks", operation_id = "listWebhooks",
    params(("client" = String, Path, description = "the app's id")),
    responses((status = 200, description = "All of them", body = Page<Webhook>))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let client = ask.named("client", ClientId::parse)?;
    let webhooks = ask.verdict(ask.accounts().webhooks(&acting.call, client).await)?;
    answers::ok(&answers::whole(webhooks.into_iter().map(answers::webhooks::webhook).collect()))
}
