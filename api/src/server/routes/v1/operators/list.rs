//! `GET /v1/operators`: all operators.

use crate::contract::operator::Operator;
use crate::contract::page::Page;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// List operators
#[utoipa::path(
    get, path = "/v1/operators", tag = "operators", operation_id = "listOperators",
    responses((status = 200, description = "All of them", body = Page<Operator>))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let operators = ask.verdict(ask.accounts().operators(&acting.call).await)?;
    answers::ok(&answers::whole(operators.iter().map(answers::operator).collect()))
}
