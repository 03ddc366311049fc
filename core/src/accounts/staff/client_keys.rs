//! The keys of client apps: given anew with an overlap, ended, and their use told.

use std::sync::Arc;

use countersign_events::actor::By;
use countersign_events::client::{self, ClientEvent};
use countersign_events::id::{ClientId, EventId, Revision, StreamId};
use jiff::{SignedDuration, Timestamp};

use super::super::answer::{ClientView, KeyAdded};
use super::super::request::{Call, NewKey};
use super::super::{Accounts, Fault, Verdict};
use super::client::{Client, Known};
use super::{Told, given_up};
use crate::actors::account::{CONFLICTS_MAX, Services};
use crate::actors::log::Head;
use crate::domain::refusal::Refusal;
use crate::handle::ApiKey;

/// How long a key goes on beside the one that takes over, where nothing is said.
pub const OVERLAP_DEFAULT: SignedDuration = SignedDuration::from_hours(24);
/// How long at most.
pub const OVERLAP_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How soon a key may expire: a shorter one is a slip of the unit.
pub const KEY_TTL_MIN: SignedDuration = SignedDuration::from_hours(1);
/// How late: ten years.
pub const KEY_TTL_MAX: SignedDuration = SignedDuration::from_hours(3650 * 24);
/// Keys of one app that are good at the same time.
pub const KEYS_MAX: usize = 5;

impl Accounts {
    /// Authenticates a client app by its key.
    ///
    /// # Errors
    /// [`Refusal::NoSession`] for every key that is not good, whyever; a [`Fault`], also where the
    /// use could not be told that is due to be.
    pub async fn client(&self, call: &Call, key: &ApiKey) -> Verdict<ClientView> {
        let (client, hash) = (key.client(), key.hash());
        for _ in 0..CONFLICTS_MAX {
            let known = self.known_client(client).await?;
            let now = self.log().now();
            let good = known.client.good_key(hash, now);
            let Some((view, key)) = known.client.view(client).zip(good) else {
                return Ok(Err(Refusal::NoSession));
            };
            // Whoever loses the race to tell it looks again: another has told it, or ended the key.
            if !key.use_is_due(now) || self.tell_use(call, client, &known, key.id).await? {
                return Ok(Ok(view));
            }
        }
        Err(given_up(StreamId::Client(client)))
    }

    /// Gives a client app another key, which is told once, and again only for the same idempotency
    /// key. Those that it has go on for the overlap.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Invalid`], [`Refusal::IdempotencyKeyReused`],
    /// [`Refusal::Conflict`] for one that is disabled or has [`KEYS_MAX`] good keys; a [`Fault`].
    pub async fn add_key(&self, call: &Call, client: ClientId, new: NewKey) -> Verdict<KeyAdded> {
        let overlap = match checked(new) {
            Ok(overlap) => overlap,
            Err(refusal) => return Ok(Err(refusal)),
        };
        for _ in 0..CONFLICTS_MAX {
            let history = self.client_history(client).await?;
            match history.repeated(self.asked(call), self.log().now()) {
                Err(refusal) => return Ok(Err(refusal)),
                Ok(Some(Told { id, event: ClientEvent::KeyAdded(added), .. })) => {
                    let api_key = ApiKey::new(client, &*self.given_out(call, "api key", *id)?);
                    return Ok(Ok(told(client, *id, api_key, added)));
                }
                Ok(_) => {}
            }
            let now = self.log().now();
            if let Err(refusal) = takes_another(&Client::of(&history), overlap, now) {
                return Ok(Err(refusal));
            }
            let id = self.log().event_id()?;
            let api_key = ApiKey::new(client, &*self.given_out(call, "api key", id)?);
            let added = client::KeyAdded {
                key: api_key.hash(),
                expires_at: self.end_of(new.expires_in),
                others_end_at: self.in_a_while(overlap),
                tells_admins: true,
            };
            let event = ClientEvent::KeyAdded(added.clone());
            if self.record_client(call, client, history.head, id, &event).await? {
                return Ok(Ok(told(client, id, api_key, &added)));
            }
        }
        Err(given_up(StreamId::Client(client)))
    }

