//! Passwords: what is kept, what is compared, what it costs.

use std::sync::Arc;

use countersign_core::vault::{Argon2Params, PasswordMatch, Passwords, VaultError};
use futures::executor::block_on;
use futures::future::join_all;

use super::{FailingEntropy, House};

const RIGHT: PasswordMatch = PasswordMatch { right: true, outdated: false };
const WRONG: PasswordMatch = PasswordMatch { right: false, outdated: false };

fn cheap() -> Argon2Params {
    Argon2Params { m_kib: 64, t: 1, p: 1 }
}

fn passwords(params: Argon2Params) -> Passwords {
    Passwords::new(House::new().keyring, params, 4, 64)
}

/// SR-050: the parameters, a salt of 16 bytes and the pepper's id are in the string.
#[test]
fn sr_050_a_hash_names_its_parameters_and_its_pepper() {
    let passwords = passwords(Argon2Params::default());
    let (one, two) = block_on(async {
        (
            passwords.hash("correct horse").await.unwrap(),
            passwords.hash("correct horse").await.unwrap(),
        )
    });
    let fields: Vec<&str> = one.split('$').collect();
    assert_eq!(fields[..3], ["", "argon2id", "v=19"]);
    assert_eq!(fields[3], "m=19456,t=2,p=1,keyid=cDE");
    assert_eq!((fields[4].len(), fields[5].len()), (22, 43));
    assert_ne!(*one, *two, "another salt");
    assert_eq!(block_on(passwords.verify("correct horse", Some(&one))).unwrap(), RIGHT);
    assert_eq!(block_on(passwords.verify("correct horsf", Some(&one))).unwrap(), WRONG);
}

/// SR-050: the string means what Argon2 says it means: a run by hand gives the same hash.
#[test]
fn sr_050_the_hash_is_argon2id_over_the_peppered_password() {
    let house = House::new();
    let one = Passwords::new(house.keyring.clone(), cheap(), 1, 8);
    let other = Passwords::new(House::new().keyring, cheap(), 1, 8);
    let stored = block_on(one.hash("correct horse")).unwrap();
    assert_eq!(block_on(one.verify("correct horse", Some(&stored))).unwrap(), RIGHT);
    assert_eq!(block_on(other.verify("correct horse", Some(&stored))).unwrap(), WRONG);
    let foreign = stored.replace("keyid=cDE", "keyid=cDI");
    let gone = block_on(one.verify("correct horse", Some(&foreign)));
    assert!(matches!(gone, Err(VaultError::Damaged(_))), "a pepper that is gone fails closed");
}

/// SR-050: a hash of weaker parameters still matches and is called outdated.
#[test]
fn sr_050_weaker_parameters_are_outdated() {
    let house = House::new();
    let old = Passwords::new(house.keyring.clone(), cheap(), 1, 8);
    let new = Passwords::new(house.keyring.clone(), Argon2Params { t: 2, ..cheap() }, 1, 8);
    let stored = block_on(old.hash("correct horse")).unwrap();
    let found = block_on(new.verify("correct horse", Some(&stored))).unwrap();
    assert_eq!(found, PasswordMatch { right: true, outdated: true });
}

/// SR-051, AT-38: nobody's password costs the same run.
#[test]
fn sr_051_an_unknown_login_costs_one_run_like_a_known_one() {
    let passwords = passwords(cheap());
    let stored = block_on(passwords.hash("correct horse")).unwrap();
    for phc in [Some(stored.as_str()), None, Some(stored.as_str()), None] {
        let before = passwords.runs();
        let found = block_on(passwords.verify("wrong horse", phc)).unwrap();
        assert!(!found.right);
        assert_eq!(passwords.runs(), before + 1);
    }
}

/// SR-051, AT-38: a wrong password costs an imported account that same run too, so that an old hash
/// of little cost does not tell that there is an account.
#[test]
fn sr_051_an_imported_hash_costs_no_less_than_an_unknown_login() {
    let passwords = passwords(cheap());
    for phc in [
        "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS",
        "pbkdf2_sha256$1000$seasalt$DrdiWD40lyBuydnjvZiDrdQMx1S1mOA9O0QYex0R6ww=",
    ] {
        for (typed, right) in [("wrong horse", false), ("correct horse battery", true)] {
            let before = passwords.runs();
            let found = block_on(passwords.verify(typed, Some(phc))).unwrap();
            assert_eq!(found, PasswordMatch { right, outdated: true }, "{phc}");
            assert_eq!(passwords.runs(), before + 1, "{phc}");
        }
    }
}

