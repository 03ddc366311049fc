//! The façade: names, secrets and seals, as the rest of the core uses them.
//!
//! It joins the rows (ciphertext), the keyring and the accounts' keys, and randomness. Nobody else
//! in the core seals, opens or names anything.
//!
//! **Order of writes:** claim, then `create_key`, then `put`, each durable before the event that
//! names it; `destroy` only after the event that ends it.

use std::sync::Arc;

use countersign_events::account::{KeyCreated, Purpose};
use countersign_events::entry::{Idempotency, SealClass, SealedPart};
use countersign_events::id::{
    AccountId, ClientId, EventId, HandleHash, Hash32, Nonce, SecretVersion, StreamId,
};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::account_keys::{ACCOUNT_KEY, AccountKeys, commitment};
use super::codes::RECOVERY_PEPPER;
use super::keyring::Keyring;
use super::names::{normalise_email, normalise_login};
use super::rows::{
    Claim, ClaimRow, RequestRow, SecretId, SecretKind, SecretRow, Vault, VaultError,
};
use super::seal::binding;
use crate::assertion::{AssertionKey, PublicKey, published};
use crate::domain::policy::IDEMPOTENCY_TTL;
use crate::domain::recovery_code::NormalRecoveryCode;
use crate::entropy::{self, Entropy};

/// Random versions that are tried before giving up.
const VERSION_TRIES_MAX: usize = 4;
/// Bits of a version: a JSON number holds it exactly.
const VERSION_BITS: u32 = 53;
/// What the key of network data is derived for.
const NET_PURPOSE: &[u8] = b"countersign net 1";

/// What the vault knows of an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedBefore {
    /// Nothing, or it is forgotten.
    Never,
    /// It came with just this.
    Alike,
    /// It came with something else.
    Otherwise,
}

/// The vault with its keys. Cheap to clone.
#[derive(Clone)]
pub struct Secrets {
    inner: Arc<Inner>,
}

struct Inner {
    vault: Arc<dyn Vault>,
    keyring: Arc<Keyring>,
    entropy: Arc<dyn Entropy>,
    keys: AccountKeys,
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
        let keys = AccountKeys::new(Arc::clone(&vault), Arc::clone(&keyring));
        Self { inner: Arc::new(Inner { vault, keyring, entropy, keys }) }
    }

    /// The key that signs assertions at a time.
    ///
    /// # Errors
    /// [`VaultError`] never in practice.
    pub fn assertion_key(&self, at: Timestamp) -> Result<AssertionKey, VaultError> {
        AssertionKey::at(&self.inner.keyring, at)
    }

    /// The keys that assertions are verified with.
    ///
    /// # Errors
    /// [`VaultError`] never in practice.
    pub fn assertion_keys(&self, now: Timestamp) -> Result<Vec<PublicKey>, VaultError> {
        published(&self.inner.keyring, now)
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
        let key = self.inner.keys.create(account, &*self.inner.entropy).await?;
        Ok(KeyCreated { key: ACCOUNT_KEY.to_owned(), commitment: commitment(&key) })
    }

    /// What the log should say of the account's key; `None` where it has none.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] where it has one that does not open.
    pub async fn key_commitment(&self, account: AccountId) -> Result<Option<Hash32>, VaultError> {
        let key = self.inner.keys.opened(StreamId::Account(account)).await?;
        Ok(key.as_ref().map(commitment))
    }

    /// Destroys the account's data key: what is sealed under it can never be read again.
    ///
    /// # Errors
    /// What the vault says.
    pub async fn destroy_key(&self, account: AccountId) -> Result<(), VaultError> {
        self.inner.keys.destroy(account).await
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
        let key = self.inner.keys.of_account(account).await?;
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
        let opened = self.inner.keys.of_account(account).await?.open(&secret_binding(id), &sealed);
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
        let ciphertext = self.inner.keys.of_account(account).await?.seal(
            &bound_to,
            plain,
            &*self.inner.entropy,
        )?;
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
        let Some(key) = self.inner.keys.opened(StreamId::Account(account)).await? else {
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
        let salt = self.inner.keys.salt_or_new(&month, &*self.inner.entropy).await?;
        let key = self.inner.keys.of_stream(stream).await?;
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
        let keys = &self.inner.keys;
        let (Some(salt), Some(opened)) = (keys.salt(key).await?, keys.opened(stream).await?) else {
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
        digits: u8,
    ) -> Zeroizing<String> {
        self.inner.keyring.email_code(account, bound_to, purpose, address, nonce, digits)
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

    /// Notes what a keyed request asks, and tells when it was first asked; none where its key came
    /// with something else less than 24 hours ago, on whatever node.
    ///
    /// # Errors
    /// What the vault says.
    pub async fn first_asked(
        &self,
        asked: &Idempotency,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, VaultError> {
        let request = RequestRow { key: asked.key, body: asked.body, first_at: now };
        let forgotten = now.checked_sub(IDEMPOTENCY_TTL).unwrap_or(Timestamp::MIN);
        let stands = self.inner.vault.insert_request(request, forgotten).await?;
        Ok(Some(stands).filter(|stands| stands.body == asked.body).map(|stands| stands.first_at))
    }

    /// Whether the key of a request was noted less than 24 hours ago, on whatever node, and with
    /// what. Nothing is noted.
    ///
    /// # Errors
    /// What the vault says.
    pub async fn asked_before(
        &self,
        asked: &Idempotency,
        now: Timestamp,
    ) -> Result<AskedBefore, VaultError> {
        let forgotten = now.checked_sub(IDEMPOTENCY_TTL).unwrap_or(Timestamp::MIN);
        let noted = self.inner.vault.find_request(asked.key).await?;
        Ok(match noted.filter(|noted| forgotten < noted.first_at) {
            None => AskedBefore::Never,
            Some(noted) if noted.body == asked.body => AskedBefore::Alike,
            Some(_) => AskedBefore::Otherwise,
        })
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
