//! `DELETE /v1/clients/{client}/keys/{key}`: the key is good for nothing more.

use countersign_events::id::{ClientId, EventId};

use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// End one key of a client app
///
/// The sign-ins and sessions that the app has vouched for until now end with it.
#[utoipa::path(
    delete, path = "/v1/clients/{client}/keys/{key}", tag = "clients", operation_id = "endKey",
    params(
        ("client" = String, Path, description = "the app's id"),
        ("key" = String, Path, description = "what the key is called by"),
    ),
    responses((status = 204, description = "It is dead"))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.fresh_operator().await?;
    let client = ask.named("client", ClientId::parse)?;
    let key = ask.named("key", EventId::parse)?;
    ask.nothing()?;
    ask.verdict(ask.accounts().end_key(&acting.call, client, key).await)?;
    answers::no_content()
}
