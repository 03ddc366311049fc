//! The PHC string of a password hash, as we write it and nothing else:
//! `$argon2id$v=19$m=19456,t=2,p=1,keyid=cDE$<salt>$<hash>`.
//!
//! A stored string chooses how much work a comparison is, so its parameters have bounds.

use std::fmt;

use countersign_events::id::Hash32;
use data_encoding::BASE64_NOPAD;

use super::super::rows::VaultError;

/// Bytes of a new salt (RFC 9106, section 3.1).
pub(super) const SALT_BYTES: usize = 16;
/// Bytes of a hash.
pub(super) const HASH_BYTES: usize = 32;
/// Bounds of what a stored string may ask for.
const SALT_BYTES_MAX: usize = 64;
const M_KIB_MAX: u32 = 256 * 1024;
const T_MAX: u32 = 16;
const P_MAX: u32 = 4;

/// What an Argon2id run costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Params {
    /// Memory, in KiB.
    pub m_kib: u32,
    /// Passes.
    pub t: u32,
    /// Lanes.
    pub p: u32,
}

impl Default for Argon2Params {
    /// 19 MiB, two passes, one lane (OWASP's first choice for Argon2id).
    fn default() -> Self {
        Self { m_kib: 19_456, t: 2, p: 1 }
    }
}

impl Argon2Params {
    /// The parameters as the library takes them.
    pub(super) fn checked(self) -> Result<argon2::Params, VaultError> {
        if self.m_kib > M_KIB_MAX || self.t > T_MAX || self.p > P_MAX {
            return Err(VaultError::Damaged(format!("parameters out of bounds: {self:?}")));
        }
        argon2::Params::new(self.m_kib, self.t, self.p, Some(HASH_BYTES))
            .map_err(|error| VaultError::Damaged(format!("argon2 parameters: {error}")))
    }
}

/// A stored hash, read. No `Debug`: it is a secret.
pub(super) struct PasswordHash {
    pub(super) params: Argon2Params,
    pub(super) pepper: String,
    pub(super) salt: Vec<u8>,
    pub(super) hash: Hash32,
}

impl PasswordHash {
    pub(super) fn parse(text: &str) -> Result<Self, VaultError> {
        let read = read(text).ok_or_else(|| VaultError::Damaged("password hash".to_owned()))?;
        read.params.checked()?;
        Ok(read)
    }
}

/// Whether a stored string is one that we write: under a pepper, which nobody else has.
pub(super) fn is_ours(text: &str) -> bool {
    text.starts_with("$argon2id$") && text.contains(",keyid=")
}

fn read(text: &str) -> Option<PasswordHash> {
    let mut fields = text.strip_prefix("$argon2id$v=19$")?.split('$');
    let (cost, salt, hash) = (fields.next()?, fields.next()?, fields.next()?);
    let mut cost = cost.split(',');
    let m_kib = cost.next()?.strip_prefix("m=")?.parse().ok()?;
    let t = cost.next()?.strip_prefix("t=")?.parse().ok()?;
    let p = cost.next()?.strip_prefix("p=")?.parse().ok()?;
    let pepper = decode(cost.next()?.strip_prefix("keyid=")?)?;
    let salt = decode(salt)?;
    if fields.next().is_some() || cost.next().is_some() {
        return None;
    }
    Some(PasswordHash {
        params: Argon2Params { m_kib, t, p },
        pepper: String::from_utf8(pepper).ok()?,
        salt: Some(salt).filter(|s| (SALT_BYTES..=SALT_BYTES_MAX).contains(&s.len()))?,
        hash: Hash32::new(decode(hash)?.try_into().ok()?),
    })
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_NOPAD.decode(text.as_bytes()).ok()
}

impl fmt::Display for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Argon2Params { m_kib, t, p } = self.params;
        write!(
            f,
            "$argon2id$v=19$m={m_kib},t={t},p={p},keyid={}${}${}",
            BASE64_NOPAD.encode(self.pepper.as_bytes()),
            BASE64_NOPAD.encode(&self.salt),
            BASE64_NOPAD.encode(self.hash.bytes()),
        )
    }
}
