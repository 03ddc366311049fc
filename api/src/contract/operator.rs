//! Operators: accounts of this service that may act on others.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::By;
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

/// The operator who is asking (`GET /v1/operators/me`).
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

/// An operator as an access review lists it: who has which role, by whom, and when it last acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct OperatorListed {
    /// The operator's account.
    pub account_id: AccountId,
    /// The login.
    pub login: String,
    /// The role.
    pub role: Role,
    /// Since when it has that role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_since: Option<Timestamp>,
    /// Who added it, or gave it that role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_by: Option<By>,
    /// When it was first added.
    pub added_at: Timestamp,
    /// When a session of it was last used, to five minutes; none where it never signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// Whether the setup token was used.
    pub set_up: bool,
    /// Whether the operator may act.
    pub enabled: bool,
}
