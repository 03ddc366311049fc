//! The keys that assertions are signed with: one for each period of 30 days, derived from the root
//! key, so that every node signs with the same one and there is nothing to keep or to hand over.
//!
//! ```text
//!   period   …  n-1  │  n    │  n+1 …
//!   signs       no   │  yes  │  no
//!   published   yes  │  yes  │  yes
//! ```
//!
//! Whoever keeps the published keys for less than a period knows each before it signs, and each
//! signs nothing any more for a period before it goes.

use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::ALGORITHM;
use crate::vault::{Keyring, VaultError};

/// How long a key signs.
pub const KEY_PERIOD: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Candidates for a key; one in 2³² is no scalar of the curve.
const CANDIDATES_MAX: u8 = 8;

/// The key of a period.
pub struct AssertionKey {
    public: PublicKey,
    key: SigningKey,
}

/// What verifies its signatures (JWK, RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// `EC`.
    pub kty: String,
    /// `P-256`.
    pub crv: String,
    /// The point's first coordinate, base64url.
    pub x: String,
    /// Its second.
    pub y: String,
    /// The key's name: its thumbprint (RFC 7638).
    pub kid: String,
    /// `ES256`.
    pub alg: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub used_for: String,
}

impl AssertionKey {
    /// The key that signs at a time.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] never in practice.
    pub fn at(keyring: &Keyring, at: Timestamp) -> Result<Self, VaultError> {
        Self::of_period(keyring, period(at))
    }

    fn of_period(keyring: &Keyring, period: i64) -> Result<Self, VaultError> {
        let key = (0..CANDIDATES_MAX).find_map(|candidate| {
            let bytes = keyring.assertion_candidate(period, candidate);
            SigningKey::from_slice(bytes.as_slice()).ok()
        });
        let key = key.ok_or_else(|| VaultError::Damaged("no key for assertions".to_owned()))?;
        let public = PublicKey::of(key.verifying_key());
        Ok(Self { public, key })
    }

    /// The key's name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.public.kid
    }

    pub(super) fn sign_bytes(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.key.sign(message);
        signature.to_bytes().to_vec()
    }
}

/// The keys that apps verify with: of the period before, of this one and of the next.
///
/// # Errors
/// [`VaultError::Damaged`] never in practice.
pub fn published(keyring: &Keyring, now: Timestamp) -> Result<Vec<PublicKey>, VaultError> {
    let this = period(now);
    let periods = [this.saturating_sub(1), this, this.saturating_add(1)];
    periods.into_iter().map(|period| Ok(AssertionKey::of_period(keyring, period)?.public)).collect()
}

fn period(at: Timestamp) -> i64 {
    at.as_second().div_euclid(KEY_PERIOD.as_secs())
}

impl PublicKey {
    fn of(key: &VerifyingKey) -> Self {
        let point = key.to_sec1_point(false);
        // 0x04 and two coordinates of 32 bytes (SEC 1, 2.3.3).
        let (x, y) = point.as_bytes().split_at(1).1.split_at(32);
        let [x, y] = [x, y].map(|coordinate| BASE64URL_NOPAD.encode(coordinate));
        let thumbprint = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        Self {
            kty: "EC".to_owned(),
            crv: "P-256".to_owned(),
            kid: BASE64URL_NOPAD.encode(&Sha256::digest(thumbprint.as_bytes())),
            x,
            y,
            alg: ALGORITHM.to_owned(),
            used_for: "sig".to_owned(),
        }
    }

    /// Whether this key signed the message.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let Some(key) = self.key() else { return false };
        Signature::from_slice(signature)
            .is_ok_and(|signature| key.verify(message, &signature).is_ok())
    }

    fn key(&self) -> Option<VerifyingKey> {
        let mut point = vec![4];
        for coordinate in [&self.x, &self.y] {
            point.extend(BASE64URL_NOPAD.decode(coordinate.as_bytes()).ok()?);
        }
        VerifyingKey::from_sec1_bytes(&point).ok()
    }
}
