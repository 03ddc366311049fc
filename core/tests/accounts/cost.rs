//! What a decision costs does not grow with an account's age: counters are folded, what is kept of
//! them is bounded, and snapshots bound what a load reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_core::actors::account::SNAPSHOT_EVERY;
use countersign_core::audit::replay::{Until, replay};
use countersign_core::audit::source::Source;
use countersign_events::account::Method;
use countersign_events::id::StreamId;
use countersign_events::store::EventStore;
use jiff::SignedDuration;

use super::house::{Enabled, House, STEP, no, run, yes};
use super::shared_store::Shared;

/// Past failures of a young account, and of an old one.
const FEW: usize = 10;
const MANY: usize = 2_000;
/// Events of one request at most.
const OF_ONE_REQUEST: usize = 8;
/// Bytes of a state: what it may keep of all that was, and of what is alive.
const STATE_BYTES_MAX: usize = 16 * 1024;
const WRONG: &str = "wrong horse battery";

/// Lets so many failures happen to an account: wrong codes that the right one forgives, wrong
/// passwords that lapse, and attempts that are refused and summed up. Then it is let rest.
async fn live_through(house: &House, mike: &Enabled, failures: usize) {
    let (mut happened, mut rounds) = (0, 0_usize);
    while happened < failures {
        house.pass(STEP * 2);
        let step = house.second_step(&mike.login).await;
        let wrong = house.wrong_code(&mike.secret);
        for _ in 0..4 {
            no(house.answer(&step.id, Method::Totp, &wrong).await);
        }
        yes(house.answer(&step.id, Method::Totp, &house.code(&mike.secret)).await);
        (happened, rounds) = (happened + 4, rounds + 1);
        if rounds % 20 == 1 {
            for _ in 0..6 {
                no(house.sign_in(&mike.login, WRONG).await);
            }
            happened += 5;
            house.pass(SignedDuration::from_hours(31 * 24));
        }
    }
    house.pass(SignedDuration::from_hours(24));
}

/// What is read of a stream where its account is not in memory, and where it is.
async fn entries_read(house: &House, mike: &Enabled) -> (usize, usize) {
    let read = Arc::new(AtomicUsize::new(0));
    let counted: Arc<dyn EventStore> = Arc::new(Shared(house.store().clone(), read.clone()));
    let cold = House::over(counted, house.dir.clone(), house.clock.clone()).await;
    let before = read.swap(0, Ordering::Relaxed);
    assert_eq!(before, 1, "the log's own stream, and of an account that nobody asks for nothing");
    let step = cold.second_step(&mike.login).await;
    let loading = read.swap(0, Ordering::Relaxed);
    no(cold.answer(&step.id, Method::Totp, &cold.wrong_code(&mike.secret)).await);
    yes(cold.answer(&step.id, Method::Totp, &cold.code(&mike.secret)).await);
    cold.accounts.directory().drain().await;
    (loading, read.load(Ordering::Relaxed))
}

/// Bytes of what decisions look at.
fn state_bytes(house: &House, mike: &Enabled) -> usize {
    let source = Source::open(house.dir.path()).unwrap();
    let folded = replay(source, StreamId::Account(mike.account), Until::End).unwrap();
    serde_json::to_vec(&folded.state).unwrap().len()
}

/// Ten and two thousand past failures, of every kind: a load reads no more than what a snapshot
/// leaves behind, in the middle of a long life too; a request of an account in memory reads
/// nothing; and the state that a decision looks at is as small.
#[test]
fn what_a_decision_reads_does_not_grow_with_an_accounts_age() {
    run(async {
        let mut states = vec![];
        for failures in [FEW, MANY] {
            let house = House::new().await;
            let mike = house.enabled("mike").await;
            live_through(&house, &mike, failures).await;
            let rejected = house.count(mike.account, "account.code_rejected").await
                + house.count(mike.account, "account.password_rejected").await;
            assert!(rejected >= failures, "{rejected}");
            // As after a crash: what lived it all through says no farewell.
            let (loading, live) = entries_read(&house, &mike).await;
            assert!(loading <= SNAPSHOT_EVERY + OF_ONE_REQUEST, "{failures}: {loading} read");
            assert_eq!(live, 0, "{failures}");
            states.push(state_bytes(&house, &mike));
        }
        assert!(states.iter().all(|bytes| *bytes < STATE_BYTES_MAX), "{states:?}");
        let grown = states[1].abs_diff(states[0]);
        assert!(grown < states[0], "{states:?}");
    });
}

/// Failures that nothing forgives are bounded as well: whatever a guesser does for ten years, no
/// counter holds more of them than its window can.
#[test]
fn what_is_kept_of_failures_is_bounded() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        for _ in 0..120 {
            house.pass(SignedDuration::from_hours(30 * 24 + 1));
            no(house.sign_in("mike", WRONG).await);
            let step = house.second_step("mike").await;
            no(house.answer(&step.id, Method::Totp, &house.wrong_code(&mike.secret)).await);
        }
        let source = Source::open(house.dir.path()).unwrap();
        let folded = replay(source, StreamId::Account(mike.account), Until::End).unwrap();
        let limits = serde_json::to_value(&folded.state.limits).unwrap();
        let kept = |method: &str| limits[method]["failures"].as_array().unwrap().len();
        // One in thirty days, and twelve in a year; none of ten years ago.
        assert_eq!((kept("password"), kept("totp")), (1, 13));
        assert_eq!(house.count(mike.account, "account.code_rejected").await, 120);
    });
}
