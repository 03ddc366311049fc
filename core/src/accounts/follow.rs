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
use tokio::sync::Notify;
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
    place: Place,
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
            place,
        }
    }

    /// What comes next: a heartbeat at once, and whenever nothing else came for [`HEARTBEAT`].
    /// None after the end.
    pub async fn next(&mut self) -> Option<Followed<L>> {
        while !self.has_ended {
            // However fast entries come, heartbeats are not late.
            let found = if Instant::now() < self.beat {
                tokio::select! {
                    biased;
                    () = tokio::time::sleep_until(self.beat) => self.heartbeat().await.map(Some),
                    () = self.place.goes.notified() => self.give_way(),
                    entry = self.entries.next() => self.read(entry).await,
                }
            } else {
                self.heartbeat().await.map(Some)
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

    /// Another took its place.
    fn give_way(&self) -> Result<Option<Followed<L>>, Halt> {
        Err(self.accounts.no_place()?.into())
    }

    async fn read(
        &mut self,
        entry: Option<Result<Recorded, StoreError>>,
    ) -> Result<Option<Followed<L>>, Halt> {
        let closed = || Fault::Unavailable("the log was closed".to_owned());
        let recorded = entry.ok_or_else(closed)??;
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
///
/// Whether somebody still reads is not to be seen before a heartbeat finds no way, so that places
/// come back late. Where the newest takes the place of the oldest, whoever lost his connections
/// follows again at once.
#[derive(Debug, Clone)]
pub(super) struct Followers {
    gauge: &'static str,
    each_max: usize,
    oldest_goes: bool,
    places: Arc<Mutex<HashMap<Uuid, Vec<Held>>>>,
}

/// A place that somebody has, in the order in which they came.
#[derive(Debug)]
struct Held {
    goes: Arc<Notify>,
    /// It was told to go, and is there until it has heard that.
    is_told: bool,
}

/// A follower's place, given back when it goes.
pub(super) struct Place {
    followers: Followers,
    whose: Uuid,
    goes: Arc<Notify>,
}

impl Accounts {
    /// A place among followers, where there is one.
    pub(super) fn place(&self, followers: &Followers, whose: Uuid) -> Verdict<Place> {
        if let Some(place) = followers.enter(whose) {
            return Ok(Ok(place));
        }
        Ok(Err(self.no_place()?))
    }

    fn no_place(&self) -> Result<Refusal, Fault> {
        let retry_at = self.log().now().saturating_add(PLACE_WAIT);
        let retry_at = retry_at.map_err(|error| Fault::Internal(error.to_string()))?;
        Ok(Refusal::TooManyRequests { retry_at })
    }
}

impl Followers {
    /// Where all places are taken, another is refused.
    pub(super) fn new(gauge: &'static str, each_max: usize) -> Self {
        Self { gauge, each_max, oldest_goes: false, places: Arc::default() }
    }

    /// Where all places are taken, another takes that of the oldest of its own.
    pub(super) fn of_which_the_oldest_goes(gauge: &'static str, each_max: usize) -> Self {
        Self { oldest_goes: true, ..Self::new(gauge, each_max) }
    }

    fn enter(&self, whose: Uuid) -> Option<Place> {
        let mut places = self.places();
        let stay = |held: &&Held| !held.is_told;
        let (there, stay) = (
            places.values().map(Vec::len).sum::<usize>(),
            places.values().flatten().filter(stay).count(),
        );
        let own = places.entry(whose).or_default();
        let own_stay = own.iter().filter(|held| !held.is_told).count();
        // Those that were told are still there, and have a bound as well.
        let is_crowded = there >= 2 * FOLLOWERS_MAX || own.len() >= 2 * self.each_max;
        let is_full = stay >= FOLLOWERS_MAX || own_stay >= self.each_max;
        if is_full && !is_crowded && self.oldest_goes {
            let oldest = own.iter_mut().find(|held| !held.is_told)?;
            oldest.is_told = true;
            oldest.goes.notify_one();
        } else if is_full || is_crowded {
            return None;
        }
        let goes = Arc::new(Notify::new());
        own.push(Held { goes: Arc::clone(&goes), is_told: false });
        drop(places);
        metrics::gauge!(self.gauge).increment(1);
        Some(Place { followers: self.clone(), whose, goes })
    }

    fn places(&self) -> MutexGuard<'_, HashMap<Uuid, Vec<Held>>> {
        // Whoever panicked while holding it has entered or has not.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.followers.places();
        if let Some(own) = places.get_mut(&self.whose) {
            own.retain(|held| !Arc::ptr_eq(&held.goes, &self.goes));
        }
        // Also whoever was refused and had none.
        places.retain(|_, own| !own.is_empty());
        drop(places);
        metrics::gauge!(self.followers.gauge).decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const EACH: usize = 2;

    fn is_told(place: &Place) -> bool {
        place.goes.notified().now_or_never().is_some()
    }

    /// Every place has a bound, also of those who were told to go and have not heard it.
    #[test]
    fn the_newest_takes_the_place_of_the_oldest_of_its_own() {
        let followers = Followers::of_which_the_oldest_goes("test", EACH);
        let (app, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let of_other = followers.enter(other).unwrap();
        let mut own: Vec<_> = (0..2 * EACH).map(|_| followers.enter(app).unwrap()).collect();
        let told: Vec<_> = own.iter().map(is_told).collect();
        assert_eq!(told, [true, true, false, false]);
        assert!(followers.enter(app).is_none(), "those who were told are still there");
        drop(own.remove(0));
        let newest = followers.enter(app).unwrap();
        assert_eq!(own.iter().map(is_told).collect::<Vec<_>>(), [false, true, false]);
        assert!(!is_told(&of_other) && !is_told(&newest));
        drop((own, newest, of_other));
        assert!(followers.places().is_empty());
    }

    #[test]
    fn where_the_oldest_stays_another_is_refused() {
        let followers = Followers::new("test", EACH);
        let own: Vec<_> = (0..EACH).map(|_| followers.enter(Uuid::nil()).unwrap()).collect();
        assert!(followers.enter(Uuid::nil()).is_none());
        assert!(!own.iter().any(is_told));
        drop(own);
        assert!(followers.enter(Uuid::nil()).is_some());
    }
}
