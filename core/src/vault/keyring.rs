//! The key files: what must never lie beside the log or the vault (SR-138).
//!
//! One directory (0700), three kinds of file (0600), each one line of hexadecimal:
//!
//! - `root.key`: every keyed hash is made under a key derived from it (HKDF-SHA-256, one purpose
//!   each): logins, e-mail codes, tokens, recovery codes, passwords, fingerprints, and the network
//!   data of logins that do not exist;
//! - `wrapping-<id>.key`: wraps the accounts' data keys; several may exist, the highest id wraps;
//! - `log.key`: signs the log's checkpoints (Ed25519).
//!
//! The directory is made once, as a whole: a marker file stands in it until every key is on disk,
//! so that a crash in between is told from a key that was lost. Lost keys are never made anew.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use super::files;
use super::rows::VaultError;
use super::seal::{KEY_BYTES, SecretKey};
use crate::entropy::Entropy;

/// The file of the root key.
pub const ROOT_FILE: &str = "root.key";
/// The file of the log's signing key.
pub const LOG_FILE: &str = "log.key";
/// The id of the first wrapping key.
const FIRST_WRAPPING: u32 = 1;
/// Stands in the directory until all keys are made.
const MARKER_FILE: &str = "unfinished";
/// Bytes of a key file: hexadecimal and the end of the line.
const KEY_FILE_BYTES: u64 = 2 * KEY_BYTES as u64 + 1;
/// Permission bits that a key file and its directory must not have.
const FORBIDDEN_BITS: u32 = 0o077;
/// Wrapping keys that one directory holds at most.
const WRAPPING_KEYS_MAX: usize = 64;

/// The keys of this installation, in memory. Wiped when dropped; `Debug` shows nothing.
pub struct Keyring {
    login: SecretKey,
    mail: SecretKey,
    token: SecretKey,
    recovery: SecretKey,
    password: SecretKey,
    fingerprint: SecretKey,
    assertion: SecretKey,
    unknown_net: SecretKey,
    root_check: [u8; KEY_BYTES],
    /// By id, in ascending order; never empty.
    wrapping: Vec<(u32, SecretKey)>,
    log: SigningKey,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring(…)")
    }
}

