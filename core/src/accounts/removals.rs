//! Removals: asked for, approved and cancelled by support; done by the service when they are due.
//!
//! Whether one is due, the account decides. The read model only says where to look, so that a row
//! too many costs a question, and a crash in the midst of it costs nothing: the next round asks
//! again, and what is done is done once.

use std::time::Duration;

use countersign_events::account::AccountEvent;
use countersign_events::id::{AccountId, EventId, StreamId};
use jiff::Timestamp;

use super::acts::{event_of, perform};
use super::address_changes::{is_another, with_address};
use super::answer::{Page, RemovalActed, RemovalView};
use super::identity::Errand;
use super::removal_view::removal_view;
use super::request::{Act, AskRemoval, Call, PageRequest, Waiting};
use super::view::PAGE_MAX;
use super::{Accounts, Fault, Verdict};
use crate::actors::account::{Batch, Entity, Halt, Request, Sealed};
use crate::domain::Command;
use crate::domain::command::AskRemoval as Ask;
use crate::domain::refusal::Refusal;
use crate::handle::SessionToken;
use crate::projections::support::ActKind;
use crate::vault::SecretKind;

/// Removals that are done in one round.
const ROUND_MAX: usize = 64;
/// How long is waited for the next one that is due at the most, and at the least.
const LOOK_AT_LEAST_EVERY: Duration = Duration::from_secs(30);
const LOOK_AT_MOST_EVERY: Duration = Duration::from_secs(1);

impl Accounts {
    /// Asks for the removal of an authenticator, or of the recovery codes.
    ///
    /// # Errors
    /// What every act is refused for; [`Refusal::NotFound`] for what is not there,
    /// [`Refusal::Conflict`] where one waits already, [`Refusal::Invalid`] where the delay cannot
    /// fall away; a [`Fault`].
    pub async fn ask_removal(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        ask: AskRemoval,
    ) -> Verdict<RemovalActed> {
        let AskRemoval { factor, proof, in_person, act } = ask;
        let of_operator = self.role_of(account).await?.is_some();
        let ask = Ask { factor, address: false, proof, in_person, of_operator };
        let command = Command::AskRemoval(ask);
        let kind = Some(ActKind::RemovalAsked);
        self.on_removal(call, operator, account, (act, None), (command, kind)).await
    }

    /// Approves a removal.
    ///
    /// # Errors
    /// What every act is refused for; [`Refusal::Forbidden`] for whoever asked,
    /// [`Refusal::NotFound`] where none of this id waits, [`Refusal::Conflict`] where it is
    /// approved, or where whoever asked was disabled since; a [`Fault`].
    pub async fn approve_removal(
        &self,
        call: &Call,
        operator: &SessionToken,
        waiting: Waiting,
        act: Act,
    ) -> Verdict<RemovalActed> {
        if let Err(refusal) = self.asked_by_an_operator(waiting).await? {
            return Ok(Err(refusal));
        }
        let Waiting { account, request, address } = waiting;
        let by = operator.account();
        let command = Command::ApproveRemoval { request, address, by };
        let kind = Some(ActKind::RemovalApproved);
        self.on_removal(call, operator, account, (act, None), (command, kind)).await
    }

    /// It takes two people of the staff: what waits for its approval and was asked for by who was
    /// disabled since, as one who was bought may be, nobody approves (SR-124).
    async fn asked_by_an_operator(&self, waiting: Waiting) -> Verdict<()> {
        let glance = GlanceAt { request: waiting.request };
        let waiting = self.ask(StreamId::Account(waiting.account), glance).await?;
        let Some(waiting) = waiting.ok().filter(|waiting| waiting.approved.is_none()) else {
            return Ok(Ok(()));
        };
        let asker = self.operator_now(waiting.asked_by).await?;
        if asker.is_some_and(|asker| asker.enabled) {
            return Ok(Ok(()));
        }
        let why = "whoever asked for it is no operator any more: give it up and ask anew";
        Ok(Err(Refusal::Conflict(why)))
    }

    /// Gives a removal up.
    ///
    /// # Errors
    /// What every act is refused for; [`Refusal::NotFound`] where none of this id waits; a
    /// [`Fault`].
    pub async fn cancel_removal(
        &self,
        call: &Call,
        operator: &SessionToken,
        waiting: Waiting,
        act: Act,
    ) -> Verdict<RemovalActed> {
        let Waiting { account, request, address } = waiting;
        let command = Command::CancelRemoval { request, address };
        self.on_removal(call, operator, account, (act, None), (command, None)).await
    }

