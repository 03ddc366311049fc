//! `GET /.countersign/sign-out`: from a host to the portal's page for signing out.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;

use super::page;
use crate::contract::oidc::END_SESSION_PATH;
use crate::server::answers::Answer;
use crate::server::ask::Ask;

/// Lead a browser to where it signs out
///
/// Nothing ends here: the portal asks, and with the session ends what the browser holds at every
/// host.
#[utoipa::path(
    get, path = "/.countersign/sign-out", tag = "hosts", operation_id = "hostSignOut",
    responses((status = 303, description = "To the portal"))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let led = lead(&ask).await;
    page::shown(&ask, led)
}

async fn lead(ask: &Ask) -> Answer {
    let host = ask.protected_host()?;
    let app = ask.verdict(ask.accounts().host(&host.callback()).await)?;
    let portal = ask.accounts().public_url();
    let location = format!("{portal}{END_SESSION_PATH}?client_id={}", app.client);
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, location));
    Ok(answer.finish())
}
