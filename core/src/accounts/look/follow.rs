//! Following the log as it grows: a look that names no holder.
//!
//! A follower reads the log at the pace of whoever reads it: what it has not asked for waits in the
//! log, not in memory. It goes on exactly after a position, whatever it leaves out.
//!
//! **What must stay true.** It shows nothing that comes after the end of its operator's session or
//! role. Both ends are entries of the log that it reads anyway: at each entry of the operator's
//! streams it asks again, and at each heartbeat too, since a session also ends by time. Following
//! is no use of a session, which would never be idle otherwise.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_events::account::{AccountEvent, Viewed};
use countersign_events::catalogue;
use countersign_events::entry::Entry;
use countersign_events::id::{AccountId, HandleHash, Position, StreamId};
use countersign_events::operator::Role;
use countersign_events::store::{Recorded, StoreError};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::record::Look;
use crate::accounts::answer::{Followed, LineView};
use crate::accounts::request::{Call, Follow};
use crate::accounts::support::in_the_name_of;
use crate::accounts::{Accounts, Fault, Verdict, mask};
use crate::actors::account::{Entity, Halt, Request};
use crate::domain::explain;
use crate::domain::refusal::Refusal;
use crate::handle::SessionToken;

/// The longest time between two heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How far back whoever looks at accounts follows the whole log: what was before is read account by
/// account, so that each holder sees it (SR-126). Auditors read all of it.
const BACK_MAX: SignedDuration = SignedDuration::from_mins(15);
/// Followers at once.
pub const FOLLOWERS_MAX: usize = 64;
/// Followers of one operator at once.
pub const FOLLOWERS_PER_OPERATOR_MAX: usize = 4;
/// After how long another follower may find a place.
const PLACE_WAIT: SignedDuration = SignedDuration::from_secs(10);

/// Follows the log for an operator.
pub struct Follower {
    accounts: Accounts,
    operator: SessionToken,
    roles: Vec<Role>,
    types: Vec<String>,
    account: Option<AccountId>,
    entries: BoxStream<'static, Result<Recorded, StoreError>>,
    position: Option<Position>,
    beat: Instant,
    has_ended: bool,
    _place: Place,
}

impl Accounts {
    /// Follows the log, from now on or from a position; whoever looks at accounts, from
    /// [`BACK_MAX`] ago at the earliest where no account is named. The opening is an event: of the
    /// account that is followed, or of the operator's own.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses; [`Refusal::Forbidden`] where a role that looks at no
    /// account would follow one, [`Refusal::Invalid`], [`Refusal::NotFound`],
    /// [`Refusal::TooManyRequests`] where there are [`FOLLOWERS_MAX`] followers, or
    /// [`FOLLOWERS_PER_OPERATOR_MAX`] of this operator; a [`Fault`].
    pub async fn follow_log(
        &self,
        call: &Call,
        operator: &SessionToken,
        ask: Follow,
    ) -> Verdict<Follower> {
        let Follow { roles, from, types, account, ticket } = ask;
        if let Err(refusal) = self.looking(call, operator, ticket.as_deref()).await? {
            return Ok(Err(refusal));
        }
        let looks = match self.standing(operator, &roles).await? {
            Ok(role) => matches!(role, Role::Support | Role::Supervisor) || self.is_archive(),
            Err(refusal) => return Ok(Err(refusal)),
        };
        if account.is_some() && !looks {
            return Ok(Err(Refusal::Forbidden("this role looks at no account")));
        }
        if let Some(unknown) = types.iter().find(|name| !is_known(name)) {
            let reason = format!("there is no event type `{}`", unknown.escape_debug());
            return Ok(Err(Refusal::Invalid { field: "types", reason }));
        }
        let next = self.log().store().head().await?.map_or(Position::new(0), Position::next);
        let mut from = from.unwrap_or(next);
        if from > next {
            let reason = "beyond the end of this log".to_owned();
            return Ok(Err(Refusal::Invalid { field: "from", reason }));
        }
        if account.is_none() && looks && !self.is_archive() {
            let earliest = self.log().now().saturating_sub(BACK_MAX).unwrap_or(Timestamp::MIN);
            from = from.max(self.first_since(earliest, next).await?);
        }
        let Some(place) = self.followers.enter(operator.account()) else {
            let retry_at = self.log().now().saturating_add(PLACE_WAIT);
            let retry_at = retry_at.map_err(|error| Fault::Internal(error.to_string()))?;
            return Ok(Err(Refusal::TooManyRequests { retry_at }));
        };
        let call = in_the_name_of(operator.account(), call);
        let opened = match account {
            Some(account) => {
                self.look(account, Look { call, ticket, what: Viewed::Events }).await?
            }
            // Whoever reads an export has no account in it that could be told.
            None if self.is_archive() => Ok(()),
            None => {
                let own = StreamId::Account(operator.account());
                self.ask(own, Look { call, ticket, what: Viewed::Log }).await?
            }
        };
        if let Err(refusal) = opened {
            return Ok(Err(refusal));
        }
        Ok(Ok(Follower {
            accounts: self.clone(),
            operator: operator.clone(),
            roles,
            types,
            account,
            entries: self.log().store().subscribe(from),
            position: from.get().checked_sub(1).map(Position::new),
            beat: Instant::now(),
            has_ended: false,
            _place: place,
        }))
    }

