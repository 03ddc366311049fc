//! Which accounts an operator looked at lately.

use countersign_events::account::{AccountEvent, Viewed};
use countersign_events::id::{AccountId, Position};
use rusqlite::{OptionalExtension as _, Result, Transaction, params};

use super::accounts::account;
use super::fact::AccountFact;
use super::read_model::{ReadModel, ReadModelError};
use super::schema::{count, number};

/// The most accounts that are remembered of one operator.
pub const LOOKS_MAX: usize = 200;

/// Takes in a look; what is beyond [`LOOKS_MAX`] is forgotten, the oldest first.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    position: Position,
    fact: &AccountFact,
) -> Result<()> {
    let (AccountEvent::HistoryViewed(viewed), Some(operator)) = (&fact.event, fact.operator) else {
        return Ok(());
    };
    if viewed.what == Viewed::Log {
        return Ok(());
    }
    let operator = operator.uuid();
    transaction.prepare_cached("INSERT OR REPLACE INTO looks_v6 VALUES (?1, ?2, ?3)")?.execute(
        params![operator.as_bytes(), fact.account.uuid().as_bytes(), number(position.get())],
    )?;
    transaction
        .prepare_cached(
            "DELETE FROM looks_v6 WHERE operator = ?1 AND position <= (
                 SELECT position FROM looks_v6 WHERE operator = ?1
                 ORDER BY position DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute(params![operator.as_bytes(), i64::try_from(LOOKS_MAX).unwrap_or(i64::MAX)])
        .map(drop)
}

impl ReadModel {
    /// Where an operator's latest look at an account stands.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn look_at(
        &self,
        operator: AccountId,
        account: AccountId,
    ) -> std::result::Result<Option<Position>, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT position FROM looks_v6 WHERE operator = ?1 AND account = ?2",
                )?
                .query_row(params![operator.uuid().as_bytes(), account.uuid().as_bytes()], |row| {
                    count(row, 0).map(Position::new)
                })
                .optional()
        })
    }

    /// The accounts that an operator looked at, the latest first, and the cursor to go on after
    /// each; at most `limit`, those after `cursor`.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn looked_at(
        &self,
        operator: AccountId,
        limit: usize,
        cursor: Option<u64>,
    ) -> std::result::Result<Vec<(AccountId, u64)>, ReadModelError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT account, position FROM looks_v6 WHERE operator = ?1 AND position < ?2
                     ORDER BY position DESC LIMIT ?3",
                )?
                .query_map(
                    params![
                        operator.uuid().as_bytes(),
                        number(cursor.unwrap_or(u64::MAX)),
                        i64::try_from(limit.min(LOOKS_MAX)).unwrap_or(0)
                    ],
                    |row| Ok((account(row, 0)?, count(row, 1)?)),
                )?
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use countersign_events::account::{AccountEvent, HistoryViewed, Viewed};
    use countersign_events::id::{AccountId, EventId, Hash32, Position, Revision};
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::LOOKS_MAX;
    use crate::mail::wording::Doer;
    use crate::projections::{AccountFact, Fact, FactKind, ReadModel};

    fn look(position: u64, account: u128, what: Viewed) -> Fact {
        let fact = AccountFact {
            account: AccountId::new(Uuid::from_u128(account)),
            id: EventId::new(Uuid::from_u128(u128::from(position))),
            at: Timestamp::UNIX_EPOCH,
            revision: Revision::new(position),
            by: Doer::Staff,
            operator: Some(AccountId::new(Uuid::from_u128(7))),
            event: AccountEvent::HistoryViewed(HistoryViewed { what }),
            email_hash: None,
        };
        let kind = FactKind::Account(Box::new(fact));
        Fact { position: Position::new(position), leaf: Hash32::new([0; 32]), kind, act: None }
    }

    #[test]
    fn so_many_accounts_are_remembered_the_latest_first() {
        let dir = tempfile::tempdir().unwrap();
        let model = ReadModel::open(&dir.path().join("read.db")).unwrap();
        let many = u64::try_from(LOOKS_MAX).unwrap() + 50;
        let mut facts: Vec<Fact> = (0..many)
            .map(|position| look(position, 100 + u128::from(position), Viewed::Account))
            .collect();
        facts.push(look(many, 100 + u128::from(many) - 5, Viewed::State));
        facts.push(look(many + 1, 9, Viewed::Log));
        model.apply(&facts).unwrap();
        let operator = AccountId::new(Uuid::from_u128(7));
        let looked = model.looked_at(operator, LOOKS_MAX + 1, None).unwrap();
        assert_eq!(looked.len(), LOOKS_MAX);
        let first = AccountId::new(Uuid::from_u128(100 + u128::from(many) - 5));
        assert_eq!(looked[0], (first, many));
        let rows = model.dump().unwrap().lines().filter(|row| row.starts_with("looks")).count();
        assert_eq!(rows, LOOKS_MAX);
    }
}
