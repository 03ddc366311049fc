//! `GET /v1/support/accounts/{account}/changes`: what became different between two revisions.

use countersign_core::accounts::request::Between;
use countersign_events::id::AccountId;

use crate::contract::look::{ChangesQuery, StateChanges};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Show what an event changed
///
/// Both states are folded from the events; what is never shown is no change.
#[utoipa::path(
    get, path = "/v1/support/accounts/{account}/changes", tag = "support",
    operation_id = "supportChanges",
    params(
        ("account" = String, Path, description = "the account's id"),
        ChangesQuery,
    ),
    responses((status = 200, description = "The changes", body = StateChanges))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let account = ask.named("account", AccountId::parse)?;
    let ChangesQuery { revision, since, ticket } = ask.query()?;
    let (between, by) = (Between { since, revision }, &acting.token);
    let changes = ask.accounts().support_changes(&acting.call, by, account, between, ticket).await;
    answers::ok(&answers::look::changes(ask.verdict(changes)?))
}
