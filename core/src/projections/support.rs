//! What support asked for and waits, and how often each operator acted lately.
//!
//! How often is counted by requests: a search that finds three accounts is one. Only what a cap
//! looks at is kept, by the times of the entries, so that the same log gives the same rows.

use std::collections::BTreeMap;

use countersign_events::account::{AccountEvent, HistoryViewed, SessionEndedWhy, Viewed};
use countersign_events::actor::By;
use countersign_events::entry::Entry;
use countersign_events::id::{AccountId, CorrelationId, EventId, Position, StreamId};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension as _, Result, Row, Transaction, params};
use uuid::Uuid;

use super::accounts::account;
use super::fact::AccountFact;
use super::read_model::{ReadModel, ReadModelError};
use super::schema::{count, millis, number, time};

/// The longest span over which acts are counted.
pub const ACTS_SPAN: SignedDuration = SignedDuration::from_hours(24);
/// Acts that are looked at for one cap: more than any cap allows.
const ACTS_MAX: u32 = 4096;

/// What an operator does, as caps count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActKind {
    /// Searches an account.
    Search,
    /// Looks at an account.
    Look,
    /// Ends a lockout, or has a link to a new password sent.
    Reset,
    /// Asks for a removal.
    RemovalAsked,
    /// Approves one.
    RemovalApproved,
    /// Suspends, resumes, ends sessions.
    Hold,
}

impl ActKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Look => "look",
            Self::Reset => "reset",
            Self::RemovalAsked => "removal_asked",
            Self::RemovalApproved => "removal_approved",
            Self::Hold => "hold",
        }
    }

    /// What an event is, if a cap counts it.
    fn of(event: &AccountEvent) -> Option<Self> {
        match event {
            AccountEvent::HistoryViewed(HistoryViewed { what }) => match what {
                Viewed::Search => Some(Self::Search),
                Viewed::Account | Viewed::Events | Viewed::State => Some(Self::Look),
                Viewed::Log => None,
            },
            AccountEvent::LockoutReset(_) | AccountEvent::PasswordMailAsked(_) => Some(Self::Reset),
            AccountEvent::FactorRemovalRequested(_) => Some(Self::RemovalAsked),
            AccountEvent::FactorRemovalApproved(_) => Some(Self::RemovalApproved),
            AccountEvent::Suspended(_) | AccountEvent::Resumed(_) => Some(Self::Hold),
            AccountEvent::SessionsEnded(ended) if ended.why == SessionEndedWhy::Support => {
                Some(Self::Hold)
            }
            _ => None,
        }
    }
}

/// An act of an operator, as caps count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffAct {
    /// Who.
    pub operator: AccountId,
    /// What.
    pub kind: ActKind,
    /// The request.
    pub request: CorrelationId,
    /// When.
    pub at: Timestamp,
}

impl StaffAct {
    /// The act of an entry, if it is one that a cap counts.
    pub(super) fn of(entry: &Entry<'_>) -> Option<Self> {
        let By::Operator { id: operator } = entry.by else { return None };
        if !matches!(entry.stream, StreamId::Account(_) | StreamId::Unknown(_)) {
            return None;
        }
        let data = entry.data.get();
        let event = AccountEvent::decode(&entry.event_type, entry.version, data).ok()?;
        let kind = ActKind::of(&event)?;
        Some(Self { operator, kind, request: entry.correlation, at: entry.at })
    }
}

/// A removal that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingRemoval {
    /// The account.
    pub account: AccountId,
    /// The event that asked for it.
    pub request: EventId,
    /// Where that stands in the log.
    pub position: u64,
}

impl ReadModel {
    /// The removals that wait, the oldest first: at most `limit`, those after `cursor`.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn removals(
        &self,
        limit: usize,
        cursor: Option<u64>,
    ) -> std::result::Result<Vec<WaitingRemoval>, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT account, request, position FROM removals_v6
                     WHERE position > ?1 ORDER BY position LIMIT ?2",
                )?
                .query_map(
                    params![cursor.map_or(-1, number), i64::try_from(limit).unwrap_or(i64::MAX)],
                    waiting,
                )?
                .collect()
        })
    }

    /// The removals that are to be done now, the longest due first; at most `limit`.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn removals_due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> std::result::Result<Vec<WaitingRemoval>, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT account, request, position FROM removals_v6
                     WHERE ready = 1 AND awaits_notice = 0 AND runs_at <= ?1
                     ORDER BY runs_at LIMIT ?2",
                )?
                .query_map(params![millis(now), i64::try_from(limit).unwrap_or(0)], waiting)?
                .collect()
        })
    }

    /// When the next removal is due.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn next_removal_at(&self) -> std::result::Result<Option<Timestamp>, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT runs_at FROM removals_v6 WHERE ready = 1 AND awaits_notice = 0
                     ORDER BY runs_at LIMIT 1",
                )?
                .query_row([], |row| time(row, 0))
                .optional()
        })
    }

    /// When an operator did this since then, by request.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn acts_since(
        &self,
        operator: AccountId,
        kind: ActKind,
        since: Timestamp,
    ) -> std::result::Result<BTreeMap<CorrelationId, Timestamp>, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT request, at FROM acts_v6 WHERE operator = ?1 AND kind = ?2 AND at > ?3
                     ORDER BY at LIMIT ?4",
                )?
                .query_map(
                    params![operator.uuid().as_bytes(), kind.name(), millis(since), ACTS_MAX],
                    |row| {
                        let request = CorrelationId::new(Uuid::from_bytes(row.get(0)?));
                        Ok((request, time(row, 1)?))
                    },
                )?
                .collect()
        })
    }
}

