//! Client apps and their keys, as they are answered.

use countersign_events::actor::By;
use countersign_events::client::{Redirects, Scope};
use countersign_events::id::{ClientId, EventId};
use jiff::Timestamp;

use crate::handle::ApiKey;

/// A client app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientView {
    /// Its id.
    pub client: ClientId,
    /// Its name.
    pub name: String,
    /// What its keys may do.
    pub scopes: Vec<Scope>,
    /// Whether it may do anything.
    pub enabled: bool,
    /// Where browsers are sent back to.
    pub redirects: Redirects,
}

impl ClientView {
    /// Whether browsers may be sent back to this address after a sign-in: it is on the list, as it
    /// is.
    #[must_use]
    pub fn leads_back_to(&self, uri: &str) -> bool {
        self.redirects.sign_in.iter().any(|listed| listed == uri)
    }
}

/// A client app with its keys, for a review of who may act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientListed {
    /// The app.
    pub client: ClientView,
    /// Its keys, the newest first; of those that are dead only the latest.
    pub keys: Vec<KeyView>,
}

/// A key of a client app: everything but the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyView {
    /// What it is called by: the id of the event that added it.
    pub id: EventId,
    /// When it was added.
    pub added_at: Timestamp,
    /// Who added it.
    pub added_by: By,
    /// When it dies by itself.
    pub expires_at: Option<Timestamp>,
    /// Until when it goes on beside the one that took over from it.
    pub overlaps_until: Option<Timestamp>,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// When it was last used, as far as told.
    pub last_used_at: Option<Timestamp>,
    /// Whether it is taken.
    pub alive: bool,
}

/// A new client app and its key.
#[derive(Debug, Clone)]
pub struct ClientAdded {
    /// Its id.
    pub client: ClientId,
    /// What the key is called by.
    pub key: EventId,
    /// Told once.
    pub api_key: ApiKey,
    /// When the key dies by itself.
    pub expires_at: Option<Timestamp>,
}

/// A further key of a client app.
#[derive(Debug, Clone)]
pub struct KeyAdded {
    /// The app.
    pub client: ClientId,
    /// What the key is called by.
    pub key: EventId,
    /// Told once.
    pub api_key: ApiKey,
    /// When the key dies by itself.
    pub expires_at: Option<Timestamp>,
    /// When the app's other keys die that do not die earlier.
    pub others_end_at: Timestamp,
}
