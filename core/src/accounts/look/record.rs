//! The trace that a look leaves: recorded before anything is shown, counted, and no second time
//! while an operator reads on.

use countersign_events::account::{AccountEvent, HistoryViewed, Viewed};
use countersign_events::actor::By;
use countersign_events::id::{AccountId, Revision, StreamId};
use jiff::SignedDuration;

use crate::accounts::identity::{Errand, open_pii};
use crate::accounts::request::Call;
use crate::accounts::support::record_look;
use crate::accounts::{Accounts, Fault, Verdict};
use crate::actors::account::{Entity, Halt, Request, stamped};
use crate::projections::support::ActKind;

/// How long what follows belongs to the look that it follows.
pub(in crate::accounts) const LOOK_LASTS: SignedDuration = SignedDuration::from_mins(15);

/// A look of an operator at an account.
#[derive(Debug, Clone)]
pub(in crate::accounts) struct Look {
    /// The operator's call.
    pub(in crate::accounts) call: Call,
    /// For which ticket.
    pub(in crate::accounts) ticket: Option<String>,
    /// At what.
    pub(in crate::accounts) what: Viewed,
}

impl Request for Look {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        record_look(entity, &self.call, self.what, self.ticket.as_ref()).await
    }
}

impl Accounts {
    /// Records a look, within what one operator may look at in an hour (SR-125, SR-126). In an
    /// exported log there is nothing to record and nobody to count.
    pub(in crate::accounts) async fn look(&self, account: AccountId, look: Look) -> Verdict<()> {
        let (By::Operator { id }, false) = (&look.call.by, self.log().is_archive()) else {
            return self.ask(StreamId::Account(account), look).await;
        };
        let turn = match self.within_cap(&look.call, *id, ActKind::Look).await? {
            Ok(turn) => turn,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let recorded = self.ask(StreamId::Account(account), look).await?;
        if recorded.is_ok() {
            turn.done();
        }
        Ok(recorded)
    }

    /// Whether this is no look of its own: the same operator has just begun to look at the same for
    /// the same ticket, and nothing is shown that happened since; `up_to` is the last revision that
    /// may be. That there is a cursor says nothing: anybody can make one up (SR-126).
    pub(in crate::accounts) async fn reads_on(
        &self,
        look: &Look,
        account: AccountId,
        up_to: Option<Revision>,
    ) -> Result<bool, Fault> {
        let By::Operator { id: operator } = &look.call.by else { return Ok(false) };
        self.caught_up().await?;
        let Some(position) = self.read_model().look_at(*operator, account)? else {
            return Ok(false);
        };
        let read = self.log().store().read_all(position, 1).await?;
        let Some(recorded) = read.first() else { return Ok(false) };
        let began = stamped(recorded)?;
        let is_same = began.event == AccountEvent::HistoryViewed(HistoryViewed { what: look.what });
        if !is_same || LOOK_LASTS <= self.log().now().duration_since(began.at) {
            return Ok(false);
        }
        if up_to.is_none_or(|up_to| recorded.revision < up_to) {
            let (stream, next) = (StreamId::Account(account), recorded.revision.next());
            if !self.log().store().read_stream(stream, next, 1).await?.is_empty() {
                return Ok(false);
            }
        }
        let errand: Option<Errand> = open_pii(self.secrets(), account, recorded).await?;
        Ok(errand.unwrap_or_default().ticket == look.ticket)
    }
}
