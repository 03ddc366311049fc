//! The health of the log and of what follows it, with all text made printable.

use jiff::Timestamp;

use crate::printable::Printable;

/// How the log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The last position: none in an empty log.
    pub head: Option<u64>,
    /// What follows the log.
    pub read_models: Vec<Follower>,
    /// The last signed checkpoint: its size, and when it was made.
    pub checkpoint: Option<(u64, Timestamp)>,
    /// Mails that wait.
    pub mails_waiting: u64,
    /// Seconds that the oldest of them has waited.
    pub oldest_mail_seconds: Option<u64>,
}

/// A read model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follower {
    /// Which.
    pub name: Printable,
    /// The last position that it has.
    pub position: Option<u64>,
    /// Entries that it does not have yet.
    pub lag_entries: u64,
    /// Seconds that the first of these has waited.
    pub lag_seconds: u64,
    /// Entries that it did not understand.
    pub not_understood: u64,
}
