use countersign_events::id::{AccountId, ClientId, EventId, Hash32, Position};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;

use super::{Chosen, Deliveries, DueDelivery};
use crate::webhooks::HookUrl;
use crate::webhooks::ledger::Hook;

const HOOK: EventId = EventId::new(Uuid::from_u128(7));
const ANNA: AccountId = AccountId::new(Uuid::from_u128(1));
const BERT: AccountId = AccountId::new(Uuid::from_u128(2));

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn hook(resume: u64, replay: Option<(u128, u64)>) -> Hook {
    Hook {
        client: ClientId::new(Uuid::from_u128(9)),
        webhook: HOOK,
        url: HookUrl::parse("https://shop.example.com/").unwrap(),
        types: vec![],
        secrets: vec![],
        resume: Position::new(resume),
        noted_at: at(0),
        replay: replay.map(|(id, from)| (EventId::new(Uuid::from_u128(id)), Position::new(from))),
    }
}

/// Takes in what happened to whom, from a position on.
fn take_in(queue: &Deliveries, from: u64, whose: &[AccountId]) {
    let wanted: Vec<_> = (from..).map(Position::new).zip(whose).map(|(at, it)| (*it, at)).collect();
    let next = from + u64::try_from(whose.len()).unwrap();
    let span = (Position::new(from), Position::new(next));
    let last = (Position::new(next - 1), Hash32::new([3; 32]));
    queue.take_in(HOOK, span, &wanted, last, at(0)).unwrap();
}

fn begun(resume: u64) -> (TempDir, Deliveries) {
    let dir = tempfile::tempdir().unwrap();
    let queue = Deliveries::open(&dir.path().join("webhooks.db")).unwrap();
    queue.keep(&[hook(resume, None)]).unwrap();
    (dir, queue)
}

fn chosen(position: Option<u64>, second: i64) -> Chosen {
    Chosen { position: position.map(Position::new), given_up_by: Some(at(second)) }
}

fn due(queue: &Deliveries, second: i64) -> Vec<DueDelivery> {
    queue.due(HOOK, at(second), 100).unwrap()
}

fn positions(due: &[DueDelivery]) -> Vec<u64> {
    due.iter().map(|due| due.position.get()).collect()
}

#[test]
fn each_account_has_one_delivery_that_is_due_and_they_come_in_the_order_of_the_log() {
    let (_dir, queue) = begun(10);
    take_in(&queue, 10, &[ANNA, BERT, ANNA, ANNA]);
    assert_eq!(positions(&due(&queue, 0)), [10, 11]);
    let anna = due(&queue, 0)[0];
    queue.postpone(&anna, (1, at(5)), Some("503")).unwrap();
    let retrying = queue.standing(HOOK).unwrap().retrying.unwrap();
    assert_eq!((retrying.since, retrying.next_at), (at(0), at(5)));
    assert_eq!(retrying.why, "503");
    assert_eq!(positions(&due(&queue, 0)), [11], "hers wait behind the first");
    assert_eq!(queue.next_at(HOOK, at(0)).unwrap(), Some(at(5)));
    queue.settle(&due(&queue, 0)[0], at(0)).unwrap();
    assert_eq!(positions(&due(&queue, 5)), [10]);
    assert_eq!(due(&queue, 5)[0].attempts, 1);
    queue.settle(&anna, at(5)).unwrap();
    queue.settle(&anna, at(5)).unwrap();
    assert_eq!(queue.standing(HOOK).unwrap().retrying, None, "what failed was taken");
    assert_eq!(due(&queue, 5)[0].attempts, 0);
    assert_eq!(positions(&due(&queue, 5)), [12]);
    assert_eq!(queue.taken_in(HOOK).unwrap(), Some((Position::new(14), 2)));
}

#[test]
fn what_was_given_up_lets_the_next_come_and_goes_before_it_when_it_is_redelivered() {
    let (_dir, queue) = begun(0);
    take_in(&queue, 0, &[ANNA, ANNA, BERT]);
    let first = due(&queue, 0)[0];
    queue.give_up(&first, 22, "503", at(9)).unwrap();
    queue.give_up(&first, 22, "503", at(9)).unwrap();
    assert_eq!(positions(&due(&queue, 9)), [2, 1], "who waits longest comes first");
    let dead = queue.dead_letters(HOOK, Position::new(0), 10).unwrap();
    assert_eq!((dead.len(), dead[0].why.as_str(), dead[0].attempts), (1, "503", 22));
    assert_eq!(queue.standing(HOOK).unwrap().next, Some(Position::new(1)));
    let changes = queue.changes();
    queue.redeliver(HOOK, chosen(Some(2), 9), at(9)).unwrap();
    assert_eq!(queue.totals().unwrap().dead_letters, 1, "that is none");
    queue.redeliver(HOOK, chosen(None, 9), at(9)).unwrap();
    assert!(changes.has_changed().unwrap());
    assert_eq!(positions(&due(&queue, 9)), [2, 0]);
    let totals = queue.totals().unwrap();
    assert_eq!((totals.waiting, totals.dead_letters), (3, 0));
}

