//! Passwords as other systems keep them: read, bounded, and compared as they are.
//!
//! An imported hash has no pepper of ours. It is worth what it was worth before, until its holder
//! signs in: then the password is known for a moment, and a hash of our own takes its place.
//!
//! ```text
//!   $argon2id$v=19$m=65536,t=3,p=4$<salt>$<hash>       also argon2i, argon2d, and no v (16)
//!   $2b$12$<22 characters of salt><31 of hash>         also 2a, 2y
//!   $pbkdf2-sha256$i=600000,l=32$<salt>$<hash>         also sha512, and `29000` as passlib has it
//!   pbkdf2_sha256$600000$<text>$<hash>                 Django
//!   $scrypt$ln=16,r=8,p=1$<salt>$<hash>
//! ```
//!
//! A stored string chooses how much work a comparison is, so what it may ask for has bounds. Other
//! systems hash the bytes that were typed, so these are compared, and no normal form of them.

use argon2::{Algorithm, Argon2, Version};
use data_encoding::{BASE64, BASE64_NOPAD};
use hmac::digest::block_api::EagerHash;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Memory that a comparison may take, in KiB: what OWASP asks of scrypt at most.
pub const MEMORY_KIB_MAX: u32 = 128 * 1024;
/// Memory times passes of Argon2, in KiB: about a second.
pub const ARGON2_KIB_PASSES_MAX: u64 = 1024 * 1024;
/// Lanes of Argon2.
pub const ARGON2_LANES_MAX: u32 = 16;
/// Blocks of scrypt, `2^ln * r * p`: about a second.
pub const SCRYPT_BLOCKS_MAX: u64 = 4 * 1024 * 1024;
/// The cost of bcrypt: about a second.
pub const BCRYPT_COST_MAX: u32 = 14;
/// The least cost of bcrypt that there is.
const BCRYPT_COST_MIN: u32 = 4;
/// Bytes of a password that bcrypt looks at, the final zero included.
const BCRYPT_BYTES_MAX: usize = 72;
/// Characters of salt, and of salt and hash, in bcrypt's own base64.
const BCRYPT_SALT_CHARS: usize = 22;
const BCRYPT_CHARS: usize = 53;
/// Bytes of a bcrypt hash that are kept.
const BCRYPT_HASH_BYTES: usize = 23;
/// Rounds of PBKDF2: about a second, and twice what Django asks for.
pub const PBKDF2_ROUNDS_MAX: u32 = 2_000_000;
/// Bytes of a salt. RFC 9106 and argon2 ask for 8.
const SALT_BYTES: std::ops::RangeInclusive<usize> = 1..=64;
/// Bytes of a hash: less can be met by chance.
const HASH_BYTES: std::ops::RangeInclusive<usize> = 16..=64;
/// Bytes of a stored string.
const TEXT_BYTES_MAX: usize = 512;

