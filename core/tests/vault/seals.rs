//! Seals: what belongs to one place opens at no other.

use std::collections::HashSet;

use countersign_core::entropy::OsEntropy;
use countersign_core::vault::rows::SecretRow;
use countersign_core::vault::seal::{NONCE_BYTES, SecretKey};
use countersign_core::vault::{SecretId, SecretKind, VaultError};
use countersign_events::id::{Hash32, SecretVersion, StreamId};
use futures::executor::block_on;

use super::{House, account, at};

/// SR-137, AT-43: a ciphertext that was moved to another account, kind or version does not open.
#[test]
fn sr_137_a_swapped_ciphertext_does_not_open() {
    let house = House::new();
    block_on(async {
        let secrets = &house.secrets;
        secrets.create_key(account(1)).await.unwrap();
        secrets.create_key(account(2)).await.unwrap();
        let version = secrets.put(account(1), SecretKind::Totp, b"seed", at(0)).await.unwrap();
        let id = SecretId { account: account(1), kind: SecretKind::Totp, version };
        let sealed = house.vault.find_secret(id).await.unwrap().unwrap();
        let places = [
            SecretId { account: account(2), ..id },
            SecretId { kind: SecretKind::Password, ..id },
            SecretId { version: SecretVersion::new(version.get() ^ 1), ..id },
        ];
        for place in places {
            let row = SecretRow { id: place, written_at: at(0) };
            assert!(house.vault.insert_secret(row, sealed.clone()).await.unwrap());
            let read = secrets.get(place.account, place.kind, place.version).await;
            assert!(matches!(read, Err(VaultError::Damaged(_))), "{place:?}");
        }
        assert!(secrets.get(id.account, id.kind, id.version).await.unwrap().is_some());
    });
}

/// SR-137: an account key that was moved to another account does not open either.
#[test]
fn sr_137_a_swapped_account_key_does_not_open() {
    let house = House::new();
    block_on(async {
        house.secrets.create_key(account(1)).await.unwrap();
        let wrapped = house.vault.find_key(account(1)).await.unwrap().unwrap();
        house.vault.insert_key(account(2), wrapped).await.unwrap();
        let read = house.secrets.create_key(account(2)).await;
        assert!(matches!(read, Err(VaultError::Damaged(_))));
    });
}

/// SR-137: every seal has its own nonce.
#[test]
fn sr_137_nonces_never_repeat() {
    let key = SecretKey::generate(&OsEntropy).unwrap();
    let mut nonces = HashSet::new();
    for _ in 0..100_000 {
        let sealed = key.seal(b"place", b"same", &OsEntropy).unwrap();
        assert!(nonces.insert(sealed[..NONCE_BYTES].to_vec()));
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let key = SecretKey::generate(&OsEntropy).unwrap();
    let sealed = key.seal(b"place", b"plain", &OsEntropy).unwrap();
    assert_eq!(key.open(b"place", &sealed).unwrap().as_slice(), b"plain");
    for bit in 0..sealed.len() * 8 {
        let mut tampered = sealed.clone();
        tampered[bit / 8] ^= 1 << (bit % 8);
        assert!(key.open(b"place", &tampered).is_none(), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(key.open(b"place", &sealed[..length]).is_none(), "length {length}");
    }
    assert!(key.open(b"other place", &sealed).is_none());
}

#[test]
fn personal_data_opens_for_its_account_and_not_after_its_key_is_gone() {
    let house = House::new();
    let part = block_on(async {
        let secrets = &house.secrets;
        secrets.create_key(account(1)).await.unwrap();
        secrets.create_key(account(2)).await.unwrap();
        let part = secrets.seal_pii(account(1), b"{\"login\":\"alice\"}").await.unwrap();
        assert_eq!(part.key, "k1");
        let read = secrets.open_pii(account(1), "k1", &part.ciphertext).await.unwrap();
        assert_eq!(read.unwrap().as_slice(), b"{\"login\":\"alice\"}");
        let other = secrets.open_pii(account(2), "k1", &part.ciphertext).await;
        assert!(matches!(other, Err(VaultError::Damaged(_))));
        secrets.destroy_key(account(1)).await.unwrap();
        assert!(secrets.open_pii(account(1), "k1", &part.ciphertext).await.unwrap().is_none());
        assert!(secrets.seal_pii(account(1), b"late").await.is_err());
        part
    });
    let house = house.reopen();
    let read = block_on(house.secrets.open_pii(account(1), "k1", &part.ciphertext)).unwrap();
    assert!(read.is_none());
}

#[test]
fn network_data_is_sealed_by_month_for_known_and_unknown_alike() {
    let house = House::new();
    block_on(async {
        let secrets = &house.secrets;
        secrets.create_key(account(1)).await.unwrap();
        let known = StreamId::Account(account(1));
        let unknown = StreamId::Unknown(Hash32::new([7; 32]));
        let other = StreamId::Unknown(Hash32::new([8; 32]));
        for (stream, wrong) in [(known, unknown), (unknown, known), (unknown, other)] {
            let part = secrets.seal_net(stream, at(0), b"192.0.2.7").await.unwrap();
            assert_eq!(part.key, "2026-11");
            let read = secrets.open_net(stream, "2026-11", &part.ciphertext).await.unwrap();
            assert_eq!(read.unwrap().as_slice(), b"192.0.2.7");
            let moved = secrets.open_net(wrong, "2026-11", &part.ciphertext).await;
            assert!(matches!(moved, Err(VaultError::Damaged(_))));
            let gone = secrets.open_net(stream, "2025-01", &part.ciphertext).await.unwrap();
            assert!(gone.is_none());
        }
        let later = secrets.seal_net(known, at(40 * 86_400), b"x").await.unwrap();
        assert_eq!(later.key, "2026-12");
    });
}

/// SR-141: where randomness fails, nothing is written and nothing predictable is made.
#[test]
fn sr_141_without_randomness_nothing_is_made() {
    let house = House::new();
    block_on(async {
        let secrets = &house.secrets;
        secrets.create_key(account(1)).await.unwrap();
        house.entropy.fail();
        let refused = [
            secrets.create_key(account(2)).await.err(),
            secrets.put(account(1), SecretKind::Totp, b"seed", at(0)).await.err(),
            secrets.seal_pii(account(1), b"x").await.err(),
            secrets.seal_net(StreamId::Account(account(1)), at(0), b"x").await.err(),
        ];
        for error in refused {
            assert!(matches!(error, Some(VaultError::NoEntropy(_))), "{error:?}");
        }
        assert!(secrets.versions(account(1)).await.unwrap().is_empty());
        assert!(house.vault.find_key(account(2)).await.unwrap().is_none());
        assert!(house.vault.find_salt("2026-11").await.unwrap().is_none());
    });
}
