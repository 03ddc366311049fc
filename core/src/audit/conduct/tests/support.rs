//! What support must not do, and what an honest log of it looks like.

use countersign_events::account::{
    AccountEvent, EmailChanged, FactorRemovalApproved, FactorRemovalCancelled,
    FactorRemovalCompleted, FactorRemovalRequested, FactorRemoved, HoldPlaced, HoldWhy,
    IdentityProof, Notice, NoticeSent, Resumed, Suspended,
};
use countersign_events::id::{AccountId, EventId};
use jiff::SignedDuration;
use uuid::Uuid;

use super::*;

const DAY_SECONDS: i64 = 24 * 3600;
const OTHER: By = By::Operator { id: AccountId::new(Uuid::from_u128(0x0c)) };

fn staff(log: &mut Sample, stream: StreamId, by: By, event: &AccountEvent) -> EventId {
    log.happened_by(stream, by, event, &[SealClass::Pii])
}

fn requested(log: &Sample, needs_approval: bool, seconds: i64) -> AccountEvent {
    AccountEvent::FactorRemovalRequested(FactorRemovalRequested {
        factor: Some(FACTOR),
        address: false,
        proof: IdentityProof::CallBack,
        in_person: false,
        needs_approval,
        runs_at: log.now + SignedDuration::from_secs(seconds),
        awaits_notice: false,
    })
}

fn completes(log: &mut Sample, stream: StreamId, request: EventId) {
    let completed = AccountEvent::FactorRemovalCompleted(FactorRemovalCompleted { request });
    log.happened_by(stream, By::System, &completed, &[]);
    let removed = AccountEvent::FactorRemoved(FactorRemoved { factor: FACTOR });
    log.happened_by(stream, By::System, &removed, &[]);
    let until = log.now + SignedDuration::from_secs(DAY_SECONDS);
    let (why, email_codes) = (HoldWhy::FactorRemoval, Default::default());
    let held = AccountEvent::HoldPlaced(HoldPlaced { why, until, email_codes });
    log.happened_by(stream, By::System, &held, &[]);
}

/// A removal asked for, approved by this one or by nobody, and done after so many seconds.
fn removal(approver: Option<By>, seconds: i64) -> Vec<Rule> {
    breach(move |log, stream| {
        let asked = requested(log, true, DAY_SECONDS);
        let request = staff(log, stream, OPERATOR, &asked);
        if let Some(by) = approver {
            let approved = FactorRemovalApproved { request };
            staff(log, stream, by, &AccountEvent::FactorRemovalApproved(approved));
        }
        log.wait(seconds);
        completes(log, stream, request);
    })
}

/// SR-124: another person, and the delay.
#[test]
fn sr_124_a_removal_without_another_person_or_its_delay_is_found() {
    assert_eq!(removal(Some(OTHER), DAY_SECONDS), []);
    assert_eq!(removal(Some(OTHER), DAY_SECONDS - 1), [Rule::RemovalNotDue]);
    assert_eq!(removal(None, DAY_SECONDS), [Rule::RemovalNotApproved]);
    // By whoever asked: the approval is none, and neither is what follows from it.
    let twice = [Rule::RemovalNotApproved, Rule::RemovalNotApproved];
    assert_eq!(removal(Some(OPERATOR), DAY_SECONDS), twice);
    let asked = |needs_approval, seconds| {
        breach(move |log, stream| {
            let asked = requested(log, needs_approval, seconds);
            staff(log, stream, OPERATOR, &asked);
        })
    };
    assert_eq!(asked(true, DAY_SECONDS), []);
    assert_eq!(asked(false, DAY_SECONDS), [Rule::RemovalNotApproved]);
    assert_eq!(asked(true, DAY_SECONDS - 1), [Rule::RemovalNotDue]);
    let cancelled = breach(|log, stream| {
        let asked = requested(log, true, DAY_SECONDS);
        let request = staff(log, stream, OPERATOR, &asked);
        let approved = FactorRemovalApproved { request };
        staff(log, stream, OTHER, &AccountEvent::FactorRemovalApproved(approved));
        let cancelled = FactorRemovalCancelled { request };
        staff(log, stream, OTHER, &AccountEvent::FactorRemovalCancelled(cancelled));
        log.wait(DAY_SECONDS);
        completes(log, stream, request);
    });
    assert_eq!(cancelled, [Rule::RemovalNotDue]);
}

/// SR-126: by an operator, and with a reason.
#[test]
fn sr_126_an_act_without_its_operator_or_reason_is_found() {
    let suspended = AccountEvent::Suspended(Suspended {});
    let by = |by: By, sealed: &'static [SealClass]| {
        let suspended = suspended.clone();
        breach(move |log, stream| {
            log.happened_by(stream, by, &suspended, sealed);
        })
    };
    assert_eq!(by(OPERATOR, &[SealClass::Pii]), []);
    assert_eq!(by(By::Holder, &[SealClass::Pii]), [Rule::ActWithoutOperator]);
    assert_eq!(by(OPERATOR, &[]), [Rule::ActWithoutReason]);
}

/// SR-075: nobody signs in who is suspended, and everybody may once that has ended.
#[test]
fn a_sign_in_while_the_account_is_suspended_is_found() {
    let begun = |resumes| {
        breach(move |log, stream| {
            staff(log, stream, OPERATOR, &AccountEvent::Suspended(Suspended {}));
            if resumes {
                staff(log, stream, OPERATOR, &AccountEvent::Resumed(Resumed {}));
            }
            log.begin(stream, 0x41);
        })
    };
    assert_eq!(begun(true), []);
    assert_eq!(begun(false), [Rule::SignInWhileSuspended]);
}

