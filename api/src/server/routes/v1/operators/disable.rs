//! `DELETE /v1/operators/{operator}`: the operator may act no more.

use countersign_events::id::AccountId;

use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Disable an operator
///
/// The last admin who can act cannot be disabled.
#[utoipa::path(
    delete, path = "/v1/operators/{operator}", tag = "operators", operation_id = "disableOperator",
    params(("operator" = String, Path, description = "the id of the operator's account")),
    responses((status = 204, description = "The operator may act no more"))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.fresh_operator().await?;
    let operator = ask.named("operator", AccountId::parse)?;
    ask.nothing()?;
    ask.verdict(ask.accounts().disable_operator(&acting.call, operator).await)?;
    answers::no_content()
}
