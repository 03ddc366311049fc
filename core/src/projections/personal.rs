//! What a read model needs of the keys.

use countersign_events::id::{AccountId, Hash32};
use zeroize::Zeroizing;

use crate::accounts::Fault;

/// Opens sealed personal data, and hides an address behind a keyed hash.
pub trait PersonalData: Send + Sync {
    /// The JSON sealed under an account's key; `None` where that key is gone: erased.
    ///
    /// # Errors
    /// [`Fault`] where the keys cannot be asked, or the ciphertext is not what the key sealed.
    fn open_pii(
        &self,
        account: AccountId,
        key: &str,
        ciphertext: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Fault>;

    /// The keyed hash of an address in its normal form: the same for the same mailbox, and of no
    /// use without the key.
    fn email_hash(&self, email: &str) -> Hash32;
}
