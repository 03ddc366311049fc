//! The KurrentDB store: cases of the contract suite, by the real client over a real socket, against
//! the double in this process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of this is tests"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_events::id::{AccountId, Position, Revision, StreamId};
use countersign_events::store::contract::{self, Backend, Capability, Group};
use countersign_events::store::kurrentdb::KurrentStore;
use countersign_events::store::{
    Append, AppendError, AppendKey, EventStore, Expected, NewEntry, StoreError,
};
use countersign_tests::kurrentdb_double::KurrentDouble;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::runtime::{Handle, Runtime};
use uuid::Uuid;

/// The day of the double's events, in seconds.
const NOW: i64 = 1_795_478_400;

/// Cases that are not run here, each with the reason. Everything else must pass.
const NOT_RUN: &[(&str, &str)] = &[
    ("the_largest_append_of_all_is_accepted", TOO_LARGE),
    ("a_key_is_remembered_for_24_hours", "the server's clock cannot be moved from here"),
    ("a_key_that_was_never_used_is_absent", NO_ABSENCE),
    ("a_key_of_another_stream_is_absent", NO_ABSENCE),
    ("a_refused_append_is_absent", NO_ABSENCE),
    ("asking_changes_nothing", NO_ABSENCE),
    ("an_absent_append_may_be_tried_again", NO_ABSENCE),
    ("an_append_that_nobody_waits_for_resolves_to_exactly_one_outcome", NO_ABSENCE),
    ("the_same_append_many_times_at_once_has_one_effect", NO_DUPLICATE),
    ("nothing_is_lost_or_doubled_at_the_seam_in_a_thousand_tries", POLLING),
    ("a_batch_larger_than_any_bound_is_done", NO_BATCHES),
    ("a_subscriber_that_is_far_behind_loses_nothing", NO_BATCHES),
    ("everything_is_there_after_reopening", NO_REOPENING),
    ("appends_go_on_where_the_log_ended", NO_REOPENING),
    ("append_keys_are_remembered_across_reopening", NO_REOPENING),
    ("a_subscription_goes_on_after_reopening", NO_REOPENING),
    ("a_snapshot_is_there_or_gone_after_reopening", NO_REOPENING),
];
const TOO_LARGE: &str = "the server takes 1 MiB in one append unless it is told otherwise";
const NO_ABSENCE: &str =
    "the adapter cannot yet tell that an append is absent for good, and says so";
const NO_DUPLICATE: &str =
    "racing copies of one append have one effect, but more than one is told that it was the first";
const POLLING: &str = "the adapter polls: a thousand tries would wait a minute for nothing new";
const NO_BATCHES: &str = "the adapter appends one by one and looks back for the key each time: \
                          more than a thousand appends to one stream take too long";
const NO_REOPENING: &str = "the double keeps its data in memory";

struct KurrentBackend {
    doubles: Mutex<Vec<KurrentDouble>>,
}

impl Backend for KurrentBackend {
    fn open(&self) -> BoxFuture<'_, Arc<dyn EventStore>> {
        Box::pin(async move {
            let (double, store) = start().await;
            self.doubles.lock().unwrap().push(double);
            Arc::new(store) as Arc<dyn EventStore>
        })
    }

    fn reopen(&self) -> BoxFuture<'_, Arc<dyn EventStore>> {
        panic!("not claimed")
    }

    fn advance(&self, _: Duration) {
        panic!("not claimed")
    }

    fn can(&self, capability: Capability) -> bool {
        match capability {
            Capability::Reopen | Capability::Clock => false,
        }
    }
}

async fn start() -> (KurrentDouble, KurrentStore) {
    let double = KurrentDouble::start().await.unwrap();
    let store = connect(&double.url());
    (double, store)
}

