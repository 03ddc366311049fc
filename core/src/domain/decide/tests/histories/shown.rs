//! The list of locked accounts says of each what the account itself says.

use countersign_events::account::AccountEvent;
use countersign_events::id::{AccountId, Hash32, Position};
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use super::actions;
use super::scenes::{is_long, steps};
use super::{COMMANDS_MAX, Life, YEAR};
use crate::domain::limits::Limits;
use crate::domain::{Account, StampedEvent, evolve};
use crate::mail::wording::Doer;
use crate::projections::{AccountFact, Fact, FactKind, ReadModel};

const LIVES: usize = 600;

fn fact(position: u64, stamped: &StampedEvent) -> Fact {
    let account = AccountFact {
        account: AccountId::new(Uuid::from_u128(1)),
        id: stamped.id,
        at: stamped.at,
        revision: stamped.revision,
        by: Doer::Holder,
        operator: None,
        event: stamped.event.clone(),
        email_hash: None,
    };
    let (position, leaf) = (Position::new(position), Hash32::new([0; 32]));
    Fact { position, leaf, kind: FactKind::Account(Box::new(account)), act: None }
}

/// As sorted text: method and lane, since when, until when, with how many failures, by which rule.
fn said(account: &Account, now: Timestamp) -> Vec<String> {
    let locks = account.limits.locks(&Limits::standard(), now).into_iter();
    let said = locks.map(|it| {
        let (name, unresolved) = (it.rule.name(), it.unresolved);
        format!("{:?} {:?} {} {:?} {unresolved} {name}", it.method, it.lane, it.since, it.until)
    });
    let mut said: Vec<_> = said.collect();
    said.sort();
    said
}

fn shown(model: &ReadModel, now: Timestamp) -> Vec<String> {
    let locked = model.locked(now, 1, None).unwrap();
    let locks = locked.into_iter().flat_map(|account| account.locks);
    let shown = locks.map(|it| {
        let (rule, unresolved) = (it.rule, it.unresolved);
        format!("{:?} {:?} {} {:?} {unresolved} {rule}", it.method, it.lane, it.since, it.until)
    });
    let mut shown: Vec<_> = shown.collect();
    shown.sort();
    shown
}

/// After every event of every life, and a day later.
#[test]
fn the_list_of_the_locked_says_what_each_account_says() {
    let place = tempfile::tempdir().unwrap();
    let model = ReadModel::open(&place.path().join("read.db")).unwrap();
    let mut runner = TestRunner::deterministic();
    let (mut locked, mut freed) = (0_usize, 0_usize);
    for _ in 0..LIVES {
        let lives = (vec(steps(), 1..COMMANDS_MAX), is_long());
        let (steps, is_long) = lives.new_tree(&mut runner).unwrap().current();
        let mut life = Life::new();
        actions::prelude().iter().for_each(|action| life.live(SignedDuration::ZERO, action));
        for (passes, action) in steps.iter().flatten() {
            life.live(*passes, action);
            let passes = if is_long { YEAR / 200 } else { SignedDuration::ZERO };
            life.clock = life.clock.saturating_add(passes).unwrap();
        }
        model.reset().unwrap();
        let mut account = Account::default();
        for (position, stamped) in (0..).zip(&life.log) {
            let before = shown(&model, stamped.at).len();
            account = evolve(account, stamped);
            model.apply(&[fact(position, stamped)]).unwrap();
            // That a lane closes is said by the next event of the same append.
            let next = life.log.get(usize::try_from(position).unwrap() + 1);
            if next.is_some_and(|next| matches!(next.event, AccountEvent::LockedOut(_))) {
                continue;
            }
            for now in [stamped.at, stamped.at + SignedDuration::from_hours(24)] {
                assert_eq!(shown(&model, now), said(&account, now), "{:?}", stamped.event);
            }
            let after = shown(&model, stamped.at).len();
            locked += usize::from(after > before);
            freed += usize::from(after < before);
        }
    }
    println!("{locked} times something was locked, {freed} times an event ended it");
    assert!(locked > 100 && freed > 20);
}
