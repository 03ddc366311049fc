//! `GET /v1/support/factor-removals?state=pending`: the removals that wait.

use crate::contract::act::{Removal, RemovalListQuery, RemovalListState};
use crate::contract::page::Page;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// List the removals that wait
#[utoipa::path(
    get, path = "/v1/support/factor-removals", tag = "support", operation_id = "listRemovals",
    params(RemovalListQuery),
    responses((status = 200, description = "The oldest first", body = Page<Removal>))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let query: RemovalListQuery = ask.query()?;
    let page = ask.page(query.cursor, query.limit)?;
    let RemovalListState::Pending = query.state;
    let removals = ask.accounts().removals(&acting.call, &acting.token, page).await;
    answers::ok(&answers::page(ask.verdict(removals)?, answers::removal))
}