fn connect(url: &str) -> KurrentStore {
    let clock = Arc::new(|| Timestamp::from_second(NOW).unwrap());
    KurrentStore::connect(url, Handle::current(), clock).unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn run(groups: &[Group]) {
    let left_out: BTreeSet<_> = NOT_RUN.iter().map(|(name, _)| *name).collect();
    for case in contract::cases() {
        if groups.contains(&case.group) && !left_out.contains(case.name) {
            eprintln!("{}", case.name);
            let backend = KurrentBackend { doubles: Mutex::new(Vec::new()) };
            runtime().block_on(case.run(Arc::new(backend)));
        }
    }
}

#[test]
fn the_append_cases_pass() {
    run(&[Group::Append]);
}

#[test]
fn the_conflict_cases_pass() {
    run(&[Group::Conflict]);
}

#[test]
fn the_read_and_order_cases_pass() {
    run(&[Group::Read, Group::Order]);
}

#[test]
fn the_key_and_resolve_cases_pass() {
    run(&[Group::Key, Group::Resolve]);
}

#[test]
fn the_batch_and_concurrency_cases_pass() {
    run(&[Group::Batch, Group::Concurrency]);
}

#[test]
fn the_subscription_and_snapshot_cases_pass() {
    run(&[Group::Subscription, Group::Snapshot, Group::Reopening]);
}

#[test]
fn the_cases_that_are_not_run_exist() {
    let cases: BTreeSet<_> = contract::cases().iter().map(|case| case.name).collect();
    for (name, reason) in NOT_RUN {
        assert!(cases.contains(name), "{name} ({reason})");
    }
}

fn stream() -> StreamId {
    StreamId::Account(AccountId::new(Uuid::from_u128(1)))
}

fn append(expected: Expected, key: u128, bytes: &[u8]) -> Append {
    let entries = vec![NewEntry { bytes: bytes.to_vec(), sealed: None }];
    Append { stream: stream(), expected, entries, key: AppendKey::new(Uuid::from_u128(key)) }
}

#[test]
fn events_of_others_are_neither_read_nor_counted() {
    runtime().block_on(async {
        let (double, store) = start().await;
        assert!(!double.is_empty());
        assert_eq!(store.head().await.unwrap(), None);
        for revision in 0..9 {
            let expected = Expected::at(u64::checked_sub(revision, 1).map(Revision::new));
            let appended = store.append(append(expected, u128::from(revision), b"{}")).await;
            assert_eq!(appended.unwrap().placed().position, Position::new(revision));
        }
        assert!(double.len() > 9 + 3, "others wrote in between");
        assert_eq!(store.read_all(Position::new(0), 99).await.unwrap().len(), 9);
    });
}

#[test]
fn two_nodes_give_every_entry_the_same_position() {
    runtime().block_on(async {
        let (double, one) = start().await;
        let other = connect(&double.url());
        let mut end = None;
        for round in 0..10 {
            let node = if round % 2 == 0 { &one } else { &other };
            let placed =
                *node.append(append(Expected::at(end), round, b"{}")).await.unwrap().placed();
            end = Some(placed.last);
        }
        let all = one.read_all(Position::new(0), 99).await.unwrap();
        assert_eq!(all.len(), 10);
        assert_eq!(other.read_all(Position::new(0), 99).await.unwrap(), all);
        let behind = other.append(append(Expected::NoStream, 99, b"{}")).await;
        assert!(matches!(behind, Err(AppendError::Conflict { actual, .. }) if actual == end));
        assert!(one.is_shared());
    });
}

#[test]
fn what_cannot_be_told_is_refused_and_not_guessed() {
    runtime().block_on(async {
        let (_double, store) = start().await;
        let absent = store.resolve(stream(), AppendKey::new(Uuid::from_u128(5))).await;
        assert!(matches!(absent, Err(StoreError::Unavailable(_))), "{absent:?}");
    });
}

#[test]
fn an_append_that_the_server_finds_too_large_is_known_to_be_absent() {
    runtime().block_on(async {
        let (_double, store) = start().await;
        let mut large = append(Expected::NoStream, 1, &[b'x'; 16_384]);
        large.entries = vec![large.entries[0].clone(); 100];
        let outcome = store.append(large).await;
        assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{outcome:?}");
        assert_eq!(store.stream_head(stream()).await.unwrap(), None);
    });
}

#[test]
fn a_server_that_is_gone_is_unavailable_and_one_that_is_back_is_used_again() {
    runtime().block_on(async {
        let (double, store) = start().await;
        store.append(append(Expected::NoStream, 1, b"{}")).await.unwrap();
        let address = double.stop().await;
        let read = store.read_stream(stream(), Revision::new(0), 9).await;
        assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
        let outcome = store.append(append(Expected::NoStream, 2, b"{}")).await;
        assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{outcome:?}");
        let _double = KurrentDouble::start_on(address).await.unwrap();
        assert_eq!(store.stream_head(stream()).await, Ok(None), "another log, but it answers");
    });
}
