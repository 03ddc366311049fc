//! `doctor`: every finding is made, found, and says what to do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use countersign_core::vault::SecretKind::{Password, Totp};
use countersign_core::vault::doctor::{Code, DoctorReport, Finding, Severity, look_at_files};
use countersign_core::vault::rows::SecretRow;
use countersign_core::vault::{SecretId, Secrets};
use countersign_events::account::{AccountEvent, RegistrationAbandoned};
use countersign_events::id::StreamId;
use futures::executor::block_on;

use super::diary::{Diary, factor, log_id};
use super::{House, account, at};

fn codes(report: &DoctorReport) -> Vec<Code> {
    report.findings.iter().map(|finding| finding.code).collect()
}

/// The one finding, which must say what it is about and name a repair.
fn only(findings: &[Finding], code: Code) -> &Finding {
    let [finding] = findings else { panic!("{findings:?}") };
    assert_eq!(finding.code, code);
    assert!(!finding.about.is_empty() && finding.sentence.ends_with('.'));
    assert!(finding.repair.ends_with('.') && finding.repair.len() > 20, "{}", finding.repair);
    finding
}

fn sound() -> Diary {
    let diary = Diary::new();
    diary.register(account(1), "alice");
    diary.enable(account(1), factor(1));
    diary
}

#[test]
fn a_sound_installation_has_no_findings() {
    let diary = sound();
    diary.offer(account(1), factor(2));
    diary.register(account(2), "bob");
    let report = diary.doctor();
    assert_eq!(codes(&report), []);
    assert!(report.is_sound());
    assert_eq!((report.log, report.entries), (Some(log_id()), 10));
    assert_eq!((report.accounts, report.claims, report.secrets), (2, 2, 4));
    assert!(report.sqlite.starts_with("3."));
}

#[test]
fn a_password_that_is_gone_is_found() {
    let diary = Diary::new();
    let version = diary.register(account(1), "alice");
    block_on(diary.house.secrets.destroy(account(1), Password, version)).unwrap();
    let report = diary.doctor();
    let finding = only(&report.findings, Code::SecretMissing);
    assert_eq!(finding.about, format!("account-{}", account(1)));
    assert!(finding.sentence.contains(&version.to_string()));
    assert!(finding.repair.contains("new password"));
    assert!(!report.is_sound());
}

#[test]
fn an_authenticator_that_is_gone_or_spoilt_is_found() {
    let diary = sound();
    let version = diary.enable(account(1), factor(2));
    block_on(diary.house.secrets.destroy(account(1), Totp, version)).unwrap();
    let report = diary.doctor();
    let finding = only(&report.findings, Code::SecretMissing);
    assert!(finding.repair.contains("recovery code"));
    let id = SecretId { account: account(1), kind: Totp, version };
    let row = SecretRow { id, written_at: at(1) };
    block_on(diary.house.vault.insert_secret(row, vec![0; 60])).unwrap();
    only(&diary.doctor().findings, Code::SecretUnreadable);
}

#[test]
fn a_pending_authenticator_that_is_gone_is_only_advice() {
    let diary = sound();
    let version = diary.offer(account(1), factor(2));
    block_on(diary.house.secrets.destroy(account(1), Totp, version)).unwrap();
    let report = diary.doctor();
    assert_eq!(only(&report.findings, Code::OfferMissing).severity(), Severity::Advice);
    assert!(report.is_sound());
}

#[test]
fn an_account_key_that_is_gone_or_another_one_is_found() {
    let diary = sound();
    block_on(diary.house.secrets.destroy_key(account(1))).unwrap();
    only(&diary.doctor().findings, Code::AccountKeyMissing);
    block_on(diary.house.secrets.create_key(account(1))).unwrap();
    only(&diary.doctor().findings, Code::AccountKeyDiffers);
}

#[test]
fn an_account_key_under_a_lost_wrapping_key_is_found() {
    let diary = sound();
    let keys = diary.files().keys;
    // Another wrapping key under the same id is no wrapping key of ours.
    fs::write(keys.join("wrapping-1.key"), format!("{}\n", "5a".repeat(32))).unwrap();
    let diary = Diary::open(diary.house.reopen());
    let report = diary.doctor();
    let finding = only(&report.findings, Code::AccountKeyDiffers);
    assert!(finding.repair.contains("wrapping key"));
    fs::rename(keys.join("wrapping-1.key"), keys.join("wrapping-2.key")).unwrap();
    let diary = Diary::open(diary.house.reopen());
    let report = diary.doctor();
    let finding = only(&report.findings, Code::AccountKeyDiffers);
    assert!(finding.sentence.contains("wrapping key 1 is missing"), "{}", finding.sentence);
}

#[test]
fn a_name_whose_registration_has_not_come_is_told_with_the_time_that_frees_it() {
    let diary = sound();
    let secrets = &diary.house.secrets;
    let name = secrets.login_hash("bob");
    block_on(secrets.claim(name, account(9), at(3_600 - 599))).unwrap();
    let report = diary.doctor();
    let finding = only(&report.findings, Code::NameNotYetRegistered);
    assert_eq!(finding.about, name.to_string());
    assert!(finding.sentence.contains("claimed for account"), "{}", finding.sentence);
    assert!(finding.sentence.contains("9 minutes ago"), "{}", finding.sentence);
    let free_at = at(3_600 - 599 + 600).to_string();
    assert!(finding.repair.contains(&free_at), "{}", finding.repair);
    assert!(report.is_sound(), "nothing is broken");
    let report = diary.doctor_at(at(3_601));
    let finding = only(&report.findings, Code::NameWithoutAccount);
    assert_eq!(finding.about, name.to_string());
    assert!(report.is_sound());
}

