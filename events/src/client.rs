//! What can happen to a client app.

use serde::{Deserialize, Serialize};

use crate::account::is_false;
use crate::catalogue::events;
use crate::id::HandleHash;

/// What a client app's key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Create accounts.
    #[serde(rename = "accounts:write")]
    AccountsWrite,
    /// Vouch for a password that the app checked itself, and carry the sign-in on.
    #[serde(rename = "sign-ins:vouch")]
    SignInsVouch,
    /// Begin and activate authenticators.
    #[serde(rename = "factors:write")]
    FactorsWrite,
    /// Read accounts and their histories.
    #[serde(rename = "history:read")]
    HistoryRead,
}

/// A client app was added; its API key was shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// The app's name: an operator's choice, not personal data.
    pub name: String,
    /// What its key may do.
    pub scopes: Vec<Scope>,
    /// The hash of its API key.
    pub key: HandleHash,
    /// Whether all admins are told of it by mail.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_admins: bool,
}

/// The client app may do nothing more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disabled {
    /// Whether all admins are told of it by mail.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_admins: bool,
}

events! {
    /// Everything that can happen to a client app.
    ClientEvent {
        Added(Added) = "client.added" v 1,
        Disabled(Disabled) = "client.disabled" v 1,
    }
}
