//! Assertions: who signed in, how sure that is and when, in a form that client apps verify by
//! themselves (JWT, RFC 7519, signed with ES256, RFC 7518).
//!
//! They are good for five minutes and for one app, and open nothing here: they say what was so when
//! they were made (SR-132, SR-135). The signature is deterministic (RFC 6979), so that a repeated
//! request is given the same bytes and nothing is stored for it.

mod keys;
#[cfg(test)]
mod tests;

use countersign_events::account::Assurance;
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use self::keys::{AssertionKey, KEY_PERIOD, PublicKey, published};

/// How long an assertion is good.
pub const ASSERTION_TTL: SignedDuration = SignedDuration::from_mins(5);
/// Characters of an assertion that is read back.
const ASSERTION_CHARS_MAX: usize = 4096;
/// The one algorithm (RFC 7518).
pub const ALGORITHM: &str = "ES256";
const TYPE: &str = "JWT";

/// What an assertion says (RFC 7519, OpenID Connect Core 1.0, section 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Who says it: the public URL.
    pub iss: String,
    /// Of whom: the account's id.
    pub sub: String,
    /// To whom: the app's id.
    pub aud: String,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it is good no more.
    pub exp: i64,
    /// When the holder signed in.
    pub auth_time: i64,
    /// How sure that is.
    pub acr: String,
    /// How it was proven.
    pub amr: Vec<String>,
    /// What the app wanted told back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The hash of the access token that goes along with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
}

/// The text is no assertion of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an assertion that was made here")]
pub struct InvalidAssertion;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

/// How an app is told how sure a sign-in is.
#[must_use]
pub const fn acr(assurance: Assurance) -> &'static str {
    match assurance {
        Assurance::Password => "urn:countersign:acr:password",
        Assurance::EmailCode => "urn:countersign:acr:email_code",
        Assurance::TwoFactor => "urn:countersign:acr:two_factor",
    }
}

/// The same, read.
#[must_use]
pub fn assurance(text: &str) -> Option<Assurance> {
    let all = [Assurance::Password, Assurance::EmailCode, Assurance::TwoFactor];
    all.into_iter().find(|assurance| acr(*assurance) == text)
}

/// The `at_hash` of an access token (OpenID Connect Core 1.0, 3.1.3.6).
#[must_use]
pub fn token_hash(token: &str) -> String {
    let full = Sha256::digest(token.as_bytes());
    BASE64URL_NOPAD.encode(full.split_at(16).0)
}

impl AssertionKey {
    /// Signs.
    ///
    /// # Errors
    /// [`serde_json::Error`] never in practice: the claims are texts and numbers.
    pub fn sign(&self, claims: &Claims) -> Result<String, serde_json::Error> {
        let (alg, typ) = (ALGORITHM.to_owned(), TYPE.to_owned());
        let header = serde_json::to_vec(&Header { alg, kid: self.id().to_owned(), typ })?;
        let claims = serde_json::to_vec(claims)?;
        let [header, claims] = [header, claims].map(|part| BASE64URL_NOPAD.encode(&part));
        let signed = format!("{header}.{claims}");
        let signature = BASE64URL_NOPAD.encode(&self.sign_bytes(signed.as_bytes()));
        Ok(format!("{signed}.{signature}"))
    }
}

/// Reads an assertion that one of these keys signed, whether it is still good or not.
///
/// # Errors
/// [`InvalidAssertion`] for everything else: another algorithm or type, another key, other bytes.
pub fn read(text: &str, keys: &[PublicKey]) -> Result<Claims, InvalidAssertion> {
    if text.len() > ASSERTION_CHARS_MAX {
        return Err(InvalidAssertion);
    }
    let (signed, signature) = text.rsplit_once('.').ok_or(InvalidAssertion)?;
    let (header, claims) = signed.split_once('.').ok_or(InvalidAssertion)?;
    let header: Header = part(header)?;
    if header.alg != ALGORITHM || header.typ != TYPE {
        return Err(InvalidAssertion);
    }
    let key = keys.iter().find(|key| key.kid == header.kid).ok_or(InvalidAssertion)?;
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).map_err(|_| InvalidAssertion)?;
    if !key.verifies(signed.as_bytes(), &signature) {
        return Err(InvalidAssertion);
    }
    part(claims)
}

fn part<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, InvalidAssertion> {
    let json = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| InvalidAssertion)?;
    serde_json::from_slice(&json).map_err(|_| InvalidAssertion)
}

impl Claims {
    /// When it is good no more, for one that is made now.
    #[must_use]
    pub fn times(at: Timestamp) -> (i64, i64) {
        let iat = at.as_second();
        (iat, iat.saturating_add(ASSERTION_TTL.as_secs()))
    }
}
