//! Which operators and client apps there are: the names of their streams.

use countersign_events::id::{Position, StreamId};
use rusqlite::{Result, Transaction, params};

use super::read_model::{ReadModel, ReadModelError};
use super::schema::number;

/// Takes in that something happened to an operator or a client app.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    position: Position,
    stream: StreamId,
) -> Result<()> {
    if matches!(stream, StreamId::Operator(_) | StreamId::Client(_)) {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO staff_v6 VALUES (?1, ?2)")?
            .execute(params![stream.to_string(), number(position.get())])?;
    }
    Ok(())
}

impl ReadModel {
    /// The streams of operators and client apps, in the order in which they were added.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn staff(&self) -> std::result::Result<Vec<StreamId>, ReadModelError> {
        let names: Vec<String> = self.read(|connection| {
            connection
                .prepare_cached("SELECT stream FROM staff_v6 ORDER BY position")?
                .query_map([], |row| row.get(0))?
                .collect()
        })?;
        Ok(names.iter().filter_map(|name| StreamId::parse(name).ok()).collect())
    }
}
