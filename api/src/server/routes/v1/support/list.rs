//! `GET /v1/support/accounts`: the accounts with something locked now, or looked at lately.

use crate::contract::page::Page;
use crate::contract::support::{AccountListQuery, AccountListState, SearchHit};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// List accounts
///
/// Those with something locked now, or those that whoever asks looked at lately.
#[utoipa::path(
    get, path = "/v1/support/accounts", tag = "support", operation_id = "listAccounts",
    params(AccountListQuery),
    responses((status = 200, description = "A page of accounts, masked", body = Page<SearchHit>))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let query: AccountListQuery = ask.query()?;
    let page = ask.page(query.cursor, query.limit)?;
    let (call, by) = (&acting.call, &acting.token);
    let hits = match query.state {
        AccountListState::Locked => ask.accounts().locked(call, by, page).await,
        AccountListState::Recent => ask.accounts().recent(call, by, page).await,
    };
    answers::ok(&answers::page(ask.verdict(hits)?, answers::search_hit))
}
