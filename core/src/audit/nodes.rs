//! The hashes that proofs are made of, gathered in one reading of the entries.
//!
//! Which hashes a proof needs follows from sizes and places alone, so they are asked for before
//! the reading that brings them past. No tile and no file of hashes has to be trusted or to be
//! there, and memory grows with the hashes that are wanted, not with the log.
//!
//! **What must stay true:** what a leaf's proof needs from its left stands in the peaks when that
//! leaf comes, so that it can still be asked for then.

use std::collections::HashMap;
use std::convert::Infallible;

use countersign_events::id::Hash32;
use countersign_events::tree::proof::{self, Nodes};
use countersign_events::tree::{node_hash, root_of_nothing};

/// The root of a perfect subtree: over the `2^height` leaves from leaf `index * 2^height` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subtree {
    /// Its height.
    pub height: u8,
    /// Which one of its height, from 0.
    pub index: u64,
}

/// A hash that a proof needs and that was not gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the hash of subtree {} of height {} is not there", .0.index, .0.height)]
pub struct Missing(pub Subtree);

/// What the proof of a leaf needs, in a tree of `size` leaves; nothing for a leaf beyond it.
#[must_use]
pub fn of_inclusion(index: u64, size: u64) -> Vec<Subtree> {
    let mut asking = Asking::default();
    let Ok(_) = proof::inclusion(&mut asking, index, size);
    asking.0
}

/// What the proof needs that a tree of `size` leaves begins with that of `earlier` leaves.
#[must_use]
pub fn of_consistency(earlier: u64, size: u64) -> Vec<Subtree> {
    let mut asking = Asking::default();
    let Ok(_) = proof::consistency(&mut asking, earlier, size);
    asking.0
}

/// Writes down what is asked for, and answers with nothing.
#[derive(Default)]
struct Asking(Vec<Subtree>);

impl Nodes for Asking {
    type Error = Infallible;

    fn node(&mut self, height: u8, index: u64) -> Result<Hash32, Infallible> {
        self.0.push(Subtree { height, index });
        Ok(root_of_nothing())
    }
}

/// The hashes that are wanted, found while leaves go by.
#[derive(Debug, Default)]
pub struct Gathered {
    size: u64,
    /// Roots of the perfect subtrees so far, largest first.
    peaks: Vec<Hash32>,
    wanted: HashMap<Subtree, Option<Hash32>>,
}

impl Gathered {
    /// Asks for hashes: of subtrees that are still to come, or that end where the leaves so far do.
    pub fn want(&mut self, subtrees: impl IntoIterator<Item = Subtree>) {
        for subtree in subtrees {
            let known = self.peak(subtree);
            self.wanted.entry(subtree).or_insert(known);
        }
    }

    /// Takes a hash that was found elsewhere.
    pub fn keep(&mut self, subtree: Subtree, hash: Hash32) {
        self.wanted.insert(subtree, Some(hash));
    }

    /// Takes the next leaf.
    pub fn push(&mut self, leaf: Hash32) {
        let (mut at, mut node) = (Subtree { height: 0, index: self.size }, leaf);
        self.note(at, node);
        while at.index & 1 == 1 {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
            at = Subtree { height: at.height.saturating_add(1), index: at.index >> 1 };
            self.note(at, node);
        }
        self.peaks.push(node);
        self.size = self.size.saturating_add(1);
    }

    /// Leaves so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root over the leaves so far.
    #[must_use]
    pub fn root(&self) -> Hash32 {
        let peaks = self.peaks.iter().copied().rev();
        peaks.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(root_of_nothing)
    }

    fn note(&mut self, subtree: Subtree, hash: Hash32) {
        if let Some(wanted) = self.wanted.get_mut(&subtree) {
            *wanted = Some(hash);
        }
    }

    fn peak(&self, subtree: Subtree) -> Option<Hash32> {
        let whole = self.size.checked_shr(u32::from(subtree.height))?;
        let larger = usize::try_from((whole >> 1).count_ones()).ok()?;
        let is_peak = whole & 1 == 1 && whole.saturating_sub(1) == subtree.index;
        self.peaks.get(larger).copied().filter(|_| is_peak)
    }
}

impl Nodes for Gathered {
    type Error = Missing;

    fn node(&mut self, height: u8, index: u64) -> Result<Hash32, Missing> {
        let subtree = Subtree { height, index };
        self.wanted.get(&subtree).copied().flatten().ok_or(Missing(subtree))
    }
}

#[cfg(test)]
mod tests {
    use countersign_events::id::Hash32;
    use countersign_events::tree::proof::{
        check_consistency, check_inclusion, consistency, inclusion,
    };
    use countersign_events::tree::{TreeHead, leaf_hash};

    use super::{Gathered, of_consistency, of_inclusion};

    const SIZES: u64 = 70;

    fn leaf(number: u64) -> Hash32 {
        leaf_hash(&number.to_be_bytes())
    }

    /// The root of every size, smallest first.
    fn roots() -> Vec<Hash32> {
        let mut head = TreeHead::default();
        let mut roots = vec![head.root()];
        for number in 0..SIZES {
            head.push(leaf(number));
            roots.push(head.root());
        }
        roots
    }

    #[test]
    fn every_leaf_is_proven_that_is_asked_for_when_it_comes() {
        for (size, root) in (0..=SIZES).zip(roots()) {
            let mut gathered = Gathered::default();
            for index in 0..size {
                gathered.want(of_inclusion(index, size));
                gathered.push(leaf(index));
            }
            assert_eq!((gathered.size(), gathered.root()), (size, root));
            for index in 0..size {
                let path = inclusion(&mut gathered, index, size).unwrap().unwrap();
                assert_eq!(check_inclusion(leaf(index), index, size, root, &path), Ok(()));
            }
            assert!(of_inclusion(size, size).is_empty());
        }
    }

    #[test]
    fn growth_is_proven_between_any_two_sizes() {
        let roots = roots();
        for (size, root) in (0..=SIZES).zip(&roots) {
            for (earlier, before) in (0..=size).zip(&roots) {
                let mut gathered = Gathered::default();
                gathered.want(of_consistency(earlier, size));
                (0..size).for_each(|number| gathered.push(leaf(number)));
                let path = consistency(&mut gathered, earlier, size).unwrap().unwrap();
                let proven = check_consistency((earlier, *before), (size, *root), &path);
                assert_eq!(proven, Ok(()), "{earlier} to {size}");
            }
        }
    }

    #[test]
    fn what_nobody_asked_for_is_not_there() {
        let mut gathered = Gathered::default();
        (0..8).for_each(|number| gathered.push(leaf(number)));
        assert!(inclusion(&mut gathered, 3, 8).is_err());
        gathered.want(of_inclusion(3, 8));
        assert!(inclusion(&mut gathered, 3, 8).is_err(), "it has gone by");
    }
}
