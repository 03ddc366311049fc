//! Support looks for an account. A search is an event, also one that finds nobody (SR-126).
//!
//! A new search is judged before anything is looked for, so that at the cap nothing tells by its
//! time whom there is. Asked again under its idempotency key it is the same search for as long as a
//! look lasts and nothing has happened to whom it found; later it is another one.

use countersign_events::account::Viewed;
use countersign_events::id::{AccountId, Hash32, StreamId};

use super::answer::SearchHit;
use super::look::{LOOK_LASTS, Look};
use super::request::{Call, Lookup};
use super::staff::Turn;
use super::support::{hit, record_look};
use super::{Accounts, Fault, Verdict};
use crate::actors::account::{Entity, Halt, Request, Sealed};
use crate::domain::Command;
use crate::domain::refusal::Refusal;
use crate::handle::SessionToken;
use crate::projections::support::ActKind;
use crate::vault::AskedBefore;

/// Whom a name leads to.
struct Found {
    /// A keyed hash of what was searched for.
    name: Hash32,
    accounts: Vec<AccountId>,
}

impl Accounts {
    /// Looks an account up by exact login or address, for a ticket if there is one. One that finds
    /// nobody stands where the attempts on a login that nobody has stand, under a keyed hash of
    /// what was searched for.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses, [`Refusal::Invalid`], [`Refusal::TooManyRequests`]
    /// beyond what one operator may search in an hour, [`Refusal::IdempotencyKeyReused`]; a
    /// [`Fault`].
    pub async fn search(
        &self,
        call: &Call,
        operator: &SessionToken,
        lookup: Lookup,
        ticket: Option<String>,
    ) -> Verdict<Vec<SearchHit>> {
        let call = match self.looking(call, operator, ticket.as_deref()).await? {
            Ok(call) => call,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let look = Look { call, ticket, what: Viewed::Search };
        let act = (operator.account(), ActKind::Search);
        // In its turn: of a request that is sent many times at once, all but one are repeated.
        let place = self.queues.turn_of(operator.account()).await;
        if self.asked_before(&look.call).await? != AskedBefore::Never {
            if let Err(refusal) = self.same_request(&look.call).await? {
                return Ok(Err(refusal));
            }
            let found = self.find_all(&lookup).await?;
            if let Some(repeated) = self.searched_before(&look, &found).await? {
                return Ok(repeated);
            }
        }
        let turn = match self.judged(&look.call, act, place).await? {
            Ok(turn) => turn,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Err(refusal) = self.same_request(&look.call).await? {
            return Ok(Err(refusal));
        }
        let found = self.find_all(&lookup).await?;
        self.record_search(&look, found, turn).await
    }

    async fn find_all(&self, lookup: &Lookup) -> Result<Found, Fault> {
        Ok(match lookup {
            Lookup::Login(login) => {
                let name = self.secrets().login_hash(login);
                let accounts = self.secrets().find(name).await?.into_iter().collect();
                Found { name, accounts }
            }
            Lookup::Email(email) => {
                self.caught_up().await?;
                let name = self.secrets().email_hash(email);
                Found { name, accounts: self.read_model().find_by_email(name)? }
            }
        })
    }

    /// What a search shows that is the same as one that is on record; none for another one.
    async fn searched_before(
        &self,
        look: &Look,
        found: &Found,
    ) -> Result<Option<Result<Vec<SearchHit>, Refusal>>, Fault> {
        let mut reads_on = !found.accounts.is_empty();
        for account in &found.accounts {
            reads_on = reads_on && self.reads_on(look, *account, None).await?;
        }
        if reads_on {
            return Ok(Some(self.hits(found.accounts.clone()).await?));
        }
        let request = FoundNobodyBefore { call: look.call.clone() };
        let nobody = self.ask(StreamId::Unknown(found.name), request).await?;
        Ok(nobody.is_ok_and(|before| before).then(|| Ok(vec![])))
    }

    /// Records what was found, or that nobody was, before it is shown; the turn is held until then.
    async fn record_search(
        &self,
        look: &Look,
        found: Found,
        turn: Turn,
    ) -> Verdict<Vec<SearchHit>> {
        let mut hits = vec![];
        for account in found.accounts {
            match self.ask(StreamId::Account(account), Hit(look.clone())).await? {
                Ok(hit) => hits.push(hit),
                // Claimed and never registered: nothing to find.
                Err(Refusal::NotFound(_)) => {}
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        if hits.is_empty() {
            let nobody = FoundNobody { call: look.call.clone() };
            if let Err(refusal) = self.ask(StreamId::Unknown(found.name), nobody).await? {
                return Ok(Err(refusal));
            }
        }
        turn.done();
        Ok(Ok(hits))
    }
}

/// An account that a search found.
struct Hit(Look);

impl Request for Hit {
    type Answer = SearchHit;

    async fn perform(&self, entity: &mut Entity) -> Result<SearchHit, Halt> {
        let Self(Look { call, ticket, what }) = self;
        record_look(entity, call, *what, ticket.as_ref()).await?;
        hit(entity).await
    }
}

/// A search that found nobody. There is no account whose key could seal a ticket.
struct FoundNobody {
    call: Call,
}

impl Request for FoundNobody {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        // Its key stays with the first.
        let repeats = entity.repeated(&self.call).await?.is_some();
        let unkeyed = Call { idempotency: None, ..self.call.clone() };
        let call = if repeats { &unkeyed } else { &self.call };
        let command = Command::View(Viewed::Search);
        entity.decide(call, &command, Sealed::default(), None).await?;
        Ok(())
    }
}

/// Whether this very search has found nobody just now.
struct FoundNobodyBefore {
    call: Call,
}

impl Request for FoundNobodyBefore {
    type Answer = bool;

    async fn perform(&self, entity: &mut Entity) -> Result<bool, Halt> {
        let repeated = entity.repeated(&self.call).await?;
        let then = repeated.and_then(|batch| batch.began_at());
        Ok(then.is_some_and(|then| entity.now().duration_since(then) < LOOK_LASTS))
    }
}
