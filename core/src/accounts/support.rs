//! Support: reads what happened to an account; every look is an event. How it finds one is in
//! [`search`](super::search), what it does beside that in [`acts`](super::acts) and
//! [`removals`](super::removals).

use countersign_events::account::Viewed;
use countersign_events::actor::By;
use countersign_events::id::{AccountId, StreamId};
use zeroize::Zeroizing;

use super::answer::{AccountView, Page, SearchHit};
use super::identity::{Errand, seal_pii};
use super::look::Look;
use super::registration::{check_readable, check_text, check_visible};
use super::removal_view::removal_view;
use super::request::{Call, IdempotencyKey, PageRequest};
use super::view::{PAGE_MAX, Reader, account_view};
use super::{Accounts, Fault, Verdict, mask};
use crate::actors::account::{Entity, Halt, Request, Sealed};
use crate::domain::Command;
use crate::domain::refusal::Refusal;
use crate::handle::SessionToken;

/// Characters of a reason.
const REASON_CHARS: std::ops::RangeInclusive<usize> = 1..=500;
/// Characters of a ticket.
const TICKET_CHARS: std::ops::RangeInclusive<usize> = 1..=64;

impl Accounts {
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

    /// The accounts that this operator looked at lately, the latest first; in an exported log those
    /// that something happened to last.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses; a [`Fault`].
    pub async fn recent(
        &self,
        call: &Call,
        operator: &SessionToken,
        page: PageRequest,
    ) -> Verdict<Page<SearchHit>> {
        if let Err(refusal) = self.operator(call, operator).await? {
            return Ok(Err(refusal));
        }
        self.caught_up().await?;
        let limit = page.limit.clamp(1, PAGE_MAX);
        if self.log().is_archive() {
            let latest = self.read_model().recent(limit)?;
            let accounts = latest.into_iter().map(|row| row.account).collect();
            return Ok(self.hits(accounts).await?.map(|items| Page { items, next: None }));
        }
        let found = self.read_model().looked_at(operator.account(), limit, page.cursor)?;
        let next = found.last().filter(|_| found.len() == limit).map(|(_, cursor)| *cursor);
        let accounts = found.into_iter().map(|(account, _)| account).collect();
        Ok(self.hits(accounts).await?.map(|items| Page { items, next }))
    }

