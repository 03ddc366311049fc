//! That an entry is in a log: C2SP `tlog-proof`.
//!
//! ```text
//!   c2sp.org/tlog-proof@v1
//!   extra <base64 of the entry>
//!   index <its position>
//!   <base64 of a hash>          from the leaf's sibling upwards
//!
//!   <the checkpoint, verbatim>
//! ```

use std::fmt;

use countersign_events::checkpoint::SignedCheckpoint;
use countersign_events::entry::{ENTRY_BYTES_MAX, Entry};
use countersign_events::id::{EventId, Hash32};
use countersign_events::tree::leaf_hash;
use countersign_events::tree::proof::{ProofError, check_inclusion, inclusion};
use data_encoding::BASE64;

use super::{NotAProof, ProveError, checkpoint, hashes, number, text_of};
use crate::audit::Progress;
use crate::audit::nodes::{Gathered, of_inclusion};
use crate::audit::signed::SignedLog;

/// The first line.
pub const INCLUSION_FORMAT: &str = "c2sp.org/tlog-proof@v1";

const EXTRA: &str = "extra ";
const INDEX: &str = "index ";

/// Which entry is to be proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one at a position.
    Position(u64),
    /// The one with an id.
    Event(EventId),
}

/// A proof, made or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// The entry's bytes; another's proof may come without.
    pub entry: Option<Vec<u8>>,
    /// Its position.
    pub index: u64,
    /// The hashes.
    pub path: Vec<Hash32>,
    /// The checkpoint that covers it.
    pub checkpoint: SignedCheckpoint,
}

impl InclusionProof {
    /// Proves that an entry is in a log.
    ///
    /// # Errors
    /// See [`ProveError`].
    pub fn make(log: &SignedLog, which: Which, progress: Progress<'_>) -> Result<Self, ProveError> {
        let size = log.size();
        if let Which::Position(position) = which
            && position >= size
        {
            return Err(ProveError::Beyond { position, size });
        }
        let (mut gathered, mut found) = (Gathered::default(), None);
        log.read(&mut gathered, progress, |position, bytes, gathered| {
            if found.is_none() && is_it(which, position, bytes) {
                gathered.want(of_inclusion(position, size));
                found = Some((position, bytes.to_vec()));
            }
        })?;
        let (index, entry) = match (found, which) {
            (Some(found), _) => found,
            (None, Which::Event(id)) => return Err(ProveError::NoSuchEvent(id)),
            (None, Which::Position(position)) => {
                return Err(ProveError::Beyond { position, size });
            }
        };
        let path = inclusion(&mut gathered, index, size)?.unwrap_or_default();
        Ok(Self { entry: Some(entry), index, path, checkpoint: log.checkpoint.clone() })
    }

    /// Reads a proof; it is not to be believed before it was checked.
    ///
    /// # Errors
    /// [`NotAProof`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NotAProof> {
        let (head, note) =
            text_of(bytes)?.split_once("\n\n").ok_or(NotAProof::Text("it holds no checkpoint"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(INCLUSION_FORMAT) {
            return Err(NotAProof::Text("the first line is another"));
        }
        let mut line = lines.next();
        let extra = line.and_then(|line| line.strip_prefix(EXTRA));
        let entry = extra.map(entry_in).transpose()?;
        if entry.is_some() {
            line = lines.next();
        }
        let index = line.and_then(|line| line.strip_prefix(INDEX)).and_then(number);
        let index = index.ok_or(NotAProof::Text("it names no index"))?;
        Ok(Self { entry, index, path: hashes(lines)?, checkpoint: checkpoint(note)? })
    }

    /// Demands that an entry is the one at this place of the tree that was signed. Who signed is
    /// for [`SignedCheckpoint::check`].
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn proves(&self, entry: &[u8]) -> Result<(), ProofError> {
        let (size, root) = (self.checkpoint.checkpoint.size, self.checkpoint.checkpoint.root);
        check_inclusion(leaf_hash(entry), self.index, size, root, &self.path)
    }
}

fn is_it(which: Which, position: u64, bytes: &[u8]) -> bool {
    match which {
        Which::Position(wanted) => position == wanted,
        Which::Event(id) => Entry::parse(bytes).is_ok_and(|entry| entry.id == id),
    }
}

fn entry_in(extra: &str) -> Result<Vec<u8>, NotAProof> {
    let bytes = BASE64.decode(extra.as_bytes()).ok().filter(|bytes| bytes.len() <= ENTRY_BYTES_MAX);
    bytes.ok_or(NotAProof::Text("the entry in it does not read"))
}

impl fmt::Display for InclusionProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{INCLUSION_FORMAT}")?;
        if let Some(entry) = &self.entry {
            writeln!(f, "{EXTRA}{}", BASE64.encode(entry))?;
        }
        writeln!(f, "{INDEX}{}", self.index)?;
        for hash in &self.path {
            writeln!(f, "{}", BASE64.encode(hash.bytes()))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
