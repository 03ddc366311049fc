use countersign_events::checkpoint::Checkpoint;
use countersign_events::entry::Entry;
use countersign_events::note::VerifierKey;
use ed25519_dalek::SigningKey;

use super::{ConsistencyProof, Earlier, InclusionProof, ProveError, Which};
use crate::audit::check::{Kind, ProofReport, check};
use crate::audit::finding::Verdict;
use crate::audit::sample::{ORIGIN, Sample, key};
use crate::audit::signed::SignedLog;
use crate::audit::signing::{checkpoint, export, size_of};

const ALL: [u8; 8] = [0, 1, 2, 3, 4, 5, 6, 7];

fn include(log: &SignedLog, which: Which) -> Result<InclusionProof, ProveError> {
    InclusionProof::make(log, which, &mut |_, _| {})
}

fn grow(log: &SignedLog, earlier: Earlier) -> Result<ConsistencyProof, ProveError> {
    ConsistencyProof::make(log, earlier, &mut |_, _| {})
}

fn checked(file: &[u8], key: Option<&VerifierKey>) -> Option<ProofReport> {
    Some(check(Kind::of(file)?, file, None, key))
}

fn is_fine(file: &[u8], key: Option<&VerifierKey>) -> bool {
    checked(file, key).is_some_and(|report| report.verdict == Verdict::Fine)
}

/// The places of a file where one of these bits can be turned without anybody noticing.
pub(in crate::audit) fn turned_unnoticed(
    file: &str,
    bits: &[u8],
    is_fine: impl Fn(&[u8]) -> bool,
) -> Vec<(usize, u8)> {
    let mut bytes = file.as_bytes().to_vec();
    assert!(is_fine(&bytes));
    let mut unnoticed = vec![];
    for place in 0..bytes.len() {
        for bit in bits {
            bytes[place] ^= 1 << bit;
            if is_fine(&bytes) {
                unnoticed.push((place, *bit));
            }
            bytes[place] ^= 1 << bit;
        }
    }
    unnoticed
}

/// SR-104: by position and by id, in a log that goes on behind its checkpoint and in one that does
/// not.
#[test]
fn sr_104_every_leaf_of_a_log_is_proven_and_the_proof_is_checked_without_the_log() {
    let log = Sample::journey();
    for size in [1, 2, 13, 16, size_of(&log)] {
        let place = export(&log, size);
        let signed = SignedLog::open(place.path()).unwrap();
        for (position, stored) in (0..size).zip(&log.entries) {
            let proof = include(&signed, Which::Position(position)).unwrap();
            let id = Entry::parse(&stored.bytes).unwrap().id;
            assert_eq!(include(&signed, Which::Event(id)).unwrap(), proof);
            let text = proof.to_string();
            assert_eq!(InclusionProof::parse(text.as_bytes()).unwrap(), proof);
            let report = checked(text.as_bytes(), Some(&key())).unwrap();
            assert_eq!(report.verdict, Verdict::Fine, "{report:?}");
            assert!(report.pinned && report.size == Some(size), "{report:?}");
            assert!(report.shows[0].ends_with(&format!("is entry {position} of {size}")));
        }
    }
}

#[test]
fn sr_104_a_proof_in_which_any_bit_is_turned_is_refused() {
    let log = Sample::journey();
    let place = export(&log, size_of(&log));
    let signed = SignedLog::open(place.path()).unwrap();
    let included = include(&signed, Which::Position(6)).unwrap().to_string();
    let earlier = Earlier::Checkpoint(Box::new(checkpoint(&log, 11)));
    let grown = grow(&signed, earlier).unwrap().to_string();
    let grown_of_size = grow(&signed, Earlier::Size(11)).unwrap().to_string();
    let key = key();
    for file in [included, grown.clone(), grown_of_size] {
        assert_eq!(turned_unnoticed(&file, &ALL, |bytes| is_fine(bytes, Some(&key))), []);
    }
    assert_eq!(turned_unnoticed(&grown, &ALL, |bytes| is_fine(bytes, None)), []);
}

#[test]
fn a_proof_is_worth_what_is_known_of_its_key() {
    let log = Sample::journey();
    let place = export(&log, size_of(&log));
    let signed = SignedLog::open(place.path()).unwrap();
    let proof = include(&signed, Which::Position(6)).unwrap();
    let text = proof.to_string();
    let unpinned = checked(text.as_bytes(), None).unwrap();
    assert_eq!(unpinned.verdict, Verdict::Incomplete, "who signed was not checked");
    assert!(unpinned.incomplete[0].starts_with("no key was given"), "{unpinned:?}");

    let first = include(&signed, Which::Position(0)).unwrap().to_string();
    let names_it = checked(first.as_bytes(), None).unwrap();
    assert_eq!((names_it.verdict, names_it.pinned), (Verdict::Fine, false));
    assert_eq!(names_it.key, Some(key().to_string()));
    assert!(names_it.cannot_show[0].starts_with("whose key it is"), "{names_it:?}");

    let other = SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes();
    let other = Checkpoint::key(ORIGIN, other).unwrap();
    for file in [&text, &first] {
        let report = checked(file.as_bytes(), Some(&other)).unwrap();
        assert_eq!((report.verdict, report.shows), (Verdict::Tampered, vec![]));
    }
}

