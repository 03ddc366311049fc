//! What a read model needs of the keys.

use countersign_events::id::{AccountId, Hash32};
use futures::future::BoxFuture;
use zeroize::Zeroizing;

use crate::accounts::Fault;
use crate::vault::Secrets;

/// The JSON that was sealed; `None` where its key is gone: erased.
pub type Opened = Option<Zeroizing<Vec<u8>>>;

/// Opens sealed personal data, and hides an address behind a keyed hash.
pub trait PersonalData: Send + Sync {
    /// Opens what was sealed under an account's key. [`Fault::Unavailable`] means that the keys
    /// cannot be asked now; another fault, that the ciphertext is not what the key sealed.
    fn open_pii<'a>(
        &'a self,
        account: AccountId,
        key: &'a str,
        ciphertext: &'a [u8],
    ) -> BoxFuture<'a, Result<Opened, Fault>>;

    /// The keyed hash of an address in its normal form: the same for the same mailbox, and of no
    /// use without the key.
    fn email_hash(&self, email: &str) -> Hash32;
}

impl PersonalData for Secrets {
    fn open_pii<'a>(
        &'a self,
        account: AccountId,
        key: &'a str,
        ciphertext: &'a [u8],
    ) -> BoxFuture<'a, Result<Opened, Fault>> {
        Box::pin(async move { Ok(Self::open_pii(self, account, key, ciphertext).await?) })
    }

    fn email_hash(&self, email: &str) -> Hash32 {
        Self::email_hash(self, email)
    }
}
