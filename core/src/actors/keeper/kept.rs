//! The last checkpoint outside the database, and the comparison with it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use countersign_events::checkpoint::{CheckpointError, SignedCheckpoint};
use countersign_events::id::Position;
use countersign_events::note::NOTE_BYTES_MAX;
use countersign_events::store::READ_LIMIT_MAX;
use countersign_events::tree::TreeHead;

use super::{KeepError, Keeper, START_ENTRIES_MAX, at, size_of};
use crate::vault::files::{directory_of, sync_dir, write_durably};

/// The checkpoint that lies there.
pub(super) fn read(file: &Path) -> Result<Option<SignedCheckpoint>, KeepError> {
    let mut bytes = vec![];
    let limit = u64::try_from(NOTE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    match File::open(file).and_then(|file| file.take(limit).read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(file)(error)),
    }
    let not_ours = |source: CheckpointError| KeepError::NotOurs { path: file.to_owned(), source };
    SignedCheckpoint::parse(&bytes).map(Some).map_err(not_ours)
}

/// Puts another in its place: the old one or the new one lies there after any crash.
pub(super) fn write(file: &Path, signed: &SignedCheckpoint) -> Result<(), KeepError> {
    write_durably(file, signed.to_string().as_bytes()).map_err(at(file))
}

/// Keeps one that the log is not the log of, beside it.
pub(super) fn set_aside(file: &Path, lost: &Path) -> Result<(), KeepError> {
    fs::rename(file, lost).map_err(at(file))?;
    sync_dir(directory_of(file)).map_err(at(file))
}

impl Keeper {
    /// Compares the log with the checkpoint that was kept.
    pub(super) async fn hold_to(
        &mut self,
        kept: Option<SignedCheckpoint>,
    ) -> Result<(), KeepError> {
        let Some(kept) = kept else { return self.forget_tree() };
        let (signed, root) = (kept.checkpoint.size, kept.checkpoint.root);
        let size = size_of(self.store.as_ref()).await?;
        if size < signed {
            return Err(KeepError::Behind { size, signed });
        }
        self.signed = signed;
        if self.tree_has_root(&kept)? {
            self.files.truncate(signed).map_err(at(&self.directory()))?;
            self.unseen = signed.saturating_sub(START_ENTRIES_MAX);
            self.must_equal(self.unseen, signed).await?;
        } else {
            // The tree is derived: made anew, it tells whether the log is the one that was signed.
            self.forget_tree()?;
            self.take_in(signed).await?;
            if self.head.root() != root {
                self.forget_tree()?;
                return Err(KeepError::Differs { signed, position: None });
            }
        }
        self.checkpoints.publish(kept);
        Ok(())
    }

    /// Whether the kept hashes are those of the checkpoint, which then vouches for each of them.
    fn tree_has_root(&mut self, kept: &SignedCheckpoint) -> Result<bool, KeepError> {
        let signed = kept.checkpoint.size;
        if self.files.size() < signed {
            return Ok(false);
        }
        self.head = TreeHead::at(&mut &self.files, signed).map_err(at(&self.directory()))?;
        Ok(self.head.root() == kept.checkpoint.root)
    }

    fn forget_tree(&mut self) -> Result<(), KeepError> {
        self.head = TreeHead::default();
        self.files.truncate(0).map_err(at(&self.directory()))
    }

    /// Demands that these entries of the log are those that were signed.
    pub(super) async fn must_equal(&self, from: u64, to: u64) -> Result<(), KeepError> {
        let mut next = from;
        while next < to {
            let left = usize::try_from(to - next).unwrap_or(READ_LIMIT_MAX);
            let page = self.page(next, left.min(READ_LIMIT_MAX)).await?;
            let signed = self.files.leaves(next, page.len()).map_err(at(&self.directory()))?;
            let differs = |position| KeepError::Differs { signed: self.signed, position };
            if let Some((position, _)) =
                (next..).zip(page.iter().zip(&signed)).find(|(_, (is, was))| is != was)
            {
                return Err(differs(Some(Position::new(position))));
            }
            if page.is_empty() {
                return Err(differs(Some(Position::new(next))));
            }
            next = next.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
        }
        Ok(())
    }
}
