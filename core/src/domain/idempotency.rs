//! Which requests an account has answered, so that a repeated one gets the same answer.
//!
//! The entries of a request carry the keyed hash of its idempotency key and of its body. From them
//! the state remembers, for 24 hours, which entries a key led to; the answer is made again from
//! those entries by the code that made it first.

use std::collections::BTreeMap;

use countersign_events::entry::Idempotency;
use countersign_events::id::{HandleHash, Revision};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::policy::{IDEMPOTENCY_KEYS_MAX, IDEMPOTENCY_TTL};
use super::refusal::Refusal;

/// The requests that were answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger(BTreeMap<HandleHash, Answered>);

/// A request that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Keyed hash of its body.
    pub body: HandleHash,
    /// Its first entry.
    pub first: Revision,
    /// Its last entry.
    pub last: Revision,
    /// When.
    pub at: Timestamp,
}

impl Ledger {
    /// The request that this one repeats, if it does.
    ///
    /// # Errors
    /// [`Refusal::IdempotencyKeyReused`] where the same key came with another body.
    pub fn find(&self, asked: &Idempotency, now: Timestamp) -> Result<Option<Answered>, Refusal> {
        match self.0.get(&asked.key).filter(|answered| is_remembered(answered, now)) {
            None => Ok(None),
            Some(answered) if answered.body == asked.body => Ok(Some(*answered)),
            Some(_) => Err(Refusal::IdempotencyKeyReused),
        }
    }

    /// Remembers an entry of a request; forgets what is older than 24 hours.
    pub(super) fn record(&mut self, asked: &Idempotency, revision: Revision, at: Timestamp) {
        if let Some(answered) =
            self.0.get_mut(&asked.key).filter(|answered| is_remembered(answered, at))
        {
            answered.last = revision;
            return;
        }
        self.0.retain(|_, answered| is_remembered(answered, at));
        if self.0.len() >= IDEMPOTENCY_KEYS_MAX {
            let oldest = self.0.iter().min_by_key(|(_, answered)| answered.first);
            if let Some(key) = oldest.map(|(key, _)| *key) {
                self.0.remove(&key);
            }
        }
        let answered = Answered { body: asked.body, first: revision, last: revision, at };
        self.0.insert(asked.key, answered);
    }
}

fn is_remembered(answered: &Answered, now: Timestamp) -> bool {
    now.duration_since(answered.at) < IDEMPOTENCY_TTL
}
