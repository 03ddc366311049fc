//! `POST /v1/support/accounts/{account}/suspensions`: suspend an account.

use crate::contract::act::{Act, Acted};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

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
    let (acting, account, act) = ask.act().await?;
    let event = ask.accounts().suspend(&acting.call, &acting.token, account, act).await;
    answers::ok(&Acted { event: answers::event(ask.verdict(event)?) })
}
