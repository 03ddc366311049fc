//! What happens inside one transaction: appends and questions, one after the other.
//!
//! Each append stands alone: one that is refused leaves no trace and disturbs no other, and a later
//! one sees what an earlier one of the same transaction wrote. Nothing that is decided here may be
//! told to anybody before the transaction is committed.

use rusqlite::{Connection, params};

use super::super::{Append, AppendError, AppendKey, Appended, NewEntry, Placed, Resolution};
use super::heads::{Heads, Place};
use super::schema::{column, number};
use crate::id::{Position, Revision, StreamId};
use crate::store::{ENTRIES_PER_APPEND_MAX, Expected};

/// The state of the log as the transaction under way sees it.
pub(super) struct Batch<'a> {
    pub(super) connection: &'a Connection,
    pub(super) heads: &'a mut Heads,
    /// The position that the next entry gets.
    pub(super) next: &'a mut u64,
    /// Milliseconds since 1970, never running backwards.
    pub(super) now: i64,
}

impl Batch<'_> {
    /// Appends, or says why not. An outer error spoils the whole transaction.
    ///
    /// The key is looked at first: a retry that lost its answer carries an expectation that its
    /// own first try has outdated.
    pub(super) fn append(
        &mut self,
        append: &Append,
    ) -> rusqlite::Result<Result<Appended, AppendError>> {
        let head = self.heads.get(self.connection, append.stream, self.now)?;
        let known = head.map(|head| (head.stream, head.last));
        let earlier = head.and_then(|head| head.find(append.key, self.now));
        if let (Some((stream, _)), Some(first)) = (known, earlier) {
            return self.repeated(append, stream, first);
        }
        let actual = known.map(|(_, last)| Revision::new(last));
        if append.expected != Expected::at(actual) {
            return Ok(Err(AppendError::Conflict {
                stream: append.stream,
                expected: append.expected,
                actual,
            }));
        }
        let stream = match known {
            Some((stream, _)) => stream,
            None => self.name(append.stream)?,
        };
        self.write(append, stream).map(|placed| Ok(Appended::Appended(placed)))
    }

    /// What became of the append that this key names.
    pub(super) fn resolve(
        &mut self,
        stream: StreamId,
        key: AppendKey,
    ) -> rusqlite::Result<Resolution> {
        let Some(head) = self.heads.get(self.connection, stream, self.now)? else {
            return Ok(Resolution::Absent);
        };
        let number = head.stream;
        let Some(first) = head.find(key, self.now) else {
            return Ok(Resolution::Absent);
        };
        let (placed, _) = self.earlier(number, first, &[])?;
        Ok(Resolution::Appended(placed))
    }

    /// The answer to an append whose key was seen: the same one again, or another under its name.
    fn repeated(
        &self,
        append: &Append,
        stream: i64,
        first: u64,
    ) -> rusqlite::Result<Result<Appended, AppendError>> {
        if append.expected.first().get() != first {
            return Ok(Err(AppendError::KeyReused(append.key)));
        }
        let (placed, same) = self.earlier(stream, first, &append.entries)?;
        Ok(if same {
            Ok(Appended::Duplicate(placed))
        } else {
            Err(AppendError::KeyReused(append.key))
        })
    }

    /// Where the append stands that begins at `first`, and whether it holds exactly `entries`.
    fn earlier(
        &self,
        stream: i64,
        first: u64,
        entries: &[NewEntry],
    ) -> rusqlite::Result<(Placed, bool)> {
        let mut statement = self.connection.prepare_cached(
            "SELECT position, append_key IS NOT NULL, entry, sealed FROM entries
             WHERE stream = ?1 AND revision >= ?2 ORDER BY revision LIMIT ?3",
        )?;
        let limit = column(ENTRIES_PER_APPEND_MAX as u64);
        let mut rows = statement.query(params![stream, column(first), limit])?;
        let mut expected = entries.iter();
        let mut same = true;
        let mut found: Option<(u64, u64)> = None;
        while let Some(row) = rows.next()? {
            let last = match found {
                Some(_) if row.get(1)? => break,
                Some((last, _)) => last.saturating_add(1),
                None => first,
            };
            found = Some((last, number(row, 0)?));
            let entry = row.get_ref(2)?.as_blob()?;
            let sealed = row.get_ref(3)?.as_blob_or_null()?;
            same = same
                && expected
                    .next()
                    .is_some_and(|new| new.bytes == entry && new.sealed.as_deref() == sealed);
        }
        let (last, position) = found.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let placed = Placed {
            first: Revision::new(first),
            last: Revision::new(last),
            position: Position::new(position),
        };
        Ok((placed, same && expected.next().is_none()))
    }

    fn name(&self, stream: StreamId) -> rusqlite::Result<i64> {
        self.connection
            .prepare_cached("INSERT INTO streams (name) VALUES (?1)")?
            .insert([stream.to_string()])
    }

    fn write(&mut self, append: &Append, stream: i64) -> rusqlite::Result<Placed> {
        let first = append.expected.first().get();
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO entries (position, stream, revision, append_key, stored_at, entry, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        let mut key = Some(append.key.uuid().into_bytes());
        let mut last = first;
        for (revision, entry) in (first..).zip(&append.entries) {
            let key = key.take();
            insert.execute(params![
                column(*self.next),
                stream,
                column(revision),
                key.as_ref().map(<[u8; 16]>::as_slice),
                key.is_some().then_some(self.now),
                entry.bytes.as_slice(),
                entry.sealed.as_deref(),
            ])?;
            *self.next = self.next.saturating_add(1);
            last = revision;
        }
        self.heads.appended(append.stream, Place { stream, first, last }, append.key, self.now);
        Ok(Placed {
            first: Revision::new(first),
            last: Revision::new(last),
            position: Position::new(self.next.saturating_sub(1)),
        })
    }
}
