//! Where in an account's stream the events of a kind stand.
//!
//! A time line is read from the stream; this index tells a filtered one which revisions to read, so
//! that a page of it costs the same whatever the account's age.

use countersign_events::account::{AccountEvent, Purpose};
use countersign_events::id::{AccountId, Revision};
use rusqlite::{Result, Transaction, params};

use super::fact::AccountFact;
use super::read_model::{ReadModel, ReadModelError};
use super::schema::{count, number};

/// What events are about, as a time line is filtered. The numbers stand in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Passwords given, sign-ins, sessions, devices.
    SignIns = 1,
    /// Codes: asked for, accepted, refused.
    Codes = 2,
    /// What must wait or is closed, and what ended that.
    Locks = 3,
    /// Looks and acts of support.
    Support = 4,
    /// Mails: sent, and given up.
    Mail = 5,
    /// What the account proves itself with.
    Factors = 6,
}

/// In which order a time line is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest event first.
    #[default]
    Newest,
    /// The oldest event first.
    Oldest,
}

/// The kinds of an event: one for what it is, one more where a code completes a sign-in, and one
/// more where support did it.
fn kinds(fact: &AccountFact) -> impl Iterator<Item = EventKind> {
    let is = kind(&fact.event);
    let also = match &fact.event {
        AccountEvent::CodeVerified(verified) if verified.purpose == Purpose::SignIn => {
            Some(EventKind::SignIns)
        }
        _ => None,
    };
    let by_support = fact.operator.map(|_| EventKind::Support).filter(|support| *support != is);
    [Some(is), also, by_support].into_iter().flatten()
}

/// Every event has its kind here: a new one does not compile without.
const fn kind(event: &AccountEvent) -> EventKind {
    match event {
        AccountEvent::PasswordVerified(_)
        | AccountEvent::PasswordRejected(_)
        | AccountEvent::FirstFactorVouched(_)
        | AccountEvent::SessionUsed(_)
        | AccountEvent::SessionsEnded(_)
        | AccountEvent::GrantIssued(_)
        | AccountEvent::GrantRedeemed(_)
        | AccountEvent::GrantVoided(_)
        | AccountEvent::DevicesForgotten(_) => EventKind::SignIns,
        AccountEvent::CodeVerified(_)
        | AccountEvent::CodeRejected(_)
        | AccountEvent::EmailCodeRequested(_)
        | AccountEvent::RecoveryCodeUsed(_) => EventKind::Codes,
        AccountEvent::AttemptsRefused(_)
        | AccountEvent::CooledDown(_)
        | AccountEvent::LockedOut(_)
        | AccountEvent::LockoutReset(_)
        | AccountEvent::PasswordUnlocked(_)
        | AccountEvent::HoldPlaced(_) => EventKind::Locks,
        AccountEvent::HistoryViewed(_)
        | AccountEvent::Suspended(_)
        | AccountEvent::Resumed(_)
        | AccountEvent::PasswordMailAsked(_)
        | AccountEvent::FactorRemovalRequested(_)
        | AccountEvent::FactorRemovalApproved(_)
        | AccountEvent::FactorRemovalCancelled(_)
        | AccountEvent::FactorRemovalObjected(_)
        | AccountEvent::FactorRemovalCompleted(_) => EventKind::Support,
        AccountEvent::EmailCodeSent(_)
        | AccountEvent::EmailDeliveryFailed(_)
        | AccountEvent::NoticeSent(_) => EventKind::Mail,
        AccountEvent::Registered(_)
        | AccountEvent::RegistrationAbandoned(_)
        | AccountEvent::KeyCreated(_)
        | AccountEvent::EmailConfirmed(_)
        | AccountEvent::EmailChanged(_)
        | AccountEvent::EmailChangeUndone(_)
        | AccountEvent::PasswordSet(_)
        | AccountEvent::PasswordResetRequested(_)
        | AccountEvent::PasswordResetRenewed(_)
        | AccountEvent::PasswordChangeDemanded(_)
        | AccountEvent::EnableRequested(_)
        | AccountEvent::Enabled(_)
        | AccountEvent::FactorRenamed(_)
        | AccountEvent::FactorRemoved(_)
        | AccountEvent::FactorResynced(_)
        | AccountEvent::Disabled(_)
        | AccountEvent::RecoveryCodesIssued(_)
        | AccountEvent::ReplacementRequested(_)
        | AccountEvent::ReplacementObjected(_)
        | AccountEvent::ReplacementCompleted(_)
        | AccountEvent::Repudiated(_) => EventKind::Factors,
    }
}

pub(super) fn apply(transaction: &Transaction<'_>, fact: &AccountFact) -> Result<()> {
    let mut insert =
        transaction.prepare_cached("INSERT OR IGNORE INTO time_line_v6 VALUES (?1, ?2, ?3)")?;
    for kind in kinds(fact) {
        insert.execute(params![
            fact.account.uuid().as_bytes(),
            kind as i64,
            number(fact.revision.get())
        ])?;
    }
    Ok(())
}

const NEWEST: &str = "SELECT revision FROM time_line_v6
    WHERE account = ?1 AND kind = ?2 AND revision < ?3 ORDER BY revision DESC LIMIT ?4";
const OLDEST: &str = "SELECT revision FROM time_line_v6
    WHERE account = ?1 AND kind = ?2 AND revision >= ?3 ORDER BY revision LIMIT ?4";

impl ReadModel {
    /// Up to `limit` revisions of an account's events of a kind: the newest first and all before
    /// `cursor`, or the oldest first and none before it.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn time_line(
        &self,
        account: AccountId,
        kind: EventKind,
        order: Order,
        cursor: u64,
        limit: usize,
    ) -> std::result::Result<Vec<Revision>, ReadModelError> {
        let sql = match order {
            Order::Newest => NEWEST,
            Order::Oldest => OLDEST,
        };
        let limit = i64::try_from(limit).unwrap_or(0);
        self.read(|connection| {
            connection
                .prepare_cached(sql)?
                .query_map(
                    params![account.uuid().as_bytes(), kind as i64, number(cursor), limit],
                    |row| count(row, 0).map(Revision::new),
                )?
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{NEWEST, OLDEST};
    use crate::projections::ReadModel;

    /// A page of a filtered time line is a search of one index, whatever the account's age.
    #[test]
    fn a_filtered_page_is_no_scan() {
        let dir = tempfile::tempdir().unwrap();
        let model = ReadModel::open(&dir.path().join("read.db")).unwrap();
        for sql in [NEWEST, OLDEST] {
            let plan: Vec<String> = model
                .read(|connection| {
                    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                    explained
                        .query_map(rusqlite::params![[0_u8; 16], 1, 0, 50], |row| row.get(3))?
                        .collect()
                })
                .unwrap();
            assert_eq!(plan.len(), 1, "{plan:?}");
            assert!(plan[0].starts_with("SEARCH time_line_v6 USING PRIMARY KEY"), "{plan:?}");
        }
    }
}
