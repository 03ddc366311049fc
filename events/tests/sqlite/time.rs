//! The age of append keys, by a clock that the tests move.

use countersign_events::store::{
    APPEND_KEY_HOURS, AppendError, Appended, EventStore, Expected, Resolution,
};

use crate::backend::{SqliteBackend, after, append, fill, key, stream};
use crate::runtime;

const DAY: i64 = APPEND_KEY_HOURS * 60 * 60 * 1000;

#[test]
fn a_key_is_remembered_up_to_the_last_millisecond_of_24_hours_and_then_forgotten() {
    for reopened in [false, true] {
        let backend = SqliteBackend::new();
        let mut store = backend.store();
        runtime().block_on(async {
            fill(&store, 1, 0..1).await;
            backend.shift(DAY - 1);
            if reopened {
                drop(store);
                store = backend.store();
            }
            let again = store.append(append(1, Expected::NoStream, 0, 100)).await;
            assert!(matches!(again, Ok(Appended::Duplicate(_))), "{again:?}");
            let reused = store.append(append(1, after(0), 0, 100)).await;
            assert_eq!(reused, Err(AppendError::KeyReused(key(0))));

            backend.shift(1);
            if reopened {
                drop(store);
                store = backend.store();
            }
            assert_eq!(store.resolve(stream(1), key(0)).await, Ok(Resolution::Absent));
            let late = store.append(append(1, Expected::NoStream, 0, 100)).await;
            assert!(matches!(late, Err(AppendError::Conflict { .. })), "{late:?}");
            let fresh = store.append(append(1, after(0), 0, 100)).await;
            assert!(matches!(fresh, Ok(Appended::Appended(_))), "{fresh:?}");
        });
    }
}

#[test]
fn a_clock_that_runs_backwards_makes_no_key_forgotten() {
    let backend = SqliteBackend::new();
    runtime().block_on(async {
        let store = backend.store();
        fill(&store, 1, 0..1).await;
        backend.shift(-3 * DAY);
        fill(&store, 1, 1..2).await;
        // Read from the file, where the newer entry must not look older than the one before it.
        drop(store);
        let store = backend.store();
        for (name, expected) in [(0, Expected::NoStream), (1, after(0))] {
            let again = store.append(append(1, expected, name, 100)).await;
            assert!(matches!(again, Ok(Appended::Duplicate(_))), "{again:?}");
        }
        backend.shift(3 * DAY + DAY - 1);
        let again = store.append(append(1, after(0), 1, 100)).await;
        assert!(matches!(again, Ok(Appended::Duplicate(_))), "{again:?}");
    });
}

#[test]
fn keys_of_many_appends_grow_old_one_by_one() {
    const STEP: i64 = DAY / 100;
    let backend = SqliteBackend::new();
    let store = backend.store();
    runtime().block_on(async {
        for name in 0..250 {
            fill(&store, 1, name..name + 1).await;
            backend.shift(STEP);
        }
        for name in 0..250 {
            let known = store.resolve(stream(1), key(name)).await.unwrap();
            // Key 249 is one step old, key 150 exactly a day.
            assert_eq!(known != Resolution::Absent, name > 150, "key {name}");
        }
    });
}
