//! Randomness, as a value that is handed in.
//!
//! Only [`OsEntropy`] asks the machine, and it fails closed: where the operating system gives no
//! randomness, the request ends with a fault and no predictable code is ever made (SR-141).

use jiff::Timestamp;
use uuid::{Builder, Uuid};
use zeroize::Zeroizing;

/// The generator gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no randomness: {0}")]
pub struct NoEntropy(pub String);

/// Gives random bytes.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the buffer.
    ///
    /// # Errors
    /// [`NoEntropy`] where the generator fails; the buffer must not be used then.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(buffer).map_err(|error| NoEntropy(error.to_string()))
    }
}

/// `N` random bytes, wiped when dropped.
///
/// # Errors
/// [`NoEntropy`] where the generator fails.
pub fn bytes<const N: usize>(entropy: &dyn Entropy) -> Result<Zeroizing<[u8; N]>, NoEntropy> {
    let mut buffer = Zeroizing::new([0; N]);
    entropy.fill(buffer.as_mut_slice())?;
    Ok(buffer)
}

/// A random UUID (version 4).
///
/// # Errors
/// [`NoEntropy`] where the generator fails.
pub fn uuid_v4(entropy: &dyn Entropy) -> Result<Uuid, NoEntropy> {
    Ok(Builder::from_random_bytes(*bytes::<16>(entropy)?).into_uuid())
}

/// A UUID that sorts by time (version 7).
///
/// # Errors
/// [`NoEntropy`] where the generator fails.
pub fn uuid_v7(entropy: &dyn Entropy, at: Timestamp) -> Result<Uuid, NoEntropy> {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    Ok(Builder::from_unix_timestamp_millis(millis, &*bytes::<10>(entropy)?).into_uuid())
}
