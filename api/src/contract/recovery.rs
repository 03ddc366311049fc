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
    /// Whether it may be completed now.
    pub due: bool,
}

/// What a notice told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// An authenticator is to be replaced: an objection stops it.
    Replacement,
    /// Support was asked to remove a second factor: an objection stops it.
    Removal,
    /// Another address was taken: an objection takes the earlier one back.
    EmailChange,
    /// The password was set anew by mail.
    PasswordReset,
    /// Somebody guesses passwords or codes: an objection sends a link to a new password.
    Guesses,
    /// Anything else.
    Other,
}

/// What an objection does, or has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The replacement that waits is stopped.
    ReplacementStopped,
    /// The removal that support was asked for is stopped.
    RemovalStopped,
    /// The address before the change is the one of the account again, and no later one.
    AddressRestored,
    /// Every session ends.
    SessionsEnded,
    /// The password is good for nothing any more: a new one comes by mail.
    PasswordEnded,
    /// The next sign-in asks for a new password.
    PasswordAsked,
    /// For a while address, authenticators and recovery codes stay as they are.
    Held,
    /// A mail with a link to a new password is sent.
    LinkSent,
}

/// The password is asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Unlocked {}

/// What the link of a notice is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Objection {
    /// What.
    pub about: About,
    /// When it happened.
    pub at: Timestamp,
    /// Until when the link works.
    pub until: Timestamp,
    /// What an objection would do now, or has just done.
    pub effects: Vec<Effect>,
}
