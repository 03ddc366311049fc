//! Names, claims and versions.

use countersign_core::vault::{Claim, SecretKind, VaultError};
use countersign_events::entry::Idempotency;
use countersign_events::id::{ClientId, HandleHash, SecretVersion};
use futures::executor::block_on;
use rusqlite::Connection;
use uuid::Uuid;

use super::{House, account, at};

#[test]
fn a_claim_is_the_first_accounts_and_may_be_repeated() {
    let house = House::new();
    block_on(async {
        let name = house.secrets.login_hash("alice");
        assert_eq!(house.secrets.find(name).await.unwrap(), None);
        for second in [0, 5] {
            let claim = house.secrets.claim(name, account(1), at(second)).await.unwrap();
            assert_eq!(claim, Claim::Claimed);
        }
        let claim = house.secrets.claim(name, account(2), at(9)).await.unwrap();
        assert_eq!(claim, Claim::Held { account: account(1), claimed_at: at(0) });
        assert_eq!(house.secrets.find(name).await.unwrap(), Some(account(1)));
    });
    let house = house.reopen();
    let name = house.secrets.login_hash("ALICE ");
    assert_eq!(block_on(house.secrets.find(name)).unwrap(), Some(account(1)));
}

#[test]
fn a_name_is_taken_over_from_its_holder_only() {
    let house = House::new();
    block_on(async {
        let name = house.secrets.login_hash("bob");
        house.secrets.claim(name, account(1), at(0)).await.unwrap();
        let secrets = &house.secrets;
        assert!(!secrets.take_over(name, account(2), account(3), at(1)).await.unwrap());
        assert!(secrets.take_over(name, account(1), account(2), at(600)).await.unwrap());
        assert!(!secrets.take_over(name, account(1), account(3), at(601)).await.unwrap());
        assert_eq!(secrets.find(name).await.unwrap(), Some(account(2)));
        let claim = secrets.claim(name, account(3), at(700)).await.unwrap();
        assert_eq!(claim, Claim::Held { account: account(2), claimed_at: at(600) });
    });
}

#[test]
fn fifty_claims_of_one_name_have_one_winner() {
    let house = House::new();
    let name = house.secrets.login_hash("carol");
    let claims = (1..=50).map(|n| house.secrets.claim(name, account(n), at(0)));
    let outcomes = block_on(futures::future::join_all(claims));
    let won = outcomes.iter().filter(|o| matches!(o, Ok(Claim::Claimed))).count();
    assert_eq!(won, 1);
    assert!(outcomes.iter().all(Result::is_ok));
}

#[test]
fn names_of_different_kinds_never_meet() {
    let secrets = House::new().secrets;
    let (one, two) = (ClientId::new(Uuid::from_u128(1)), ClientId::new(Uuid::from_u128(2)));
    let hashes = [
        secrets.login_hash("a@ex.com"),
        secrets.email_hash("a@ex.com"),
        secrets.subject_hash(one, "a@ex.com"),
        secrets.subject_hash(two, "a@ex.com"),
        secrets.subject_hash(one, "A@ex.com"),
    ];
    for (index, hash) in hashes.iter().enumerate() {
        assert!(!hashes[index + 1..].contains(hash));
    }
}

#[test]
fn a_secret_is_there_after_put_and_gone_after_destroy() {
    let house = House::new();
    let version = block_on(async {
        house.secrets.create_key(account(1)).await.unwrap();
        house.secrets.put(account(1), SecretKind::Totp, b"seed", at(3)).await.unwrap()
    });
    assert!(version.get() < 1 << 53, "a JSON number holds it");
    let house = house.reopen();
    block_on(async {
        let secrets = &house.secrets;
        let read = secrets.get(account(1), SecretKind::Totp, version).await.unwrap().unwrap();
        assert_eq!(read.as_slice(), b"seed");
        let listed = secrets.versions(account(1)).await.unwrap();
        assert_eq!(listed, [(SecretKind::Totp, version, at(3))]);
        for _ in 0..2 {
            secrets.destroy(account(1), SecretKind::Totp, version).await.unwrap();
        }
        assert!(secrets.get(account(1), SecretKind::Totp, version).await.unwrap().is_none());
        assert!(secrets.versions(account(1)).await.unwrap().is_empty());
    });
}

#[test]
fn no_secret_without_a_data_key_and_the_key_stays_the_same() {
    let house = House::new();
    block_on(async {
        let secrets = &house.secrets;
        let early = secrets.put(account(1), SecretKind::Totp, b"seed", at(0)).await;
        assert!(matches!(early, Err(VaultError::Damaged(_))));
        let first = secrets.create_key(account(1)).await.unwrap();
        assert_eq!(first.key, "k1");
        assert_eq!(secrets.create_key(account(1)).await.unwrap(), first);
        let other = secrets.create_key(account(2)).await.unwrap();
        assert_ne!(other.commitment, first.commitment);
    });
    let before = block_on(house.secrets.create_key(account(1))).unwrap();
    let house = house.reopen();
    assert_eq!(block_on(house.secrets.create_key(account(1))).unwrap(), before);
}

#[test]
fn secrets_and_salts_are_insert_only_in_the_schema() {
    let house = House::new();
    block_on(async {
        house.secrets.create_key(account(1)).await.unwrap();
        house.secrets.put(account(1), SecretKind::Totp, b"seed", at(0)).await.unwrap();
        let stream = countersign_events::id::StreamId::Account(account(1));
        house.secrets.seal_net(stream, at(0), b"net").await.unwrap();
    });
    let db = Connection::open(house.dir.path().join("vault.db")).unwrap();
    for update in [
        "UPDATE secrets SET sealed = x'00'",
        "UPDATE secrets SET version = version + 1",
        "UPDATE salts SET salt = zeroblob(32)",
    ] {
        let refused = db.execute(update, []).unwrap_err().to_string();
        assert!(refused.contains("never changed"), "{refused}");
    }
}

