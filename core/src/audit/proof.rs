//! Proofs as texts that stand by themselves: that an entry is in a log ([`InclusionProof`]), and
//! that a log grew out of what it was ([`ConsistencyProof`]).
//!
//! Both are made against a log's last checkpoint, in one reading of its entries, and are checked
//! offline ([`super::check`]).

mod consistency;
mod inclusion;

use countersign_events::checkpoint::{CheckpointError, SignedCheckpoint};
use countersign_events::id::{EventId, Hash32};
use countersign_events::note::NOTE_BYTES_MAX;
use countersign_events::tree::proof::PROOF_HASHES_MAX;
use data_encoding::BASE64;

pub use consistency::{CONSISTENCY_FORMAT, ConsistencyProof, Earlier};
pub use inclusion::{INCLUSION_FORMAT, InclusionProof, Which};

use super::nodes::Missing;
use super::signed::SignedLogError;

/// The largest proof that is read, in bytes: two notes, and an entry and hashes around them.
pub const PROOF_BYTES_MAX: usize = 4 * NOTE_BYTES_MAX;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The log or its checkpoint is of no use.
    #[error(transparent)]
    Log(#[from] SignedLogError),
    /// The entry lies beyond the checkpoint.
    #[error("position {position} is not covered yet: the checkpoint has {size} entries")]
    Beyond {
        /// The position.
        position: u64,
        /// Entries covered.
        size: u64,
    },
    /// No entry has the id.
    #[error("no entry that the checkpoint covers has the id {0}")]
    NoSuchEvent(EventId),
    /// What it is to have grown from is larger.
    #[error("the checkpoint has {size} entries, fewer than {earlier}")]
    Larger {
        /// The size that was given.
        earlier: u64,
        /// Entries covered.
        size: u64,
    },
    /// What it is to have grown from is no checkpoint of this log.
    #[error("the earlier checkpoint")]
    Earlier(#[source] CheckpointError),
    /// The log did not have this root at this size: it is another than it was.
    #[error("the first {size} entries have the root {found}, and {signed} was signed before")]
    OtherRoot {
        /// The size.
        size: u64,
        /// The root now.
        found: Hash32,
        /// The root in the earlier checkpoint.
        signed: Hash32,
    },
    /// A hash was not gathered.
    #[error(transparent)]
    Missing(#[from] Missing),
}

/// A text that is no proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAProof {
    /// It is not written as one is.
    #[error("not a proof: {0}")]
    Text(&'static str),
    /// A checkpoint in it is none.
    #[error("not a proof")]
    Checkpoint(#[from] CheckpointError),
}

/// A number as it is written: without a sign, and without leading zeroes.
fn number(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|number| number.to_string() == text)
}

fn hash(text: &str) -> Option<Hash32> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    bytes.try_into().ok().map(Hash32::new)
}

fn hashes<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<Hash32>, NotAProof> {
    let all: Option<Vec<_>> = lines.take(PROOF_HASHES_MAX + 1).map(hash).collect();
    let all = all.ok_or(NotAProof::Text("a line is no hash"))?;
    if all.len() > PROOF_HASHES_MAX {
        return Err(NotAProof::Text("too many hashes"));
    }
    Ok(all)
}

fn text_of(bytes: &[u8]) -> Result<&str, NotAProof> {
    if bytes.len() > PROOF_BYTES_MAX {
        return Err(NotAProof::Text("it is too large"));
    }
    std::str::from_utf8(bytes).map_err(|_| NotAProof::Text("it is not UTF-8"))
}

/// Reads a checkpoint that is written as it would be written anew.
fn checkpoint(text: &str) -> Result<SignedCheckpoint, NotAProof> {
    let read = SignedCheckpoint::parse(text.as_bytes())?;
    if read.to_string() == text { Ok(read) } else { Err(NotAProof::Text("a checkpoint is bent")) }
}

#[cfg(test)]
pub(super) mod tests;