    /// What a list or a repeated search shows of these accounts.
    pub(super) async fn hits(&self, accounts: Vec<AccountId>) -> Verdict<Vec<SearchHit>> {
        let mut hits = vec![];
        for account in accounts {
            match self.ask(StreamId::Account(account), Glance).await {
                Ok(Ok(hit)) => hits.push(hit),
                // Claimed and never registered: nothing to find.
                Ok(Err(Refusal::NotFound(_))) => {}
                Ok(Err(refusal)) => return Ok(Err(refusal)),
                // One account that fails closed hides no other.
                Err(Fault::FailsClosed(why)) => {
                    tracing::error!(%account, why, "left out of a list");
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(Ok(hits))
    }

    /// An account as support sees it: masked.
    ///
    /// # Errors
    /// What [`Accounts::operator`] refuses, [`Refusal::Invalid`], [`Refusal::NotFound`]; a
    /// [`Fault`].
    pub async fn support_account(
        &self,
        call: &Call,
        operator: &SessionToken,
        account: AccountId,
        ticket: Option<String>,
    ) -> Verdict<AccountView> {
        let call = match self.looking(call, operator, ticket.as_deref()).await? {
            Ok(call) => call,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Err(refusal) =
            self.look(account, Look { call, ticket, what: Viewed::Account }).await?
        {
            return Ok(Err(refusal));
        }
        let mut seen = match self.ask(StreamId::Account(account), ViewAccount).await? {
            Ok(seen) => seen,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Some(removal) = &mut seen.removal {
            self.with_logins(removal).await?;
        }
        Ok(Ok(seen))
    }

    /// The call of an operator who may look, for a ticket of the right length or none.
    pub(super) async fn looking(
        &self,
        call: &Call,
        operator: &SessionToken,
        ticket: Option<&str>,
    ) -> Verdict<Call> {
        if let Err(refusal) = ticket.map_or(Ok(()), check_ticket) {
            return Ok(Err(refusal));
        }
        let operator = self.operator(call, operator).await?;
        Ok(operator.map(|operator| in_the_name_of(operator.account, call)))
    }
}

/// Reason and ticket of an act, of the right lengths, and such that they can be read: what shows
/// nothing is none (SR-122).
pub(super) fn check_errand(reason: &str, ticket: &str) -> Result<(), Refusal> {
    check_text("reason", reason, REASON_CHARS)?;
    check_said("reason", reason)?;
    check_readable("reason", reason)?;
    check_ticket(ticket)
}

/// A ticket: two that look alike are the same.
fn check_ticket(ticket: &str) -> Result<(), Refusal> {
    check_text("ticket", ticket, TICKET_CHARS)?;
    check_said("ticket", ticket)?;
    check_visible("ticket", ticket)
}

fn check_said(field: &'static str, text: &str) -> Result<(), Refusal> {
    if text.contains(char::is_alphanumeric) {
        return Ok(());
    }
    Err(Refusal::Invalid { field, reason: "neither letter nor digit in it".to_owned() })
}

/// The call as the operator's own: a key that comes again is the same one in another session, and
/// after a step-up (SR-066).
pub(super) fn in_the_name_of(operator: AccountId, call: &Call) -> Call {
    let idempotency = call.idempotency.clone().map(|key| IdempotencyKey {
        caller: Zeroizing::new(StreamId::Operator(operator).to_string()),
        ..key
    });
    Call { by: By::Operator { id: operator }, idempotency, ..call.clone() }
}

/// What a list shows of an account. A list is no look at it, and leaves no event.
struct Glance;

impl Request for Glance {
    type Answer = SearchHit;

    async fn perform(&self, entity: &mut Entity) -> Result<SearchHit, Halt> {
        entity.load().await?;
        hit(entity).await
    }
}

pub(super) async fn hit(entity: &Entity) -> Result<SearchHit, Halt> {
    let (open, now) = (entity.open()?, entity.now());
    let identity = entity.identity().await?;
    let name = identity.login.or(identity.subject).unwrap_or_default();
    let locks = entity.account().limits.locks(&entity.policy().limits, now);
    Ok(SearchHit {
        account: entity.id()?,
        login_hint: mask::login(&name),
        email_hint: identity.email.as_deref().map(mask::email),
        two_factor_enabled: open.two_factor_enabled(),
        locked: !locks.is_empty(),
        locked_until: locks.iter().filter_map(|lock| lock.until).max(),
    })
}

/// Records that support looks, before anything is shown. Whoever reads an export has it at home
/// already: there is nobody to tell, and no log to tell it in.
pub(super) async fn record_look(
    entity: &mut Entity,
    call: &Call,
    what: Viewed,
    ticket: Option<&String>,
) -> Result<(), Halt> {
    entity.load().await?;
    entity.open()?;
    if entity.services.log.is_archive() {
        return Ok(());
    }
    let errand = Errand { ticket: ticket.cloned(), ..Errand::default() };
    let pii = seal_pii(&entity.services.secrets, entity.id()?, &errand).await?;
    let sealed = Sealed { pii: Some(pii), net: None };
    let unkeyed = Call { idempotency: None, ..call.clone() };
    entity.decide(&unkeyed, &Command::View(what), sealed, None).await?;
    Ok(())
}

struct ViewAccount;

impl Request for ViewAccount {
    type Answer = AccountView;

    async fn perform(&self, entity: &mut Entity) -> Result<AccountView, Halt> {
        entity.load().await?;
        let waiting = entity.open()?.removal.as_ref().map(|removal| removal.request);
        let removal = match waiting {
            Some(request) => Some(removal_view(entity, request, None).await?),
            None => None,
        };
        Ok(AccountView { removal, ..account_view(entity, Reader::Support).await? })
    }
}
