//! The keeper: holds the log to what was signed of it, and signs what is new.
//!
//! Once a second in which something is new it makes a checkpoint: size and root of the log, signed
//! with the log's key. The last one lies outside the database. Before anything is written after a
//! start the log is compared with it: a log that is shorter, or another, is written to by nobody
//! until `log recover`. Beside it lie the hashes of the tree, from which tiles are served and which
//! tell where another log begins to differ.
//!
//! **What must stay true.** A checkpoint is signed only over entries that the last one is the
//! beginning of. Whoever finds that the log is another than was signed halts the pen ([`Halt`]),
//! signs nothing more, and says so loudly.

mod kept;
mod recover;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use actix_rt::ArbiterHandle;
use countersign_events::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use countersign_events::entry::Entry;
use countersign_events::id::{Hash32, Position};
use countersign_events::log_event::{Created, LogEvent};
use countersign_events::note::VerifierKey;
use countersign_events::store::{EventStore, READ_LIMIT_MAX, Recorded, StoreError};
use countersign_events::tree::tile::{Holds, TILE_WIDTH, Tile, push_entry};
use countersign_events::tree::{TreeHead, leaf_hash};
use metrics::{counter, gauge};
use tokio::sync::{oneshot, watch};

use crate::audit::manifest::CHECKPOINT_FILE;
use crate::audit::tree_files::{TREE_DIRECTORY, TreeFiles};
use crate::vault::Keyring;

pub use recover::{Recovery, recover};

/// From one look at what is new to the next.
pub const EVERY: Duration = Duration::from_secs(1);
/// The newest entries under the last checkpoint that a start compares before anything is written.
/// Those before them are compared while the server works.
pub const START_ENTRIES_MAX: u64 = 1_000_000;
/// Older entries that are compared at one look.
const LOOK_BACK_ENTRIES: u64 = 4 * READ_LIMIT_MAX as u64;

/// Why the log is not written to, or not signed.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// It is shorter than what was signed.
    #[error("the log has {size} entries, and {signed} were signed{RECOVER}")]
    Behind {
        /// Its entries.
        size: u64,
        /// Those that were signed.
        signed: u64,
    },
    /// It is another than what was signed.
    #[error(
        "the log is another than was signed over its first {signed} entries{}{RECOVER}",
        .position.map_or_else(String::new, |at| format!(": it differs from position {at} on"))
    )]
    Differs {
        /// The entries that were signed.
        signed: u64,
        /// Where it begins to differ, where that is known.
        position: Option<Position>,
    },
    /// What lies there as the last checkpoint is not this log's.
    #[error("{} is no checkpoint of this log{RECOVER}", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: CheckpointError,
    },
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file does not read or write.
    #[error("cannot keep {}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The log does not begin with the entry that names it.
    #[error("the log does not begin with the entry that names it")]
    Unnamed,
}

const RECOVER: &str = ": nothing is written to it; see `countersign log recover --help`";

impl KeepError {
    /// Whether the log is another than was signed: then nobody writes to it.
    #[must_use]
    pub const fn is_alarm(&self) -> bool {
        matches!(self, Self::Behind { .. } | Self::Differs { .. } | Self::NotOurs { .. })
    }
}

/// Why nobody writes to the log any more, once that is so. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Halt(Arc<OnceLock<String>>);

impl Halt {
    /// Why, if it is so.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }

    /// From now on. What was the first reason stays.
    pub fn halt(&self, why: String) {
        let _ = self.0.set(why);
    }
}

/// What was signed last, and the tree below it. Clones share it.
#[derive(Clone)]
pub struct Checkpoints(Arc<Published>);

struct Published {
    latest: RwLock<Option<Arc<SignedCheckpoint>>>,
    files: TreeFiles,
    store: std::sync::Weak<dyn EventStore>,
}

impl Checkpoints {
    /// The last signed checkpoint.
    #[must_use]
    pub fn latest(&self) -> Option<Arc<SignedCheckpoint>> {
        self.0.latest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn publish(&self, signed: SignedCheckpoint) {
        let mut latest = self.0.latest.write().unwrap_or_else(PoisonError::into_inner);
        *latest = Some(Arc::new(signed));
    }

    /// The bytes of a tile; none where the tree that was signed last does not have it.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, KeepError> {
        let signed = self.latest().map_or(0, |signed| signed.checkpoint.size);
        if !tile.is_in(signed) {
            return Ok(None);
        }
        if tile.holds == Holds::Entries {
            return self.bundle(tile).await;
        }
        self.0.files.tile(tile).map_err(at(Path::new(TREE_DIRECTORY)))
    }

