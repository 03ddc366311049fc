//! Client apps: added with a key that is told once, listed, and disabled.

use countersign_events::client::{self, ClientEvent};
use countersign_events::id::{ClientId, EventId, StreamId};
use jiff::Timestamp;
use uuid::Builder;

use super::super::answer::{ClientAdded, ClientListed};
use super::super::registration::check_text;
use super::super::request::{Call, NewClient};
use super::super::{Accounts, Fault, Verdict};
use super::client::Client;
use super::client_keys::check_ttl;
use super::redirects::check_redirects;
use super::{Fact, History, Told, given_up};
use crate::actors::account::CONFLICTS_MAX;
use crate::actors::log::{Head, random_uuid};
use crate::domain::refusal::Refusal;
use crate::handle::ApiKey;

/// Characters of a client app's name.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 1..=64;

impl Accounts {
    /// Adds a client app; its key is told once, and again only for the same idempotency key.
    ///
    /// # Errors
    /// [`Refusal::Invalid`], [`Refusal::IdempotencyKeyReused`]; a [`Fault`].
    pub async fn add_client(&self, call: &Call, new: NewClient) -> Verdict<ClientAdded> {
        if let Err(refusal) = check_client(&new) {
            return Ok(Err(refusal));
        }
        let first_asked = match self.first_asked(call).await? {
            Ok(first_asked) => first_asked,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let client = self.new_client_id(call, first_asked)?;
        for _ in 0..CONFLICTS_MAX {
            let history = self.client_history(client).await?;
            if let Some(Told { id: key, event: ClientEvent::Added(it), .. }) =
                history.events.first()
            {
                let api_key = ApiKey::new(client, &*self.given_out(call, "api key", *key)?);
                let (key, expires_at) = (*key, it.expires_at);
                return Ok(Ok(ClientAdded { client, key, api_key, expires_at }));
            }
            let key = self.log().event_id()?;
            let api_key = ApiKey::new(client, &*self.given_out(call, "api key", key)?);
            let expires_at = self.end_of(new.expires_in);
            let added = client::Added {
                name: new.name.clone(),
                scopes: new.scopes.clone(),
                key: api_key.hash(),
                expires_at,
                redirects: new.redirects.clone(),
                tells_admins: true,
            };
            let event = ClientEvent::Added(added);
            if self.record_client(call, client, history.head, key, &event).await? {
                return Ok(Ok(ClientAdded { client, key, api_key, expires_at }));
            }
        }
        Err(given_up(StreamId::Client(client)))
    }

    /// The client apps there are, with their keys, for a review of who may act.
    ///
    /// # Errors
    /// A [`Fault`].
    pub async fn clients(&self, _call: &Call) -> Verdict<Vec<ClientListed>> {
        let mut clients = vec![];
        for stream in self.staff().await? {
            if let StreamId::Client(client) = stream {
                let known = self.known_client(client).await?;
                clients.extend(known.client.listed(client, self.log().now()));
            }
        }
        Ok(Ok(clients))
    }

    /// Disables a client app: its keys are dead on the next request.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; a [`Fault`].
    pub async fn disable_client(&self, call: &Call, client: ClientId) -> Verdict<()> {
        for _ in 0..CONFLICTS_MAX {
            let known = self.known_client(client).await?;
            if !known.client.is_added() {
                return Ok(Err(Refusal::NotFound("client")));
            }
            if known.client.disabled {
                return Ok(Ok(()));
            }
            let id = self.log().event_id()?;
            let disabled = ClientEvent::Disabled(client::Disabled { tells_admins: true });
            if self.record_client(call, client, known.head, id, &disabled).await? {
                return Ok(Ok(()));
            }
        }
        Err(given_up(StreamId::Client(client)))
    }

    /// A random id; with an idempotency key the same one again for as long as the key is
    /// remembered, so that a repeated request meets the app that the first one added. When it was
    /// first asked goes into it: a key that was forgotten adds another app.
    fn new_client_id(
        &self,
        call: &Call,
        first_asked: Option<Timestamp>,
    ) -> Result<ClientId, Fault> {
        let (Some(asked), Some(first_asked)) = (self.asked(call), first_asked) else {
            return Ok(ClientId::new(random_uuid(self.log())?));
        };
        let first_asked = first_asked.as_millisecond().to_be_bytes();
        let parts = [asked.key.bytes().as_slice(), asked.body.bytes(), &first_asked];
        let bytes = *self.secrets().fingerprint("client id", &parts).bytes();
        Ok(ClientId::new(Builder::from_random_bytes(bytes).into_uuid()))
    }

    pub(super) async fn client_history(
        &self,
        client: ClientId,
    ) -> Result<History<ClientEvent>, Fault> {
        self.history_of(StreamId::Client(client), ClientEvent::decode).await
    }

    pub(super) async fn record_client(
        &self,
        call: &Call,
        client: ClientId,
        head: Head,
        id: EventId,
        event: &ClientEvent,
    ) -> Result<bool, Fault> {
        let (event_type, version) = (event.event_type(), event.version());
        let fact = Fact { id, event_type, version, data: event.to_json(), sealed: vec![] };
        self.record(call, StreamId::Client(client), head, fact).await
    }
}

fn check_client(new: &NewClient) -> Result<(), Refusal> {
    check_text("name", &new.name, NAME_CHARS)?;
    check_ttl(new.expires_in)?;
    check_redirects(&new.redirects)
}

impl Client {
    pub(super) fn of(history: &History<ClientEvent>) -> Self {
        history.events.iter().fold(Self::default(), Self::evolve)
    }
}