#[test]
fn a_name_that_leads_to_an_abandoned_registration_is_found() {
    let diary = sound();
    let secrets = &diary.house.secrets;
    block_on(secrets.claim(secrets.login_hash("bob"), account(9), at(0))).unwrap();
    let abandoned = AccountEvent::RegistrationAbandoned(RegistrationAbandoned {});
    diary.append(account(9), &[abandoned]);
    only(&diary.doctor().findings, Code::NameWithoutAccount);
}

#[test]
fn an_account_without_a_name_is_found() {
    let diary = sound();
    let secrets = &diary.house.secrets;
    let name = secrets.login_hash("alice");
    assert!(block_on(secrets.take_over(name, account(1), account(9), at(3_500))).unwrap());
    let report = diary.doctor();
    assert_eq!(codes(&report), [Code::AccountWithoutName, Code::NameNotYetRegistered]);
    assert!(!report.is_sound());
}

#[test]
fn secrets_that_nothing_names_are_found() {
    let diary = sound();
    let secrets = &diary.house.secrets;
    block_on(secrets.put(account(1), Totp, b"seed", at(1))).unwrap();
    assert_eq!(codes(&diary.doctor()), []);
    only(&diary.doctor_at(at(86_401)).findings, Code::UnnamedSecrets);
}

#[test]
fn secrets_of_an_account_that_the_log_does_not_know_are_found() {
    let diary = sound();
    let secrets = &diary.house.secrets;
    block_on(secrets.create_key(account(2))).unwrap();
    block_on(secrets.put(account(2), Password, b"phc", at(1))).unwrap();
    let report = diary.doctor();
    only(&report.findings, Code::SecretsWithoutAccount);
    assert_eq!(report.secrets, 3);
}

#[test]
fn a_stream_that_does_not_read_is_found() {
    let diary = sound();
    let unknown = ("account.teleported", 1, "{}".to_owned());
    diary.write(StreamId::Account(account(1)), vec![unknown]);
    let report = diary.doctor();
    let finding = only(&report.findings, Code::StreamUnreadable);
    assert!(finding.sentence.contains("does not read"));
}

#[test]
fn a_clock_behind_the_log_is_found() {
    let diary = sound();
    // The last entry was written at second 4.
    assert_eq!(codes(&diary.doctor_at(at(4 - 10))), []);
    only(&diary.doctor_at(at(4 - 11)).findings, Code::ClockBehind);
}

#[test]
fn another_logs_keys_are_found() {
    let diary = sound();
    let other = House::new();
    let secrets: &Secrets = &diary.house.secrets;
    let now = at(60);
    let examine = countersign_core::vault::doctor::examine;
    let report = block_on(examine(&diary.store, secrets, &other.keyring, now)).unwrap();
    only(&report.findings, Code::LogKeyDiffers);
}

#[test]
fn files_that_others_may_use_are_found() {
    let diary = sound();
    let files = diary.files();
    for path in [&files.log, &files.vault, &files.keys, &files.keys.join("root.key")] {
        let good = fs::metadata(path).unwrap().permissions();
        fs::set_permissions(path, fs::Permissions::from_mode(good.mode() | 0o040)).unwrap();
        let found = look_at_files(&files);
        let found: Vec<_> = found.into_iter().filter(|f| f.code != Code::KeysBesideData).collect();
        let finding = only(&found, Code::OpenToOthers);
        assert_eq!(finding.about, path.display().to_string());
        assert!(finding.repair.contains("chmod go="));
        fs::set_permissions(path, good).unwrap();
    }
    only(&look_at_files(&files), Code::KeysBesideData);
}

#[test]
fn missing_and_damaged_files_are_found() {
    let diary = sound();
    let files = diary.files();
    drop(diary.store);
    let elsewhere = tempfile::tempdir().unwrap();
    let keys = elsewhere.path().join("keys");
    fs::rename(&files.keys, &keys).unwrap();
    only(&look_at_files(&files), Code::FileMissing);
    let files = files.with_keys(&keys);
    assert_eq!(look_at_files(&files), [], "apart, no advice is left");
    fs::remove_file(keys.join("log.key")).unwrap();
    only(&look_at_files(&files), Code::KeysUnusable);
    fs::write(&files.log, "no database at all, but longer than nothing".repeat(100)).unwrap();
    let found = look_at_files(&files);
    assert_eq!([found[0].code, found[1].code], [Code::DatabaseDamaged, Code::KeysUnusable]);
    fs::remove_file(&files.log).unwrap();
    assert!(look_at_files(&files).iter().any(|finding| finding.code == Code::FileMissing));
}

/// `PRAGMA integrity_check` finds a page that was overwritten.
#[test]
fn an_overwritten_page_is_found() {
    let diary = sound();
    for n in 10..200 {
        diary.register(account(n), &format!("person {n}"));
    }
    let files = diary.files();
    let House { dir, vault, secrets, .. } = diary.house;
    drop((vault, secrets, diary.store));
    let mut bytes = fs::read(&files.vault).unwrap();
    assert!(bytes.len() > 8 * 4096);
    bytes[3 * 4096..3 * 4096 + 512].fill(0xff);
    fs::write(&files.vault, bytes).unwrap();
    let found = look_at_files(&files);
    assert!(found.iter().any(|finding| finding.code == Code::DatabaseDamaged), "{found:?}");
    drop(dir);
}

#[test]
fn codes_are_written_as_permanent_words() {
    let word = |code: Code| serde_json::to_value(code).unwrap();
    assert_eq!(word(Code::SecretMissing), "secret-missing");
    assert_eq!(word(Code::OpenToOthers), "open-to-others");
    assert_eq!(serde_json::to_value(Severity::Broken).unwrap(), "broken");
}
