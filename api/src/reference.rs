//! The generated references: what `docs/` commits and `countersign print` prints.

use crate::{config, server};

/// `docs/http-api.json`
///
/// # Errors
/// What serde says; an OpenAPI document has no shape that JSON lacks.
pub fn http_api() -> Result<String, serde_json::Error> {
    server::openapi::document_json()
}

/// `docs/routes.md`
#[must_use]
pub fn routes() -> String {
    server::routes::inventory::page()
}

/// `docs/config.md`
#[must_use]
pub fn config() -> String {
    config::reference()
}

/// `docs/events.md`: made by a test of the events, which has their payloads; printed as committed.
#[must_use]
pub const fn events() -> &'static str {
    include_str!("../../docs/events.md")
}
