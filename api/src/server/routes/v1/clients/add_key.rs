//! `POST /v1/clients/{client}/keys`: gives a client app another key.

use countersign_events::id::ClientId;

use crate::contract::client::{AddKey, KeyAdded};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Give a client app another key
///
/// The key is told once, and again only for the same idempotency key. Those that the app has go on
/// for the overlap, and are dead after it.
#[utoipa::path(
    post, path = "/v1/clients/{client}/keys", tag = "clients", operation_id = "addKey",
    params(("client" = String, Path, description = "the app's id")),
    request_body = AddKey,
    responses((status = 201, description = "The key", body = KeyAdded))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.fresh_operator().await?;
    let client = ask.named("client", ClientId::parse)?;
    let asked: AddKey = ask.json()?;
    let new = answers::core_new_key(&asked);
    let added = ask.verdict(ask.accounts().add_key(&acting.call, client, new).await)?;
    answers::created(&answers::key_added(&added))
}
