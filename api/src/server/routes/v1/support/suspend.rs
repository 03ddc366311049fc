//! `POST /v1/support/accounts/{account}/suspensions`: suspend an account.

use countersign_events::id::AccountId;

use crate::contract::act::{Act, Acted};
use crate::contract::problem::ProblemCode;
use crate::server::answers::Answer;
use crate::server::ask::Ask;
use crate::server::problem::ProblemAnswer;

/// Suspend an account
///
/// Nobody signs in, and every session and sign-in in progress ends at once. Whoever tries is told
/// what a wrong password is told. The holder is told by mail. 409 where it is suspended already.
#[utoipa::path(
    post, path = "/v1/support/accounts/{account}/suspensions", tag = "support",
    operation_id = "suspend",
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
