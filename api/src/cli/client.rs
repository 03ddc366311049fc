//! `countersign client`: the apps that sign their users in here.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Common, EXIT_FINE, console, control, output};
use crate::contract::client::{ClientAdded, ClientApp};
use crate::contract::id::ClientId;
use crate::contract::kind::Scope;

/// What is done with client apps.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Add a client app; prints its API key once
    Add(Add),
    /// List the client apps
    List(Common),
    /// Disable a client app
    Disable(Disable),
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("rights").required(true).args(["scopes", "all_scopes"]))]
pub(crate) struct Add {
    /// The app's name
    name: String,
    /// What its key may do: accounts:write, sign-ins:vouch, factors:write or history:read; may be
    /// given several times
    #[arg(long = "scope", value_name = "S", value_parser = scope)]
    scopes: Vec<Scope>,
    /// Let its key do all of it
    #[arg(long)]
    all_scopes: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct Disable {
    /// The app's id
    #[arg(value_parser = ClientId::parse)]
    id: ClientId,
    #[command(flatten)]
    common: Common,
}

const SCOPES: [Scope; 4] =
    [Scope::AccountsWrite, Scope::SignInsVouch, Scope::FactorsWrite, Scope::HistoryRead];

fn scope(text: &str) -> Result<Scope, String> {
    let value = serde_json::Value::String(text.to_owned());
    serde_json::from_value(value).map_err(|_| {
        "must be accounts:write, sign-ins:vouch, factors:write or history:read".to_owned()
    })
}

pub(crate) fn run(verb: Verb) -> anyhow::Result<u8> {
    match verb {
        Verb::Add(arguments) => add(arguments),
        Verb::List(common) => list(&common),
        Verb::Disable(arguments) => disable(&arguments),
    }?;
    Ok(EXIT_FINE)
}

fn add(arguments: Add) -> anyhow::Result<()> {
    let Add { name, mut scopes, all_scopes, common } = arguments;
    if all_scopes {
        scopes = SCOPES.to_vec();
    }
    let verb = console::Verb::ClientAdd { name: name.clone(), scopes };
    let added: ClientAdded = serde_json::from_value(control::perform(&common.checked()?, verb)?)?;
    let text = format!(
        "Added {name}, {}. The API key, shown once:\n\n  {}\n",
        added.client_id,
        added.api_key.reveal()
    );
    output::fact(common.json, &added, &text)
}

fn list(common: &Common) -> anyhow::Result<()> {
    let listed = control::perform(&common.checked()?, console::Verb::ClientList)?;
    let clients: Vec<ClientApp> = serde_json::from_value(listed)?;
    let mut text = String::new();
    for one in &clients {
        let state = if one.enabled { "enabled" } else { "disabled" };
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{}  {}  {:?}  {state}", one.client_id, one.name, one.scopes);
    }
    output::fact(common.json, &json!({ "items": clients }), &text)
}

fn disable(arguments: &Disable) -> anyhow::Result<()> {
    let common = &arguments.common;
    let verb = console::Verb::ClientDisable { client_id: arguments.id };
    control::perform(&common.checked()?, verb)?;
    output::fact(common.json, &json!({ "client_id": arguments.id }), "Disabled.")
}
