//! Time travel: the state of an account as of then, and what became different.

use std::cmp::Ordering;

use countersign_events::account::Viewed;
use countersign_events::id::{AccountId, Revision, StreamId};
use serde_json::Value;

use super::changes::changes;
use super::record::Look;
use crate::accounts::answer::{ChangesView, EventView, StateView};
use crate::accounts::request::{AsOf, Between, Call};
use crate::accounts::view::{Reader, event_view, shown};
use crate::accounts::{Accounts, Fault, Verdict};
use crate::actors::account::{Entity, Halt, Request};
use crate::domain::Account;
use crate::domain::refusal::Refusal;
use crate::handle::SessionToken;

impl Accounts {
    /// The state of an account as of a revision or a time.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses, [`Refusal::Invalid`], [`Refusal::NotFound`]; a
    /// [`Fault`].
    pub async fn support_state(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        as_of: AsOf,
        ticket: Option<String>,
    ) -> Verdict<StateView> {
        let call = match self.looking(call, operator, ticket.as_deref()).await? {
            Ok(call) => call,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let stream = StreamId::Account(account);
        let up_to = match as_of {
            AsOf::Revision(revision) => Some(Revision::new(revision)),
            AsOf::At(_) => None,
        };
        if let Err(refusal) = self.look_at_state(account, (call, ticket), up_to).await? {
            return Ok(Err(refusal));
        }
        let newest = match self.ask(stream, Revisions { event: None }).await? {
            Ok((newest, _)) => newest,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let account = self.state_as_of(stream, newest, as_of).await?;
        let last = account.last;
        let state = shown_state(&account)?;
        let (revision, at) = (last.map(|(revision, _)| revision), last.map(|(_, at)| at));
        Ok(Ok(StateView { revision, at, newest, state }))
    }

    /// What of an account became different between two revisions.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses, [`Refusal::Invalid`], [`Refusal::NotFound`]; a
    /// [`Fault`].
    pub async fn support_changes(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        between: Between,
        ticket: Option<String>,
    ) -> Verdict<ChangesView> {
        let Between { since, revision } = between;
        let since = since.or_else(|| revision.checked_sub(1));
        if since.is_some_and(|since| since.cmp(&revision) != Ordering::Less) {
            let reason = "an earlier revision than `revision`".to_owned();
            return Ok(Err(Refusal::Invalid { field: "since", reason }));
        }
        let call = match self.looking(call, operator, ticket.as_deref()).await? {
            Ok(call) => call,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let stream = StreamId::Account(account);
        if let Err(refusal) =
            self.look_at_state(account, (call, ticket), Some(Revision::new(revision))).await?
        {
            return Ok(Err(refusal));
        }
        let revisions = Revisions { event: Some(Revision::new(revision)) };
        let (newest, event) = match self.ask(stream, revisions).await? {
            Ok((newest, Some(event))) => (newest, event),
            Ok((_, None)) => return Ok(Err(Refusal::NotFound("revision"))),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let before = match since {
            Some(since) => self.state_as_of(stream, newest, AsOf::Revision(since)).await?,
            None => Account::default(),
        };
        let after = self.state_as_of(stream, newest, AsOf::Revision(revision)).await?;
        let changes = changes(&shown_state(&before)?, &shown_state(&after)?);
        let since = since.map(Revision::new);
        Ok(Ok(ChangesView { since, revision: event.revision, newest, event, changes }))
    }

    /// Stepping through a history is one look (SR-126).
    async fn look_at_state(
        &self,
        account: AccountId,
        (call, ticket): (Call, Option<String>),
        up_to: Option<Revision>,
    ) -> Verdict<()> {
        let look = Look { call, ticket, what: Viewed::State };
        match self.reads_on(&look, account, up_to).await? {
            true => Ok(Ok(())),
            false => self.look(account, look).await,
        }
    }

    async fn state_as_of(
        &self,
        stream: StreamId,
        newest: Revision,
        as_of: AsOf,
    ) -> Result<Account, Fault> {
        self.replays.state(self.log().store().as_ref(), stream, newest, as_of).await
    }
}

/// The state as it is shown, less the last event: its revision and time stand beside it.
fn shown_state(account: &Account) -> Result<Value, Fault> {
    let state =
        serde_json::to_value(account).map_err(|error| Fault::Internal(error.to_string()))?;
    Ok(match shown(state) {
        Value::Object(mut fields) => {
            fields.remove("last");
            Value::Object(fields)
        }
        other => other,
    })
}

/// The newest revision, and the event that was asked for.
struct Revisions {
    event: Option<Revision>,
}

impl Request for Revisions {
    type Answer = (Revision, Option<EventView>);

    async fn perform(&self, entity: &mut Entity) -> Result<Self::Answer, Halt> {
        entity.load().await?;
        entity.open()?;
        let newest = entity.account().last.map_or(Revision::new(0), |(revision, _)| revision);
        let event = match self.event.filter(|revision| *revision <= newest) {
            Some(revision) => {
                let recorded = entity.entry_at(revision).await?;
                Some(event_view(entity, &recorded, Reader::Support).await?)
            }
            None => None,
        };
        Ok((newest, event))
    }
}
