//! A client app and its keys, folded from its stream.
//!
//! An app has one key, and for a while two or more: the one that took over, and those that go on
//! beside it until whoever deploys the app has put the new one everywhere.
//!
//! ```text
//! added ──▶ good ──▶ overlaps ──▶ dead      another key took over; the overlap is over
//!             ├─────────────────▶ dead      it expired, or an admin ended it
//!             └─────────────────▶ dead      the app was disabled
//! ```
//!
//! What a request is judged by is read up to the end of the stream, so that a key is dead on the
//! very next request, and with it what it had begun: the sign-ins and sessions of people whom the
//! app vouched for end where the app is disabled, and where a key of it is ended before its time.
//! Which key vouched is not on record, so that they all do. What was read before is kept, and only
//! what came since is read: the stream never changes behind its end, and grows with the use of the
//! keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_events::actor::By;
use countersign_events::client::{ClientEvent, Redirects, Scope};
use countersign_events::id::{ClientId, EventId, HandleHash};
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq as _;

use super::super::answer::{ClientListed, ClientView, KeyView};
use super::Told;
use super::webhook::Webhooks;
use crate::actors::log::Head;

/// Keys of an app that are remembered; of more the oldest dead ones are forgotten.
const KEYS_REMEMBERED_MAX: usize = 20;
/// Apps that are kept folded; beyond that all are read anew.
const CLIENTS_KNOWN_MAX: usize = 1024;
/// How often the use of a key is told.
const USE_TOLD_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// How often that of a key is told that another takes over from: whether somebody still has it is
/// what its overlap is for.
const OVERLAPPING_USE_TOLD_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// A client app.
#[derive(Debug, Clone, Default)]
pub(super) struct Client {
    named: Option<(String, Vec<Scope>)>,
    redirects: Redirects,
    pub(super) disabled: bool,
    /// The oldest first.
    keys: Vec<Key>,
    /// When a key was last ended before its time.
    key_ended_at: Option<Timestamp>,
    pub(super) webhooks: Webhooks,
}

/// A key of a client app.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) id: EventId,
    hash: HandleHash,
    added_at: Timestamp,
    added_by: By,
    expires_at: Option<Timestamp>,
    overlaps_until: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
}

impl Client {
    pub(super) const fn is_added(&self) -> bool {
        self.named.is_some()
    }

    /// The key with this hash, if it is good now. Every key is compared, whichever matches.
    pub(super) fn good_key(&self, hash: HandleHash, now: Timestamp) -> Option<&Key> {
        let is_it =
            |key: &&Key| bool::from(key.hash.bytes().as_slice().ct_eq(hash.bytes().as_slice()));
        let found = self.keys.iter().filter(is_it).fold(None, |_, key| Some(key));
        found.filter(|key| !self.disabled && key.is_good(now))
    }

    /// Whether its word of then still counts: not once it is disabled, nor where a key was ended
    /// since, which may be the one that gave it.
    pub(super) fn stands_by(&self, vouched_at: Timestamp) -> bool {
        !self.disabled && self.key_ended_at.is_none_or(|ended_at| ended_at < vouched_at)
    }

    /// The key that is called so.
    pub(super) fn key(&self, id: EventId) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// How many of its keys are good.
    pub(super) fn good_keys(&self, now: Timestamp) -> usize {
        self.keys.iter().filter(|key| key.is_good(now)).count()
    }

    pub(super) fn has_scope(&self, scope: Scope) -> bool {
        self.named.as_ref().is_some_and(|(_, scopes)| scopes.contains(&scope))
    }

    pub(super) fn evolve(mut self, told: &Told<ClientEvent>) -> Self {
        self.webhooks.evolve(told);
        match &told.event {
            ClientEvent::Added(added) => {
                self.named = Some((added.name.clone(), added.scopes.clone()));
                self.redirects = added.redirects.clone();
                self.take(Key::new(told, added.key, added.expires_at));
            }
            ClientEvent::KeyAdded(added) => {
                let mut ends_any = false;
                for key in &mut self.keys {
                    ends_any |= key.overlap(added.others_end_at, told.at);
                }
                if ends_any {
                    self.key_ended_at = Some(told.at);
                }
                self.take(Key::new(told, added.key, added.expires_at));
            }
            ClientEvent::KeyEnded(ended) => {
                if let Some(key) = self.key_mut(ended.key_id) {
                    key.ended_at = key.ended_at.or(Some(told.at));
                }
                self.key_ended_at = Some(told.at);
            }
            ClientEvent::KeyUsed(used) => {
                if let Some(key) = self.key_mut(used.key_id) {
                    key.last_used_at = Some(told.at);
                }
            }
            ClientEvent::RedirectsSet(set) => self.redirects = set.redirects.clone(),
            ClientEvent::Disabled(_) => self.disabled = true,
            ClientEvent::WebhookAdded(_)
            | ClientEvent::WebhookSecretAdded(_)
            | ClientEvent::WebhookEnded(_)
            | ClientEvent::WebhookRedelivered(_)
            | ClientEvent::WebhookReplayed(_)
            | ClientEvent::WebhookProgressed(_) => {}
        }
        self
    }

