//! Getting back in: a lost phone, and "this was not me".

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A replacement of the authenticators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Replacement {
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// From when a session by a code by e-mail may enrol the new authenticator.
    pub due_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What a notice told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// An authenticator is to be replaced: an objection stops it.
    Replacement,
    /// Another address was taken: an objection takes the earlier one back.
    EmailChange,
    /// The password was set anew by mail.
    PasswordReset,
    /// Anything else.
    Other,
}

/// What the link of a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Objection {
    /// What.
    pub about: About,
    /// When it happened.
    pub at: Timestamp,
    /// Until when the link works.
    pub until: Timestamp,
}