    pub(super) async fn on_removal(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        (act, email): (Act, Option<String>),
        (command, kind): (Command, Option<ActKind>),
    ) -> Verdict<RemovalActed> {
        let admitted = match self.may_act(call, operator, account, &act, kind).await? {
            Ok(admitted) => admitted,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let errand = Errand { email, ..act.errand() };
        let request = OnRemoval { call: admitted.call.clone(), errand, command };
        let acted = admitted.settle(self.ask(StreamId::Account(account), request).await);
        let mut acted = match acted? {
            Ok(acted) => acted,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.with_logins(&mut acted.removal).await?;
        Ok(Ok(acted))
    }

    /// The removals that wait, the oldest first.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses; a [`Fault`].
    pub async fn removals(
        &self,
        call: &Call,
        operator: &SessionToken,
        page: PageRequest,
    ) -> Verdict<Page<RemovalView>> {
        if let Err(refusal) = self.operator(call, operator).await? {
            return Ok(Err(refusal));
        }
        self.caught_up().await?;
        let limit = page.limit.clamp(1, PAGE_MAX);
        let waiting = self.read_model().removals(limit, page.cursor)?;
        let next = waiting.last().filter(|_| waiting.len() == limit).map(|last| last.position);
        let mut items = vec![];
        for waiting in waiting {
            let glance = GlanceAt { request: waiting.request };
            match self.ask(StreamId::Account(waiting.account), glance).await {
                Ok(Ok(mut removal)) => {
                    self.with_logins(&mut removal).await?;
                    items.push(removal);
                }
                // It has gone since.
                Ok(Err(Refusal::NotFound(_))) => {}
                Ok(Err(refusal)) => return Ok(Err(refusal)),
                // One account that fails closed hides no other.
                Err(Fault::FailsClosed(why)) => {
                    tracing::error!(account = %waiting.account, why, "left out of a list");
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(Ok(Page { items, next }))
    }

    /// Puts the logins of the operators to a removal.
    pub(super) async fn with_logins(&self, removal: &mut RemovalView) -> Result<(), Fault> {
        removal.asked_by_login = self.login_of(removal.asked_by).await?;
        if let Some((approver, _)) = removal.approved {
            removal.approved_by_login = self.login_of(approver).await?;
        }
        Ok(())
    }

    /// Does the removals that are due now; how many of them were.
    ///
    /// # Errors
    /// A [`Fault`]: what was not done then is done in the next round.
    pub async fn remove_due(&self) -> Result<usize, Fault> {
        let mut done = 0;
        for due in self.read_model().removals_due(self.log().now(), ROUND_MAX)? {
            let call = Call::system(self.log())?;
            let request = Complete { call, request: due.request };
            match self.ask(StreamId::Account(due.account), request).await {
                Ok(Ok(is_done)) => done += usize::from(is_done),
                Ok(Err(refusal)) => tracing::warn!(account = %due.account, %refusal, "not removed"),
                // One account that fails closed keeps no other waiting.
                Err(fault) => tracing::error!(account = %due.account, %fault, "not removed"),
            }
        }
        Ok(done)
    }

    /// Does removals when they are due, for ever: woken by what is asked for and approved, and by
    /// the time.
    pub async fn remove_when_due(self) {
        let mut changes = self.read_model().removal_changes();
        loop {
            if let Err(fault) = self.remove_due().await {
                tracing::warn!(%fault, "removals that are due could not be looked for");
            }
            let next = self.read_model().next_removal_at().ok().flatten();
            let pause = pause_until(next, self.log().now());
            // Whichever comes first; that the changes have ended is no reason to stop.
            let _ = tokio::time::timeout(pause, changes.changed()).await;
        }
    }
}

fn pause_until(next: Option<Timestamp>, now: Timestamp) -> Duration {
    let Some(next) = next else { return LOOK_AT_LEAST_EVERY };
    // What is due already, and was not done, is tried again before long.
    let left = Duration::try_from(next.duration_since(now)).unwrap_or(LOOK_AT_MOST_EVERY);
    left.clamp(LOOK_AT_MOST_EVERY, LOOK_AT_LEAST_EVERY)
}

/// An act on a removal.
struct OnRemoval {
    call: Call,
    errand: Errand,
    command: Command,
}

impl Request for OnRemoval {
    type Answer = RemovalActed;

    async fn perform(&self, entity: &mut Entity) -> Result<RemovalActed, Halt> {
        is_another(entity, self.errand.email.as_deref()).await?;
        let batch = perform(entity, &self.call, &self.errand, &self.command).await?;
        let request = request_of(&batch).ok_or(Refusal::NotFound("removal"))?;
        let event = event_of(entity, &batch).await?;
        // As it stood then: the same request is answered the same, whatever has happened since.
        let then = batch.0.last().map(|stamped| stamped.revision);
        Ok(RemovalActed { removal: removal_view(entity, request, then).await?, event })
    }
}

/// The removal that a batch is about, by the event that asked for it.
fn request_of(batch: &Batch) -> Option<EventId> {
    batch.0.iter().find_map(|stamped| match &stamped.event {
        AccountEvent::FactorRemovalRequested(_) => Some(stamped.id),
        AccountEvent::FactorRemovalApproved(approved) => Some(approved.request),
        AccountEvent::FactorRemovalCancelled(cancelled) => Some(cancelled.request),
        _ => None,
    })
}

/// A removal in a list. A list is no look at its accounts, and leaves no event.
struct GlanceAt {
    request: EventId,
}

impl Request for GlanceAt {
    type Answer = RemovalView;

    async fn perform(&self, entity: &mut Entity) -> Result<RemovalView, Halt> {
        entity.load().await?;
        let waits = entity.open()?.removal.as_ref().is_some_and(|it| it.request == self.request);
        if !waits {
            return Err(Refusal::NotFound("removal that waits").into());
        }
        removal_view(entity, self.request, None).await
    }
}

/// Does a removal that is due; whether it was.
struct Complete {
    call: Call,
    request: EventId,
}

impl Request for Complete {
    type Answer = bool;

    async fn perform(&self, entity: &mut Entity) -> Result<bool, Halt> {
        entity.load().await?;
        let open = entity.open()?;
        let removal = open.removal.as_ref().filter(|removal| removal.request == self.request);
        let factor = removal.and_then(|removal| open.factors.get(&removal.factor?));
        let secret = factor.map(|factor| factor.secret);
        let sealed = match removal.filter(|removal| removal.address) {
            Some(removal) => with_address(entity, removal.asked_in).await?,
            None => Sealed::default(),
        };
        let command = Command::CompleteRemoval { request: self.request };
        let batch = entity.decide(&self.call, &command, sealed, None).await?;
        // After its event; should we crash before this, the sweep finds a secret that is unused.
        if let Some(secret) = secret.filter(|_| !batch.0.is_empty()) {
            entity.destroy(entity.id()?, SecretKind::Totp, secret).await;
        }
        Ok(!batch.0.is_empty())
    }
}
