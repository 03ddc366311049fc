//! What is answered to whoever looks: states as of then, numbers, the log as it grows.

use countersign_events::actor::By;
use countersign_events::id::{Position, Revision, StreamId};
use jiff::Timestamp;

use super::EventView;
use crate::accounts::Fault;
use crate::domain::refusal::Refusal;
use crate::projections::accounts::Counts;
use crate::projections::statistics::Statistics;

/// Looks of one operator for one ticket with nothing between them, told as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LooksView {
    /// How many.
    pub count: u32,
    /// When the first of them was.
    pub since: Timestamp,
    /// The revision of the first of them.
    pub first: Revision,
}

/// The state of an account as of then.
#[derive(Debug, Clone, PartialEq)]
pub struct StateView {
    /// The last revision that it covers.
    pub revision: Option<Revision>,
    /// When that was.
    pub at: Option<Timestamp>,
    /// The newest revision.
    pub newest: Revision,
    /// The state, without what is never shown.
    pub state: serde_json::Value,
}

/// What became different between two revisions.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangesView {
    /// The revision before.
    pub since: Option<Revision>,
    /// The revision after.
    pub revision: Revision,
    /// The newest revision.
    pub newest: Revision,
    /// The event of `revision`.
    pub event: EventView,
    /// What is different.
    pub changes: Vec<ChangeView>,
}

/// One part of the state that became different.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeView {
    /// Where (RFC 6901).
    pub path: String,
    /// What stood there.
    pub before: Option<serde_json::Value>,
    /// What stands there.
    pub after: Option<serde_json::Value>,
}

/// What happened over a window of time, and how things stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatisticsView {
    /// The length of a bucket.
    pub bucket_minutes: u32,
    /// The counts.
    pub happened: Statistics,
    /// How things stand now.
    pub counts: Counts,
}

/// How the log and its followers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthView {
    /// The last position of the log.
    pub head: Option<Position>,
    /// The last position that the read models have.
    pub position: Option<Position>,
    /// Entries that they do not have.
    pub lag_entries: u64,
    /// How long the first of these has waited.
    pub lag_seconds: u64,
    /// Entries that they did not understand.
    pub not_understood: u64,
    /// Mails neither sent nor given up.
    pub mails_waiting: u64,
    /// How long the oldest of these has waited.
    pub oldest_mail_seconds: Option<u64>,
}

/// What a follower sees.
#[derive(Debug)]
pub enum Followed<L> {
    /// An entry.
    Line(Box<L>),
    /// Nothing came for a while.
    Heartbeat {
        /// The last position that was looked at.
        position: Option<Position>,
        /// The last position of the log.
        head: Option<Position>,
    },
    /// Whoever follows may no longer.
    Refused(Refusal),
    /// The log does not answer.
    Failed(Fault),
}

/// An entry of the log, masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineView {
    /// Its place in the log.
    pub position: Position,
    /// When.
    pub at: Timestamp,
    /// Its stream: not to be shown.
    pub stream: StreamId,
    /// The beginning of the stream's id.
    pub hint: Option<String>,
    /// Its place in the stream.
    pub revision: Revision,
    /// The type string.
    pub event_type: String,
    /// Who.
    pub by: By,
    /// A sentence.
    pub explanation: String,
}
