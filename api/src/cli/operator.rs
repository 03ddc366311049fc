//! `countersign operator`: those who may act on accounts of others.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use serde_json::json;

use super::console::UnlockAsked;
use super::{Common, EXIT_FINE, console, control, output};
use crate::contract::id::AccountId;
use crate::contract::kind::Role;
use crate::contract::operator::{OperatorAdded, OperatorListed};
use crate::contract::secret::Secret;

/// What is done with operators.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Add an operator; prints a one-time setup token, good for 24 hours. Again before it was used:
    /// a fresh one, and the old one is dead
    Add(Add),
    /// List the operators
    List(Common),
    /// Disable an operator
    Disable(One),
    /// Enable a disabled operator
    Enable(One),
    /// Let in an operator whom nothing lets in any more: one person asks, with reason and ticket,
    /// and another system user confirms with the code within 15 minutes. The password ends, and a
    /// setup token for a new one is printed
    Unlock(Unlock),
}

#[derive(Debug, Args)]
pub(crate) struct Unlock {
    /// The login
    login: String,
    /// Why
    #[arg(long, required_unless_present = "confirm", conflicts_with = "confirm")]
    reason: Option<String>,
    /// The ticket
    #[arg(long, required_unless_present = "confirm", conflicts_with = "confirm")]
    ticket: Option<String>,
    /// The code that the other person was told
    #[arg(long, value_name = "CODE", allow_hyphen_values = true)]
    confirm: Option<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The login
    login: String,
    /// What the operator may do
    #[arg(long)]
    role: RoleArgument,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct One {
    /// The id of the operator's account
    #[arg(value_parser = AccountId::parse)]
    id: AccountId,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum RoleArgument {
    Support,
    Supervisor,
    Auditor,
    Admin,
}

impl From<RoleArgument> for Role {
    fn from(argument: RoleArgument) -> Self {
        match argument {
            RoleArgument::Support => Self::Support,
            RoleArgument::Supervisor => Self::Supervisor,
            RoleArgument::Auditor => Self::Auditor,
            RoleArgument::Admin => Self::Admin,
        }
    }
}

pub(crate) fn run(verb: Verb) -> anyhow::Result<u8> {
    match verb {
        Verb::Add(arguments) => add(arguments),
        Verb::List(common) => list(&common),
        Verb::Disable(arguments) => disable(&arguments),
        Verb::Enable(arguments) => enable(&arguments),
        Verb::Unlock(arguments) => unlock(arguments),
    }?;
    Ok(EXIT_FINE)
}

fn add(arguments: Add) -> anyhow::Result<()> {
    let Add { login, role, common } = arguments;
    let verb = console::Verb::OperatorAdd { login: login.clone(), role: role.into() };
    let added = control::perform(&common.checked()?, verb)?;
    let added: OperatorAdded = serde_json::from_value(added)?;
    let token = added.setup_token.reveal();
    let text = format!(
        "Added {login}. The setup token, shown once and good for 24 hours:\n\n  {token}\n\n\
         Hand it to the person: `countersign-admin` asks for it, sets a password with it and \
         enables an authenticator. Should it lapse, add {login} again: that makes a fresh one."
    );
    output::fact(common.json, &json!({ "login": login, "setup_token": token }), &text)
}

fn list(common: &Common) -> anyhow::Result<()> {
    let listed = control::perform(&common.checked()?, console::Verb::OperatorList)?;
    let operators: Vec<OperatorListed> = serde_json::from_value(listed)?;
    let text: String = operators.iter().map(reviewed).collect();
    output::fact(common.json, &json!({ "items": operators }), &text)
}

/// One operator of an access review: who, in which role, since when and by whom, and last use.
fn reviewed(one: &OperatorListed) -> String {
    let state = match (one.enabled, one.set_up) {
        (false, _) => "disabled",
        (true, false) => "not set up",
        (true, true) => "enabled",
    };
    let OperatorListed { account_id, login, role, added_at, .. } = one;
    let mut text = format!("{login}  {role:?}  {state}  {account_id}\n  added {added_at}");
    // Writing to a text cannot fail.
    if let Some(by) = &one.added_by {
        let _ = write!(text, " by {}", super::policy::who(by));
    }
    if let Some(since) = one.role_since {
        let _ = write!(text, "; in this role since {since}");
    }
    let _ = match one.last_used_at {
        Some(at) => writeln!(text, "; last used {at}"),
        None => writeln!(text, "; never used"),
    };
    text
}

fn enable(arguments: &One) -> anyhow::Result<()> {
    let common = &arguments.common;
    let verb = console::Verb::OperatorEnable { account_id: arguments.id };
    control::perform(&common.checked()?, verb)?;
    output::fact(common.json, &json!({ "account_id": arguments.id }), "Enabled.")
}

fn unlock(arguments: Unlock) -> anyhow::Result<()> {
    let Unlock { login, reason, ticket, confirm, common } = arguments;
    let checked = common.checked()?;
    let acts_for = acts_for();
    let Some(code) = confirm else {
        let (reason, ticket) = (reason.unwrap_or_default(), ticket.unwrap_or_default());
        let verb = console::Verb::OperatorUnlock { login: login.clone(), reason, ticket, acts_for };
        let asked: UnlockAsked = serde_json::from_value(control::perform(&checked, verb)?)?;
        let (code, until) = (asked.code.reveal(), asked.expires_at);
        let text = format!(
            "Asked for {login} to be let in anew. Until {until} another system user confirms \
             with\n\n  countersign operator unlock {login} --confirm {code}"
        );
        let fact = json!({ "login": login, "code": code, "expires_at": until });
        return output::fact(common.json, &fact, &text);
    };
    let (login_told, code) = (login.clone(), Secret::new(code));
    let verb = console::Verb::OperatorUnlockConfirm { login: login_told, code, acts_for };
    let added: OperatorAdded = serde_json::from_value(control::perform(&checked, verb)?)?;
    let token = added.setup_token.reveal();
    let text = format!(
        "{login} is let in anew: no wait is left, and the password has ended. The setup token \
         for a new one, shown once and good for 24 hours:\n\n  {token}\n\nAuthenticators and \
         recovery codes are what they were."
    );
    output::fact(common.json, &json!({ "login": login, "setup_token": token }), &text)
}

/// Whom root acts for, as `sudo` says. Root can say anything here, as it can write anything there.
fn acts_for() -> Option<u32> {
    std::env::var("SUDO_UID").ok()?.parse().ok()
}

fn disable(arguments: &One) -> anyhow::Result<()> {
    let common = &arguments.common;
    let verb = console::Verb::OperatorDisable { account_id: arguments.id };
    control::perform(&common.checked()?, verb)?;
    output::fact(common.json, &json!({ "account_id": arguments.id }), "Disabled.")
}
