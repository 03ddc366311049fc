//! The one thread that writes to the vault.
//!
//! It takes what waits, runs it in one transaction and commits once; only then does anybody hear
//! that the write is done. Every write is one statement or idempotent, so a failed one leaves
//! nothing behind in the others' transaction. After a failed commit nobody knows what is on disk:
//! the connection is closed and opened again, and every caller hears `Unavailable`; they repeat.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use futures::channel::oneshot;
use futures::future::{BoxFuture, ready};
use futures::{FutureExt as _, TryFutureExt as _};
use rusqlite::{Connection, TransactionBehavior};

use super::super::rows::VaultError;
use super::{fault, open_for_writing};

/// Writes that wait at most.
const QUEUE_MAX: usize = 1024;
/// Writes in one transaction at most.
const BATCH_MAX: usize = 256;

/// Tells a caller what became of the transaction.
type Answer = Box<dyn FnOnce(Result<(), VaultError>) + Send>;
type Work = Box<dyn FnOnce(&Connection) -> Answer + Send>;

struct Write {
    work: Work,
    deletes: bool,
}

/// Hands writes to the thread; ends it when dropped.
pub(super) struct Writer {
    queue: Option<SyncSender<Write>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(path: &Path, db: Connection) -> Result<Self, VaultError> {
        let (queue, writes) = sync_channel(QUEUE_MAX);
        let path = path.to_owned();
        let thread = thread::Builder::new()
            .name("vault-writer".to_owned())
            .spawn(move || run(&path, db, &writes))
            .map_err(|error| VaultError::Unavailable(format!("vault writer: {error}")))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Runs a write; ready when it is durable.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, VaultError>> {
        self.submit(false, work)
    }

    /// As [`Self::run`], for what must not stay behind in the WAL.
    pub(super) fn run_deletion<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, VaultError>> {
        self.submit(true, work)
    }

    fn submit<T: Send + 'static>(
        &self,
        deletes: bool,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, VaultError>> {
        let (sender, receiver) = oneshot::channel();
        let work: Work = Box::new(move |db| {
            let done = work(db).map_err(fault);
            Box::new(move |committed| {
                // A caller that no longer listens loses nothing: the write stands.
                let _ = sender.send(committed.and(done));
            })
        });
        let sent = self.queue.as_ref().map(|queue| queue.try_send(Write { work, deletes }));
        match sent {
            Some(Ok(())) => receiver.map_err(|_| stopped()).and_then(ready).boxed(),
            Some(Err(TrySendError::Full(_))) => ready(Err(VaultError::Busy)).boxed(),
            Some(Err(TrySendError::Disconnected(_))) | None => ready(Err(stopped())).boxed(),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(path: &Path, db: Connection, writes: &Receiver<Write>) {
    let mut db = Some(db);
    while let Ok(first) = writes.recv() {
        let batch: Vec<Write> =
            std::iter::once(first).chain(writes.try_iter().take(BATCH_MAX - 1)).collect();
        let deletes = batch.iter().any(|write| write.deletes);
        let connection = match db.take() {
            Some(connection) => Ok(connection),
            None => open_for_writing(path),
        };
        match connection {
            Ok(mut connection) => {
                if commit(&mut connection, batch, deletes) {
                    db = Some(connection);
                }
            }
            Err(error) => batch.into_iter().for_each(|write| refuse(write, &error)),
        }
    }
    // The end of the process: what was written lies in the one file.
    if let Some(db) = db {
        truncate_wal(&db);
    }
}

/// Runs a batch in one transaction and answers; false where the connection must go.
fn commit(db: &mut Connection, batch: Vec<Write>, deletes: bool) -> bool {
    let transaction = match db.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => {
            let error = unavailable(&error);
            batch.into_iter().for_each(|write| refuse(write, &error));
            return false;
        }
    };
    let answers: Vec<Answer> = batch.into_iter().map(|write| (write.work)(&transaction)).collect();
    // Some errors (a full disk) end the whole transaction; a commit would then do nothing.
    let committed = if transaction.is_autocommit() {
        drop(transaction);
        Err(VaultError::Unavailable("transaction ended early".to_owned()))
    } else {
        transaction.commit().map_err(|error| unavailable(&error))
    };
    let kept = committed.is_ok();
    if kept && deletes {
        truncate_wal(db);
    }
    for answer in answers {
        answer(committed.clone());
    }
    kept
}

/// Answers a write that was never run.
fn refuse(write: Write, error: &VaultError) {
    // The work is dropped, and with it the sender: the caller hears that the writer stopped.
    tracing::warn!(%error, "vault write refused");
    drop(write);
}

/// Removes old pages, and with them what was deleted, from the WAL. Best effort: a reader in
/// between leaves it to the next one.
fn truncate_wal(db: &Connection) {
    let truncated = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    if let Err(error) = truncated {
        tracing::warn!(%error, "vault WAL not truncated");
    }
}

fn stopped() -> VaultError {
    VaultError::Unavailable("the vault's writer did not take the write".to_owned())
}

fn unavailable(error: &rusqlite::Error) -> VaultError {
    VaultError::Unavailable(error.to_string())
}
