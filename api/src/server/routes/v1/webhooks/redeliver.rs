//! `POST /v1/clients/{client}/webhooks/{webhook}/redeliveries`: what was given up is tried again.

use countersign_events::id::{ClientId, EventId, Position};

use crate::contract::webhook::Redeliver;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Make deliveries again that were given up: one, or all of them
///
/// They go before what waits of the same account, in the order of the log.
#[utoipa::path(
    post, path = "/v1/clients/{client}/webhooks/{webhook}/redeliveries", tag = "webhooks",
    operation_id = "redeliver",
    params(
        ("client" = String, Path, description = "the app's id"),
        ("webhook" = String, Path, description = "what the webhook is called by"),
    ),
    request_body = Redeliver,
    responses((status = 202, description = "They are made again", body = Redeliver))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.fresh_operator().await?;
    let client = ask.named("client", ClientId::parse)?;
    let webhook = ask.named("webhook", EventId::parse)?;
    let asked: Redeliver = ask.json()?;
    let position = asked.position.map(Position::new);
    let done = ask.accounts().redeliver(&acting.call, client, webhook, position).await;
    ask.verdict(done)?;
    answers::accepted(&asked)
}
