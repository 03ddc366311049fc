//! `GET /v1/support/accounts/{account}/state`: the state as of a revision or a time.

use countersign_core::accounts::request::AsOf;
use countersign_core::domain::refusal::Refusal;
use countersign_events::id::AccountId;

use crate::contract::look::StateAsOf;
use crate::contract::support::StateQuery;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Show an account's state as of then
///
/// Replayed from the events up to exactly one of `revision` and `at`.
#[utoipa::path(
    get, path = "/v1/support/accounts/{account}/state", tag = "support",
    operation_id = "supportState",
    params(
        ("account" = String, Path, description = "the account's id"),
        StateQuery,
    ),
    responses((status = 200, description = "The state", body = StateAsOf))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let account = ask.named("account", AccountId::parse)?;
    let query: StateQuery = ask.query()?;
    let as_of = match (query.revision, query.at) {
        (Some(revision), None) => AsOf::Revision(revision),
        (None, Some(at)) => AsOf::At(at),
        _ => {
            let (field, reason) = ("at", "give either `revision` or `at`".to_owned());
            return ask.verdict(Ok(Err(Refusal::Invalid { field, reason })));
        }
    };
    let (by, ticket) = (&acting.token, query.ticket);
    let state = ask.accounts().support_state(&acting.call, by, account, as_of, ticket).await;
    answers::ok(&answers::look::state(ask.verdict(state)?))
}
