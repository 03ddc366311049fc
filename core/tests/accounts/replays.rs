//! An auditor's replay of what really happened: it reads, and does nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use countersign_core::audit::replay::{Until, replay};
use countersign_core::audit::source::Source;
use countersign_core::clock::Clock as _;
use countersign_events::account::Method;
use countersign_events::id::StreamId;
use jiff::SignedDuration;

use super::house::{House, STEP, no, run, yes};

/// Mails that are looked for at most.
const MAILS: usize = 100;

/// Every file of a directory and below, and what is in it; what SQLite shares between readers is
/// nobody's.
fn files(place: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(place).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if !path.to_string_lossy().ends_with("-shm") {
            let bytes = fs::read(&path).unwrap();
            files.insert(path, bytes);
        }
    }
    files
}

/// AT-57, SR-105: a stream with notices, codes by e-mail, waits and refused guesses is replayed
/// twice, and once more from the log alone, without vault, keys or read model, as after the
/// account's key was destroyed: one state each time; no mail is due for it, and no byte of any file
/// is another.
#[test]
fn at_57_a_replay_has_no_effect_and_needs_no_key() {
    run(async {
        let house = House::new().await;
        let mike = house.enabled("mike").await;
        let step = house.second_step("mike").await;
        yes(house.accounts.send_email_code(&house.call(), step.id.clone()).await);
        for _ in 0..5 {
            no(house.answer(&step.id, Method::Totp, &house.wrong_code(&mike.secret)).await);
        }
        for _ in 0..3 {
            let step = house.second_step("mike").await;
            no(house.answer(&step.id, Method::Totp, &house.wrong_code(&mike.secret)).await);
        }
        house.pass(SignedDuration::from_mins(16));
        let step = house.second_step("mike").await;
        yes(house.answer(&step.id, Method::Totp, &house.code(&mike.secret)).await);
        house.pass(STEP);
        house.accounts.directory().drain().await;
        let head = house.store().head().await.unwrap().unwrap();
        house.accounts.read_model().caught_up(head).await;
        let due = || house.accounts.read_model().mails_due(house.clock.now(), MAILS).unwrap();
        let (before, mails) = (files(house.dir.path()), due());
        assert!(mails.len() >= 3, "the phone, the code and the guesses: {mails:?}");

        let fold = |place: &Path| {
            let stream = StreamId::Account(mike.account);
            replay(Source::open(place).unwrap(), stream, Until::End).unwrap()
        };
        let (once, again) = (fold(house.dir.path()), fold(house.dir.path()));
        assert_eq!(once, again);
        let alone = tempfile::tempdir().unwrap();
        for name in ["log.db", "log.db-wal"] {
            fs::write(alone.path().join(name), &before[&house.dir.path().join(name)]).unwrap();
        }
        assert_eq!(fold(alone.path()).hash, once.hash);
        assert_eq!(house.store().head().await.unwrap(), Some(head));
        assert_eq!(due().len(), mails.len());
        assert!(files(house.dir.path()) == before, "a replay wrote something");
    });
}
