//! `PATCH /v1/accounts/{account}/factors/{factor}`: another name for an authenticator.

use countersign_events::id::FactorId;

use crate::contract::factor::{Factor, RenameFactor};
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Rename an authenticator
#[utoipa::path(
    patch, path = "/v1/accounts/{account}/factors/{factor}", tag = "factors",
    operation_id = "renameFactor",
    params(
        ("account" = String, Path, description = "`me`"),
        ("factor" = String, Path, description = "the authenticator's id"),
    ),
    request_body = RenameFactor,
    responses((status = 200, description = "It has the new name", body = Factor))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let (asker, call) = ask.asker().await?;
    let factor = ask.named("factor", FactorId::parse)?;
    let body: RenameFactor = ask.json()?;
    let renamed =
        ask.verdict(ask.accounts().rename_factor(&call, asker, factor, body.name).await)?;
    answers::ok(&answers::factor(renamed))
}
