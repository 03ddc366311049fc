//! Client apps and their API keys.

use serde::{Deserialize, Serialize};

use super::id::ClientId;
use super::kind::Scope;
use super::secret::Secret;

/// `POST /v1/clients`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AddClient {
    /// The app's name, 1 to 64 characters.
    pub name: String,
    /// What its key may do.
    pub scopes: Vec<Scope>,
}

/// A new client app and its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ClientAdded {
    /// Its id.
    pub client_id: ClientId,
    /// Told once.
    pub api_key: Secret,
}

/// A client app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ClientApp {
    /// Its id.
    pub client_id: ClientId,
    /// Its name.
    pub name: String,
    /// What its key may do.
    pub scopes: Vec<Scope>,
    /// Whether it may do anything.
    pub enabled: bool,
}
