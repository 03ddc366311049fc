//! `countersign client`: the apps that sign their users in here, and their keys.

mod webhook;

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use countersign_core::accounts::{KEY_TTL_MAX, KEY_TTL_MIN, OVERLAP_MAX};
use countersign_core::domain::policy::span;
use jiff::SignedDuration;
use serde_json::json;

use super::console::{self, ClientVerb};
use super::policy::who;
use super::{Common, EXIT_FINE, control, output};
use crate::contract::client::{
    AddClient, AddKey, ClientAdded, ClientApp, ClientKey, KeyAdded, Redirects,
};
use crate::contract::id::{ClientId, KeyId};
use crate::contract::kind::Scope;

/// What is done with client apps.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Add a client app; prints its API key once
    Add(Add),
    /// List the client apps and their keys
    List(Common),
    /// Give a client app another API key, printed once; the keys that it has go on for the overlap
    Rotate(Rotate),
    /// Send browsers back to these addresses from now on, by what a client app asks, and to no
    /// other: they take the place of all that it has, of either kind
    Redirects(SetRedirects),
    /// End one key of a client app at once
    EndKey(EndKey),
    /// Disable a client app: all its keys are dead
    Disable(Disable),
    /// The webhooks of a client app, which tell it what happens to its accounts
    #[command(subcommand)]
    Webhook(webhook::Verb),
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("rights").required(true).multiple(true)
    .args(["scopes", "all_scopes", "redirect_uris"]))]
pub(crate) struct Add {
    /// The app's name
    name: String,
    /// What its keys may do: accounts:write, sign-ins:vouch, factors:write, history:read,
    /// events:read or log:read; may be given several times
    #[arg(long = "scope", value_name = "S", value_parser = Scope::parse)]
    scopes: Vec<Scope>,
    /// Let its keys do all that concerns its own accounts: everything but log:read
    #[arg(long, conflicts_with = "scopes")]
    all_scopes: bool,
    /// Where browsers may be sent back to after a sign-in, byte for byte; may be given several
    /// times
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where to after signing out
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// How long the key lives, like 90d; without it, until it is ended
    #[arg(long, value_name = "SPAN", value_parser = time_to_live)]
    expires: Option<SignedDuration>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// The app's id
    #[arg(value_parser = ClientId::parse)]
    id: ClientId,
    /// How long the keys that there are go on beside the new one; 0s ends them at once
    #[arg(long, value_name = "SPAN", default_value = "24h", value_parser = overlap)]
    overlap: SignedDuration,
    /// How long the key lives, like 90d; without it, until it is ended
    #[arg(long, value_name = "SPAN", value_parser = time_to_live)]
    expires: Option<SignedDuration>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("addresses").required(true).multiple(true)
    .args(["redirect_uris", "post_logout_redirect_uris", "none"]))]
