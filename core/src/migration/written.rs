//! A seed as others read it, and as it is read here again.

use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use crate::domain::totp::{DIGITS, PERIOD_SECONDS};
use crate::enrolment::{ALGORITHM, percent_encoded};

/// Bytes of a URI around its issuer, name and secret.
const FRAME_BYTES: usize = 96;

/// The URI of an authenticator, labelled with the name of its account.
#[must_use]
pub fn seed_uri(issuer: &str, name: &str, seed: &[u8]) -> Zeroizing<String> {
    let (issuer, name) = (percent_encoded(issuer), percent_encoded(name));
    let secret = Zeroizing::new(BASE32_NOPAD.encode(seed));
    // Sized once: a string that grows leaves copies of the secret behind.
    let bytes = 2 * issuer.len() + name.len() + secret.len() + FRAME_BYTES;
    let mut uri = Zeroizing::new(String::with_capacity(bytes));
    let parts = ["otpauth://totp/", &issuer, ":", &name, "?secret=", &secret, "&issuer=", &issuer];
    parts.iter().for_each(|part| uri.push_str(part));
    uri.push_str(&format!("&algorithm={ALGORITHM}&digits={DIGITS}&period={PERIOD_SECONDS}"));
    uri
}
