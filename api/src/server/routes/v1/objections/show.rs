//! `GET /v1/objections/{token}`: what the link of a notice is about.

use crate::contract::recovery::Objection;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;

/// See what a notice told of
///
/// Changes nothing: programs that follow links in mails do no harm.
#[utoipa::path(
    get, path = "/v1/objections/{token}", tag = "recovery", operation_id = "showObjection",
    params(("token" = String, Path, description = "what the link carried behind its `#`")),
    responses((status = 200, description = "This", body = Objection))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let link = ask.mail_link()?;
    let view = ask.verdict(ask.accounts().objection(link).await)?;
    answers::ok(&answers::objection(view))
}
