//! What happens to every request of every listener, before and after its route.
//!
//! From outside in: the request gets an id; `TRACE` and a foreign `Host` are refused; a panic
//! becomes a generic 500 and the worker goes on (SR-076); every answer gets the security headers;
//! one line is logged, with the route's template and nothing a person typed (SR-071, SR-146). A
//! body that is not at its end when its request is answered ends with the connection.

pub(crate) mod address;
pub(crate) mod host;
pub(crate) mod security;
mod unread;

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, ResponseError as _, web};
use countersign_core::entropy;
use countersign_events::id::CorrelationId;
use futures::FutureExt as _;

use self::security::Page;
use self::unread::Unread;
use super::edge::Edge;
use super::problem::ProblemAnswer;
use super::routes::{self, declared::Cache};
use crate::contract::problem::ProblemCode;

/// Where what a host's own proxy hands on begins.
const HOSTS_PATH: &str = "/.countersign/";
/// What hosts ask, and may show as their own.
const FORWARD_AUTH_PATH: &str = "/v1/forward-auth";
/// The path of the API pages on the ops listener.
pub(crate) const DOCS_PATH: &str = "/docs/";
/// A route's template where none matched.
const NO_ROUTE: &str = "-";

/// The outermost middleware.
pub(crate) async fn every_request(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let Some(edge) = request.app_data::<web::Data<Edge>>().cloned() else {
        return Err(ProblemAnswer::new(ProblemCode::Internal).into());
    };
    let id = match entropy::uuid_v7(edge.entropy.as_ref(), edge.clock.now()) {
        Ok(uuid) => CorrelationId::new(uuid),
        Err(error) => {
            tracing::error!(target: "countersign::fault", %error, "no request id");
            let nil = CorrelationId::new(uuid::Uuid::nil());
            return Err(ProblemAnswer::new(ProblemCode::Unavailable).bare(nil).into());
        }
    };
    request.extensions_mut().insert(id);
    let method = known_method(request.method());
    let page = if request.path().starts_with(DOCS_PATH) { Page::Docs } else { Page::Api };
    let unread = Unread::hold(&mut request);
    let answered = answer(&edge, request, next).await;
    match answered {
        Ok(response) => {
            let mut response = match unread {
                Some(unread) => unread.until_sent(response),
                None => response,
            };
            let page = response.response().extensions().get().copied().unwrap_or(page);
            let cache = match response.status().is_success() {
                true => response.response().extensions().get().copied(),
                false => None,
            };
            let cache = cache.unwrap_or(Cache::NoStore);
            security::apply(response.headers_mut(), page, cache, id);
            if is_shown_elsewhere(response.request().path()) {
                security::leave_to_the_host(response.headers_mut());
            }
            let route = response.request().match_pattern();
            let route = route.as_deref().unwrap_or(NO_ROUTE);
            note(&edge, id, method, route, response.status().as_u16(), started.elapsed());
            Ok(response)
        }
        Err(problem) => {
            let status = problem.status_code().as_u16();
            note(&edge, id, method, NO_ROUTE, status, started.elapsed());
            Err(problem.bare(id).into())
        }
    }
}

async fn answer(
    edge: &Edge,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, ProblemAnswer> {
    if request.method() == Method::TRACE {
        let allowed = routes::allowed(edge.listener, request.path());
        let refused = ProblemAnswer::method_not_allowed(&allowed).error_response();
        return Ok(request.into_response(refused));
    }
    if !edge.hosts.admits(request.uri(), request.headers()) {
        let refused = ProblemAnswer::new(ProblemCode::MisdirectedRequest).error_response();
        return Ok(request.into_response(refused));
    }
    match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(Ok(response)) => Ok(response.map_into_boxed_body()),
        // The panic itself was logged by the hook, with its place and without its values.
        Ok(Err(_)) | Err(_) => Err(ProblemAnswer::new(ProblemCode::Internal)),
    }
}

/// One line and two numbers for every answer; nothing that a person or a client typed.
fn note(
    edge: &Edge,
    id: CorrelationId,
    method: &'static str,
    route: &str,
    status: u16,
    took: Duration,
) {
    let listener = edge.listener.name();
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(
        target: "countersign::access",
        request = %id, listener, method, route, status, micros, "answered"
    );
    let labels = [
        ("listener", listener.to_owned()),
        ("method", method.to_owned()),
        ("route", route.to_owned()),
        ("status", status.to_string()),
    ];
    metrics::counter!("countersign_http_requests_total", &labels).increment(1);
    metrics::histogram!("countersign_http_request_seconds", "listener" => listener)
        .record(took.as_secs_f64());
}

fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "TRACE" => "TRACE",
        _ => "OTHER",
    }
}

/// Whether an answer is one that a host shows as its own.
fn is_shown_elsewhere(path: &str) -> bool {
    path.starts_with(HOSTS_PATH) || path == FORWARD_AUTH_PATH
}

#[cfg(test)]
mod tests;
