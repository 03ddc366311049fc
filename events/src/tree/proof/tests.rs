//! Against `ct-merkle`, which nobody here wrote.

use std::convert::Infallible;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;

use super::{Nodes, ProofError, check_consistency, check_inclusion, consistency, inclusion, root};
use crate::id::Hash32;
use crate::tree::{TreeHead, leaf_hash, node_hash, root_of_nothing};

/// Leaves of the largest tree whose every leaf is proven.
const LEAVES: u64 = 600;
/// Leaves of the largest tree that every smaller one is proven to be the beginning of.
const PAIRS: u64 = 200;

fn entry(number: u64) -> Vec<u8> {
    format!("entry {number}").into_bytes()
}

/// Every subtree computed from its leaves anew.
struct Leaves(Vec<Hash32>);

impl Nodes for Leaves {
    type Error = Infallible;

    fn node(&mut self, height: u8, index: u64) -> Result<Hash32, Infallible> {
        let width = 1_usize << height;
        let first = usize::try_from(index).unwrap() * width;
        let mut row = self.0[first..first + width].to_vec();
        while row.len() > 1 {
            row = row.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
        }
        Ok(row[0])
    }
}

fn leaves(count: u64) -> Leaves {
    Leaves((0..count).map(|number| leaf_hash(&entry(number))).collect())
}

fn bytes(proof: &[Hash32]) -> Vec<u8> {
    proof.iter().flat_map(|hash| *hash.bytes()).collect()
}

/// The other crate's tree, one leaf after the other.
fn theirs() -> impl Iterator<Item = MemoryBackedTree<Sha256, Vec<u8>>> {
    let mut tree = MemoryBackedTree::new();
    (0..).map(move |number| {
        tree.push(entry(number));
        tree.clone()
    })
}

#[test]
fn sr_104_every_leaf_of_every_tree_up_to_600_is_proven_as_another_crate_proves_it() {
    let mut leaves = leaves(LEAVES);
    let mut head = TreeHead::default();
    for (size, other) in (1..=LEAVES).zip(theirs()) {
        let of_size = root(&mut leaves, size).unwrap();
        head.push(leaves.0[usize::try_from(size - 1).unwrap()]);
        assert_eq!(of_size.bytes().as_slice(), other.root().as_bytes().as_slice());
        assert_eq!(
            (head.root(), TreeHead::at(&mut leaves, size).unwrap().root()),
            (of_size, of_size)
        );
        for index in 0..size {
            let proof = inclusion(&mut leaves, index, size).unwrap().unwrap();
            let expected = other.prove_inclusion(usize::try_from(index).unwrap());
            assert_eq!(bytes(&proof), expected.as_bytes(), "leaf {index} of {size}");
            let leaf = leaf_hash(&entry(index));
            assert_eq!(check_inclusion(leaf, index, size, of_size, &proof), Ok(()));
        }
    }
}

#[test]
fn sr_104_every_pair_of_trees_up_to_200_is_proven_as_another_crate_proves_it() {
    let mut leaves = leaves(PAIRS);
    for (size, other) in (1..=PAIRS).zip(theirs()) {
        let later = (size, root(&mut leaves, size).unwrap());
        for earlier in 1..=size {
            let proof = consistency(&mut leaves, earlier, size).unwrap().unwrap();
            // It proves nothing of a tree and itself.
            if earlier < size {
                let expected = other.prove_consistency(usize::try_from(size - earlier).unwrap());
                assert_eq!(bytes(&proof), expected.as_bytes(), "{earlier} to {size}");
            }
            let earlier = (earlier, root(&mut leaves, earlier).unwrap());
            assert_eq!(check_consistency(earlier, later, &proof), Ok(()));
        }
    }
}

#[test]
fn no_proof_holds_for_another_leaf_place_size_or_root() {
    let mut leaves = leaves(70);
    for size in 2..=70 {
        let of_size = root(&mut leaves, size).unwrap();
        for index in 0..size {
            let proof = inclusion(&mut leaves, index, size).unwrap().unwrap();
            let leaf = leaf_hash(&entry(index));
            let other = leaf_hash(b"another");
            assert_eq!(
                check_inclusion(other, index, size, of_size, &proof),
                Err(ProofError::OtherRoot)
            );
            assert!(check_inclusion(leaf, index, size, other, &proof).is_err());
            assert!(check_inclusion(leaf, size, size, of_size, &proof).is_err());
            for elsewhere in (0..size).filter(|place| *place != index) {
                assert!(check_inclusion(leaf, elsewhere, size, of_size, &proof).is_err());
            }
            for at in 0..proof.len() {
                let (mut changed, mut shorter) = (proof.clone(), proof.clone());
                changed[at] = other;
                shorter.remove(at);
                assert!(check_inclusion(leaf, index, size, of_size, &changed).is_err());
                assert!(check_inclusion(leaf, index, size, of_size, &shorter).is_err());
            }
            let longer = [proof.as_slice(), &[other]].concat();
            assert_eq!(
                check_inclusion(leaf, index, size, of_size, &longer),
                Err(ProofError::Length)
            );
        }
    }
}

#[test]
fn no_consistency_holds_for_another_root_or_with_another_hash() {
    let mut leaves = leaves(70);
    let other = leaf_hash(b"another");
    for size in 2..=70 {
        let later = (size, root(&mut leaves, size).unwrap());
        for smaller in 1..size {
            let proof = consistency(&mut leaves, smaller, size).unwrap().unwrap();
            let earlier = (smaller, root(&mut leaves, smaller).unwrap());
            let holds =
                |earlier, later, proof: &[Hash32]| check_consistency(earlier, later, proof).is_ok();
            assert!(!holds((smaller, other), later, &proof));
            assert!(!holds(earlier, (size, other), &proof));
            assert!(!holds(later, earlier, &proof));
            assert!(!holds(earlier, later, &[proof.as_slice(), &[other]].concat()));
            for at in 0..proof.len() {
                let (mut changed, mut shorter) = (proof.clone(), proof.clone());
                changed[at] = other;
                shorter.remove(at);
                assert!(!holds(earlier, later, &changed) && !holds(earlier, later, &shorter));
            }
        }
    }
}

#[test]
fn of_nothing_and_of_itself_there_is_nothing_to_prove() {
    let mut leaves = leaves(9);
    let (nothing, whole) = ((0, root_of_nothing()), (9, root(&mut leaves, 9).unwrap()));
    assert_eq!(root(&mut leaves, 0).unwrap(), root_of_nothing());
    assert_eq!(consistency(&mut leaves, 0, 9).unwrap(), Some(vec![]));
    assert_eq!(check_consistency(nothing, whole, &[]), Ok(()));
    assert_eq!(check_consistency(nothing, whole, &[whole.1]), Err(ProofError::Length));
    assert_eq!(check_consistency((0, whole.1), whole, &[]), Err(ProofError::OtherRoot));
    assert_eq!(check_consistency(whole, whole, &[]), Ok(()));
    assert_eq!(check_consistency((9, nothing.1), whole, &[]), Err(ProofError::OtherRoot));
    assert_eq!(inclusion(&mut leaves, 9, 9).unwrap(), None);
    assert_eq!(consistency(&mut leaves, 10, 9).unwrap(), None);
}
