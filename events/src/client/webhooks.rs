//! What can happen to the webhooks of a client app. A webhook is called by the id of the event that
//! added it, and its secret is derived from that of the event which gave it: neither is stored.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{EventId, Position};

/// The client app has a webhook: what happens to its accounts is told to that URL. The webhook is
/// called by the id of this event. Its secret was shown once. All admins are told of it by mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookAdded {
    /// Where: an operator's choice, with no password in it.
    pub url: String,
    /// Only events of these types; all, where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// The position of the log from which on it is told.
    pub from: Position,
}

/// The webhook has another secret, which was shown once. Those that it had sign beside it for a
/// while. All admins are told of it by mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSecretAdded {
    /// Which: the id of the event that added it.
    pub webhook_id: EventId,
    /// Until when every other secret of the webhook signs that does not end earlier.
    pub others_end_at: Timestamp,
}

/// Why a webhook was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookEndedWhy {
    /// An admin ended it.
    Admin,
    /// The receiver said that it is gone (HTTP status 410).
    Gone,
}

/// The webhook is told nothing more. All admins are told of it by mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookEnded {
    /// Which: the id of the event that added it.
    pub webhook_id: EventId,
    /// Why.
    pub why: WebhookEndedWhy,
}

/// Deliveries of the webhook that had been given up are tried again. All admins are told of it by
/// mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookRedelivered {
    /// Which: the id of the event that added it.
    pub webhook_id: EventId,
    /// The position of the one event that is told again; all that were given up, without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// The webhook is told everything again from a position of the log on. All admins are told of it
/// by mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookReplayed {
    /// Which: the id of the event that added it.
    pub webhook_id: EventId,
    /// From where.
    pub from: Position,
}

/// How far the webhook has been told, now and then: where to go on should what was remembered of
/// its deliveries be lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookProgressed {
    /// Which: the id of the event that added it.
    pub webhook_id: EventId,
    /// Everything before this position was delivered or given up.
    pub next: Position,
}
