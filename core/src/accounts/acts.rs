//! What support does to an account, each act under the same conditions: a second factor just
//! proven, a reason and a ticket, nobody on himself and nobody on a higher role, and no more often
//! than one operator may.
//!
//! The holder finds every act in the own history, with the ticket and without a name, and is told
//! by mail. Asked again with its idempotency key, an act is answered from the event that it left,
//! whatever any cap says by then.

use std::sync::Arc;

use countersign_events::id::{AccountId, StreamId};
use countersign_events::operator::RefusedWhy;

use super::answer::EventView;
use super::identity::{Errand, seal_pii};
use super::passwords::destroy_former;
use super::request::{Act, Call, ResetLockout};
use super::staff::{Turn, rank};
use super::support::{check_errand, in_the_name_of};
use super::view::{Reader, event_view};
use super::{Accounts, Verdict};
use crate::actors::account::{Batch, Entity, Halt, Request, Sealed};
use crate::domain::Command;
use crate::domain::refusal::Refusal;
use crate::handle::SessionToken;
use crate::projections::support::ActKind;

/// An act that may be done.
pub(super) struct Admitted {
    /// The request, in the operator's name.
    pub(super) call: Call,
    /// Held until it is recorded; none for one that no cap counts, or that was done before.
    turn: Option<Turn>,
}

impl Admitted {
    /// Counts it, where it was done.
    pub(super) fn settle<T>(self, verdict: Verdict<T>) -> Verdict<T> {
        if let (Some(turn), Ok(Ok(_))) = (self.turn, &verdict) {
            turn.done();
        }
        verdict
    }
}

impl Accounts {
    /// Ends a lockout.
    ///
    /// # Errors
    /// What every act is refused for, [`Refusal::Conflict`]; a [`Fault`](super::Fault).
    pub async fn reset_lockout(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        ask: ResetLockout,
    ) -> Verdict<EventView> {
        let ResetLockout { scope, method, reason, ticket } = ask;
        let command = Command::ResetLockout { scope, method };
        let (act, kind) = (Act { reason, ticket }, ActKind::Reset);
        self.act(call, operator, account, act, (command, kind)).await
    }

    /// Suspends an account: nobody signs in, and whatever had begun ends.
    ///
    /// # Errors
    /// What every act is refused for, [`Refusal::Conflict`] where it is suspended; a
    /// [`Fault`](super::Fault).
    pub async fn suspend(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        act: Act,
    ) -> Verdict<EventView> {
        self.act(call, operator, account, act, (Command::Suspend, ActKind::Hold)).await
    }

    /// Ends a suspension.
    ///
    /// # Errors
    /// What every act is refused for, [`Refusal::Conflict`] where it is not suspended; a
    /// [`Fault`](super::Fault).
    pub async fn resume(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        act: Act,
    ) -> Verdict<EventView> {
        self.act(call, operator, account, act, (Command::Resume, ActKind::Hold)).await
    }

    /// Ends every session and every sign-in in progress.
    ///
    /// # Errors
    /// What every act is refused for; a [`Fault`](super::Fault).
    pub async fn end_sessions_of(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        act: Act,
    ) -> Verdict<EventView> {
        self.act(call, operator, account, act, (Command::EndAllSessions, ActKind::Hold)).await
    }

    /// Has a link to a new password sent to the address on record.
    ///
    /// # Errors
    /// What every act is refused for, [`Refusal::Conflict`] where no address was proven,
    /// [`Refusal::TooManyRequests`] where as many links as allowed were sent; a
    /// [`Fault`](super::Fault).
    pub async fn mail_password(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        act: Act,
    ) -> Verdict<EventView> {
        self.act(call, operator, account, act, (Command::MailPassword, ActKind::Reset)).await
    }

