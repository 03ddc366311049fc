//! What can happen to an operator: an account of this service that may act on others.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalogue::events;
use crate::id::HandleHash;

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look, unlock, ask for a removal.
    Support,
    /// The same, and approve what another asked for.
    Supervisor,
    /// Read the log.
    Auditor,
    /// Clients, operators, policy.
    Admin,
}

/// An operator was added; a one-time setup token was given out. Added again before it was set up,
/// it has the newer role, and the older token is dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// The role.
    pub role: Role,
    /// The hash of the setup token.
    pub setup: HandleHash,
    /// When the setup token dies.
    pub setup_expires_at: Timestamp,
}

/// The setup token was used: the operator has a first password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetUp {}

/// The operator may act no more; a setup token that was not used is dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disabled {}

/// A disabled operator may act again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enabled {}

events! {
    /// Everything that can happen to an operator.
    OperatorEvent {
        Added(Added) = "operator.added" v 1,
        SetUp(SetUp) = "operator.set_up" v 1,
        Disabled(Disabled) = "operator.disabled" v 1,
        Enabled(Enabled) = "operator.enabled" v 1,
    }
}
