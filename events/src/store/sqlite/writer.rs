//! The one writer: a thread that takes what is queued, commits it together and answers.
//!
//! There is no artificial delay: while one commit waits for the disk, the next batch gathers in the
//! queue. Answers leave only after COMMIT has returned (P1).
//!
//! ```text
//!            BEGIN, statements        COMMIT
//!   Open ───────────────────────▶ · ─────────▶ answer, Open
//!    ▲            │ error               │ error
//!    │            ▼                     ▼
//!    │     ROLLBACK: nothing      the outcome is unknown: connection dropped
//!    │     was written                  │
//!    └──────── fence committed ◀── Broken (everything is unavailable until then)
//! ```
//!
//! **The fence.** A commit whose sync failed may lie whole in the WAL although this connection does
//! not see it, and a restart would find it. So after a failed commit nothing is said about its
//! appends until a later commit, the fence, has succeeded: it either stands behind them or has
//! overwritten the frames in which they lay. Only from then on is what the file shows what it will
//! always show, and `resolve` may answer (P8).

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, ErrorCode, params};
use tokio::sync::{mpsc, oneshot, watch};

use super::super::{Append, AppendError, AppendKey, Appended, Resolution, StoreError};
use super::StoreClock;
use super::batch::Batch;
use super::checkpointer::Checkpointer;
use super::counters::{Counters, add};
use super::heads::{HEADS_MAX, Heads, KEYS_MAX};
use super::schema::{self, fault, number};
use crate::id::StreamId;

/// Requests that may wait for the writer; more wait at the door, in order.
pub const QUEUE_MAX: usize = 4096;
/// The most appends in one transaction.
pub const BATCH_APPENDS_MAX: usize = 512;
/// The most bytes of entries in one transaction, exceeded by one request at most.
pub const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

pub(super) type AppendResult = Result<Appended, AppendError>;

/// What the writer is asked.
pub(super) enum Request {
    /// To append. One reply, outcomes in the order of the appends.
    Append(Vec<Append>, oneshot::Sender<Vec<AppendResult>>),
    /// To write a fence and nothing else: whether appends would be durable.
    Probe(oneshot::Sender<Result<(), StoreError>>),
    /// To say what became of an append.
    Resolve(StreamId, AppendKey, oneshot::Sender<Result<Resolution, StoreError>>),
}

/// What it will answer, once the transaction is committed.
enum Answer {
    Append(Vec<AppendResult>, oneshot::Sender<Vec<AppendResult>>),
    Probe(Result<(), StoreError>, oneshot::Sender<Result<(), StoreError>>),
    Resolve(Result<Resolution, StoreError>, oneshot::Sender<Result<Resolution, StoreError>>),
}

/// The step that makes a transaction durable. Tests put a faulty one in its place.
pub(super) trait Commit: Send + 'static {
    fn commit(&mut self, connection: &Connection) -> rusqlite::Result<()>;
}

/// COMMIT, as SQLite does it.
pub(super) struct SqlCommit;

impl Commit for SqlCommit {
    fn commit(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        connection.prepare_cached("COMMIT")?.execute([]).map(drop)
    }
}

pub(super) struct Writer<C> {
    path: PathBuf,
    clock: StoreClock,
    commit: C,
    requests: mpsc::Receiver<Request>,
    head: watch::Sender<Option<u64>>,
    counters: Arc<Counters>,
    /// Whether the last write failed.
    failing: Arc<AtomicBool>,
    heads: Heads,
    /// `None` while broken.
    connection: Option<Connection>,
    next: u64,
    stored_at: i64,
    checkpointer: Checkpointer,
}

impl<C: Commit> Writer<C> {
    /// Opens the file and reads where the log ends.
    pub(super) fn open(
        path: PathBuf,
        clock: StoreClock,
        commit: C,
        requests: mpsc::Receiver<Request>,
        counters: Arc<Counters>,
        failing: Arc<AtomicBool>,
    ) -> Result<(Self, watch::Receiver<Option<u64>>), StoreError> {
        let connection = schema::open_writer(&path)?;
        let checkpointer = Checkpointer::start(&path, Arc::clone(&counters))?;
        let (head, watched) = watch::channel(None);
        let mut writer = Self {
            path,
            clock,
            commit,
            requests,
            head,
            counters,
            failing,
            heads: Heads::new(HEADS_MAX, KEYS_MAX),
            connection: None,
            next: 0,
            stored_at: i64::MIN,
            checkpointer,
        };
        writer.settle(&connection).map_err(fault)?;
        writer.connection = Some(connection);
        Ok((writer, watched))
    }

    /// Works until the store is dropped and all that was queued is done.
    pub(super) fn run(mut self) {
        while let Some(first) = self.requests.blocking_recv() {
            let batch = self.gather(first);
            self.serve(batch);
        }
        drop(self.checkpointer);
        // Leave a file that needs no WAL to be read.
        if let Some(connection) = &self.connection
            && let Err(error) = schema::checkpoint(connection, "TRUNCATE")
        {
            tracing::warn!(%error, "the log's last checkpoint failed; its WAL remains");
        }
    }

