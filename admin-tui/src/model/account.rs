//! What the console knows of an account: the server's answers with all text made printable.

use countersign_api::contract::id::AccountId;
use countersign_api::contract::kind::Method;
use jiff::Timestamp;

use crate::printable::Printable;

/// Events on one page of the time line.
pub const PAGE_EVENTS: u64 = 50;

/// A line of a list of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The account.
    pub id: AccountId,
    /// Its login, masked.
    pub login_hint: Printable,
    /// Its address, masked.
    pub email_hint: Option<Printable>,
    /// Whether a second factor is asked for.
    pub two_factor_enabled: bool,
    /// Until when something of it is locked.
    pub locked_until: Option<Timestamp>,
}

/// An authenticator in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// The holder's name for it.
    pub name: Printable,
    /// Since when.
    pub enabled_at: Timestamp,
    /// When a code of it was last accepted.
    pub last_used_at: Option<Timestamp>,
}

/// A method that must wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Which.
    pub method: Method,
    /// Until when.
    pub until: Timestamp,
    /// Why, in a sentence.
    pub explanation: Printable,
}

/// An account's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its login, masked.
    pub login: Option<Printable>,
    /// Its address, masked.
    pub email_hint: Option<Printable>,
    /// Whether that address was proven.
    pub email_confirmed: bool,
    /// Whether a second factor is asked for at every sign-in.
    pub two_factor_enabled: bool,
    /// The authenticators in use.
    pub factors: Vec<Factor>,
    /// Recovery codes left.
    pub recovery_codes_left: u32,
    /// What must wait.
    pub locks: Vec<Lock>,
    /// Unresolved failures by method.
    pub unresolved: Vec<(Method, u32)>,
    /// Sessions alive.
    pub sessions: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// The last revision of its stream.
    pub revision: u64,
}

/// One event in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the stream.
    pub revision: u64,
    /// When.
    pub at: Timestamp,
    /// The type string.
    pub event_type: Printable,
    /// Who, in a word.
    pub by: &'static str,
    /// Who, exactly.
    pub by_whom: Printable,
    /// A sentence.
    pub explanation: Printable,
    /// The data, a line per line.
    pub data: Vec<Printable>,
}

/// A page of the time line, newest event first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeLine {
    /// The revision of the oldest event on this page.
    pub from: u64,
    /// The events.
    pub events: Vec<Event>,
    /// Which one is selected.
    pub selected: usize,
}

impl TimeLine {
    /// The revision that the newest page begins at, so that it ends with the account's last event.
    #[must_use]
    pub fn newest_from(revision: u64) -> u64 {
        (revision + 1).saturating_sub(PAGE_EVENTS)
    }

    /// The revision that the page before this one begins at: none where this is the oldest.
    #[must_use]
    pub fn older_from(&self) -> Option<u64> {
        (self.from > 0).then(|| self.from.saturating_sub(PAGE_EVENTS))
    }

    /// The revision that the page after this one begins at: none where this is the newest.
    #[must_use]
    pub fn newer_from(&self, revision: u64) -> Option<u64> {
        let newest = Self::newest_from(revision);
        (self.from < newest).then(|| (self.from + PAGE_EVENTS).min(newest))
    }

    /// The selected event.
    #[must_use]
    pub fn selected(&self) -> Option<&Event> {
        self.events.get(self.selected)
    }

    /// Moves the selection by some lines.
    pub fn select(&mut self, lines: isize) {
        let last = self.events.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(lines).min(last);
    }
}

#[cfg(test)]
mod tests {
    use super::{PAGE_EVENTS, TimeLine};

    #[test]
    fn pages_cover_every_event_from_the_newest_to_the_oldest() {
        let revision = 3 * PAGE_EVENTS + 7;
        let mut line = TimeLine { from: TimeLine::newest_from(revision), ..TimeLine::default() };
        assert_eq!(line.from + PAGE_EVENTS - 1, revision);
        let mut pages = 1;
        while let Some(older) = line.older_from() {
            assert!(older + PAGE_EVENTS >= line.from, "no event between two pages is left out");
            line.from = older;
            pages += 1;
        }
        assert_eq!((line.from, pages), (0, 4));
        assert_eq!(line.newer_from(revision), Some(PAGE_EVENTS));
    }

    #[test]
    fn a_young_account_has_one_page() {
        let line = TimeLine { from: TimeLine::newest_from(4), ..TimeLine::default() };
        assert_eq!((line.from, line.older_from(), line.newer_from(4)), (0, None, None));
    }
}
