//! Support: finds an account, reads what happened, ends a lockout; every look is an event.

use std::sync::Arc;

use countersign_events::account::{AccountEvent, Viewed};
use countersign_events::id::{AccountId, Revision, StreamId};

use super::answer::{AccountView, EventView, LockoutEnded, OperatorView, Page, SearchHit};
use super::identity::{Errand, seal_pii};
use super::registration::check_text;
use super::request::{AsOf, Call, Lookup, PageRequest, ResetLockout};
use super::view::{PAGE_MAX, Reader, account_view, event_view, history_page, shown};
use super::{Accounts, Fault, Verdict, mask};
use crate::actors::account::{Entity, Halt, Request, Sealed, stamped};
use crate::domain::refusal::Refusal;
use crate::domain::{Account, Command, evolve};
use crate::handle::SessionToken;

/// Characters of a reason.
const REASON_CHARS: std::ops::RangeInclusive<usize> = 1..=500;
/// Characters of a ticket.
const TICKET_CHARS: std::ops::RangeInclusive<usize> = 1..=64;

impl Accounts {
    /// Looks an account up by exact login or address.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses; a [`Fault`].
    pub async fn search(
        &self,
        call: &Call,
        operator: &SessionToken,
        lookup: Lookup,
    ) -> Verdict<Vec<SearchHit>> {
        if let Err(refusal) = self.operator(call, operator).await? {
            return Ok(Err(refusal));
        }
        let found = match lookup {
            Lookup::Login(login) => {
                let name = self.secrets().login_hash(&login);
                self.secrets().find(name).await?.into_iter().collect()
            }
            Lookup::Email(email) => {
                self.caught_up().await?;
                self.read_model().find_by_email(self.secrets().email_hash(&email))?
            }
        };
        self.hits(found).await
    }

    /// The accounts that have something locked now, the newest lock first.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses; a [`Fault`].
    pub async fn locked(
        &self,
        call: &Call,
        operator: &SessionToken,
        page: PageRequest,
    ) -> Verdict<Page<SearchHit>> {
        if let Err(refusal) = self.operator(call, operator).await? {
            return Ok(Err(refusal));
        }
        let now = self.log().now();
        self.caught_up().await?;
        let limit = page.limit.clamp(1, PAGE_MAX);
        let found = self.read_model().locked(now, limit, page.cursor)?;
        let next = found.last().filter(|_| found.len() == limit).map(|last| last.cursor);
        let accounts = found.into_iter().map(|locked| locked.account).collect();
        Ok(self.hits(accounts).await?.map(|items| Page { items, next }))
    }

