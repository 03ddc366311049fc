//! Devices that an account knows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A device, as its holder sees it. It grants nothing but a lane of its own for guesses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Device {
    /// The name of it in lists and in the log: a hash, good for nothing else. Another one after
    /// each sign-in there.
    pub id: String,
    /// When somebody first signed in there.
    pub first_seen_at: Timestamp,
    /// When somebody last did.
    pub last_seen_at: Timestamp,
    /// Until when it is known, unless somebody signs in there again.
    pub expires_at: Timestamp,
    /// From which address, as long as that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// With which user agent, as long as that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Whether the session that asks began there.
    pub current: bool,
}
