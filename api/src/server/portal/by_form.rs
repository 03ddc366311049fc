//! What an app sends by a form: OpenID Connect has the addresses that browsers are sent to take
//! POST as well (Core 1.0, 3.1.2.1; RP-Initiated Logout 1.0, 2).
//!
//! A form is led to the page by GET, with all that it says in the address, where the page reads it.
//! It changes nothing, reads no cookie and is judged by nobody here.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded;

use crate::contract::oidc::{AUTHORIZE_PATH, END_SESSION_PATH};
use crate::server::body;
use crate::server::problem::ProblemAnswer;
use crate::server::routes::declared::Body;

/// The pages that apps send browsers to.
pub(super) const PATHS: [&str; 2] = [AUTHORIZE_PATH, END_SESSION_PATH];
/// What can be done there.
pub(super) const METHODS: &str = "GET, HEAD, POST";
/// Bytes of an address: proxies before us take no more than 8 KiB with the rest of its line.
const LOCATION_BYTES_MAX: usize = 8000;

/// Leads to the same page by GET.
pub(super) async fn lead(
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ProblemAnswer> {
    if !request.query_string().is_empty() {
        return Err(ProblemAnswer::invalid("a form says all of it"));
    }
    let form = body::read(&request, payload, Body::Form).await?;
    // Written anew: what is no form says nothing, and nothing in it ends a header's line.
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(form_urlencoded::parse(&form));
    let location = format!("{}?{}", request.path(), query.finish());
    if location.len() > LOCATION_BYTES_MAX {
        return Err(ProblemAnswer::invalid("a form that is larger than an address can be"));
    }
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, location)).finish())
}
