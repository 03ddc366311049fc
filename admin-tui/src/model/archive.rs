//! An exported log that is looked through instead of a server.

use countersign_api::contract::kind::Role;
use countersign_api::contract::secret::Secret;
use jiff::Timestamp;

use super::live::LIVE_LINES_MAX;
use super::{Accounts, Model, Operator, Screen, Shows};
use crate::effect::{Effect, Look};
use crate::printable::Printable;
use crate::text;

/// An exported log. Nobody signs in to it, and nothing can be done in it.
#[derive(Debug, Clone)]
pub struct Archive {
    /// The directory, as it was named.
    pub directory: Printable,
    /// How many entries it has.
    pub size: u64,
    /// When the latest was written: all that is shown is as of then.
    pub ends_at: Timestamp,
}

impl Archive {
    /// Where the live view begins: so near to the end that nothing falls out of it.
    #[must_use]
    pub fn live_from(&self) -> u64 {
        self.size.saturating_sub(u64::try_from(LIVE_LINES_MAX).unwrap_or(u64::MAX))
    }
}

impl Model {
    /// The console as it starts on an exported log: there is a session already, and the accounts
    /// that something happened to last are wanted.
    #[must_use]
    pub fn of_archive(
        archive: Archive,
        token: Secret,
        seed: impl Into<String>,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let mut model = Self::new("", seed, now);
        let login = Printable::new(text::READER);
        model.operator = Some(Operator { login, role: Some(Role::Auditor), account: None, token });
        model.archive = Some(archive);
        model.screen = Screen::Accounts(Accounts { shows: Shows::Recent, ..model.accounts() });
        let effects = model.send(Look::Recent);
        (model, effects)
    }

    /// As of when what is shown is so: now, or the end of an exported log.
    #[must_use]
    pub fn as_of(&self) -> Timestamp {
        self.archive.as_ref().map_or(self.now, |archive| archive.ends_at)
    }

    /// The list of accounts as one comes to it first.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        if self.archive.is_some() { Accounts::by_id() } else { Accounts::new() }
    }
}
