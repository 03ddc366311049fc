//! Staff and client apps: who may act on others, and with which key.
//!
//! Their streams are short and read whole for every question, so that a change holds on the next
//! request. An operator is an account like any other, with a role on a stream beside it.

use countersign_events::catalogue::DecodeError;
use countersign_events::client::{self, ClientEvent, Scope};
use countersign_events::entry::Entry;
use countersign_events::id::{AccountId, ClientId, HandleHash, PolicyVersion, Revision, StreamId};
use countersign_events::operator::{self, OperatorEvent, Role};
use countersign_events::store::Recorded;
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use super::answer::{ClientAdded, ClientView, OperatorAdded, OperatorView};
use super::registration::check_text;
use super::request::Call;
use super::{Accounts, Fault, Verdict};
use crate::actors::account::{Entity, Halt, Request, Sealed};
use crate::actors::log::{Head, Planned, Stamp, Wrote, random_uuid};
use crate::domain::Command;
use crate::domain::refusal::{Refusal, StepUp};
use crate::entropy;
use crate::handle::{ApiKey, SECRET_BYTES, SessionToken, SetupToken};
use crate::vault::SecretKind;
use countersign_events::account::{Assurance, PasswordSetWhy};

/// How long a setup token is good for.
pub const SETUP_TTL: SignedDuration = SignedDuration::from_hours(24);
/// Characters of a client app's name.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 1..=64;

/// An operator, folded from its stream.
#[derive(Debug, Default)]
struct Operator {
    role: Option<Role>,
    setup: Option<(HandleHash, Timestamp)>,
    set_up: bool,
    disabled: bool,
}

/// A client app, folded from its stream.
#[derive(Debug, Default)]
struct Client {
    added: Option<client::Added>,
    disabled: bool,
}

