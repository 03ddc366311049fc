//! `GET /v1/support/accounts/{account}`: the masked state of an account.

use countersign_events::id::AccountId;

use crate::contract::account::Account;
use crate::contract::support::LookQuery;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Look at an account
///
/// The holder sees in the own history that support looked, and for which ticket.
#[utoipa::path(
    get, path = "/v1/support/accounts/{account}", tag = "support", operation_id = "supportAccount",
    params(("account" = String, Path, description = "the account's id"), LookQuery),
    responses((status = 200, description = "The account, masked", body = Account))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let account = ask.named("account", AccountId::parse)?;
    let LookQuery { ticket } = ask.query()?;
    let shown = ask.accounts().support_account(&acting.call, &acting.token, account, ticket).await;
    answers::ok(&answers::account(ask.verdict(shown)?))
}
