//! `POST /v1/accounts/{account}/factors`: offers an authenticator.

use countersign_core::accounts::request::BeginFactor as Begin;

use crate::contract::factor::{BeginFactor, FactorOffered};
use crate::contract::secret::Secret;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Ask for an authenticator
///
/// The secret, its URI and its QR code are told once, and again only for the same idempotency key.
/// The first authenticator wants a fresh password, or a client app's key; a further one wants its
/// holder's fresh second factor.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/factors", tag = "factors", operation_id = "beginFactor",
    params(("account" = String, Path, description = "`me`, an id, or `subject:` and the name")),
    request_body = BeginFactor,
    responses((status = 202, description = "It waits for its first code", body = FactorOffered))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let (asker, call) = ask.asker().await?;
    let body: BeginFactor = ask.json()?;
    let begin = Begin { name: body.name, password: body.password.map(Secret::into_inner) };
    let offered = ask.verdict(ask.accounts().begin_factor(&call, asker, begin).await)?;
    answers::accepted(&answers::factor_offered(offered))
}