    async fn hits(&self, accounts: Vec<AccountId>) -> Verdict<Vec<SearchHit>> {
        let mut hits = vec![];
        for account in accounts {
            match self.ask(StreamId::Account(account), Glance).await? {
                Ok(hit) => hits.push(hit),
                // Claimed and never registered: nothing to find.
                Err(Refusal::NotFound(_)) => {}
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        Ok(Ok(hits))
    }

    /// An account as support sees it: masked.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses, [`Refusal::NotFound`]; a [`Fault`].
    pub async fn support_account(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
    ) -> Verdict<AccountView> {
        self.as_operator(call, operator, account, |call| LookAtAccount { call }).await
    }

    /// The time line of an account, the newest event first.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses, [`Refusal::NotFound`]; a [`Fault`].
    pub async fn support_events(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        page: PageRequest,
    ) -> Verdict<Page<EventView>> {
        self.as_operator(call, operator, account, |call| LookAtEvents { call, page }).await
    }

    /// The state of an account as of a revision or a time.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses, [`Refusal::NotFound`]; a [`Fault`].
    pub async fn support_state(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        as_of: AsOf,
    ) -> Verdict<serde_json::Value> {
        self.as_operator(call, operator, account, |call| LookAtState { call, as_of }).await
    }

    /// Ends a lockout. Needs a fresh second factor of the operator.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses, [`Refusal::StepUpRequired`], [`Refusal::Invalid`],
    /// [`Refusal::NotFound`]; a [`Fault`].
    pub async fn reset_lockout(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        ask: ResetLockout,
    ) -> Verdict<LockoutEnded> {
        let checked = check_text("reason", &ask.reason, REASON_CHARS)
            .and_then(|()| check_text("ticket", &ask.ticket, TICKET_CHARS));
        if let Err(refusal) = checked {
            return Ok(Err(refusal));
        }
        if let Err(refusal) = self.fresh_operator(call, operator).await? {
            return Ok(Err(refusal));
        }
        if operator.account() == account {
            return Ok(Err(Refusal::Forbidden("nobody acts on himself")));
        }
        self.as_operator(call, operator, account, |call| Unlock { call, ask }).await
    }

    /// Asks an account in the name of an operator.
    async fn as_operator<R: Request>(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        request: impl FnOnce(Call) -> R,
    ) -> Verdict<R::Answer> {
        let OperatorView { account: operator, .. } = match self.operator(call, operator).await? {
            Ok(operator) => operator,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let by = countersign_events::actor::By::Operator { id: operator };
        let call = Call { by, ..call.clone() };
        self.ask(StreamId::Account(account), request(call)).await
    }
}

/// What a list shows of an account. A list is no look at it, and leaves no event.
struct Glance;

impl Request for Glance {
    type Answer = SearchHit;

    async fn perform(&self, entity: &mut Entity) -> Result<SearchHit, Halt> {
        entity.load().await?;
        let (open, now) = (entity.open()?, entity.now());
        let identity = entity.identity().await?;
        let name = identity.login.or(identity.subject).unwrap_or_default();
        let limits = &entity.account().limits;
        let until = limits.iter().filter_map(|(method, _)| limits.cooling(method, now));
        Ok(SearchHit {
            account: entity.id()?,
            login_hint: mask::login(&name),
            email_hint: identity.email.as_deref().map(mask::email),
            two_factor_enabled: open.two_factor_enabled(),
            locked_until: until.map(|cool_down| cool_down.until).max(),
        })
    }
}

/// Records that support looks, before anything is shown.
async fn record_look(entity: &mut Entity, call: &Call, what: Viewed) -> Result<(), Halt> {
    entity.load().await?;
    entity.open()?;
    let errand = Errand { reason: None, ticket: None };
    let pii = seal_pii(&entity.services.secrets, entity.id()?, &errand).await?;
    let sealed = Sealed { pii: Some(pii), net: None };
    let unkeyed = Call { idempotency: None, ..call.clone() };
    entity.decide(&unkeyed, &Command::View(what), sealed, None).await?;
    Ok(())
}

struct LookAtAccount {
    call: Call,
}

impl Request for LookAtAccount {
    type Answer = AccountView;

    async fn perform(&self, entity: &mut Entity) -> Result<AccountView, Halt> {
        record_look(entity, &self.call, Viewed::Account).await?;
        account_view(entity, Reader::Support).await
    }
}

struct LookAtEvents {
    call: Call,
    page: PageRequest,
}

impl Request for LookAtEvents {
    type Answer = Page<EventView>;

    async fn perform(&self, entity: &mut Entity) -> Result<Page<EventView>, Halt> {
        if self.page.cursor.is_none() {
            // The pages that follow belong to the same look.
            record_look(entity, &self.call, Viewed::Events).await?;
        }
        entity.load().await?;
        entity.open()?;
        history_page(entity, self.page, Reader::Support).await
    }
}

struct LookAtState {
    call: Call,
    as_of: AsOf,
}

impl Request for LookAtState {
    type Answer = serde_json::Value;

    async fn perform(&self, entity: &mut Entity) -> Result<serde_json::Value, Halt> {
        record_look(entity, &self.call, Viewed::State).await?;
        let log = entity.services.log.clone();
        let mut account = Account::default();
        for recorded in log.read_from(entity.stream, Revision::new(0)).await? {
            let event = stamped(&recorded)?;
            let is_past = match self.as_of {
                AsOf::Revision(revision) => event.revision.get() <= revision,
                AsOf::At(at) => event.at <= at,
            };
            if !is_past {
                break;
            }
            account = evolve(account, &event);
        }
        let state = serde_json::to_value(&account)
            .map_err(|error| Halt::Fault(Fault::Internal(error.to_string())))?;
        Ok(shown(state))
    }
}

struct Unlock {
    call: Call,
    ask: ResetLockout,
}

impl Request for Unlock {
    type Answer = LockoutEnded;

    async fn perform(&self, entity: &mut Entity) -> Result<LockoutEnded, Halt> {
        let begun = entity.begin(&self.call).await?;
        let batch = match begun.repeated {
            Some(batch) => batch,
            None => {
                entity.open()?;
                let (reason, ticket) = (&self.ask.reason, &self.ask.ticket);
                let errand = Errand { reason: Some(reason.clone()), ticket: Some(ticket.clone()) };
                let services = Arc::clone(&entity.services);
                let pii = seal_pii(&services.secrets, entity.id()?, &errand).await?;
                let (scope, method) = (self.ask.scope, self.ask.method);
                let command = Command::ResetLockout { scope, method };
                let sealed = Sealed { pii: Some(pii), net: None };
                entity.decide(&self.call, &command, sealed, Some(&begun.mint)).await?
            }
        };
        let revision = batch.0.iter().find_map(|stamped| match &stamped.event {
            AccountEvent::LockoutReset(_) => Some(stamped.revision),
            _ => None,
        });
        let revision = revision.ok_or(Refusal::NotFound("lockout reset"))?;
        let recorded = entity.entry_at(revision).await?;
        Ok(LockoutEnded { event: event_view(entity, &recorded, Reader::Support).await? })
    }
}
