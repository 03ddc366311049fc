//! `POST /v1/accounts/{account}/recovery-codes`: a new set, the old one is dead.

use crate::contract::factor::RecoveryCodes;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Make new recovery codes
///
/// Wants a fresh second factor. The codes are told once.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/recovery-codes", tag = "factors",
    operation_id = "newRecoveryCodes",
    params(("account" = String, Path, description = "`me`")),
    responses((status = 201, description = "The new set", body = RecoveryCodes))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let (asker, call) = ask.asker().await?;
    ask.nothing()?;
    let codes = ask.verdict(ask.accounts().new_recovery_codes(&call, asker).await)?;
    answers::created(&RecoveryCodes { recovery_codes: answers::secrets(codes) })
}
