//! `POST /v1/operators`: adds an operator.

use crate::contract::operator::{AddOperator, OperatorAdded};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Add an operator
///
/// The setup token is told once, and again only for the same idempotency key: hand it to the
/// person, who sets a password with it within 24 hours. Added again before that, the operator
/// gets a fresh token and the role said last; the old token is dead.
#[utoipa::path(
    post, path = "/v1/operators", tag = "operators", operation_id = "addOperator",
    request_body = AddOperator,
    responses((status = 201, description = "The operator and a token", body = OperatorAdded))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.fresh_operator().await?;
    let body: AddOperator = ask.json()?;
    let role = answers::core_role(body.role);
    let added = ask.verdict(ask.accounts().add_operator(&acting.call, body.login, role).await)?;
    answers::created(&answers::operator_added(&added))
}
