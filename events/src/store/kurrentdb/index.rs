//! Positions: the ordinals of our events in `$all`.
//!
//! The server numbers events by their place in its transaction file, with gaps; an ordinal is only
//! known by counting. So the places of all our events are kept in memory, in order, and read on
//! from the last one when something newer is asked for. `$all` is append-only and in final order,
//! so that every node that counts gets the same ordinals. Sixteen bytes an event.

use eventstore::{ReadAllOptions, RecordedEvent, StreamPosition, SubscriptionFilter};

use super::Shared;
use crate::id::{Position, StreamId};
use crate::store::StoreError;

/// Events that are asked for at once.
const PAGE: usize = 4096;
/// How the names of our streams begin. The server filters by these; what else begins like it but
/// does not read as a name of ours is left out here, on every node alike.
const PREFIXES: [&str; 6] = ["account-", "unknown-", "operator-", "client-", "policy", "log"];

/// Where the server keeps an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    commit: u64,
    prepare: u64,
}

impl Place {
    pub(super) fn of(event: &RecordedEvent) -> Self {
        Self { commit: event.position.commit, prepare: event.position.prepare }
    }

    fn position(self) -> StreamPosition<eventstore::Position> {
        StreamPosition::Position(eventstore::Position {
            commit: self.commit,
            prepare: self.prepare,
        })
    }
}

/// A page of `$all`.
pub(super) struct Page {
    /// Our events in it.
    pub(super) ours: Vec<(StreamId, RecordedEvent)>,
    /// The last event in it, ours or not.
    pub(super) last: Option<Place>,
}

/// Reads a page of `$all`, the event at `from` included.
pub(super) async fn page(
    shared: &Shared,
    from: Option<Place>,
    limit: usize,
) -> Result<Page, StoreError> {
    let filter = PREFIXES
        .into_iter()
        .fold(SubscriptionFilter::on_stream_name(), SubscriptionFilter::add_prefix);
    let options = ReadAllOptions::default()
        .forwards()
        .position(from.map_or(StreamPosition::Start, Place::position))
        .filter(filter)
        .max_count(limit)
        .requires_leader(true);
    let fault = |error| shared.fault(error);
    let mut read = shared.client().read_all(&options).await.map_err(fault)?;
    let mut page = Page { ours: Vec::new(), last: None };
    while let Some(event) = read.next().await.map_err(fault)? {
        let Some(event) = event.event else { continue };
        page.last = Some(Place::of(&event));
        if let Ok(stream) = StreamId::parse(event.stream_id()) {
            page.ours.push((stream, event));
        }
    }
    Ok(page)
}

/// The places of our events, in order.
#[derive(Debug, Default)]
pub(super) struct Index {
    places: Vec<Place>,
    /// The last event that was seen, ours or not.
    seen: Option<Place>,
}

impl Index {
    /// Counts on up to what the server has now.
    pub(super) async fn catch_up(&mut self, shared: &Shared) -> Result<(), StoreError> {
        loop {
            let page = page(shared, self.seen, PAGE).await?;
            let new = page.ours.iter().map(|(_, event)| Place::of(event));
            let seen = self.seen;
            self.places.extend(new.filter(|place| seen.is_none_or(|seen| *place > seen)));
            if page.last.is_none() || page.last == seen {
                return Ok(());
            }
            self.seen = page.last;
        }
    }

    /// The position of the last event.
    pub(super) fn head(&self) -> Option<Position> {
        self.places.len().checked_sub(1).map(|last| Position::new(last as u64))
    }

    /// Where the event at a position is.
    pub(super) fn place(&self, position: Position) -> Option<Place> {
        usize::try_from(position.get()).ok().and_then(|at| self.places.get(at)).copied()
    }

    /// The position of the event that is there.
    pub(super) fn find(&self, place: Place) -> Option<Position> {
        self.places.binary_search(&place).ok().map(|at| Position::new(at as u64))
    }
}