    fn key_mut(&mut self, id: EventId) -> Option<&mut Key> {
        self.keys.iter_mut().find(|key| key.id == id)
    }

    fn take(&mut self, key: Key) {
        let dead = self.keys.iter().position(|known| !known.is_good(key.added_at));
        if let Some(oldest) = dead.filter(|_| self.keys.len() >= KEYS_REMEMBERED_MAX) {
            self.keys.remove(oldest);
        }
        self.keys.push(key);
    }

    pub(super) fn view(&self, client: ClientId) -> Option<ClientView> {
        let (name, scopes) = self.named.clone()?;
        let redirects = self.redirects.clone();
        Some(ClientView { client, name, scopes, enabled: !self.disabled, redirects })
    }

    pub(super) fn listed(&self, client: ClientId, now: Timestamp) -> Option<ClientListed> {
        let view = |key: &Key| KeyView {
            id: key.id,
            added_at: key.added_at,
            added_by: key.added_by.clone(),
            expires_at: key.expires_at,
            overlaps_until: key.overlaps_until,
            ended_at: key.ended_at,
            last_used_at: key.last_used_at,
            alive: !self.disabled && key.is_good(now),
        };
        let keys = self.keys.iter().rev().map(view).collect();
        Some(ClientListed { client: self.view(client)?, keys })
    }
}

impl Key {
    fn new(told: &Told<ClientEvent>, hash: HandleHash, expires_at: Option<Timestamp>) -> Self {
        Self {
            id: told.id,
            hash,
            added_at: told.at,
            added_by: told.by.clone(),
            expires_at,
            overlaps_until: None,
            ended_at: None,
            last_used_at: None,
        }
    }

    pub(super) fn is_good(&self, now: Timestamp) -> bool {
        let is_over = |end: Option<Timestamp>| end.is_some_and(|end| end <= now);
        self.ended_at.is_none() && !is_over(self.expires_at) && !is_over(self.overlaps_until)
    }

    /// Another key takes over. Without an overlap this one is ended by that, whatever a clock
    /// shows later; and no overlap makes another longer. Whether it is ended.
    fn overlap(&mut self, until: Timestamp, at: Timestamp) -> bool {
        if !self.is_good(at) {
            return false;
        }
        let ends = until <= at;
        if ends {
            self.ended_at = Some(at);
        } else {
            self.overlaps_until = Some(self.overlaps_until.map_or(until, |one| one.min(until)));
        }
        ends
    }

    /// Whether a use of it now is to be told.
    pub(super) fn use_is_due(&self, now: Timestamp) -> bool {
        let every = match self.overlaps_until {
            Some(_) => OVERLAPPING_USE_TOLD_EVERY,
            None => USE_TOLD_EVERY,
        };
        self.last_used_at.is_none_or(|told| now.duration_since(told) >= every)
    }
}

/// A client app as far as its stream was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) client: Client,
    pub(super) head: Head,
}

/// The client apps that were asked for, folded.
#[derive(Debug, Clone, Default)]
pub struct KnownClients(Arc<Mutex<HashMap<ClientId, Arc<Known>>>>);

impl KnownClients {
    pub(super) fn get(&self, client: ClientId) -> Arc<Known> {
        self.all().get(&client).cloned().unwrap_or_default()
    }

    /// Keeps what was read, unless another has read further. Of an id that nobody has there is
    /// nothing to keep: made-up keys take no room.
    pub(super) fn keep(&self, client: ClientId, known: &Arc<Known>) {
        if !known.client.is_added() {
            return;
        }
        let mut all = self.all();
        let is_kept = all.get(&client).map(|kept| kept.head.revision);
        if is_kept.is_some_and(|revision| revision >= known.head.revision) {
            return;
        }
        if is_kept.is_none() && all.len() >= CLIENTS_KNOWN_MAX {
            all.clear();
        }
        all.insert(client, known.clone());
    }

    fn all(&self) -> MutexGuard<'_, HashMap<ClientId, Arc<Known>>> {
        // Whoever panicked while holding it has put a whole value or none.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use countersign_events::client::{Added, Disabled, KeyAdded, KeyEnded, KeyUsed};
    use uuid::Uuid;

    use super::*;

    const HASH: HandleHash = HandleHash::new([7; 16]);
    const NEWEST: HandleHash = HandleHash::new([8; 16]);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn told(second: i64, event: ClientEvent) -> Told<ClientEvent> {
        let id = EventId::new(Uuid::from_u128(u128::from(second.unsigned_abs())));
        Told { id, at: at(second), by: By::System, idempotency: None, event }
    }

