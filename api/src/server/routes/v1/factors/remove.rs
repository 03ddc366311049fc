//! `POST …/factors/{factor}/remove`, also `DELETE …/factors/{factor}`.

use countersign_events::id::FactorId;

use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Remove an authenticator
///
/// Wants a fresh second factor. Removing the last one turns two-factor authentication off.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/factors/{factor}/remove", tag = "factors",
    operation_id = "removeFactor",
    params(
        ("account" = String, Path, description = "`me`"),
        ("factor" = String, Path, description = "the authenticator's id"),
    ),
    responses((status = 204, description = "It is gone"))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let (asker, call) = ask.asker().await?;
    let factor = ask.named("factor", FactorId::parse)?;
    ask.nothing()?;
    ask.verdict(ask.accounts().remove_factor(&call, asker, factor).await)?;
    answers::no_content()
}
