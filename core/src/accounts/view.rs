//! Views: an account and its history, for its holder, its client app and support.
//!
//! What a reader may see of the sealed parts is opened here; the rest of an event's data is shown
//! as it stands, less the numbers that only machines need.

use countersign_events::account::{AccountEvent, SessionEndedWhy, SessionsEnded};
use countersign_events::entry::Entry;
use countersign_events::id::{Revision, StreamId};
use countersign_events::store::Recorded;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::answer::{AccountView, EventView, LockView, Page, ReplacementView};
use super::factors::{view_of, view_with_clock};
use super::identity::{Errand, FactorName, Identity, open_net, open_pii};
use super::look::history_page;
use super::request::{Asker, Call, PageRequest};
use super::{Accounts, Fault, Verdict, mask};
use crate::actors::account::{Entity, Halt, Request};
use crate::domain::account::Replacement;
use crate::domain::explain;
use crate::handle::SessionToken;

/// Items of a page at the most.
pub const PAGE_MAX: usize = 200;

/// Fields that are never shown: nonces, hashes and versions that say nothing to people.
const UNSHOWN: &[&str] = &["hashes", "nonce", "pepper", "secret", "version", "commitment", "key"];

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// The holder, in a session.
    Holder,
    /// The client app that answers for him. It may be asked before he has signed in, and is told
    /// nothing of his phone's clock (SR-015).
    Client,
    /// Support: names and addresses are masked, and no network address is shown.
    Support,
}

impl Accounts {
    /// An account, for its holder or its client app.
    ///
    /// # Errors
    /// [`NoSession`](crate::domain::refusal::Refusal::NoSession),
    /// [`NotFound`](crate::domain::refusal::Refusal::NotFound); a [`Fault`].
    pub async fn account(&self, call: &Call, asker: Asker) -> Verdict<AccountView> {
        self.ask_as(asker, |token| ViewAccount { call: call.clone(), token }).await
    }

    /// The history of an account, for its holder or its client app, the newest event first.
    ///
    /// # Errors
    /// [`NoSession`](crate::domain::refusal::Refusal::NoSession),
    /// [`NotFound`](crate::domain::refusal::Refusal::NotFound); a [`Fault`].
    pub async fn history(
        &self,
        call: &Call,
        asker: Asker,
        page: PageRequest,
    ) -> Verdict<Page<EventView>> {
        self.ask_as(asker, |token| ViewHistory { call: call.clone(), token, page }).await
    }
}

struct ViewAccount {
    call: Call,
    token: Option<SessionToken>,
}

impl Request for ViewAccount {
    type Answer = AccountView;

    async fn perform(&self, entity: &mut Entity) -> Result<AccountView, Halt> {
        entity.load().await?;
        if let Some(token) = &self.token {
            entity.session(&self.call, token.hash()).await?;
        }
        let reader = if self.token.is_some() { Reader::Holder } else { Reader::Client };
        account_view(entity, reader).await
    }
}

/// The account as a reader may see it.
pub(super) async fn account_view(entity: &Entity, reader: Reader) -> Result<AccountView, Halt> {
    let (open, now) = (entity.open()?, entity.now());
    let identity = entity.identity().await?;
    let mut factors = vec![];
    for factor in open.factors.keys() {
        factors.push(match reader {
            Reader::Client => view_of(entity, *factor).await?,
            Reader::Holder | Reader::Support => view_with_clock(entity, *factor).await?,
        });
    }
    let (limits, ways) = (&entity.account().limits, explain::Ways::of(open));
    let locks = limits.locks(&entity.policy().limits, now).into_iter().map(|lock| LockView {
        method: lock.method,
        lane: lock.lane,
        since: lock.since,
        until: lock.until,
        unresolved: lock.unresolved,
        rule: lock.rule.name().to_owned(),
        explanation: explain::lock(&lock, ways),
    });
    let alive = open.sessions.values().filter(|session| now < session.expires_at).count();
    let shown = identity.login.or(identity.subject);
    Ok(AccountView {
        account: entity.id()?,
        login: match reader {
            Reader::Holder | Reader::Client => shown,
            Reader::Support => shown.as_deref().map(mask::login),
        },
        email_hint: identity.email.as_deref().map(mask::email),
        email_confirmed: open.has_proven_address(),
        two_factor_enabled: open.two_factor_enabled(),
        factors,
        recovery_codes_left: open.recovery.as_ref().map_or(0, |set| set.left()),
        locks: locks.collect(),
        unresolved: limits.unresolved(now).collect(),
        sessions: u32::try_from(alive).unwrap_or(u32::MAX),
        created_at: open.created_at,
        replacement: open.replacement_pending(now).map(|pending| replacement_view(pending, now)),
        held_until: open.held(now),
        two_factor_required_from: entity.policy().two_factor_required_from,
        suspended_at: open.suspended_at,
        password_change: open.password_change.filter(|_| reader == Reader::Support),
        removal: None,
        revision: entity.account().last.map_or(Revision::new(0), |(revision, _)| revision),
    })
}

