//! Staff and client apps: who may act on others, and with which key.
//!
//! Their streams are short and read whole for every question, so that a change holds on the next
//! request. An operator is an account like any other, with a role on a stream beside it.
//!
//! What is appended is decided on what was read, at its end: who loses a race reads and decides
//! again. A request with an idempotency key finds its own event and is answered from it; what was
//! told once is derived from that event and the key, so nothing secret is stored for it (SR-066).

mod caps;
mod client;
mod client_keys;
mod clients;
mod export;
mod hook_ledger;
mod operators;
mod policy;
mod redirects;
mod refused;
mod roles;
mod set_up;
mod unlock;
mod webhook;
mod webhooks;

use countersign_events::actor::By;
use countersign_events::catalogue::DecodeError;
use countersign_events::entry::{Entry, Idempotency, SealedPart};
use countersign_events::id::{EventId, PolicyVersion, Revision, StreamId};
use countersign_events::store::Recorded;
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use super::request::Call;
use super::{Accounts, Fault};
use crate::actors::account::{CONFLICTS_MAX, secret};
use crate::actors::log::{Head, Planned, Stamp, Wrote};
use crate::domain::policy::IDEMPOTENCY_TTL;
use crate::domain::refusal::Refusal;
use crate::handle::SECRET_BYTES;

pub(super) use caps::{Queues, Turn};
pub use client::KnownClients;
pub use client_keys::{KEY_TTL_MAX, KEY_TTL_MIN, KEYS_MAX, OVERLAP_DEFAULT, OVERLAP_MAX};
pub use export::{AdminProof, Exported, ProvenAdmin};
pub use operators::SETUP_TTL;
pub(super) use operators::rank;
pub use redirects::{REDIRECT_CHARS_MAX, REDIRECTS_MAX};
pub use unlock::UNLOCK_TTL;
pub use webhooks::{WEBHOOK_SECRETS_MAX, WEBHOOK_TYPES_MAX, WEBHOOKS_MAX, WEBHOOKS_PER_APP_MAX};

/// A stream, read whole.
struct History<E> {
    events: Vec<Told<E>>,
    head: Head,
}

/// One event of it.
struct Told<E> {
    id: EventId,
    at: Timestamp,
    by: By,
    idempotency: Option<Idempotency>,
    event: E,
}

impl<E> Told<E> {
    fn read(
        recorded: &Recorded,
        decode: impl Fn(&str, u16, &str) -> Result<E, DecodeError>,
    ) -> Result<Self, Fault> {
        let entry = Entry::parse(&recorded.bytes)?;
        let event = decode(&entry.event_type, entry.version, entry.data.get())?;
        let (id, at, by, idempotency) = (entry.id, entry.at, entry.by, entry.idempotency);
        Ok(Self { id, at, by, idempotency, event })
    }
}

impl<E> History<E> {
    /// The event of the request that this one repeats, if it does.
    fn repeated(
        &self,
        asked: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<Option<&Told<E>>, Refusal> {
        let Some(asked) = asked else { return Ok(None) };
        let mut events = self.events.iter().rev();
        let earlier = events.find(|told| {
            told.idempotency.is_some_and(|idempotency| idempotency.key == asked.key)
                && now.duration_since(told.at) < IDEMPOTENCY_TTL
        });
        let same = |told: &&Told<E>| told.idempotency == Some(asked);
        match earlier {
            None => Ok(None),
            Some(told) => Some(told).filter(same).ok_or(Refusal::IdempotencyKeyReused).map(Some),
        }
    }
}

/// An event on its way to a stream of staff.
struct Fact {
    id: EventId,
    event_type: &'static str,
    version: u16,
    data: Result<String, serde_json::Error>,
    sealed: Vec<SealedPart>,
}

impl Accounts {
    /// The keyed hashes of a request's idempotency key and body.
    fn asked(&self, call: &Call) -> Option<Idempotency> {
        Some(call.idempotency.as_ref()?.hashed(self.secrets()))
    }

    /// What an event gives out once: the same again for the same event and idempotency key.
    fn given_out(
        &self,
        call: &Call,
        kind: &str,
        event: EventId,
    ) -> Result<Zeroizing<[u8; SECRET_BYTES]>, Fault> {
        let key = call.idempotency.as_ref().map(|idempotency| idempotency.key.as_str());
        Ok(secret(self.secrets(), self.log().entropy(), event, key, kind)?)
    }

    async fn history_of<E>(
        &self,
        stream: StreamId,
        decode: impl Fn(&str, u16, &str) -> Result<E, DecodeError>,
    ) -> Result<History<E>, Fault> {
        let recorded = self.log().read_from(stream, Revision::new(0)).await?;
        let events = recorded.iter().map(|recorded| Told::read(recorded, &decode));
        let events = events.collect::<Result<Vec<_>, Fault>>()?;
        let head = recorded.last().map(Head::of).transpose()?.unwrap_or_default();
        Ok(History { events, head })
    }

    /// Appends at the end of what was read; false where the stream goes on by now.
    async fn record(
        &self,
        call: &Call,
        stream: StreamId,
        head: Head,
        fact: Fact,
    ) -> Result<bool, Fault> {
        let Fact { id, event_type, version, data, sealed } = fact;
        let data = data.map_err(|error| Fault::Internal(error.to_string()))?;
        let stamp = Stamp {
            by: call.by.clone(),
            correlation: call.correlation,
            idempotency: self.asked(call),
            policy: PolicyVersion::new(0),
            at: head.not_before(self.log().now()),
        };
        let planned = vec![Planned { id, event_type, version, data, sealed }];
        let wrote = self.log().append(stream, head, &stamp, planned).await?;
        Ok(matches!(wrote, Wrote::Placed(..)))
    }

    fn in_a_while(&self, span: SignedDuration) -> Timestamp {
        self.log().now().saturating_add(span).unwrap_or(Timestamp::MAX)
    }

    pub(super) async fn staff(&self) -> Result<Vec<StreamId>, Fault> {
        self.caught_up().await?;
        Ok(self.read_model().staff()?)
    }
}

fn given_up(stream: StreamId) -> Fault {
    Fault::Unavailable(format!("{CONFLICTS_MAX} conflicts on {stream}"))
}
