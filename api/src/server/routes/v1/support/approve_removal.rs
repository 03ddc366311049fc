//! `POST /v1/support/accounts/{account}/factor-removals/{removal}/approve`: approve a removal.

use crate::contract::act::{Act, RemovalActed};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Approve a removal
///
/// By another person than the one who asked: 403 for that one.
#[utoipa::path(
    post, path = "/v1/support/accounts/{account}/factor-removals/{removal}/approve",
    tag = "support", operation_id = "approveRemoval",
    params(
        ("account" = String, Path, description = "the account's id"),
        ("removal" = String, Path, description = "the removal's id"),
    ),
    request_body = Act,
    responses((status = 200, description = "The removal and the event", body = RemovalActed))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let (acting, removal, act) = ask.act_on_removal().await?;
    let acted = ask.accounts().approve_removal(&acting.call, &acting.token, removal, act).await;
    answers::ok(&answers::removal_acted(ask.verdict(acted)?))
}
