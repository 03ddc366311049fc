//! What is there already, as far as an import must know.

use std::sync::Arc;

use countersign_events::account::{AccountEvent, Origin};
use countersign_events::id::{AccountId, HandleHash, Hash32, Revision, StreamId};
use countersign_events::store::{EventStore, READ_LIMIT_MAX};
use subtle::ConstantTimeEq as _;

use super::super::Fault;
use super::Outcome;
use crate::actors::account::stamped;
use crate::domain::account::{Open, Standing};
use crate::domain::{Account, evolve};
use crate::migration::{Row, Why};
use crate::vault::{SecretKind, Secrets};

/// The log and the vault, to look at.
pub(super) struct Books {
    store: Arc<dyn EventStore>,
    secrets: Secrets,
}

/// Where an account is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nobody has the name.
    New,
    /// The name is claimed, and nothing else has happened: the account goes on there.
    Claimed(AccountId),
    /// Whoever claimed it gave up.
    Abandoned(AccountId),
}

/// What is there by a name.
pub(super) enum Found {
    /// No account.
    Free(Place),
    /// An account that is what the line says.
    Same,
    /// Another.
    Conflict(&'static str),
}

impl Found {
    /// What is to be told of it, where all goes well.
    pub(super) const fn outcome(&self) -> Outcome {
        match self {
            Self::Free(_) => Outcome::Imported,
            Self::Same => Outcome::There,
            Self::Conflict(why) => Outcome::Refused(Why::Conflict(why)),
        }
    }
}

impl Books {
    pub(super) const fn new(store: Arc<dyn EventStore>, secrets: Secrets) -> Self {
        Self { store, secrets }
    }

    pub(super) const fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Tells two lines of one name apart, and nothing about either.
    pub(super) fn fingerprint(&self, row: &Row) -> HandleHash {
        let seed = row.seed.as_ref().map_or(&[][..], |seed| seed.bytes());
        let hash = row.password_hash.as_ref().map_or(&[][..], |hash| hash.as_bytes());
        self.secrets.fingerprint("imported line", &[seed, hash])
    }

    /// What is there by the name of a line.
    pub(super) async fn find(&self, name: Hash32, row: &Row) -> Result<Found, Fault> {
        let Some(account) = self.secrets.find(name).await? else {
            return Ok(Found::Free(Place::New));
        };
        let (state, is_imported) = self.state(account).await?;
        match &state.standing {
            Standing::Open(open) => self.compared(account, open, is_imported, row).await,
            Standing::Abandoned => Ok(Found::Free(Place::Abandoned(account))),
            Standing::Vacant if state.last.is_none() => Ok(Found::Free(Place::Claimed(account))),
            Standing::Vacant => Ok(Found::Conflict("the name is claimed by what is no account")),
        }
    }

    /// The state of an account, and whether an import made it.
    async fn state(&self, account: AccountId) -> Result<(Account, bool), Fault> {
        let stream = StreamId::Account(account);
        let (mut state, mut is_imported, mut next) = (Account::default(), false, Revision::new(0));
        loop {
            let page = self.store.read_stream(stream, next, READ_LIMIT_MAX).await?;
            for recorded in &page {
                let event = stamped(recorded)?;
                if let AccountEvent::Registered(registered) = &event.event {
                    is_imported = registered.imported;
                }
                (state, next) = (evolve(state, &event), recorded.revision.next());
            }
            if page.len() < READ_LIMIT_MAX {
                return Ok((state, is_imported));
            }
        }
    }

    /// Whether an account has what a line brings. What its holder has changed since an import
    /// stays as it is; so does everything about an account that no import made.
    async fn compared(
        &self,
        account: AccountId,
        open: &Open,
        is_imported: bool,
        row: &Row,
    ) -> Result<Found, Fault> {
        if open.origin == Origin::Operator {
            return Ok(Found::Conflict("an operator has this login"));
        }
        let Some(seed) = &row.seed else {
            return Ok(match is_imported {
                true => Found::Same,
                false => Found::Conflict("there already, and no import made it"),
            });
        };
        for factor in open.factors.values() {
            let known = self.secrets.get(account, SecretKind::Totp, factor.secret).await?;
            if known.is_some_and(|known| bool::from(known.as_slice().ct_eq(seed.bytes()))) {
                return Ok(Found::Same);
            }
        }
        Ok(Found::Conflict("there already, with another authenticator or none"))
    }
}
