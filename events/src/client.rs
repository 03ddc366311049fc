//! What can happen to a client app.

mod webhooks;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::webhooks::*;
use crate::account::is_false;
use crate::catalogue::events;
use crate::id::{EventId, HandleHash};

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
    /// Follow the events of its accounts.
    #[serde(rename = "events:read")]
    EventsRead,
    /// Read the log's bytes: checkpoints, tiles and entries, of all accounts.
    #[serde(rename = "log:read")]
    LogRead,
}

/// A client app was added; its API key was shown once. The key is called by the id of this event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// The app's name: an operator's choice, not personal data.
    pub name: String,
    /// What its key may do.
    pub scopes: Vec<Scope>,
    /// The hash of its API key.
    pub key: HandleHash,
    /// When the key dies; without it, it does not by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Where browsers are sent back to.
    #[serde(default, skip_serializing_if = "Redirects::is_empty")]
    pub redirects: Redirects,
    /// Whether all admins are told of it by mail.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_admins: bool,
}

/// Where browsers are sent back to by what the client app asks (RFC 6749, 3.1.2; OpenID Connect
/// RP-Initiated Logout 1.0): these addresses as they stand, and no other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redirects {
    /// After a sign-in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sign_in: Vec<String>,
    /// After signing out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sign_out: Vec<String>,
}

impl Redirects {
    /// Whether browsers are sent nowhere.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.sign_in.is_empty() && self.sign_out.is_empty()
    }
}

/// Browsers are sent back to these addresses from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedirectsSet {
    /// All there are.
    pub redirects: Redirects,
    /// Whether all admins are told of it by mail.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_admins: bool,
}

/// The client app has another API key, which was shown once. The key is called by the id of this
/// event. Those that it had go on beside it for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAdded {
    /// The hash of the key.
    pub key: HandleHash,
    /// When it dies; without it, it does not by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When every other key of the app dies that does not die earlier.
    pub others_end_at: Timestamp,
    /// Whether all admins are told of it by mail.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_admins: bool,
}

/// A key of the client app was ended: it is good for nothing more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEnded {
    /// Which: the id of the event that added it.
    pub key_id: EventId,
    /// Whether all admins are told of it by mail.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_admins: bool,
}

/// A key of the client app was used. Told at most once a day; of a key that another takes over
/// from, once an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyUsed {
    /// Which: the id of the event that added it.
    pub key_id: EventId,
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
        KeyAdded(KeyAdded) = "client.key_added" v 1,
        KeyEnded(KeyEnded) = "client.key_ended" v 1,
        KeyUsed(KeyUsed) = "client.key_used" v 1,
        RedirectsSet(RedirectsSet) = "client.redirects_set" v 1,
        WebhookAdded(WebhookAdded) = "client.webhook_added" v 1,
        WebhookEnded(WebhookEnded) = "client.webhook_ended" v 1,
        WebhookProgressed(WebhookProgressed) = "client.webhook_progressed" v 1,
        WebhookRedelivered(WebhookRedelivered) = "client.webhook_redelivered" v 1,
        WebhookReplayed(WebhookReplayed) = "client.webhook_replayed" v 1,
        WebhookSecretAdded(WebhookSecretAdded) = "client.webhook_secret_added" v 1,
    }
}
