//! What admins are told of staff: an operator at a cap, and who may act and by which policy.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ledger::Addressee;
use super::wording::{Letter, Pen};

/// What staff did. Nothing personal: operators and apps by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffAct {
    /// What.
    pub told: Told,
    /// The operator who did it; none where it was done at the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The stream of whom or what it was done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// What admins are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// As many searches as are allowed in an hour.
    Searches,
    /// As many looks at accounts as are allowed in an hour.
    Looks,
    /// As many ended lockouts and password mails as in a day.
    Resets,
    /// As many removals asked for.
    RemovalsAsked,
    /// As many removals approved.
    RemovalsApproved,
    /// As many suspensions, their ends, and ends of sessions.
    Suspensions,
    /// An operator was added, or has another role.
    OperatorAdded,
    /// An operator may act no more.
    OperatorDisabled,
    /// An operator may act again.
    OperatorEnabled,
    /// An operator was let in anew, at the machine.
    OperatorUnlocked,
    /// The seeds of authenticators were written to a file.
    SeedsExported,
    /// A client app was added.
    ClientAdded,
    /// A client app may act no more.
    ClientDisabled,
    /// A client app has another API key.
    ClientKeyAdded,
    /// An API key of a client app was ended.
    ClientKeyEnded,
    /// Browsers are sent elsewhere by what a client app asks.
    ClientRedirectsSet,
    /// A client app has another webhook.
    WebhookAdded,
    /// A webhook of a client app has another secret.
    WebhookSecretAdded,
    /// A webhook of a client app was ended.
    WebhookEnded,
    /// What a webhook was not told is told again.
    WebhookRedelivered,
    /// A webhook is told everything again.
    WebhookReplayed,
    /// Another policy is in force.
    PolicySet,
}

impl Told {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Searches,
        Self::Looks,
        Self::Resets,
        Self::RemovalsAsked,
        Self::RemovalsApproved,
        Self::Suspensions,
        Self::OperatorAdded,
        Self::OperatorDisabled,
        Self::OperatorEnabled,
        Self::OperatorUnlocked,
        Self::SeedsExported,
        Self::ClientAdded,
        Self::ClientDisabled,
        Self::ClientKeyAdded,
        Self::ClientKeyEnded,
        Self::ClientRedirectsSet,
        Self::WebhookAdded,
        Self::WebhookSecretAdded,
        Self::WebhookEnded,
        Self::WebhookRedelivered,
        Self::WebhookReplayed,
        Self::PolicySet,
    ];

    const fn key(self) -> &'static str {
        match self {
            Self::Searches => "staff.searches",
            Self::Looks => "staff.looks",
            Self::Resets => "staff.resets",
            Self::RemovalsAsked => "staff.removals_asked",
            Self::RemovalsApproved => "staff.removals_approved",
            Self::Suspensions => "staff.suspensions",
            Self::OperatorAdded => "staff.operator_added",
            Self::OperatorDisabled => "staff.operator_disabled",
            Self::OperatorEnabled => "staff.operator_enabled",
            Self::OperatorUnlocked => "staff.operator_unlocked",
            Self::SeedsExported => "staff.seeds_exported",
            Self::ClientAdded => "staff.client_added",
            Self::ClientDisabled => "staff.client_disabled",
            Self::ClientKeyAdded => "staff.client_key_added",
            Self::ClientKeyEnded => "staff.client_key_ended",
            Self::ClientRedirectsSet => "staff.client_redirects_set",
            Self::WebhookAdded => "staff.webhook_added",
            Self::WebhookSecretAdded => "staff.webhook_secret_added",
            Self::WebhookEnded => "staff.webhook_ended",
            Self::WebhookRedelivered => "staff.webhook_redelivered",
            Self::WebhookReplayed => "staff.webhook_replayed",
            Self::PolicySet => "staff.policy_set",
        }
    }
}

/// The mail. It has no link: whoever reads it signs in and looks.
pub(super) fn letter(
    pen: Pen<'_>,
    at: Timestamp,
    to: &Addressee,
    about: &str,
    act: &StaffAct,
) -> Letter<'static> {
    let subject = pen.say(&format!("{about}.subject"));
    let by = match &act.by {
        Some(id) => in_groups(id),
        None => pen.say("staff.at_the_machine"),
    };
    let mut facts = vec![
        pen.fact("fact.when", pen.moment(at)),
        pen.fact("fact.what", pen.say(act.told.key())),
        pen.fact("fact.operator", by),
    ];
    facts.extend(act.about.as_ref().map(|about| pen.fact("fact.about", in_groups(about))));
    Letter {
        facts,
        body: vec![pen.say(&format!("{about}.if_you"))],
        not_me_heading: pen.say(&format!("{about}.heading")),
        not_me: vec![pen.say(&format!("{about}.remedy"))],
        ..pen.letter(to.greeted(), subject, pen.say(&format!("{about}.told")))
    }
}

/// An id in groups of four, so that none of its digits look like a code.
fn in_groups(id: &str) -> String {
    let mut text = String::new();
    let mut run = 0;
    for character in id.chars() {
        run = if character.is_ascii_hexdigit() { run + 1 } else { 0 };
        if run > 4 {
            text.push(' ');
            run = 1;
        }
        text.push(character);
    }
    text
}
