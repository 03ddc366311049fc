//! `DELETE /v1/accounts/me/sessions`: ends every session but the one that asks.

use countersign_events::actor::By;

use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// End all other sessions
#[utoipa::path(
    delete, path = "/v1/accounts/me/sessions", tag = "sessions", operation_id = "endOtherSessions",
    responses((status = 204, description = "They are over"))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let token = ask.session()?;
    ask.nothing()?;
    ask.verdict(ask.accounts().end_other_sessions(&ask.call(By::Holder), &token).await)?;
    answers::no_content()
}
