//! Backups: three parts that fit, also while a server writes, and the way back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_core::vault::SecretKind::{Password, Totp};
use countersign_core::vault::backup::{
    BackupDirs, BackupError, BackupReport, MANIFEST_FILE, Manifest, RestoreReport, VaultAge,
    backup, restore, unfinished,
};
use countersign_core::vault::doctor::{Code, look_at_files};
use countersign_core::vault::{DataFiles, Keyring};
use countersign_events::account::{AccountEvent, PasswordSet, PasswordSetWhy};
use countersign_events::id::Position;
use countersign_events::store::EventStore as _;
use futures::executor::block_on;

use super::diary::{Diary, factor, log_id};
use super::{House, account, at};

fn back_up(diary: &Diary, out: &Path) -> BackupReport {
    backup(&diary.files(), &BackupDirs::below(out), at(100)).unwrap()
}

fn try_restore(
    from: &BackupDirs,
    diary: &Diary,
    target: &Path,
) -> Result<RestoreReport, BackupError> {
    block_on(restore(from, &DataFiles::below(target), Arc::new(diary.clock.clone())))
}

/// Opens what was restored into a directory.
fn reopened(dir: tempfile::TempDir) -> Diary {
    Diary::open(House::open(dir))
}

fn codes(report: &RestoreReport) -> Vec<Code> {
    report.doctor.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_backup_is_restored_as_it_was() {
    let diary = Diary::new();
    let password = diary.register(account(1), "alice");
    let secret = diary.enable(account(1), factor(1));
    let out = tempfile::tempdir().unwrap();
    let report = back_up(&diary, out.path());
    for manifest in [&report.log, &report.vault, &report.keys] {
        assert_eq!((manifest.log, manifest.entries), (Some(log_id()), 6));
        assert_eq!(manifest.made_at, at(100));
    }
    assert_eq!(report.keys.files.len(), 3);

    let target = tempfile::tempdir().unwrap();
    let dirs = BackupDirs::below(out.path());
    let restored = try_restore(&dirs, &diary, target.path()).unwrap();
    assert_eq!(restored.vault_age, VaultAge::Same);
    assert_eq!(codes(&restored), [Code::KeysBesideData]);
    let copy = reopened(target);
    let all = |diary: &Diary| block_on(diary.store.read_all(Position::new(0), 4096)).unwrap();
    assert_eq!(all(&copy), all(&diary));
    block_on(async {
        let secrets = &copy.house.secrets;
        let found = secrets.find(secrets.login_hash("alice")).await.unwrap();
        assert_eq!(found, Some(account(1)));
        for (kind, version, plain) in
            [(Password, password, b"phc".as_slice()), (Totp, secret, b"seed".as_slice())]
        {
            let read = secrets.get(account(1), kind, version).await.unwrap().unwrap();
            assert_eq!(read.as_slice(), plain);
        }
    });
    // And the copy lives on.
    copy.register(account(2), "bob");
    assert_eq!(copy.doctor().accounts, 2);
}

#[test]
fn each_part_is_a_directory_of_its_own_for_its_owner_alone() {
    let diary = Diary::new();
    let out = tempfile::tempdir().unwrap();
    back_up(&diary, out.path());
    for (part, names) in [
        ("log", vec!["log.db", MANIFEST_FILE]),
        ("vault", vec![MANIFEST_FILE, "vault.db"]),
        ("keys", vec!["log.key", MANIFEST_FILE, "root.key", "wrapping-1.key"]),
    ] {
        let dir = out.path().join(part);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700, "{part}");
        let mut found: Vec<String> = fs::read_dir(&dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        found.sort();
        assert_eq!(found, names);
        for name in names {
            assert_eq!(mode(&dir.join(name)), 0o600, "{part}/{name}");
        }
    }
}

/// A server registers, enables and changes passwords; every backup meanwhile fits together.
#[test]
fn a_backup_beside_a_busy_server_misses_nothing() {
    let diary = Diary::new();
    let stop = AtomicBool::new(false);
    let outs: Vec<_> = (0..5).map(|_| tempfile::tempdir().unwrap()).collect();
    let sizes = std::thread::scope(|scope| {
        scope.spawn(|| {
            let secrets = &diary.house.secrets;
            for n in 1.. {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let first = diary.register(account(n), &format!("person {n}"));
                diary.enable(account(n), factor(n));
                let next = secrets.put(account(n), Password, b"phc", at(1));
                let next = block_on(next).unwrap();
                let set = PasswordSet::new(next, PasswordSetWhy::Changed);
                diary.append(account(n), &[AccountEvent::PasswordSet(set)]);
                block_on(secrets.destroy(account(n), Password, first)).unwrap();
            }
        });
        let sizes: Vec<u64> =
            outs.iter().map(|out| back_up(&diary, out.path()).log.entries).collect();
        stop.store(true, Ordering::SeqCst);
        sizes
    });
    assert!(sizes.is_sorted());
    for (out, size) in outs.iter().zip(sizes) {
        let target = tempfile::tempdir().unwrap();
        let from = BackupDirs::below(out.path());
        let restored = try_restore(&from, &diary, target.path()).unwrap();
        assert_eq!(restored.doctor.entries, size);
        assert!(restored.doctor.is_sound(), "{:?}", restored.doctor.findings);
    }
}

#[test]
fn an_older_vault_is_restored_and_what_it_lacks_is_told() {
    let diary = Diary::new();
    diary.register(account(1), "alice");
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    back_up(&diary, old.path());
    diary.enable(account(1), factor(1));
    diary.register(account(2), "bob");
    back_up(&diary, new.path());
    let mixed = BackupDirs { vault: old.path().join("vault"), ..BackupDirs::below(new.path()) };
    let target = tempfile::tempdir().unwrap();
    let restored = try_restore(&mixed, &diary, target.path()).unwrap();
    assert_eq!(restored.vault_age, VaultAge::Older);
    let mut found = codes(&restored);
    found.retain(|code| *code != Code::KeysBesideData);
    found.sort_by_key(|code| format!("{code:?}"));
    let missing = [Code::AccountKeyMissing, Code::AccountWithoutName, Code::SecretMissing];
    assert_eq!(found, missing);
    assert!(!restored.doctor.is_sound());
}

#[test]
fn a_newer_vault_is_restored_and_its_surplus_is_told() {
    let diary = Diary::new();
    let first = diary.register(account(1), "alice");
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    back_up(&diary, old.path());
    diary.register(account(2), "bob");
    let secrets = &diary.house.secrets;
    block_on(secrets.destroy(account(1), Password, first)).unwrap();
    back_up(&diary, new.path());
    diary.clock.set(at(3_600));
    let mixed = BackupDirs { log: old.path().join("log"), ..BackupDirs::below(new.path()) };
    let target = tempfile::tempdir().unwrap();
    let restored = try_restore(&mixed, &diary, target.path()).unwrap();
    assert_eq!(restored.vault_age, VaultAge::Newer);
    let found = codes(&restored);
    for code in [Code::SecretMissing, Code::SecretsWithoutAccount, Code::NameWithoutAccount] {
        assert!(found.contains(&code), "{code:?} in {found:?}");
    }
}

/// A restore renames keys, vault and log into place. Killed before any of the three it leaves what
/// is found, refused and named; killed after the last it is done.
#[test]
fn a_restore_that_was_cut_off_is_found_and_its_repair_is_named() {
    let diary = Diary::new();
    diary.register(account(1), "alice");
    let out = tempfile::tempdir().unwrap();
    back_up(&diary, out.path());
    let dirs = BackupDirs::below(out.path());
    for renamed in 0..=3 {
        let target = tempfile::tempdir().unwrap();
        let files = DataFiles::below(target.path());
        try_restore(&dirs, &diary, target.path()).unwrap();
        for name in ["log.db-wal", "log.db-shm", "vault.db-wal", "vault.db-shm"] {
            let _none = fs::remove_file(target.path().join(name));
        }
        for name in &["keys", "vault.db", "log.db"][renamed..] {
            let staged = target.path().join(format!(".restoring-{name}"));
            fs::rename(target.path().join(name), staged).unwrap();
        }
        let found: Vec<_> = look_at_files(&files).into_iter().map(|found| found.code).collect();
        let refused = try_restore(&dirs, &diary, target.path());
        if renamed == 3 {
            assert_eq!(unfinished(&files), None);
            assert_eq!(found, [Code::KeysBesideData]);
            assert!(matches!(refused, Err(BackupError::InTheWay(_))), "{refused:?}");
            assert_eq!(reopened(target).doctor().accounts, 1);
        } else {
            assert!(unfinished(&files).is_some());
            assert_eq!(found, [Code::RestoreUnfinished], "{renamed} renamed");
            assert!(look_at_files(&files)[0].repair.contains("restore again"));
            assert!(matches!(refused, Err(BackupError::Unfinished(_))), "{refused:?}");
        }
    }
}

#[test]
fn nothing_is_overwritten() {
    let diary = Diary::new();
    let out = tempfile::tempdir().unwrap();
    back_up(&diary, out.path());
    let dirs = BackupDirs::below(out.path());
    let again = backup(&diary.files(), &dirs, at(200));
    assert!(matches!(again, Err(BackupError::InTheWay(_))));
    let target = tempfile::tempdir().unwrap();
    fs::write(target.path().join("precious"), "x").unwrap();
    let refused = try_restore(&dirs, &diary, target.path());
    assert!(matches!(refused, Err(BackupError::InTheWay(_))));
    let names: Vec<_> = fs::read_dir(target.path()).unwrap().collect();
    assert_eq!(names.len(), 1);
    let own = try_restore(&dirs, &diary, diary.house.dir.path());
    assert!(matches!(own, Err(BackupError::InTheWay(_))));
}

#[test]
fn a_part_that_was_changed_is_refused_and_nothing_is_left() {
    let diary = Diary::new();
    diary.register(account(1), "alice");
    for name in ["log/log.db", "vault/vault.db", "keys/root.key"] {
        let out = tempfile::tempdir().unwrap();
        back_up(&diary, out.path());
        let path = out.path().join(name);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        let target = tempfile::tempdir().unwrap();
        let refused = try_restore(&BackupDirs::below(out.path()), &diary, target.path());
        assert!(matches!(refused, Err(BackupError::Differs(_))), "{name}");
        assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0, "{name}");
    }
}

