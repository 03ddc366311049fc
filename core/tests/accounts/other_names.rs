//! A login that does not exist is counted like one that does, however many others are tried in
//! between: nothing of it is only in memory, and nothing is pushed out.

use countersign_core::domain::refusal::Refusal;
use futures::StreamExt as _;
use futures::stream;

use super::house::{House, STEP, no, run};

/// One more than any cache that somebody may have thought of.
const OTHER_NAMES: u64 = 100_001;
/// Of these, tried at once.
const AT_ONCE: usize = 256;
const WRONG: &str = "wrong horse battery";

/// What a wrong password costs and is answered: Argon2 runs, durable entries, the refusal.
async fn wrong(house: &House, login: &str) -> (u64, u64, Refusal) {
    let (runs, head) = (house.services.passwords.runs(), house.store().head().await.unwrap());
    let refusal = no(house.sign_in(login, WRONG).await);
    let after = house.store().head().await.unwrap();
    let entries = after.unwrap().get() - head.unwrap().get();
    (house.services.passwords.runs() - runs, entries, refusal)
}

/// SR-051, SR-090, AT-38, AT-55: wrong passwords for somebody and for nobody; in between a hundred
/// thousand and one other names, and a restart. The fifth begins the wait of both, at the same
/// cost.
#[test]
fn sr_090_after_a_hundred_thousand_other_names_nobody_is_still_counted_like_somebody() {
    run(async {
        let house = House::new().await;
        house.register("mike").await;
        for _ in 0..3 {
            assert_eq!(wrong(&house, "mike").await, wrong(&house, "nobody").await);
        }
        let (runs, head) = (house.services.passwords.runs(), house.store().head().await.unwrap());
        let tries = stream::iter(0..OTHER_NAMES).map(|number| {
            let (house, login) = (&house, format!("name.{number}"));
            async move { no(house.sign_in(&login, WRONG).await) }
        });
        let refused = tries.buffer_unordered(AT_ONCE);
        let mut refused = std::pin::pin!(refused);
        while let Some(refusal) = refused.next().await {
            assert_eq!(refusal, Refusal::AuthenticationFailed);
        }
        assert_eq!(house.services.passwords.runs() - runs, OTHER_NAMES, "a run for each");
        let entries = house.store().head().await.unwrap().unwrap().get() - head.unwrap().get();
        assert_eq!(entries, OTHER_NAMES, "an entry for each");
        assert_eq!(wrong(&house, "mike").await, wrong(&house, "nobody").await);

        house.accounts.directory().drain().await;
        let house = House::open(house.dir.clone(), house.clock.clone()).await;
        let fifth = wrong(&house, "mike").await;
        assert_eq!(fifth, wrong(&house, "nobody").await);
        assert_eq!((fifth.0, &fifth.2), (1, &Refusal::AuthenticationFailed));
        let waits = wrong(&house, "mike").await;
        assert_eq!(waits, wrong(&house, "nobody").await);
        assert_eq!(waits.0, 0, "what waits is not evaluated");
        assert!(matches!(waits.2, Refusal::TooManyRequests { .. }), "{waits:?}");
        house.pass(STEP);
        assert_eq!(wrong(&house, "mike").await, wrong(&house, "nobody").await);
    });
}
