//! A request at its beginning: whether it was asked before, and what it gives out.
//!
//! An event of a request remembers its idempotency key, and its answer is made again from there. A
//! request that is answered without one has changed nothing; that its key came with just this is
//! remembered in the vault, so that it comes with nothing else (SR-066). Asked again later, when
//! there is something to do, it is done. Of two nodes that are asked under one key at once for two
//! things, of which one leaves no event, both may answer.

use countersign_events::entry::Idempotency;

use super::batch::{Batch, stamped};
use super::{Entity, Halt, Mint};
use crate::accounts::Fault;
use crate::accounts::request::Call;
use crate::domain::idempotency::Answered;
use crate::domain::refusal::Refusal;
use crate::vault::AskedBefore;

/// A request at its beginning.
pub struct Begun {
    /// Mints what it gives out.
    pub mint: Mint,
    /// What it led to when it was asked before.
    pub repeated: Option<Batch>,
}

impl Entity {
    /// Begins a request: loads the account and finds out whether it was asked before.
    ///
    /// # Errors
    /// What [`Entity::repeated`] gives; [`Fault`] without randomness.
    pub async fn begin(&mut self, call: &Call) -> Result<Begun, Halt> {
        let repeated = self.repeated(call).await?;
        self.unrecorded = self.asked(call).filter(|_| repeated.is_none());
        let first = repeated.as_ref().and_then(|batch| batch.0.first()).map(|event| event.id);
        let event = match first {
            Some(event) => event,
            None => self.services.log.event_id()?,
        };
        let key = call.idempotency.as_ref().map(|idempotency| idempotency.key.as_str());
        let mint = Mint::new(&self.services.secrets, self.services.log.entropy(), event, key)?;
        Ok(Begun { mint, repeated })
    }

    /// What a request led to when it was asked before; none where it was not, or led to no event.
    ///
    /// # Errors
    /// [`Refusal::IdempotencyKeyReused`]; [`Fault`] where the log or the vault does not answer.
    pub async fn repeated(&mut self, call: &Call) -> Result<Option<Batch>, Halt> {
        self.load().await?;
        let Some(asked) = self.asked(call) else { return Ok(None) };
        if let Some(answered) = self.account().idempotency.find(&asked, self.now())? {
            return Ok(Some(self.batch_of(answered).await?));
        }
        let (secrets, now) = (&self.services.secrets, self.services.log.now());
        match secrets.asked_before(&asked, now).await? {
            AskedBefore::Otherwise => Err(Refusal::IdempotencyKeyReused.into()),
            AskedBefore::Never | AskedBefore::Alike => Ok(None),
        }
    }

    /// Remembers the key of a request that is about to be answered, where no event of it does.
    ///
    /// # Errors
    /// As of [`Entity::repeated`].
    pub(super) async fn remember_key(&mut self) -> Result<(), Halt> {
        let Some(asked) = self.unrecorded.take() else { return Ok(()) };
        if self.account().idempotency.find(&asked, self.now())?.is_some() {
            return Ok(());
        }
        let first_asked = self.services.secrets.first_asked(&asked, self.services.log.now());
        first_asked.await?.map(drop).ok_or(Halt::Refusal(Refusal::IdempotencyKeyReused))
    }

    /// The keyed hashes of a request's idempotency key and body.
    pub(super) fn asked(&self, call: &Call) -> Option<Idempotency> {
        Some(call.idempotency.as_ref()?.hashed(&self.services.secrets))
    }

    async fn batch_of(&self, answered: Answered) -> Result<Batch, Halt> {
        let log = &self.services.log;
        let entries = log.read_between(self.stream, answered.first, answered.last).await?;
        let batch: Result<Vec<_>, Fault> = entries.iter().map(stamped).collect();
        Ok(Batch(batch?))
    }
}
