//! An entry of the log, as the read models take it.

use countersign_events::account::AccountEvent;
use countersign_events::actor::By;
use countersign_events::catalogue::DecodeError;
use countersign_events::client::ClientEvent;
use countersign_events::entry::{Entry, SealClass, read_sealed};
use countersign_events::id::{AccountId, EventId, Hash32, Position, Revision, StreamId};
use countersign_events::log_event::LogEvent;
use countersign_events::operator::OperatorEvent;
use countersign_events::policy::PolicyEvent;
use countersign_events::store::Recorded;
use countersign_events::tree::leaf_hash;
use jiff::Timestamp;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::admins::{StaffEvent, StaffFact};
use super::personal::PersonalData;
use super::support::StaffAct;
use crate::accounts::Fault;
use crate::mail::wording::Doer;

/// An entry, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its place in the log.
    pub position: Position,
    /// The leaf hash of its bytes.
    pub leaf: Hash32,
    /// What it says.
    pub kind: FactKind,
    /// What an operator did, as far as it is counted.
    pub act: Option<StaffAct>,
}

/// What an entry says to a read model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactKind {
    /// Something happened to an account.
    Account(Box<AccountFact>),
    /// Something happened on a login that nobody has.
    Nobody {
        /// When.
        at: Timestamp,
        /// What.
        event: Box<AccountEvent>,
    },
    /// Something happened to an operator, a client app or the policy.
    Staff(Box<StaffFact>),
    /// Something happened to the log itself.
    Other,
    /// A type or version that this program does not know.
    Unknown {
        /// The type string.
        event_type: String,
        /// The version.
        version: u16,
    },
    /// Bytes that are no entry.
    Malformed,
}

/// What happened to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFact {
    /// Which account.
    pub account: AccountId,
    /// The event's id.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// Its place in the account's stream.
    pub revision: Revision,
    /// Who.
    pub by: Doer,
    /// Which operator, where one did it.
    pub operator: Option<AccountId>,
    /// What.
    pub event: AccountEvent,
    /// The keyed hash of the address that it gives the account.
    pub email_hash: Option<Hash32>,
}

/// The sealed part that says who an account is, as far as it is read here.
#[derive(Deserialize)]
struct IdentityPii {
    #[serde(default)]
    email: Option<String>,
}

impl Fact {
    /// Reads an entry. What does not read is a fact too: it is counted, and stops nothing.
    ///
    /// # Errors
    /// [`Fault`] where the keys cannot be asked now; the entry is to be read again later.
    pub async fn read(recorded: &Recorded, personal: &dyn PersonalData) -> Result<Self, Fault> {
        let (kind, act) = match Entry::parse(&recorded.bytes) {
            Ok(entry) => (kind(recorded, &entry, personal).await?, StaffAct::of(&entry)),
            Err(_) => (FactKind::Malformed, None),
        };
        Ok(Self { position: recorded.position, leaf: leaf_hash(&recorded.bytes), kind, act })
    }
}

async fn kind(
    recorded: &Recorded,
    entry: &Entry<'_>,
    personal: &dyn PersonalData,
) -> Result<FactKind, Fault> {
    let account = match recorded.stream {
        StreamId::Account(account) => Some(account),
        StreamId::Unknown(_) => None,
        _ => return Ok(other(entry)),
    };
    let event = match AccountEvent::decode(&entry.event_type, entry.version, entry.data.get()) {
        Ok(event) => event,
        Err(error) => return Ok(unknown(error)),
    };
    let Some(account) = account else {
        return Ok(FactKind::Nobody { at: entry.at, event: Box::new(event) });
    };
    let email_hash = match event {
        AccountEvent::Registered(_)
        | AccountEvent::EmailChanged(_)
        | AccountEvent::EmailChangeUndone(_) => {
            email_hash(recorded, entry, account, personal).await?
        }
        _ => None,
    };
    let fact = AccountFact {
        account,
        id: entry.id,
        at: entry.at,
        revision: entry.rev,
        by: Doer::from(&entry.by),
        operator: operator(entry),
        event,
        email_hash,
    };
    Ok(FactKind::Account(Box::new(fact)))
}

fn other(entry: &Entry<'_>) -> FactKind {
    let (event_type, data) = (&*entry.event_type, entry.data.get());
    let event = match entry.stream {
        StreamId::Operator(_) => {
            OperatorEvent::decode(event_type, entry.version, data).map(StaffEvent::Operator)
        }
        StreamId::Client(_) => {
            ClientEvent::decode(event_type, entry.version, data).map(StaffEvent::Client)
        }
        StreamId::Policy => {
            PolicyEvent::decode(event_type, entry.version, data).map(StaffEvent::Policy)
        }
        _ => {
            return match LogEvent::decode(event_type, entry.version, data) {
                Ok(_) => FactKind::Other,
                Err(error) => unknown(error),
            };
        }
    };
    let fact = |event| StaffFact {
        stream: entry.stream,
        id: entry.id,
        at: entry.at,
        by: Doer::from(&entry.by),
        operator: operator(entry),
        event,
    };
    event.map_or_else(unknown, |event| FactKind::Staff(Box::new(fact(event))))
}

fn unknown(error: DecodeError) -> FactKind {
    match error {
        DecodeError::Unknown { event_type, version }
        | DecodeError::Shape { event_type, version, .. } => {
            FactKind::Unknown { event_type, version }
        }
    }
}

/// Which operator did it, where one did.
const fn operator(entry: &Entry<'_>) -> Option<AccountId> {
    match entry.by {
        By::Operator { id } => Some(id),
        _ => None,
    }
}

/// A sealed part that does not read is as good as none: the account cannot be found by its
/// address, and whoever verifies the log finds the damage.
async fn email_hash(
    recorded: &Recorded,
    entry: &Entry<'_>,
    account: AccountId,
    personal: &dyn PersonalData,
) -> Result<Option<Hash32>, Fault> {
    let (Some(stored), Some(seal)) = (&recorded.sealed, entry.sealed.get(&SealClass::Pii)) else {
        return Ok(None);
    };
    let Ok(Some(ciphertext)) = read_sealed(stored, SealClass::Pii) else {
        return Ok(None);
    };
    let opened = match personal.open_pii(account, &seal.key, &ciphertext).await {
        Ok(opened) => opened,
        Err(Fault::Unavailable(why)) => return Err(Fault::Unavailable(why)),
        Err(fault) => {
            tracing::error!(%account, %fault, "personal data does not open");
            return Ok(None);
        }
    };
    let email = opened
        .and_then(|json| serde_json::from_slice::<IdentityPii>(&json).ok())
        .and_then(|pii| pii.email);
    Ok(email.map(Zeroizing::new).map(|email| personal.email_hash(&email)))
}
