//! Key files, and what is derived from them.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use countersign_core::domain::recovery_code::{NormalRecoveryCode, recovery_code_from};
use countersign_core::entropy::{Entropy as _, OsEntropy};
use countersign_core::vault::{Keyring, Secrets, VaultError};
use countersign_events::account::Purpose;
use countersign_events::id::{AccountId, EventId, HandleHash, Hash32, Nonce};
use uuid::Uuid;

use super::{FailingEntropy, House, account, keyring};

#[test]
fn key_files_are_their_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let _ = keyring(dir.path());
    let mode =
        |path: &str| fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("keys"), 0o700);
    let mut names: Vec<String> = fs::read_dir(dir.path().join("keys"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["log.key", "root.key", "wrapping-1.key"]);
    for name in names {
        assert_eq!(mode(&format!("keys/{name}")), 0o600, "{name}");
    }
}

#[test]
fn keys_that_others_may_use_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _ = keyring(dir.path());
    let keys = dir.path().join("keys");
    for (path, bits, good) in [
        (keys.join("root.key"), 0o640, 0o600),
        (keys.join("wrapping-1.key"), 0o604, 0o600),
        (keys.join("log.key"), 0o620, 0o600),
        (keys.clone(), 0o750, 0o700),
    ] {
        fs::set_permissions(&path, fs::Permissions::from_mode(bits)).unwrap();
        let refused = Keyring::open_or_create(&keys, &OsEntropy);
        assert!(matches!(refused, Err(VaultError::Damaged(_))), "{}", path.display());
        fs::set_permissions(&path, fs::Permissions::from_mode(good)).unwrap();
        assert!(Keyring::open_or_create(&keys, &OsEntropy).is_ok());
    }
}

#[test]
fn a_lost_or_spoilt_key_is_never_made_anew() {
    for name in ["root.key", "wrapping-1.key", "log.key"] {
        let dir = tempfile::tempdir().unwrap();
        let _ = keyring(dir.path());
        let keys = dir.path().join("keys");
        for spoilt in ["", "abc\n", &"0".repeat(66)] {
            fs::write(keys.join(name), spoilt).unwrap();
            let refused = Keyring::open_or_create(&keys, &OsEntropy);
            assert!(matches!(refused, Err(VaultError::Damaged(_))), "{name} {spoilt:?}");
        }
        fs::remove_file(keys.join(name)).unwrap();
        let refused = Keyring::open_or_create(&keys, &OsEntropy);
        assert!(matches!(refused, Err(VaultError::Damaged(_))), "{name}");
        assert!(!keys.join(name).exists());
    }
}

#[test]
fn a_start_that_was_cut_off_begins_again() {
    let dir = tempfile::tempdir().unwrap();
    let _ = keyring(dir.path());
    let keys = dir.path().join("keys");
    fs::write(keys.join("unfinished"), "").unwrap();
    fs::remove_file(keys.join("log.key")).unwrap();
    let opened = Keyring::open_or_create(&keys, &OsEntropy).unwrap();
    assert!(!keys.join("unfinished").exists());
    assert_eq!(keyring(dir.path()).log_public_key(), opened.log_public_key());
}

/// SR-141: no key without randomness, and the next start still works.
#[test]
fn sr_141_no_keys_are_made_without_randomness() {
    let dir = tempfile::tempdir().unwrap();
    let entropy = FailingEntropy::default();
    entropy.fail();
    let refused = Keyring::open_or_create(&dir.path().join("keys"), &entropy);
    assert!(matches!(refused, Err(VaultError::NoEntropy(_))));
    let _ = keyring(dir.path());
}

/// SR-140: nothing of a key shows.
#[test]
fn sr_140_debug_shows_no_key() {
    let house = House::new();
    assert_eq!(format!("{:?} {:?}", house.keyring, house.secrets), "Keyring(…) Secrets(…)");
}

fn code(secrets: &Secrets, nonce: Nonce) -> String {
    let (bound_to, address) = (HandleHash::new([1; 16]), Hash32::new([2; 32]));
    secrets.email_code(account(1), bound_to, Purpose::SignIn, address, nonce, 6).to_string()
}

/// SR-020, AT-45: uniform over all six digits, leading zeros included. χ² over 10⁶ codes: 9 degrees
/// of freedom for each place, 999 for the first three digits.
#[test]
fn sr_020_e_mail_codes_are_six_uniform_digits() {
    const CODES: u32 = 1_000_000;
    let secrets = House::new().secrets;
    let mut places = [[0u32; 10]; 6];
    let mut heads: HashMap<String, u32> = HashMap::new();
    for number in 0..CODES {
        let code = code(&secrets, Nonce::new(u128::from(number).to_be_bytes()));
        assert_eq!(code.len(), 6);
        for (place, digit) in code.bytes().enumerate() {
            assert!(digit.is_ascii_digit());
            places[place][usize::from(digit - b'0')] += 1;
        }
        *heads.entry(code[..3].to_owned()).or_default() += 1;
    }
    let chi = |counts: &mut dyn Iterator<Item = u32>, classes: u32| -> f64 {
        let mean = f64::from(CODES) / f64::from(classes);
        counts.map(|count| (f64::from(count) - mean).powi(2) / mean).sum()
    };
    for (place, counts) in places.iter().enumerate() {
        // The chance of more than 44 with 9 degrees of freedom is about 10⁻⁶.
        assert!(chi(&mut counts.iter().copied(), 10) < 44.0, "place {place}: {counts:?}");
    }
    assert_eq!(heads.len(), 1000, "leading zeros included");
    // 999 degrees of freedom: mean 999, standard deviation 44.7; five of them.
    let head_chi = chi(&mut heads.values().copied(), 1000);
    assert!((775.0..1223.0).contains(&head_chi), "{head_chi}");
}