impl Keyring {
    /// Opens the directory, or makes it with new keys where it is absent or empty.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] where a key is missing, does not read, or may be read by others;
    /// [`VaultError::Unavailable`] where the file system refuses; [`VaultError::NoEntropy`]
    /// where keys must be made and cannot.
    pub fn open_or_create(dir: &Path, entropy: &dyn Entropy) -> Result<Self, VaultError> {
        if !dir.exists() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(dir)
                .map_err(|error| unavailable("make", dir, &error))?;
        }
        check_permissions(dir)?;
        let files = list(dir)?;
        let unfinished = files.iter().any(|name| name == MARKER_FILE);
        if unfinished || !files.iter().any(|name| is_key_file(name)) {
            create(dir, entropy)?;
        }
        Self::open(dir)
    }

    /// Whether the directory has keys, finished or not.
    #[must_use]
    pub fn is_there(dir: &Path) -> bool {
        list(dir).is_ok_and(|files| files.iter().any(|name| is_key_file(name)))
    }

    /// Opens a directory that has keys.
    ///
    /// # Errors
    /// As [`Self::open_or_create`]; nothing is made.
    pub fn open(dir: &Path) -> Result<Self, VaultError> {
        check_permissions(dir)?;
        let files = list(dir)?;
        if files.iter().any(|name| name == MARKER_FILE) {
            return Err(damaged(dir, "was left unfinished"));
        }
        let mut wrapping = Vec::new();
        for id in files.iter().filter_map(|name| wrapping_id(name)) {
            wrapping.push((id, read_key(&dir.join(wrapping_file(id)))?));
        }
        wrapping.sort_by_key(|(id, _)| *id);
        if wrapping.is_empty() || wrapping.len() > WRAPPING_KEYS_MAX {
            return Err(damaged(dir, "has no wrapping key, or too many"));
        }
        let root = read_key(&dir.join(ROOT_FILE))?;
        let log = read_key(&dir.join(LOG_FILE))?;
        Self::from_keys(&root, wrapping, &log)
    }

    fn from_keys(
        root: &SecretKey,
        wrapping: Vec<(u32, SecretKey)>,
        log: &SecretKey,
    ) -> Result<Self, VaultError> {
        let purpose = |name: &str| root.derive(b"countersign root 1", name.as_bytes());
        Ok(Self {
            login: purpose("login hash")?,
            mail: purpose("mail code")?,
            token: purpose("token")?,
            recovery: purpose("recovery pepper p1")?,
            password: purpose("password pepper p1")?,
            fingerprint: purpose("fingerprint")?,
            assertion: purpose("assertions")?,
            unknown_net: purpose("net of unknown logins")?,
            root_check: *purpose("key check")?.mac("countersign key check 1", &[]),
            wrapping,
            log: SigningKey::from_bytes(log.bytes()),
        })
    }

    /// Tells one root key from another, and nothing about either: the vault keeps it, so that a
    /// root key that was exchanged is noticed.
    #[must_use]
    pub const fn root_check(&self) -> [u8; 32] {
        self.root_check
    }

    /// The public key of the log's signing key: the log's first entry names it.
    #[must_use]
    pub fn log_public_key(&self) -> [u8; 32] {
        self.log.verifying_key().to_bytes()
    }

    /// Signs a checkpoint (Ed25519, RFC 8032).
    #[must_use]
    pub fn sign_for_log(&self, message: &[u8]) -> [u8; 64] {
        self.log.sign(message).to_bytes()
    }

    /// The wrapping key in use and its id.
    pub(crate) fn wrapping(&self) -> Result<(String, &SecretKey), VaultError> {
        self.wrapping
            .last()
            .map(|(id, key)| (id.to_string(), key))
            .ok_or_else(|| VaultError::Damaged("no wrapping key".to_owned()))
    }

    /// The wrapping key of this id, if it is still here.
    pub(crate) fn wrapping_by_id(&self, id: &str) -> Option<&SecretKey> {
        let id: u32 = id.parse().ok()?;
        self.wrapping.iter().find(|(other, _)| *other == id).map(|(_, key)| key)
    }

    /// What a key for the assertions of a period is made of.
    pub(crate) fn assertion_candidate(&self, period: i64, candidate: u8) -> Zeroizing<[u8; 32]> {
        self.assertion.mac("countersign assertion key 1", &[&period.to_be_bytes(), &[candidate]])
    }

    pub(crate) const fn login_key(&self) -> &SecretKey {
        &self.login
    }

    pub(crate) const fn mail_key(&self) -> &SecretKey {
        &self.mail
    }

    pub(crate) const fn token_key(&self) -> &SecretKey {
        &self.token
    }

    pub(crate) const fn recovery_key(&self) -> &SecretKey {
        &self.recovery
    }

    pub(crate) const fn password_key(&self) -> &SecretKey {
        &self.password
    }

    pub(crate) const fn fingerprint_key(&self) -> &SecretKey {
        &self.fingerprint
    }

    pub(crate) const fn unknown_net_key(&self) -> &SecretKey {
        &self.unknown_net
    }
}

/// Paths in a directory of keys that others than its owner may use, with their permission bits.
///
/// # Errors
/// [`VaultError::Unavailable`] where the directory does not read.
pub fn open_to_others(dir: &Path) -> Result<Vec<(PathBuf, u32)>, VaultError> {
    let files = key_files(dir)?.into_iter().map(|name| dir.join(name));
    let mut found = Vec::new();
    for path in std::iter::once(dir.to_owned()).chain(files) {
        let bits = permission_bits(&path)?;
        if bits & FORBIDDEN_BITS != 0 {
            found.push((path, bits));
        }
    }
    Ok(found)
}