/// A replacement, as its holder sees it.
pub(super) fn replacement_view(replacement: &Replacement, now: Timestamp) -> ReplacementView {
    let Replacement { requested_at, due_at, expires_at, .. } = *replacement;
    ReplacementView { requested_at, due_at, expires_at, due: due_at <= now }
}

struct ViewHistory {
    call: Call,
    token: Option<SessionToken>,
    page: PageRequest,
}

impl Request for ViewHistory {
    type Answer = Page<EventView>;

    async fn perform(&self, entity: &mut Entity) -> Result<Page<EventView>, Halt> {
        entity.load().await?;
        if let Some(token) = &self.token {
            entity.session(&self.call, token.hash()).await?;
        }
        entity.open()?;
        let reader = if self.token.is_some() { Reader::Holder } else { Reader::Client };
        history_page(entity, self.page, reader).await
    }
}

/// An event in words, with what the reader may see of its sealed parts.
pub(super) async fn event_view(
    entity: &Entity,
    recorded: &Recorded,
    reader: Reader,
) -> Result<EventView, Halt> {
    let (mut view, event) = clear_view(recorded, reader)?;
    if let (Some(event), Value::Object(data)) = (&event, &mut view.data) {
        data.extend(opened_parts(entity, event, recorded, reader).await?);
    }
    Ok(view)
}

/// An event in words, as it stands in the log in clear. One of a type that this program does not
/// know is shown as it stands.
pub(super) fn clear_view(
    recorded: &Recorded,
    reader: Reader,
) -> Result<(EventView, Option<AccountEvent>), Fault> {
    let entry = Entry::parse(&recorded.bytes)?;
    let mut decoded = AccountEvent::decode(&entry.event_type, entry.version, entry.data.get());
    if let (Reader::Client, Ok(AccountEvent::CodeRejected(rejected))) = (reader, &mut decoded) {
        rejected.off_by_steps = None;
    }
    let explanation = match &decoded {
        Ok(event) => explain::event(event),
        Err(error) => error.to_string(),
    };
    let data = serde_json::from_str(entry.data.get()).unwrap_or(Value::Null);
    let mut data = match shown(data) {
        Value::Object(data) => data,
        _ => Map::new(),
    };
    if reader == Reader::Client {
        data.remove("off_by_steps");
    }
    let view = EventView {
        revision: entry.rev,
        at: entry.at,
        event_type: entry.event_type.clone().into_owned(),
        by: entry.by,
        data: Value::Object(data),
        explanation,
        looks: None,
    };
    Ok((view, decoded.ok()))
}

/// A value without the fields that are never shown, however deep they lie.
pub(super) fn shown(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(field, _)| !UNSHOWN.contains(&field.as_str()))
            .map(|(field, value)| (field, shown(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(shown).collect(),
        other => other,
    }
}

/// What the reader may see of the sealed parts.
async fn opened_parts(
    entity: &Entity,
    event: &AccountEvent,
    recorded: &Recorded,
    reader: Reader,
) -> Result<Map<String, Value>, Halt> {
    let mut shown = Map::new();
    let secrets = &entity.services.secrets;
    let account = match entity.stream {
        StreamId::Account(account) => account,
        _ => return Ok(shown),
    };
    let mut show = |field: &str, value: Option<String>| {
        if let Some(value) = value {
            shown.insert(field.to_owned(), Value::String(value));
        }
    };
    match event {
        AccountEvent::Registered(_)
        | AccountEvent::EmailChanged(_)
        | AccountEvent::EmailChangeUndone(_) => {
            let who: Identity = open_pii(secrets, account, recorded).await?.unwrap_or_default();
            show("email", who.email.as_deref().map(mask::email));
            let login = who.login.or(who.subject);
            show(
                "login",
                match reader {
                    Reader::Holder | Reader::Client => login,
                    Reader::Support => login.as_deref().map(mask::login),
                },
            );
        }
        AccountEvent::EnableRequested(_) | AccountEvent::FactorRenamed(_) => {
            let name: Option<FactorName> = open_pii(secrets, account, recorded).await?;
            show("name", name.map(|name| name.name));
        }
        AccountEvent::LockoutReset(_)
        | AccountEvent::HistoryViewed(_)
        | AccountEvent::Suspended(_)
        | AccountEvent::Resumed(_)
        | AccountEvent::PasswordMailAsked(_)
        | AccountEvent::FactorRemovalRequested(_)
        | AccountEvent::FactorRemovalApproved(_)
        | AccountEvent::FactorRemovalCancelled(_)
        | AccountEvent::SessionsEnded(SessionsEnded { why: SessionEndedWhy::Support, .. }) => {
            let errand: Option<Errand> = open_pii(secrets, account, recorded).await?;
            let Errand { reason, ticket, email } = errand.unwrap_or_default();
            show("email", email.as_deref().map(mask::email));
            show("reason", reason);
            show("ticket", ticket);
        }
        _ if reader != Reader::Support => {
            if let Some(net) = open_net(secrets, entity.stream, recorded).await? {
                show("ip", Some(net.ip));
                show("user_agent", net.user_agent);
            }
        }
        _ => {}
    }
    Ok(shown)
}
