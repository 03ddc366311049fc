//! Client apps: added with a key that is told once, and disabled.

use countersign_events::client::{self, ClientEvent, Scope};
use countersign_events::id::{ClientId, EventId, StreamId};
use jiff::Timestamp;
use uuid::Builder;

use super::super::answer::{ClientAdded, ClientView};
use super::super::registration::check_text;
use super::super::request::Call;
use super::super::{Accounts, Fault, Verdict};
use super::{Fact, History, given_up};
use crate::actors::account::CONFLICTS_MAX;
use crate::actors::log::{Head, random_uuid};
use crate::domain::refusal::Refusal;
use crate::handle::ApiKey;

/// Characters of a client app's name.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 1..=64;

/// A client app, folded from its stream.
#[derive(Debug, Default)]
struct Client {
    added: Option<client::Added>,
    disabled: bool,
}

impl Accounts {
    /// Authenticates a client app by its key.
    ///
    /// # Errors
    /// [`Refusal::NoSession`] for every key that is not good; a [`Fault`].
    pub async fn client(&self, _call: &Call, key: &ApiKey) -> Verdict<ClientView> {
        let client = Client::of(&self.client_history(key.client()).await?);
        let is_good = client.added.as_ref().is_some_and(|added| added.key == key.hash());
        let view = client.view(key.client()).filter(|view| is_good && view.enabled);
        Ok(view.ok_or(Refusal::NoSession))
    }

    /// Adds a client app; its key is told once, and again only for the same idempotency key.
    ///
    /// # Errors
    /// [`Refusal::Invalid`], [`Refusal::IdempotencyKeyReused`]; a [`Fault`].
    pub async fn add_client(
        &self,
        call: &Call,
        name: String,
        scopes: Vec<Scope>,
    ) -> Verdict<ClientAdded> {
        if let Err(refusal) = check_text("name", &name, NAME_CHARS) {
            return Ok(Err(refusal));
        }
        let first_asked = match self.first_asked(call).await? {
            Ok(first_asked) => first_asked,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let client = self.new_client_id(call, first_asked)?;
        for _ in 0..CONFLICTS_MAX {
            let history = self.client_history(client).await?;
            if let Some(earlier) = history.events.first() {
                let secret = self.given_out(call, "api key", earlier.id)?;
                return Ok(Ok(ClientAdded { client, api_key: ApiKey::new(client, &secret) }));
            }
            let id = self.log().event_id()?;
            let api_key = ApiKey::new(client, &*self.given_out(call, "api key", id)?);
            let (name, scopes) = (name.clone(), scopes.clone());
            let added = client::Added { name, scopes, key: api_key.hash(), tells_admins: true };
            let event = ClientEvent::Added(added);
            if self.record_client(call, client, history.head, id, &event).await? {
                return Ok(Ok(ClientAdded { client, api_key }));
            }
        }
        Err(given_up(StreamId::Client(client)))
    }

    /// The client apps there are.
    ///
    /// # Errors
    /// A [`Fault`].
    pub async fn clients(&self, _call: &Call) -> Verdict<Vec<ClientView>> {
        let mut clients = vec![];
        for stream in self.staff().await? {
            if let StreamId::Client(client) = stream {
                clients.extend(Client::of(&self.client_history(client).await?).view(client));
            }
        }
        Ok(Ok(clients))
    }

    /// Disables a client app: its key is dead on the next request.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; a [`Fault`].
    pub async fn disable_client(&self, call: &Call, client: ClientId) -> Verdict<()> {
        for _ in 0..CONFLICTS_MAX {
            let history = self.client_history(client).await?;
            match Client::of(&history) {
                Client { added: None, .. } => return Ok(Err(Refusal::NotFound("client"))),
                Client { disabled: true, .. } => return Ok(Ok(())),
                Client { .. } => {}
            }
            let id = self.log().event_id()?;
            let disabled = ClientEvent::Disabled(client::Disabled { tells_admins: true });
            if self.record_client(call, client, history.head, id, &disabled).await? {
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

    async fn client_history(&self, client: ClientId) -> Result<History<ClientEvent>, Fault> {
        self.history_of(StreamId::Client(client), ClientEvent::decode).await
    }

    async fn record_client(
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

impl Client {
    fn of(history: &History<ClientEvent>) -> Self {
        history.events.iter().fold(Self::default(), |client, told| client.evolve(&told.event))
    }

    fn evolve(mut self, event: &ClientEvent) -> Self {
        match event {
            ClientEvent::Added(added) => self.added = Some(added.clone()),
            ClientEvent::Disabled(_) => self.disabled = true,
        }
        self
    }

    fn view(&self, client: ClientId) -> Option<ClientView> {
        let added = self.added.as_ref()?;
        let (name, scopes) = (added.name.clone(), added.scopes.clone());
        Some(ClientView { client, name, scopes, enabled: !self.disabled })
    }
}
