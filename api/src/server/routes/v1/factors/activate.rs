//! `POST /v1/accounts/{account}/factors/{factor}/activate`: the first code confirms it.

use countersign_events::id::FactorId;

use crate::contract::factor::{ActivateFactor, Activated};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::json;

/// Activate an authenticator
///
/// Lifts this session to two factors and ends the others. With the first authenticator come ten
/// recovery codes. The code is used up: at the next sign-in, wait for the next one.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/factors/{factor}/activate", tag = "factors",
    operation_id = "activateFactor",
    params(
        ("account" = String, Path, description = "`me`, an id, or `subject:` and the name"),
        ("factor" = String, Path, description = "the authenticator's id"),
    ),
    request_body = ActivateFactor,
    responses((status = 200, description = "It is in use", body = Activated))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let (asker, call) = ask.asker().await?;
    let factor = ask.named("factor", FactorId::parse)?;
    let six_digits = |body: &ActivateFactor| json::six_digits(&body.code);
    let body = ask.code(ask.with_session(), six_digits).await?;
    let code = body.code.into_inner();
    let activated =
        ask.verdict(ask.accounts().activate_factor(&call, asker, factor, code).await)?;
    ask.give(answers::activated(activated))
}