#[test]
fn the_same_version_is_never_written_twice() {
    use countersign_core::vault::SecretId;
    use countersign_core::vault::rows::SecretRow;
    let house = House::new();
    let version = SecretVersion::new(7);
    let id = SecretId { account: account(1), kind: SecretKind::Password, version };
    let row = SecretRow { id, written_at: at(0) };
    assert!(block_on(house.vault.insert_secret(row, vec![1])).unwrap());
    assert!(!block_on(house.vault.insert_secret(row, vec![2])).unwrap());
    assert_eq!(block_on(house.vault.find_secret(id)).unwrap(), Some(vec![1]));
}

/// What was destroyed is in neither the file nor its WAL.
#[test]
fn a_destroyed_secret_leaves_no_byte_behind() {
    let house = House::new();
    let version = block_on(async {
        house.secrets.create_key(account(1)).await.unwrap();
        house.secrets.put(account(1), SecretKind::Totp, b"seed", at(0)).await.unwrap()
    });
    use countersign_core::vault::SecretId;
    let id = SecretId { account: account(1), kind: SecretKind::Totp, version };
    let sealed = block_on(house.vault.find_secret(id)).unwrap().unwrap();
    let holds = |sealed: &[u8]| {
        ["vault.db", "vault.db-wal"].iter().any(|name| {
            let bytes = std::fs::read(house.dir.path().join(name)).unwrap_or_default();
            bytes.windows(sealed.len()).any(|window| window == sealed)
        })
    };
    assert!(holds(&sealed), "the ciphertext is found while it is there");
    block_on(house.secrets.destroy(account(1), SecretKind::Totp, version)).unwrap();
    assert!(!holds(&sealed));
}

#[test]
fn the_vault_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let house = House::new();
    block_on(house.secrets.create_key(account(1))).unwrap();
    for name in ["vault.db", "vault.db-wal"] {
        let metadata = std::fs::metadata(house.dir.path().join(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn another_programs_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vault.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
    let refused = countersign_core::vault::SqliteVault::open(&path);
    assert!(matches!(refused, Err(VaultError::Damaged(_))));
}

/// Of two requests with one key one stands; a day later it is as if it had never come.
#[test]
fn a_keyed_request_stands_for_a_day() {
    let house = House::new();
    let asked = |key: u8, body: u8| Idempotency {
        key: HandleHash::new([key; 16]),
        body: HandleHash::new([body; 16]),
    };
    let (day, secrets) = (86_400, &house.secrets);
    block_on(async {
        let (one, other) = (asked(1, 1), asked(1, 2));
        let both =
            futures::join!(secrets.first_asked(&one, at(0)), secrets.first_asked(&other, at(0)));
        assert_eq!(both, (Ok(Some(at(0))), Ok(None)));
        for (key, body, second, expected) in [
            (1, 1, day - 1, Some(0)),
            (1, 2, day - 1, None),
            (2, 2, day - 1, Some(day - 1)),
            (1, 2, day, Some(day)),
            (1, 1, day, None),
            (1, 2, 2 * day - 1, Some(day)),
        ] {
            let first = secrets.first_asked(&asked(key, body), at(second)).await.unwrap();
            assert_eq!(first, expected.map(at), "{key} {body} {second}");
        }
        // The sweeper takes what is a day old, and nothing younger.
        for (second, removed) in [(day, 0), (2 * day - 2, 0), (2 * day - 1, 1), (2 * day, 1)] {
            assert_eq!(house.vault.delete_requests(at(second - day)).await, Ok(removed));
        }
    });
}

/// A vault of an earlier schema gets the tables that it lacks, and keeps what it has.
#[test]
fn a_vault_of_an_earlier_schema_is_opened_and_gets_what_it_lacks() {
    for lacks in [
        "DROP TABLE key_check; PRAGMA user_version = 2",
        "DROP TABLE key_check; DROP TABLE requests; PRAGMA user_version = 1",
    ] {
        let house = House::new();
        let name = house.secrets.login_hash("alice");
        block_on(house.secrets.claim(name, account(1), at(0))).unwrap();
        let path = house.dir.path().join("vault.db");
        let House { dir, vault, secrets, .. } = house;
        drop((vault, secrets));
        let db = Connection::open(&path).unwrap();
        db.execute_batch(lacks).unwrap();
        drop(db);
        let house = House::open(dir);
        assert_eq!(block_on(house.secrets.find(name)), Ok(Some(account(1))));
        let asked = Idempotency { key: HandleHash::new([1; 16]), body: HandleHash::new([1; 16]) };
        assert_eq!(block_on(house.secrets.first_asked(&asked, at(0))), Ok(Some(at(0))));
        assert_eq!(block_on(house.vault.find_key_check()), Ok(None));
    }
}

/// The first check value stands, whatever comes later.
#[test]
fn a_vault_keeps_the_check_value_of_its_first_root_key() {
    let house = House::new();
    let (first, other) = ([1; 32], [2; 32]);
    assert_eq!(block_on(house.vault.insert_key_check(first)), Ok(first));
    assert_eq!(block_on(house.vault.insert_key_check(other)), Ok(first));
    assert_eq!(block_on(house.vault.find_key_check()), Ok(Some(first)));
    let db = Connection::open(house.dir.path().join("vault.db")).unwrap();
    assert!(db.execute("UPDATE key_check SET value = zeroblob(32)", []).is_err());
}
