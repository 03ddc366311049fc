//! `POST /v1/accounts/me/factors/replacement`: the phone is lost.

use countersign_events::actor::By;

use crate::contract::recovery::Replacement;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Ask to replace a lost authenticator
///
/// From a session by a code by e-mail. Every address is told and can object. From `due_at` on such
/// a session may enrol the new authenticator, and the old ones and the recovery codes are dead.
#[utoipa::path(
    post, path = "/v1/accounts/me/factors/replacement", tag = "recovery",
    operation_id = "requestReplacement",
    responses((status = 202, description = "It waits", body = Replacement))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let token = ask.session()?;
    ask.nothing()?;
    let call = ask.call(By::Holder);
    let asked = ask.verdict(ask.accounts().request_replacement(&call, &token).await)?;
    answers::accepted(&answers::replacement(asked))
}
