use tempfile::TempDir;

use super::{Difference, Outcome, PENDING_MAX, diff_within};
use crate::audit::sample::{Sample, account};

fn compared_within(a: &Sample, b: &Sample, pending_max: usize) -> Difference {
    let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    a.export(first.path());
    b.export(second.path());
    diff_within(first.path(), second.path(), pending_max, &mut |_, _| {}).unwrap()
}

fn compared(a: &Sample, b: &Sample) -> Difference {
    compared_within(a, b, PENDING_MAX)
}

#[test]
fn a_log_is_the_same_as_itself_and_begins_like_one_that_went_on() {
    let whole = Sample::journey();
    let mut shorter = whole.clone();
    shorter.entries.truncate(9);
    let same = compared(&whole, &whole);
    assert_eq!((same.outcome, same.a.root), (Outcome::Same, same.b.root));
    let begins = compared(&shorter, &whole);
    assert_eq!((begins.outcome, begins.a.size), (Outcome::FirstIsBeginning, 9));
    assert_eq!(compared(&whole, &shorter).outcome, Outcome::SecondIsBeginning);
    assert_eq!((begins.divergence, begins.streams), (None, vec![]));
}

/// One log after the same past went on otherwise for one account.
#[test]
fn what_changed_is_told_by_stream_and_in_sentences() {
    let (mut a, mut b) = (Sample::journey(), Sample::journey());
    let size = u64::try_from(a.entries.len()).unwrap();
    a.cool_down(account(2), countersign_events::account::Method::Totp);
    b.sign_in_by_password(account(1), 0x77);
    b.sign_in_by_password(account(2), 0x78);
    let found = compared(&a, &b);
    assert_eq!(found.outcome, Outcome::Diverged);
    let divergence = found.divergence.unwrap();
    assert_eq!(divergence.position, size);
    assert!(divergence.a.explanation.contains("is refused until"), "{divergence:?}");
    assert!(divergence.b.explanation.starts_with("the right password"), "{divergence:?}");
    let [first, second] = found.streams.as_slice() else { panic!("{:?}", found.streams) };
    assert_eq!((first.only_a, first.only_b), (0, 1));
    assert_eq!((second.only_a, second.only_b), (1, 1));
    assert_eq!(second.stream, account(2).to_string());
    assert_eq!(second.b[0].event_type.as_deref(), Some("account.password_verified"));
    assert_eq!((found.streams_total, found.cut_off), (2, false));
}

#[test]
fn one_changed_entry_is_one_difference_and_another_order_is_none_of_entries() {
    let whole = Sample::journey();
    let mut changed = whole.clone();
    let bytes = String::from_utf8(changed.entries[6].bytes.clone()).unwrap();
    changed.entries[6].bytes = bytes.replace("\"v\":1", "\"v\":2").into_bytes();
    let found = compared(&whole, &changed);
    assert_eq!(found.divergence.unwrap().position, 6);
    let behind = u64::try_from(whole.entries.len()).unwrap() - 7;
    assert_eq!(found.shared_behind, behind);
    assert_eq!(found.streams.iter().map(|apart| apart.only_a + apart.only_b).sum::<u64>(), 2);

    let mut swapped = whole.clone();
    swapped.entries.swap(8, 12);
    let found = compared(&whole, &swapped);
    assert_eq!((found.outcome, found.divergence.unwrap().position), (Outcome::Diverged, 8));
    assert_eq!(found.streams, vec![]);

    let mut garbled = whole.clone();
    garbled.entries[3].bytes = b"{}".to_vec();
    let found = compared(&whole, &garbled);
    assert_eq!(found.divergence.unwrap().b.explanation, "bytes that are no entry");
}

#[test]
fn what_is_held_is_bounded_and_it_is_said_when_that_cuts_something_off() {
    let (a, mut b) = (Sample::journey(), Sample::journey());
    b.entries.drain(1..3);
    let found = compared_within(&a, &b, 2);
    assert!(found.cut_off);
    let differ: u64 = found.streams.iter().map(|apart| apart.only_a + apart.only_b).sum();
    assert!((1..=4).contains(&differ), "{found:?}");
    assert!(!compared(&a, &b).cut_off);
}
