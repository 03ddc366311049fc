//! `GET /v1/support/accounts?state=locked`: the accounts with something locked now.

use crate::contract::page::Page;
use crate::contract::support::{AccountListQuery, AccountListState, SearchHit};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// List locked accounts
#[utoipa::path(
    get, path = "/v1/support/accounts", tag = "support", operation_id = "listAccounts",
    params(AccountListQuery),
    responses((status = 200, description = "A page of accounts, masked", body = Page<SearchHit>))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let query: AccountListQuery = ask.query()?;
    let page = ask.page(query.cursor, query.limit)?;
    let AccountListState::Locked = query.state;
    let hits = ask.verdict(ask.accounts().locked(&acting.call, &acting.token, page).await)?;
    answers::ok(&answers::page(hits, answers::search_hit))
}
