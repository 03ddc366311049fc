//! `POST /v1/clients`: adds a client app.

use crate::contract::client::{AddClient, ClientAdded};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Add a client app
///
/// Its API key is told once, and again only for the same idempotency key.
#[utoipa::path(
    post, path = "/v1/clients", tag = "clients", operation_id = "addClient",
    request_body = AddClient,
    responses((status = 201, description = "The app and its key", body = ClientAdded))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.fresh_operator().await?;
    let body: AddClient = ask.json()?;
    let new = answers::core_new_client(body);
    let added = ask.verdict(ask.accounts().add_client(&acting.call, new).await)?;
    answers::created(&answers::client_added(&added))
}
