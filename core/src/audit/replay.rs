//! Replays a stream: folds its events into the state that the server had.
//!
//! Pure: the same events give the same state, whoever folds them and whenever. No key is needed,
//! since no state holds personal data. The hash of the state tells two replays apart without
//! reading them.

use countersign_events::catalogue::DecodeError;
use countersign_events::entry::{Entry, EntryError};
use countersign_events::id::{Hash32, Position, Revision, StreamId};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::source::{Source, SourceError};
use crate::domain::{Account, StampedEvent, evolve};

/// Up to where a stream is replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// All of it.
    End,
    /// Up to and with a revision.
    Revision(Revision),
    /// All that happened up to and with a time.
    At(Timestamp),
    /// All that stands before a position of the log.
    Before(Position),
}

/// The state of a stream as of a place in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// The stream.
    pub stream: StreamId,
    /// The last revision that was folded; none where nothing was.
    pub revision: Option<Revision>,
    /// When that was.
    pub at: Option<Timestamp>,
    /// The state.
    pub state: Account,
    /// SHA-256 of the state as compact JSON.
    pub hash: Hash32,
}

/// Why there is no state.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Only accounts and unknown logins have a state to replay.
    #[error("{0} has no state: replay an account-… or unknown-… stream")]
    NoState(StreamId),
    /// The stream is not in the log.
    #[error("{0} is not in the log")]
    NoSuchStream(StreamId),
    /// The stream ends earlier.
    #[error("{stream} ends at revision {last}, before {wanted}")]
    EndsEarlier {
        /// The stream.
        stream: StreamId,
        /// Its last revision.
        last: Revision,
        /// The revision that was asked for.
        wanted: Revision,
    },
    /// The log could not be read.
    #[error("the log does not read")]
    Source(#[from] SourceError),
    /// A line that is no entry.
    #[error("position {position} is no entry")]
    Entry {
        /// The position.
        position: Position,
        /// Why.
        #[source]
        source: EntryError,
    },
    /// Revisions are not dense: run `verify`.
    #[error("{stream}: revision {found} follows, not {expected}")]
    Gap {
        /// The stream.
        stream: StreamId,
        /// The revision that was to follow.
        expected: Revision,
        /// The one that did.
        found: Revision,
    },
    /// An event that this program does not know: the account fails closed there.
    #[error("{stream} revision {revision} cannot be folded")]
    Decode {
        /// The stream.
        stream: StreamId,
        /// The place.
        revision: Revision,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// The state could not be encoded.
    #[error("the state does not encode")]
    Encode(#[source] serde_json::Error),
}

/// Folds a stream up to a place in it.
///
/// # Errors
/// See [`ReplayError`].
pub fn replay(mut source: Source, stream: StreamId, until: Until) -> Result<Replayed, ReplayError> {
    if !matches!(stream, StreamId::Account(_) | StreamId::Unknown(_)) {
        return Err(ReplayError::NoState(stream));
    }
    source.only(&stream);
    let mut account = Account::default();
    let mut next = Revision::new(0);
    let mut found = false;
    while let Some(line) = source.next_line()? {
        let entry = Entry::parse(&line.bytes)
            .map_err(|source| ReplayError::Entry { position: line.position, source })?;
        if entry.stream != stream {
            continue;
        }
        found = true;
        if entry.rev != next {
            return Err(ReplayError::Gap { stream, expected: next, found: entry.rev });
        }
        if is_past(until, &entry, line.position) {
            break;
        }
        account = evolve(account, &stamped(&entry)?);
        next = entry.rev.next();
    }
    if !found {
        return Err(ReplayError::NoSuchStream(stream));
    }
    let last = account.last;
    if let (Until::Revision(wanted), Some((last, _))) = (until, last)
        && last < wanted
    {
        return Err(ReplayError::EndsEarlier { stream, last, wanted });
    }
    Ok(Replayed {
        stream,
        revision: last.map(|(revision, _)| revision),
        at: last.map(|(_, at)| at),
        hash: state_hash(&account).map_err(ReplayError::Encode)?,
        state: account,
    })
}

/// SHA-256 of a state as compact JSON: the same for the same state, on any machine.
///
/// # Errors
/// What serde says; a state has no shape that JSON lacks.
pub fn state_hash(account: &Account) -> Result<Hash32, serde_json::Error> {
    let json = serde_json::to_vec(account)?;
    Ok(Hash32::new(Sha256::digest(json).into()))
}

fn is_past(until: Until, entry: &Entry<'_>, position: Position) -> bool {
    match until {
        Until::End => false,
        Until::Revision(revision) => entry.rev > revision,
        Until::At(at) => entry.at > at,
        Until::Before(end) => position >= end,
    }
}

fn stamped(entry: &Entry<'_>) -> Result<StampedEvent, ReplayError> {
    StampedEvent::of(entry).map_err(|source| ReplayError::Decode {
        stream: entry.stream,
        revision: entry.rev,
        source,
    })
}

#[cfg(test)]
mod tests;
