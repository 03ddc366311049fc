//! Support's removal of an authenticator: asked for, approved by another, done when it is due, and
//! stopped by whoever may.

use countersign_events::account::{
    AccountEvent, DeliveryFailure, DevicesForgotten, Disabled, EmailCodes, EmailDeliveryFailed,
    FactorRemovalApproved, FactorRemovalCancelled, FactorRemovalCompleted, FactorRemovalObjected,
    FactorRemovalRequested, FactorRemoved, HoldPlaced, HoldWhy, IdentityProof, Notice, NoticeSent,
    SessionEndedWhy,
};
use countersign_events::id::EventId;

use super::harness::{
    Given, RIGHT, begin, device, ended, enrolled, event_id, factor, given, hours, mins, operator,
    recovery_issued, registered, remove, replace_codes, start, verify,
};
use crate::domain::command::{AskRemoval, Command, Evidence, Repudiate, Told};
use crate::domain::policy::TwoPerson;
use crate::domain::refusal::Refusal;

/// How many events [`enrolled`] is: the removal is the next.
fn request() -> EventId {
    event_id(u64::try_from(enrolled().len()).unwrap())
}

fn ask_with(factor_id: Option<u128>, proof: IdentityProof, in_person: bool) -> Command {
    Command::AskRemoval(AskRemoval {
        factor: factor_id.map(factor),
        address: false,
        proof,
        in_person,
        of_operator: false,
    })
}

pub(super) fn ask(number: u128) -> Command {
    ask_with(Some(number), IdentityProof::CallBack, false)
}

pub(super) fn approve(by: u128) -> Command {
    Command::ApproveRemoval { request: request(), address: false, by: operator(by) }
}

pub(super) fn cancel() -> Command {
    Command::CancelRemoval { request: request(), address: false }
}

pub(super) fn complete() -> Command {
    Command::CompleteRemoval { request: request() }
}

/// Operator 1 has asked for the removal of the only authenticator, and the holder is told of it.
pub(super) fn asked() -> Given {
    untold().and([sent(request())])
}

/// Operator 1 has asked, and the notice has not left.
fn untold() -> Given {
    given(enrolled()).by(1).play(ask(1))
}

/// The mail server has taken the notice of a request.
pub(super) fn sent(cause: EventId) -> AccountEvent {
    let notice = Notice::RemovalRequested;
    AccountEvent::NoticeSent(NoticeSent { notice, cause, attempts: 1 })
}

/// It has not, and will not.
pub(super) fn unsent(class: DeliveryFailure) -> AccountEvent {
    let request = request();
    AccountEvent::EmailDeliveryFailed(EmailDeliveryFailed { request, attempts: 1, class })
}

fn requested(factor_id: Option<u128>, runs_in_hours: i64) -> FactorRemovalRequested {
    FactorRemovalRequested {
        factor: factor_id.map(factor),
        address: false,
        proof: IdentityProof::CallBack,
        in_person: false,
        needs_approval: true,
        runs_at: start() + hours(runs_in_hours),
        awaits_notice: true,
    }
}

fn conflicts(given: &Given, command: Command) {
    let outcome = given.when(command).0;
    assert!(matches!(outcome, Err(Refusal::Conflict(_))), "{outcome:?}");
}

/// Where one person is enough, and the holder has an address that was proven, or one that was not.
fn desk_of_one(is_proven: bool) -> Given {
    let mut events = enrolled();
    for event in &mut events {
        if let AccountEvent::Registered(registered) = event {
            registered.email_confirmed = is_proven;
        }
    }
    let mut alone = given(events);
    alone.policy.two_person = TwoPerson::Delay;
    alone
}

/// SR-124: asked for, it waits for another person and for its time.
#[test]
fn sr_124_what_support_asks_for_waits_a_day_and_for_another_person() {
    let before = given(enrolled());
    before.when(ask(1)).then([AccountEvent::FactorRemovalRequested(requested(Some(1), 24))]);
    let codes = ask_with(None, IdentityProof::CallBack, false);
    before.when(codes).then([AccountEvent::FactorRemovalRequested(requested(None, 24))]);
    before.when(ask(9)).refused(Refusal::NotFound("authenticator"));
    let none = ask_with(None, IdentityProof::CallBack, false);
    given(registered()).when(none).refused(Refusal::NotFound("set of recovery codes"));
    given([]).when(ask(1)).refused(Refusal::NotFound("account"));
    conflicts(&asked(), ask(1));
    conflicts(&asked(), ask_with(None, IdentityProof::CallBack, false));
}