    /// Ends one key of a client app: it is dead on the next request.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], also for the key of another app; a [`Fault`].
    pub async fn end_key(&self, call: &Call, client: ClientId, key: EventId) -> Verdict<()> {
        for _ in 0..CONFLICTS_MAX {
            let known = self.known_client(client).await?;
            if !known.client.is_added() {
                return Ok(Err(Refusal::NotFound("client")));
            }
            let Some(found) = known.client.key(key) else {
                return Ok(Err(Refusal::NotFound("key")));
            };
            if known.client.disabled || !found.is_good(self.log().now()) {
                return Ok(Ok(()));
            }
            let id = self.log().event_id()?;
            let ended = client::KeyEnded { key_id: key, tells_admins: true };
            let event = ClientEvent::KeyEnded(ended);
            if self.record_client(call, client, known.head, id, &event).await? {
                return Ok(Ok(()));
            }
        }
        Err(given_up(StreamId::Client(client)))
    }

    /// The app as of now.
    pub(super) async fn known_client(&self, client: ClientId) -> Result<Arc<Known>, Fault> {
        self.services.known_client(client).await
    }

    /// When a key that lives for so long dies.
    pub(super) fn end_of(&self, expires_in: Option<SignedDuration>) -> Option<Timestamp> {
        expires_in.map(|span| self.in_a_while(span))
    }

    /// Tells that a key was used; false where the stream goes on by now. It is no effect of the
    /// request, so it does not carry its idempotency key.
    async fn tell_use(
        &self,
        call: &Call,
        client: ClientId,
        known: &Known,
        key: EventId,
    ) -> Result<bool, Fault> {
        let call = Call { by: By::Client { id: client }, idempotency: None, ..call.clone() };
        let event = ClientEvent::KeyUsed(client::KeyUsed { key_id: key });
        self.record_client(&call, client, known.head, self.log().event_id()?, &event).await
    }
}

impl Services {
    /// The app as of now: what is known of it, and what came since.
    async fn known_client(&self, client: ClientId) -> Result<Arc<Known>, Fault> {
        let known = self.known_clients.get(client);
        let next = known.head.revision.map_or(Revision::new(0), Revision::next);
        let since = self.log.read_from(StreamId::Client(client), next).await?;
        let Some(last) = since.last() else { return Ok(known) };
        let head = Head::of(last)?;
        let mut folded = known.client.clone();
        for recorded in &since {
            folded = folded.evolve(&Told::read(recorded, ClientEvent::decode)?);
        }
        let known = Arc::new(Known { client: folded, head });
        self.known_clients.keep(client, &known);
        Ok(known)
    }

    /// Whether a client app's word of then still counts.
    pub(in crate::accounts) async fn stands_by(
        &self,
        client: ClientId,
        vouched_at: Timestamp,
    ) -> Result<bool, Fault> {
        Ok(self.known_client(client).await?.client.stands_by(vouched_at))
    }
}

/// Whether an app may have another key.
fn takes_another(app: &Client, overlap: SignedDuration, now: Timestamp) -> Result<(), Refusal> {
    if !app.is_added() {
        return Err(Refusal::NotFound("client"));
    }
    if app.disabled {
        return Err(Refusal::Conflict("this client app is disabled"));
    }
    if !overlap.is_zero() && app.good_keys(now) >= KEYS_MAX {
        return Err(Refusal::Conflict("this client app has five keys: end one first"));
    }
    Ok(())
}

/// The overlap that is meant, where it and the time to live are within their bounds.
fn checked(new: NewKey) -> Result<SignedDuration, Refusal> {
    check_ttl(new.expires_in)?;
    checked_overlap(new.overlap)
}

/// The overlap that is meant, where it is within its bounds.
pub(super) fn checked_overlap(overlap: Option<SignedDuration>) -> Result<SignedDuration, Refusal> {
    let overlap = overlap.unwrap_or(OVERLAP_DEFAULT);
    if (SignedDuration::ZERO..=OVERLAP_MAX).contains(&overlap) {
        return Ok(overlap);
    }
    let reason = format!("0 to {} seconds", OVERLAP_MAX.as_secs());
    Err(Refusal::Invalid { field: "overlap_seconds", reason })
}

/// Checks how long a key is to live.
pub(super) fn check_ttl(expires_in: Option<SignedDuration>) -> Result<(), Refusal> {
    if expires_in.is_none_or(|span| (KEY_TTL_MIN..=KEY_TTL_MAX).contains(&span)) {
        return Ok(());
    }
    let reason = format!("{} to {} seconds", KEY_TTL_MIN.as_secs(), KEY_TTL_MAX.as_secs());
    Err(Refusal::Invalid { field: "expires_in_seconds", reason })
}

fn told(client: ClientId, key: EventId, api_key: ApiKey, added: &client::KeyAdded) -> KeyAdded {
    let (expires_at, others_end_at) = (added.expires_at, added.others_end_at);
    KeyAdded { client, key, api_key, expires_at, others_end_at }
}
