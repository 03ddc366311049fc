//! `POST /v1/objections/{token}`: this was not me.

use countersign_events::actor::By;

use crate::contract::recovery::Objection;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// Say that something was somebody else's doing
///
/// Stops a replacement, takes an earlier address back, ends every session, and asks for a new
/// password at the next sign-in. A link does this once.
#[utoipa::path(
    post, path = "/v1/objections/{token}", tag = "recovery", operation_id = "object",
    params(("token" = String, Path, description = "what the link carried behind its `#`")),
    responses((status = 200, description = "It is undone", body = Objection))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let link = ask.mail_link()?;
    ask.nothing()?;
    let call = ask.call(By::Holder);
    let view = ask.verdict(ask.accounts().object(&call, link).await)?;
    answers::ok(&answers::objection(view))
}
