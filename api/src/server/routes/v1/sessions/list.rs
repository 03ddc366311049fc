//! `GET /v1/accounts/me/sessions`: the holder's sessions.

use countersign_events::actor::By;

use crate::contract::page::Page;
use crate::contract::session::Session;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// List sessions
#[utoipa::path(
    get, path = "/v1/accounts/me/sessions", tag = "sessions", operation_id = "listSessions",
    responses((status = 200, description = "All of them", body = Page<Session>))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let token = ask.session()?;
    let sessions = ask.verdict(ask.accounts().sessions(&ask.call(By::Holder), &token).await)?;
    answers::ok(&answers::whole(sessions.into_iter().map(answers::session).collect()))
}
