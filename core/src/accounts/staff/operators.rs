//! Operators: added, added again until they are set up, disabled, enabled again.

use countersign_events::account::Origin;
use countersign_events::actor::By;
use countersign_events::entry::SealedPart;
use countersign_events::id::{AccountId, EventId, HandleHash, StreamId};
use countersign_events::operator::{self, OperatorEvent, Role};
use jiff::{SignedDuration, Timestamp};

use super::super::answer::{OperatorAdded, OperatorListed, OperatorView};
use super::super::archive::READ_ONLY;
use super::super::request::Call;
use super::super::{Accounts, Fault, Verdict};
use super::{Fact, History, Told, given_up};
use crate::actors::account::{CONFLICTS_MAX, Entity, Halt, Request};
use crate::actors::log::Head;
use crate::domain::refusal::Refusal;
use crate::handle::{SessionToken, SetupToken};

/// How long a setup token is good for.
pub const SETUP_TTL: SignedDuration = SignedDuration::from_hours(24);

/// An operator, folded from its stream.
#[derive(Debug, Default)]
pub(super) struct Operator {
    role: Option<Role>,
    setup: Option<(HandleHash, Timestamp)>,
    pub(super) set_up: bool,
    /// Whether a password was ever set: then one person alone gives out no other token for it.
    was_set_up: bool,
    disabled: bool,
    given: Option<Given>,
    /// The unlocking that waits for its second person.
    pub(super) unlock: Option<operator::UnlockRequested>,
}

/// How an operator came to its role.
#[derive(Debug, Clone)]
struct Given {
    added_at: Timestamp,
    role_since: Timestamp,
    by: By,
}

