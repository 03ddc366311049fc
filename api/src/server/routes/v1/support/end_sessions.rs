//! `POST /v1/support/accounts/{account}/session-ends`: end the sessions of an account.

use crate::contract::act::{Act, Acted};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

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
    let (acting, account, act) = ask.act().await?;
    let event = ask.accounts().end_sessions_of(&acting.call, &acting.token, account, act).await;
    answers::ok(&Acted { event: answers::event(ask.verdict(event)?) })
}
