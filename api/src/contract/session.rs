//! Sessions: what is given, what can be seen, and proving again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::AccountId;
use super::kind::Assurance;
use super::secret::Secret;
use super::sign_in::Answer;

/// A session and its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SessionGiven {
    /// The bearer token: told once. Left out where a cookie carries it.
    #[serde(default, skip_serializing_if = "Secret::is_empty")]
    pub token: Secret,
    /// When the session ends at the latest.
    pub expires_at: Timestamp,
    /// How sure it is.
    pub assurance: Assurance,
    /// How it was proven (RFC 8176 and our own URNs).
    pub amr: Vec<String>,
}

/// A session, as its holder sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Session {
    /// The name of it in lists and in the log: a hash, good for nothing else.
    pub session_id: String,
    /// Whose it is.
    pub account_id: AccountId,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it was last used, to within five minutes.
    pub last_used_at: Timestamp,
    /// How sure it is.
    pub assurance: Assurance,
    /// How it was proven.
    pub amr: Vec<String>,
    /// When the last proof was given.
    pub auth_time: Timestamp,
    /// From which address it started, as long as that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// With which user agent, as long as that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// `POST /v1/session/proofs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Proof {
    /// The password again.
    Password(PasswordProof),
    /// A code.
    Code(Answer),
}

/// The password again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordProof {
    /// As typed.
    pub password: Secret,
}

/// A proof was accepted: there is a new token, the old one is dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Proven {
    /// The session.
    pub session: SessionGiven,
}