impl Accounts {
    /// Who acts: an operator who may, by a session with two factors.
    ///
    /// # Errors
    /// [`Refusal::NoSession`], [`Refusal::StepUpRequired`] for a session of less than two factors
    /// and where the account asks for no second one, [`Refusal::Forbidden`] for everybody else's
    /// account; a [`Fault`].
    pub async fn operator(&self, call: &Call, token: &SessionToken) -> Verdict<OperatorView> {
        if let Some(reader) = &self.reader {
            return Ok(reader.admit(token));
        }
        let request = TwoFactor { call: call.clone(), session: token.hash() };
        let is_two_factor = match self.ask(StreamId::Account(token.account()), request).await? {
            Ok(is_two_factor) => is_two_factor,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let operator = Operator::of(&self.operator_history(token.account()).await?);
        let Some(view) = operator.view(token.account()).filter(|view| view.enabled) else {
            return Ok(Err(Refusal::Forbidden("not an operator")));
        };
        if is_two_factor { Ok(Ok(view)) } else { Ok(Err(self.policy().staff_step_up())) }
    }

    /// The operator as of now, if there is one.
    pub(in crate::accounts) async fn operator_now(
        &self,
        account: AccountId,
    ) -> Result<Option<OperatorView>, Fault> {
        Ok(Operator::of(&self.operator_history(account).await?).view(account))
    }

    /// Who acts, where the act needs a second factor proven a short while ago.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses; [`Refusal::StepUpRequired`]; a [`Fault`].
    pub async fn fresh_operator(&self, call: &Call, token: &SessionToken) -> Verdict<OperatorView> {
        let operator = match self.operator(call, token).await? {
            Ok(operator) => operator,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if self.is_archive() {
            return Ok(Err(Refusal::Forbidden(READ_ONLY)));
        }
        let request = Fresh { session: token.hash() };
        let fresh = self.ask(StreamId::Account(token.account()), request).await?;
        Ok(fresh.map(|()| operator))
    }

    /// Adds an operator: an account without a password, and a token to set it up with. Added again
    /// before it was set up, it gets the role that is said now and a fresh token; the old one dies.
    ///
    /// # Errors
    /// [`Refusal::Taken`], [`Refusal::Invalid`], [`Refusal::IdempotencyKeyReused`],
    /// [`Refusal::Conflict`] for one that is disabled and not set up; a [`Fault`].
    pub async fn add_operator(
        &self,
        call: &Call,
        login: String,
        role: Role,
    ) -> Verdict<OperatorAdded> {
        let account = match self.account_of_operator(call, login).await? {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        for _ in 0..CONFLICTS_MAX {
            let history = self.operator_history(account).await?;
            match history.repeated(self.asked(call), self.log().now()) {
                Err(refusal) => return Ok(Err(refusal)),
                Ok(Some(earlier)) => {
                    return Ok(Ok(self.operator_added(call, account, earlier.id)?));
                }
                Ok(None) => {}
            }
            let operator = Operator::of(&history);
            let is_bare = self.ask(StreamId::Account(account), IsBare).await?;
            if operator.was_set_up || is_bare != Ok(true) {
                return Ok(Err(Refusal::Taken("login")));
            }
            if operator.disabled {
                return Ok(Err(Refusal::Conflict("this operator is disabled: enable it first")));
            }
            let id = self.log().event_id()?;
            let told = self.operator_added(call, account, id)?;
            let setup_expires_at = self.in_a_while(SETUP_TTL);
            let setup = told.setup_token.hash();
            let added = OperatorEvent::Added(operator::Added {
                role,
                setup,
                setup_expires_at,
                tells_admins: true,
            });
            if self.record_operator(call, account, history.head, id, &added).await? {
                return Ok(Ok(told));
            }
        }
        Err(given_up(StreamId::Operator(account)))
    }

    /// The operators there are, for an access review.
    ///
    /// # Errors
    /// A [`Fault`].
    pub async fn operators(&self, _call: &Call) -> Verdict<Vec<OperatorListed>> {
        let mut operators = vec![];
        for stream in self.staff().await? {
            let StreamId::Operator(account) = stream else { continue };
            let history = self.operator_history(account).await?;
            let operator = Operator::of(&history);
            let Some((view, given)) = operator.view(account).zip(operator.given) else { continue };
            let (login, last_used_at) = match self.ask(StreamId::Account(account), Use).await {
                Ok(Ok(found)) => found,
                Ok(Err(refusal)) => return Ok(Err(refusal)),
                // Who may act is told also where it cannot be said who that is.
                Err(Fault::FailsClosed(_)) => (String::new(), None),
                Err(fault) => return Err(fault),
            };
            operators.push(OperatorListed {
                operator: view,
                login,
                role_since: Some(given.role_since),
                added_by: Some(given.by),
                added_at: given.added_at,
                last_used_at,
            });
        }
        Ok(Ok(operators))
    }

    /// The role of an account, where it is an operator's.
    pub(in crate::accounts) async fn role_of(
        &self,
        account: AccountId,
    ) -> Result<Option<Role>, Fault> {
        Ok(Operator::of(&self.operator_history(account).await?).role())
    }

    /// The login of an operator's account; none of one that fails closed.
    pub(in crate::accounts) async fn login_of(
        &self,
        account: AccountId,
    ) -> Result<Option<String>, Fault> {
        match self.ask(StreamId::Account(account), Use).await {
            Ok(found) => Ok(found.ok().map(|(login, _)| login)),
            Err(Fault::FailsClosed(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The account of a login that is free or an operator's. If we crash after this, the login has
    /// an account without a role: adding the operator again finds it.
    async fn account_of_operator(&self, call: &Call, login: String) -> Verdict<AccountId> {
        let name = self.secrets().login_hash(&login);
        let refusal = match self.register_operator(call, login).await? {
            Err(refusal @ Refusal::Taken(_)) => refusal,
            other => return Ok(other),
        };
        let Some(holder) = self.secrets().find(name).await? else { return Ok(Err(refusal)) };
        let is_operators = self.ask(StreamId::Account(holder), IsOperators).await?;
        Ok(is_operators.ok().filter(|yes| *yes).map(|_| holder).ok_or(refusal))
    }

    pub(super) fn operator_added(
        &self,
        call: &Call,
        account: AccountId,
        event: EventId,
    ) -> Result<OperatorAdded, Fault> {
        let secret = self.given_out(call, "setup", event)?;
        Ok(OperatorAdded { account, setup_token: SetupToken::new(account, &secret) })
    }

    pub(super) async fn operator_history(
        &self,
        account: AccountId,
    ) -> Result<History<OperatorEvent>, Fault> {
        self.history_of(StreamId::Operator(account), OperatorEvent::decode).await
    }

    pub(super) async fn record_operator(
        &self,
        call: &Call,
        account: AccountId,
        head: Head,
        id: EventId,
        event: &OperatorEvent,
    ) -> Result<bool, Fault> {
        self.record_operator_sealed(call, account, head, id, (event, vec![])).await
    }

    pub(super) async fn record_operator_sealed(
        &self,
        call: &Call,
        account: AccountId,
        head: Head,
        id: EventId,
        (event, sealed): (&OperatorEvent, Vec<SealedPart>),
    ) -> Result<bool, Fault> {
        let (event_type, version) = (event.event_type(), event.version());
        let fact = Fact { id, event_type, version, data: event.to_json(), sealed };
        self.record(call, StreamId::Operator(account), head, fact).await
    }
}

/// Who may act on whose account: nobody on one of a higher role. Auditors and admins are helped at
/// the machine (`countersign operator unlock`), by two people.
pub(in crate::accounts) const fn rank(role: Option<Role>) -> u8 {
    match role {
        None => 0,
        Some(Role::Support) => 1,
        Some(Role::Supervisor) => 2,
        Some(Role::Auditor | Role::Admin) => 3,
    }
}

impl Operator {
    pub(super) fn of(history: &History<OperatorEvent>) -> Self {
        history.events.iter().fold(Self::default(), |operator, told| operator.evolve(told))
    }

    /// Whether this is the setup token, unused and in time.
    pub(super) fn takes(&self, token: &SetupToken, now: Timestamp) -> bool {
        !self.set_up
            && !self.disabled
            && self.setup.is_some_and(|(hash, until)| hash == token.hash() && now < until)
    }

    /// Whether there is somebody to let in anew: an operator who had a password once, and may act.
    pub(super) fn can_be_unlocked(&self) -> bool {
        self.role.is_some() && self.was_set_up && !self.disabled
    }

    fn evolve(mut self, told: &Told<OperatorEvent>) -> Self {
        match &told.event {
            OperatorEvent::Added(added) => {
                let earlier = self.given.take().filter(|_| self.role == Some(added.role));
                let first = Given { added_at: told.at, role_since: told.at, by: told.by.clone() };
                self.given = Some(earlier.unwrap_or(first));
                self.role = Some(added.role);
                self.setup = Some((added.setup, added.setup_expires_at));
            }
            OperatorEvent::SetUp(_) => (self.set_up, self.was_set_up) = (true, true),
            OperatorEvent::Disabled(_) => {
                (self.disabled, self.setup, self.unlock) = (true, None, None);
            }
            OperatorEvent::Enabled(_) => self.disabled = false,
            OperatorEvent::UnlockRequested(requested) => self.unlock = Some(requested.clone()),
            OperatorEvent::CapReached(_)
            | OperatorEvent::ActRefused(_)
            | OperatorEvent::SeedsExported(_) => {}
            OperatorEvent::Unlocked(unlocked) => {
                self.setup = Some((unlocked.setup, unlocked.setup_expires_at));
                (self.set_up, self.unlock) = (false, None);
            }
        }
        self
    }

    /// The role that counts where others act on it: also of one that may not act itself.
    pub(super) const fn role(&self) -> Option<Role> {
        self.role
    }

    pub(super) fn view(&self, account: AccountId) -> Option<OperatorView> {
        let role = self.role?;
        Some(OperatorView { account, role, set_up: self.set_up, enabled: !self.disabled })
    }
}

/// Whether a session that is alive acts with two factors.
struct TwoFactor {
    call: Call,
    session: HandleHash,
}

impl Request for TwoFactor {
    type Answer = bool;

    async fn perform(&self, entity: &mut Entity) -> Result<bool, Halt> {
        entity.load().await?;
        entity.session(&self.call, self.session).await?;
        Ok(entity.open()?.is_two_factor(self.session))
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
        session.demand_staff_factor(entity.now(), entity.policy())?;
        Ok(())
    }
}

/// Whether an account was made for an operator.
struct IsOperators;

impl Request for IsOperators {
    type Answer = bool;

    async fn perform(&self, entity: &mut Entity) -> Result<bool, Halt> {
        entity.load().await?;
        Ok(entity.open()?.origin == Origin::Operator)
    }
}

/// Whether an account has no password yet.
struct IsBare;

impl Request for IsBare {
    type Answer = bool;

    async fn perform(&self, entity: &mut Entity) -> Result<bool, Halt> {
        entity.load().await?;
        Ok(entity.open()?.password.is_none())
    }
}

/// The login of an operator's account, and when a session of it was last used.
struct Use;

impl Request for Use {
    type Answer = (String, Option<Timestamp>);

    async fn perform(&self, entity: &mut Entity) -> Result<Self::Answer, Halt> {
        entity.load().await?;
        let login = entity.identity().await?.login.unwrap_or_default();
        Ok((login, entity.open()?.last_used_at))
    }
}
