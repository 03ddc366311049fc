//! The log as it grows, and how its followers are.
//!
//! A tail is a look: it names no holder, no login and no address, and carries no data but a
//! sentence. `GET /v1/log/stream` is `text/event-stream`: each item's `id` is a position, its
//! `event` one of [`ENTRY`], [`HEARTBEAT`] and [`END`]. It goes on exactly after `Last-Event-ID`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::By;
use super::id::AccountId;

/// The media type of a stream of events.
pub const EVENT_STREAM_MEDIA_TYPE: &str = "text/event-stream";
/// The header that says after which position a stream goes on.
pub const LAST_EVENT_ID: &str = "Last-Event-ID";
/// The `event` whose data is a [`LogLine`].
pub const ENTRY: &str = "entry";
/// The `event` whose data is a [`Heartbeat`].
pub const HEARTBEAT: &str = "heartbeat";
/// The `event` whose data is a problem: why the stream ends now.
pub const END: &str = "end";
/// Seconds between two heartbeats at most.
pub const HEARTBEAT_SECONDS: u64 = 10;
/// Types that a stream is filtered by at most.
pub const STREAM_TYPES_MAX: usize = 16;

/// The query of `GET /v1/log/stream`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "server", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct LogStreamQuery {
    /// The position to begin at, where there is no `Last-Event-ID`; what comes from now on without
    /// either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Only these types: type strings with commas between them, at most 16.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<String>,
    /// Only this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", param(value_type = Option<String>))]
    pub account: Option<AccountId>,
    /// The ticket that it is for, 1 to 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// An account.
    Account,
    /// A login that nobody has.
    Unknown,
    /// An operator.
    Operator,
    /// A client app.
    Client,
    /// The policy.
    Policy,
    /// The log itself.
    Log,
}

/// An entry of the log, masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LogLine {
    /// Its place in the log, dense from 0.
    pub position: u64,
    /// When.
    pub at: Timestamp,
    /// What it is about.
    pub stream: StreamKind,
    /// The beginning of its id: enough to see that two lines are about the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Its place in the stream, dense from 0.
    pub revision: u64,
    /// The permanent type string, like `account.code_verified`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Who.
    pub by: By,
    /// A sentence.
    pub explanation: String,
}

/// A sign that the stream is alive; it moves `Last-Event-ID` past what the filter left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Heartbeat {
    /// The last position that was looked at; left out where there was none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// The last position of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<u64>,
}

/// `GET /v1/support/log-health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LogHealth {
    /// The last position of the log; left out of an empty one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<u64>,
    /// What follows the log.
    pub read_models: Vec<ReadModelHealth>,
    /// The last signed checkpoint; `null` where none was made.
    pub last_checkpoint: Option<LastCheckpoint>,
    /// The mails.
    pub mail: MailHealth,
}

/// How far one follower of the log is behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ReadModelHealth {
    /// Which.
    pub name: String,
    /// The last position that it has; left out where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// Entries that it does not have yet.
    pub lag_entries: u64,
    /// How long the first of these has waited.
    pub lag_seconds: u64,
    /// Entries that it did not understand: written by a newer version, or damaged.
    pub not_understood: u64,
}

/// A signed checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LastCheckpoint {
    /// Entries that it covers.
    pub size: u64,
    /// When it was made.
    pub at: Timestamp,
}

/// The mails that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct MailHealth {
    /// How many.
    pub waiting: u64,
    /// How long the oldest has; left out where none waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_seconds: Option<u64>,
}
