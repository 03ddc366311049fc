//! How an account comes to be, and with what.

use countersign_events::account::{KeyCreated, Origin};
use countersign_events::id::{ClientId, FactorId, SecretVersion};

/// See [`Command::Register`](super::Command::Register).
#[derive(Debug, Clone)]
pub struct Register {
    /// Who it is made for.
    pub origin: Origin,
    /// The client app that makes it.
    pub client: Option<ClientId>,
    /// Whether there is an address.
    pub has_email: bool,
    /// Whether it counts as proven.
    pub email_confirmed: bool,
    /// The data key, durable in the vault.
    pub key: KeyCreated,
    /// The password, durable in the vault.
    pub password: Option<SecretVersion>,
    /// What else an import brings along.
    pub imported: Option<Imported>,
}

/// What an import brings along beside the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// An authenticator that is in use already, its secret durable in the vault.
    pub authenticator: Option<(FactorId, SecretVersion)>,
}
