//! `POST /v1/support/accounts/{account}/password-mails`: have a link to a new password sent.

use crate::contract::act::{Act, Acted};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Have a link to a new password sent
///
/// To the address on record, and to no other: 409 where it was never proven. The holder acts; no
/// password is seen or set here.
#[utoipa::path(
    post, path = "/v1/support/accounts/{account}/password-mails", tag = "support",
    operation_id = "mailPasswordLink",
    params(("account" = String, Path, description = "the account's id")),
    request_body = Act,
    responses((status = 200, description = "The event that was written", body = Acted))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let (acting, account, act) = ask.act().await?;
    let event = ask.accounts().mail_password(&acting.call, &acting.token, account, act).await;
    answers::ok(&Acted { event: answers::event(ask.verdict(event)?) })
}
