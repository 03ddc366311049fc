//! Time travel through a long history: what is shown is what the one fold gives.

use countersign_core::accounts::request::{AsOf, Between};
use countersign_core::actors::account::stamped;
use countersign_core::domain::refusal::Refusal;
use countersign_core::domain::{Account, evolve};
use countersign_events::id::{Revision, StreamId};
use countersign_events::operator::Role;
use countersign_events::store::READ_LIMIT_MAX;
use serde_json::Value;

use super::house::{House, no, run, yes};
use super::staff::operator;

/// More than lie between two marks of a replay, twice.
const LOOKS: usize = 300;

/// The states after each event, folded here.
async fn folded(house: &House, stream: StreamId) -> Vec<Account> {
    let entries = house.store().read_stream(stream, Revision::new(0), READ_LIMIT_MAX).await;
    let (mut account, mut states) = (Account::default(), vec![]);
    for entry in &entries.unwrap() {
        account = evolve(account, &stamped(entry).unwrap());
        states.push(account.clone());
    }
    states
}

/// A part of a state that is never shown, or told beside it.
fn is_hidden(field: &str) -> bool {
    ["hashes", "nonce", "pepper", "secret", "version", "commitment", "key", "last"].contains(&field)
}

fn shown(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(field, _)| !is_hidden(field))
            .map(|(field, value)| (field, shown(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(shown).collect(),
        other => other,
    }
}

#[test]
fn a_state_of_then_is_the_fold_whatever_was_asked_before() {
    run(async {
        let house = House::new().await;
        let (_, session) = operator(&house, "olga", Role::Support).await;
        let mike = house.enabled("mike").await;
        let (accounts, call, stream) =
            (&house.accounts, house.call(), StreamId::Account(mike.account));
        for _ in 0..LOOKS {
            yes(accounts.support_account(&call, &session, mike.account, None).await);
        }
        let states = folded(&house, stream).await;
        let count = u64::try_from(states.len()).unwrap();
        // From the end to the beginning, to and fro around the marks, and by time.
        let asked = (0..count).rev().step_by(41).chain([0, 127, 129, 128, 126, 257, 255]);
        for revision in asked {
            let then = AsOf::Revision(revision);
            let told = yes(accounts.support_state(&call, &session, mike.account, then, None).await);
            let expected = &states[usize::try_from(revision).unwrap()];
            assert_eq!(told.revision.map(Revision::get), Some(revision));
            assert_eq!(Some((told.revision.unwrap(), told.at.unwrap())), expected.last);
            assert_eq!(told.state, shown(serde_json::to_value(expected).unwrap()), "{revision}");
            assert!(told.newest.get() >= count);
        }
        let (_, at) = states[3].last.unwrap();
        let then = AsOf::At(at);
        let told = yes(accounts.support_state(&call, &session, mike.account, then, None).await);
        let same_time = states.iter().rev().find(|state| state.last.unwrap().1 <= at).unwrap();
        assert_eq!(told.state, shown(serde_json::to_value(same_time).unwrap()));
    });
}

/// SR-121: what became different, without what is never shown, is what the folds differ by.
#[test]
fn sr_121_the_changes_between_two_revisions_are_shown_masked() {
    run(async {
        let house = House::new().await;
        let (_, session) = operator(&house, "olga", Role::Support).await;
        let mike = house.enabled("mike").await;
        let (accounts, call) = (&house.accounts, house.call());
        let states = folded(&house, StreamId::Account(mike.account)).await;
        let between = |since: Option<u64>, revision: u64| Between { since, revision };
        let (mut standing, mut enabled) = (0, 0);
        for revision in 0..u64::try_from(states.len()).unwrap() {
            let between = between(None, revision);
            let told = accounts.support_changes(&call, &session, mike.account, between, None);
            let told = yes(told.await);
            assert_eq!(told.event.revision.get(), revision);
            let text = format!("{:?}", told.changes);
            assert!(!text.contains("hashes") && !text.contains("nonce"), "{text}");
            standing += usize::from(told.changes.iter().any(|it| it.path == "/standing"));
            enabled += usize::from(told.changes.iter().any(|it| it.path.contains("/factors/")));
        }
        assert_eq!((standing, enabled), (1, 1));

        let all = between(Some(0), u64::try_from(states.len()).unwrap() - 1);
        let told = yes(accounts.support_changes(&call, &session, mike.account, all, None).await);
        assert_eq!(told.since.map(Revision::get), Some(0));
        assert!(told.changes.iter().any(|it| it.path.starts_with("/standing/open/factors")));
        for wrong in [between(Some(3), 3), between(Some(4), 3)] {
            let told = accounts.support_changes(&call, &session, mike.account, wrong, None).await;
            assert!(matches!(no(told), Refusal::Invalid { field: "since", .. }));
        }
        let beyond = between(None, 10_000);
        let told = accounts.support_changes(&call, &session, mike.account, beyond, None).await;
        assert_eq!(no(told), Refusal::NotFound("revision"));
    });
}
