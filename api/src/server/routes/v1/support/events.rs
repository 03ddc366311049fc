//! `GET /v1/support/accounts/{account}/events`: the time line of an account.

use countersign_core::accounts::request::TimeLine;
use countersign_events::id::AccountId;

use crate::contract::event::Event;
use crate::contract::page::Page;
use crate::contract::support::SupportEventsQuery;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Read an account's time line
///
/// Looks of one operator for one ticket with nothing between them are one item.
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
    let SupportEventsQuery { cursor, limit, kind, order, ticket } = ask.query()?;
    let line = TimeLine {
        page: ask.page(cursor, limit)?,
        kind: kind.map(answers::look::core_kind),
        order: answers::look::core_order(order.unwrap_or_default()),
    };
    let (call, by) = (&acting.call, &acting.token);
    let events = ask.accounts().support_events(call, by, account, line, ticket).await;
    answers::ok(&answers::page(ask.verdict(events)?, answers::event))
}