/// The names of the key files in a directory, sorted.
pub(super) fn key_files(dir: &Path) -> Result<Vec<String>, VaultError> {
    let mut names = list(dir)?;
    names.retain(|name| is_key_file(name));
    names.sort();
    Ok(names)
}

/// Makes every key. If we crash here, the marker tells the next start to begin again: no key of
/// an unfinished directory was ever used.
fn create(dir: &Path, entropy: &dyn Entropy) -> Result<(), VaultError> {
    let marker = dir.join(MARKER_FILE);
    write(&marker, b"")?;
    for name in [ROOT_FILE.to_owned(), wrapping_file(FIRST_WRAPPING), LOG_FILE.to_owned()] {
        let key = SecretKey::generate(entropy)?;
        let mut line = Zeroizing::new(HEXLOWER.encode(key.bytes()));
        line.push('\n');
        write(&dir.join(name), line.as_bytes())?;
    }
    fs::remove_file(&marker).map_err(|error| unavailable("remove", &marker, &error))?;
    sync_dir(dir)
}

fn write(path: &Path, content: &[u8]) -> Result<(), VaultError> {
    files::write_durably(path, content).map_err(|error| unavailable("write", path, &error))
}

fn sync_dir(dir: &Path) -> Result<(), VaultError> {
    files::sync_dir(dir).map_err(|error| unavailable("sync", dir, &error))
}

fn read_key(path: &Path) -> Result<SecretKey, VaultError> {
    if !path.exists() {
        return Err(damaged(path, "is missing"));
    }
    check_permissions(path)?;
    let mut text = Zeroizing::new(Vec::with_capacity(128));
    File::open(path)
        .and_then(|file| file.take(KEY_FILE_BYTES + 1).read_to_end(&mut text))
        .map_err(|error| unavailable("read", path, &error))?;
    let line = text.strip_suffix(b"\n").unwrap_or(&text);
    let decoded = HEXLOWER.decode(line).map(Zeroizing::new);
    let bytes: Option<[u8; KEY_BYTES]> =
        decoded.ok().and_then(|bytes| bytes.as_slice().try_into().ok());
    bytes
        .map(|bytes| SecretKey::new(Zeroizing::new(bytes)))
        .ok_or_else(|| damaged(path, "is not a line of 64 hexadecimal digits"))
}

fn check_permissions(path: &Path) -> Result<(), VaultError> {
    let bits = permission_bits(path)?;
    if bits & FORBIDDEN_BITS == 0 {
        return Ok(());
    }
    Err(damaged(path, &format!("may be used by others (mode {bits:03o}): chmod go= it")))
}

fn permission_bits(path: &Path) -> Result<u32, VaultError> {
    fs::metadata(path)
        .map(|metadata| metadata.permissions().mode() & 0o777)
        .map_err(|error| unavailable("look at", path, &error))
}

fn list(dir: &Path) -> Result<Vec<String>, VaultError> {
    fs::read_dir(dir)
        .and_then(|entries| {
            entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
        })
        .map_err(|error: io::Error| unavailable("list", dir, &error))
}

fn wrapping_file(id: u32) -> String {
    format!("wrapping-{id}.key")
}

fn wrapping_id(name: &str) -> Option<u32> {
    let id = name.strip_prefix("wrapping-")?.strip_suffix(".key")?.parse().ok()?;
    (wrapping_file(id) == name).then_some(id)
}

/// Whether a name is that of a key file.
pub(super) fn is_key_file(name: &str) -> bool {
    name == ROOT_FILE || name == LOG_FILE || wrapping_id(name).is_some()
}

fn unavailable(verb: &str, path: &Path, error: &io::Error) -> VaultError {
    VaultError::Unavailable(format!("{verb} {}: {error}", path.display()))
}

fn damaged(path: &Path, what: &str) -> VaultError {
    VaultError::Damaged(format!("{} {what}", path.display()))
}
