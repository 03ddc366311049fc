//! A stream as its writer needs it: from some revision on, and where it ends.

use countersign_events::id::{Revision, StreamId};
use countersign_events::store::{READ_LIMIT_MAX, Recorded};

use super::{Head, Log};
use crate::accounts::Fault;

impl Log {
    /// Every entry of a stream from a revision on, page by page.
    ///
    /// # Errors
    /// [`Fault`] where the store does not answer.
    pub async fn read_from(
        &self,
        stream: StreamId,
        from: Revision,
    ) -> Result<Vec<Recorded>, Fault> {
        let mut all = self.store.read_stream(stream, from, READ_LIMIT_MAX).await?;
        while let Some(last) = all.last().map(|last| last.revision) {
            let page = self.store.read_stream(stream, last.next(), READ_LIMIT_MAX).await?;
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        Ok(all)
    }

    /// The entries of a stream from one revision to another, both included, and none beyond.
    ///
    /// # Errors
    /// [`Fault`] where the store does not answer.
    pub async fn read_between(
        &self,
        stream: StreamId,
        first: Revision,
        last: Revision,
    ) -> Result<Vec<Recorded>, Fault> {
        let (mut all, mut next) = (vec![], first);
        while next <= last {
            let left = last.get().saturating_sub(next.get()).saturating_add(1);
            let limit = usize::try_from(left).unwrap_or(READ_LIMIT_MAX).min(READ_LIMIT_MAX);
            let page = self.store.read_stream(stream, next, limit).await?;
            let Some(end) = page.last() else { break };
            next = end.revision.next();
            all.extend(page);
        }
        Ok(all)
    }

    /// Where a stream ends.
    ///
    /// # Errors
    /// [`Fault`] where the store does not answer or the last entry does not read.
    pub async fn head_of(&self, stream: StreamId) -> Result<Head, Fault> {
        let Some(revision) = self.store.stream_head(stream).await? else {
            return Ok(Head::default());
        };
        match self.store.read_stream(stream, revision, 1).await?.first() {
            Some(recorded) => Head::of(recorded),
            None => Err(Fault::Internal(format!("{stream} has no entry at its head"))),
        }
    }
}
