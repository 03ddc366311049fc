//! The directory: who goes loses nothing, who falls takes nobody along, what is full says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign_core::accounts::Fault;
use countersign_core::actors::account::{Entity, Halt, Request};
use countersign_core::actors::directory::{Bounds, Directory};
use countersign_core::domain::refusal::Refusal;
use countersign_events::account::Method;
use countersign_events::id::{AccountId, StreamId};
use futures::future::join_all;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::house::{House, PASSWORD, completed, no, run, yes};

fn stream(number: u128) -> StreamId {
    StreamId::Account(AccountId::new(Uuid::from_u128(number)))
}

/// Counts that it ran.
struct Count(Arc<AtomicUsize>);

impl Request for Count {
    type Answer = usize;

    async fn perform(&self, entity: &mut Entity) -> Result<usize, Halt> {
        entity.load().await?;
        Ok(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

/// Waits within the actor until it is let go.
struct Wait(Arc<Semaphore>);

impl Request for Wait {
    type Answer = ();

    async fn perform(&self, _: &mut Entity) -> Result<(), Halt> {
        drop(self.0.acquire().await.unwrap());
        Ok(())
    }
}

struct Fall;

impl Request for Fall {
    type Answer = ();

    async fn perform(&self, _: &mut Entity) -> Result<(), Halt> {
        panic!("told to fall");
    }
}

/// Accounts that go when they are idle for a moment, or when another one comes, answer everything
/// that is asked meanwhile, once.
#[test]
fn passivation_loses_no_message() {
    run(async {
        let house = House::new().await;
        let evicting = Bounds { live_accounts_max: 2, ..Bounds::default() };
        let restless = Bounds { idle: Duration::ZERO, ..Bounds::default() };
        for bounds in [evicting, restless] {
            let directory = Directory::start_within(2, &house.services, bounds);
            let ran = Arc::new(AtomicUsize::new(0));
            for _ in 0..50 {
                let asked = (0..40).map(|n| directory.ask(stream(n % 8), Count(ran.clone())));
                join_all(asked).await.into_iter().for_each(|answer| {
                    yes(answer);
                });
            }
            assert_eq!(ran.load(Ordering::SeqCst), 2000);
            assert!(directory.live() <= 8, "{}", directory.live());
            directory.drain().await;
            assert_eq!(directory.live(), 0);
        }
    });
}

/// Attempts refused in a cool-down are only in memory; they are in the log when the actor goes.
#[test]
fn sr_083_refused_attempts_are_summed_up_when_the_actor_goes() {
    run(async {
        let house = House::new().await;
        let account = house.register("mike").await;
        for _ in 0..12 {
            no(house.sign_in("mike", "wrong horse battery").await);
        }
        assert_eq!(house.count(account, "account.password_rejected").await, 5);
        assert_eq!(house.count(account, "account.attempts_refused").await, 0);
        house.accounts.directory().drain().await;
        assert_eq!(house.count(account, "account.attempts_refused").await, 1);
    });
}

/// SR-076, AT-17: nor does it let anybody in.
#[test]
fn sr_076_a_request_that_panics_takes_nobody_along() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        let directory = house.accounts.directory();
        let fallen = directory.ask(StreamId::Account(mike.account), Fall).await;
        assert!(matches!(fallen, Err(Fault::Unavailable(_))), "{fallen:?}");
        for _ in 0..3 {
            let step = house.second_step("mike").await;
            assert_eq!(step.methods[0].method, Method::Totp);
        }
        house.register("anna").await;
        completed(yes(house.sign_in("anna", PASSWORD).await));
        assert_eq!(directory.live(), 2);
    });
}

#[test]
fn a_full_queue_answers_unavailable_and_empties_again() {
    run(async {
        let house = House::new().await;
        let bounds = Bounds { account_queue_max: 4, ..Bounds::default() };
        let directory = Directory::start_within(1, &house.services, bounds);
        let (gate, ran) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let waiting = directory.ask(stream(1), Wait(gate.clone()));
        let asked = join_all((0..20).map(|_| directory.ask(stream(1), Count(ran.clone()))));
        let other = async {
            // Another account of the same shard is not kept waiting; then the first may go on.
            yes(directory.ask(stream(2), Count(Arc::default())).await);
            gate.add_permits(1);
        };
        let (waited, answers, ()) = futures::join!(waiting, asked, other);
        yes(waited);
        let full = answers.iter().filter(|answer| answer.is_err()).count();
        assert!(full >= 10, "{full} of 20 found the queue full");
        assert!(answers.iter().all(|answer| matches!(answer, Ok(_) | Err(Fault::Unavailable(_)))));
        assert_eq!(ran.load(Ordering::SeqCst), 20 - full, "what was taken was done");
        yes(directory.ask(stream(1), Count(ran)).await);
    });
}

/// What was accepted before the drain is done and answered; what comes after it is not begun.
#[test]
fn a_drain_finishes_what_was_asked() {
    run(async {
        let house = House::new().await;
        house.register("mike").await;
        let (accounts, call) = (house.accounts.clone(), house.call());
        let asked = join_all((0..10).map(|_| house.sign_in("mike", PASSWORD)));
        let drained = async {
            tokio::task::yield_now().await;
            accounts.directory().drain().await;
        };
        let (answers, ()) = futures::join!(asked, drained);
        for answer in answers {
            completed(yes(answer));
        }
        let ask = super::house::password_of("mike", PASSWORD);
        assert!(matches!(accounts.sign_in(&call, ask).await, Err(Fault::Unavailable(_))));
        assert_eq!(accounts.directory().live(), 0);
        let house = House::open(house.dir.clone(), house.clock.clone()).await;
        assert_eq!(no(house.sign_in("anna", PASSWORD).await), Refusal::AuthenticationFailed);
    });
}

/// An account that had to make room for others while it was at work still finishes that work.
#[test]
fn a_drain_waits_for_accounts_that_were_sent_away_while_busy() {
    run(async {
        let house = House::new().await;
        let bounds = Bounds { live_accounts_max: 1, ..Bounds::default() };
        let directory = Directory::start_within(1, &house.services, bounds);
        let gate = Arc::new(Semaphore::new(0));
        let busy = directory.ask(stream(1), Wait(gate.clone()));
        let sent_away = async {
            yes(directory.ask(stream(2), Count(Arc::default())).await);
            assert_eq!(directory.live(), 1);
            let mut drain = Box::pin(directory.drain());
            // Long enough for a drain that waits for nobody to be over.
            for _ in 0..20_000 {
                assert!(futures::poll!(&mut drain).is_pending(), "it did not wait");
                std::thread::yield_now();
            }
            gate.add_permits(1);
            drain.await;
        };
        let (answer, ()) = futures::join!(busy, sent_away);
        yes(answer);
    });
}