pub(crate) struct SetRedirects {
    /// The app's id
    #[arg(value_parser = ClientId::parse)]
    id: ClientId,
    /// Where browsers may be sent back to after a sign-in; may be given several times
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where to after signing out
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// To no address at all: nobody signs in to the app by way of here any more
    #[arg(long, conflicts_with_all = ["redirect_uris", "post_logout_redirect_uris"])]
    none: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct EndKey {
    /// The app's id
    #[arg(value_parser = ClientId::parse)]
    id: ClientId,
    /// The key's id, as the list shows it
    #[arg(value_parser = KeyId::parse)]
    key: KeyId,
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

pub(super) fn overlap(text: &str) -> Result<SignedDuration, String> {
    span_within(text, SignedDuration::ZERO, OVERLAP_MAX)
}

fn time_to_live(text: &str) -> Result<SignedDuration, String> {
    span_within(text, KEY_TTL_MIN, KEY_TTL_MAX)
}

fn span_within(
    text: &str,
    least: SignedDuration,
    most: SignedDuration,
) -> Result<SignedDuration, String> {
    let read = span::parse(text).filter(|read| (least..=most).contains(read));
    let (least, most) = (span::write(least), span::write(most));
    read.ok_or_else(|| format!("must be a time like 90d or 12h, {least} to {most}"))
}

pub(crate) fn run(verb: Verb) -> anyhow::Result<u8> {
    match verb {
        Verb::Add(arguments) => add(arguments),
        Verb::List(common) => list(&common),
        Verb::Rotate(arguments) => rotate(&arguments),
        Verb::Redirects(arguments) => set_redirects(arguments),
        Verb::EndKey(arguments) => end_key(&arguments),
        Verb::Disable(arguments) => disable(&arguments),
        Verb::Webhook(verb) => webhook::run(verb),
    }?;
    Ok(EXIT_FINE)
}

pub(super) fn perform(common: &Common, act: ClientVerb) -> anyhow::Result<serde_json::Value> {
    control::perform(&common.checked()?, console::Verb::Client { act })
}

fn add(arguments: Add) -> anyhow::Result<()> {
    let Add {
        name,
        mut scopes,
        all_scopes,
        redirect_uris,
        post_logout_redirect_uris,
        expires,
        common,
    } = arguments;
    if all_scopes {
        scopes = Scope::ALL.into_iter().filter(|scope| *scope != Scope::LogRead).collect();
    }
    let shown = name.clone();
    let asked = AddClient {
        name,
        scopes,
        expires_in_seconds: expires.map(seconds),
        redirect_uris,
        post_logout_redirect_uris,
    };
    let added: ClientAdded = serde_json::from_value(perform(&common, ClientVerb::Add { asked })?)?;
    let mut text = format!(
        "Added {shown}, {}. The API key, shown once:\n\n  {}\n",
        added.client_id,
        added.api_key.reveal()
    );
    if let Some(at) = added.expires_at {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "\nIt expires at {at}.");
    }
    output::fact(common.json, &added, &text)
}

fn list(common: &Common) -> anyhow::Result<()> {
    let clients: Vec<ClientApp> = serde_json::from_value(perform(common, ClientVerb::List)?)?;
    let mut text = String::new();
    for one in &clients {
        let state = if one.enabled { "enabled" } else { "disabled" };
        let scopes: Vec<_> = one.scopes.iter().map(|scope| scope.as_str()).collect();
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "{}  {}  {}  {state}",
            one.client_id,
            output::shown_in_line(&one.name),
            scopes.join(" ")
        );
        for (word, uris) in
            [("back to", &one.redirect_uris), ("after signing out", &one.post_logout_redirect_uris)]
        {
            for uri in uris {
                let _ = writeln!(text, "  {word} {uri}");
            }
        }
        for key in &one.keys {
            let _ = writeln!(text, "  {}", in_words(key));
        }
    }
    output::fact(common.json, &json!({ "items": clients }), &text)
}

/// A key, in one line.
fn in_words(key: &ClientKey) -> String {
    let mut text = format!("{}  added {:.0} by {}", key.key_id, key.added_at, who(&key.added_by));
    let last_used =
        key.last_used_at.map_or("never used".to_owned(), |at| format!("last used about {at:.0}"));
    // Writing to a text cannot fail.
    let _ = write!(text, "; {last_used}");
    for (word, at) in [
        ("expires", key.expires_at),
        ("overlaps until", key.overlaps_until),
        ("ended", key.ended_at),
    ] {
        if let Some(at) = at {
            let _ = write!(text, "; {word} {at:.0}");
        }
    }
    if !key.alive {
        text.push_str("; dead");
    }
    text
}

fn rotate(arguments: &Rotate) -> anyhow::Result<()> {
    let Rotate { id, overlap, expires, common } = arguments;
    let asked = AddKey {
        overlap_seconds: Some(seconds(*overlap)),
        expires_in_seconds: expires.map(seconds),
    };
    let act = ClientVerb::Rotate { client_id: *id, asked };
    let added: KeyAdded = serde_json::from_value(perform(common, act)?)?;
    let mut text = format!(
        "Added key {}. The API key, shown once:\n\n  {}\n\nThe other keys are dead from {} on.\n",
        added.key_id,
        added.api_key.reveal(),
        added.others_end_at
    );
    if let Some(at) = added.expires_at {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "It expires at {at}.");
    }
    output::fact(common.json, &added, &text)
}

fn set_redirects(arguments: SetRedirects) -> anyhow::Result<()> {
    let SetRedirects { id, redirect_uris, post_logout_redirect_uris, common, .. } = arguments;
    let redirects = Redirects { redirect_uris, post_logout_redirect_uris };
    let act = ClientVerb::SetRedirects { client_id: id, redirects };
    let set: Redirects = serde_json::from_value(perform(&common, act)?)?;
    output::fact(common.json, &set, "Set.")
}

fn end_key(arguments: &EndKey) -> anyhow::Result<()> {
    let EndKey { id, key, common } = arguments;
    perform(common, ClientVerb::EndKey { client_id: *id, key_id: *key })?;
    output::fact(common.json, &json!({ "client_id": id, "key_id": key }), "Ended.")
}

fn disable(arguments: &Disable) -> anyhow::Result<()> {
    let Disable { id, common } = arguments;
    perform(common, ClientVerb::Disable { client_id: *id })?;
    output::fact(common.json, &json!({ "client_id": id }), "Disabled.")
}

/// A span within our bounds, which are not below zero.
pub(super) fn seconds(span: SignedDuration) -> u64 {
    u64::try_from(span.as_secs()).unwrap_or(0)
}
