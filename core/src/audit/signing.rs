//! Signed logs for the tests of this module: the first entry names a key whose other half is here.

use std::fs;
use std::path::Path;

use countersign_events::checkpoint::{Checkpoint, SignedCheckpoint};
use countersign_events::note::VerifierKey;
use countersign_events::tree::{TreeHead, leaf_hash};
use ed25519_dalek::{Signer as _, SigningKey};
use tempfile::TempDir;

use super::sample::{SEED, Sample};
use super::signed::CHECKPOINT_FILE;

pub(super) const ORIGIN: &str = "countersign.example/log";

pub(super) fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&[SEED; 32])
}

pub(super) fn public_key() -> [u8; 32] {
    signing_key().verifying_key().to_bytes()
}

pub(super) fn verifier() -> VerifierKey {
    Checkpoint::key(ORIGIN, public_key()).unwrap()
}

/// A log whose first entry names the key: every sample does.
pub(super) fn named(log: Sample) -> Sample {
    log
}

/// A real small log.
pub(super) fn journey() -> Sample {
    named(Sample::journey())
}

pub(super) fn size_of(log: &Sample) -> u64 {
    u64::try_from(log.entries.len()).unwrap()
}

/// What the log signs of its first entries.
pub(super) fn checkpoint(log: &Sample, size: u64) -> SignedCheckpoint {
    let mut tree = TreeHead::default();
    let entries = log.entries.iter().take(usize::try_from(size).unwrap());
    entries.for_each(|entry| tree.push(leaf_hash(&entry.bytes)));
    assert_eq!(tree.size(), size);
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size, root: tree.root() };
    checkpoint.sign(public_key(), |text| signing_key().sign(text).to_bytes()).unwrap()
}

pub(super) fn put_checkpoint(place: &Path, signed: &SignedCheckpoint) {
    fs::write(place.join(CHECKPOINT_FILE), signed.to_string()).unwrap();
}

/// An export with a checkpoint of its first entries.
pub(super) fn export(log: &Sample, size: u64) -> TempDir {
    let place = TempDir::new().unwrap();
    log.export(place.path());
    put_checkpoint(place.path(), &checkpoint(log, size));
    place
}
