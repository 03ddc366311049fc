//! Who may act here, as an access review reads it, with all text made printable.

use countersign_api::contract::id::AccountId;
use countersign_api::contract::kind::Role;
use jiff::Timestamp;

use crate::printable::Printable;

/// An operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The account.
    pub id: AccountId,
    /// The login, whole: it is a colleague's.
    pub login: Printable,
    /// The role.
    pub role: Role,
    /// Since when it has that role.
    pub role_since: Option<Timestamp>,
    /// Who gave it.
    pub given_by: Option<Printable>,
    /// When it was first added.
    pub added_at: Timestamp,
    /// When a session of it was last used, to five minutes.
    pub last_used_at: Option<Timestamp>,
    /// Whether it has used its setup token.
    pub set_up: bool,
    /// Whether it may act.
    pub enabled: bool,
}

/// Who may act here.
#[derive(Debug, Clone, Default)]
pub struct Operators {
    /// All of them: none before the first answer.
    pub listed: Option<Vec<Listed>>,
    /// Which one is selected.
    pub selected: usize,
    /// As of when.
    pub as_of: Option<Timestamp>,
}

impl Operators {
    /// The selected operator.
    #[must_use]
    pub fn selected(&self) -> Option<&Listed> {
        self.listed.as_ref()?.get(self.selected)
    }
}
