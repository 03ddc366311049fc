//! Signed logs for the tests of this module, of any size and with nothing of their tree beside
//! them.

use std::fs;

use countersign_events::checkpoint::SignedCheckpoint;
use tempfile::TempDir;

use super::sample::Sample;
use super::signed::CHECKPOINT_FILE;

pub(super) fn size_of(log: &Sample) -> u64 {
    u64::try_from(log.entries.len()).unwrap()
}

/// What the log signs of its first entries.
pub(super) fn checkpoint(log: &Sample, size: u64) -> SignedCheckpoint {
    log.signed(usize::try_from(size).unwrap())
}

/// An export without tiles, with a checkpoint of its first entries.
pub(super) fn export(log: &Sample, size: u64) -> TempDir {
    let place = TempDir::new().unwrap();
    log.export_entries(place.path());
    log.export_manifest(place.path());
    fs::write(place.path().join(CHECKPOINT_FILE), checkpoint(log, size).to_string()).unwrap();
    place
}