/// Why a hash is not taken. Says nothing of what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForeignError {
    /// Nothing that is known here made it.
    #[error(
        "an unknown kind of password hash: Argon2, bcrypt, PBKDF2 (SHA-256, SHA-512) and scrypt \
         are known"
    )]
    Unknown,
    /// It is of a known kind, and does not read as one.
    #[error("a password hash of {0} that does not read")]
    Malformed(&'static str),
    /// It was made with a key that is not here.
    #[error("a password hash made with a key (keyid) that is not here")]
    Keyed,
    /// Comparing with it would be an attack on this service.
    #[error("a password hash of {0} that costs more than is accepted")]
    TooCostly(&'static str),
}

/// A hash of another system's. No `Debug`: it is a secret.
pub struct ForeignHash {
    scheme: Scheme,
    salt: Vec<u8>,
    hash: Zeroizing<Vec<u8>>,
}

enum Scheme {
    Argon2 { algorithm: Algorithm, version: Version, params: argon2::Params },
    Bcrypt { cost: u32 },
    Pbkdf2 { prf: Prf, rounds: u32 },
    Scrypt { params: scrypt::Params },
}

#[derive(Clone, Copy)]
enum Prf {
    Sha256,
    Sha512,
}

impl ForeignHash {
    /// Reads one.
    ///
    /// # Errors
    /// [`ForeignError`] for what is unknown, does not read, needs a key or costs too much.
    pub fn parse(text: &str) -> Result<Self, ForeignError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(ForeignError::Unknown);
        }
        if let Some(rest) = text.strip_prefix("pbkdf2_sha256$") {
            return django(rest).ok_or(ForeignError::Malformed("PBKDF2"))?.within_bounds();
        }
        let (kind, rest) =
            text.strip_prefix('$').and_then(|text| text.split_once('$')).unwrap_or_default();
        let read = match kind {
            "argon2id" => argon2_of(Algorithm::Argon2id, rest)?,
            "argon2i" => argon2_of(Algorithm::Argon2i, rest)?,
            "argon2d" => argon2_of(Algorithm::Argon2d, rest)?,
            "2a" | "2b" | "2y" => bcrypt_of(rest)?,
            "pbkdf2-sha256" => pbkdf2_of(Prf::Sha256, rest)?,
            "pbkdf2-sha512" => pbkdf2_of(Prf::Sha512, rest)?,
            "scrypt" => scrypt_of(rest)?,
            _ => return Err(ForeignError::Unknown),
        };
        read.within_bounds()
    }

    fn name(&self) -> &'static str {
        match self.scheme {
            Scheme::Argon2 { .. } => "Argon2",
            Scheme::Bcrypt { .. } => "bcrypt",
            Scheme::Pbkdf2 { .. } => "PBKDF2",
            Scheme::Scrypt { .. } => "scrypt",
        }
    }

    fn within_bounds(self) -> Result<Self, ForeignError> {
        if !SALT_BYTES.contains(&self.salt.len()) || !HASH_BYTES.contains(&self.hash.len()) {
            return Err(ForeignError::Malformed(self.name()));
        }
        let fits = match &self.scheme {
            Scheme::Argon2 { params, .. } => {
                let work = u64::from(params.m_cost()).saturating_mul(u64::from(params.t_cost()));
                params.m_cost() <= MEMORY_KIB_MAX
                    && params.p_cost() <= ARGON2_LANES_MAX
                    && work <= ARGON2_KIB_PASSES_MAX
            }
            Scheme::Bcrypt { cost } => *cost <= BCRYPT_COST_MAX,
            Scheme::Pbkdf2 { rounds, .. } => *rounds <= PBKDF2_ROUNDS_MAX,
            Scheme::Scrypt { params } => {
                // One block of each pass is 128 bytes.
                let at_once = params.n().saturating_mul(u64::from(params.r()));
                let blocks = at_once.saturating_mul(u64::from(params.p()));
                at_once / 8 <= u64::from(MEMORY_KIB_MAX) && blocks <= SCRYPT_BLOCKS_MAX
            }
        };
        if fits { Ok(self) } else { Err(ForeignError::TooCostly(self.name())) }
    }

    /// Whether it was made of this password, as it was typed.
    pub(super) fn is_of(&self, password: &str) -> bool {
        let typed = password.as_bytes();
        let mut made = Zeroizing::new(vec![0; self.hash.len()]);
        let ran = match &self.scheme {
            Scheme::Argon2 { algorithm, version, params } => {
                let argon2 = Argon2::new(*algorithm, *version, params.clone());
                argon2.hash_password_into(typed, &self.salt, &mut made).is_ok()
            }
            Scheme::Bcrypt { cost } => self.bcrypt(*cost, typed, &mut made).is_some(),
            Scheme::Pbkdf2 { prf: Prf::Sha256, rounds } => {
                self.pbkdf2::<Sha256>(*rounds, typed, &mut made)
            }
            Scheme::Pbkdf2 { prf: Prf::Sha512, rounds } => {
                self.pbkdf2::<Sha512>(*rounds, typed, &mut made)
            }
            Scheme::Scrypt { params } => {
                scrypt::scrypt(typed, &self.salt, params, &mut made).is_ok()
            }
        };
        ran && bool::from(made.as_slice().ct_eq(self.hash.as_slice()))
    }

    fn pbkdf2<D: EagerHash>(&self, rounds: u32, typed: &[u8], made: &mut [u8]) -> bool {
        pbkdf2::pbkdf2_hmac::<D>(typed, &self.salt, rounds, made);
        true
    }

    /// bcrypt takes the password with a zero behind it, and looks at 72 bytes of that.
    fn bcrypt(&self, cost: u32, typed: &[u8], made: &mut [u8]) -> Option<()> {
        let salt = self.salt.as_slice().try_into().ok()?;
        let end = [0];
        let key = typed.iter().chain(&end).take(BCRYPT_BYTES_MAX).copied();
        let key = Zeroizing::new(key.collect::<Vec<u8>>());
        let hash = Zeroizing::new(bcrypt::bcrypt(cost, salt, &key));
        made.copy_from_slice(hash.get(..made.len())?);
        Some(())
    }
}

/// The value of a named parameter among `a=1,b=2`.
fn value<'a>(of: &'a str, name: &str) -> Option<&'a str> {
    of.split(',').filter_map(|one| one.split_once('=')).find(|(key, _)| *key == name).map(|it| it.1)
}

fn number<T: std::str::FromStr>(of: &str, name: &str) -> Option<T> {
    value(of, name)?.parse().ok()
}

