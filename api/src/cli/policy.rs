//! `countersign policy`: the policy in force, and putting another in force.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Common, EXIT_FINE, console, control, output};
use crate::config::Layers;
use crate::contract::event::By;
use crate::contract::policy::{Policy, PolicyChange, SetPolicy};

/// What is done with the policy.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Print the policy in force, since when, by whom, and the versions before it
    Show(Show),
    /// Put the policy of a configuration file in force, at once, also in a server that runs
    Apply(Apply),
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// An earlier version, as events name it
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// A file like `countersign.toml`: its `profile` and sections are the whole policy; what it
    /// sets besides is left alone
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Accept, on record, what is looser than the standard profile
    #[arg(long)]
    accept_risk: bool,
    #[command(flatten)]
    common: Common,
}

pub(crate) fn run(verb: Verb) -> anyhow::Result<u8> {
    match verb {
        Verb::Show(arguments) => show(&arguments),
        Verb::Apply(arguments) => apply(&arguments),
    }?;
    Ok(EXIT_FINE)
}

fn show(arguments: &Show) -> anyhow::Result<()> {
    let verb = console::Verb::PolicyShow { version: arguments.version };
    let shown = control::perform(&arguments.common.checked()?, verb)?;
    let policy: Policy = serde_json::from_value(shown)?;
    let mut text = format!(
        "Version {}{}, profile {}, since {}, by {}.\n\n",
        policy.version,
        if policy.in_force { ", in force" } else { "" },
        policy.profile,
        policy.since,
        who(&policy.by),
    );
    for (key, value) in &policy.settings {
        let risk = policy.accepted_risks.contains(key);
        let risk = if risk { "   (looser than the standard, at an accepted risk)" } else { "" };
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{key} = {value}{risk}");
    }
    text.push_str("\nVersions, the latest first:\n");
    policy.history.iter().for_each(|change| text.push_str(&told(change)));
    output::fact(arguments.common.json, &policy, &text)
}

fn apply(arguments: &Apply) -> anyhow::Result<()> {
    let Apply { file, accept_risk, common } = arguments;
    let asked = asked(file)?;
    let verb = console::Verb::PolicyApply { asked, accept_risk: *accept_risk };
    let applied = control::perform(&common.checked()?, verb)?;
    let applied: Applied = serde_json::from_value(applied)?;
    let Applied { policy, is_new } = &applied;
    let text = match (is_new, policy.history.first()) {
        (true, Some(change)) => format!("In force now:\n{}", told(change)),
        _ => format!("In force already, as version {}: nothing has changed.", policy.version),
    };
    output::fact(common.json, &json!({ "changed": is_new, "policy": policy }), &text)
}

/// What came of applying a policy.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Applied {
    /// The policy in force.
    pub(crate) policy: Policy,
    /// Whether it was not in force before.
    pub(crate) is_new: bool,
}

/// The whole policy of a file, whatever the environment says.
fn asked(file: &std::path::Path) -> anyhow::Result<SetPolicy> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let policy = Layers::of_text(&file.display().to_string(), &text)?.policy()?;
    Ok(SetPolicy { profile: policy.profile.name().to_owned(), settings: policy.settings() })
}

fn told(change: &PolicyChange) -> String {
    let mut text = format!(
        "  {}  since {}  by {}  profile {}\n",
        change.version,
        change.since,
        who(&change.by),
        change.profile
    );
    for (key, changed) in &change.changed {
        let (before, after) = (value(&changed.before), value(&changed.after));
        let _ = writeln!(text, "       {key}: {before} -> {after}");
    }
    if !change.accepted_risks.is_empty() {
        let _ = writeln!(text, "       accepted risks: {}", change.accepted_risks.join(", "));
    }
    text
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        value => value.to_string(),
    }
}

/// Who did it, in words.
pub(crate) fn who(by: &By) -> String {
    match by {
        By::Operator { id } => format!("operator {id}"),
        By::Console { user } => format!("system user {user}"),
        By::Client { id } => format!("client app {id}"),
        By::Support => "support".to_owned(),
        By::System => "the first start".to_owned(),
        By::Holder => "a holder".to_owned(),
    }
}
