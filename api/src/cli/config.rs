//! `countersign config`: what is set, and whether it may be.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Common, EXIT_FINE, output};

/// What is done with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Say whether the configuration may be used
    Check(Look),
    /// Print the configuration in force, as TOML or JSON
    Print(Look),
}

#[derive(Debug, Args)]
pub(crate) struct Look {
    #[command(flatten)]
    common: Common,
}

pub(crate) fn run(verb: Verb) -> anyhow::Result<u8> {
    match verb {
        Verb::Check(Look { common }) => {
            common.checked()?;
            output::fact(common.json, &json!({ "fine": true }), "The configuration is fine.")?;
        }
        Verb::Print(Look { common }) => {
            let config = common.layers(Vec::new()).load()?;
            output::fact(common.json, &config, &toml::to_string(&config)?)?;
        }
    }
    Ok(EXIT_FINE)
}
