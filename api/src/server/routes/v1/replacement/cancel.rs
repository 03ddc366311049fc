//! `DELETE /v1/accounts/me/factors/replacement`: the phone was found.

use countersign_events::actor::By;

use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Give the replacement of an authenticator up
#[utoipa::path(
    delete, path = "/v1/accounts/me/factors/replacement", tag = "recovery",
    operation_id = "cancelReplacement",
    responses((status = 204, description = "The authenticator stays"))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let token = ask.session()?;
    ask.nothing()?;
    let call = ask.call(By::Holder);
    ask.verdict(ask.accounts().cancel_replacement(&call, &token).await)?;
    answers::no_content()
}
