//! An account's past: the state after a revision, and what the event of that revision changed.

use countersign_api::contract::id::AccountId;

use super::account::Event;
use crate::printable::Printable;

/// Stepping through an account's revisions.
#[derive(Debug, Clone)]
pub struct Travel {
    /// Which account.
    pub account: AccountId,
    /// The revision that is wanted.
    pub revision: u64,
    /// The newest revision known.
    pub newest: u64,
    /// What came of it: none before the first answer.
    pub moment: Option<Moment>,
    /// Whether the state is shown as it is, or what changed in words.
    pub raw: bool,
    /// Lines scrolled past.
    pub scrolled: usize,
}

/// An account right after an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The event.
    pub event: Event,
    /// What it changed, in words and as far as people read it.
    pub words: Vec<Change>,
    /// What it changed.
    pub changes: Vec<Change>,
    /// The whole state, a line per line.
    pub state: Vec<Printable>,
    /// The newest revision of the account.
    pub newest: u64,
}

/// One part of the state that an event changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub path: Printable,
    /// What stood there.
    pub before: Option<Printable>,
    /// What stands there.
    pub after: Option<Printable>,
}

impl Travel {
    /// Lines that can be scrolled through.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.moment.as_ref().map_or(0, |moment| match self.raw {
            true => moment.changes.len() + moment.state.len(),
            false => moment.words.len(),
        })
    }
}
