//! `DELETE /v1/accounts/{account}/factors/{factor}`: the same as its `remove`.

use crate::server::answers::Answer;
use crate::server::ask::Ask;

/// Remove an authenticator
///
/// The same as `POST …/remove`.
#[utoipa::path(
    delete, path = "/v1/accounts/{account}/factors/{factor}", tag = "factors",
    operation_id = "deleteFactor",
    params(
        ("account" = String, Path, description = "`me`"),
        ("factor" = String, Path, description = "the authenticator's id"),
    ),
    responses((status = 204, description = "It is gone"))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    super::remove::handle(ask).await
}