/// SR-048: the whole password as typed, in NFC.
#[test]
fn sr_048_a_password_is_compared_whole_and_as_received() {
    let passwords = passwords(cheap());
    let long = "x".repeat(80);
    for (right, wrong) in [
        ("Correct horse", "correct horse"),
        ("trailing ", "trailing"),
        (" leading", "leading"),
        (long.as_str(), &long[..79]),
        ("nul\0byte", "nul"),
        ("ﬁnger", "finger"),
        ("Ａscii", "Ascii"),
    ] {
        let stored = block_on(passwords.hash(right)).unwrap();
        assert_eq!(block_on(passwords.verify(right, Some(&stored))).unwrap(), RIGHT, "{right:?}");
        assert_eq!(block_on(passwords.verify(wrong, Some(&stored))).unwrap(), WRONG, "{wrong:?}");
    }
    let changed_behind_72 = format!("{}y", &long[..79]);
    let stored = block_on(passwords.hash(&long)).unwrap();
    assert_eq!(block_on(passwords.verify(&changed_behind_72, Some(&stored))).unwrap(), WRONG);
    let composed = block_on(passwords.hash("p\u{e9}che mignon")).unwrap();
    let decomposed = "pe\u{301}che mignon";
    assert_eq!(block_on(passwords.verify(decomposed, Some(&composed))).unwrap(), RIGHT);
}

/// SR-052, AT-55: more than the queue holds are refused at once; the others are all answered.
#[test]
fn sr_052_hashing_is_bounded_in_parallel_and_in_waiting() {
    let passwords = Passwords::new(House::new().keyring, Argon2Params::default(), 2, 10);
    let outcomes = block_on(join_all((0..100).map(|_| passwords.verify("wrong", None))));
    let busy = outcomes.iter().filter(|o| matches!(o, Err(VaultError::Busy))).count();
    let done = outcomes.iter().filter(|o| o.is_ok()).count();
    assert_eq!(busy + done, 100);
    assert!((10..=20).contains(&done), "{done} were taken");
    assert_eq!(passwords.runs(), u64::try_from(done).unwrap());
    assert!(block_on(passwords.verify("wrong", None)).is_ok(), "and goes on");
}

/// A stored string cannot ask for unbounded work, and nothing malformed is ever right.
#[test]
fn a_stored_hash_out_of_bounds_is_refused() {
    let passwords = passwords(cheap());
    let good = block_on(passwords.hash("correct horse")).unwrap();
    let before = passwords.runs();
    let bad = [
        good.replace("m=64", "m=4194304"),
        good.replace("t=1", "t=4000000"),
        good.replace("p=1", "p=64"),
        good.replace("m=64", "m=1"),
        good.replace("argon2id", "argon2i"),
        good.replace("v=19", "v=16"),
        good[..good.len() - 1].to_owned(),
        format!("{}$", *good),
        String::new(),
    ];
    for text in bad {
        let refused = block_on(passwords.verify("correct horse", Some(&text)));
        assert!(matches!(refused, Err(VaultError::Damaged(_))), "{text}");
    }
    assert_eq!(passwords.runs(), before);
    // Without a pepper it is another system's, and of another password.
    let foreign = good.replace(",keyid=cDE", "");
    let compared = block_on(passwords.verify("correct horse", Some(&foreign))).unwrap();
    assert!(!compared.right && compared.outdated);
}

/// SR-141: no salt, no hash.
#[test]
fn sr_141_no_hash_without_randomness() {
    let entropy = Arc::new(FailingEntropy::default());
    let passwords = passwords(cheap()).with_entropy(entropy.clone());
    assert!(block_on(passwords.hash("correct horse")).is_ok());
    entropy.fail();
    let refused = block_on(passwords.hash("correct horse"));
    assert!(matches!(refused, Err(VaultError::NoEntropy(_))));
}
