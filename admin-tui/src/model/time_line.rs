//! The time line of an account: pages of events, newest first, all of them or of one kind.

use super::account::Event;

/// Events on one page of the time line.
pub const PAGE_EVENTS: usize = 50;

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
