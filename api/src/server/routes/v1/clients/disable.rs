//! `DELETE /v1/clients/{client}`: the app may do nothing more.

use countersign_events::id::ClientId;

use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Disable a client app
///
/// The sign-ins and sessions that it has vouched for end with it.
#[utoipa::path(
    delete, path = "/v1/clients/{client}", tag = "clients", operation_id = "disableClient",
    params(("client" = String, Path, description = "the app's id")),
    responses((status = 204, description = "Its keys are dead"))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.fresh_operator().await?;
    let client = ask.named("client", ClientId::parse)?;
    ask.nothing()?;
    ask.verdict(ask.accounts().disable_client(&acting.call, client).await)?;
    answers::no_content()
}
