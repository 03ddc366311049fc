//! `POST /v1/support/accounts/{account}/session-ends`: end the sessions of an account.

use countersign_events::id::AccountId;

use crate::contract::act::{Act, Acted};
use crate::contract::problem::ProblemCode;
use crate::server::answers::Answer;
use crate::server::ask::Ask;
use crate::server::problem::ProblemAnswer;

/// End the sessions of an account
///
/// Every session and every sign-in in progress ends at once; the holder is told by mail and may
/// sign in anew.
#[utoipa::path(
    post, path = "/v1/support/accounts/{account}/session-ends", tag = "support",
    operation_id = "endSessionsOf",
    params(("account" = String, Path, description = "the account's id")),
    request_body = Act,
    responses((status = 200, description = "The event that was written", body = Acted))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    ask.operator().await?;
    ask.named("account", AccountId::parse)?;
    let _: Act = ask.json()?;
    Err(ProblemAnswer::new(ProblemCode::Unavailable))
}