/// SR-124: the delay falls away for who stands there in person, and only as another approves.
#[test]
fn sr_124_the_delay_falls_away_only_in_person_and_with_another_person() {
    let in_person = || ask_with(Some(1), IdentityProof::InPerson, true);
    let at_once = FactorRemovalRequested {
        proof: IdentityProof::InPerson,
        in_person: true,
        awaits_notice: false,
        ..requested(Some(1), 0)
    };
    given(enrolled()).when(in_person()).then([AccountEvent::FactorRemovalRequested(at_once)]);
    for proof in [IdentityProof::CallBack, IdentityProof::VideoCall, IdentityProof::Superior] {
        let outcome = given(enrolled()).when(ask_with(Some(1), proof, true)).0;
        assert!(matches!(outcome, Err(Refusal::Invalid { field: "in_person", .. })), "{proof:?}");
    }
    let alone = desk_of_one(true);
    conflicts(&alone, in_person());
    let waits = FactorRemovalRequested { needs_approval: false, ..requested(Some(1), 24) };
    alone.when(ask(1)).then([AccountEvent::FactorRemovalRequested(waits)]);
    let given = given(enrolled()).by(1).play(in_person());
    given.when(complete()).stays_quiet();
    let approved = given.by(2).play(approve(2));
    assert_eq!(approved.when(complete()).events().len(), 5);
}

/// SR-124: nobody approves what he asked for, nor twice, nor what is not there.
#[test]
fn sr_124_only_another_person_approves() {
    let fact = FactorRemovalApproved { request: request() };
    asked().when(approve(2)).then([AccountEvent::FactorRemovalApproved(fact)]);
    assert!(matches!(asked().when(approve(1)).0, Err(Refusal::Forbidden(_))));
    conflicts(&asked().by(2).play(approve(2)), approve(3));
    let none = Refusal::NotFound("removal that waits");
    given(enrolled()).when(approve(2)).refused(none.clone());
    let other = Command::ApproveRemoval { request: event_id(1), address: false, by: operator(2) };
    asked().when(other).refused(none);
    let alone = desk_of_one(true);
    conflicts(&alone.by(1).play(ask(1)), approve(2));
}

/// SR-118, SR-124, SR-039: done once, when both have come; with it go the sessions, the devices and
/// the recovery codes, and what the holder might change is held.
#[test]
fn sr_124_it_is_done_once_after_its_delay_and_its_approval() {
    asked().at(hours(48)).when(complete()).stays_quiet();
    let approved = asked().by(2).play(approve(2));
    approved.clone().at(hours(24) - mins(1)).when(complete()).stays_quiet();
    let due = approved.at(hours(24));
    due.when(complete()).then([
        AccountEvent::FactorRemovalCompleted(FactorRemovalCompleted { request: request() }),
        AccountEvent::FactorRemoved(FactorRemoved { factor: factor(1) }),
        AccountEvent::Disabled(Disabled {}),
        ended(&[1], SessionEndedWhy::FactorChanged),
        AccountEvent::HoldPlaced(HoldPlaced {
            why: HoldWhy::FactorRemoval,
            until: start() + hours(48),
            email_codes: EmailCodes::Offered,
        }),
    ]);
    let done = due.play(complete());
    let open = done.account.open().unwrap();
    assert!(open.sessions.is_empty() && open.recovery.is_none() && open.removal.is_none());
    assert_eq!(open.held(done.now), Some(start() + hours(48)));
    done.when(complete()).stays_quiet();
    done.when(cancel()).refused(Refusal::NotFound("removal that waits"));
}

fn is_done(due: &Given) {
    let events = due.when(complete()).events();
    assert!(matches!(events[0], AccountEvent::FactorRemovalCompleted(_)), "{events:?}");
}

/// SR-124: while the notice has not left nothing is done; where it leaves late, the holder has the
/// whole delay from then on all the same.
#[test]
fn sr_124_nothing_is_done_behind_the_back_of_who_was_not_told() {
    let waits = untold().by(2).play(approve(2));
    waits.clone().at(hours(24 * 30)).when(complete()).stays_quiet();
    let soon = waits.clone().at(hours(1)).and([sent(request())]);
    is_done(&soon.at(hours(24)));
    let late = waits.clone().at(hours(20)).and([sent(request())]);
    late.clone().at(hours(43) - mins(1)).when(complete()).stays_quiet();
    is_done(&late.at(hours(43)));
    let of_another = waits.and([sent(event_id(1))]);
    of_another.at(hours(48)).when(complete()).stays_quiet();
}

/// SR-124: where no mail server took the notice, or it was refused, nothing is removed: support
/// gives it up and asks anew.
#[test]
fn sr_124_a_notice_that_never_left_stops_it() {
    let waits = untold().by(2).play(approve(2));
    let alone = desk_of_one(true).by(1).play(ask(1));
    for class in [
        DeliveryFailure::Refused,
        DeliveryFailure::NoAddress,
        DeliveryFailure::Deferred,
        DeliveryFailure::Unreachable,
        DeliveryFailure::Expired,
    ] {
        for waits in [&waits, &alone] {
            let given_up = waits.clone().and([unsent(class)]);
            given_up.clone().at(hours(24 * 30)).when(complete()).stays_quiet();
            let anew = given_up.by(3).play(cancel()).by(1).when(ask(1)).events();
            assert_eq!(anew.len(), 1, "{class:?}");
        }
    }
}

