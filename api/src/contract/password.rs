//! Passwords: changed, and set anew by mail.

use serde::{Deserialize, Serialize};

use super::secret::Secret;
use super::session::SessionGiven;

/// `POST /v1/accounts/me/password`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The present one.
    pub current: Secret,
    /// The new one.
    pub password: Secret,
}

/// The password was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PasswordChanged {
    /// The session under its new token; every other one has ended.
    pub session: SessionGiven,
}

/// `POST /v1/password-resets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestPasswordReset {
    /// A login, or an e-mail address.
    pub login: String,
}

/// A request was taken: what comes of it, only the mailbox shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Taken {}

/// `POST /v1/password-resets/{token}` and `POST /v1/sign-ins/{id}/password`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The new one.
    pub password: Secret,
}

/// The password was set. Nobody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum PasswordReset {
    /// Always.
    Completed,
}
