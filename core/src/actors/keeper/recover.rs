//! Going on with a log that is not the one that was signed: a restored backup, a lost failover.
//!
//! What was signed stays beside the log, and the log says what it lost and who went on with it.
//! Whoever kept one of the checkpoints that are lost finds so at once: that is what they are for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_events::actor::By;
use countersign_events::checkpoint::Checkpoint;
use countersign_events::log_event::Recovered;
use countersign_events::tree::{TreeHead, leaf_hash};

use super::{CHECKPOINT_FILE, Halt, KeepError, Keeper, kept};
use crate::accounts::Fault;
use crate::actors::log::Log;
use crate::vault::Keyring;
use countersign_events::id::Position;
use countersign_events::store::READ_LIMIT_MAX;

/// Characters of a reason.
const REASON_CHARS_MAX: usize = 500;
/// Checkpoints of lost logs that are kept side by side.
const LOST_FILES_MAX: u32 = 1000;

/// What was gone on with, and what was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// What was signed; none where it could not be read.
    pub lost: Option<Checkpoint>,
    /// Where that lies from now on.
    pub set_aside: PathBuf,
    /// Entries of the log that is gone on with, before it said so.
    pub size: u64,
}

/// Why it is not gone on with.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// A reason that nobody could read later.
    #[error("the reason is 1 to {REASON_CHARS_MAX} characters on one line")]
    Reason,
    /// The log or a file does not answer.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// It could not be recorded.
    #[error("cannot record it")]
    Record(#[from] Fault),
    /// There are too many lost ones already.
    #[error("there are {LOST_FILES_MAX} checkpoints of lost logs: take them away first")]
    TooMany,
}

/// Takes the log as it is for the right one. Nothing is done where it is the one that was signed.
///
/// # Errors
/// [`RecoverError`]. Where it was cut off it can be done again.
pub async fn recover(
    log: &Log,
    keyring: Arc<Keyring>,
    data: &Path,
    by: By,
    reason: &str,
) -> Result<Option<Recovery>, RecoverError> {
    let chars = reason.chars().count();
    if !(1..=REASON_CHARS_MAX).contains(&chars) || reason.chars().any(char::is_control) {
        return Err(RecoverError::Reason);
    }
    let file = data.join(CHECKPOINT_FILE);
    let store = Arc::clone(log.store());
    match Keeper::open(Arc::clone(&store), Arc::clone(&keyring), data, Halt::default()).await {
        Ok(_) => return Ok(None),
        Err(error) if error.is_alarm() => tracing::warn!(%error, "going on all the same"),
        Err(error) => return Err(error.into()),
    }
    let lost = kept::read(&file).ok().flatten().map(|kept| kept.checkpoint);
    let head = head_of(log).await?;
    let event = Recovered {
        lost_size: lost.as_ref().map(|lost| lost.size),
        lost_root: lost.as_ref().map(|lost| lost.root),
        size: head.size(),
        root: head.root(),
        reason: reason.to_owned(),
    };
    log.recovered(by, event).await?;
    let set_aside = free_name(&file, lost.as_ref().map_or(0, |lost| lost.size))?;
    kept::set_aside(&file, &set_aside)?;
    let mut keeper = Keeper::open(store, keyring, data, Halt::default()).await?;
    keeper.advance().await?;
    Ok(Some(Recovery { lost, set_aside, size: head.size() }))
}

/// The tree over the log as it is.
async fn head_of(log: &Log) -> Result<TreeHead, KeepError> {
    let mut head = TreeHead::default();
    loop {
        let page = log.store().read_all(Position::new(head.size()), READ_LIMIT_MAX).await?;
        if page.is_empty() {
            return Ok(head);
        }
        page.iter().for_each(|entry| head.push(leaf_hash(&entry.bytes)));
    }
}

fn free_name(file: &Path, lost: u64) -> Result<PathBuf, RecoverError> {
    let names = (0..LOST_FILES_MAX).map(|number| {
        let again = if number == 0 { String::new() } else { format!("-{number}") };
        file.with_file_name(format!("{CHECKPOINT_FILE}.lost-{lost}{again}"))
    });
    let mut free = names.filter(|name| !name.exists());
    free.next().ok_or(RecoverError::TooMany)
}
