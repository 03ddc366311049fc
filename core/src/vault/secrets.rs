//! The façade: names, secrets and seals, as the rest of the core uses them.
//!
//! It joins the rows (ciphertext), the keyring (keys) and randomness, and is the only place where
//! an account's data key is opened. Opened keys are kept in a small bounded map, wiped when they
//! fall out.
//!
//! **Order of writes:** claim, then `create_key`, then `put`, each durable before the event that
//! names it; `destroy` only after the event that ends it.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_events::account::{KeyCreated, Purpose};
use countersign_events::entry::{SealClass, SealedPart};
use countersign_events::id::{
    AccountId, ClientId, EventId, HandleHash, Hash32, Nonce, SecretVersion, StreamId,
};
use jiff::Timestamp;
use lru::LruCache;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::codes::RECOVERY_PEPPER;
use super::keyring::Keyring;
use super::names::{normalise_email, normalise_login};
use super::rows::{
    Claim, ClaimRow, SALT_BYTES, SecretId, SecretKind, SecretRow, Vault, VaultError, WrappedKey,
};
use super::seal::{KEY_BYTES, SecretKey, binding};
use crate::domain::recovery_code::NormalRecoveryCode;
use crate::entropy::{self, Entropy};

/// Opened account keys that are kept at most.
const OPENED_KEYS_MAX: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// Monthly salts that are kept at most.
const SALTS_KEPT_MAX: NonZeroUsize = NonZeroUsize::new(8).unwrap();
/// Random versions that are tried before giving up.
const VERSION_TRIES_MAX: usize = 4;
/// Bits of a version: a JSON number holds it exactly.
const VERSION_BITS: u32 = 53;
/// The id of an account's one data key.
const ACCOUNT_KEY: &str = "k1";
/// What the key of network data is derived for.
const NET_PURPOSE: &[u8] = b"countersign net 1";

/// The vault with its keys. Cheap to clone.
#[derive(Clone)]
pub struct Secrets {
    inner: Arc<Inner>,
}

struct Inner {
    vault: Arc<dyn Vault>,
    keyring: Arc<Keyring>,
    entropy: Arc<dyn Entropy>,
    opened: Mutex<Opened>,
}

