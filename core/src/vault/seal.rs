//! The one AEAD and the one keyed hash of the vault.
//!
//! XChaCha20-Poly1305 with a random 192-bit nonce in front of the ciphertext; what a ciphertext
//! belongs to (account, kind, version, class) is its associated data, so that a row that was moved
//! to another place does not open there (SR-137). Every list of parts is length-prefixed, so that
//! no two different lists have the same bytes.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::rows::VaultError;
use crate::entropy::{self, Entropy};

/// Bytes of every symmetric key.
pub const KEY_BYTES: usize = 32;
/// Bytes of the nonce in front of a ciphertext.
pub const NONCE_BYTES: usize = 24;

/// A symmetric key. Wiped when dropped; it has neither `Debug` nor `Serialize`.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; KEY_BYTES]>);

impl SecretKey {
    /// Wraps the bytes.
    #[must_use]
    pub const fn new(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(bytes)
    }

    /// A new random key.
    ///
    /// # Errors
    /// [`VaultError::NoEntropy`] where the generator fails.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, VaultError> {
        Ok(Self(entropy::bytes::<KEY_BYTES>(entropy)?))
    }

    /// A key for one purpose, derived from this one (HKDF-SHA-256, RFC 5869).
    ///
    /// # Errors
    /// [`VaultError::Damaged`] never in practice: 32 bytes are within what HKDF gives.
    pub fn derive(&self, salt: &[u8], purpose: &[u8]) -> Result<Self, VaultError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        Hkdf::<Sha256>::new(Some(salt), self.0.as_slice())
            .expand(purpose, key.as_mut_slice())
            .map_err(|error| VaultError::Damaged(format!("key derivation: {error}")))?;
        Ok(Self(key))
    }

    /// HMAC-SHA-256 over the domain and the parts, each with its length in front.
    #[must_use]
    pub fn mac(&self, domain: &str, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).expect("any length");
        update_with_length(&mut |bytes| mac.update(bytes), domain.as_bytes());
        for part in parts {
            update_with_length(&mut |bytes| mac.update(bytes), part);
        }
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Seals: nonce ‖ ciphertext ‖ tag, bound to `bound_to`.
    ///
    /// # Errors
    /// [`VaultError::NoEntropy`] without a nonce.
    pub fn seal(
        &self,
        bound_to: &[u8],
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, VaultError> {
        let nonce = entropy::bytes::<NONCE_BYTES>(entropy)?;
        let sealed = XChaCha20Poly1305::new(&(*self.0).into())
            .encrypt(&XNonce::from(*nonce), Payload { msg: plain, aad: bound_to })
            .map_err(|_| VaultError::Damaged("sealing failed".to_owned()))?;
        let mut out = Vec::with_capacity(NONCE_BYTES + sealed.len());
        out.extend_from_slice(nonce.as_slice());
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens what [`Self::seal`] made for the same `bound_to`; `None` for anything else.
    #[must_use]
    pub fn open(&self, bound_to: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        XChaCha20Poly1305::new(&(*self.0).into())
            .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: bound_to })
            .ok()
            .map(Zeroizing::new)
    }
}

/// The bytes that a seal is bound to: a domain and parts, each with its length in front.
#[must_use]
pub fn binding(domain: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    update_with_length(&mut |bytes| out.extend_from_slice(bytes), domain.as_bytes());
    for part in parts {
        update_with_length(&mut |bytes| out.extend_from_slice(bytes), part);
    }
    out
}

fn update_with_length(update: &mut dyn FnMut(&[u8]), part: &[u8]) {
    update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
    update(part);
}
