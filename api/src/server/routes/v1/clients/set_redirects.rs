//! `PUT /v1/clients/{client}/redirects`: where browsers are sent back to.

use countersign_events::id::ClientId;

use crate::contract::client::Redirects;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Set where browsers are sent back to
///
/// These addresses from now on, and no other.
#[utoipa::path(
    put, path = "/v1/clients/{client}/redirects", tag = "clients", operation_id = "setRedirects",
    params(("client" = String, Path, description = "the app's id")),
    request_body = Redirects,
    responses((status = 200, description = "The addresses", body = Redirects))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let acting = ask.fresh_operator().await?;
    let client = ask.named("client", ClientId::parse)?;
    let wanted: Redirects = ask.json()?;
    let wanted = answers::core_redirects(wanted);
    let set = ask.verdict(ask.accounts().set_redirects(&acting.call, client, wanted).await)?;
    answers::ok(&answers::redirects(set.redirects))
}
