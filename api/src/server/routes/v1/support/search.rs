//! `POST /v1/support/accounts/search`: exact, by login or e-mail address.

use countersign_core::accounts::request::Lookup;

use crate::contract::page::Page;
use crate::contract::support::{Search, SearchByEmail, SearchByLogin, SearchHit};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Search an account
///
/// The whole login or the whole address, in the body: never in a URL. What is found is masked.
#[utoipa::path(
    post, path = "/v1/support/accounts/search", tag = "support", operation_id = "search",
    request_body = Search,
    responses((status = 200, description = "None or one", body = Page<SearchHit>))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let lookup = if ask.has_key("login")? {
        Lookup::Login(ask.json::<SearchByLogin>()?.login)
    } else {
        Lookup::Email(ask.json::<SearchByEmail>()?.email)
    };
    let hits = ask.verdict(ask.accounts().search(&acting.call, &acting.token, lookup).await)?;
    answers::ok(&answers::whole(hits.into_iter().map(answers::search_hit).collect()))
}
