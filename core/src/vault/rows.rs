//! The rows of the vault, and the trait that a backend implements.
//!
//! Five kinds of row: *claims* (keyed hash of a name -> account), *account keys* (one per account,
//! wrapped), *secrets* (insert-only, sealed, one per `(account, kind, version)`), *salts* (one per
//! month) and *requests* (keyed hash of an idempotency key -> that of what was asked). A backend
//! sees only hashes and ciphertext. Every write is durable on return and atomic by itself; there is
//! no write that spans two rows.

use countersign_events::id::{AccountId, HandleHash, Hash32, SecretVersion};
use futures::future::BoxFuture;
use jiff::Timestamp;

use crate::entropy::NoEntropy;

/// Rows that one page of a listing holds at most.
pub const PAGE_ROWS_MAX: usize = 1024;
/// Requests whose idempotency keys are remembered, as of each sweep.
pub const REQUESTS_MAX: usize = 1_000_000;

/// Why the vault could not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// It does not answer, or could not write. A write may have happened: all are repeatable.
    #[error("vault unavailable: {0}")]
    Unavailable(String),
    /// What it holds does not fit together; `doctor` names the repair.
    #[error("vault damaged: {0}")]
    Damaged(String),
    /// No randomness: nothing predictable is made instead (SR-141).
    #[error("vault without randomness: {0}")]
    NoEntropy(String),
    /// Its queue is full; nothing was done (SR-052).
    #[error("vault busy")]
    Busy,
}

impl From<NoEntropy> for VaultError {
    fn from(error: NoEntropy) -> Self {
        Self::NoEntropy(error.0)
    }
}

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretKind {
    /// A password hash (PHC string).
    Password,
    /// The shared secret of an authenticator app.
    Totp,
}

impl SecretKind {
    /// Its permanent name in rows and in what seals are bound to.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "password" => Some(Self::Password),
            "totp" => Some(Self::Totp),
            _ => None,
        }
    }
}

/// Names one secret, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretId {
    /// Whose it is.
    pub account: AccountId,
    /// What it is.
    pub kind: SecretKind,
    /// Which one.
    pub version: SecretVersion,
}

/// A secret's row without its ciphertext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretRow {
    /// Its name.
    pub id: SecretId,
    /// When it was written.
    pub written_at: Timestamp,
}

/// What became of a claim on a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The name is the account's, now or since an earlier claim of the same account.
    Claimed,
    /// Another account holds it.
    Held {
        /// Which.
        account: AccountId,
        /// Since when.
        claimed_at: Timestamp,
    },
}

/// A claim's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimRow {
    /// The keyed hash of the name.
    pub name: Hash32,
    /// Who holds it.
    pub account: AccountId,
    /// Since when.
    pub claimed_at: Timestamp,
}

/// An account's data key as it is stored: wrapped.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Its id, as sealed parts name it: `k1`.
    pub key: String,
    /// The id of the wrapping key.
    pub wrapped_by: String,
    /// The key, sealed under the wrapping key.
    pub wrapped: Vec<u8>,
}

/// A request that came with an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRow {
    /// The keyed hash of the key, its caller and its route.
    pub key: HandleHash,
    /// The keyed hash of its body.
    pub body: HandleHash,
    /// When it came first.
    pub first_at: Timestamp,
}

/// Bytes of the salt of a month.
pub const SALT_BYTES: usize = 32;

/// The rows of the vault. Every write is durable when its future is ready with `Ok`.
pub trait Vault: Send + Sync + 'static {
    /// Who holds a name.
    fn find_claim(&self, name: Hash32) -> BoxFuture<'_, Result<Option<ClaimRow>, VaultError>>;

    /// Inserts a claim unless the name is held; returns the row that stands.
    fn insert_claim(&self, claim: ClaimRow) -> BoxFuture<'_, Result<ClaimRow, VaultError>>;

    /// Hands a name from the account that holds it to another; false where `from` does not.
    fn move_claim(&self, from: AccountId, to: ClaimRow) -> BoxFuture<'_, Result<bool, VaultError>>;

    /// Claims in the order of their names, after `after`, at most [`PAGE_ROWS_MAX`].
    fn claims(&self, after: Option<Hash32>) -> BoxFuture<'_, Result<Vec<ClaimRow>, VaultError>>;

    /// An account's wrapped key.
    fn find_key(&self, account: AccountId)
    -> BoxFuture<'_, Result<Option<WrappedKey>, VaultError>>;

    /// Inserts an account's key unless it has one; returns the one that stands.
    fn insert_key(
        &self,
        account: AccountId,
        key: WrappedKey,
    ) -> BoxFuture<'_, Result<WrappedKey, VaultError>>;

    /// Destroys an account's key: all that is sealed under it is unreadable from then on.
    fn delete_key(&self, account: AccountId) -> BoxFuture<'_, Result<(), VaultError>>;

    /// A secret's ciphertext.
    fn find_secret(&self, id: SecretId) -> BoxFuture<'_, Result<Option<Vec<u8>>, VaultError>>;

    /// Inserts a secret; false, and nothing written, where that version exists.
    fn insert_secret(
        &self,
        row: SecretRow,
        sealed: Vec<u8>,
    ) -> BoxFuture<'_, Result<bool, VaultError>>;

    /// Destroys a secret; nothing happens where it does not exist.
    fn delete_secret(&self, id: SecretId) -> BoxFuture<'_, Result<(), VaultError>>;

    /// An account's secrets, oldest first.
    fn secrets_of(&self, account: AccountId) -> BoxFuture<'_, Result<Vec<SecretRow>, VaultError>>;

    /// Accounts that have a secret, in the order of their ids, after `after`, at most
    /// [`PAGE_ROWS_MAX`].
    fn accounts_with_secrets(
        &self,
        after: Option<AccountId>,
    ) -> BoxFuture<'_, Result<Vec<AccountId>, VaultError>>;

    /// The salt of a month (`2026-11`).
    fn find_salt(&self, month: &str)
    -> BoxFuture<'_, Result<Option<[u8; SALT_BYTES]>, VaultError>>;

    /// Inserts the salt of a month unless there is one; returns the one that stands.
    fn insert_salt(
        &self,
        month: &str,
        salt: [u8; SALT_BYTES],
    ) -> BoxFuture<'_, Result<[u8; SALT_BYTES], VaultError>>;

    /// The check value of the root key that this vault was made with; none in one that was made
    /// before there were any and has not been started with since.
    fn find_key_check(&self) -> BoxFuture<'_, Result<Option<[u8; 32]>, VaultError>>;

    /// Inserts the check value unless there is one; returns the one that stands.
    fn insert_key_check(&self, check: [u8; 32]) -> BoxFuture<'_, Result<[u8; 32], VaultError>>;

    /// Inserts a request unless its key stands there, and younger than `forgotten`; returns the
    /// row that stands.
    fn insert_request(
        &self,
        request: RequestRow,
        forgotten: Timestamp,
    ) -> BoxFuture<'_, Result<RequestRow, VaultError>>;

    /// The request that came with a key, remembered or about to be deleted.
    fn find_request(
        &self,
        key: HandleHash,
    ) -> BoxFuture<'_, Result<Option<RequestRow>, VaultError>>;

    /// Deletes the requests that are as old as `forgotten`, and of more than [`REQUESTS_MAX`] the
    /// oldest; how many that were.
    fn delete_requests(&self, forgotten: Timestamp) -> BoxFuture<'_, Result<usize, VaultError>>;
}
