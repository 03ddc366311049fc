//! The sweeper: what nothing names goes after a day, and nothing else.

use std::collections::BTreeSet;

use countersign_core::vault::SecretKind::{Password, Totp};
use countersign_core::vault::rows::SecretRow;
use countersign_core::vault::sweep::{sweep, unnamed};
use countersign_core::vault::{SecretId, VaultError};
use countersign_events::account::{AccountEvent, PasswordSet, PasswordSetWhy};
use countersign_events::id::{SecretVersion, StreamId};
use futures::executor::block_on;

use super::diary::{Diary, factor};
use super::{account, at};

const DAY: i64 = 86_400;

#[test]
fn only_what_is_old_and_unnamed_may_go() {
    let row = |kind, version, second| SecretRow {
        id: SecretId { account: account(1), kind, version: SecretVersion::new(version) },
        written_at: at(second),
    };
    let rows =
        [row(Totp, 1, 0), row(Totp, 2, 0), row(Password, 1, 0), row(Totp, 3, 1), row(Totp, 4, 99)];
    let named: BTreeSet<_> = [(Totp, SecretVersion::new(1))].into();
    let gone = |now| unnamed(&named, &rows, at(now));
    assert_eq!(gone(DAY - 1), []);
    assert_eq!(gone(DAY), [rows[1].id, rows[2].id], "another kind is another secret");
    assert_eq!(gone(DAY + 1), [rows[1].id, rows[2].id, rows[3].id]);
}

#[test]
fn a_sweep_removes_what_crashes_left_and_keeps_what_is_current() {
    let diary = Diary::new();
    let secrets = &diary.house.secrets;
    let old_password = diary.register(account(1), "alice");
    let enabled = diary.enable(account(1), factor(1));
    let removed = diary.enable(account(1), factor(2));
    // A crash between the event and the destruction.
    diary.remove(account(1), factor(2));
    let offered = diary.offer(account(1), factor(3));
    let never_named = block_on(secrets.put(account(1), Totp, b"seed", at(1))).unwrap();
    let password = block_on(secrets.put(account(1), Password, b"phc", at(1))).unwrap();
    let set = PasswordSet::new(password, PasswordSetWhy::Changed);
    diary.append(account(1), &[AccountEvent::PasswordSet(set)]);
    // A registration that never came.
    block_on(secrets.create_key(account(2))).unwrap();
    let orphan = block_on(secrets.put(account(2), Password, b"phc", at(1))).unwrap();

    let vault = &*diary.house.vault;
    let early = block_on(sweep(vault, &diary.store, at(DAY - 1))).unwrap();
    assert_eq!((early.accounts, early.removed.len()), (2, 0));
    let swept = block_on(sweep(vault, &diary.store, at(DAY + 1))).unwrap();
    let gone: BTreeSet<_> = swept.removed.iter().map(|id| id.version).collect();
    assert_eq!(gone, [old_password, removed, never_named, orphan].into());
    let kept = block_on(secrets.versions(account(1))).unwrap();
    let kept: BTreeSet<_> = kept.into_iter().map(|(_, version, _)| version).collect();
    assert_eq!(kept, [enabled, offered, password].into());
    let again = block_on(sweep(vault, &diary.store, at(DAY + 1))).unwrap();
    assert!(again.removed.is_empty());
}

/// An event that this program does not know may name a secret: nothing of that account goes.
#[test]
fn an_account_that_does_not_read_is_left_alone() {
    let diary = Diary::new();
    diary.register(account(1), "alice");
    let secrets = &diary.house.secrets;
    block_on(secrets.put(account(1), Totp, b"seed", at(1))).unwrap();
    let unknown = ("account.teleported", 1, "{}".to_owned());
    diary.write(StreamId::Account(account(1)), vec![unknown]);
    let swept = block_on(sweep(&*diary.house.vault, &diary.store, at(2 * DAY))).unwrap();
    assert_eq!((swept.removed.len(), swept.skipped), (0, vec![account(1)]));
    assert_eq!(block_on(secrets.versions(account(1))).unwrap().len(), 2);
}

#[test]
fn a_crash_before_the_event_leaves_a_secret_that_is_swept_and_no_account() -> Result<(), VaultError>
{
    let diary = Diary::new();
    let secrets = &diary.house.secrets;
    block_on(async {
        secrets.claim(secrets.login_hash("alice"), account(1), at(0)).await?;
        secrets.create_key(account(1)).await?;
        secrets.put(account(1), Password, b"phc", at(0)).await
    })?;
    let house = diary.house.reopen();
    let diary = Diary::open(house);
    block_on(sweep(&*diary.house.vault, &diary.store, at(DAY)))?;
    assert!(block_on(diary.house.secrets.versions(account(1)))?.is_empty());
    Ok(())
}
