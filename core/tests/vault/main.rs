//! The vault, tested from outside: rows, seals, keys, passwords, order of writes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod backup;
mod diary;
mod doctor;
mod keys;
mod passwords;
mod rows;
mod seals;
mod sweep;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_core::entropy::{Entropy, NoEntropy, OsEntropy};
use countersign_core::vault::{Keyring, Secrets, SqliteVault, Vault};
use countersign_events::id::AccountId;
use jiff::Timestamp;
use uuid::Uuid;

/// A vault in a directory of its own, and the façade over it.
struct House {
    dir: tempfile::TempDir,
    keyring: Arc<Keyring>,
    vault: Arc<dyn Vault>,
    secrets: Secrets,
    entropy: Arc<FailingEntropy>,
}

impl House {
    fn new() -> Self {
        Self::open(tempfile::tempdir().unwrap())
    }

    fn open(dir: tempfile::TempDir) -> Self {
        let keyring = Arc::new(keyring(dir.path()));
        let vault: Arc<dyn Vault> =
            Arc::new(SqliteVault::open(&dir.path().join("vault.db")).unwrap());
        let entropy = Arc::new(FailingEntropy::default());
        let secrets = Secrets::new(vault.clone(), keyring.clone(), entropy.clone());
        Self { dir, keyring, vault, secrets, entropy }
    }

    /// As after a crash: nothing in memory is left.
    fn reopen(self) -> Self {
        let Self { dir, vault, secrets, .. } = self;
        drop((vault, secrets));
        Self::open(dir)
    }
}

fn keyring(dir: &Path) -> Keyring {
    Keyring::open_or_create(&dir.join("keys"), &OsEntropy).unwrap()
}

fn account(number: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(number))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

/// The operating system's randomness, until it is told to fail.
#[derive(Default)]
struct FailingEntropy {
    fails: AtomicBool,
}

impl FailingEntropy {
    fn fail(&self) {
        self.fails.store(true, Ordering::SeqCst);
    }
}

impl Entropy for FailingEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(NoEntropy("told to fail".to_owned()));
        }
        OsEntropy.fill(buffer)
    }
}
