//! What an import may bring along, and what only a forger would call imported.

use countersign_events::account::{EnableRequested, KeyCreated, Origin, Registered};

use super::*;

fn console() -> By {
    By::Console { user: "ada".to_owned() }
}

fn registered(imported: bool) -> AccountEvent {
    let (origin, client) = (Origin::Holder, None);
    let (has_email, email_confirmed) = (false, false);
    AccountEvent::Registered(Registered { origin, client, has_email, email_confirmed, imported })
}

fn requested(log: &Sample, imported: bool) -> AccountEvent {
    AccountEvent::EnableRequested(EnableRequested {
        factor: FACTOR,
        kind: Method::Totp,
        secret: SecretVersion::new(5),
        algorithm: "SHA1".to_owned(),
        digits: 6,
        period_seconds: 30,
        expires_at: log.now,
        session: None,
        replaces: None,
        imported,
    })
}

/// What is found where this happens on an empty stream, `wait` seconds before the authenticator.
fn found(by: &By, events: &[AccountEvent], wait: i64, imported: bool) -> Vec<Rule> {
    let mut log = Sample::new();
    let stream = account(3);
    for event in events {
        log.happened_by(stream, by.clone(), event, &[SealClass::Pii]);
    }
    log.wait(wait);
    let requested = requested(&log, imported);
    log.happened_by(stream, by.clone(), &requested, &[SealClass::Pii]);
    let enabled = AccountEvent::Enabled(Enabled { factor: FACTOR });
    log.happened_by(stream, by.clone(), &enabled, &[]);
    rules(&log)
}

/// SR-124: an honest import stands, and what somebody else calls imported is found.
#[test]
fn an_import_is_believed_only_beside_the_account_that_it_makes() {
    let key = KeyCreated { key: "k1".to_owned(), commitment: Digest::new([1; 32]) };
    let key = AccountEvent::KeyCreated(key);
    let set = PasswordSet::new(SecretVersion::new(1), PasswordSetWhy::Initial);
    let set = AccountEvent::PasswordSet(set);
    let made = [registered(true), key.clone(), set.clone()];
    assert_eq!(found(&console(), &made, 0, true), []);
    // The account was not imported; the authenticator came later; it was enabled without a word.
    let both = [Rule::ImportedLater, Rule::EnabledWithoutCode];
    assert_eq!(found(&console(), &[registered(false), key.clone(), set.clone()], 0, true), both);
    assert_eq!(found(&console(), &made, 1, true), both);
    assert_eq!(found(&console(), &made, 0, false), [Rule::EnabledWithoutCode]);
    // Something happened in between, and it was not at the machine.
    let changed = PasswordSet::new(SecretVersion::new(2), PasswordSetWhy::Rehashed);
    let changed = [registered(true), key, set, AccountEvent::PasswordSet(changed)];
    assert_eq!(found(&console(), &changed, 0, true), both);
    let thrice = [Rule::ImportedLater, Rule::ImportedLater, Rule::EnabledWithoutCode];
    assert_eq!(found(&By::Holder, &made, 0, true), thrice);
}