/// What was opened and is kept.
struct Opened {
    keys: LruCache<StreamId, SecretKey>,
    salts: LruCache<String, [u8; SALT_BYTES]>,
    /// Grows with every key destroyed: what was read before must not be kept after.
    destroyed: u64,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Secrets {
    /// Joins rows, keys and randomness.
    #[must_use]
    pub fn new(vault: Arc<dyn Vault>, keyring: Arc<Keyring>, entropy: Arc<dyn Entropy>) -> Self {
        let opened = Mutex::new(Opened {
            keys: LruCache::new(OPENED_KEYS_MAX),
            salts: LruCache::new(SALTS_KEPT_MAX),
            destroyed: 0,
        });
        Self { inner: Arc::new(Inner { vault, keyring, entropy, opened }) }
    }

    /// The rows themselves, for `doctor` and the sweeper.
    #[must_use]
    pub fn vault(&self) -> &Arc<dyn Vault> {
        &self.inner.vault
    }

    /// The keyed hash of a login's normal form.
    #[must_use]
    pub fn login_hash(&self, login: &str) -> Hash32 {
        self.name_hash("countersign login 1", &[normalise_login(login).as_bytes()])
    }

    /// The keyed hash of an address's normal form.
    #[must_use]
    pub fn email_hash(&self, email: &str) -> Hash32 {
        self.name_hash("countersign e-mail 1", &[normalise_email(email).as_bytes()])
    }

    /// The keyed hash of a client app's own name for an account: exact bytes, of that app alone.
    #[must_use]
    pub fn subject_hash(&self, client: ClientId, subject: &str) -> Hash32 {
        let client = client.uuid();
        let parts: [&[u8]; 2] = [client.as_bytes(), subject.as_bytes()];
        self.name_hash("countersign subject 1", &parts)
    }

    fn name_hash(&self, domain: &str, parts: &[&[u8]]) -> Hash32 {
        Hash32::new(*self.inner.keyring.login_key().mac(domain, parts))
    }

    /// Who holds a name. Costs the same whether anybody does.
    ///
    /// # Errors
    /// What the vault says.
    pub async fn find(&self, name: Hash32) -> Result<Option<AccountId>, VaultError> {
        Ok(self.inner.vault.find_claim(name).await?.map(|row| row.account))
    }

    /// Claims a name for an account; the same account may claim it again.
    ///
    /// # Errors
    /// What the vault says; after an error the claim may stand, and may be repeated.
    pub async fn claim(
        &self,
        name: Hash32,
        account: AccountId,
        at: Timestamp,
    ) -> Result<Claim, VaultError> {
        let row = ClaimRow { name, account, claimed_at: at };
        let stands = self.inner.vault.insert_claim(row).await?;
        if stands.account == account {
            return Ok(Claim::Claimed);
        }
        Ok(Claim::Held { account: stands.account, claimed_at: stands.claimed_at })
    }

    /// Takes a name from the account that holds it; false where `from` does not hold it.
    ///
    /// # Errors
    /// What the vault says.
    pub async fn take_over(
        &self,
        name: Hash32,
        from: AccountId,
        to: AccountId,
        at: Timestamp,
    ) -> Result<bool, VaultError> {
        let row = ClaimRow { name, account: to, claimed_at: at };
        self.inner.vault.move_claim(from, row).await
    }

    /// Makes the account's data key unless it has one; tells what the log keeps of it.
    ///
    /// # Errors
    /// What the vault says; [`VaultError::NoEntropy`] without a key.
    pub async fn create_key(&self, account: AccountId) -> Result<KeyCreated, VaultError> {
        let stream = StreamId::Account(account);
        let key = match self.opened(stream).await? {
            Some(key) => key,
            None => {
                let key = SecretKey::generate(&*self.inner.entropy)?;
                let wrapped = self.wrap(account, &key)?;
                let stands = self.inner.vault.insert_key(account, wrapped).await?;
                self.unwrap(account, &stands)?
            }
        };
        let commitment = Sha256::new()
            .chain_update("countersign account key commitment\0")
            .chain_update(key.bytes())
            .finalize();
        Ok(KeyCreated { key: ACCOUNT_KEY.to_owned(), commitment: Hash32::new(commitment.into()) })
    }

    /// Destroys the account's data key: what is sealed under it can never be read again.
    ///
    /// # Errors
    /// What the vault says.
    pub async fn destroy_key(&self, account: AccountId) -> Result<(), VaultError> {
        self.forget(account);
        let destroyed = self.inner.vault.delete_key(account).await;
        self.forget(account);
        destroyed
    }

    /// Stores a secret under a new version; durable when it returns.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] without a data key; [`VaultError::NoEntropy`]; what the vault says.
    pub async fn put(
        &self,
        account: AccountId,
        kind: SecretKind,
        secret: &[u8],
        at: Timestamp,
    ) -> Result<SecretVersion, VaultError> {
        let key = self.key_of(account).await?;
        for _ in 0..VERSION_TRIES_MAX {
            let random = u64::from_be_bytes(*entropy::bytes::<8>(&*self.inner.entropy)?);
            let version = SecretVersion::new(random >> (u64::BITS - VERSION_BITS));
            let id = SecretId { account, kind, version };
            let sealed = key.seal(&secret_binding(id), secret, &*self.inner.entropy)?;
            let row = SecretRow { id, written_at: at };
            if self.inner.vault.insert_secret(row, sealed).await? {
                return Ok(version);
            }
        }
        Err(VaultError::Unavailable("no free version".to_owned()))
    }

    /// Opens a secret; `None` where that version does not exist (any more).
    ///
    /// # Errors
    /// [`VaultError::Damaged`] where it exists and does not open.
    pub async fn get(
        &self,
        account: AccountId,
        kind: SecretKind,
        version: SecretVersion,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let id = SecretId { account, kind, version };
        let Some(sealed) = self.inner.vault.find_secret(id).await? else {
            return Ok(None);
        };
        let opened = self.key_of(account).await?.open(&secret_binding(id), &sealed);
        let what = || format!("{} {version} of account {account}", kind.as_str());
        opened.map(Some).ok_or_else(|| VaultError::Damaged(what()))
    }

    /// Destroys a secret; nothing happens where it does not exist.
    ///
    /// # Errors
    /// What the vault says.
    pub async fn destroy(
        &self,
        account: AccountId,
        kind: SecretKind,
        version: SecretVersion,
    ) -> Result<(), VaultError> {
        self.inner.vault.delete_secret(SecretId { account, kind, version }).await
    }

    /// Every secret of an account and when it was written, oldest first.
    ///
    /// # Errors
    /// What the vault says.
    pub async fn versions(
        &self,
        account: AccountId,
    ) -> Result<Vec<(SecretKind, SecretVersion, Timestamp)>, VaultError> {
        let rows = self.inner.vault.secrets_of(account).await?;
        Ok(rows.iter().map(|row| (row.id.kind, row.id.version, row.written_at)).collect())
    }

    /// Seals personal data under the account's key.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub async fn seal_pii(
        &self,
        account: AccountId,
        plain: &[u8],
    ) -> Result<SealedPart, VaultError> {
        let bound_to = pii_binding(account);
        let ciphertext =
            self.key_of(account).await?.seal(&bound_to, plain, &*self.inner.entropy)?;
        Ok(SealedPart { class: SealClass::Pii, key: ACCOUNT_KEY.to_owned(), ciphertext })
    }

