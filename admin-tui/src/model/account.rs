//! What the console knows of an account: the server's answers with all text made printable.

use countersign_api::contract::id::AccountId;
use countersign_api::contract::kind::Method;
use jiff::Timestamp;

use crate::printable::Printable;

/// Events on one page of the time line.
pub const PAGE_EVENTS: usize = 50;

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
    /// Whether something of it is locked.
    pub locked: bool,
    /// Until when, as far as time alone ends it.
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
    /// How far its clock is off by its last code, in seconds: negative for one that is slow.
    pub clock_offset_seconds: Option<i64>,
    /// Whether that code was refused for it.
    pub clock_refused: bool,
}

/// A method that must wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Which.
    pub method: Method,
    /// Until when, as far as time alone ends it.
    pub until: Option<Timestamp>,
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
    /// The events.
    pub events: Vec<Event>,
    /// Which one is selected.
    pub selected: usize,
    /// The cursor of this page: none for the newest.
    cursor: Option<u64>,
    /// The cursor of the page of older events, where there is one.
    older: Option<u64>,
    /// The cursors of the newer pages, in the order in which they were left.
    newer: Vec<Option<u64>>,
}

impl TimeLine {
    /// The newest page.
    #[must_use]
    pub fn newest(events: Vec<Event>, older: Option<u64>) -> Self {
        Self { events, older, ..Self::default() }
    }

    /// The page that a cursor led to from this one: an older one, or back to a newer one.
    #[must_use]
    pub fn turned(&self, cursor: Option<u64>, events: Vec<Event>, older: Option<u64>) -> Self {
        let mut newer = self.newer.clone();
        if newer.last() == Some(&cursor) {
            newer.pop();
        } else {
            newer.push(self.cursor);
        }
        Self { events, selected: 0, cursor, older, newer }
    }

    /// The cursor of the page of older events: none where this is the oldest.
    #[must_use]
    pub fn older(&self) -> Option<u64> {
        self.older
    }

    /// The cursor of the page of newer events: none where this is the newest.
    #[must_use]
    pub fn newer(&self) -> Option<Option<u64>> {
        self.newer.last().copied()
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
    use super::TimeLine;

    #[test]
    fn pages_are_left_to_the_older_ones_and_come_back_to_in_order() {
        let newest = TimeLine::newest(Vec::new(), Some(70));
        let middle = newest.turned(newest.older(), Vec::new(), Some(20));
        let oldest = middle.turned(middle.older(), Vec::new(), None);
        assert_eq!((oldest.older(), oldest.newer()), (None, Some(Some(70))));
        let back = oldest.turned(Some(70), Vec::new(), Some(20));
        assert_eq!(back, middle);
        let back = back.turned(None, Vec::new(), Some(70));
        assert_eq!((back.newer(), back), (None, newest));
    }
}
