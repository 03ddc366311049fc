//! Evidence for one account: its entries with proofs, in one file that is checked offline.
//!
//! The file holds the account's entries verbatim, each with its position and the proof that it is
//! in the log; the checkpoint; the log's first entry, which names its key; and the versions of the
//! policy that the entries were decided under. Positions and hashes are in it, personal data and
//! what happened to others is not.
//!
//! What it shows is what happened up to its last entry, without a gap: revisions are dense and
//! chained. What it cannot show is that no later entry exists.

mod assay;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use countersign_events::entry::Entry;
use countersign_events::id::{AccountId, Hash32, PolicyVersion, StreamId};
use countersign_events::policy::PolicyEvent;
use countersign_events::tree::proof::inclusion;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::Progress;
use super::nodes::{Gathered, Missing, of_inclusion};
use super::signed::{SignedLog, SignedLogError};

pub(super) use assay::check;

/// The name and version of the file.
pub const EVIDENCE_FORMAT: &str = "countersign-evidence/1";
/// The largest file of evidence that is read, in bytes: about 100,000 entries.
pub const EVIDENCE_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Entries of one account that are gathered.
pub const ENTRIES_MAX: usize = 100_000;

/// Why there is no evidence.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The log or its checkpoint is of no use.
    #[error(transparent)]
    Log(#[from] SignedLogError),
    /// Nothing happened to the account.
    #[error("no entry of account {0} is covered by the checkpoint")]
    NoSuchAccount(AccountId),
    /// More happened than one file holds.
    #[error("account {0} has more than {ENTRIES_MAX} entries")]
    TooMany(AccountId),
    /// An entry is no text.
    #[error("position {0} is no text")]
    NotText(u64),
    /// A hash was not gathered.
    #[error(transparent)]
    Missing(#[from] Missing),
}

/// A text that is no evidence.
#[derive(Debug, thiserror::Error)]
pub enum NotEvidence {
    /// It is not written as it is.
    #[error("not a file of evidence")]
    Text(#[source] serde_json::Error),
    /// It is too large.
    #[error("more than {EVIDENCE_BYTES_MAX} bytes")]
    TooLarge,
    /// It is of a format that this program does not know.
    #[error("its format is {0:?}, not {EVIDENCE_FORMAT:?}")]
    Format(String),
}

/// An entry, and the proof that it is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proven {
    /// Its position.
    pub position: u64,
    /// Its bytes, verbatim.
    pub entry: String,
    /// The hashes, from the leaf's sibling upwards.
    pub proof: Vec<Hash32>,
}

/// What a file of evidence holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// [`EVIDENCE_FORMAT`].
    pub format: String,
    /// The account.
    #[serde(deserialize_with = "as_it_is_written")]
    pub account: AccountId,
    /// The log's key, as a verifier key of a signed note.
    pub key: String,
    /// The checkpoint, verbatim.
    pub checkpoint: String,
    /// The log's first entry.
    pub created: Proven,
    /// The versions of the policy that the entries name.
    pub policies: Vec<Proven>,
    /// The account's entries, from the first on.
    pub entries: Vec<Proven>,
}

/// An id in the one way in which it is written.
fn as_it_is_written<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AccountId, D::Error> {
    let text = Cow::<'_, str>::deserialize(deserializer)?;
    AccountId::parse(&text).map_err(de::Error::custom)
}

impl Evidence {
    /// Gathers what a log holds of an account, in one reading.
    ///
    /// # Errors
    /// See [`EvidenceError`].
    pub fn gather(
        log: &SignedLog,
        account: AccountId,
        progress: Progress<'_>,
    ) -> Result<Self, EvidenceError> {
        let size = log.size();
        let mut gathered = Gathered::default();
        let mut picked = Picked::new(account);
        log.read(&mut gathered, progress, |position, bytes, gathered| {
            if picked.picks(position, bytes) {
                gathered.want(of_inclusion(position, size));
            }
        })?;
        if picked.entries.len() > ENTRIES_MAX {
            return Err(EvidenceError::TooMany(account));
        }
        if picked.entries.is_empty() {
            return Err(EvidenceError::NoSuchAccount(account));
        }
        let Picked { created, entries, mut policies, named, .. } = picked;
        policies.retain(|version, _| named.contains(version));
        let mut prove = |(position, bytes): (u64, Vec<u8>)| {
            let entry = String::from_utf8(bytes).map_err(|_| EvidenceError::NotText(position))?;
            let proof = inclusion(&mut gathered, position, size)?.unwrap_or_default();
            Ok::<_, EvidenceError>(Proven { position, entry, proof })
        };
        Ok(Self {
            format: EVIDENCE_FORMAT.to_owned(),
            account,
            key: log.named.key.to_string(),
            checkpoint: log.checkpoint.to_string(),
            created: prove((0, created))?,
            policies: policies.into_values().map(&mut prove).collect::<Result<_, _>>()?,
            entries: entries.into_iter().map(&mut prove).collect::<Result<_, _>>()?,
        })
    }

    /// Reads a file; it is not to be believed before it was checked.
    ///
    /// # Errors
    /// [`NotEvidence`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NotEvidence> {
        if bytes.len() > EVIDENCE_BYTES_MAX {
            return Err(NotEvidence::TooLarge);
        }
        let read: Self = serde_json::from_slice(bytes).map_err(NotEvidence::Text)?;
        if read.format != EVIDENCE_FORMAT {
            return Err(NotEvidence::Format(read.format));
        }
        Ok(read)
    }
}

/// The entries that belong into the file, as they go by.
struct Picked {
    stream: StreamId,
    created: Vec<u8>,
    entries: Vec<(u64, Vec<u8>)>,
    policies: BTreeMap<PolicyVersion, (u64, Vec<u8>)>,
    named: BTreeSet<PolicyVersion>,
}

impl Picked {
    fn new(account: AccountId) -> Self {
        let (created, entries, policies) = (vec![], vec![], BTreeMap::new());
        let stream = StreamId::Account(account);
        Self { stream, created, entries, policies, named: BTreeSet::new() }
    }

    fn picks(&mut self, position: u64, bytes: &[u8]) -> bool {
        if position == 0 {
            bytes.clone_into(&mut self.created);
            return true;
        }
        let Ok(entry) = Entry::parse(bytes) else { return false };
        if entry.stream == self.stream && self.entries.len() <= ENTRIES_MAX {
            self.entries.push((position, bytes.to_vec()));
            self.named.insert(entry.policy);
            return true;
        }
        let Some(version) = version_in(&entry) else { return false };
        self.policies.insert(version, (position, bytes.to_vec()));
        true
    }
}

/// The version of the policy that an entry sets.
fn version_in(entry: &Entry<'_>) -> Option<PolicyVersion> {
    if entry.stream != StreamId::Policy {
        return None;
    }
    let decoded = PolicyEvent::decode(&entry.event_type, entry.version, entry.data.get());
    decoded.ok().map(|PolicyEvent::Set(set)| set.version)
}

#[cfg(test)]
mod tests;
