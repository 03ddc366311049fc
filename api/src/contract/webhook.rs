//! Webhooks of client apps, and the deliveries that were given up.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::{AccountId, ClientId, WebhookId};
use super::secret::Secret;

/// `POST /v1/clients/{client}/webhooks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddWebhook {
    /// Where the app is told: `https`, or `http` to this machine; at most 512 characters.
    pub url: String,
    /// Only events of these types, at most 16; without any, of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
}

/// A new webhook and its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct WebhookAdded {
    /// The app.
    pub client_id: ClientId,
    /// What the webhook is called by.
    pub webhook_id: WebhookId,
    /// What it signs with, as Standard Webhooks writes it: `whsec_` and base64. Told once.
    pub secret: Secret,
}

/// `POST /v1/clients/{client}/webhooks/{webhook}/secrets`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddWebhookSecret {
    /// How long the secrets that there are sign beside the new one, 0 (no more) to 30 days; without
    /// it, 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap_seconds: Option<u64>,
}

/// A further secret of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct WebhookSecretAdded {
    /// The app.
    pub client_id: ClientId,
    /// The webhook.
    pub webhook_id: WebhookId,
    /// Told once.
    pub secret: Secret,
    /// Until when its other secrets sign that do not end earlier.
    pub others_end_at: Timestamp,
}

/// A webhook of a client app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Webhook {
    /// What it is called by.
    pub webhook_id: WebhookId,
    /// Where the app is told.
    pub url: String,
    /// Only events of these types; without any, of all.
    pub types: Vec<String>,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Deliveries that wait, or are tried again later.
    pub waiting: u64,
    /// Deliveries that were given up.
    pub dead_letters: u64,
    /// Everything before this position was delivered or given up; left out where it has not begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_position: Option<u64>,
    /// What was not taken and is tried again; left out where everything is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrying: Option<WebhookRetrying>,
}

/// Deliveries that were not taken and are tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct WebhookRetrying {
    /// Since when the oldest of them waits.
    pub since: Timestamp,
    /// How the last attempt at any of them failed, as of a dead letter.
    pub why: String,
    /// When the next is tried.
    pub next_at: Timestamp,
}

/// A delivery that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct DeadLetter {
    /// The event's place in the log.
    pub position: u64,
    /// The account that it happened to.
    pub account_id: AccountId,
    /// Since when it waited.
    pub queued_at: Timestamp,
    /// Attempts that were made.
    pub attempts: u32,
    /// How the last one failed: the receiver's status, `timed_out`, `unreachable`, or `unreadable`
    /// where the event itself could not be told.
    pub why: String,
    /// When it was given up.
    pub given_up_at: Timestamp,
}

/// `POST /v1/clients/{client}/webhooks/{webhook}/redeliveries`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Redeliver {
    /// The one event, by its position; without it, everything that was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
}

/// `POST /v1/clients/{client}/webhooks/{webhook}/replays`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The position from which on everything is told again.
    pub from: u64,
}
