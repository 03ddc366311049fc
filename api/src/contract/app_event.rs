//! Events of accounts, as they go out to the client app that made them: as a stream, or by webhook.
//!
//! `GET /v1/events` is `text/event-stream`: each item's `id` is a position, its `event` one of
//! [`EVENT`], [`HEARTBEAT`](super::log::HEARTBEAT) and [`END`](super::log::END). A webhook gets a
//! [`WebhookBody`], signed as Standard Webhooks says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::By;
use super::id::{AccountId, EventId};

/// The `event` whose data is an [`AppEvent`].
pub const EVENT: &str = "event";
/// The header of a delivery that names what is told: the same however often it is.
pub const WEBHOOK_ID: &str = "webhook-id";
/// The header of a delivery that says when this attempt was made, in seconds since 1970.
pub const WEBHOOK_TIMESTAMP: &str = "webhook-timestamp";
/// The header of a delivery with its signatures, one for each secret that signs.
pub const WEBHOOK_SIGNATURE: &str = "webhook-signature";

/// The query of `GET /v1/events`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "server", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct EventsQuery {
    /// The position to begin at, where there is no `Last-Event-ID`; what comes from now on without
    /// either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Only these types: type strings with commas between them, at most 16.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<String>,
    /// Only this account: an id, or `subject:` and the app's own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// An event of an account, without anything personal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct AppEvent {
    /// Its id: the same however often it is told.
    pub id: EventId,
    /// Its place in the log: what comes later has a higher one.
    pub position: u64,
    /// The account that it happened to.
    pub account_id: AccountId,
    /// Its place in the account's history, dense from 0.
    pub revision: u64,
    /// When.
    pub at: Timestamp,
    /// The permanent type string, like `account.code_verified`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Who; of the staff nobody by name.
    pub by: By,
    /// The data, by type.
    #[cfg_attr(feature = "server", schema(value_type = Object))]
    pub data: serde_json::Value,
    /// A sentence.
    pub explanation: String,
}

/// The body of a delivery to a webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WebhookBody {
    /// The type of the event.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When it happened.
    pub timestamp: Timestamp,
    /// The event.
    pub data: AppEvent,
}

impl From<AppEvent> for WebhookBody {
    fn from(data: AppEvent) -> Self {
        Self { event_type: data.event_type.clone(), timestamp: data.at, data }
    }
}
