//! Following the log as it grows: a look that names no holder.
//!
//! **What must stay true.** It shows nothing that comes after the end of its operator's session or
//! role. Both ends are entries of the log that it reads anyway: at each entry of the operator's
//! streams it asks again, and at each heartbeat too, since a session also ends by time. Following
//! is no use of a session, which would never be idle otherwise.

use countersign_events::account::{AccountEvent, Viewed};
use countersign_events::entry::Entry;
use countersign_events::id::{AccountId, HandleHash, Position, StreamId};
use countersign_events::operator::Role;
use countersign_events::store::Recorded;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::record::Look;
use crate::accounts::answer::LineView;
use crate::accounts::follow::{Follower, Watch, is_known};
use crate::accounts::request::{Call, Follow};
use crate::accounts::support::in_the_name_of;
use crate::accounts::{Accounts, Fault, Verdict, mask};
use crate::actors::account::{Entity, Halt, Request};
use crate::domain::explain;
use crate::domain::refusal::Refusal;
use crate::handle::SessionToken;

/// How far back whoever looks at accounts follows the whole log: what was before is read account by
/// account, so that each holder sees it (SR-126). Auditors read all of it.
const BACK_MAX: SignedDuration = SignedDuration::from_mins(15);
/// Followers of one operator at once.
pub const FOLLOWERS_PER_OPERATOR_MAX: usize = 4;

/// An operator who follows.
struct Operator {
    accounts: Accounts,
    token: SessionToken,
    roles: Vec<Role>,
    types: Vec<String>,
    account: Option<AccountId>,
}

impl Accounts {
    /// Follows the log, from now on or from a position; whoever looks at accounts, from
    /// [`BACK_MAX`] ago at the earliest where no account is named. The opening is an event: of the
    /// account that is followed, or of the operator's own.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses; [`Refusal::Forbidden`] where a role that looks at no
    /// account would follow one, [`Refusal::Invalid`], [`Refusal::NotFound`],
    /// [`Refusal::TooManyRequests`] where there are too many followers, or
    /// [`FOLLOWERS_PER_OPERATOR_MAX`] of this operator; a [`Fault`].
    pub async fn follow_log(
        &self,
        call: &Call,
        operator: &SessionToken,
        ask: Follow,
    ) -> Verdict<Follower<LineView>> {
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
        let place = match self.place(&self.followers, operator.account().uuid())? {
            Ok(place) => place,
            Err(refusal) => return Ok(Err(refusal)),
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
        let watch =
            Operator { accounts: self.clone(), token: operator.clone(), roles, types, account };
        let entries = self.log().store().subscribe(from);
        Ok(Ok(Follower::new(self, Box::new(watch), (from, entries), place)))
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

impl Watch<LineView> for Operator {
    fn check(&self) -> BoxFuture<'_, Result<(), Halt>> {
        Box::pin(async move {
            self.accounts.standing(&self.token, &self.roles).await??;
            Ok(())
        })
    }

    fn may_end_by(&self, stream: StreamId) -> bool {
        let operator = self.token.account();
        [StreamId::Account(operator), StreamId::Operator(operator)].contains(&stream)
    }

    fn line(&self, recorded: &Recorded) -> Result<Option<LineView>, Fault> {
        if self.account.is_some_and(|account| recorded.stream != StreamId::Account(account)) {
            return Ok(None);
        }
        let line = line(recorded, self.accounts.is_archive())?;
        let is_wanted = self.types.is_empty() || self.types.contains(&line.event_type);
        Ok(is_wanted.then_some(line))
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
