//! `DELETE /v1/session`: signs out.

use actix_web::http::header::{HeaderName, HeaderValue};
use countersign_events::actor::By;

use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::cookies;

/// What a browser forgets of us (SR-070). The session's cookie is taken away by name: "cookies"
/// would sign people out of every neighbour below the same domain. "storage" would take from other
/// tabs the sign-ins that they are at, and nothing of a session is stored there.
const CLEARED: HeaderValue = HeaderValue::from_static("\"cache\"");

/// Sign out
#[utoipa::path(
    delete, path = "/v1/session", tag = "sessions", operation_id = "signOut",
    responses((status = 204, description = "The session is over"))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let token = ask.session()?;
    ask.nothing()?;
    ask.verdict(ask.accounts().sign_out(&ask.call(By::Holder), &token).await)?;
    let mut answer = answers::no_content()?;
    cookies::forget(&mut answer)?;
    answer.headers_mut().insert(HeaderName::from_static("clear-site-data"), CLEARED);
    Ok(answer)
}
