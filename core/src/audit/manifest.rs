//! What an export says of itself: `manifest.json`.
//!
//! It is not signed and proves nothing alone: what is signed is the checkpoint beside it. It says
//! what is in the directory, and where there is no checkpoint it tells a cut file from a whole one.

use countersign_events::id::{Hash32, LogId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The name and version of the directory's layout.
pub const FORMAT: &str = "countersign-log-export/2";
/// The layout before logs were signed: neither checkpoint nor tiles.
pub const FORMAT_UNSIGNED: &str = "countersign-log-export/1";
/// The signed checkpoint: what the export covers, or what was last signed of a log.
pub const CHECKPOINT_FILE: &str = "checkpoint";
/// Each entry's bytes, one a line, in the order of the log.
pub const ENTRIES_FILE: &str = "entries.jsonl";
/// `{"position":…,"sealed":{…}}`, one a line, in the order of the log.
pub const SEALED_FILE: &str = "sealed.jsonl";
/// The manifest.
pub const MANIFEST_FILE: &str = "manifest.json";

/// The manifest of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`], or [`FORMAT_UNSIGNED`].
    pub format: String,
    /// The log's id; none for an empty log.
    pub log: Option<LogId>,
    /// The origin of its checkpoints.
    pub origin: Option<String>,
    /// Its Ed25519 public key.
    pub key: Option<Hash32>,
    /// Entries.
    pub size: u64,
    /// Their root (RFC 6962, section 2.1).
    pub root: Hash32,
    /// When the first entry was written.
    pub first_at: Option<Timestamp>,
    /// When the last entry was written.
    pub last_at: Option<Timestamp>,
    /// Whether the sealed parts are in the export.
    pub sealed: bool,
    /// When the export was made.
    pub made_at: Timestamp,
    /// The version of the program that made it.
    pub program_version: String,
}
