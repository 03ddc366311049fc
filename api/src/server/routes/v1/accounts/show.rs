//! `GET /v1/accounts/{account}`: the account, as its holder or its client app sees it.

use crate::contract::account::Account;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Show an account
///
/// Status, authenticators, recovery codes left, and what must wait until when.
#[utoipa::path(
    get, path = "/v1/accounts/{account}", tag = "accounts", operation_id = "showAccount",
    params(("account" = String, Path, description = "`me`, an id, or `subject:` and the name")),
    responses((status = 200, description = "The account", body = Account))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let (asker, call) = ask.asker().await?;
    let account = ask.verdict(ask.accounts().account(&call, asker).await)?;
    answers::ok(&answers::account(account))
}
