//! Passwords: hashed with Argon2id under a pepper, on threads of their own.
//!
//! A password is taken as it was typed, in NFC and in full (SR-048); HMAC-SHA-256 under the
//! pepper turns it into 32 bytes, and Argon2id (RFC 9106) makes those expensive (SR-050). The
//! stored string is in the PHC format with the pepper's id as `keyid`. An unknown login costs the
//! same run over a dummy (SR-051). What an import brought along is compared as other systems made
//! it ([`foreign`]) beside that same run, and is outdated at once. Runs are bounded in number and
//! in waiting (SR-052): see [`pool`]. Which passwords may be set, [`rules`] says; that is worked
//! out there too.

pub mod foreign;
mod phc;
mod pool;
mod rules;

use std::sync::Arc;

use countersign_events::id::Hash32;
use futures::future::try_join;
use subtle::ConstantTimeEq as _;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use self::foreign::ForeignHash;
use self::phc::{HASH_BYTES, PasswordHash, SALT_BYTES};
use self::pool::Pool;
use super::keyring::Keyring;
use super::rows::VaultError;
use crate::domain::refusal::WeakPassword;
use crate::entropy::{self, Entropy, OsEntropy};

pub use self::phc::Argon2Params;
pub use self::rules::{CHARS_MIN, PASSWORD_BYTES_MAX, PasswordRules, SCORE_MIN};

/// Argon2 runs at once, unless configured otherwise.
pub const PARALLEL_DEFAULT: usize = 8;
/// The id of the pepper in use.
const PEPPER: &str = "p1";

/// What a comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordMatch {
    /// The password is the right one.
    pub right: bool,
    /// The stored hash has weaker parameters or an older pepper than new ones get.
    pub outdated: bool,
}

/// Hashes and compares passwords. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    keyring: Arc<Keyring>,
    entropy: Arc<dyn Entropy>,
    params: Argon2Params,
    pool: Arc<Pool>,
}

impl Passwords {
    /// With at most `max_parallel` runs at once and `queue_max` waiting.
    #[must_use]
    pub fn new(
        keyring: Arc<Keyring>,
        params: Argon2Params,
        max_parallel: usize,
        queue_max: usize,
    ) -> Self {
        let pool = Arc::new(Pool::new(max_parallel, queue_max));
        Self { keyring, entropy: Arc::new(OsEntropy), params, pool }
    }

    /// With other randomness for salts than the operating system's.
    #[must_use]
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// Whether a new password may be used by an account that these texts speak of: see
    /// [`PasswordRules::judge`]. Up to some milliseconds of work, so done where hashes are.
    ///
    /// # Errors
    /// [`VaultError::Busy`] when the queue is full.
    pub async fn judge(
        &self,
        rules: PasswordRules,
        password: &str,
        texts: Vec<Zeroizing<String>>,
    ) -> Result<Result<(), WeakPassword>, VaultError> {
        let password = Zeroizing::new(password.to_owned());
        self.pool.work_out(move || rules.judge(&password, &texts)).await
    }

    /// Hashes a new password into a PHC string.
    ///
    /// # Errors
    /// [`VaultError::Busy`] when the queue is full; [`VaultError::NoEntropy`] without a salt.
    pub async fn hash(&self, password: &str) -> Result<Zeroizing<String>, VaultError> {
        let salt = *entropy::bytes::<SALT_BYTES>(&*self.entropy)?;
        let hash = self.run(password, self.params, salt.to_vec()).await?;
        let stored = PasswordHash {
            params: self.params,
            pepper: PEPPER.to_owned(),
            salt: salt.to_vec(),
            hash: Hash32::new(*hash),
        };
        Ok(Zeroizing::new(stored.to_string()))
    }

    /// Compares with a stored PHC string, or with nothing at the same cost. One that an import
    /// brought along costs no less, and more where the other system made it dearer.
    ///
    /// # Errors
    /// [`VaultError::Busy`] when the queue is full; [`VaultError::Damaged`] where the string does
    /// not read, has parameters out of bounds, or was made under a pepper that is gone.
    pub async fn verify(
        &self,
        password: &str,
        phc: Option<&str>,
    ) -> Result<PasswordMatch, VaultError> {
        let stored = match phc {
            Some(text) if !phc::is_ours(text) => return self.compare_foreign(password, text).await,
            Some(text) => PasswordHash::parse(text)?,
            None => self.dummy(),
        };
        if stored.pepper != PEPPER {
            return Err(VaultError::Damaged(format!("pepper {} is gone", stored.pepper)));
        }
        let hash = self.run(password, stored.params, stored.salt).await?;
        let equal = bool::from(hash.as_slice().ct_eq(stored.hash.bytes()));
        Ok(PasswordMatch {
            right: equal && phc.is_some(),
            outdated: phc.is_some() && stored.params != self.params,
        })
    }

    async fn compare_foreign(
        &self,
        password: &str,
        text: &str,
    ) -> Result<PasswordMatch, VaultError> {
        let hash = ForeignHash::parse(text);
        let hash = hash.map_err(|error| VaultError::Damaged(error.to_string()))?;
        let password = Zeroizing::new(password.to_owned());
        let compared = {
            let password = password.clone();
            self.pool.work_out(move || hash.is_of(&password))
        };
        // Both at once, so that a hash that costs little takes as long as no account does (SR-051).
        let (right, ()) = try_join(compared, self.compare_with_none(&password)).await?;
        Ok(PasswordMatch { right, outdated: true })
    }

    /// Costs what a comparison does, where there is nothing to compare with.
    ///
    /// # Errors
    /// [`VaultError::Busy`] when the queue is full.
    pub async fn compare_with_none(&self, password: &str) -> Result<(), VaultError> {
        let dummy = self.dummy();
        self.run(password, dummy.params, dummy.salt).await.map(drop)
    }

    /// Argon2 runs so far: tests of equal cost compare it.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.pool.runs()
    }

    fn dummy(&self) -> PasswordHash {
        PasswordHash {
            params: self.params,
            pepper: PEPPER.to_owned(),
            salt: vec![0; SALT_BYTES],
            hash: Hash32::new([0; HASH_BYTES]),
        }
    }

    async fn run(
        &self,
        password: &str,
        params: Argon2Params,
        salt: Vec<u8>,
    ) -> Result<Zeroizing<[u8; HASH_BYTES]>, VaultError> {
        let normal = nfc(password);
        let key = self.keyring.password_key();
        let peppered = key.mac("countersign password 1", &[normal.as_bytes()]);
        self.pool.run(peppered, params, salt).await
    }
}

fn nfc(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfc().collect())
}
