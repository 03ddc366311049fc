//! Another address, asked for by support: as a removal, but it waits longer and changes the address
//! alone.

use countersign_events::account::{
    AccountEvent, DeliveryFailure, EmailChanged, EmailCodes, FactorRemovalRequested, HoldPlaced,
    HoldWhy, IdentityProof, SessionEndedWhy,
};
use jiff::SignedDuration;

use super::harness::{
    Given, ended, enrolled, event_id, given, hours, operator, recovery_issued, registered, start,
};
use super::removal::{sent, unsent};
use crate::domain::command::{AskRemoval, Command};
use crate::domain::refusal::Refusal;

const DAYS_7: SignedDuration = SignedDuration::from_hours(7 * 24);

fn request() -> countersign_events::id::EventId {
    event_id(u64::try_from(enrolled().len()).unwrap())
}

fn ask(in_person: bool) -> Command {
    let proof = IdentityProof::InPerson;
    let (factor, address, of_operator) = (None, true, false);
    Command::AskRemoval(AskRemoval { factor, address, proof, in_person, of_operator })
}

fn approve(by: u128) -> Command {
    Command::ApproveRemoval { request: request(), address: true, by: operator(by) }
}

fn complete() -> Command {
    Command::CompleteRemoval { request: request() }
}

fn approved() -> Given {
    let told = sent(request());
    given(enrolled()).by(1).play(ask(false)).and([told]).by(2).play(approve(2))
}

/// SR-124: it waits for another person and for three days, for whoever stands there in person too.
#[test]
fn sr_124_another_address_waits_three_days_and_for_another_person() {
    let requested = FactorRemovalRequested {
        factor: None,
        address: true,
        proof: IdentityProof::InPerson,
        in_person: false,
        needs_approval: true,
        runs_at: start() + hours(72),
        awaits_notice: true,
    };
    let at_once = FactorRemovalRequested { in_person: true, ..requested.clone() };
    given(enrolled()).when(ask(false)).then([AccountEvent::FactorRemovalRequested(requested)]);
    given(enrolled()).when(ask(true)).then([AccountEvent::FactorRemovalRequested(at_once)]);
    let asked = given(enrolled()).by(1).play(ask(false));
    assert!(matches!(asked.when(approve(1)).0, Err(Refusal::Forbidden(_))));
    assert!(matches!(asked.when(ask(false)).0, Err(Refusal::Conflict(_))));
    assert!(matches!(asked.when(super::removal::ask(1)).0, Err(Refusal::Conflict(_))));
    asked.at(hours(72)).when(complete()).stays_quiet();
    approved().at(hours(72) - SignedDuration::from_secs(1)).when(complete()).stays_quiet();
    let without = given(registered()).by(1).play(ask(false));
    assert!(without.account.open().unwrap().removal.is_some());
}

/// SR-053, SR-124, AT-58: the address alone changes, unproven; everything that began ends, codes by
/// e-mail are withheld, and authenticators and recovery codes stay.
#[test]
fn sr_053_an_address_by_support_is_unproven_and_withholds_codes_by_email() {
    let at = start() + hours(72);
    let done = approved().at(hours(72));
    let changed =
        EmailChanged { undo_until: at + DAYS_7, unproven: true, request: Some(request()) };
    let hold = HoldPlaced {
        why: HoldWhy::AddressChange,
        until: at + hours(24),
        email_codes: EmailCodes::WithheldUntil(at + DAYS_7),
    };
    done.when(complete()).then([
        AccountEvent::EmailChanged(changed),
        ended(&[1], SessionEndedWhy::AddressChanged),
        AccountEvent::HoldPlaced(hold),
    ]);
    let after = done.play(complete());
    let open = after.account.open().unwrap();
    assert_eq!((open.factors.len(), open.recovery.is_some()), (1, true));
    assert!(open.removal.is_none() && open.sessions.is_empty());
    after.when(complete()).stays_quiet();
}

/// SR-124: a mailbox that is no more is why another address is asked for: it keeps nobody out for
/// ever, and nobody else is told less.
#[test]
fn sr_124_a_mailbox_that_is_no_more_does_not_stop_another_address() {
    let waits = given(enrolled()).by(1).play(ask(false)).by(2).play(approve(2));
    waits.clone().at(hours(24 * 30)).when(complete()).stays_quiet();
    let refused = waits.clone().and([unsent(DeliveryFailure::Refused)]);
    assert_eq!(refused.at(hours(72)).when(complete()).events().len(), 3);
    for class in [DeliveryFailure::Deferred, DeliveryFailure::Unreachable] {
        let given_up = waits.clone().and([unsent(class)]);
        given_up.at(hours(24 * 30)).when(complete()).stays_quiet();
    }
}

/// What is approved and given up is what its path says.
#[test]
fn another_address_is_not_approved_as_a_removal() {
    let asked = given(enrolled()).by(1).play(ask(false));
    let none = Refusal::NotFound("removal that waits");
    asked.when(super::removal::approve(2)).refused(none.clone());
    asked.when(super::removal::cancel()).refused(none);
}

/// SR-124: new recovery codes are no reason to forget it.
#[test]
fn sr_124_new_recovery_codes_do_not_stop_another_address() {
    let issued = approved().and([recovery_issued()]);
    assert!(issued.account.open().unwrap().removal.is_some());
    assert_eq!(issued.at(hours(72)).when(complete()).events().len(), 3);
}
