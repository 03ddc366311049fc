//! `countersign client webhook`: where client apps are told what happens to their accounts.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::console::{ClientVerb, WebhookVerb};
use super::super::{Common, output};
use super::{overlap, perform, seconds};
use crate::contract::id::{ClientId, WebhookId};
use crate::contract::page::Page;
use crate::contract::webhook::{
    AddWebhook, AddWebhookSecret, DeadLetter, Redeliver, Replay, Webhook, WebhookAdded,
    WebhookSecretAdded,
};

/// What is done with webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Add a webhook to a client app; prints its secret once
    Add(Add),
    /// List the webhooks of a client app, and how they go
    List(List),
    /// End a webhook: it is told nothing more
    End(One),
    /// Give a webhook another secret, printed once; those that it has sign too for the overlap
    RotateSecret(RotateSecret),
    /// List the deliveries of a webhook that were given up
    DeadLetters(DeadLetters),
    /// Make deliveries again that were given up
    Redeliver(RedeliverWhich),
    /// Tell a webhook everything again from a position of the log on
    Replay(ReplayFrom),
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The app's id
    #[arg(value_parser = ClientId::parse)]
    client: ClientId,
    /// Where it is told: https, or http to this machine
    url: String,
    /// Only events of this type; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// The app's id
    #[arg(value_parser = ClientId::parse)]
    client: ClientId,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct One {
    /// The app's id
    #[arg(value_parser = ClientId::parse)]
    client: ClientId,
    /// The webhook's id, as the list shows it
    #[arg(value_parser = WebhookId::parse)]
    webhook: WebhookId,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct RotateSecret {
    #[command(flatten)]
    one: One,
    /// How long the secrets that there are sign beside the new one; 0s ends them at once
    #[arg(long, value_name = "SPAN", default_value = "24h", value_parser = overlap)]
    overlap: SignedDuration,
}

#[derive(Debug, Args)]
pub(crate) struct DeadLetters {
    #[command(flatten)]
    one: One,
    /// The position from which on they are listed
    #[arg(long, value_name = "POSITION")]
    from: Option<u64>,
    /// How many at most
    #[arg(long, value_name = "N", default_value = "50")]
    limit: usize,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["position", "all"]))]
pub(crate) struct RedeliverWhich {
    #[command(flatten)]
    one: One,
    /// The one event, by its position
    #[arg(long, value_name = "POSITION")]
    position: Option<u64>,
    /// Everything that was given up
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayFrom {
    #[command(flatten)]
    one: One,
    /// The position from which on everything is told again
    #[arg(long, value_name = "POSITION")]
    from: u64,
}

pub(super) fn run(verb: Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Add(arguments) => add(arguments),
        Verb::List(arguments) => list(&arguments),
        Verb::End(one) => {
            on(&one, WebhookVerb::End { webhook_id: one.webhook })?;
            output::fact(one.common.json, &named(&one), "Ended.")
        }
        Verb::RotateSecret(arguments) => rotate_secret(&arguments),
        Verb::DeadLetters(arguments) => dead_letters(&arguments),
        Verb::Redeliver(RedeliverWhich { one, position, .. }) => {
            let (webhook_id, asked) = (one.webhook, Redeliver { position });
            on(&one, WebhookVerb::Redeliver { webhook_id, asked })?;
            output::fact(one.common.json, &named(&one), "They are tried again.")
        }
        Verb::Replay(ReplayFrom { one, from }) => {
            let (webhook_id, asked) = (one.webhook, Replay { from });
            on(&one, WebhookVerb::Replay { webhook_id, asked })?;
            output::fact(one.common.json, &named(&one), "It is told everything again.")
        }
    }
}

fn on(one: &One, act: WebhookVerb) -> anyhow::Result<Value> {
    perform(&one.common, ClientVerb::Webhook { client_id: one.client, act })
}

fn named(one: &One) -> Value {
    json!({ "client_id": one.client, "webhook_id": one.webhook })
}

fn add(arguments: Add) -> anyhow::Result<()> {
    let Add { client, url, types, common } = arguments;
    let act = WebhookVerb::Add { asked: AddWebhook { url, types } };
    let done = perform(&common, ClientVerb::Webhook { client_id: client, act })?;
    let added: WebhookAdded = serde_json::from_value(done)?;
    let text = format!(
        "Added webhook {}. Its secret, shown once:\n\n  {}\n",
        added.webhook_id,
        added.secret.reveal()
    );
    output::fact(common.json, &added, &text)
}

fn list(arguments: &List) -> anyhow::Result<()> {
    let List { client, common } = arguments;
    let act = WebhookVerb::List;
    let done = perform(common, ClientVerb::Webhook { client_id: *client, act })?;
    let webhooks: Vec<Webhook> = serde_json::from_value(done)?;
    let mut text = String::new();
    for one in &webhooks {
        let types = if one.types.is_empty() { "all".to_owned() } else { one.types.join(" ") };
        let ended = one.ended_at.map(|at| format!("; ended {at:.0}")).unwrap_or_default();
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "{}  {}  {types}; added {:.0}{ended}; {} waiting, {} dead letters",
            one.webhook_id,
            output::shown_in_line(&one.url),
            one.added_at,
            one.waiting,
            one.dead_letters
        );
        if let Some(retrying) = &one.retrying {
            let _ = writeln!(
                text,
                "  not taken since {:.0}, lately: {}; tried again at {:.0}",
                retrying.since,
                output::shown_in_line(&retrying.why),
                retrying.next_at
            );
        }
    }
    output::fact(common.json, &json!({ "items": webhooks }), &text)
}

fn rotate_secret(arguments: &RotateSecret) -> anyhow::Result<()> {
    let RotateSecret { one, overlap } = arguments;
    let asked = AddWebhookSecret { overlap_seconds: Some(seconds(*overlap)) };
    let done = on(one, WebhookVerb::RotateSecret { webhook_id: one.webhook, asked })?;
    let added: WebhookSecretAdded = serde_json::from_value(done)?;
    let text = format!(
        "The webhook's secret, shown once:\n\n  {}\n\nThe others sign beside it until {}.\n",
        added.secret.reveal(),
        added.others_end_at
    );
    output::fact(one.common.json, &added, &text)
}

fn dead_letters(arguments: &DeadLetters) -> anyhow::Result<()> {
    let DeadLetters { one, from, limit } = arguments;
    let (webhook_id, from, limit) = (one.webhook, *from, *limit);
    let done = on(one, WebhookVerb::DeadLetters { webhook_id, from, limit })?;
    let dead: Page<DeadLetter> = serde_json::from_value(done)?;
    let mut text = String::new();
    for letter in &dead.items {
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "{}  account {}  given up {:.0} after {} attempts: {}",
            letter.position,
            letter.account_id,
            letter.given_up_at,
            letter.attempts,
            output::shown_in_line(&letter.why)
        );
    }
    if let Some(next) = dead.next {
        let _ = writeln!(text, "more with --from {next}");
    }
    output::fact(one.common.json, &dead, &text)
}
