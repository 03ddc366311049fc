//! The headers that stand on every answer, errors included (SR-070).

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use countersign_events::id::CorrelationId;

use crate::server::problem::set;
use crate::server::routes::declared::Cache;

/// One year, and every name below.
const HSTS: &str = "max-age=31536000; includeSubDomains";
const CSP_API: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; \
                       object-src 'none'; form-action 'none'";
const CSP_DOCS: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                        img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; \
                        base-uri 'none'; object-src 'none'; form-action 'none'";
const CSP_PORTAL: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                          img-src 'self'; connect-src 'self'; frame-ancestors 'none'; \
                          base-uri 'none'; object-src 'none'; form-action 'self'";
/// What never changes under its address may be kept for a year.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// What kind of page an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// Data: nothing in it runs or loads.
    Api,
    /// The vendored API pages: their own scripts and styles.
    Docs,
    /// A page for people, with scripts and styles of its own files and nothing inline.
    Portal,
    /// A file that such a page loads; its address changes with it.
    Asset,
}

/// Sets them all.
pub(crate) fn apply(headers: &mut HeaderMap, page: Page, cache: Cache, request: CorrelationId) {
    let policy = match page {
        Page::Api | Page::Asset => CSP_API,
        Page::Portal => CSP_PORTAL,
        Page::Docs => CSP_DOCS,
    };
    set(headers, CONTENT_SECURITY_POLICY, policy);
    let kept = if page == Page::Asset { FOR_EVER.to_owned() } else { cache.header() };
    set(headers, CACHE_CONTROL, &kept);
    set(headers, REFERRER_POLICY, "no-referrer");
    set(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, X_FRAME_OPTIONS, "DENY");
    set(headers, STRICT_TRANSPORT_SECURITY, HSTS);
    set(headers, RESOURCE_POLICY, "same-origin");
    set(headers, OPENER_POLICY, "same-origin");
    set(headers, REQUEST_ID, &request.to_string());
}

/// Takes away what a host says for itself: a browser takes the answer for that host's own, and how
/// it is reached is not ours to lay down.
pub(crate) fn leave_to_the_host(headers: &mut HeaderMap) {
    headers.remove(STRICT_TRANSPORT_SECURITY);
}