    /// Opens personal data; `None` when its key is gone (erased).
    ///
    /// # Errors
    /// [`VaultError::Damaged`] where the key is there and does not open it.
    pub async fn open_pii(
        &self,
        account: AccountId,
        key: &str,
        ciphertext: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        if key != ACCOUNT_KEY {
            return Ok(None);
        }
        let Some(key) = self.opened(StreamId::Account(account)).await? else {
            return Ok(None);
        };
        let opened = key.open(&pii_binding(account), ciphertext);
        opened.map(Some).ok_or_else(|| VaultError::Damaged(format!("pii of account {account}")))
    }

    /// Seals network data under the stream's key and the salt of the month.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub async fn seal_net(
        &self,
        stream: StreamId,
        at: Timestamp,
        plain: &[u8],
    ) -> Result<SealedPart, VaultError> {
        let month = at.strftime("%Y-%m").to_string();
        let salt = match self.salt(&month).await? {
            Some(salt) => salt,
            None => {
                let salt = *entropy::bytes::<SALT_BYTES>(&*self.inner.entropy)?;
                self.inner.vault.insert_salt(&month, salt).await?
            }
        };
        let key = self.opened(stream).await?.ok_or_else(|| no_key(stream))?;
        let ciphertext = key.derive(&salt, NET_PURPOSE)?.seal(
            &net_binding(stream, &month),
            plain,
            &*self.inner.entropy,
        )?;
        Ok(SealedPart { class: SealClass::Net, key: month, ciphertext })
    }

    /// Opens network data; `None` when the month's salt or the account's key is gone.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] where both are there and do not open it.
    pub async fn open_net(
        &self,
        stream: StreamId,
        key: &str,
        ciphertext: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let (Some(salt), Some(opened)) = (self.salt(key).await?, self.opened(stream).await?) else {
            return Ok(None);
        };
        let plain = opened.derive(&salt, NET_PURPOSE)?.open(&net_binding(stream, key), ciphertext);
        plain.map(Some).ok_or_else(|| VaultError::Damaged(format!("net of {stream}")))
    }

    /// The code that a mail carries.
    #[must_use]
    pub fn email_code(
        &self,
        account: AccountId,
        bound_to: HandleHash,
        purpose: Purpose,
        address: Hash32,
        nonce: Nonce,
    ) -> Zeroizing<String> {
        self.inner.keyring.email_code(account, bound_to, purpose, address, nonce)
    }

    /// What the log keeps of a recovery code.
    #[must_use]
    pub fn recovery_hash(&self, account: AccountId, code: &NormalRecoveryCode) -> Hash32 {
        self.inner.keyring.recovery_hash(account, code)
    }

    /// The id of the key under which recovery codes are hashed.
    #[must_use]
    pub fn recovery_pepper(&self) -> &str {
        RECOVERY_PEPPER
    }

    /// 32 bytes that the same kind, event and idempotency key give on every node.
    #[must_use]
    pub fn derive(&self, kind: &str, event: EventId, key: &str) -> Zeroizing<[u8; 32]> {
        self.inner.keyring.derive(kind, event, key)
    }

    /// A keyed hash of the parts, cut to 16 bytes.
    #[must_use]
    pub fn fingerprint(&self, domain: &str, parts: &[&[u8]]) -> HandleHash {
        self.inner.keyring.fingerprint(domain, parts)
    }

    async fn key_of(&self, account: AccountId) -> Result<SecretKey, VaultError> {
        let stream = StreamId::Account(account);
        self.opened(stream).await?.ok_or_else(|| no_key(stream))
    }

    /// The key under which a stream's data is sealed; `None` for an account that has none.
    ///
    /// A login that does not exist costs what an account costs: one row is looked for, one key is
    /// made. Only the key comes from the root instead of the row (SR-051).
    async fn opened(&self, stream: StreamId) -> Result<Option<SecretKey>, VaultError> {
        let destroyed = {
            let mut opened = self.lock();
            if let Some(key) = opened.keys.get(&stream) {
                return Ok(Some(key.clone()));
            }
            opened.destroyed
        };
        let key = match stream {
            StreamId::Account(account) | StreamId::Operator(account) => {
                let Some(wrapped) = self.inner.vault.find_key(account).await? else {
                    return Ok(None);
                };
                self.unwrap(account, &wrapped)?
            }
            StreamId::Unknown(_) | StreamId::Client(_) | StreamId::Policy | StreamId::Log => {
                let nobody = AccountId::new(Uuid::nil());
                self.inner.vault.find_key(nobody).await?;
                let root = self.inner.keyring.unknown_net_key();
                root.derive(b"countersign unknown 1", stream.to_string().as_bytes())?
            }
        };
        let mut opened = self.lock();
        if opened.destroyed == destroyed {
            opened.keys.put(stream, key.clone());
        }
        Ok(Some(key))
    }

    async fn salt(&self, month: &str) -> Result<Option<[u8; SALT_BYTES]>, VaultError> {
        if let Some(salt) = self.lock().salts.get(month) {
            return Ok(Some(*salt));
        }
        let salt = self.inner.vault.find_salt(month).await?;
        if let Some(salt) = salt {
            self.lock().salts.put(month.to_owned(), salt);
        }
        Ok(salt)
    }

    fn wrap(&self, account: AccountId, key: &SecretKey) -> Result<WrappedKey, VaultError> {
        let (wrapped_by, wrapping) = self.inner.keyring.wrapping()?;
        let bound_to = key_binding(account, ACCOUNT_KEY);
        let wrapped = wrapping.seal(&bound_to, key.bytes(), &*self.inner.entropy)?;
        Ok(WrappedKey { key: ACCOUNT_KEY.to_owned(), wrapped_by, wrapped })
    }

    fn unwrap(&self, account: AccountId, wrapped: &WrappedKey) -> Result<SecretKey, VaultError> {
        let damaged = |what: &str| VaultError::Damaged(format!("key of account {account}: {what}"));
        let wrapping =
            self.inner.keyring.wrapping_by_id(&wrapped.wrapped_by).ok_or_else(|| {
                damaged(&format!("wrapping key {} is missing", wrapped.wrapped_by))
            })?;
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
        self.inner.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn secret_binding(id: SecretId) -> Vec<u8> {
    let (account, version) = (id.account.uuid(), id.version.get().to_be_bytes());
    let parts: [&[u8]; 3] = [account.as_bytes(), id.kind.as_str().as_bytes(), &version];
    binding("countersign secret 1", &parts)
}

fn pii_binding(account: AccountId) -> Vec<u8> {
    binding("countersign pii 1", &[account.uuid().as_bytes()])
}

fn net_binding(stream: StreamId, month: &str) -> Vec<u8> {
    binding("countersign net 1", &[stream.to_string().as_bytes(), month.as_bytes()])
}

fn key_binding(account: AccountId, key: &str) -> Vec<u8> {
    binding("countersign account key 1", &[account.uuid().as_bytes(), key.as_bytes()])
}

fn no_key(stream: StreamId) -> VaultError {
    VaultError::Damaged(format!("no data key for {stream}"))
}
