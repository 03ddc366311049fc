//! Moving the WAL into the file, beside the writer.
//!
//! A thread with a connection of its own copies what is committed from the WAL into the file while
//! commits go on: a PASSIVE checkpoint waits for nobody and nobody waits for it. Only where the WAL
//! grows beyond [`WAL_PAGES_MAX`](super::schema::WAL_PAGES_MAX) all the same does a commit take the
//! rest along, which by then is little; after that the WAL starts again from its beginning.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::super::StoreError;
use super::counters::{Counters, add};
use super::schema;

/// A checkpoint is due once about this many pages wait in the WAL.
pub const CHECKPOINT_PAGES: u64 = 1000;

/// The thread, and when it is due. Dropping it waits for the checkpoint under way.
pub(super) struct Checkpointer {
    due: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Held while a checkpoint is under way.
    turn: Arc<Mutex<()>>,
    pages: u64,
}

impl Checkpointer {
    pub(super) fn start(path: &Path, counters: Arc<Counters>) -> Result<Self, StoreError> {
        let connection = schema::open_checkpointer(path)?;
        // One that waits is enough: it takes all that is there by then.
        let (due, waiting) = sync_channel(1);
        let turn = Arc::new(Mutex::new(()));
        let held = Arc::clone(&turn);
        let thread = std::thread::Builder::new()
            .name("log-checkpoint".to_owned())
            .spawn(move || run(&connection, &waiting, &held, &counters))
            .map_err(|cause| StoreError::Unavailable(format!("cannot start a thread: {cause}")))?;
        Ok(Self { due: Some(due), thread: Some(thread), turn, pages: 0 })
    }

    /// A commit wrote about this many pages.
    pub(super) fn wrote(&mut self, pages: u64) {
        self.pages = self.pages.saturating_add(pages);
        if self.pages < CHECKPOINT_PAGES {
            return;
        }
        self.pages = 0;
        if let Some(due) = &self.due {
            // Full: one is due already.
            let _due_already = due.try_send(());
        }
    }

    /// No checkpoint begins while this is held, and none is under way.
    pub(super) fn pause(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.due = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the log's checkpointer had panicked");
        }
    }
}

fn run(connection: &Connection, due: &Receiver<()>, turn: &Mutex<()>, counters: &Counters) {
    while due.recv().is_ok() {
        let _held = turn.lock().unwrap_or_else(PoisonError::into_inner);
        match schema::checkpoint(connection, "PASSIVE") {
            Ok(_) => add(&counters.checkpoints, 1),
            // The WAL keeps what was not moved, and the next one moves it.
            Err(error) => tracing::warn!(%error, "a checkpoint of the log failed"),
        }
    }
}