    /// Takes what else is queued, up to the bounds of a batch.
    fn gather(&mut self, first: Request) -> Vec<Request> {
        let (mut appends, mut bytes) = weigh(&first);
        let mut batch = vec![first];
        while appends < BATCH_APPENDS_MAX && bytes < BATCH_BYTES_MAX {
            let Ok(request) = self.requests.try_recv() else {
                break;
            };
            let more = weigh(&request);
            appends = appends.saturating_add(more.0);
            bytes = bytes.saturating_add(more.1);
            batch.push(request);
        }
        self.counters
            .queued
            .store(self.requests.len() as u64, std::sync::atomic::Ordering::Relaxed);
        batch
    }

    fn serve(&mut self, batch: Vec<Request>) {
        if self.connection.is_none()
            && let Err(error) = self.mend()
        {
            tracing::error!(%error, "the log is still out of order");
            self.failing.store(true, Ordering::Relaxed);
            refuse(batch, &error.to_string());
            return;
        }
        let Some(connection) = self.connection.take() else {
            return;
        };
        let before = self.next;
        let mut answers = Vec::with_capacity(batch.len());
        let worked = self.transact(&connection, batch, &mut answers);
        let outcome = match worked {
            Ok(()) => self.commit.commit(&connection).map_err(Failure::Commit),
            Err((error, rest)) => {
                refuse(rest, &error.to_string());
                Err(Failure::Statement(error))
            }
        };
        match outcome {
            Ok(()) => {
                self.connection = Some(connection);
                self.committed(before, &answers);
            }
            Err(failure) => self.failed(connection, before, failure, &mut answers),
        }
        for answer in answers {
            answer.send();
        }
    }

    /// Runs a batch up to its commit. On an error the requests that were not looked at come back.
    fn transact(
        &mut self,
        connection: &Connection,
        batch: Vec<Request>,
        answers: &mut Vec<Answer>,
    ) -> Result<(), (rusqlite::Error, Vec<Request>)> {
        if let Err(error) = begin(connection) {
            return Err((error, batch));
        }
        let mut state = Batch {
            connection,
            heads: &mut self.heads,
            next: &mut self.next,
            now: tick(&self.clock, &mut self.stored_at),
        };
        let mut requests = batch.into_iter();
        while let Some(request) = requests.next() {
            let (answer, error) = work(&mut state, request);
            answers.push(answer);
            if let Some(error) = error {
                return Err((error, requests.collect()));
            }
        }
        Ok(())
    }

    /// Counts, and tells readers of the new head before anybody gets an answer (P5).
    fn committed(&mut self, before: u64, answers: &[Answer]) {
        let entries = self.next.saturating_sub(before);
        let counters = &self.counters;
        for result in answers.iter().flat_map(Answer::appends) {
            match result {
                Ok(Appended::Appended(_)) => add(&counters.appends, 1),
                Ok(Appended::Duplicate(_)) => add(&counters.duplicates, 1),
                Err(_) => add(&counters.refusals, 1),
            }
        }
        if entries > 0 || answers.iter().any(|answer| matches!(answer, Answer::Probe(..))) {
            self.failing.store(false, Ordering::Relaxed);
        }
        if entries > 0 {
            add(&counters.entries, entries);
            add(&counters.commits, 1);
            // An entry touches a page of the index; a commit the end of the table and a root.
            self.checkpointer.wrote(entries.saturating_add(2));
            self.head.send_replace(self.next.checked_sub(1));
        }
    }

    /// Undoes a transaction, or leaves it to the fence when that cannot be done.
    fn failed(
        &mut self,
        connection: Connection,
        before: u64,
        failure: Failure,
        answers: &mut [Answer],
    ) {
        self.heads.clear();
        self.next = before;
        let (error, unknown) = match failure {
            Failure::Statement(error) => (error, false),
            // Full or busy: SQLite had not written the commit's last frame.
            Failure::Commit(error) if is_harmless(&error) => (error, false),
            Failure::Commit(error) => (error, true),
        };
        tracing::error!(%error, unknown, "a commit of the log failed");
        add(&self.counters.commits_failed, 1);
        self.failing.store(true, Ordering::Relaxed);
        let undone = connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok();
        if !unknown && undone && is_harmless(&error) {
            self.connection = Some(connection);
        } else {
            drop(connection);
        }
        let text = error.to_string();
        for answer in answers {
            answer.spoil(&text, unknown);
        }
    }

    /// Opens the file anew and settles what a failed commit left.
    fn mend(&mut self) -> Result<(), StoreError> {
        let paused = self.checkpointer.pause();
        let connection = schema::open_writer(&self.path)?;
        drop(paused);
        let now = tick(&self.clock, &mut self.stored_at);
        begin(&connection).map_err(fault)?;
        fence(&connection, now).map_err(fault)?;
        self.commit.commit(&connection).map_err(fault)?;
        self.settle(&connection).map_err(fault)?;
        self.connection = Some(connection);
        self.failing.store(false, Ordering::Relaxed);
        tracing::warn!("the log is in order again after a failed commit");
        Ok(())
    }