/// SR-020: the same nonce gives the same code on every node, another key another one.
#[test]
fn sr_020_the_same_nonce_gives_the_same_code_on_every_node() {
    let house = House::new();
    let nonces: Vec<Nonce> = (0..20u8).map(|n| Nonce::new([n; 16])).collect();
    let codes = |secrets: &Secrets| nonces.iter().map(|n| code(secrets, *n)).collect::<Vec<_>>();
    let before = codes(&house.secrets);
    let house = house.reopen();
    assert_eq!(codes(&house.secrets), before);
    assert_ne!(codes(&House::new().secrets), before);
}

/// SR-021: every part that a code is bound to changes it.
#[test]
fn sr_021_a_code_differs_by_every_part_it_is_bound_to() {
    let secrets = House::new().secrets;
    let bound = (account(1), HandleHash::new([1; 16]), Purpose::SignIn, Hash32::new([2; 32]));
    let of = |(account, bound_to, purpose, address): (AccountId, _, _, _), nonce: u8| {
        let nonce = Nonce::new([nonce; 16]);
        secrets.email_code(account, bound_to, purpose, address, nonce, 6).to_string()
    };
    // One pair of codes is equal once in a million; three nonces in a row never are.
    let codes = |bound| [of(bound, 1), of(bound, 2), of(bound, 3)];
    let right = codes(bound);
    assert_eq!(codes(bound), right);
    let others = [
        (account(2), bound.1, bound.2, bound.3),
        (bound.0, HandleHash::new([9; 16]), bound.2, bound.3),
        (bound.0, bound.1, Purpose::StepUp, bound.3),
        (bound.0, bound.1, Purpose::ConfirmEmail, bound.3),
        (bound.0, bound.1, bound.2, Hash32::new([9; 32])),
    ];
    for other in others {
        assert_ne!(codes(other), right, "{other:?}");
    }
    assert_ne!(right[0], right[1]);
}

/// SR-032: one keyed hash for a code, of its account alone, never the code itself.
#[test]
fn sr_032_a_recovery_code_is_kept_as_a_keyed_hash_of_its_account() {
    let house = House::new();
    let mut bytes = [0; 16];
    OsEntropy.fill(&mut bytes).unwrap();
    let (shown, code) = recovery_code_from(&bytes);
    let hash = house.secrets.recovery_hash(account(1), &code);
    let typed = NormalRecoveryCode::parse(&shown.to_lowercase().replace('-', " ")).unwrap();
    assert_eq!(house.secrets.recovery_hash(account(1), &typed), hash);
    assert_ne!(house.secrets.recovery_hash(account(2), &code), hash);
    assert_ne!(House::new().secrets.recovery_hash(account(1), &code), hash, "peppered");
    assert_eq!(house.secrets.recovery_pepper(), "p1");
    assert_eq!(house.reopen().secrets.recovery_hash(account(1), &code), hash);
}

#[test]
fn derived_bytes_and_fingerprints_do_not_confuse_their_parts() {
    let secrets = House::new().secrets;
    let event = |n: u128| EventId::new(Uuid::from_u128(n));
    let derived = secrets.derive("session", event(1), "key");
    assert_eq!(secrets.derive("session", event(1), "key"), derived);
    assert_ne!(secrets.derive("sessio", event(1), "nkey"), derived);
    assert_ne!(secrets.derive("session", event(2), "key"), derived);
    assert_ne!(secrets.derive("session", event(1), "kez"), derived);
    let print = secrets.fingerprint("body", &[b"ab", b"c"]);
    assert_eq!(secrets.fingerprint("body", &[b"ab", b"c"]), print);
    assert_ne!(secrets.fingerprint("body", &[b"a", b"bc"]), print);
    assert_ne!(secrets.fingerprint("body", &[b"abc"]), print);
    assert_ne!(secrets.fingerprint("key", &[b"ab", b"c"]), print);
}

#[test]
fn the_log_key_signs_and_its_public_half_checks() {
    use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
    let keyring = House::new().keyring;
    let public = VerifyingKey::from_bytes(&keyring.log_public_key()).unwrap();
    let signature = Signature::from_bytes(&keyring.sign_for_log(b"checkpoint"));
    assert!(public.verify(b"checkpoint", &signature).is_ok());
    assert!(public.verify(b"another", &signature).is_err());
}
