//! Watches a log from outside: each new checkpoint must have grown out of the last one that was
//! kept.
//!
//! ```text
//!   nothing kept ──first──▶ kept ──same──▶ kept ──grown, and proven──▶ kept
//!                            └──forged, shorter, another root, not grown──▶ alarm
//! ```
//!
//! The hashes of the proof may come from anywhere (files, a server): what they lead to is held
//! against two signed roots. After an alarm the checkpoint of before stays kept, and the other one
//! is kept beside it: two signed checkpoints that do not fit together are the proof of a fork.

mod kept;
mod tiles;

use std::path::Path;

use countersign_events::checkpoint::{CheckpointError, SignedCheckpoint};
use countersign_events::note::VerifierKey;
use countersign_events::tree::proof::{ProofError, check_consistency, consistency};

pub use kept::{Kept, KeptError, keep_alarm};
pub use tiles::{Piece, hashes_in};

use super::nodes::{Gathered, Subtree, of_consistency};
use super::signed::{SignedLogError, grown_to};

/// Why the log is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Alarm {
    /// The log's key did not sign it, or it is another log's.
    #[error("the checkpoint is forged")]
    Forged(#[from] CheckpointError),
    /// It covers less than before.
    #[error("the log had {kept} entries and has {now}: it was cut off")]
    Shorter {
        /// Entries before.
        kept: u64,
        /// Entries now.
        now: u64,
    },
    /// Another root for a size.
    #[error("two roots were signed for {0} entries: the log was forked")]
    OtherRoot(u64),
    /// It does not begin with what it was.
    #[error("the log of {now} entries does not begin with the {kept} that it had")]
    NotGrown {
        /// Entries before.
        kept: u64,
        /// Entries now.
        now: u64,
        /// What the proof says.
        #[source]
        why: ProofError,
    },
    /// What is signed is not what is there.
    #[error("what is signed is not what is there: {0}")]
    NotThere(String),
}

/// What a checkpoint is to the one that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Of the same size and root.
    Same,
    /// Larger: to be proven.
    Grown(Box<Growth>),
}

/// A growth that is to be proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    earlier: SignedCheckpoint,
    /// The later checkpoint.
    pub later: SignedCheckpoint,
}

/// Reads a checkpoint and demands that the key signed it.
///
/// # Errors
/// [`Alarm::Forged`].
pub fn signed_by(bytes: &[u8], key: &VerifierKey) -> Result<SignedCheckpoint, Alarm> {
    let signed = SignedCheckpoint::parse(bytes)?;
    signed.check(key)?;
    Ok(signed)
}

/// Holds a checkpoint against the one that was kept.
///
/// # Errors
/// The [`Alarm`] that needs no proof.
pub fn compare(kept: &Kept, bytes: &[u8]) -> Result<Step, Alarm> {
    let later = signed_by(bytes, &kept.key)?;
    let (before, now) = (&kept.checkpoint.checkpoint, &later.checkpoint);
    if now.size < before.size {
        return Err(Alarm::Shorter { kept: before.size, now: now.size });
    }
    if now.size == before.size {
        let is_same = now.root == before.root;
        return if is_same { Ok(Step::Same) } else { Err(Alarm::OtherRoot(now.size)) };
    }
    Ok(Step::Grown(Box::new(Growth { earlier: kept.checkpoint.clone(), later })))
}

impl Growth {
    /// Entries before.
    #[must_use]
    pub const fn from(&self) -> u64 {
        self.earlier.checkpoint.size
    }

    /// Entries now.
    #[must_use]
    pub const fn to(&self) -> u64 {
        self.later.checkpoint.size
    }

    /// The hashes that its proof needs.
    #[must_use]
    pub fn needs(&self) -> Vec<Subtree> {
        of_consistency(self.from(), self.to())
    }

    /// Demands that the hashes prove it: `None` where one is missing.
    ///
    /// # Errors
    /// [`Alarm::NotGrown`].
    pub fn prove(&self, hashes: &mut Gathered) -> Option<Result<(), Alarm>> {
        let (kept, now) = (self.from(), self.to());
        let path = consistency(hashes, kept, now).ok()?.unwrap_or_default();
        let roots = (self.earlier.checkpoint.root, self.later.checkpoint.root);
        let proven = check_consistency((kept, roots.0), (now, roots.1), &path);
        Some(proven.map_err(|why| Alarm::NotGrown { kept, now, why }))
    }

    /// Proves it by what lies in an export or a data directory: by its hashes where there are any,
    /// and by the entries where there are none or they lead elsewhere, since hashes are derived
    /// and may lag.
    ///
    /// # Errors
    /// What could not be read; within, the [`Alarm`].
    pub fn prove_in(&self, directory: &Path) -> Result<Result<(), Alarm>, SignedLogError> {
        let mut hashes = Gathered::default();
        if hashes_in(directory, &self.needs(), self.to(), &mut hashes)
            && self.prove(&mut hashes) == Some(Ok(()))
        {
            return Ok(Ok(()));
        }
        let mut gathered = Gathered::default();
        gathered.want(self.needs());
        match grown_to(directory, &self.later, &mut gathered) {
            Ok(()) => Ok(self.prove(&mut gathered).unwrap_or_else(|| {
                Err(Alarm::NotThere("a hash of it was not gathered".to_owned()))
            })),
            Err(error) if error.is_tampering() => Ok(Err(Alarm::NotThere(error.to_string()))),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