/// Takes in an act; what no cap looks at any more is forgotten.
pub(super) fn act(transaction: &Transaction<'_>, act: &StaffAct) -> Result<()> {
    let operator = act.operator.uuid();
    let forgotten = act.at.saturating_sub(ACTS_SPAN).unwrap_or(Timestamp::MIN);
    transaction
        .prepare_cached("DELETE FROM acts_v6 WHERE operator = ?1 AND kind = ?2 AND at <= ?3")?
        .execute(params![operator.as_bytes(), act.kind.name(), millis(forgotten)])?;
    transaction
        .prepare_cached("INSERT OR IGNORE INTO acts_v6 VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            operator.as_bytes(),
            act.kind.name(),
            act.request.uuid().as_bytes(),
            millis(act.at),
        ])
        .map(drop)
}

/// Takes in what happened to an account; whether a removal came, went or was approved.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    position: Position,
    fact: &AccountFact,
) -> Result<bool> {
    let account = fact.account.uuid();
    match &fact.event {
        AccountEvent::FactorRemovalRequested(requested) => transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO removals_v6 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                account.as_bytes(),
                fact.id.uuid().as_bytes(),
                number(position.get()),
                requested.factor.map(|factor| factor.uuid().into_bytes()),
                millis(requested.runs_at),
                !requested.needs_approval,
                requested.address,
                requested.awaits_notice,
            ])?,
        // Told or not to be told: when exactly it is due, and whether, the account says.
        AccountEvent::NoticeSent(sent) => settled(transaction, account, sent.cause)?,
        AccountEvent::EmailDeliveryFailed(failed) => settled(transaction, account, failed.request)?,
        AccountEvent::FactorRemovalApproved(approved) => transaction
            .prepare_cached("UPDATE removals_v6 SET ready = 1 WHERE account = ?1 AND request = ?2")?
            .execute(params![account.as_bytes(), approved.request.uuid().as_bytes()])?,
        AccountEvent::FactorRemovalCancelled(_)
        | AccountEvent::FactorRemovalObjected(_)
        | AccountEvent::FactorRemovalCompleted(_) => transaction
            .prepare_cached("DELETE FROM removals_v6 WHERE account = ?1")?
            .execute([account.as_bytes()])?,
        // What was to be removed is gone.
        AccountEvent::FactorRemoved(removed) => transaction
            .prepare_cached("DELETE FROM removals_v6 WHERE account = ?1 AND factor = ?2")?
            .execute(params![account.as_bytes(), removed.factor.uuid().as_bytes()])?,
        AccountEvent::RecoveryCodesIssued(_) => transaction
            .prepare_cached(
                "DELETE FROM removals_v6 WHERE account = ?1 AND factor IS NULL AND NOT address",
            )?
            .execute([account.as_bytes()])?,
        AccountEvent::EmailChanged(_) => transaction
            .prepare_cached("DELETE FROM removals_v6 WHERE account = ?1 AND address")?
            .execute([account.as_bytes()])?,
        _ => return Ok(false),
    };
    Ok(true)
}

/// The notice that a removal waited for has come to its end.
fn settled(transaction: &Transaction<'_>, account: Uuid, request: EventId) -> Result<usize> {
    transaction
        .prepare_cached(
            "UPDATE removals_v6 SET awaits_notice = 0 WHERE account = ?1 AND request = ?2",
        )?
        .execute(params![account.as_bytes(), request.uuid().as_bytes()])
}

fn waiting(row: &Row<'_>) -> Result<WaitingRemoval> {
    Ok(WaitingRemoval {
        account: account(row, 0)?,
        request: EventId::new(Uuid::from_bytes(row.get(1)?)),
        position: count(row, 2)?,
    })
}
