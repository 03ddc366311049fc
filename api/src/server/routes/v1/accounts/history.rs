//! `GET /v1/accounts/{account}/history`: what happened, newest last, in words.

use crate::contract::event::Event;
use crate::contract::page::{Page, PageQuery};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Read an account's history
#[utoipa::path(
    get, path = "/v1/accounts/{account}/history", tag = "accounts", operation_id = "history",
    params(
        ("account" = String, Path, description = "`me`, an id, or `subject:` and the name"),
        PageQuery,
    ),
    responses((status = 200, description = "A page of events", body = Page<Event>))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let query: PageQuery = ask.query()?;
    let page = ask.page(query.cursor, query.limit)?;
    let (asker, call) = ask.asker().await?;
    let events = ask.verdict(ask.accounts().history(&call, asker, page).await)?;
    answers::ok(&answers::page(events, answers::own_event))
}
