//! The time line of an account, page by page.
//!
//! Revisions are dense, so a page is one read of the stream, whatever its age; a filtered one asks
//! an index which revisions to read. Looks of one operator for one ticket with nothing between them
//! are one line, however many pages of the stream they fill.

use std::collections::VecDeque;

use countersign_events::account::Viewed;
use countersign_events::actor::By;
use countersign_events::id::{AccountId, Revision, StreamId};
use countersign_events::store::Recorded;

use super::record::Look;
use crate::accounts::answer::{EventView, LooksView, Page};
use crate::accounts::request::{Call, PageRequest, TimeLine};
use crate::accounts::view::{PAGE_MAX, Reader, event_view};
use crate::accounts::{Accounts, Verdict};
use crate::actors::account::{Entity, Halt, Request};
use crate::handle::SessionToken;
use crate::projections::ReadModel;
use crate::projections::time_line::{EventKind, Order};

/// Events that a page reads beyond its own, so that looks become one line.
const FOLDED_MAX: usize = 1000;
/// The type of a look.
const LOOK: &str = "account.history_viewed";

impl Accounts {
    /// The time line of an account: all of it, or what is about one thing.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses, [`Refusal::Invalid`](crate::domain::refusal::Refusal),
    /// [`Refusal::NotFound`](crate::domain::refusal::Refusal); a [`Fault`](crate::accounts::Fault).
    pub async fn support_events(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        ask: TimeLine,
        ticket: Option<String>,
    ) -> Verdict<Page<EventView>> {
        let call = match self.looking(call, operator, ticket.as_deref()).await? {
            Ok(call) => call,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let stream = StreamId::Account(account);
        let look = Look { call, ticket, what: Viewed::Events };
        // The newest first, nothing comes at or after the cursor; the other way, all may.
        let up_to = match (ask.order, ask.page.cursor) {
            (Order::Newest, Some(cursor)) => Some(Revision::new(cursor.saturating_sub(1))),
            _ => None,
        };
        if ask.page.cursor.is_none() || !self.reads_on(&look, account, up_to).await? {
            match self.look(account, look).await? {
                Ok(()) => {}
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        let of_kind = match ask.kind {
            Some(kind) => {
                self.caught_up().await?;
                Some((self.read_model().clone(), kind))
            }
            None => None,
        };
        self.ask(stream, ViewTimeLine { page: ask.page, order: ask.order, of_kind }).await
    }
}

struct ViewTimeLine {
    page: PageRequest,
    order: Order,
    of_kind: Option<(ReadModel, EventKind)>,
}

impl Request for ViewTimeLine {
    type Answer = Page<EventView>;

    async fn perform(&self, entity: &mut Entity) -> Result<Page<EventView>, Halt> {
        entity.load().await?;
        entity.open()?;
        let of_kind = self.of_kind.as_ref().map(|(model, kind)| (model, *kind));
        page(entity, self.page, self.order, of_kind, Reader::Support).await
    }
}

/// A page of a whole history, the newest event first. The cursor is the revision before which it
/// ends.
pub(in crate::accounts) async fn history_page(
    entity: &Entity,
    ask: PageRequest,
    reader: Reader,
) -> Result<Page<EventView>, Halt> {
    page(entity, ask, Order::Newest, None, reader).await
}

async fn page(
    entity: &Entity,
    ask: PageRequest,
    order: Order,
    of_kind: Option<(&ReadModel, EventKind)>,
    reader: Reader,
) -> Result<Page<EventView>, Halt> {
    let limit = ask.limit.clamp(1, PAGE_MAX);
    let mut source = Source::new(entity, ask.cursor, limit, order, of_kind);
    let mut items: Vec<EventView> = vec![];
    let next = loop {
        let Some(recorded) = source.next(entity).await? else { break None };
        let cursor = match order {
            Order::Newest => recorded.revision.next().get(),
            Order::Oldest => recorded.revision.get(),
        };
        if source.taken > limit.saturating_add(FOLDED_MAX) {
            break Some(cursor);
        }
        let view = event_view(entity, &recorded, reader).await?;
        if let Some(last) = items.last_mut()
            && let Some(both) = folded(last, &view)
        {
            *last = both;
            continue;
        }
        if items.len() == limit {
            break Some(cursor);
        }
        items.push(view);
    };
    Ok(Page { items, next })
}

/// Two looks as one, where they are of one operator for one ticket: the later stands for both.
fn folded(one: &EventView, other: &EventView) -> Option<EventView> {
    let is_same = one.event_type == LOOK
        && other.event_type == LOOK
        && matches!(one.by, By::Operator { .. })
        && one.by == other.by
        && one.data.get("ticket") == other.data.get("ticket");
    if !is_same {
        return None;
    }
    let (earlier, later) = if one.revision < other.revision { (one, other) } else { (other, one) };
    let first =
        earlier.looks.unwrap_or(LooksView { count: 1, since: earlier.at, first: earlier.revision });
    let count = first.count.saturating_add(later.looks.map_or(1, |looks| looks.count));
    let looks = Some(LooksView { count, ..first });
    Some(EventView { looks, ..later.clone() })
}

/// The entries of a time line, one by one, read in pages.
struct Source<'a> {
    order: Order,
    of_kind: Option<(&'a ReadModel, EventKind)>,
    /// The revision before which it goes on, or from which.
    cursor: u64,
    /// One after the last revision.
    head: u64,
    page: usize,
    buffer: VecDeque<Recorded>,
    /// How many were taken.
    taken: usize,
}

impl<'a> Source<'a> {
    fn new(
        entity: &Entity,
        cursor: Option<u64>,
        limit: usize,
        order: Order,
        of_kind: Option<(&'a ReadModel, EventKind)>,
    ) -> Self {
        let last = entity.account().last;
        let head = last.map_or(0, |(revision, _)| revision.get().saturating_add(1));
        let cursor = match order {
            Order::Newest => cursor.map_or(head, |cursor| cursor.min(head)),
            Order::Oldest => cursor.unwrap_or(0),
        };
        // One more than is shown: whether there is another page.
        let page = limit.saturating_add(1);
        Self { order, of_kind, cursor, head, page, buffer: VecDeque::new(), taken: 0 }
    }

    async fn next(&mut self, entity: &Entity) -> Result<Option<Recorded>, Halt> {
        if self.buffer.is_empty() {
            self.buffer = match self.of_kind {
                None => self.dense(entity).await?,
                Some((model, kind)) => self.chosen(entity, model, kind).await?,
            };
        }
        let next = self.buffer.pop_front();
        self.taken = self.taken.saturating_add(usize::from(next.is_some()));
        Ok(next)
    }

    /// The next entries of the stream.
    async fn dense(&mut self, entity: &Entity) -> Result<VecDeque<Recorded>, Halt> {
        let page = u64::try_from(self.page).unwrap_or(u64::MAX);
        let (from, to) = match self.order {
            Order::Newest => (self.cursor.saturating_sub(page), self.cursor),
            Order::Oldest => (self.cursor, self.cursor.saturating_add(page).min(self.head)),
        };
        let count = usize::try_from(to.saturating_sub(from)).unwrap_or(self.page);
        if count == 0 {
            return Ok(VecDeque::new());
        }
        let store = entity.services.log.store();
        let mut read = store.read_stream(entity.stream, Revision::new(from), count).await?;
        match self.order {
            Order::Newest => {
                read.reverse();
                self.cursor = from;
            }
            Order::Oldest => self.cursor = to,
        }
        Ok(read.into())
    }

    /// The next entries that the index names.
    async fn chosen(
        &mut self,
        entity: &Entity,
        model: &ReadModel,
        kind: EventKind,
    ) -> Result<VecDeque<Recorded>, Halt> {
        let named = model.time_line(entity.id()?, kind, self.order, self.cursor, self.page)?;
        let mut read = VecDeque::with_capacity(named.len());
        for revision in named {
            read.push_back(entity.entry_at(revision).await?);
            self.cursor = match self.order {
                Order::Newest => revision.get(),
                Order::Oldest => revision.get().saturating_add(1),
            };
        }
        Ok(read)
    }
}
