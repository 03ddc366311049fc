//! The log's Merkle tree (RFC 6962): hashes of leaves, inner nodes and a whole log; proofs
//! ([`proof`]); the tree as files ([`tile`]).
//!
//! All of it is a pure function of the entries in the order of the log.

pub mod proof;
pub mod tile;

use sha2::{Digest as _, Sha256};

use crate::id::Hash32;

const LEAF_PREFIX: [u8; 1] = [0x00];
const NODE_PREFIX: [u8; 1] = [0x01];
/// Domain of the commitment to a sealed part.
const SEALED_PREFIX: [u8; 1] = [0x03];

fn hash(parts: [&[u8]; 3]) -> Hash32 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    Hash32::new(hasher.finalize().into())
}

/// `SHA-256(0x00 ‖ entry)` (RFC 6962, section 2.1): the leaf of the tree and, at once, what the
/// next entry of the stream carries as `prev`.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash32 {
    hash([&LEAF_PREFIX, entry, &[]])
}

/// `SHA-256(0x01 ‖ left ‖ right)` (RFC 6962, section 2.1).
#[must_use]
pub fn node_hash(left: &Hash32, right: &Hash32) -> Hash32 {
    hash([&NODE_PREFIX, left.bytes(), right.bytes()])
}

/// `SHA-256(0x03 ‖ ciphertext)`: binds a sealed part to its entry, and survives its destruction.
#[must_use]
pub fn seal_commitment(ciphertext: &[u8]) -> Hash32 {
    hash([&SEALED_PREFIX, ciphertext, &[]])
}

/// The root of a log without entries: SHA-256 of nothing (RFC 6962, section 2.1).
#[must_use]
pub fn root_of_nothing() -> Hash32 {
    hash([&[], &[], &[]])
}

/// The root over leaves that arrive one by one: keeps one hash per set bit of the size.
#[derive(Debug, Clone, Default)]
pub struct TreeHead {
    size: u64,
    /// Roots of the perfect subtrees, largest first.
    peaks: Vec<Hash32>,
}

impl TreeHead {
    /// Adds the next leaf.
    pub fn push(&mut self, leaf: Hash32) {
        self.push_telling(leaf, |_, _| {});
    }

    /// Adds the next leaf, and tells height and hash of each perfect subtree that it completes,
    /// from the lowest on.
    pub fn push_telling(&mut self, leaf: Hash32, mut completed: impl FnMut(u8, Hash32)) {
        let (mut node, mut carry, mut height) = (leaf, self.size, 0);
        while carry & 1 == 1 {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
            (carry, height) = (carry >> 1, height + 1);
            completed(height, node);
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The head of a tree of `size` leaves whose hashes are kept.
    ///
    /// # Errors
    /// Where a hash cannot be had.
    pub fn at<N: proof::Nodes>(nodes: &mut N, size: u64) -> Result<Self, N::Error> {
        let peaks = proof::peaks(nodes, 0, size)?;
        Ok(Self { size, peaks })
    }

    /// How many leaves there are.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root (RFC 6962, section 2.1); SHA-256 of nothing for an empty log.
    #[must_use]
    pub fn root(&self) -> Hash32 {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => root_of_nothing(),
            Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{TreeHead, leaf_hash, node_hash};

    #[test]
    fn roots_equal_the_published_vectors_of_certificate_transparency() {
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut head = TreeHead::default();
        assert_eq!(
            head.root().to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        for (leaf, root) in leaves.iter().zip(roots) {
            head.push(leaf_hash(leaf));
            assert_eq!(head.root().to_string(), root);
        }
    }

    #[test]
    fn the_order_of_leaves_matters() {
        let (a, b) = (leaf_hash(b"a"), leaf_hash(b"b"));
        assert_ne!(node_hash(&a, &b), node_hash(&b, &a));
    }
}
