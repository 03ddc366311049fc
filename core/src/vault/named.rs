//! What an account's stream names in the vault.
//!
//! The sweeper and `doctor` must agree with the decisions on what is current, so they fold a
//! stream with the same `evolve` and only look at the outcome. A stream that does not read names
//! nothing that one could rely on: nothing of it is swept, and `doctor` says so.

use std::collections::BTreeSet;

use countersign_events::account::{AccountEvent, KeyCreated};
use countersign_events::catalogue::DecodeError;
use countersign_events::entry::{Entry, EntryError};
use countersign_events::id::{AccountId, Revision, SecretVersion, StreamId};
use countersign_events::store::{EventStore, READ_LIMIT_MAX, Recorded, StoreError};
use jiff::Timestamp;

use super::rows::SecretKind;
use crate::domain::account::Account;
use crate::domain::{StampedEvent, evolve};

/// Why it is not known what a stream names.
#[derive(Debug, thiserror::Error)]
pub enum NamedError {
    /// The log did not answer.
    #[error("the log did not answer")]
    Store(#[from] StoreError),
    /// An entry is no entry.
    #[error("an entry does not read")]
    Entry(#[from] EntryError),
    /// An event that this program does not know.
    #[error("an event does not read")]
    Event(#[from] DecodeError),
}

/// An account's stream, folded.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// The state that decisions see.
    pub account: Account,
    /// What the log says of the account's data key, and when it was made.
    pub key: Option<(KeyCreated, Timestamp)>,
}

impl Named {
    /// Folds an account's stream.
    ///
    /// # Errors
    /// See [`NamedError`].
    pub async fn read(store: &dyn EventStore, account: AccountId) -> Result<Self, NamedError> {
        let stream = StreamId::Account(account);
        let mut named = Self::default();
        let mut from = Revision::new(0);
        loop {
            let page = store.read_stream(stream, from, READ_LIMIT_MAX).await?;
            for recorded in &page {
                named.fold(recorded)?;
                from = recorded.revision.next();
            }
            if page.len() < READ_LIMIT_MAX {
                return Ok(named);
            }
        }
    }

    fn fold(&mut self, recorded: &Recorded) -> Result<(), NamedError> {
        let entry = Entry::parse(&recorded.bytes)?;
        let stamped = StampedEvent::of(&entry)?;
        if let AccountEvent::KeyCreated(created) = &stamped.event {
            self.key = Some((created.clone(), entry.at));
        }
        self.account = evolve(std::mem::take(&mut self.account), &stamped);
        Ok(())
    }

    /// The secrets that the state names: the password, the authenticators, the pending offer.
    #[must_use]
    pub fn secrets(&self) -> BTreeSet<(SecretKind, SecretVersion)> {
        let Some(open) = self.account.open() else {
            return BTreeSet::new();
        };
        let password = open.password.map(|version| (SecretKind::Password, version));
        let factors = open.factors.values().map(|factor| factor.secret);
        let offer = open.offer.as_ref().map(|offer| offer.secret);
        let totp = factors.chain(offer).map(|version| (SecretKind::Totp, version));
        password.into_iter().chain(totp).collect()
    }
}
