//! Proofs that a leaf is in a tree, and that a tree grew out of a smaller one (RFC 6962, section
//! 2.1; checked as in RFC 9162, sections 2.1.3.2 and 2.1.4.2).
//!
//! Made from the hashes of perfect subtrees, wherever those are kept ([`Nodes`]); checked from
//! the hashes of the proof alone.

use super::{node_hash, root_of_nothing};
use crate::id::Hash32;

/// Hashes that a proof holds at most: one for each level of a tree of 2^64 leaves.
pub const PROOF_HASHES_MAX: usize = 64;

/// Where the hashes of perfect subtrees are kept.
pub trait Nodes {
    /// Why a hash cannot be had.
    type Error;

    /// The hash over the `2^height` leaves from leaf `index * 2^height` on. It is asked only for
    /// subtrees that are full.
    ///
    /// # Errors
    /// Where it cannot be had.
    fn node(&mut self, height: u8, index: u64) -> Result<Hash32, Self::Error>;
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The leaf or the smaller tree lies beyond the tree.
    #[error("it asks for what lies beyond the tree")]
    Beyond,
    /// It has fewer or more hashes than the place needs.
    #[error("it has too few or too many hashes")]
    Length,
    /// It leads to another root.
    #[error("it leads to another root")]
    OtherRoot,
}

/// The root over the first `size` leaves; SHA-256 of nothing for none.
///
/// # Errors
/// Where a hash cannot be had.
pub fn root<N: Nodes>(nodes: &mut N, size: u64) -> Result<Hash32, N::Error> {
    over(nodes, 0, size)
}

/// The proof that leaf `index` is in the tree of `size` leaves: from the leaf's sibling upwards.
///
/// # Errors
/// Where a hash cannot be had; `None` where the leaf lies beyond the tree.
pub fn inclusion<N: Nodes>(
    nodes: &mut N,
    index: u64,
    size: u64,
) -> Result<Option<Vec<Hash32>>, N::Error> {
    if index >= size {
        return Ok(None);
    }
    let (mut from, mut to, mut path) = (0, size, vec![]);
    while to - from > 1 {
        let middle = from + left_half(to - from);
        if index < middle {
            path.push(over(nodes, middle, to)?);
            to = middle;
        } else {
            path.push(over(nodes, from, middle)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(Some(path))
}

/// The proof that the tree of `size` leaves begins with that of `earlier` leaves. Empty where there
/// is nothing to prove: from nothing, or from itself.
///
/// # Errors
/// Where a hash cannot be had; `None` where the earlier tree is the larger one.
pub fn consistency<N: Nodes>(
    nodes: &mut N,
    earlier: u64,
    size: u64,
) -> Result<Option<Vec<Hash32>>, N::Error> {
    if earlier > size {
        return Ok(None);
    }
    if earlier == 0 || earlier == size {
        return Ok(Some(vec![]));
    }
    let (mut from, mut to, mut path) = (0, size, vec![]);
    // Whether the part of the earlier tree in [from, to) is not the earlier tree itself.
    let mut is_part = false;
    while earlier != to {
        let middle = from + left_half(to - from);
        if earlier <= middle {
            path.push(over(nodes, middle, to)?);
            to = middle;
        } else {
            path.push(over(nodes, from, middle)?);
            from = middle;
            is_part = true;
        }
    }
    if is_part {
        path.push(over(nodes, from, to)?);
    }
    path.reverse();
    Ok(Some(path))
}

/// Checks a proof of [`inclusion`].
///
/// # Errors
/// [`ProofError`].
pub fn check_inclusion(
    leaf: Hash32,
    index: u64,
    size: u64,
    root: Hash32,
    proof: &[Hash32],
) -> Result<(), ProofError> {
    let mut last = size.checked_sub(1).filter(|last| index <= *last).ok_or(ProofError::Beyond)?;
    let (mut index, mut hash) = (index, leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if index & 1 == 1 || index == last {
            hash = node_hash(sibling, &hash);
            while index & 1 == 0 && index != 0 {
                (index, last) = (index >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (index, last) = (index >> 1, last >> 1);
    }
    match (last, hash == root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::OtherRoot),
        _ => Err(ProofError::Length),
    }
}

/// Checks a proof of [`consistency`] between two trees, each a size and a root.
///
/// # Errors
/// [`ProofError`].
pub fn check_consistency(
    earlier: (u64, Hash32),
    later: (u64, Hash32),
    proof: &[Hash32],
) -> Result<(), ProofError> {
    if earlier.0 > later.0 {
        return Err(ProofError::Beyond);
    }
    if earlier.0 == 0 || earlier.0 == later.0 {
        let expected = if earlier.0 == 0 { root_of_nothing() } else { later.1 };
        return match (proof.is_empty(), earlier.1 == expected) {
            (true, true) => Ok(()),
            (true, false) => Err(ProofError::OtherRoot),
            (false, _) => Err(ProofError::Length),
        };
    }
    let whole = earlier.0.is_power_of_two().then_some(earlier.1);
    let mut hashes = whole.into_iter().chain(proof.iter().copied());
    let (mut first, mut last) = (earlier.0 - 1, later.0 - 1);
    while first & 1 == 1 {
        (first, last) = (first >> 1, last >> 1);
    }
    let begin = hashes.next().ok_or(ProofError::Length)?;
    let (mut of_earlier, mut of_later) = (begin, begin);
    for hash in hashes {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if first & 1 == 1 || first == last {
            of_earlier = node_hash(&hash, &of_earlier);
            of_later = node_hash(&hash, &of_later);
            while first & 1 == 0 && first != 0 {
                (first, last) = (first >> 1, last >> 1);
            }
        } else {
            of_later = node_hash(&of_later, &hash);
        }
        (first, last) = (first >> 1, last >> 1);
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if of_earlier == earlier.1 && of_later == later.1 {
        return Ok(());
    }
    Err(ProofError::OtherRoot)
}

/// The largest power of two below `leaves`, of which there are at least two.
const fn left_half(leaves: u64) -> u64 {
    1 << (u64::BITS - 1 - (leaves - 1).leading_zeros())
}

/// The hash over the leaves from `from` to `to`, where `from` is a place at which a tree of that
/// many leaves can begin.
fn over<N: Nodes>(nodes: &mut N, from: u64, to: u64) -> Result<Hash32, N::Error> {
    let peaks = peaks(nodes, from, to)?.into_iter().rev();
    let joined = peaks.reduce(|right, left| node_hash(&left, &right));
    Ok(joined.unwrap_or_else(root_of_nothing))
}

/// The roots of the perfect subtrees that these leaves fall into, largest first.
pub(super) fn peaks<N: Nodes>(nodes: &mut N, from: u64, to: u64) -> Result<Vec<Hash32>, N::Error> {
    let (mut at, mut peaks) = (from, vec![]);
    while at < to {
        let height = u8::try_from((to - at).ilog2()).unwrap_or(u8::MAX);
        peaks.push(nodes.node(height, at >> height)?);
        at += 1 << height;
    }
    Ok(peaks)
}

#[cfg(test)]
mod tests;