    fn added(expires_at: Option<Timestamp>) -> Client {
        let (name, scopes) = ("shop".to_owned(), vec![]);
        let redirects = Redirects::default();
        let added = Added { name, scopes, key: HASH, expires_at, redirects, tells_admins: true };
        Client::default().evolve(&told(0, ClientEvent::Added(added)))
    }

    fn another(second: i64, others_end_at: i64, key: HandleHash) -> Told<ClientEvent> {
        let others_end_at = at(others_end_at);
        let added = KeyAdded { key, expires_at: None, others_end_at, tells_admins: true };
        told(second, ClientEvent::KeyAdded(added))
    }

    /// SR-131: what is forgotten is dead, and stays nobody's.
    #[test]
    fn sr_131_of_very_many_keys_the_oldest_dead_ones_are_forgotten() {
        let mut client = added(None);
        for second in 1..100 {
            let key = HandleHash::new([u8::try_from(second).unwrap() + 100; 16]);
            client = client.evolve(&another(second, second, key));
            assert!(client.keys.len() <= KEYS_REMEMBERED_MAX);
            assert!(client.good_key(key, at(second)).is_some());
        }
        assert!(client.good_key(HASH, at(100)).is_none());
        assert_eq!(client.good_keys(at(100)), 1);
        assert_eq!(client.keys.len(), KEYS_REMEMBERED_MAX);
    }

    /// SR-131: a key that is dead already is given no overlap, which would make it look as if it
    /// had been taken over from.
    #[test]
    fn sr_131_an_expired_key_overlaps_with_none() {
        let client = added(Some(at(10))).evolve(&another(10, 100, NEWEST));
        let listed = client.listed(ClientId::new(Uuid::from_u128(1)), at(11)).unwrap();
        let shown: Vec<_> = listed.keys.iter().map(|key| (key.alive, key.overlaps_until)).collect();
        assert_eq!(shown, [(true, None), (false, None)]);
        assert!(client.good_key(HASH, at(9)).is_some(), "the fold knows no clock");
    }

    /// SR-131: an app's word of before counts until it is taken back: with a key that is ended, and
    /// not with one that runs out beside another.
    #[test]
    fn sr_131_an_apps_word_counts_until_a_key_is_ended() {
        let client = added(Some(at(50))).evolve(&another(10, 100, NEWEST));
        assert!(client.stands_by(at(5)), "they overlap");
        let key_id = EventId::new(Uuid::from_u128(0));
        let ended = KeyEnded { key_id, tells_admins: true };
        let ended = client.evolve(&told(20, ClientEvent::KeyEnded(ended)));
        assert!(!ended.stands_by(at(5)) && !ended.stands_by(at(20)) && ended.stands_by(at(21)));
        let replaced = ended.evolve(&another(30, 30, HASH));
        assert!(!replaced.stands_by(at(30)) && replaced.stands_by(at(31)));
        let disabled = Disabled { tells_admins: true };
        let disabled = replaced.evolve(&told(40, ClientEvent::Disabled(disabled)));
        assert!(!disabled.stands_by(at(41)));
    }

    #[test]
    fn a_use_is_due_after_a_day_and_after_an_hour_while_it_overlaps() {
        let used = |second| {
            let key_id = EventId::new(Uuid::from_u128(0));
            told(second, ClientEvent::KeyUsed(KeyUsed { key_id }))
        };
        let client = added(None);
        assert!(client.keys[0].use_is_due(at(0)));
        let client = client.evolve(&used(5));
        let due = |client: &Client, second| client.keys[0].use_is_due(at(second));
        assert_eq!((due(&client, 86_404), due(&client, 86_405)), (false, true));
        let client = client.evolve(&another(6, 100_000, NEWEST));
        assert_eq!((due(&client, 3_604), due(&client, 3_605)), (false, true));
    }

    /// SR-103: what is kept is never older than what was read before, whoever comes later; and
    /// made-up keys take no room.
    #[test]
    fn sr_103_what_is_kept_only_grows() {
        let (clients, id) = (KnownClients::default(), ClientId::new(Uuid::from_u128(1)));
        let known = |revision, client: Client| {
            let revision = Some(countersign_events::id::Revision::new(revision));
            Arc::new(Known { client, head: Head { revision, ..Head::default() } })
        };
        clients.keep(id, &known(0, Client::default()));
        assert_eq!(clients.all().len(), 0);
        clients.keep(id, &known(1, added(None).evolve(&another(1, 1, NEWEST))));
        clients.keep(id, &known(0, added(None)));
        assert_eq!(clients.get(id).client.keys.len(), 2);
        for other in 2..=u128::try_from(CLIENTS_KNOWN_MAX).unwrap() + 1 {
            clients.keep(ClientId::new(Uuid::from_u128(other)), &known(0, added(None)));
        }
        assert!(clients.all().len() <= CLIENTS_KNOWN_MAX);
        assert_eq!(clients.get(id).head, Head::default(), "read anew");
    }
}
