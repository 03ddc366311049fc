//! Who caused a fact.

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, ClientId};

/// The one who acted: every entry names exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum By {
    /// Whoever holds (or claims to hold) the account.
    Holder,
    /// A client app, by its API key.
    Client {
        /// The app.
        id: ClientId,
    },
    /// A member of staff.
    Operator {
        /// The operator's own account.
        id: AccountId,
    },
    /// The service itself: the courier, a start, a time that came.
    System,
    /// Whoever ran the command line on the server: the name of the system user.
    Console {
        /// The system user's name.
        user: String,
    },
}