/// `<salt>$<hash>` in base64 without padding.
fn salt_and_hash(text: &str) -> Option<(Vec<u8>, Zeroizing<Vec<u8>>)> {
    let (salt, hash) = text.split_once('$')?;
    // passlib writes a dot for the plus.
    let decoded = |text: &str| BASE64_NOPAD.decode(text.replace('.', "+").as_bytes()).ok();
    Some((decoded(salt)?, Zeroizing::new(decoded(hash)?)))
}

fn argon2_of(algorithm: Algorithm, rest: &str) -> Result<ForeignHash, ForeignError> {
    let malformed = ForeignError::Malformed("Argon2");
    let (version, rest) = match rest.strip_prefix("v=") {
        Some(rest) => rest.split_once('$').ok_or(malformed)?,
        None => ("16", rest),
    };
    let version = match version {
        "16" => Version::V0x10,
        "19" => Version::V0x13,
        _ => return Err(malformed),
    };
    let (costs, rest) = rest.split_once('$').ok_or(malformed)?;
    if value(costs, "keyid").is_some() {
        return Err(ForeignError::Keyed);
    }
    let (salt, hash) = salt_and_hash(rest).ok_or(malformed)?;
    let cost = |name| number(costs, name).ok_or(malformed);
    let params = argon2::Params::new(cost("m")?, cost("t")?, cost("p")?, Some(hash.len()));
    let params = params.map_err(|_| malformed)?;
    if salt.len() < argon2::MIN_SALT_LEN {
        return Err(malformed);
    }
    Ok(ForeignHash { scheme: Scheme::Argon2 { algorithm, version, params }, salt, hash })
}

fn bcrypt_of(rest: &str) -> Result<ForeignHash, ForeignError> {
    let malformed = ForeignError::Malformed("bcrypt");
    let (cost, rest) = rest.split_once('$').ok_or(malformed)?;
    let cost = cost.parse().map_err(|_| malformed)?;
    if cost < BCRYPT_COST_MIN || rest.len() != BCRYPT_CHARS {
        return Err(malformed);
    }
    let (salt, hash) = rest.split_at_checked(BCRYPT_SALT_CHARS).ok_or(malformed)?;
    let salt = bcrypt_decoded(salt).ok_or(malformed)?.to_vec();
    let hash = bcrypt_decoded(hash).filter(|hash| hash.len() == BCRYPT_HASH_BYTES);
    Ok(ForeignHash { scheme: Scheme::Bcrypt { cost }, salt, hash: hash.ok_or(malformed)? })
}

/// bcrypt's base64 has its own order of characters, and some programs leave the last bits unclean.
fn bcrypt_decoded(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut bits, mut held) = (0_u32, 0_u32);
    for character in text.bytes() {
        let six = u32::try_from(ALPHABET.iter().position(|one| *one == character)?).ok()?;
        (bits, held) = ((bits << 6) | six, held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

fn pbkdf2_of(prf: Prf, rest: &str) -> Result<ForeignHash, ForeignError> {
    let malformed = ForeignError::Malformed("PBKDF2");
    let (costs, rest) = rest.split_once('$').ok_or(malformed)?;
    let rounds = number(costs, "i").or_else(|| costs.parse().ok()).filter(|rounds| *rounds > 0);
    let (salt, hash) = salt_and_hash(rest).ok_or(malformed)?;
    if value(costs, "l").is_some_and(|length| length.parse() != Ok(hash.len())) {
        return Err(malformed);
    }
    let scheme = Scheme::Pbkdf2 { prf, rounds: rounds.ok_or(malformed)? };
    Ok(ForeignHash { scheme, salt, hash })
}

/// `<rounds>$<salt as text>$<hash in base64>`.
fn django(rest: &str) -> Option<ForeignHash> {
    let mut parts = rest.split('$');
    let (rounds, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let rounds = rounds.parse().ok().filter(|rounds| *rounds > 0)?;
    if parts.next().is_some() {
        return None;
    }
    let hash = Zeroizing::new(BASE64.decode(hash.as_bytes()).ok()?);
    let scheme = Scheme::Pbkdf2 { prf: Prf::Sha256, rounds };
    Some(ForeignHash { scheme, salt: salt.as_bytes().to_vec(), hash })
}

fn scrypt_of(rest: &str) -> Result<ForeignHash, ForeignError> {
    let malformed = ForeignError::Malformed("scrypt");
    let (costs, rest) = rest.split_once('$').ok_or(malformed)?;
    let (salt, hash) = salt_and_hash(rest).ok_or(malformed)?;
    let log_n = number(costs, "ln").ok_or(malformed)?;
    let cost = |name| number(costs, name).ok_or(malformed);
    let params = scrypt::Params::new(log_n, cost("r")?, cost("p")?).map_err(|_| malformed)?;
    Ok(ForeignHash { scheme: Scheme::Scrypt { params }, salt, hash })
}

#[cfg(test)]
mod tests;
