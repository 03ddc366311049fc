//! The vault: the only store that may forget.
//!
//! The log names secrets by their version and never holds one; here they are, sealed. [`rows`] is
//! what a backend keeps (names, wrapped account keys, sealed secrets, monthly salts), [`sqlite`]
//! the embedded backend, [`keyring`] the key files beside it, [`seal`] the one AEAD, and
//! [`secrets`] the façade that everybody else uses. [`passwords`] and [`codes`] derive what is
//! never stored in clear.
//!
//! **Architecture Invariant:** a secret is an insert-only row, durable before the event that names
//! its version; deletions follow their event. No secret implements `Debug` or `Serialize`, and
//! every plaintext of ours is wiped when dropped (SR-137, SR-139, SR-140).
#![forbid(unsafe_code)]

mod account_keys;
pub mod backup;
pub mod codes;
pub mod doctor;
pub mod files;
pub mod keyring;
pub mod named;
pub mod names;
pub mod passwords;
pub mod rows;
pub mod seal;
pub mod secrets;
pub mod sqlite;
pub mod sweep;

pub use files::DataFiles;
pub use keyring::Keyring;
pub use names::{normalise_email, normalise_login};
pub use passwords::{Argon2Params, PasswordMatch, PasswordRules, Passwords};
pub use rows::{Claim, SecretId, SecretKind, Vault, VaultError};
pub use secrets::{AskedBefore, Secrets};
pub use sqlite::SqliteVault;
