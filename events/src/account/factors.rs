//! What becomes of authenticators.

use serde::{Deserialize, Serialize};

use crate::id::FactorId;

/// An authenticator got another name. Sealed `pii`: `{name}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorRenamed {
    /// The authenticator.
    pub factor: FactorId,
}

/// An authenticator is no longer in use; its secret is destroyed after this event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorRemoved {
    /// The authenticator.
    pub factor: FactorId,
}

/// The last authenticator is gone: no second factor is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disabled {}

/// Two codes in a row told where the clock of an authenticator's phone is (stands beside the
/// `CodeVerified` of the second): from now on codes around that are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorResynced {
    /// The authenticator.
    pub factor: FactorId,
    /// Steps from the server's own: negative for a clock that is slow.
    pub offset: i32,
}
