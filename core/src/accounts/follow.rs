//! Following entries as they come: what an operator's tail and a client app's events share.
//!
//! A follower reads at the pace of whoever reads it: what it has not asked for waits in the log,
//! not in memory. It goes on exactly after a position, whatever it leaves out.
//!
//! **What must stay true.** It shows nothing that comes after the end of its reader's right to see
//! it. That end is an entry that it reads anyway, or a time: it asks at each entry that may be the
//! end, and at each heartbeat.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_events::catalogue;
use countersign_events::id::{Position, StreamId};
use countersign_events::store::{Recorded, StoreError};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use uuid::Uuid;

use super::answer::Followed;
use super::{Accounts, Fault, Verdict};
use crate::actors::account::Halt;
use crate::domain::refusal::Refusal;

/// The longest time between two heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Followers of one kind at once: operators, client apps.
pub const FOLLOWERS_MAX: usize = 64;
/// After how long another follower may find a place.
const PLACE_WAIT: SignedDuration = SignedDuration::from_secs(10);

/// Entries on their way.
pub(super) type Entries = BoxStream<'static, Result<Recorded, StoreError>>;

/// Whoever follows, and what of it he sees.
pub(super) trait Watch<L> {
    /// Whether he may go on.
    fn check(&self) -> BoxFuture<'_, Result<(), Halt>>;
    /// Whether an entry of this stream may be the end of that.
    fn may_end_by(&self, stream: StreamId) -> bool;
    /// An entry as he sees it, where it is wanted.
    fn line(&self, recorded: &Recorded) -> Result<Option<L>, Fault>;
}

/// Follows entries.
pub struct Follower<L> {
    accounts: Accounts,
    watch: Box<dyn Watch<L>>,
    entries: Entries,
    position: Option<Position>,
    beat: Instant,
    has_ended: bool,
    _place: Place,
}

impl<L> Follower<L> {
    /// Follows entries that begin at a position.
    pub(super) fn new(
        accounts: &Accounts,
        watch: Box<dyn Watch<L>>,
        (from, entries): (Position, Entries),
        place: Place,
    ) -> Self {
        Self {
            accounts: accounts.clone(),
            watch,
            entries,
            position: from.get().checked_sub(1).map(Position::new),
            beat: Instant::now(),
            has_ended: false,
            _place: place,
        }
    }

    /// What comes next: a heartbeat at once, and whenever nothing else came for [`HEARTBEAT`].
    /// None after the end.
    pub async fn next(&mut self) -> Option<Followed<L>> {
        while !self.has_ended {
            // However fast entries come, heartbeats are not late.
            let entry = if Instant::now() < self.beat {
                tokio::select! {
                    biased;
                    () = tokio::time::sleep_until(self.beat) => None,
                    entry = self.entries.next() => Some(entry),
                }
            } else {
                None
            };
            let found = match entry {
                None => self.heartbeat().await.map(Some),
                Some(Some(entry)) => self.read(entry).await,
                Some(None) => Err(Fault::Unavailable("the log was closed".to_owned()).into()),
            };
            match found {
                Ok(None) => {}
                Ok(Some(followed)) => return Some(followed),
                Err(halt) => {
                    self.has_ended = true;
                    return Some(match halt {
                        Halt::Refusal(refusal) => Followed::Refused(refusal),
                        Halt::Fault(fault) => Followed::Failed(fault),
                        Halt::Conflict => Followed::Failed(Fault::Unavailable("conflict".into())),
                    });
                }
            }
        }
        None
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.accounts.log().now()
    }

    async fn heartbeat(&mut self) -> Result<Followed<L>, Halt> {
        self.watch.check().await?;
        self.beat = Instant::now() + HEARTBEAT;
        let head = self.accounts.log().store().head().await?;
        Ok(Followed::Heartbeat { position: self.position, head })
    }

    async fn read(
        &mut self,
        entry: Result<Recorded, StoreError>,
    ) -> Result<Option<Followed<L>>, Halt> {
        let recorded = entry?;
        if self.watch.may_end_by(recorded.stream) {
            self.watch.check().await?;
        }
        self.position = Some(recorded.position);
        Ok(self.watch.line(&recorded)?.map(|line| Followed::Line(Box::new(line))))
    }
}

/// Whether there is such a type of event.
pub(super) fn is_known(event_type: &str) -> bool {
    catalogue::rows().iter().any(|row| row.event_type == event_type)
}

/// Who follows, all of one kind.
#[derive(Debug, Clone)]
pub(super) struct Followers {
    gauge: &'static str,
    each_max: usize,
    places: Arc<Mutex<HashMap<Uuid, usize>>>,
}

/// A follower's place, given back when it goes.
pub(super) struct Place {
    followers: Followers,
    whose: Uuid,
}

impl Accounts {
    /// A place among followers, where there is one.
    pub(super) fn place(&self, followers: &Followers, whose: Uuid) -> Verdict<Place> {
        if let Some(place) = followers.enter(whose) {
            return Ok(Ok(place));
        }
        let retry_at = self.log().now().saturating_add(PLACE_WAIT);
        let retry_at = retry_at.map_err(|error| Fault::Internal(error.to_string()))?;
        Ok(Err(Refusal::TooManyRequests { retry_at }))
    }
}

impl Followers {
    pub(super) fn new(gauge: &'static str, each_max: usize) -> Self {
        Self { gauge, each_max, places: Arc::default() }
    }

    fn enter(&self, whose: Uuid) -> Option<Place> {
        let mut places = self.places();
        let all: usize = places.values().sum();
        let own = places.get(&whose).copied().unwrap_or_default();
        if all >= FOLLOWERS_MAX || own >= self.each_max {
            return None;
        }
        places.insert(whose, own + 1);
        drop(places);
        metrics::gauge!(self.gauge).increment(1);
        Some(Place { followers: self.clone(), whose })
    }

    fn places(&self) -> MutexGuard<'_, HashMap<Uuid, usize>> {
        // Whoever panicked while holding it has counted or has not: the sum stays one of places.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.followers.places();
        if let Some(own) = places.get_mut(&self.whose) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                places.remove(&self.whose);
            }
        }
        drop(places);
        metrics::gauge!(self.followers.gauge).decrement(1);
    }
}
