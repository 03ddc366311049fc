//! `countersign print`: the references, as they are committed under `docs/`.

use clap::Subcommand;

use super::{EXIT_FINE, output};
use crate::reference;

/// What is printed.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Verb {
    /// The OpenAPI document (docs/http-api.json)
    Openapi,
    /// Every call with who may make it and what it declares (docs/routes.md)
    Routes,
    /// The catalogue of events (docs/events.md)
    Events,
    /// The settings (docs/config.md)
    Config,
}

pub(crate) fn run(verb: Verb) -> anyhow::Result<u8> {
    let text = match verb {
        Verb::Openapi => reference::http_api()?,
        Verb::Routes => reference::routes(),
        Verb::Events => reference::events().to_owned(),
        Verb::Config => reference::config(),
    };
    output::print(&text)?;
    Ok(EXIT_FINE)
}
