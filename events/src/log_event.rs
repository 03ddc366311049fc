//! What can happen to the log itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalogue::events;
use crate::id::{Hash32, LogId};

/// The first entry of every log: names it and its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The log's id.
    pub log: LogId,
    /// The origin line of its checkpoints.
    pub origin: String,
    /// Its Ed25519 public key.
    pub key: Hash32,
}

/// A server took up its work on this log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerStarted {
    /// The program's version.
    pub version: String,
    /// SHA-256 of the configuration in force.
    pub configuration: Hash32,
}

/// The machine's clock was set, or is right again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockAlarm {
    /// The time, which goes on from there; the same as `clock` where that is right.
    pub last_known: Timestamp,
    /// What the clock showed.
    pub clock: Timestamp,
}

/// The log was gone on with though it is not the one that was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovered {
    /// The entries that were signed; none where that could not be read any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_size: Option<u64>,
    /// The root over them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_root: Option<Hash32>,
    /// The entries before this one.
    pub size: u64,
    /// The root over them.
    pub root: Hash32,
    /// Why they are taken for the right ones.
    pub reason: String,
}

events! {
    /// Everything that can happen to the log.
    LogEvent {
        Created(Created) = "log.created" v 1,
        ServerStarted(ServerStarted) = "log.server_started" v 1,
        ClockAlarm(ClockAlarm) = "log.clock_alarm" v 1,
        Recovered(Recovered) = "log.recovered" v 1,
    }
}
