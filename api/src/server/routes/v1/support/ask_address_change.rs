//! `POST /v1/support/accounts/{account}/address-changes`: asks for another address.

use countersign_events::id::AccountId;

use crate::contract::act::RemovalActed;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Ask for another address
///
/// For who has lost the mailbox. The present address is told at once, with a link that stops it,
/// and so is the new one. Another supervisor approves it, and the service changes it by itself
/// after `support.address_hold`. Nobody has proven the new address then: no link to a new password
/// goes there, and codes by e-mail are withheld. 409 where something waits already.
#[utoipa::path(
    post, path = "/v1/support/accounts/{account}/address-changes", tag = "support",
    operation_id = "askAddressChange",
    params(("account" = String, Path, description = "the account's id")),
    request_body = crate::contract::act::AskAddressChange,
    responses((status = 201, description = "It waits", body = RemovalActed))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let account = ask.named("account", AccountId::parse)?;
    let change = answers::core_ask_address_change(ask.json()?);
    let accounts = ask.accounts();
    let acted = accounts.ask_address_change(&acting.call, &acting.token, account, change).await;
    answers::created(&answers::removal_acted(ask.verdict(acted)?))
}
