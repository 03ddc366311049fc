//! `POST /v1/support/accounts/{account}/address-changes/{removal}/cancel`: give another address up.

use crate::contract::act::{Act, RemovalActed};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Give another address up
///
/// By anyone of support. The holder is told.
#[utoipa::path(
    post, path = "/v1/support/accounts/{account}/address-changes/{removal}/cancel",
    tag = "support", operation_id = "cancelAddressChange",
    params(
        ("account" = String, Path, description = "the account's id"),
        ("removal" = String, Path, description = "the request's id"),
    ),
    request_body = Act,
    responses((status = 200, description = "The request and the event", body = RemovalActed))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let (acting, removal, act) = ask.act_on_removal().await?;
    let acted = ask.accounts().cancel_removal(&acting.call, &acting.token, removal, act).await;
    answers::ok(&answers::removal_acted(ask.verdict(acted)?))
}