    async fn bundle(&self, tile: Tile) -> Result<Option<Vec<u8>>, KeepError> {
        let Some(store) = self.0.store.upgrade() else { return Ok(None) };
        let many = usize::try_from(tile.width.min(TILE_WIDTH)).unwrap_or(0);
        let entries = store.read_all(Position::new(tile.first()), many).await?;
        let mut bundle = vec![];
        let whole = entries.iter().all(|entry| push_entry(&mut bundle, &entry.bytes).is_ok());
        Ok((whole && entries.len() == many).then_some(bundle))
    }
}

/// Follows the log, compares and signs.
pub struct Keeper {
    store: Arc<dyn EventStore>,
    keyring: Arc<Keyring>,
    origin: String,
    file: PathBuf,
    files: TreeFiles,
    head: TreeHead,
    signed: u64,
    /// The first entries that are not compared yet.
    unseen: u64,
    checkpoints: Checkpoints,
    halt: Halt,
}

/// A keeper at work.
pub struct Keeping {
    stop: watch::Sender<bool>,
    stopped: oneshot::Receiver<()>,
}

impl Keeping {
    /// Signs what is new, and stops.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // An error means that it is gone, which is what was asked for.
        let _ = self.stopped.await;
    }
}

impl Keeper {
    /// Compares the log with what was signed of it, before anything is written to it.
    ///
    /// # Errors
    /// [`KeepError`]: an alarm where the log is another.
    pub async fn open(
        store: Arc<dyn EventStore>,
        keyring: Arc<Keyring>,
        data: &Path,
        halt: Halt,
    ) -> Result<Self, KeepError> {
        let key = key_of(store.as_ref()).await?;
        let file = data.join(CHECKPOINT_FILE);
        let kept = kept::read(&file)?;
        if let Some(kept) = &kept {
            let not_ours = |source| KeepError::NotOurs { path: file.clone(), source };
            kept.check(&key).map_err(not_ours)?;
        }
        let directory = data.join(TREE_DIRECTORY);
        let files = TreeFiles::open_or_create(&directory).map_err(at(&directory))?;
        let published = Published {
            latest: RwLock::new(None),
            files: files.reader().map_err(at(&directory))?,
            store: Arc::downgrade(&store),
        };
        let mut keeper = Self {
            store,
            keyring,
            origin: key.name().to_owned(),
            file,
            files,
            head: TreeHead::default(),
            signed: 0,
            unseen: 0,
            checkpoints: Checkpoints(Arc::new(published)),
            halt,
        };
        keeper.hold_to(kept).await?;
        Ok(keeper)
    }

    /// What was signed last, for those who ask.
    #[must_use]
    pub fn checkpoints(&self) -> Checkpoints {
        self.checkpoints.clone()
    }

    /// Goes to work on an arbiter that nothing else should live on: files are written.
    #[must_use]
    pub fn start_on(self, arbiter: &ArbiterHandle) -> Keeping {
        let (stop, stopping) = watch::channel(false);
        let (done, stopped) = oneshot::channel();
        arbiter.spawn(async move {
            self.keep(stopping).await;
            let _ = done.send(());
        });
        Keeping { stop, stopped }
    }

