use std::collections::BTreeMap;

use countersign_events::account::RejectedWhy;
use countersign_events::actor::By;
use countersign_events::id::{AccountId, PolicyVersion, StreamId};
use countersign_events::policy::{PolicyEvent, Set};
use uuid::Uuid;

use super::{Evidence, EvidenceError};
use crate::audit::check::{Kind, ProofReport, check};
use crate::audit::finding::Verdict;
use crate::audit::proof::tests::turned_unnoticed;
use crate::audit::sample::{Sample, account, key};
use crate::audit::signed::SignedLog;
use crate::audit::signing::{export, size_of};

const NUMBER: u128 = 0xabcdef;
const ANA: AccountId = AccountId::new(Uuid::from_u128(NUMBER));

/// A log with a policy, in which two accounts take turns.
fn log() -> Sample {
    let mut log = Sample::new();
    for version in [1, 2] {
        let set = Set {
            version: PolicyVersion::new(version),
            profile: "standard".to_owned(),
            settings: BTreeMap::new(),
            changed: BTreeMap::new(),
            accepted_risks: vec![],
            tells_admins: false,
        };
        let event = PolicyEvent::Set(set);
        let (event_type, data) = (event.event_type(), event.to_json().unwrap());
        log.write(StreamId::Policy, By::System, event_type, data, &[]);
    }
    let (ana, ben) = (account(NUMBER), account(2));
    log.register(ana);
    log.register(ben);
    log.sign_in_by_password(ana, 0x11);
    log.wait(20);
    log.sign_in_by_password(ben, 0x21);
    log.enable(ana, 0x11, 100);
    log.begin(ana, 0x31);
    log.reject(ana, 0x31, RejectedWhy::Wrong, 1);
    log.begin(ben, 0x22);
    log
}

fn gathered(log: &Sample) -> Evidence {
    let place = export(log, size_of(log));
    let signed = SignedLog::open(place.path()).unwrap();
    Evidence::gather(&signed, ANA, &mut |_, _| {}).unwrap()
}

fn checked(evidence: &Evidence, pinned: bool) -> ProofReport {
    let key = pinned.then(key);
    let text = serde_json::to_vec(evidence).unwrap();
    check(Kind::Evidence, &text, None, key.as_ref())
}

#[test]
fn the_evidence_of_an_account_is_all_of_it_and_nothing_of_others() {
    let log = log();
    let evidence = gathered(&log);
    let own = log.entries.iter().filter(|entry| entry.stream == account(NUMBER));
    let own: Vec<_> = own.map(|entry| String::from_utf8(entry.bytes.clone()).unwrap()).collect();
    let held: Vec<_> = evidence.entries.iter().map(|proven| proven.entry.clone()).collect();
    assert_eq!(held, own);
    assert_eq!(evidence.policies.len(), 1, "the version that the entries name");
    let report = checked(&evidence, true);
    assert_eq!(report.verdict, Verdict::Fine, "{report:?}");
    assert!(report.shows.iter().any(|shown| shown.contains("without a gap")), "{report:?}");
    assert!(report.cannot_show.iter().any(|text| text.starts_with("that no later entry")));
    assert!(!report.cannot_show.iter().any(|text| text.starts_with("whose key")));
    let unpinned = checked(&evidence, false);
    assert_eq!((unpinned.verdict, unpinned.pinned), (Verdict::Fine, false));
    assert!(unpinned.cannot_show.iter().any(|text| text.starts_with("whose key it is")));
}

#[test]
fn sr_104_evidence_in_which_any_bit_is_turned_is_refused() {
    let text = serde_json::to_string(&gathered(&log())).unwrap();
    let key = key();
    let is_fine =
        |bytes: &[u8]| check(Kind::Evidence, bytes, None, Some(&key)).verdict == Verdict::Fine;
    assert_eq!(turned_unnoticed(&text, &[0, 1, 5], is_fine), []);
}

/// SR-104, AT-54: left out, put in, out of order: each is found, but for the end, of which the
/// report says that it cannot be known.
#[test]
fn sr_104_at_54_evidence_with_a_gap_is_refused() {
    let whole = gathered(&log());
    let last = whole.entries.len() - 1;
    for gap in 0..last {
        let mut cut = whole.clone();
        cut.entries.remove(gap);
        assert_eq!(checked(&cut, true).verdict, Verdict::Tampered, "without entry {gap}");
        let mut swapped = whole.clone();
        swapped.entries.swap(gap, gap + 1);
        assert_eq!(checked(&swapped, true).verdict, Verdict::Tampered, "{gap} and the next");
    }
    let mut cut = whole.clone();
    cut.entries.pop();
    assert_eq!(checked(&cut, true).verdict, Verdict::Fine);
    cut.entries.clear();
    assert_eq!(checked(&cut, true).verdict, Verdict::Tampered);
    let other = Evidence { account: AccountId::new(Uuid::from_u128(2)), ..whole.clone() };
    assert_eq!(checked(&other, true).verdict, Verdict::Tampered);
    let unnamed = Evidence { created: whole.entries[0].clone(), ..whole.clone() };
    assert_eq!(checked(&unnamed, true).verdict, Verdict::Tampered);
    let unruled = Evidence { policies: vec![], ..whole };
    let report = checked(&unruled, true);
    assert_eq!((report.verdict, report.incomplete.len()), (Verdict::Incomplete, 1));
}

#[test]
fn there_is_no_evidence_of_an_account_that_is_not_there() {
    let log = Sample::journey();
    let place = export(&log, size_of(&log));
    let signed = SignedLog::open(place.path()).unwrap();
    let nobody = AccountId::new(Uuid::from_u128(77));
    let none = Evidence::gather(&signed, nobody, &mut |_, _| {});
    assert!(matches!(none, Err(EvidenceError::NoSuchAccount(_))));
    assert!(matches!(Evidence::parse(b"{}"), Err(super::NotEvidence::Text(_))));
}
