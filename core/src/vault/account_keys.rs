//! The accounts' data keys: made, wrapped, opened, kept for a while, destroyed.
//!
//! Everything that is sealed for an account is sealed under its one data key, which lies in the
//! vault wrapped by a key file. Opened keys are kept in a bounded map, wiped when they fall out.
//!
//! **What must stay true.** A key that was destroyed is not used again: what was read before the
//! destruction is not kept after it.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_events::id::{AccountId, Hash32, StreamId};
use lru::LruCache;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::keyring::Keyring;
use super::rows::{SALT_BYTES, Vault, VaultError, WrappedKey};
use super::seal::{KEY_BYTES, SecretKey, binding};
use crate::entropy::{self, Entropy};

/// Opened account keys that are kept at most, about 10 MiB of them.
const OPENED_KEYS_MAX: NonZeroUsize = NonZeroUsize::new(65_536).unwrap();
/// Monthly salts that are kept at most.
const SALTS_KEPT_MAX: NonZeroUsize = NonZeroUsize::new(8).unwrap();
/// The id of an account's one data key.
pub(super) const ACCOUNT_KEY: &str = "k1";

/// Opens and keeps the accounts' keys.
pub(super) struct AccountKeys {
    vault: Arc<dyn Vault>,
    keyring: Arc<Keyring>,
    opened: Mutex<Opened>,
}

/// What was opened and is kept.
struct Opened {
    keys: LruCache<StreamId, SecretKey>,
    salts: LruCache<String, [u8; SALT_BYTES]>,
    /// Grows with every key destroyed.
    destroyed: u64,
}

impl AccountKeys {
    pub(super) fn new(vault: Arc<dyn Vault>, keyring: Arc<Keyring>) -> Self {
        let opened = Mutex::new(Opened {
            keys: bounded(OPENED_KEYS_MAX),
            salts: LruCache::new(SALTS_KEPT_MAX),
            destroyed: 0,
        });
        Self { vault, keyring, opened }
    }

    /// The account's key, made now if it has none.
    pub(super) async fn create(
        &self,
        account: AccountId,
        entropy: &dyn Entropy,
    ) -> Result<SecretKey, VaultError> {
        if let Some(key) = self.opened(StreamId::Account(account)).await? {
            return Ok(key);
        }
        let key = SecretKey::generate(entropy)?;
        let (wrapped_by, wrapping) = self.keyring.wrapping()?;
        let wrapped = wrapping.seal(&key_binding(account, ACCOUNT_KEY), key.bytes(), entropy)?;
        let wrapped = WrappedKey { key: ACCOUNT_KEY.to_owned(), wrapped_by, wrapped };
        let stands = self.vault.insert_key(account, wrapped).await?;
        self.unwrap(account, &stands)
    }

    pub(super) async fn of_account(&self, account: AccountId) -> Result<SecretKey, VaultError> {
        self.of_stream(StreamId::Account(account)).await
    }

    pub(super) async fn of_stream(&self, stream: StreamId) -> Result<SecretKey, VaultError> {
        let missing = || VaultError::Damaged(format!("no data key for {stream}"));
        self.opened(stream).await?.ok_or_else(missing)
    }

    /// The key under which a stream's data is sealed; `None` for an account that has none.
    ///
    /// A login that does not exist costs what an account costs: one row is looked for, one key is
    /// made. Only the key comes from the root instead of the row (SR-051).
    pub(super) async fn opened(&self, stream: StreamId) -> Result<Option<SecretKey>, VaultError> {
        let destroyed = {
            let mut opened = self.lock();
            if let Some(key) = opened.keys.get(&stream) {
                return Ok(Some(key.clone()));
            }
            opened.destroyed
        };
        let key = match stream {
            StreamId::Account(account) | StreamId::Operator(account) => {
                let Some(wrapped) = self.vault.find_key(account).await? else {
                    return Ok(None);
                };
                self.unwrap(account, &wrapped)?
            }
            StreamId::Unknown(_) | StreamId::Client(_) | StreamId::Policy | StreamId::Log => {
                let nobody = AccountId::new(Uuid::nil());
                self.vault.find_key(nobody).await?;
                let root = self.keyring.unknown_net_key();
                root.derive(b"countersign unknown 1", stream.to_string().as_bytes())?
            }
        };
        let mut opened = self.lock();
        if opened.destroyed == destroyed {
            opened.keys.put(stream, key.clone());
        }
        Ok(Some(key))
    }

    pub(super) async fn destroy(&self, account: AccountId) -> Result<(), VaultError> {
        self.forget(account);
        let destroyed = self.vault.delete_key(account).await;
        self.forget(account);
        destroyed
    }

    /// The salt of a month, if it was made and is still there.
    pub(super) async fn salt(&self, month: &str) -> Result<Option<[u8; SALT_BYTES]>, VaultError> {
        if let Some(salt) = self.lock().salts.get(month) {
            return Ok(Some(*salt));
        }
        let salt = self.vault.find_salt(month).await?;
        if let Some(salt) = salt {
            self.lock().salts.put(month.to_owned(), salt);
        }
        Ok(salt)
    }

    /// The salt of a month, made now if there is none.
    pub(super) async fn salt_or_new(
        &self,
        month: &str,
        entropy: &dyn Entropy,
    ) -> Result<[u8; SALT_BYTES], VaultError> {
        if let Some(salt) = self.salt(month).await? {
            return Ok(salt);
        }
        let salt = *entropy::bytes::<SALT_BYTES>(entropy)?;
        self.vault.insert_salt(month, salt).await
    }

    fn unwrap(&self, account: AccountId, wrapped: &WrappedKey) -> Result<SecretKey, VaultError> {
        let damaged = |what: &str| VaultError::Damaged(format!("key of account {account}: {what}"));
        let wrapping = self
            .keyring
            .wrapping_by_id(&wrapped.wrapped_by)
            .ok_or_else(|| damaged(&format!("wrapping key {} is missing", wrapped.wrapped_by)))?;
        let opened = wrapping
            .open(&key_binding(account, &wrapped.key), &wrapped.wrapped)
            .ok_or_else(|| damaged("does not open"))?;
        let bytes: [u8; KEY_BYTES] =
            opened.as_slice().try_into().map_err(|_| damaged("has another length"))?;
        Ok(SecretKey::new(Zeroizing::new(bytes)))
    }

    fn forget(&self, account: AccountId) {
        let mut opened = self.lock();
        opened.destroyed = opened.destroyed.wrapping_add(1);
        opened.keys.pop(&StreamId::Account(account));
        opened.keys.pop(&StreamId::Operator(account));
    }

    fn lock(&self) -> MutexGuard<'_, Opened> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the log keeps of a key: tells it from another, and nothing about it.
pub(super) fn commitment(key: &SecretKey) -> Hash32 {
    let hash = Sha256::new()
        .chain_update("countersign account key commitment\0")
        .chain_update(key.bytes())
        .finalize();
    Hash32::new(hash.into())
}

/// Not `LruCache::new`: that would take the memory for all of them at once.
fn bounded(max: NonZeroUsize) -> LruCache<StreamId, SecretKey> {
    let mut cache = LruCache::unbounded();
    cache.resize(max);
    cache
}

fn key_binding(account: AccountId, key: &str) -> Vec<u8> {
    binding("countersign account key 1", &[account.uuid().as_bytes(), key.as_bytes()])
}
