//! SR-110: streams of every version that was ever written fold to what they folded to: each golden
//! payload is replayed, and what counts in it is read from its bytes, not by this program's types.

use std::path::{Path, PathBuf};

use countersign_core::domain::limits::{Guess, Limits};
use countersign_core::domain::{Account, StampedEvent, evolve};
use countersign_events::account::{AccountEvent, Lane, Method};
use countersign_events::actor::By;
use countersign_events::id::{EventId, Hash32, Revision};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

/// How often a guess is replayed.
const TIMES: u32 = 3;

/// A golden payload, as it was written.
struct Golden {
    name: String,
    version: u16,
    bytes: String,
}

impl Golden {
    fn event(&self) -> AccountEvent {
        let event_type = self.name.rsplitn(3, '.').last().unwrap();
        AccountEvent::decode(event_type, self.version, &self.bytes).expect(&self.name)
    }

    fn field(&self, pointer: &str) -> Option<String> {
        let data: Value = serde_json::from_str(&self.bytes).unwrap();
        data.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
    }
}

/// The golden payloads of accounts, of every version there is a directory of, by name.
fn goldens() -> Vec<Golden> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/tests/golden");
    let mut found = vec![];
    for version in 1.. {
        let Ok(entries) = std::fs::read_dir(directory.join(format!("v{version}"))) else { break };
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let bytes = std::fs::read_to_string(&path).unwrap().trim_end().to_owned();
            found.extend(name.starts_with("account.").then_some(Golden { name, version, bytes }));
        }
    }
    assert!(found.len() > 90, "{} golden payloads", found.len());
    found
}

fn start() -> Timestamp {
    "2026-11-24T05:00:00Z".parse().unwrap()
}

/// Folds events, a second apart.
fn fold(events: impl IntoIterator<Item = AccountEvent>) -> Account {
    let stamped = (0..).zip(events).map(|(revision, event)| StampedEvent {
        revision: Revision::new(revision),
        id: EventId::new(Uuid::from_u128(revision.into())),
        at: start() + SignedDuration::from_secs(i64::try_from(revision).unwrap()),
        by: By::Holder,
        idempotency: None,
        pii: Some(Hash32::new([7; 32])),
        event,
    });
    stamped.fold(Account::default(), |account, event| evolve(account, &event))
}

fn begun(goldens: &[Golden]) -> Vec<AccountEvent> {
    let named = |name: &str| goldens.iter().find(|golden| golden.name == name).unwrap().event();
    vec![named("account.registered.full.json"), named("account.password_set.full.json")]
}

fn method_of(golden: &Golden) -> Method {
    match golden.field("/method").as_deref() {
        None => Method::Password,
        Some("totp") => Method::Totp,
        Some("email_code") => Method::EmailCode,
        Some("recovery_code") => Method::RecoveryCode,
        Some(other) => panic!("{other}"),
    }
}

/// SR-110, AT-57: every payload folds, in a stream of all of them and in one of its own; twice to
/// the same state, which a snapshot keeps.
#[test]
fn sr_110_a_stream_of_every_golden_payload_folds() {
    let goldens = goldens();
    let all = || {
        let others = goldens.iter().map(Golden::event);
        begun(&goldens).into_iter().chain(others.filter(|event| {
            !matches!(event, AccountEvent::Registered(_) | AccountEvent::RegistrationAbandoned(_))
        }))
    };
    let folded = fold(all());
    assert_eq!(folded, fold(all()));
    let kept = serde_json::to_vec(&folded).unwrap();
    assert_eq!(serde_json::from_slice::<Account>(&kept).unwrap(), folded);
    for golden in &goldens {
        let alone = fold(begun(&goldens).into_iter().chain([golden.event()]));
        assert!(alone.last.is_some(), "{}", golden.name);
    }
}

/// SR-110, AT-57: a guess that was ever written counts as its bytes say: once, in its lane.
#[test]
fn sr_110_no_guess_that_was_ever_written_counts_for_less() {
    let goldens = goldens();
    let rejected = ["account.code_rejected.", "account.password_rejected."];
    let of_guesses = || {
        goldens.iter().filter(|golden| rejected.iter().any(|kind| golden.name.starts_with(kind)))
    };
    let mut counted = 0;
    for golden in of_guesses() {
        let is_guess = golden.field("/why").as_deref() != Some("reused")
            && golden.field("/purpose").as_deref() != Some("enable");
        let expected = if is_guess { TIMES } else { 0 };
        let known = golden.field("/counted/lane").as_deref() == Some("known");
        let guesses = (0..TIMES).map(|_| golden.event());
        let account = fold(begun(&goldens).into_iter().chain(guesses));
        let (method, now) = (method_of(golden), account.last.unwrap().1);
        let counter = account.limits.of(method);
        let lane = if known { Lane::Known } else { Lane::Unknown };
        assert_eq!(counter.unresolved(method, lane, now), expected, "{}", golden.name);
        assert_eq!(counter.all_unresolved(method, now), expected, "{}", golden.name);
        counted += expected;
    }
    assert!(counted > 15, "{counted}");
}

/// SR-110, AT-57: a lock that was ever written still locks.
#[test]
fn sr_110_no_lock_that_was_ever_written_is_lifted() {
    let goldens = goldens();
    let of = |kind: &str| {
        let kind = kind.to_owned();
        goldens.iter().filter(move |golden| golden.name.starts_with(&kind))
    };
    let admits = |account: &Account, method: Method| {
        let guess = Guess { at: account.last.unwrap().1, within: None, device: None };
        account.limits.admit(&Limits::standard(), method, &guess).is_ok()
    };
    let mut locks = 0;
    for golden in of("account.cooled_down.").chain(of("account.locked_out.")) {
        let hard = golden.field("/rule").as_deref() == Some("hard-cap");
        let until = golden.field("/until").and_then(|until| until.parse::<Timestamp>().ok());
        let account = fold(begun(&goldens).into_iter().chain([golden.event()]));
        let method = method_of(golden);
        let waits = golden.name.starts_with("account.cooled_down.")
            && until.is_some_and(|until| account.last.unwrap().1 < until);
        assert_eq!(account.limits.of(method).is_disabled(), hard, "{}", golden.name);
        assert_eq!(admits(&account, method), !(hard || waits), "{}", golden.name);
        locks += u32::from(hard || waits);
    }
    assert!(locks >= 3, "{locks}");
}
