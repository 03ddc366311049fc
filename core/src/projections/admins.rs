//! Whom the acts of staff are told to: all admins, each by a mail of its own (SR-125).
//!
//! A mail of this kind hangs on an event of another stream, and there are as many as admins. Each
//! has its own name, made from the event and the admin, so that each is sent, tried again and given
//! up by itself, and what became of it stands on the admin's own stream.

use countersign_events::account::Notice;
use countersign_events::client::ClientEvent;
use countersign_events::id::{AccountId, EventId, Position, StreamId};
use countersign_events::operator::{Cap, OperatorEvent, Role};
use countersign_events::policy::PolicyEvent;
use jiff::Timestamp;
use rusqlite::{Result, Transaction, params};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::accounts::account;
use super::mail_due::{MailDue, MailKind};
use super::outbox;
use crate::mail::wording::{Doer, NoticeFacts, StaffAct, Told};

/// Something that happened to an operator, a client app or the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffFact {
    /// Where.
    pub stream: StreamId,
    /// The event's id.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Doer,
    /// Which operator, where one did it.
    pub operator: Option<AccountId>,
    /// What.
    pub event: StaffEvent,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaffEvent {
    /// To an operator.
    Operator(OperatorEvent),
    /// To a client app.
    Client(ClientEvent),
    /// To the policy.
    Policy(PolicyEvent),
}

/// Takes in what happened; whether a mail became due. Who is told is who was an admin before it:
/// also one whose role it takes away.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    position: Position,
    fact: &StaffFact,
) -> Result<bool> {
    let due = told(&fact.event).map(|(notice, told)| mail(fact, notice, told));
    let mut any = false;
    if let Some(due) = due {
        for admin in reachable(transaction)? {
            let event = mail_id(fact.id, admin);
            outbox::open(transaction, position, (event, admin, fact.at), &due)?;
            any = true;
        }
    }
    if let (StreamId::Operator(operator), StaffEvent::Operator(event)) = (fact.stream, &fact.event)
    {
        take_role(transaction, operator, event)?;
    }
    Ok(any)
}

/// What is told of an event, if anything is: those of before anybody was told say nothing of it.
fn told(event: &StaffEvent) -> Option<(Notice, Told)> {
    let (told, tells) = match event {
        StaffEvent::Operator(OperatorEvent::CapReached(it)) => {
            let told = match it.cap {
                Cap::Searches => Told::Searches,
                Cap::Looks => Told::Looks,
                Cap::Resets => Told::Resets,
                Cap::RemovalsAsked => Told::RemovalsAsked,
                Cap::RemovalsApproved => Told::RemovalsApproved,
                Cap::Suspensions => Told::Suspensions,
            };
            return it.tells_admins.then_some((Notice::CapReached, told));
        }
        StaffEvent::Operator(OperatorEvent::Added(it)) => (Told::OperatorAdded, it.tells_admins),
        StaffEvent::Operator(OperatorEvent::Disabled(it)) => {
            (Told::OperatorDisabled, it.tells_admins)
        }
        StaffEvent::Operator(OperatorEvent::Enabled(it)) => {
            (Told::OperatorEnabled, it.tells_admins)
        }
        StaffEvent::Operator(OperatorEvent::Unlocked(it)) => {
            (Told::OperatorUnlocked, it.tells_admins)
        }
        StaffEvent::Operator(OperatorEvent::SeedsExported(it)) => {
            (Told::SeedsExported, it.tells_admins)
        }
        StaffEvent::Operator(
            OperatorEvent::SetUp(_)
            | OperatorEvent::UnlockRequested(_)
            | OperatorEvent::ActRefused(_),
        ) => return None,
        StaffEvent::Client(ClientEvent::Added(it)) => (Told::ClientAdded, it.tells_admins),
        StaffEvent::Client(ClientEvent::Disabled(it)) => (Told::ClientDisabled, it.tells_admins),
        StaffEvent::Client(ClientEvent::KeyAdded(it)) => (Told::ClientKeyAdded, it.tells_admins),
        StaffEvent::Client(ClientEvent::KeyEnded(it)) => (Told::ClientKeyEnded, it.tells_admins),
        StaffEvent::Client(ClientEvent::RedirectsSet(it)) => {
            (Told::ClientRedirectsSet, it.tells_admins)
        }
        StaffEvent::Client(ClientEvent::WebhookAdded(_)) => (Told::WebhookAdded, true),
        StaffEvent::Client(ClientEvent::WebhookSecretAdded(_)) => (Told::WebhookSecretAdded, true),
        StaffEvent::Client(ClientEvent::WebhookEnded(_)) => (Told::WebhookEnded, true),
        StaffEvent::Client(ClientEvent::WebhookRedelivered(_)) => (Told::WebhookRedelivered, true),
        StaffEvent::Client(ClientEvent::WebhookReplayed(_)) => (Told::WebhookReplayed, true),
        StaffEvent::Client(ClientEvent::KeyUsed(_) | ClientEvent::WebhookProgressed(_)) => {
            return None;
        }
        StaffEvent::Policy(PolicyEvent::Set(it)) => (Told::PolicySet, it.tells_admins),
    };
    tells.then_some((Notice::AdminActed, told))
}

