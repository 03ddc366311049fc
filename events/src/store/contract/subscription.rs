//! Subscriptions: what there is, then what comes; nothing lost, nothing twice (P4).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};

use super::fixture::{Fixture, after, entry, new, soon};
use super::list_cases;
use crate::id::Position;
use crate::store::{Expected, Recorded, StoreError};

list_cases!(Subscription:
    a_subscription_from_the_start_gets_everything_and_goes_on,
    a_subscription_from_the_middle_starts_there,
    a_subscription_from_the_head_starts_with_the_last_entry,
    a_subscription_from_behind_the_head_gets_only_what_comes,
    a_subscription_from_the_future_waits_for_it,
    a_subscription_to_an_empty_log_waits_for_the_first_entry,
    a_subscriber_that_is_far_behind_loses_nothing,
    a_subscriber_that_stops_waiting_loses_nothing,
    every_subscriber_gets_everything,
    nothing_is_lost_or_doubled_at_the_seam_in_a_thousand_tries,
);

type Subscription = BoxStream<'static, Result<Recorded, StoreError>>;

async fn a_subscription_from_the_start_gets_everything_and_goes_on(f: Fixture) {
    f.fill(1, 0..5).await;
    let mut subscription = f.store.subscribe(f.position(0));
    expect(&f, &mut subscription, 0..5).await;
    for key in 5..15 {
        f.write(1, after(key - 1), key, 1).await;
        expect(&f, &mut subscription, key..key + 1).await;
    }
}

async fn a_subscription_from_the_middle_starts_there(f: Fixture) {
    f.fill(1, 0..10).await;
    let mut subscription = f.store.subscribe(f.position(4));
    expect(&f, &mut subscription, 4..10).await;
    f.write(1, after(9), 10, 1).await;
    expect(&f, &mut subscription, 10..11).await;
}

async fn a_subscription_from_the_head_starts_with_the_last_entry(f: Fixture) {
    f.fill(1, 0..10).await;
    let mut subscription = f.store.subscribe(f.position(9));
    expect(&f, &mut subscription, 9..10).await;
    f.write(1, after(9), 10, 1).await;
    expect(&f, &mut subscription, 10..11).await;
}

async fn a_subscription_from_behind_the_head_gets_only_what_comes(f: Fixture) {
    f.fill(1, 0..10).await;
    let mut subscription = f.store.subscribe(f.position(10));
    assert!(subscription.next().now_or_never().is_none(), "there is nothing yet");
    f.write(1, after(9), 10, 1).await;
    expect(&f, &mut subscription, 10..11).await;
}

async fn a_subscription_from_the_future_waits_for_it(f: Fixture) {
    f.fill(1, 0..3).await;
    let mut subscription = f.store.subscribe(f.position(8));
    for key in 3..12 {
        assert!(key > 8 || subscription.next().now_or_never().is_none(), "before its time");
        f.write(1, after(key - 1), key, 1).await;
    }
    expect(&f, &mut subscription, 8..12).await;
}

async fn a_subscription_to_an_empty_log_waits_for_the_first_entry(f: Fixture) {
    let mut subscription = f.store.subscribe(f.position(0));
    assert!(subscription.next().now_or_never().is_none(), "there is nothing yet");
    f.write(1, Expected::NoStream, 0, 1).await;
    expect(&f, &mut subscription, 0..1).await;
}

async fn a_subscriber_that_is_far_behind_loses_nothing(f: Fixture) {
    let mut subscription = f.store.subscribe(f.position(0));
    f.write(1, Expected::NoStream, 0, 1).await;
    expect(&f, &mut subscription, 0..1).await;
    let mut appends = Vec::new();
    for key in 1..1_200 {
        appends.push(f.append(1, after(key - 1), key, 1));
    }
    for outcome in f.store.append_many(appends).await {
        new(outcome);
    }
    expect(&f, &mut subscription, 1..1_200).await;
}

/// A future that waits for the next entry may be dropped at any time.
async fn a_subscriber_that_stops_waiting_loses_nothing(f: Fixture) {
    let mut subscription = f.store.subscribe(f.position(0));
    let mut got = 0;
    for key in 0..200 {
        let expected = if key == 0 { Expected::NoStream } else { after(key - 1) };
        f.write(1, expected, key, 1).await;
        for _ in 0..key % 4 {
            if let Some(item) = subscription.next().now_or_never() {
                check(&f, item, got);
                got += 1;
            }
        }
    }
    expect(&f, &mut subscription, got..200).await;
}

async fn every_subscriber_gets_everything(f: Fixture) {
    f.fill(1, 0..3).await;
    let mut subscriptions: Vec<_> =
        (0..10).map(|from| f.store.subscribe(f.position(from))).collect();
    drop(subscriptions.pop());
    for key in 3..20 {
        f.write(1, after(key - 1), key, 1).await;
    }
    for (from, subscription) in (0..).zip(&mut subscriptions) {
        expect(&f, subscription, from..20).await;
    }
}

/// While a writer never rests, subscriptions begin just before, at and behind the head, and each
/// is followed across the place where catching up ends.
async fn nothing_is_lost_or_doubled_at_the_seam_in_a_thousand_tries(f: Fixture) {
    let f = Arc::new(f);
    let stop = Arc::new(AtomicBool::new(false));
    f.write(1, Expected::NoStream, 0, 1).await;
    let writer = {
        let (f, stop) = (Arc::clone(&f), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut key = 1;
            while !stop.load(Ordering::Relaxed) {
                f.write(1, after(key - 1), key, 1).await;
                key += 1;
            }
        })
    };
    for round in 0..1_000 {
        let head = f.head().await.unwrap().get() - f.position(0).get();
        let from = (head + 2).saturating_sub(round % 7);
        let mut subscription = f.store.subscribe(f.position(from));
        let seam = f.head().await.unwrap().get() - f.position(0).get();
        expect(&f, &mut subscription, from..seam.max(from) + 2).await;
    }
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
}

/// The next items are the entries at these places, each written under the key of its number.
async fn expect(f: &Fixture, subscription: &mut Subscription, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let item = soon(("entry", number), subscription.next()).await;
        check(f, item, number);
    }
}

fn check(f: &Fixture, item: Option<Result<Recorded, StoreError>>, number: u64) {
    let recorded = item.unwrap().unwrap();
    let position: Position = f.position(number);
    assert_eq!(recorded.position, position, "lost or doubled");
    assert_eq!(recorded.revision.get(), number);
    assert_eq!(recorded.stream, f.stream(1));
    assert_eq!(recorded.bytes, entry(number, 0).bytes);
}