/// SR-124: with "delay" the service waits for nobody, and all the same for its time.
#[test]
fn sr_124_at_a_desk_of_one_the_delay_is_all_there_is() {
    let alone = desk_of_one(true);
    let asked = alone.by(1).play(ask(1)).and([sent(request())]);
    asked.clone().at(hours(23)).when(complete()).stays_quiet();
    assert_eq!(asked.at(hours(24)).when(complete()).events().len(), 5);
}

/// SR-124, AT-51: with "delay" the link of the notice is all that stands against one person: where
/// no address was proven that it could go to, nothing is asked for.
#[test]
fn sr_124_at_a_desk_of_one_nothing_is_removed_behind_the_holders_back() {
    let told_by_nobody = desk_of_one(false);
    for proof in [IdentityProof::CallBack, IdentityProof::InPerson] {
        conflicts(&told_by_nobody, ask_with(Some(1), proof, false));
        conflicts(&told_by_nobody, ask_with(None, proof, false));
    }
    assert_eq!(desk_of_one(true).when(ask(1)).events().len(), 1);
}

/// SR-039: the recovery codes alone: the authenticator stays, and no device is known any more.
#[test]
fn sr_039_recovery_codes_are_removed_and_the_authenticator_stays() {
    let browser = given(enrolled()).after(mins(1)).at_device(None, 1).play(begin(RIGHT, 1));
    let code = browser.totp(&[0]);
    let browser = browser.play(verify(1, code)).elsewhere();
    let revision = browser.account.last.unwrap().0.get() + 1;
    let request = event_id(revision);
    let asked = browser.by(1).play(ask_with(None, IdentityProof::VideoCall, false));
    let asked = asked.and([sent(request)]);
    let approved =
        asked.by(2).play(Command::ApproveRemoval { request, address: false, by: operator(2) });
    let due = approved.at(hours(25));
    let events = due.when(Command::CompleteRemoval { request }).events();
    let forgotten = DevicesForgotten { devices: vec![device(1)] };
    assert!(events.contains(&AccountEvent::DevicesForgotten(forgotten)), "{events:?}");
    assert!(!events.iter().any(|event| matches!(event, AccountEvent::FactorRemoved(_))));
    let done = due.play(Command::CompleteRemoval { request });
    let open = done.account.open().unwrap();
    assert!(open.two_factor_enabled() && open.recovery.is_none() && open.devices.is_empty());
    let signing_in = done.play(begin(RIGHT, 7));
    let old = signing_in.when(verify(7, Evidence::RecoveryCode { index: Some(0) })).events();
    assert!(matches!(old[0], AccountEvent::CodeRejected(_)), "{old:?}");
}

/// SR-124, SR-120: an operator is told before anything of his is removed, and has the whole delay:
/// two of the staff make no third.
#[test]
fn sr_124_an_operators_second_factor_is_not_removed_behind_his_back() {
    let of_operator = |in_person: bool| {
        let proof = IdentityProof::InPerson;
        let (factor, address) = (Some(factor(1)), false);
        Command::AskRemoval(AskRemoval { factor, address, proof, in_person, of_operator: true })
    };
    for given in [desk_of_one(false), given(enrolled())] {
        conflicts(&given, of_operator(true));
    }
    conflicts(&desk_of_one(false), of_operator(false));
    assert_eq!(desk_of_one(true).when(of_operator(false)).events().len(), 1);
}

/// SR-124: anyone of support gives it up, and the holder stops it.
#[test]
fn sr_124_it_is_cancelled_by_support_and_stopped_by_the_holder() {
    let given_up = FactorRemovalCancelled { request: request() };
    asked().when(cancel()).then([AccountEvent::FactorRemovalCancelled(given_up)]);
    let cancelled = asked().by(3).play(cancel());
    cancelled.when(approve(2)).refused(Refusal::NotFound("removal that waits"));
    cancelled.at(hours(48)).when(complete()).stays_quiet();
    let told = Told::Removal;
    let objection = Command::Repudiate(Repudiate { cause: request(), at: start(), told });
    for stopped in [asked(), asked().by(2).play(approve(2))] {
        let events = stopped.when(objection.clone()).events();
        let fact = FactorRemovalObjected { request: request() };
        assert!(events.contains(&AccountEvent::FactorRemovalObjected(fact)), "{events:?}");
        let stopped = stopped.play(objection.clone()).at(hours(48));
        assert!(stopped.account.open().unwrap().removal.is_none());
        stopped.when(complete()).stays_quiet();
    }
}

/// What the holder removes or replaces himself, nobody needs to remove.
#[test]
fn what_is_gone_is_not_removed_again() {
    let removed = asked().play(remove(1, 1));
    assert!(removed.account.open().unwrap().removal.is_none());
    let codes = given(enrolled()).by(1).play(ask_with(None, IdentityProof::CallBack, false));
    assert!(codes.clone().play(replace_codes(1)).account.open().unwrap().removal.is_none());
    assert!(codes.and([recovery_issued()]).account.open().unwrap().removal.is_none());
}
