//! These logs as exports, and what is signed of them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use countersign_events::checkpoint::{Checkpoint, SignedCheckpoint};
use countersign_events::id::{Hash32, Revision};
use countersign_events::note::VerifierKey;
use countersign_events::store::sqlite::SqliteStore;
use countersign_events::store::{Append, AppendKey, EventStore as _, Expected, NewEntry};
use countersign_events::tree::tile::Tile;
use countersign_events::tree::{TreeHead, leaf_hash};
use ed25519_dalek::{Signer as _, SigningKey};
use uuid::Uuid;

use super::{ORIGIN, Sample, Stored};
use crate::audit::manifest::{
    CHECKPOINT_FILE, ENTRIES_FILE, FORMAT, MANIFEST_FILE, Manifest, SEALED_FILE,
};
use crate::audit::source::DATABASE_FILE;
use crate::audit::tiles::Tiling;

const SEED: u8 = 7;

/// The key that these logs are signed with.
pub(crate) fn key() -> VerifierKey {
    Checkpoint::key(ORIGIN, key_of(SEED).verifying_key().to_bytes()).unwrap()
}

fn key_of(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// Signs a root, as the log's owner can.
pub(crate) fn sign(size: u64, root: Hash32) -> SignedCheckpoint {
    sign_as(ORIGIN, SEED, size, root)
}

/// Signs a root as another log's owner can.
pub(crate) fn sign_as(origin: &str, seed: u8, size: u64, root: Hash32) -> SignedCheckpoint {
    let key = key_of(seed);
    let checkpoint = Checkpoint { origin: origin.to_owned(), size, root };
    let public = key.verifying_key().to_bytes();
    checkpoint.sign(public, |text| key.sign(text).to_bytes()).unwrap()
}

fn tree_of(entries: &[Stored]) -> TreeHead {
    let mut tree = TreeHead::default();
    entries.iter().for_each(|entry| tree.push(leaf_hash(&entry.bytes)));
    tree
}

impl Sample {
    /// What is signed of its first entries.
    pub(crate) fn signed(&self, size: usize) -> SignedCheckpoint {
        let tree = tree_of(&self.entries[..size]);
        sign(tree.size(), tree.root())
    }

    /// What is signed of all of it.
    pub(crate) fn signed_whole(&self) -> SignedCheckpoint {
        self.signed(self.entries.len())
    }

    /// Writes an export of it, as it stands.
    pub(crate) fn export(&self, directory: &Path) {
        self.export_entries(directory);
        self.export_tiles(directory);
        self.export_manifest(directory);
        let signed = self.signed_whole().to_string();
        fs::write(directory.join(CHECKPOINT_FILE), signed).unwrap();
    }

    /// The readable lines.
    pub(crate) fn export_entries(&self, directory: &Path) {
        fs::create_dir_all(directory).unwrap();
        let (mut lines, mut sealed) = (Vec::new(), String::new());
        for (position, entry) in self.entries.iter().enumerate() {
            lines.extend_from_slice(&entry.bytes);
            lines.push(b'\n');
            if let Some(part) = &entry.sealed {
                let part = String::from_utf8_lossy(part);
                sealed.push_str(&format!("{{\"position\":{position},\"sealed\":{part}}}\n"));
            }
        }
        fs::write(directory.join(ENTRIES_FILE), lines).unwrap();
        fs::write(directory.join(SEALED_FILE), sealed).unwrap();
    }

    /// The tiles and bundles.
    pub(crate) fn export_tiles(&self, directory: &Path) {
        let _ = fs::remove_dir_all(directory.join("tile"));
        let write = |tile: Tile, bytes: &[u8]| {
            let path = directory.join(tile.to_string());
            fs::create_dir_all(path.parent().unwrap())?;
            fs::write(path, bytes)
        };
        let mut tiling = Tiling::default();
        for entry in &self.entries {
            tiling.push(&entry.bytes, leaf_hash(&entry.bytes)).unwrap();
            tiling.full(write).unwrap();
        }
        tiling.rest(write).unwrap();
    }

    /// Its log in a data directory, as a server leaves it that signed the first `signed` of its
    /// entries.
    pub(crate) async fn put_into(&self, data: &Path, signed: &SignedCheckpoint) -> SqliteStore {
        let now = self.now;
        let clock = Arc::new(move || now);
        let store = SqliteStore::open(&data.join(DATABASE_FILE), clock).unwrap();
        let append = |(number, entry): (usize, &Stored)| Append {
            stream: entry.stream,
            expected: match entry.revision.get() {
                0 => Expected::NoStream,
                revision => Expected::Revision(Revision::new(revision - 1)),
            },
            entries: vec![NewEntry { bytes: entry.bytes.clone(), sealed: entry.sealed.clone() }],
            key: AppendKey::new(Uuid::from_u128(u128::try_from(number).unwrap())),
        };
        let appends: Vec<_> = self.entries.iter().enumerate().map(append).collect();
        for some in appends.chunks(64) {
            store.append_many(some.to_vec()).await.into_iter().for_each(|done| {
                done.unwrap();
            });
        }
        fs::write(data.join(CHECKPOINT_FILE), signed.to_string()).unwrap();
        store
    }

    /// The leaf hashes beside it.
    pub(crate) fn keep_leaves(&self, data: &Path) {
        let leaves = self.entries.iter().flat_map(|entry| *leaf_hash(&entry.bytes).bytes());
        fs::create_dir_all(data.join("tree")).unwrap();
        fs::write(data.join("tree/level-0"), leaves.collect::<Vec<u8>>()).unwrap();
    }

    pub(crate) fn export_manifest(&self, directory: &Path) {
        let tree = tree_of(&self.entries);
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            log: Some(self.id()),
            origin: Some(ORIGIN.to_owned()),
            key: Some(key().key()),
            size: tree.size(),
            root: tree.root(),
            first_at: Some("2026-11-24T05:00:00Z".parse().unwrap()),
            last_at: Some(self.written_at),
            sealed: true,
            made_at: self.now,
            program_version: "0".to_owned(),
        };
        let text = serde_json::to_vec_pretty(&manifest).unwrap();
        fs::write(directory.join(MANIFEST_FILE), text).unwrap();
    }
}