/// Another address asked for, which is due after so many hours, approved by this one or by nobody,
/// and taken after so many.
fn address((due, hours): (i64, i64), approver: Option<By>) -> Vec<Rule> {
    breach(move |log, stream| {
        let asked = FactorRemovalRequested {
            factor: None,
            address: true,
            proof: IdentityProof::InPerson,
            in_person: true,
            needs_approval: true,
            runs_at: log.now + SignedDuration::from_hours(due),
            awaits_notice: false,
        };
        let asked = AccountEvent::FactorRemovalRequested(asked);
        let request = staff(log, stream, OPERATOR, &asked);
        if let Some(by) = approver {
            let approved = FactorRemovalApproved { request };
            staff(log, stream, by, &AccountEvent::FactorRemovalApproved(approved));
        }
        log.wait(hours * 3600);
        takes_address(log, stream, request);
    })
}

fn takes_address(log: &mut Sample, stream: StreamId, request: EventId) {
    let (undo_until, request) = (log.now, Some(request));
    let changed = EmailChanged { undo_until, unproven: false, request };
    let changed = AccountEvent::EmailChanged(changed);
    log.happened_by(stream, By::System, &changed, &[SealClass::Pii]);
}

/// SR-124: the address that support asked for, too: by another person, and after three days, for
/// whoever stood there in person as well.
#[test]
fn sr_124_an_address_by_support_without_another_person_or_its_delay_is_found() {
    assert_eq!(address((72, 72), Some(OTHER)), []);
    assert_eq!(address((72, 71), Some(OTHER)), [Rule::RemovalNotDue]);
    assert_eq!(address((71, 71), Some(OTHER)), [Rule::RemovalNotDue]);
    assert_eq!(address((72, 72), None), [Rule::RemovalNotApproved]);
    assert_eq!(address((72, 72), Some(OPERATOR)).len(), 2);
    let never_asked = breach(|log, stream| {
        takes_address(log, stream, EventId::new(Uuid::from_u128(1)));
    });
    assert_eq!(never_asked, [Rule::RemovalNotDue]);
    // What was asked for was a removal.
    let another = breach(|log, stream| {
        let asked = requested(log, false, DAY_SECONDS);
        let request = staff(log, stream, OPERATOR, &asked);
        log.wait(DAY_SECONDS);
        takes_address(log, stream, request);
    });
    assert!(another.contains(&Rule::RemovalNotDue), "{another:?}");
}

/// What the holder removed himself waits no more: something else may be asked for.
#[test]
fn what_is_gone_by_itself_makes_room_for_another_request() {
    let removed = breach(|log, stream| {
        let asked = requested(log, true, DAY_SECONDS);
        staff(log, stream, OPERATOR, &asked);
        log.happened(stream, &AccountEvent::FactorRemoved(FactorRemoved { factor: FACTOR }));
        log.happened(stream, &AccountEvent::Disabled(Disabled {}));
        staff(log, stream, OPERATOR, &asked);
    });
    assert_eq!(removed, []);
}

/// A removal that awaits its notice, which leaves after so many hours or never, and is done then.
fn told(after_hours: Option<i64>, hours: i64) -> Vec<Rule> {
    breach(move |log, stream| {
        let AccountEvent::FactorRemovalRequested(asked) = requested(log, true, DAY_SECONDS) else {
            return;
        };
        let asked = FactorRemovalRequested { awaits_notice: true, ..asked };
        let request = staff(log, stream, OPERATOR, &AccountEvent::FactorRemovalRequested(asked));
        let approved = FactorRemovalApproved { request };
        staff(log, stream, OTHER, &AccountEvent::FactorRemovalApproved(approved));
        if let Some(after) = after_hours {
            log.wait(after * 3600);
            let notice = Notice::RemovalRequested;
            let sent = NoticeSent { notice, cause: request, attempts: 1 };
            log.happened_by(stream, By::System, &AccountEvent::NoticeSent(sent), &[]);
        }
        log.wait((hours - after_hours.unwrap_or(0)) * 3600);
        completes(log, stream, request);
    })
}

/// SR-124: the holder has the whole delay, counted from when he was told.
#[test]
fn sr_124_a_removal_before_the_holder_was_told_is_found() {
    assert_eq!(told(Some(0), 24), []);
    assert_eq!(told(Some(20), 43), []);
    assert_eq!(told(Some(20), 42), [Rule::RemovalNotDue]);
    assert_eq!(told(None, 24 * 30), [Rule::RemovalNotDue]);
}

/// SR-124: what is done is what was asked for and approved.
#[test]
fn sr_124_the_removal_of_another_authenticator_than_was_asked_for_is_found() {
    let found = breach(|log, stream| {
        let asked = AccountEvent::FactorRemovalRequested(FactorRemovalRequested {
            factor: None,
            address: false,
            proof: IdentityProof::CallBack,
            in_person: false,
            needs_approval: true,
            runs_at: log.now + SignedDuration::from_secs(DAY_SECONDS),
            awaits_notice: false,
        });
        let request = staff(log, stream, OPERATOR, &asked);
        let approved = FactorRemovalApproved { request };
        staff(log, stream, OTHER, &AccountEvent::FactorRemovalApproved(approved));
        log.wait(DAY_SECONDS);
        completes(log, stream, request);
    });
    assert_eq!(found, [Rule::RemovalNotApproved]);
}
