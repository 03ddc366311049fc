//! `GET /v1/clients`: all client apps.

use crate::contract::client::ClientApp;
use crate::contract::page::Page;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// List client apps and their keys
#[utoipa::path(
    get, path = "/v1/clients", tag = "clients", operation_id = "listClients",
    responses((status = 200, description = "All of them", body = Page<ClientApp>))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.operator().await?;
    let clients = ask.verdict(ask.accounts().clients(&acting.call).await)?;
    answers::ok(&answers::whole(clients.into_iter().map(answers::client_app).collect()))
}