#[test]
fn a_proof_without_its_entry_is_checked_with_the_entry_beside_it() {
    let log = Sample::journey();
    let place = export(&log, size_of(&log));
    let signed = SignedLog::open(place.path()).unwrap();
    let whole = include(&signed, Which::Position(6)).unwrap();
    let bare = InclusionProof { entry: None, ..whole.clone() }.to_string();
    let verdict = |file: &str, entry: Option<&[u8]>| {
        check(Kind::Inclusion, file.as_bytes(), entry, Some(&key())).verdict
    };
    let (own, other) = (&log.entries[6].bytes, &log.entries[7].bytes);
    assert_eq!(verdict(&bare, None), Verdict::Incomplete);
    assert_eq!(verdict(&bare, Some(own)), Verdict::Fine);
    assert_eq!(verdict(&bare, Some(other)), Verdict::Tampered);
    assert_eq!(verdict(&whole.to_string(), Some(own)), Verdict::Fine);
    assert_eq!(verdict(&whole.to_string(), Some(other)), Verdict::Tampered);
}

#[test]
fn growth_is_proven_from_every_size_and_every_checkpoint() {
    let log = Sample::journey();
    for size in [1, 8, size_of(&log)] {
        let place = export(&log, size);
        let signed = SignedLog::open(place.path()).unwrap();
        for from in 0..=size {
            let before = Earlier::Checkpoint(Box::new(checkpoint(&log, from)));
            for earlier in [Earlier::Size(from), before] {
                let proof = grow(&signed, earlier).unwrap();
                let text = proof.to_string();
                assert_eq!(ConsistencyProof::parse(text.as_bytes()).unwrap(), proof);
                assert!(is_fine(text.as_bytes(), Some(&key())), "{text}");
                assert!(is_fine(text.as_bytes(), None), "{text}");
            }
        }
        let beyond = grow(&signed, Earlier::Size(size + 1));
        assert!(matches!(beyond, Err(ProveError::Larger { .. })));
    }
}

/// SR-104, AT-54: a log that was written anew behind a kept checkpoint has no proof to offer.
#[test]
fn sr_104_at_54_a_log_that_was_changed_is_not_proven_to_be_what_it_was() {
    let kept = checkpoint(&Sample::journey(), 9);
    let mut log = Sample::journey();
    log.entries[3].bytes.push(b' ');
    let place = export(&log, size_of(&log));
    let signed = SignedLog::open(place.path()).unwrap();
    let refused = grow(&signed, Earlier::Checkpoint(Box::new(kept.clone())));
    assert!(matches!(refused, Err(ProveError::OtherRoot { size: 9, .. })));
    // With the honest checkpoint put over the proof that there is, it leads nowhere.
    let honest = grow(&signed, Earlier::Size(9)).unwrap();
    let old = (9, kept.checkpoint.root);
    let forged = ConsistencyProof { old, earlier: Some(kept), ..honest }.to_string();
    let report = checked(forged.as_bytes(), Some(&key())).unwrap();
    assert_eq!(report.verdict, Verdict::Tampered);
    assert!(report.findings[0].contains("leads to another root"), "{report:?}");
}

#[test]
fn what_is_not_covered_is_not_proven() {
    let log = Sample::journey();
    let place = export(&log, 5);
    let signed = SignedLog::open(place.path()).unwrap();
    let beyond = include(&signed, Which::Position(5));
    assert!(matches!(beyond, Err(ProveError::Beyond { position: 5, size: 5 })));
    let later = Entry::parse(&log.entries[5].bytes).unwrap().id;
    assert!(matches!(include(&signed, Which::Event(later)), Err(ProveError::NoSuchEvent(_))));
    let other = Sample::journey();
    let foreign = SigningKey::from_bytes(&[8; 32]);
    let text = checkpoint(&other, 2).checkpoint;
    let signed_by_other = text
        .sign(foreign.verifying_key().to_bytes(), |text| {
            ed25519_dalek::Signer::sign(&foreign, text).to_bytes()
        })
        .unwrap();
    let refused = grow(&signed, Earlier::Checkpoint(Box::new(signed_by_other)));
    assert!(matches!(refused, Err(ProveError::Earlier(_))));
}
