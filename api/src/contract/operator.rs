//! Operators: accounts of this service that may act on others.

use serde::{Deserialize, Serialize};

use super::id::AccountId;
use super::kind::Role;
use super::secret::Secret;

/// `POST /v1/operators`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddOperator {
    /// The login, 3 to 64 characters.
    pub login: String,
    /// What the operator may do.
    pub role: Role,
}

/// A new operator and the one-time token to set up with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct OperatorAdded {
    /// The operator's account.
    pub account_id: AccountId,
    /// Told once.
    pub setup_token: Secret,
}

/// An operator: one of a list, or who is asking (`GET /v1/operators/me`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Operator {
    /// The operator's account.
    pub account_id: AccountId,
    /// The role.
    pub role: Role,
    /// Whether the setup token was used.
    pub set_up: bool,
    /// Whether the operator may act.
    pub enabled: bool,
}