    async fn act(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        act: Act,
        (command, kind): (Command, ActKind),
    ) -> Verdict<EventView> {
        let admitted = match self.may_act(call, operator, account, &act, Some(kind)).await? {
            Ok(admitted) => admitted,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let request = Perform { call: admitted.call.clone(), act, command };
        admitted.settle(self.ask(StreamId::Account(account), request).await)
    }

    /// Whether an operator may act on an account now.
    ///
    /// # Errors
    /// What [`Accounts::fresh_operator`] refuses; [`Refusal::Invalid`] for reason or ticket;
    /// [`Refusal::Forbidden`] on himself, and on a higher role; [`Refusal::NotFound`];
    /// [`Refusal::TooManyRequests`] at a cap.
    pub(super) async fn may_act(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        act: &Act,
        kind: Option<ActKind>,
    ) -> Verdict<Admitted> {
        if let Err(refusal) = check_errand(&act.reason, &act.ticket) {
            return Ok(Err(refusal));
        }
        let acting = match self.operator(call, operator).await? {
            Ok(acting) => acting,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let beyond = if acting.account == account {
            Some((RefusedWhy::Own, "nobody acts on himself"))
        } else if rank(self.role_of(account).await?) > rank(Some(acting.role)) {
            Some((RefusedWhy::HigherRole, "nobody acts on a higher role"))
        } else {
            None
        };
        if let Some((why, words)) = beyond {
            self.act_refused(call, acting.account, (account, why)).await?;
            return Ok(Err(Refusal::Forbidden(words)));
        }
        let asked = call;
        let call = in_the_name_of(acting.account, call);
        // In its turn: of a request that is sent many times at once, all but one are repeated.
        let place = match kind {
            Some(_) => Some(self.queues.turn_of(acting.account).await),
            None => None,
        };
        let known = Known { call: call.clone() };
        let is_repeated = match self.ask(StreamId::Account(account), known).await? {
            Ok(is_repeated) => is_repeated,
            Err(refusal) => return Ok(Err(refusal)),
        };
        // What was done is told again, whatever was proven since, and whatever any cap says.
        if is_repeated {
            return Ok(Ok(Admitted { call, turn: None }));
        }
        if let Err(refusal) = self.fresh_operator(asked, operator).await? {
            return Ok(Err(refusal));
        }
        let turn = match kind.zip(place) {
            None => None,
            Some((kind, place)) => match self.judged(&call, (acting.account, kind), place).await? {
                Ok(turn) => Some(turn),
                Err(refusal) => return Ok(Err(refusal)),
            },
        };
        Ok(Ok(Admitted { call, turn }))
    }
}

/// Whether there is such an account, and a request was asked before.
struct Known {
    call: Call,
}

impl Request for Known {
    type Answer = bool;

    async fn perform(&self, entity: &mut Entity) -> Result<bool, Halt> {
        let repeated = entity.repeated(&self.call).await?;
        entity.open()?;
        Ok(repeated.is_some())
    }
}

/// An act whose answer is its event.
struct Perform {
    call: Call,
    act: Act,
    command: Command,
}

impl Request for Perform {
    type Answer = EventView;

    async fn perform(&self, entity: &mut Entity) -> Result<EventView, Halt> {
        let batch = perform(entity, &self.call, &self.act.errand(), &self.command).await?;
        event_of(entity, &batch).await
    }
}

impl Act {
    /// What is sealed beside it.
    pub(super) fn errand(&self) -> Errand {
        let (reason, ticket) = (Some(self.reason.clone()), Some(self.ticket.clone()));
        Errand { reason, ticket, email: None }
    }
}

/// Does an act once, with its reason and ticket sealed beside it.
pub(super) async fn perform(
    entity: &mut Entity,
    call: &Call,
    errand: &Errand,
    command: &Command,
) -> Result<Batch, Halt> {
    let begun = entity.begin(call).await?;
    if let Some(batch) = begun.repeated {
        return Ok(batch);
    }
    entity.open()?;
    entity.rehearse(call, command)?;
    let services = Arc::clone(&entity.services);
    let pii = seal_pii(&services.secrets, entity.id()?, errand).await?;
    let sealed = Sealed { pii: Some(pii), net: None };
    let former = entity.open()?.password;
    let batch = entity.decide(call, command, sealed, Some(&begun.mint)).await?;
    destroy_former(entity, former).await?;
    Ok(batch)
}

/// The event of an act: the first that it left.
pub(super) async fn event_of(entity: &Entity, batch: &Batch) -> Result<EventView, Halt> {
    let first = batch.0.first().map(|stamped| stamped.revision);
    let recorded = entity.entry_at(first.ok_or(Refusal::NotFound("event"))?).await?;
    event_view(entity, &recorded, Reader::Support).await
}
