//! `POST /v1/clients/{client}/webhooks/{webhook}/replays`: everything is told again.

use countersign_events::id::{ClientId, EventId, Position};

use crate::contract::webhook::Replay;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Tell a webhook everything again from a position of the log on
///
/// Each event has the `webhook-id` that it had before.
#[utoipa::path(
    post, path = "/v1/clients/{client}/webhooks/{webhook}/replays", tag = "webhooks",
    operation_id = "replayWebhook",
    params(
        ("client" = String, Path, description = "the app's id"),
        ("webhook" = String, Path, description = "what the webhook is called by"),
    ),
    request_body = Replay,
    responses((status = 202, description = "It is told again", body = Replay))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.fresh_operator().await?;
    let client = ask.named("client", ClientId::parse)?;
    let webhook = ask.named("webhook", EventId::parse)?;
    let asked: Replay = ask.json()?;
    let from = Position::new(asked.from);
    let done = ask.accounts().replay_webhook(&acting.call, client, webhook, from).await;
    ask.verdict(done)?;
    answers::accepted(&asked)
}
