//! That a log grew out of what it was: nothing was changed, nothing cut off.
//!
//! ```text
//!   countersign/consistency-proof@v1
//!   key <name>+<id>+<base64>    the log's key
//!   old <size> <base64 of its root>
//!   <base64 of a hash>          RFC 6962, section 2.1.2
//!
//!   <the earlier checkpoint, verbatim>      where there was one
//!
//!   <the checkpoint, verbatim>
//! ```

use std::fmt;

use countersign_events::checkpoint::SignedCheckpoint;
use countersign_events::id::Hash32;
use countersign_events::note::VerifierKey;
use countersign_events::tree::proof::{ProofError, check_consistency, consistency};
use data_encoding::BASE64;

use super::{NotAProof, ProveError, checkpoint, hash, hashes, number, text_of};
use crate::audit::Progress;
use crate::audit::nodes::{Gathered, of_consistency};
use crate::audit::signed::SignedLog;

/// The first line.
pub const CONSISTENCY_FORMAT: &str = "countersign/consistency-proof@v1";

const KEY: &str = "key ";
const OLD: &str = "old ";

/// What a log is to have grown out of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// What was signed once.
    Checkpoint(Box<SignedCheckpoint>),
    /// Its first entries, so many.
    Size(u64),
}

/// A proof, made or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// The key that it says signed both.
    pub key: VerifierKey,
    /// The earlier size and root.
    pub old: (u64, Hash32),
    /// The hashes.
    pub path: Vec<Hash32>,
    /// The earlier checkpoint, where it was one.
    pub earlier: Option<SignedCheckpoint>,
    /// The later checkpoint.
    pub checkpoint: SignedCheckpoint,
}

impl ConsistencyProof {
    /// Proves that a log grew out of what it was.
    ///
    /// # Errors
    /// See [`ProveError`]; [`ProveError::OtherRoot`] where it did not.
    pub fn make(
        log: &SignedLog,
        earlier: Earlier,
        progress: Progress<'_>,
    ) -> Result<Self, ProveError> {
        let (size, key) = (log.size(), log.named.key.clone());
        let (from, earlier) = match earlier {
            Earlier::Checkpoint(signed) => {
                signed.check(&key).map_err(ProveError::Earlier)?;
                (signed.checkpoint.size, Some(*signed))
            }
            Earlier::Size(from) => (from, None),
        };
        if from > size {
            return Err(ProveError::Larger { earlier: from, size });
        }
        let mut gathered = Gathered::default();
        gathered.want(of_consistency(from, size));
        let mut root = None;
        log.read(&mut gathered, progress, |position, _, gathered| {
            if position == from {
                root = Some(gathered.root());
            }
        })?;
        let found = root.unwrap_or_else(|| gathered.root());
        let signed = earlier.as_ref().map_or(found, |earlier| earlier.checkpoint.root);
        if signed != found {
            return Err(ProveError::OtherRoot { size: from, found, signed });
        }
        let path = consistency(&mut gathered, from, size)?.unwrap_or_default();
        let checkpoint = log.checkpoint.clone();
        Ok(Self { key, old: (from, found), path, earlier, checkpoint })
    }

    /// Reads a proof; it is not to be believed before it was checked.
    ///
    /// # Errors
    /// [`NotAProof`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NotAProof> {
        let text = text_of(bytes)?;
        let no_checkpoint = NotAProof::Text("it holds no checkpoint");
        let (head, notes) = text.split_once("\n\n").ok_or(no_checkpoint)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(CONSISTENCY_FORMAT) {
            return Err(NotAProof::Text("the first line is another"));
        }
        let key = lines.next().and_then(|line| line.strip_prefix(KEY));
        let key = key.and_then(|key| VerifierKey::parse(key).ok());
        let key = key.ok_or(NotAProof::Text("it names no key"))?;
        let old = lines.next().and_then(|line| line.strip_prefix(OLD)).and_then(size_and_root);
        let old = old.ok_or(NotAProof::Text("it names no earlier size and root"))?;
        let path = hashes(lines)?;
        // The text of a checkpoint holds no empty line, so that the second one ends the first note.
        let (earlier, later) = match notes.match_indices("\n\n").nth(1) {
            Some((end, _)) => {
                let (earlier, later) = notes.split_at(end + 1);
                (Some(checkpoint(earlier)?), later.trim_start_matches('\n'))
            }
            None => (None, notes),
        };
        let read = Self { key, old, path, earlier, checkpoint: checkpoint(later)? };
        // One way to write each: what is written otherwise is another text.
        if read.to_string() == text { Ok(read) } else { Err(NotAProof::Text("it is bent")) }
    }

    /// Demands that the later tree begins with the earlier one. Who signed them is for
    /// [`SignedCheckpoint::check`].
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn proves(&self) -> Result<(), ProofError> {
        if let Some(earlier) = &self.earlier
            && (earlier.checkpoint.size, earlier.checkpoint.root) != self.old
        {
            return Err(ProofError::OtherRoot);
        }
        let later = &self.checkpoint.checkpoint;
        check_consistency(self.old, (later.size, later.root), &self.path)
    }
}

fn size_and_root(text: &str) -> Option<(u64, Hash32)> {
    let (size, root) = text.split_once(' ')?;
    number(size).zip(hash(root))
}

impl fmt::Display for ConsistencyProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (size, root) = &self.old;
        writeln!(f, "{CONSISTENCY_FORMAT}\n{KEY}{}", self.key)?;
        writeln!(f, "{OLD}{size} {}", BASE64.encode(root.bytes()))?;
        for hash in &self.path {
            writeln!(f, "{}", BASE64.encode(hash.bytes()))?;
        }
        if let Some(earlier) = &self.earlier {
            write!(f, "\n{earlier}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