impl Accounts {
    /// Who acts: an operator who may, by a session with two factors.
    ///
    /// # Errors
    /// [`Refusal::NoSession`], [`Refusal::StepUpRequired`] for a session of less than two factors,
    /// [`Refusal::Forbidden`] for everybody else's account; a [`Fault`].
    pub async fn operator(&self, call: &Call, token: &SessionToken) -> Verdict<OperatorView> {
        let session = match self.session(call, token).await? {
            Ok(session) => session,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let operator = self.operator_of(token.account()).await?;
        let Some(view) = operator.view(token.account()).filter(|view| view.enabled) else {
            return Ok(Err(Refusal::Forbidden("not an operator")));
        };
        if session.assurance == Assurance::TwoFactor {
            Ok(Ok(view))
        } else {
            Ok(Err(Refusal::StepUpRequired(StepUp::SecondFactor)))
        }
    }

    /// Who acts, where the act needs a second factor proven a short while ago.
    pub(super) async fn fresh_operator(
        &self,
        call: &Call,
        token: &SessionToken,
    ) -> Verdict<OperatorView> {
        let operator = match self.operator(call, token).await? {
            Ok(operator) => operator,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let request = Fresh { session: token.hash() };
        let fresh = self.ask(StreamId::Account(token.account()), request).await?;
        Ok(fresh.map(|()| operator))
    }

    /// Adds an operator: an account without a password, and a token to set it up with.
    ///
    /// # Errors
    /// [`Refusal::Taken`], [`Refusal::Invalid`]; a [`Fault`].
    pub async fn add_operator(
        &self,
        call: &Call,
        login: String,
        role: Role,
    ) -> Verdict<OperatorAdded> {
        let account = match self.register_operator(call, login).await? {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let secret = entropy::bytes::<SECRET_BYTES>(self.log().entropy())?;
        let setup_token = SetupToken::new(account, &secret);
        let setup_expires_at = self.log().now().saturating_add(SETUP_TTL).unwrap_or(Timestamp::MAX);
        let added = operator::Added { role, setup: setup_token.hash(), setup_expires_at };
        self.record_operator(call, account, Head::default(), OperatorEvent::Added(added)).await?;
        Ok(Ok(OperatorAdded { account, setup_token }))
    }

    /// The operators there are.
    ///
    /// # Errors
    /// A [`Fault`].
    pub async fn operators(&self, _call: &Call) -> Verdict<Vec<OperatorView>> {
        let mut operators = vec![];
        for stream in self.staff().await? {
            if let StreamId::Operator(account) = stream {
                operators.extend(self.operator_of(account).await?.view(account));
            }
        }
        Ok(Ok(operators))
    }

    /// Takes an operator's role away.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; a [`Fault`].
    pub async fn disable_operator(&self, call: &Call, account: AccountId) -> Verdict<()> {
        if self.operator_of(account).await?.view(account).is_none() {
            return Ok(Err(Refusal::NotFound("operator")));
        }
        let head = self.log().head_of(StreamId::Operator(account)).await?;
        let disabled = OperatorEvent::Disabled(operator::Disabled {});
        Ok(Ok(self.record_operator(call, account, head, disabled).await?))
    }

    /// Sets an operator up: the first password, against the one-time token.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`], [`Refusal::WeakPassword`]; a [`Fault`].
    pub async fn set_up_operator(
        &self,
        call: &Call,
        token: SetupToken,
        password: Zeroizing<String>,
    ) -> Verdict<AccountId> {
        let account = token.account();
        let operator = self.operator_of(account).await?;
        let now = self.log().now();
        let is_good = !operator.set_up
            && !operator.disabled
            && operator.setup.is_some_and(|(hash, until)| hash == token.hash() && now < until);
        if !is_good {
            return Ok(Err(Refusal::AuthenticationFailed));
        }
        if let Err(refusal) = self.check_password(&password) {
            return Ok(Err(refusal));
        }
        // The password first: if we crash here, the operator can sign in, and the token is dead all
        // the same, because an account takes a first password only once.
        let request = FirstPassword { call: call.clone(), password };
        if let Err(refusal) = self.ask(StreamId::Account(account), request).await? {
            return Ok(Err(refusal));
        }
        let head = self.log().head_of(StreamId::Operator(account)).await?;
        let used = OperatorEvent::SetUp(operator::SetUp {});
        self.record_operator(call, account, head, used).await?;
        Ok(Ok(account))
    }

    /// Authenticates a client app by its key.
    ///
    /// # Errors
    /// [`Refusal::NoSession`] for every key that is not good; a [`Fault`].
    pub async fn client(&self, _call: &Call, key: &ApiKey) -> Verdict<ClientView> {
        let client = self.client_of(key.client()).await?;
        let is_good = client.added.as_ref().is_some_and(|added| added.key == key.hash());
        let view = client.view(key.client()).filter(|view| is_good && view.enabled);
        Ok(view.ok_or(Refusal::NoSession))
    }

    /// Adds a client app; its key is told once.
    ///
    /// # Errors
    /// [`Refusal::Invalid`]; a [`Fault`].
    pub async fn add_client(
        &self,
        call: &Call,
        name: String,
        scopes: Vec<Scope>,
    ) -> Verdict<ClientAdded> {
        if let Err(refusal) = check_text("name", &name, NAME_CHARS) {
            return Ok(Err(refusal));
        }
        let client = ClientId::new(random_uuid(self.log())?);
        let secret = entropy::bytes::<SECRET_BYTES>(self.log().entropy())?;
        let api_key = ApiKey::new(client, &secret);
        let added = client::Added { name, scopes, key: api_key.hash() };
        self.record_client(call, client, Head::default(), ClientEvent::Added(added)).await?;
        Ok(Ok(ClientAdded { client, api_key }))
    }

    /// The client apps there are.
    ///
    /// # Errors
    /// A [`Fault`].
    pub async fn clients(&self, _call: &Call) -> Verdict<Vec<ClientView>> {
        let mut clients = vec![];
        for stream in self.staff().await? {
            if let StreamId::Client(client) = stream {
                clients.extend(self.client_of(client).await?.view(client));
            }
        }
        Ok(Ok(clients))
    }

    /// Disables a client app: its key is dead on the next request.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; a [`Fault`].
    pub async fn disable_client(&self, call: &Call, client: ClientId) -> Verdict<()> {
        if self.client_of(client).await?.added.is_none() {
            return Ok(Err(Refusal::NotFound("client")));
        }
        let head = self.log().head_of(StreamId::Client(client)).await?;
        let disabled = ClientEvent::Disabled(client::Disabled {});
        Ok(Ok(self.record_client(call, client, head, disabled).await?))
    }

    async fn staff(&self) -> Result<Vec<StreamId>, Fault> {
        self.caught_up().await?;
        Ok(self.read_model().staff()?)
    }

    async fn operator_of(&self, account: AccountId) -> Result<Operator, Fault> {
        let stream = StreamId::Operator(account);
        let events = self.log().read_from(stream, Revision::new(0)).await?;
        let decode = |recorded: &Recorded| read(recorded, OperatorEvent::decode);
        let events = events.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
        Ok(events.into_iter().fold(Operator::default(), Operator::evolve))
    }

    async fn client_of(&self, client: ClientId) -> Result<Client, Fault> {
        let events = self.log().read_from(StreamId::Client(client), Revision::new(0)).await?;
        let decode = |recorded: &Recorded| read(recorded, ClientEvent::decode);
        let events = events.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
        Ok(events.into_iter().fold(Client::default(), Client::evolve))
    }

    async fn record_operator(
        &self,
        call: &Call,
        account: AccountId,
        head: Head,
        event: OperatorEvent,
    ) -> Result<(), Fault> {
        let json = event.to_json();
        let (event_type, version) = (event.event_type(), event.version());
        self.record(call, StreamId::Operator(account), head, event_type, version, json).await
    }

    async fn record_client(
        &self,
        call: &Call,
        client: ClientId,
        head: Head,
        event: ClientEvent,
    ) -> Result<(), Fault> {
        let json = event.to_json();
        let (event_type, version) = (event.event_type(), event.version());
        self.record(call, StreamId::Client(client), head, event_type, version, json).await
    }

    async fn record(
        &self,
        call: &Call,
        stream: StreamId,
        head: Head,
        event_type: &'static str,
        version: u16,
        data: Result<String, serde_json::Error>,
    ) -> Result<(), Fault> {
        let data = data.map_err(|error| Fault::Internal(error.to_string()))?;
        let id = self.log().event_id()?;
        let stamp = Stamp {
            by: call.by.clone(),
            correlation: call.correlation,
            idempotency: None,
            policy: PolicyVersion::new(0),
            at: head.not_before(self.log().now()),
        };
        let planned = vec![Planned { id, event_type, version, data, sealed: vec![] }];
        match self.log().append(stream, head, &stamp, planned).await? {
            Wrote::Placed(..) => Ok(()),
            Wrote::Conflict => Err(Fault::Unavailable(format!("{stream} changed meanwhile"))),
        }
    }
}

fn read<E>(
    recorded: &Recorded,
    decode: impl Fn(&str, u16, &str) -> Result<E, DecodeError>,
) -> Result<(Timestamp, E), Fault> {
    let entry = Entry::parse(&recorded.bytes)?;
    Ok((entry.at, decode(&entry.event_type, entry.version, entry.data.get())?))
}

impl Operator {
    fn evolve(mut self, (_, event): (Timestamp, OperatorEvent)) -> Self {
        match event {
            OperatorEvent::Added(added) => {
                self.role = Some(added.role);
                self.setup = Some((added.setup, added.setup_expires_at));
            }
            OperatorEvent::SetUp(_) => self.set_up = true,
            OperatorEvent::Disabled(_) => self.disabled = true,
        }
        self
    }

    fn view(&self, account: AccountId) -> Option<OperatorView> {
        let role = self.role?;
        Some(OperatorView { account, role, set_up: self.set_up, enabled: !self.disabled })
    }
}

impl Client {
    fn evolve(mut self, (_, event): (Timestamp, ClientEvent)) -> Self {
        match event {
            ClientEvent::Added(added) => self.added = Some(added),
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

/// Whether a session has just proven its second factor.
struct Fresh {
    session: HandleHash,
}

impl Request for Fresh {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        entity.load().await?;
        let session = entity.open()?.sessions.get(&self.session).ok_or(Refusal::NoSession)?;
        session.demand_second_factor(entity.now(), &entity.services.policy)?;
        Ok(())
    }
}

/// Sets the first password of an account that has none.
struct FirstPassword {
    call: Call,
    password: Zeroizing<String>,
}

impl Request for FirstPassword {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        entity.load().await?;
        let why = PasswordSetWhy::Initial;
        let services = std::sync::Arc::clone(&entity.services);
        let (account, now) = (entity.id()?, entity.now());
        let phc = services.passwords.hash(&self.password).await?;
        let put = services.secrets.put(account, SecretKind::Password, phc.as_bytes(), now);
        let version = put.await?;
        let command = Command::SetPassword { version, why };
        entity.decide(&self.call, &command, Sealed::default(), None).await?;
        Ok(())
    }
}
