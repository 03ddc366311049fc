//! The generated references: what `docs/` commits and `countersign print` prints.

use std::fmt::Write as _;

use countersign_events::catalogue;

use crate::{config, server};

/// `docs/http-api.json`
///
/// # Errors
/// What serde says; an OpenAPI document has no shape that JSON lacks.
pub fn http_api() -> Result<String, serde_json::Error> {
    server::openapi::document_json()
}

/// `docs/config.md`
#[must_use]
pub fn config() -> String {
    config::reference()
}

/// `docs/events.md`
#[must_use]
pub fn events() -> String {
    let mut text = String::from(
        "# Events\n\n\
         Made by `countersign print events`; do not edit.\n\n\
         Every entry of the log has one of these types, under a version of its shape. A type is \
         permanent;\na new shape is a new version, never a change.\n\n\
         | type | version |\n|---|---|\n",
    );
    for row in catalogue::rows() {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "| `{}` | {} |", row.event_type, row.version);
    }
    text
}
