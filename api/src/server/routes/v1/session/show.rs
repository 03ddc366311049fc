//! `GET /v1/session`: who am I.

use countersign_events::actor::By;

use crate::contract::session::Session;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Show this session
#[utoipa::path(
    get, path = "/v1/session", tag = "sessions", operation_id = "showSession",
    responses((status = 200, description = "The session that asks", body = Session))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let token = ask.session()?;
    let session = ask.verdict(ask.accounts().session(&ask.call(By::Holder), &token).await)?;
    answers::ok(&answers::session(session))
}
