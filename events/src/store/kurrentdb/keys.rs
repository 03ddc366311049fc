//! Append keys: found by looking back through the stream.
//!
//! The server forgets event ids when it likes, so our promise of [`APPEND_KEY_HOURS`] does not rest
//! on it: the key stands in the metadata of every event, and the stream is read backwards up to the
//! first event that is older. The server's clock stamps events and ours measures their age, hence
//! the allowance for a difference between the two.

use std::time::Duration;

use eventstore::{ReadStreamOptions, RecordedEvent, StreamPosition};

use super::frame::{self, Frame};
use super::{Shared, StoreError};
use crate::id::{Revision, StreamId};
use crate::store::{APPEND_KEY_HOURS, Append, AppendError, AppendKey, Appended};

/// Events that are looked at in one step backwards.
const PAGE: usize = 512;
/// How far the server's clock and ours may be apart.
const CLOCKS_APART: Duration = Duration::from_secs(60 * 60);

/// An append that is in the log.
pub(super) struct Earlier {
    pub(super) first: Revision,
    count: u16,
}

impl Earlier {
    pub(super) fn last(&self) -> Revision {
        Revision::new(self.first.get().saturating_add(u64::from(self.count)).saturating_sub(1))
    }
}

impl Shared {
    /// The append that this key names, if it is in the stream and not too old.
    pub(super) async fn find_key(
        &self,
        stream: StreamId,
        key: AppendKey,
    ) -> Result<Option<Earlier>, StoreError> {
        let mut from = StreamPosition::End;
        loop {
            let options = ReadStreamOptions::default().position(from).backwards().max_count(PAGE);
            let events = self.events(stream, options).await?;
            for event in &events {
                if let Some(frame) = Frame::read(&event.custom_metadata)
                    && frame.key == key
                {
                    let first = event.revision.saturating_sub(u64::from(frame.index));
                    return Ok(Some(Earlier { first: Revision::new(first), count: frame.count }));
                }
                if self.is_forgotten(event) {
                    return Ok(None);
                }
            }
            match events.last().and_then(|event| event.revision.checked_sub(1)) {
                Some(next) => from = StreamPosition::Position(next),
                None => return Ok(None),
            }
        }
    }

    /// The answer to an append whose key was seen: the same one again, or another under its name.
    pub(super) async fn repeated(
        &self,
        append: &Append,
        earlier: Earlier,
    ) -> Result<Appended, AppendError> {
        let unavailable = |error: StoreError| AppendError::Unavailable(error.to_string());
        let reused = AppendError::KeyReused(append.key);
        if append.expected.first() != earlier.first
            || append.entries.len() != usize::from(earlier.count)
        {
            return Err(reused);
        }
        let options = ReadStreamOptions::default()
            .forwards()
            .position(StreamPosition::Position(earlier.first.get()))
            .max_count(append.entries.len());
        let events = self.events(append.stream, options).await.map_err(unavailable)?;
        let same = events.len() == append.entries.len()
            && events.iter().zip(&append.entries).all(|(event, entry)| frame::holds(event, entry));
        if !same {
            return Err(reused);
        }
        let placed = self.placed(append.stream, earlier.first, earlier.last()).await;
        placed.map(Appended::Duplicate).map_err(unavailable)
    }

    fn is_forgotten(&self, event: &RecordedEvent) -> bool {
        let hours = Duration::from_secs(APPEND_KEY_HOURS.unsigned_abs() * 60 * 60);
        let age = (self.clock)().as_second().saturating_sub(event.created.timestamp());
        age > i64::try_from((hours + CLOCKS_APART).as_secs()).unwrap_or(i64::MAX)
    }
}
