//! `POST /v1/support/accounts/{account}/factor-removals`: asks for the removal of an authenticator.

use countersign_events::id::AccountId;

use crate::contract::act::{AskRemoval, RemovalActed};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::problem::ProblemAnswer;

/// Ask for the removal of an authenticator
///
/// Or of the recovery codes alone. The holder is told at once at every address, with a link that
/// stops it. Another person approves it, and the service removes by itself once its delay is over.
/// 409 where one waits already.
#[utoipa::path(
    post, path = "/v1/support/accounts/{account}/factor-removals", tag = "support",
    operation_id = "askRemoval",
    params(("account" = String, Path, description = "the account's id")),
    request_body = AskRemoval,
    responses((status = 201, description = "It waits", body = RemovalActed))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let account = ask.named("account", AccountId::parse)?;
    let body: AskRemoval = ask.json()?;
    if body.factor_id.is_some() == body.recovery_codes {
        return Err(ProblemAnswer::invalid("give either `factor_id` or `recovery_codes`"));
    }
    let removal = answers::core_ask_removal(body);
    let acted = ask.accounts().ask_removal(&acting.call, &acting.token, account, removal).await;
    answers::created(&answers::removal_acted(ask.verdict(acted)?))
}
