//! Which sources are blocked, and until when.
//!
//! Every block is of the same length, so that the one that began first ends first.

use std::collections::{HashMap, VecDeque};

use super::Key;

/// The blocks there are.
#[derive(Debug)]
pub(super) struct Blocks {
    until: HashMap<Key, u64>,
    /// The same in the order of their ends.
    ends: VecDeque<(u64, Key)>,
    most: usize,
    begun: u64,
}

impl Blocks {
    pub(super) fn new(most: usize) -> Self {
        Self { until: HashMap::new(), ends: VecDeque::new(), most: most.max(1), begun: 0 }
    }

    /// Until when this one is blocked, if it is.
    pub(super) fn until(&self, key: Key, now: u64) -> Option<u64> {
        self.until.get(&key).copied().filter(|until| now < *until)
    }

    /// Blocks one that is not blocked; false where there is no room, for no block gives way.
    pub(super) fn block(&mut self, key: Key, now: u64, until: u64) -> bool {
        self.end(now);
        if self.until.len() >= self.most {
            return false;
        }
        self.until.insert(key, until);
        self.ends.push_back((until, key));
        self.begun = self.begun.saturating_add(1);
        true
    }

    /// How many there are.
    pub(super) fn count(&mut self, now: u64) -> usize {
        self.end(now);
        self.until.len()
    }

    /// How many have begun.
    pub(super) const fn begun(&self) -> u64 {
        self.begun
    }

    fn end(&mut self, now: u64) {
        while let Some((_, key)) = self.ends.pop_front_if(|(until, _)| *until <= now) {
            self.until.remove(&key);
        }
    }
}
