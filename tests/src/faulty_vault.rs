//! A vault that can be told to be down, whole or in part. What it answers comes from a real one.

use std::sync::{Arc, Mutex, PoisonError};

use countersign_core::vault::rows::{ClaimRow, RequestRow, SALT_BYTES, SecretRow, WrappedKey};
use countersign_core::vault::{SecretId, Vault, VaultError};
use countersign_events::id::{AccountId, HandleHash, Hash32};
use futures::future::BoxFuture;
use jiff::Timestamp;

/// What of a vault does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultFault {
    /// Nothing is answered, and nothing written.
    Down,
    /// Names and keys are answered; secrets are neither found nor written.
    NoSecrets,
    /// Every secret is found, with a bit of it turned over.
    Damaged,
}

/// Tells a vault when to fail. Clones tell the same one.
#[derive(Debug, Clone, Default)]
pub struct VaultSwitch(Arc<Mutex<Option<VaultFault>>>);

impl VaultSwitch {
    /// From now on this is wrong.
    pub fn fails(&self, fault: VaultFault) {
        self.set(Some(fault));
    }

    /// From now on nothing is wrong.
    pub fn works(&self) {
        self.set(None);
    }

    fn set(&self, fault: Option<VaultFault>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn refuses(&self, call: &str) -> bool {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            None | Some(VaultFault::Damaged) => false,
            Some(VaultFault::Down) => true,
            Some(VaultFault::NoSecrets) => call.contains("secret"),
        }
    }

    fn spoils(&self) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) == Some(VaultFault::Damaged)
    }

    /// A vault that fails when it is told to, in front of one that does not.
    #[must_use]
    pub fn around(&self, inner: Arc<dyn Vault>) -> Arc<dyn Vault> {
        Arc::new(FaultyVault { inner, switch: self.clone() })
    }
}

/// The vault.
struct FaultyVault {
    inner: Arc<dyn Vault>,
    switch: VaultSwitch,
}

macro_rules! through {
    ($($name:ident($($arg:ident: $type:ty),*) -> $out:ty;)*) => {
        impl Vault for FaultyVault {
            $(fn $name(&self, $($arg: $type),*) -> BoxFuture<'_, Result<$out, VaultError>> {
                if self.switch.refuses(stringify!($name)) {
                    let down = VaultError::Unavailable("told to be down".to_owned());
                    return Box::pin(async move { Err(down) });
                }
                self.inner.$name($($arg),*)
            })*

            fn find_secret(
                &self,
                id: SecretId,
            ) -> BoxFuture<'_, Result<Option<Vec<u8>>, VaultError>> {
                Box::pin(async move {
                    if self.switch.refuses("find_secret") {
                        return Err(VaultError::Unavailable("told to be down".to_owned()));
                    }
                    let mut found = self.inner.find_secret(id).await?;
                    if let Some(last) = found.iter_mut().flatten().last()
                        && self.switch.spoils()
                    {
                        *last ^= 1;
                    }
                    Ok(found)
                })
            }
        }
    };
}

through! {
    find_claim(name: Hash32) -> Option<ClaimRow>;
    insert_claim(claim: ClaimRow) -> ClaimRow;
    move_claim(from: AccountId, to: ClaimRow) -> bool;
    claims(after: Option<Hash32>) -> Vec<ClaimRow>;
    find_key(account: AccountId) -> Option<WrappedKey>;
    insert_key(account: AccountId, key: WrappedKey) -> WrappedKey;
    delete_key(account: AccountId) -> ();
    insert_secret(row: SecretRow, sealed: Vec<u8>) -> bool;
    delete_secret(id: SecretId) -> ();
    secrets_of(account: AccountId) -> Vec<SecretRow>;
    accounts_with_secrets(after: Option<AccountId>) -> Vec<AccountId>;
    find_salt(month: &str) -> Option<[u8; SALT_BYTES]>;
    insert_salt(month: &str, salt: [u8; SALT_BYTES]) -> [u8; SALT_BYTES];
    find_key_check() -> Option<[u8; 32]>;
    insert_key_check(check: [u8; 32]) -> [u8; 32];
    insert_request(request: RequestRow, forgotten: Timestamp) -> RequestRow;
    find_request(key: HandleHash) -> Option<RequestRow>;
    delete_requests(forgotten: Timestamp) -> usize;
}