fn mail(fact: &StaffFact, notice: Notice, told: Told) -> MailDue {
    let about = match fact.stream {
        StreamId::Operator(_) | StreamId::Client(_) => Some(fact.stream.to_string()),
        _ => None,
    };
    let staff = StaffAct { told, by: fact.operator.map(|id| id.to_string()), about };
    let facts = NoticeFacts { staff: Some(staff), ..NoticeFacts::of(fact.by) };
    MailDue { kind: MailKind::Notice { notice, facts }, expires_at: None }
}

/// The name of the mail that tells one admin of an event. It keeps the time that the event's id
/// begins with: how far to look back for what became of it is found by that.
fn mail_id(event: EventId, admin: AccountId) -> EventId {
    let mut hash = Sha256::new();
    hash.update(event.uuid().as_bytes());
    hash.update(admin.uuid().as_bytes());
    let random = hash.finalize();
    let mut bytes = *event.uuid().as_bytes();
    // RFC 9562, section 5.7: what follows the time and the version is random.
    for (byte, other) in bytes.iter_mut().skip(8).zip(random) {
        *byte = other;
    }
    if let Some(variant) = bytes.get_mut(8) {
        *variant = *variant & 0x3f | 0x80;
    }
    EventId::new(Uuid::from_bytes(bytes))
}

/// The admins who may act and whose address was proven.
fn reachable(transaction: &Transaction<'_>) -> Result<Vec<AccountId>> {
    transaction
        .prepare_cached(
            "SELECT account FROM admins_v6 JOIN accounts_v6 USING (account)
             WHERE is_admin AND set_up AND NOT disabled AND has_email AND email_proven
             ORDER BY account",
        )?
        .query_map([], |row| account(row, 0))?
        .collect()
}

/// Follows who has the role.
fn take_role(
    transaction: &Transaction<'_>,
    operator: AccountId,
    event: &OperatorEvent,
) -> Result<()> {
    let set = match event {
        OperatorEvent::Added(added) => {
            return transaction
                .prepare_cached(
                    "INSERT INTO admins_v6 VALUES (?1, ?2, 0, 0)
                     ON CONFLICT DO UPDATE SET is_admin = ?2",
                )?
                .execute(params![operator.uuid().as_bytes(), added.role == Role::Admin])
                .map(drop);
        }
        OperatorEvent::SetUp(_) => "UPDATE admins_v6 SET set_up = 1 WHERE account = ?1",
        OperatorEvent::Unlocked(_) => "UPDATE admins_v6 SET set_up = 0 WHERE account = ?1",
        OperatorEvent::Disabled(_) => "UPDATE admins_v6 SET disabled = 1 WHERE account = ?1",
        OperatorEvent::Enabled(_) => "UPDATE admins_v6 SET disabled = 0 WHERE account = ?1",
        OperatorEvent::UnlockRequested(_)
        | OperatorEvent::CapReached(_)
        | OperatorEvent::ActRefused(_)
        | OperatorEvent::SeedsExported(_) => return Ok(()),
    };
    transaction.prepare_cached(set)?.execute([operator.uuid().as_bytes()]).map(drop)
}
