//! Client apps and their API keys.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::By;
use super::id::{ClientId, KeyId};
use super::kind::Scope;
use super::secret::Secret;

/// `POST /v1/clients`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddClient {
    /// The app's name, 1 to 64 characters.
    pub name: String,
    /// What its keys may do.
    pub scopes: Vec<Scope>,
    /// How long its first key lives, an hour to ten years; without it, until it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<u64>,
    /// Where browsers are sent back to after a sign-in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Where to after signing out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
}

/// `PUT /v1/clients/{client}/redirects`: where browsers are sent back to by what a client app asks;
/// up to 20 addresses of each kind, as browsers write them, `https` or on the machine itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Redirects {
    /// After a sign-in.
    pub redirect_uris: Vec<String>,
    /// After signing out.
    pub post_logout_redirect_uris: Vec<String>,
}

/// A new client app and its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ClientAdded {
    /// Its id.
    pub client_id: ClientId,
    /// What the key is called by; no secret.
    pub key_id: KeyId,
    /// Told once.
    pub api_key: Secret,
    /// When the key dies by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// `POST /v1/clients/{client}/keys`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddKey {
    /// How long the keys that there are go on beside the new one, 0 (at once) to 30 days; without
    /// it, 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap_seconds: Option<u64>,
    /// How long the key lives, an hour to ten years; without it, until it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<u64>,
}

/// A further key of a client app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct KeyAdded {
    /// The app.
    pub client_id: ClientId,
    /// What the key is called by; no secret.
    pub key_id: KeyId,
    /// Told once.
    pub api_key: Secret,
    /// When the key dies by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When the app's other keys die that do not die earlier.
    pub others_end_at: Timestamp,
}

/// A client app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ClientApp {
    /// Its id.
    pub client_id: ClientId,
    /// Its name.
    pub name: String,
    /// What its keys may do.
    pub scopes: Vec<Scope>,
    /// Whether it may do anything.
    pub enabled: bool,
    /// Where browsers are sent back to after a sign-in.
    pub redirect_uris: Vec<String>,
    /// Where to after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Its keys, the newest first; of those that are dead only the latest.
    pub keys: Vec<ClientKey>,
}

/// A key of a client app: everything but the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ClientKey {
    /// What it is called by; no secret.
    pub key_id: KeyId,
    /// When it was added.
    pub added_at: Timestamp,
    /// Who added it.
    pub added_by: By,
    /// When it dies by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Until when it goes on beside the one that took over from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlaps_until: Option<Timestamp>,
    /// When it was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// When it was last used, to the day, and to the hour while it overlaps; none where it never
    /// was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// Whether it is taken now.
    pub alive: bool,
}
