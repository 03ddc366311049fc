//! States as of then, folded from the events by the one fold.
//!
//! Stepping through a long history folds it once: on the way the state is marked every so many
//! revisions, and the next question goes on from the mark before it. A mark is a cache of what can
//! never change, since an entry never does.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_events::id::{Revision, StreamId};
use countersign_events::store::EventStore;

use crate::accounts::Fault;
use crate::accounts::request::AsOf;
use crate::actors::account::stamped;
use crate::domain::{Account, evolve};

/// Streams whose marks are kept: those that were asked for last.
const STREAMS_MAX: usize = 8;
/// Marks of one stream.
const MARKS_MAX: u64 = 64;
/// Revisions between two marks at the least.
const SPACING_MIN: u64 = 128;
/// Entries that are read at once; between two reads others have their turn.
const PAGE: usize = 512;

type Marks = BTreeMap<u64, Account>;

/// The marks of the streams that were asked for last.
#[derive(Debug, Default)]
pub(in crate::accounts) struct Replays(Mutex<VecDeque<(StreamId, Marks)>>);

impl Replays {
    /// The state of a stream as of then, page by page: a long history is never in memory whole.
    ///
    /// # Errors
    /// [`Fault`] where the log does not answer or holds what this program does not know.
    pub(super) async fn state(
        &self,
        store: &dyn EventStore,
        stream: StreamId,
        newest: Revision,
        as_of: AsOf,
    ) -> Result<Account, Fault> {
        let spacing =
            newest.get().checked_div(MARKS_MAX).unwrap_or(0).next_power_of_two().max(SPACING_MIN);
        let mut account = self.mark_before(stream, as_of).unwrap_or_default();
        loop {
            let next = account.last.map_or(Revision::new(0), |(revision, _)| revision.next());
            let page = store.read_stream(stream, next, PAGE).await?;
            if page.is_empty() {
                return Ok(account);
            }
            for recorded in &page {
                let event = stamped(recorded)?;
                let is_past = match as_of {
                    AsOf::Revision(revision) => event.revision.get() <= revision,
                    AsOf::At(at) => event.at <= at,
                };
                if !is_past {
                    return Ok(account);
                }
                account = evolve(account, &event);
                if event.revision.get().checked_rem(spacing) == Some(0) {
                    self.mark(stream, event.revision, &account);
                }
            }
            tokio::task::yield_now().await;
        }
    }

    fn mark_before(&self, stream: StreamId, as_of: AsOf) -> Option<Account> {
        let kept = self.kept();
        let (_, marks) = kept.iter().find(|(other, _)| *other == stream)?;
        let mut earlier = marks.values().rev();
        let mark = earlier.find(|account| match (as_of, account.last) {
            (AsOf::Revision(asked), Some((revision, _))) => revision.get() <= asked,
            (AsOf::At(asked), Some((_, at))) => at <= asked,
            (_, None) => false,
        });
        mark.cloned()
    }

    fn mark(&self, stream: StreamId, revision: Revision, account: &Account) {
        let mut kept = self.kept();
        let found = kept.iter().position(|(other, _)| *other == stream);
        let mut marks = found.and_then(|at| kept.remove(at)).map(|(_, marks)| marks);
        let of_stream = marks.get_or_insert_default();
        let has_room = u64::try_from(of_stream.len()).is_ok_and(|marks| marks < MARKS_MAX);
        if has_room && !of_stream.contains_key(&revision.get()) {
            of_stream.insert(revision.get(), account.clone());
        }
        kept.push_back((stream, marks.unwrap_or_default()));
        if kept.len() > STREAMS_MAX {
            kept.pop_front();
        }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<(StreamId, Marks)>> {
        // Whoever panicked while holding it has at worst left a mark out.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
