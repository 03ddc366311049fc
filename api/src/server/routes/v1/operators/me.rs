//! `GET /v1/operators/me`: which operator asks, and in what role.

use crate::contract::operator::Operator;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Show who acts
#[utoipa::path(
    get, path = "/v1/operators/me", tag = "operators", operation_id = "showOperator",
    responses((status = 200, description = "The operator who asks", body = Operator))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    answers::ok(&answers::operator(&acting.operator))
}
