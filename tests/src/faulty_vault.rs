//! A vault that can be told to be down. While it is up, everything goes to a real one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_core::vault::rows::{ClaimRow, SALT_BYTES, SecretRow, WrappedKey};
use countersign_core::vault::{SecretId, Vault, VaultError};
use countersign_events::id::{AccountId, Hash32};
use futures::future::BoxFuture;

/// Tells a vault whether it is down. Clones tell the same one.
#[derive(Debug, Clone, Default)]
pub struct VaultSwitch(Arc<AtomicBool>);

impl VaultSwitch {
    /// From now on nothing is answered, and nothing written.
    pub fn goes_down(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// From now on everything is answered.
    pub fn comes_up(&self) {
        self.0.store(false, Ordering::SeqCst);
    }

    /// A vault that is down when it is told to, in front of one that is not.
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
                if self.switch.0.load(Ordering::SeqCst) {
                    let down = VaultError::Unavailable("told to be down".to_owned());
                    return Box::pin(async move { Err(down) });
                }
                self.inner.$name($($arg),*)
            })*
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
    find_secret(id: SecretId) -> Option<Vec<u8>>;
    insert_secret(row: SecretRow, sealed: Vec<u8>) -> bool;
    delete_secret(id: SecretId) -> ();
    secrets_of(account: AccountId) -> Vec<SecretRow>;
    accounts_with_secrets(after: Option<AccountId>) -> Vec<AccountId>;
    find_salt(month: &str) -> Option<[u8; SALT_BYTES]>;
    insert_salt(month: &str, salt: [u8; SALT_BYTES]) -> [u8; SALT_BYTES];
}
