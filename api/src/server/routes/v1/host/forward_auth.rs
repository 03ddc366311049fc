//! `GET /v1/forward-auth`: whether a browser passes at a host.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, WWW_AUTHENTICATE};
use countersign_core::domain::refusal::Refusal;
use countersign_events::account::Assurance;
use countersign_events::actor::By;
use url::form_urlencoded::byte_serialize;

use crate::contract::host::{ACCOUNT_HEADER, ASSURANCE_HEADER, ForwardAuthQuery, SIGN_IN_PATH};
use crate::server::answers::Answer;
use crate::server::ask::Ask;
use crate::server::ask::host::{name, wanted};

/// Ask whether a browser passes
///
/// For nginx's `auth_request`, Traefik and Caddy: from a trusted proxy, with `X-Forwarded-Host`,
/// `-Proto` and `-Uri`, and the browser's cookies. 401 and 403 say in `Location` where the holder
/// signs in, or proves more.
#[utoipa::path(
    get, path = "/v1/forward-auth", tag = "hosts", operation_id = "forwardAuth",
    params(ForwardAuthQuery),
    responses(
        (status = 204, description = "It passes", headers(
            ("X-Countersign-Account" = String, description = "the account"),
            ("X-Countersign-Assurance" = String, description = "how sure its session is"),
        )),
        (status = 401, description = "Nobody is signed in there", content_type = "text/html"),
        (status = 403, description = "Not sure enough", content_type = "text/html"),
    )
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let query: ForwardAuthQuery = ask.query()?;
    let wanted = wanted(query.acr);
    let host = ask.protected_host()?;
    let Some(pass) = ask.pass() else {
        return Ok(lead(&ask, StatusCode::UNAUTHORIZED, wanted));
    };
    let call = ask.call(By::Holder);
    let passes = ask.accounts().pass(&call, &pass, &host.callback(), wanted).await;
    let view = match ask.verdict_of(passes)? {
        Ok(view) => view,
        Err(Refusal::NoSession) => return Ok(lead(&ask, StatusCode::UNAUTHORIZED, wanted)),
        Err(refusal) => return Err(ask.refused(refusal)),
    };
    if view.is_too_little {
        return Ok(lead(&ask, StatusCode::FORBIDDEN, wanted));
    }
    let mut answer = HttpResponse::NoContent();
    answer.insert_header((ACCOUNT_HEADER, view.account.to_string()));
    answer.insert_header((ASSURANCE_HEADER, name(view.assurance)));
    Ok(answer.finish())
}

/// Leads to the sign-in: by `Location` for a proxy that reads it, and by a page for a browser that
/// is shown this answer.
fn lead(ask: &Ask, status: StatusCode, wanted: Assurance) -> HttpResponse {
    let path = ask.asked_path();
    let to: String = byte_serialize(path.as_bytes()).collect();
    let location = format!("{SIGN_IN_PATH}?to={to}&acr={}", name(wanted));
    let mut answer = HttpResponse::build(status);
    answer.insert_header((LOCATION, location.as_str()));
    if status == StatusCode::UNAUTHORIZED {
        answer.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"Countersign\""));
    }
    // What stands in it was written by us, but for the path, of which every sign is encoded.
    let shown = location.replace('&', "&amp;");
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sign in</title>\
         <meta http-equiv=\"refresh\" content=\"0;url={shown}\">\
         <p><a href=\"{shown}\">Sign in</a></p></html>"
    );
    answer.content_type("text/html; charset=utf-8").body(page)
}