    async fn keep(mut self, mut stopping: watch::Receiver<bool>) {
        let mut due = tokio::time::interval(EVERY);
        due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let stops = tokio::select! {
                _ = due.tick() => false,
                // An error means that nobody is left who could stop it.
                _ = stopping.wait_for(|stop| *stop) => true,
            };
            match self.advance().await {
                Err(error) if error.is_alarm() => return self.alarm(&error),
                Err(error) => tracing::warn!(%error, "no checkpoint"),
                Ok(()) => {}
            }
            if stops {
                return;
            }
        }
    }

    fn alarm(&self, error: &KeepError) {
        counter!("countersign_log_alarms_total").increment(1);
        tracing::error!(%error, "ALARM: the log is not what was signed");
        self.halt.halt(error.to_string());
    }

    /// Takes in what is new, compares some of what is old, and signs.
    ///
    /// # Errors
    /// [`KeepError`].
    pub async fn advance(&mut self) -> Result<(), KeepError> {
        self.look_back().await?;
        self.take_in(u64::MAX).await?;
        if self.head.size() > self.signed {
            self.sign()?;
        }
        Ok(())
    }

    /// Takes in the entries from where the tree ends up to `until`, or to the log's end.
    async fn take_in(&mut self, until: u64) -> Result<(), KeepError> {
        let directory = self.directory();
        while self.head.size() < until {
            let left = usize::try_from(until - self.head.size()).unwrap_or(READ_LIMIT_MAX);
            let page = self.page(self.head.size(), left.min(READ_LIMIT_MAX)).await?;
            if page.is_empty() {
                return Ok(());
            }
            self.files.push(&page).map_err(at(&directory))?;
            page.into_iter().for_each(|leaf| self.head.push(leaf));
        }
        Ok(())
    }

    /// Compares some of the entries that the start left for later, newest first.
    async fn look_back(&mut self) -> Result<(), KeepError> {
        let from = self.unseen.saturating_sub(LOOK_BACK_ENTRIES);
        self.must_equal(from, self.unseen).await?;
        self.unseen = from;
        Ok(())
    }

    /// Leaf hashes of the log, from a position on.
    async fn page(&self, from: u64, many: usize) -> Result<Vec<Hash32>, KeepError> {
        let entries = self.store.read_all(Position::new(from), many).await?;
        let mut places = (from..).zip(&entries);
        if let Some((gap, _)) = places.find(|(at, entry)| entry.position.get() != *at) {
            let position = Some(Position::new(gap));
            return Err(KeepError::Differs { signed: self.signed, position });
        }
        Ok(entries.iter().map(|entry: &Recorded| leaf_hash(&entry.bytes)).collect())
    }

    fn sign(&mut self) -> Result<(), KeepError> {
        let (size, root) = (self.head.size(), self.head.root());
        let checkpoint = Checkpoint { origin: self.origin.clone(), size, root };
        let public = self.keyring.log_public_key();
        let signed = checkpoint.sign(public, |text| self.keyring.sign_for_log(text));
        let signed = signed.map_err(|_| KeepError::Unnamed)?;
        kept::write(&self.file, &signed)?;
        self.signed = size;
        self.checkpoints.publish(signed);
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        gauge!("countersign_checkpoint_entries").set(size as f64);
        Ok(())
    }

    fn directory(&self) -> PathBuf {
        self.file.with_file_name(TREE_DIRECTORY)
    }
}

/// Demands that a log has the entries that were signed, as far as a count tells: even an empty log
/// is not begun anew where another was signed.
///
/// # Errors
/// [`KeepError::Behind`], and where the kept checkpoint does not read.
pub async fn must_not_be_behind(store: &dyn EventStore, data: &Path) -> Result<(), KeepError> {
    let Some(kept) = kept::read(&data.join(CHECKPOINT_FILE))? else { return Ok(()) };
    let size = size_of(store).await?;
    let signed = kept.checkpoint.size;
    if size < signed { Err(KeepError::Behind { size, signed }) } else { Ok(()) }
}

async fn size_of(store: &dyn EventStore) -> Result<u64, KeepError> {
    Ok(store.head().await?.map_or(0, |head| head.next().get()))
}

/// The key that the log's first entry names, under the name that it gives the log.
async fn key_of(store: &dyn EventStore) -> Result<VerifierKey, KeepError> {
    let first = store.read_all(Position::new(0), 1).await?;
    let entry = first.first().and_then(|first| Entry::parse(&first.bytes).ok());
    let event = entry.and_then(|entry| {
        LogEvent::decode(&entry.event_type, entry.version, entry.data.get()).ok()
    });
    let Some(LogEvent::Created(Created { origin, key, .. })) = event else {
        return Err(KeepError::Unnamed);
    };
    Checkpoint::key(&origin, *key.bytes()).map_err(|_| KeepError::Unnamed)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> KeepError {
    let path = path.to_owned();
    move |source| KeepError::Io { path, source }
}
