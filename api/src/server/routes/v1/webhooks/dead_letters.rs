//! `GET /v1/clients/{client}/webhooks/{webhook}/dead-letters`: deliveries that were given up.

use countersign_events::id::{ClientId, EventId};

use crate::contract::page::{Page, PageQuery};
use crate::contract::webhook::DeadLetter;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// List the deliveries of a webhook that were given up
#[utoipa::path(
    get, path = "/v1/clients/{client}/webhooks/{webhook}/dead-letters", tag = "webhooks",
    operation_id = "listDeadLetters",
    params(
        ("client" = String, Path, description = "the app's id"),
        ("webhook" = String, Path, description = "what the webhook is called by"),
        PageQuery,
    ),
    responses((status = 200, description = "In the order of the log", body = Page<DeadLetter>))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let client = ask.named("client", ClientId::parse)?;
    let webhook = ask.named("webhook", EventId::parse)?;
    let query: PageQuery = ask.query()?;
    let page = ask.page(query.cursor, query.limit)?;
    let dead = ask.accounts().dead_letters(&acting.call, client, webhook, page).await;
    answers::ok(&answers::page(ask.verdict(dead)?, answers::webhooks::dead_letter))
}