    /// Reads where the log ends and tells the readers.
    fn settle(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.heads.clear();
        self.next = connection.query_row(
            "SELECT coalesce(max(position) + 1, 0) FROM entries",
            [],
            |row| number(row, 0),
        )?;
        let stored_at: Option<i64> = connection.query_row(
            "SELECT (SELECT stored_at FROM entries WHERE stored_at IS NOT NULL
                     ORDER BY position DESC LIMIT 1)",
            [],
            |row| row.get(0),
        )?;
        self.stored_at = stored_at.unwrap_or(i64::MIN).max(self.stored_at);
        self.head.send_replace(self.next.checked_sub(1));
        Ok(())
    }
}

enum Failure {
    /// Before COMMIT: nothing was written.
    Statement(rusqlite::Error),
    /// In COMMIT.
    Commit(rusqlite::Error),
}

impl Answer {
    fn appends(&self) -> &[AppendResult] {
        match self {
            Self::Append(results, _) => results,
            Self::Probe(..) | Self::Resolve(..) => &[],
        }
    }

    /// The transaction failed: what was decided in it does not hold. What wrote nothing in any
    /// case may be asked for again.
    fn spoil(&mut self, cause: &str, unknown: bool) {
        match self {
            Self::Append(results, _) => {
                for result in results {
                    *result = Err(if unknown && result.is_ok() {
                        AppendError::OutcomeUnknown(cause.to_owned())
                    } else {
                        AppendError::Unavailable(cause.to_owned())
                    });
                }
            }
            Self::Probe(result, _) => *result = Err(StoreError::Unavailable(cause.to_owned())),
            Self::Resolve(result, _) => *result = Err(StoreError::Unavailable(cause.to_owned())),
        }
    }

    fn send(self) {
        // Whoever asked may have stopped waiting; what was recorded stays recorded.
        match self {
            Self::Append(results, reply) => drop(reply.send(results)),
            Self::Probe(result, reply) => drop(reply.send(result)),
            Self::Resolve(result, reply) => drop(reply.send(result)),
        }
    }
}

/// Does one request. With an error the transaction is spoilt, and the answer with it.
fn work(state: &mut Batch<'_>, request: Request) -> (Answer, Option<rusqlite::Error>) {
    match request {
        Request::Append(appends, reply) => {
            let mut results = Vec::with_capacity(appends.len());
            let mut spoilt = None;
            for append in &appends {
                match state.append(append) {
                    Ok(result) => results.push(result),
                    Err(error) => {
                        spoilt = Some(error);
                        break;
                    }
                }
            }
            results.resize(appends.len(), Err(AppendError::Unavailable(String::new())));
            (Answer::Append(results, reply), spoilt)
        }
        Request::Probe(reply) => {
            let spoilt = fence(state.connection, state.now).err();
            (Answer::Probe(Ok(()), reply), spoilt)
        }
        Request::Resolve(stream, key, reply) => match state.resolve(stream, key) {
            Ok(resolution) => (Answer::Resolve(Ok(resolution), reply), None),
            Err(error) => (Answer::Resolve(Ok(Resolution::Absent), reply), Some(error)),
        },
    }
}

/// Answers without having tried.
fn refuse(batch: Vec<Request>, cause: &str) {
    for request in batch {
        let mut answer = match request {
            Request::Append(appends, reply) => {
                let none = AppendError::Unavailable(String::new());
                Answer::Append(vec![Err(none); appends.len()], reply)
            }
            Request::Probe(reply) => Answer::Probe(Ok(()), reply),
            Request::Resolve(_, _, reply) => Answer::Resolve(Ok(Resolution::Absent), reply),
        };
        answer.spoil(cause, false);
        answer.send();
    }
}

fn weigh(request: &Request) -> (usize, usize) {
    match request {
        Request::Append(appends, _) => (
            appends.len(),
            appends
                .iter()
                .flat_map(|append| &append.entries)
                .map(|entry| entry.bytes.len() + entry.sealed.as_ref().map_or(0, Vec::len))
                .sum(),
        ),
        Request::Probe(..) | Request::Resolve(..) => (1, 0),
    }
}

fn begin(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)
}

/// A row that says nothing about entries and makes the commit write.
fn fence(connection: &Connection, now: i64) -> rusqlite::Result<()> {
    let insert = "INSERT INTO fences (fenced_at) VALUES (?1)";
    connection.execute(insert, params![now]).map(drop)
}

/// Now, in milliseconds, never earlier than before.
fn tick(clock: &StoreClock, last: &mut i64) -> i64 {
    *last = clock().as_millisecond().max(*last);
    *last
}

fn is_harmless(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}
