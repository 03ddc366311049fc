//! `GET /v1/support/accounts/{account}/events`: the time line of an account.

use countersign_events::id::AccountId;

use crate::contract::event::Event;
use crate::contract::page::Page;
use crate::contract::support::SupportEventsQuery;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Read an account's time line
#[utoipa::path(
    get, path = "/v1/support/accounts/{account}/events", tag = "support",
    operation_id = "supportEvents",
    params(
        ("account" = String, Path, description = "the account's id"),
        SupportEventsQuery,
    ),
    responses((status = 200, description = "A page of events", body = Page<Event>))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let account = ask.named("account", AccountId::parse)?;
    let SupportEventsQuery { cursor, limit, ticket } = ask.query()?;
    let (page, by) = (ask.page(cursor, limit)?, &acting.token);
    let events = ask.accounts().support_events(&acting.call, by, account, page, ticket).await;
    answers::ok(&answers::page(ask.verdict(events)?, answers::event))
}
