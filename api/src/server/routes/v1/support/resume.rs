//! `POST /v1/support/accounts/{account}/resumptions`: end a suspension.

use crate::contract::act::{Act, Acted};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// End a suspension
///
/// The holder signs in as before, and is told by mail. 409 where the account is not suspended.
#[utoipa::path(
    post, path = "/v1/support/accounts/{account}/resumptions", tag = "support",
    operation_id = "resume",
    params(("account" = String, Path, description = "the account's id")),
    request_body = Act,
    responses((status = 200, description = "The event that was written", body = Acted))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let (acting, account, act) = ask.act().await?;
    let event = ask.accounts().resume(&acting.call, &acting.token, account, act).await;
    answers::ok(&Acted { event: answers::event(ask.verdict(event)?) })
}