    /// The first position of an entry of that time or later; the end where there is none.
    async fn first_since(&self, earliest: Timestamp, end: Position) -> Result<Position, Fault> {
        let (mut low, mut high) = (0, end.get());
        while low < high {
            let middle = low.midpoint(high);
            let read = self.log().store().read_all(Position::new(middle), 1).await?;
            let is_before = match read.first() {
                Some(recorded) => Entry::parse(&recorded.bytes)?.at < earliest,
                None => false,
            };
            if is_before {
                low = middle.saturating_add(1);
            } else {
                high = middle;
            }
        }
        Ok(Position::new(low))
    }

    /// The role that an operator acts in now, by a session with two factors. Asking is no use of
    /// the session.
    async fn standing(&self, operator: &SessionToken, roles: &[Role]) -> Verdict<Role> {
        if let Some(reader) = &self.reader {
            return Ok(reader.admit(operator).map(|reader| reader.role));
        }
        let alive = Alive { session: operator.hash() };
        if let Err(refusal) = self.ask(StreamId::Account(operator.account()), alive).await? {
            return Ok(Err(refusal));
        }
        let found = self.operator_now(operator.account()).await?;
        let role = found.filter(|view| view.enabled).map(|view| view.role);
        Ok(role
            .filter(|role| roles.contains(role))
            .ok_or(Refusal::Forbidden("your role does not allow this")))
    }
}

impl Follower {
    /// What comes next: a heartbeat at once, and whenever nothing else came for [`HEARTBEAT`].
    /// None after the end.
    pub async fn next(&mut self) -> Option<Followed> {
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

    async fn heartbeat(&mut self) -> Result<Followed, Halt> {
        self.check().await?;
        self.beat = Instant::now() + HEARTBEAT;
        let head = self.accounts.log().store().head().await?;
        Ok(Followed::Heartbeat { position: self.position, head })
    }

    /// An entry, where it is wanted.
    async fn read(
        &mut self,
        entry: Result<Recorded, StoreError>,
    ) -> Result<Option<Followed>, Halt> {
        let recorded = entry?;
        let operator = self.operator.account();
        if [StreamId::Account(operator), StreamId::Operator(operator)].contains(&recorded.stream) {
            self.check().await?;
        }
        self.position = Some(recorded.position);
        if self.account.is_some_and(|account| recorded.stream != StreamId::Account(account)) {
            return Ok(None);
        }
        let line = line(&recorded, self.accounts.is_archive())?;
        let is_wanted = self.types.is_empty() || self.types.contains(&line.event_type);
        Ok(is_wanted.then(|| Followed::Line(Box::new(line))))
    }

    async fn check(&self) -> Result<(), Halt> {
        self.accounts.standing(&self.operator, &self.roles).await??;
        Ok(())
    }
}

/// An entry as a follower sees it, its id whole or masked. One that this program does not know is
/// shown by its type.
fn line(recorded: &Recorded, whole: bool) -> Result<LineView, Fault> {
    let entry = Entry::parse(&recorded.bytes)?;
    let explanation = match recorded.stream {
        StreamId::Account(_) | StreamId::Unknown(_) => {
            AccountEvent::decode(&entry.event_type, entry.version, entry.data.get())
                .map_or_else(|error| error.to_string(), |event| explain::event(&event))
        }
        _ => explain::by_type(&entry.event_type),
    };
    Ok(LineView {
        position: recorded.position,
        at: entry.at,
        stream: recorded.stream,
        hint: id_of(recorded.stream).map(|id| if whole { id } else { mask::id(&id) }),
        revision: recorded.revision,
        event_type: entry.event_type.clone().into_owned(),
        by: entry.by,
        explanation,
    })
}

fn id_of(stream: StreamId) -> Option<String> {
    match stream {
        StreamId::Account(id) | StreamId::Operator(id) => Some(id.to_string()),
        StreamId::Client(id) => Some(id.to_string()),
        StreamId::Unknown(hash) => Some(hash.to_string()),
        StreamId::Policy | StreamId::Log => None,
    }
}

fn is_known(event_type: &str) -> bool {
    catalogue::rows().iter().any(|row| row.event_type == event_type)
}

/// Demands a session that is alive and acts with two factors, without being a use of it.
struct Alive {
    session: HandleHash,
}

impl Request for Alive {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        entity.load().await?;
        entity.alive(self.session)?;
        if entity.open()?.is_two_factor(self.session) {
            Ok(())
        } else {
            Err(entity.policy().staff_step_up().into())
        }
    }
}

/// Who follows.
#[derive(Debug, Clone, Default)]
pub(in crate::accounts) struct Followers(Arc<Mutex<HashMap<AccountId, usize>>>);

/// A follower's place, given back when it goes.
struct Place {
    followers: Followers,
    operator: AccountId,
}

impl Followers {
    fn enter(&self, operator: AccountId) -> Option<Place> {
        let mut places = self.places();
        let all: usize = places.values().sum();
        let own = places.entry(operator).or_default();
        if all >= FOLLOWERS_MAX || *own >= FOLLOWERS_PER_OPERATOR_MAX {
            return None;
        }
        *own += 1;
        drop(places);
        metrics::gauge!("countersign_log_followers").increment(1);
        Some(Place { followers: self.clone(), operator })
    }

    fn places(&self) -> MutexGuard<'_, HashMap<AccountId, usize>> {
        // Whoever panicked while holding it has counted or has not: the sum stays one of places.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.followers.places();
        if let Some(own) = places.get_mut(&self.operator) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                places.remove(&self.operator);
            }
        }
        drop(places);
        metrics::gauge!("countersign_log_followers").decrement(1);
    }
}