/// SR-066: whoever asks again for what was given up by then gets nothing that was given up since.
#[test]
fn sr_066_what_was_given_up_later_is_not_redelivered() {
    let (_dir, queue) = begun(0);
    take_in(&queue, 0, &[ANNA, BERT]);
    let (anna, bert) = (due(&queue, 0)[0], due(&queue, 0)[1]);
    queue.give_up(&anna, 22, "503", at(9)).unwrap();
    queue.redeliver(HOOK, chosen(None, 9), at(9)).unwrap();
    assert_eq!(queue.totals().unwrap().dead_letters, 0);
    let again = due(&queue, 9).into_iter().filter(|due| due.account == ANNA);
    for one in again.chain([bert]) {
        queue.give_up(&one, 22, "503", at(10)).unwrap();
    }
    let dead = || queue.totals().unwrap().dead_letters;
    for position in [None, Some(0), Some(1)] {
        queue.redeliver(HOOK, chosen(position, 9), at(11)).unwrap();
        assert_eq!(dead(), 2, "{position:?}");
    }
    queue.redeliver(HOOK, chosen(None, 10), at(11)).unwrap();
    assert_eq!(dead(), 0);
}

/// A replay goes back once, never forward; what waits is not doubled.
#[test]
fn a_replay_goes_back_once_and_doubles_nothing_that_waits() {
    let (_dir, queue) = begun(0);
    take_in(&queue, 0, &[ANNA, ANNA, BERT]);
    queue.settle(&due(&queue, 0)[0], at(0)).unwrap();
    let back = hook(0, Some((50, 0)));
    for _ in 0..2 {
        queue.keep(std::slice::from_ref(&back)).unwrap();
        assert_eq!(queue.taken_in(HOOK).unwrap(), Some((Position::new(0), 2)));
    }
    let in_flight = due(&queue, 0)[0];
    assert_eq!(in_flight.position, Position::new(1));
    take_in(&queue, 0, &[ANNA, ANNA, BERT]);
    queue.keep(std::slice::from_ref(&back)).unwrap();
    assert_eq!(queue.taken_in(HOOK).unwrap(), Some((Position::new(3), 3)));
    // What came before it meanwhile is next, and keeps its place when the other is told.
    queue.settle(&in_flight, at(0)).unwrap();
    assert_eq!(positions(&due(&queue, 0)), [0, 2]);
    queue.keep(&[hook(0, Some((51, 100)))]).unwrap();
    assert_eq!(queue.taken_in(HOOK).unwrap(), Some((Position::new(3), 2)), "not forward");
}

/// If it was sent elsewhere meanwhile, what was looked up is of no use.
#[test]
fn what_was_looked_up_before_a_replay_is_not_taken_in() {
    let (_dir, queue) = begun(5);
    queue.keep(&[hook(5, Some((50, 2)))]).unwrap();
    take_in(&queue, 5, &[ANNA]);
    assert_eq!(queue.taken_in(HOOK).unwrap(), Some((Position::new(2), 0)));
    assert_eq!(queue.last_entry().unwrap(), None);
}

#[test]
fn what_waits_is_there_again_and_an_ended_webhook_is_forgotten() {
    let (dir, queue) = begun(0);
    take_in(&queue, 0, &[ANNA, BERT]);
    queue.give_up(&due(&queue, 0)[0], 1, "404", at(0)).unwrap();
    drop(queue);
    let path = dir.path().join("webhooks.db");
    let queue = Deliveries::open(&path).unwrap();
    queue.keep(&[hook(0, None)]).unwrap();
    assert_eq!(positions(&due(&queue, 0)), [1]);
    assert_eq!(queue.last_entry().unwrap(), Some((Position::new(1), Hash32::new([3; 32]))));
    queue.keep(&[]).unwrap();
    assert_eq!(queue.totals().unwrap(), super::Totals::default());
    assert_eq!(due(&queue, 0), []);
    drop(queue);
    std::fs::write(&path, [b'x'; 4096]).unwrap();
    let queue = Deliveries::open(&path).unwrap();
    assert_eq!(queue.taken_in(HOOK).unwrap(), None);
    assert!(dir.path().join("webhooks.db.damaged").exists());
}

/// However many wait behind one, what is due is found at once.
#[test]
fn ten_thousand_behind_one_hold_up_nobody_else() {
    let (_dir, queue) = begun(0);
    let mut whose = vec![ANNA; 10_000];
    whose.push(BERT);
    take_in(&queue, 0, &whose);
    let anna = due(&queue, 0)[0];
    queue.postpone(&anna, (1, at(0) + SignedDuration::from_hours(6)), Some("503")).unwrap();
    assert_eq!(positions(&due(&queue, 0)), [10_000]);
    assert_eq!(queue.standing(HOOK).unwrap().waiting, 10_001);
}
