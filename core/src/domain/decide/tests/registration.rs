//! Registering, giving up a claim, and the password's version.

use countersign_events::account::{
    AccountEvent, Enabled, Origin, PasswordSetWhy, Registered, RegistrationAbandoned,
};
use countersign_events::id::ClientId;
use uuid::Uuid;

use super::harness::{
    factor, given, key, password_rejected, password_set, register, registered, version,
};
use crate::domain::command::{Command, Imported, Register};
use crate::domain::refusal::Refusal;

fn abandoned() -> AccountEvent {
    AccountEvent::RegistrationAbandoned(RegistrationAbandoned {})
}

#[test]
fn registering_records_the_account_its_key_and_its_password() {
    given([]).when(Command::Register(register())).then(registered());
}

#[test]
fn a_client_registers_an_account_without_a_password() {
    let client = Some(ClientId::new(Uuid::from_u128(7)));
    let command = Register {
        origin: Origin::Client,
        client,
        email_confirmed: true,
        password: None,
        ..register()
    };
    given([]).when(Command::Register(command)).then([
        AccountEvent::Registered(Registered {
            origin: Origin::Client,
            client,
            has_email: true,
            email_confirmed: true,
            imported: false,
        }),
        AccountEvent::KeyCreated(key()),
    ]);
}

#[test]
fn an_address_that_is_not_there_is_not_confirmed() {
    let command = Register { has_email: false, email_confirmed: true, ..register() };
    let events = given([]).when(Command::Register(command)).events();
    let AccountEvent::Registered(registered) = &events[0] else { panic!("{events:?}") };
    assert!(!registered.email_confirmed);
}

/// What an import brings along is in use at once: without a code, and without recovery codes.
#[test]
fn an_import_brings_an_authenticator_along() {
    let imported = |authenticator| Register {
        imported: Some(Imported { authenticator }),
        password: None,
        ..register()
    };
    let brought = Some((factor(1), version(5)));
    let events = given([]).when(Command::Register(imported(brought))).events();
    let [registered, _key, requested, enabled] = events.as_slice() else { panic!("{events:?}") };
    assert!(matches!(registered, AccountEvent::Registered(it) if it.imported));
    let AccountEvent::EnableRequested(requested) = requested else { panic!("{requested:?}") };
    assert!(requested.imported && requested.session.is_none());
    assert_eq!((requested.factor, requested.secret), (factor(1), version(5)));
    assert_eq!(*enabled, AccountEvent::Enabled(Enabled { factor: factor(1) }));
    let alone = given([]).when(Command::Register(imported(None))).events();
    assert!(matches!(&alone[0], AccountEvent::Registered(it) if it.imported));
    assert_eq!(alone.len(), 2);
}

#[test]
fn a_stream_on_which_anything_happened_registers_nobody() {
    for past in [registered(), vec![abandoned()], vec![password_rejected(1)]] {
        given(past).when(Command::Register(register())).refused(Refusal::Taken("login"));
    }
}

#[test]
fn only_an_empty_claim_is_given_up() {
    given([]).when(Command::Abandon).then([abandoned()]);
    given(registered()).when(Command::Abandon).refused(Refusal::Taken("login"));
    given([abandoned()]).when(Command::Abandon).refused(Refusal::Taken("login"));
}

#[test]
fn a_password_is_set_by_its_version() {
    for why in [PasswordSetWhy::Changed, PasswordSetWhy::Rehashed] {
        let command = Command::SetPassword { version: version(2), why };
        given(registered()).when(command).then([password_set(2, why)]);
    }
}

#[test]
fn a_first_password_is_set_once() {
    let why = PasswordSetWhy::Initial;
    let command = || Command::SetPassword { version: version(2), why };
    let without = given(registered().into_iter().take(2));
    without.when(command()).then([password_set(2, why)]);
    without.play(command()).when(command()).refused(Refusal::AuthenticationFailed);
    given(registered()).when(command()).refused(Refusal::AuthenticationFailed);
}

#[test]
fn nobody_has_no_password() {
    let command = Command::SetPassword { version: version(2), why: PasswordSetWhy::Changed };
    given([]).when(command).refused(Refusal::NotFound("account"));
}
