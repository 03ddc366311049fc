//! Events, in words: a history's items.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::{AccountId, ClientId};

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Event {
    /// Its place in the account's stream, dense from 0.
    pub revision: u64,
    /// When.
    pub at: Timestamp,
    /// The permanent type string, like `account.code_verified`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Who.
    pub by: By,
    /// The data, by type.
    #[cfg_attr(feature = "server", schema(value_type = Object))]
    pub data: serde_json::Value,
    /// A sentence.
    pub explanation: String,
    /// Where it stands for more than one look: how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks: Option<Looks>,
}

/// Looks of one operator for one ticket with nothing between them, told as one: the last of them
/// stands for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Looks {
    /// How many.
    pub count: u32,
    /// When the first of them was.
    pub since: Timestamp,
    /// The revision of the first of them.
    pub first_revision: u64,
}

/// Who caused an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum By {
    /// Whoever holds (or claims to hold) the account.
    Holder,
    /// A client app.
    Client {
        /// The app.
        id: ClientId,
    },
    /// A member of staff.
    Operator {
        /// The operator's own account.
        id: AccountId,
    },
    /// A member of staff, as the holder is told of one: not by name.
    Support,
    /// The service itself.
    System,
    /// Whoever ran the command line on the server.
    Console {
        /// The system user's name.
        user: String,
    },
}
