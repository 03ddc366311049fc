//! `DELETE /v1/accounts/me/sessions/{session}`: ends one session.

use countersign_events::actor::By;
use countersign_events::id::HandleHash;

use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// End a session
#[utoipa::path(
    delete, path = "/v1/accounts/me/sessions/{session}", tag = "sessions",
    operation_id = "endSession",
    params(("session" = String, Path, description = "its `session_id`")),
    responses((status = 204, description = "It is over"))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let token = ask.session()?;
    let session = ask.named("session", HandleHash::parse)?;
    ask.nothing()?;
    ask.verdict(ask.accounts().end_session(&ask.call(By::Holder), &token, session).await)?;
    answers::no_content()
}
