//! `POST /v1/support/accounts/search`: exact, by login or e-mail address.

use countersign_core::accounts::request::Lookup;
use countersign_core::domain::refusal::Refusal;

use crate::contract::page::Page;
use crate::contract::support::{Search, SearchByEmail, SearchByLogin, SearchHit};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// What stands for other characters in patterns.
const WILDCARDS: &[char] = &['*', '?', '%'];

/// Search an account
///
/// The whole login or the whole address, in the body: never in a URL. What is found is masked. A
/// search is an event, whether or not it finds anybody.
#[utoipa::path(
    post, path = "/v1/support/accounts/search", tag = "support", operation_id = "search",
    request_body = Search,
    responses((status = 200, description = "None or one", body = Page<SearchHit>))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let (lookup, ticket) = if ask.has_key("login")? {
        let SearchByLogin { login, ticket } = ask.json()?;
        (Lookup::Login(login), ticket)
    } else {
        let SearchByEmail { email, ticket } = ask.json()?;
        (Lookup::Email(email), ticket)
    };
    let (field, text) = match &lookup {
        Lookup::Login(text) => ("login", text),
        Lookup::Email(text) => ("email", text),
    };
    let has_wildcard = text.contains(WILDCARDS);
    let hits = ask.accounts().search(&acting.call, &acting.token, lookup, ticket).await;
    let hits = ask.verdict(hits)?;
    // A name may have such a character in it: then it is found like any other.
    if hits.is_empty() && has_wildcard {
        let reason = "a search takes a whole login or address, no pattern".to_owned();
        return ask.verdict(Ok(Err(Refusal::Invalid { field, reason })));
    }
    answers::ok(&answers::whole(hits.into_iter().map(answers::search_hit).collect()))
}