#[test]
fn an_unfinished_or_foreign_part_is_refused() {
    let (diary, other) = (Diary::new(), Diary::new());
    let out = tempfile::tempdir().unwrap();
    back_up(&diary, out.path());
    let dirs = BackupDirs::below(out.path());
    let target = tempfile::tempdir().unwrap();
    let refused = |dirs: &BackupDirs| {
        let refused = try_restore(dirs, &other, target.path());
        assert!(matches!(refused, Err(BackupError::NoBackup { .. })), "{refused:?}");
        assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
    };
    refused(&BackupDirs { vault: dirs.log.clone(), ..dirs.clone() });
    let manifest = dirs.vault.join(MANIFEST_FILE);
    let text = fs::read_to_string(&manifest).unwrap();
    let with = |change: &dyn Fn(&mut Manifest)| {
        let mut changed: Manifest = serde_json::from_str(&text).unwrap();
        change(&mut changed);
        fs::write(&manifest, serde_json::to_vec(&changed).unwrap()).unwrap();
    };
    with(&|manifest| manifest.format = 2);
    refused(&dirs);
    with(&|manifest| manifest.log = Some(countersign_events::id::LogId::new(uuid::Uuid::nil())));
    refused(&dirs);
    with(&|manifest| {
        let facts = manifest.files.values().next().unwrap().clone();
        manifest.files.insert("../../escaped".to_owned(), facts);
    });
    refused(&dirs);
    fs::remove_file(&manifest).unwrap();
    refused(&dirs);
}

#[test]
fn keys_may_lie_elsewhere() {
    let diary = Diary::new();
    diary.register(account(1), "alice");
    let out = tempfile::tempdir().unwrap();
    back_up(&diary, out.path());
    let (data, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = DataFiles::below(data.path()).with_keys(&keys.path().join("here"));
    let clock = Arc::new(diary.clock.clone());
    let from = BackupDirs::below(out.path());
    let restored = block_on(restore(&from, &files, clock)).unwrap();
    assert_eq!(codes(&restored), []);
    let opened = Keyring::open(&files.keys).unwrap();
    assert_eq!(opened.log_public_key(), diary.house.keyring.log_public_key());
    assert!(!data.path().join("keys").exists());
}
