//! `GET /v1/operators`: all operators.

use crate::contract::operator::OperatorListed;
use crate::contract::page::Page;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// List operators
///
/// For an access review: who has which role, since when and by whom, and when it was last used.
#[utoipa::path(
    get, path = "/v1/operators", tag = "operators", operation_id = "listOperators",
    responses((status = 200, description = "All of them", body = Page<OperatorListed>))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let operators = ask.verdict(ask.accounts().operators(&acting.call).await)?;
    answers::ok(&answers::whole(operators.into_iter().map(answers::operator_listed).collect()))
}
