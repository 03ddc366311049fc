//! What an operator must not do, and an honest log of one does not show.

use countersign_events::account::{
    AccountEvent, FactorRemovalApproved, FactorRemovalRequested, HistoryViewed, IdentityProof,
    PasswordSet, PasswordSetWhy, Suspended, Viewed,
};
use countersign_events::id::{AccountId, EventId, SecretVersion};
use countersign_events::operator::{Added, Disabled, OperatorEvent, Role, SeedsExported};
use jiff::SignedDuration;
use uuid::Uuid;

use super::*;

fn id(number: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(number))
}

fn by(number: u128) -> By {
    By::Operator { id: id(number) }
}

fn happened(log: &mut Sample, number: u128, event: &OperatorEvent) {
    let json = event.to_json().unwrap();
    log.write(StreamId::Operator(id(number)), By::System, event.event_type(), json, &[]);
    log.wait(61);
}

fn added(log: &mut Sample, number: u128, role: Role) {
    let (setup, setup_expires_at) = (handle(1), log.now);
    happened(
        log,
        number,
        &OperatorEvent::Added(Added { role, setup, setup_expires_at, tells_admins: false }),
    );
}

/// What is found where these are operators, account 1 among them, and one does something to it.
fn found(staff: &[(u128, Role)], doer: u128, event: AccountEvent) -> Vec<Rule> {
    let staff = staff.to_vec();
    breach(move |log, stream| {
        for (number, role) in staff {
            added(log, number, role);
        }
        log.happened_by(stream, by(doer), &event, &[SealClass::Pii]);
    })
}

fn suspended() -> AccountEvent {
    AccountEvent::Suspended(Suspended {})
}

fn looked() -> AccountEvent {
    AccountEvent::HistoryViewed(HistoryViewed { what: Viewed::Account })
}

/// SR-125, AT-51: an act on himself, on a higher role, by a role that may not or by nobody of the
/// staff does not stand in an honest log.
#[test]
fn sr_125_what_an_operator_may_not_do_is_found() {
    use Role::{Admin, Auditor, Supervisor, Support};
    let beyond = [Rule::ActBeyondRole];
    assert_eq!(found(&[(2, Support)], 2, suspended()), []);
    assert_eq!(found(&[(2, Support)], 2, looked()), []);
    assert_eq!(found(&[(2, Support), (1, Support)], 2, suspended()), []);
    assert_eq!(found(&[(2, Support), (1, Supervisor)], 2, suspended()), beyond);
    assert_eq!(found(&[(2, Support), (1, Supervisor)], 2, looked()), []);
    assert_eq!(found(&[(2, Supervisor), (1, Admin)], 2, suspended()), beyond);
    assert_eq!(found(&[(1, Support)], 1, suspended()), beyond);
    for role in [Auditor, Admin] {
        assert_eq!(found(&[(2, role)], 2, suspended()), beyond);
        assert_eq!(found(&[(2, role)], 2, looked()), beyond);
    }
    for event in [suspended(), looked()] {
        assert_eq!(found(&[(3, Support)], 2, event), [Rule::ActWithoutOperator]);
    }
    let set = PasswordSet::new(SecretVersion::new(2), PasswordSetWhy::Changed);
    assert_eq!(found(&[(2, Supervisor)], 2, AccountEvent::PasswordSet(set)), beyond);
}

/// SR-122, SR-124: whoever approves is a supervisor, and an operator at the time.
#[test]
fn sr_122_an_approval_by_who_may_not_approve_is_found() {
    let approval = |role: Role, is_disabled: bool| {
        breach(move |log, stream| {
            added(log, 2, Role::Support);
            added(log, 3, role);
            if is_disabled {
                happened(log, 3, &OperatorEvent::Disabled(Disabled { tells_admins: false }));
            }
            let asked = AccountEvent::FactorRemovalRequested(FactorRemovalRequested {
                factor: Some(FACTOR),
                address: false,
                proof: IdentityProof::CallBack,
                in_person: false,
                needs_approval: true,
                runs_at: log.now + SignedDuration::from_hours(24),
                awaits_notice: false,
            });
            let pii = &[SealClass::Pii];
            let request: EventId = log.happened_by(stream, by(2), &asked, pii);
            let approved = AccountEvent::FactorRemovalApproved(FactorRemovalApproved { request });
            log.happened_by(stream, by(3), &approved, pii);
        })
    };
    assert_eq!(approval(Role::Supervisor, false), []);
    assert_eq!(approval(Role::Support, false), [Rule::ActBeyondRole]);
    assert_eq!(approval(Role::Supervisor, true), [Rule::ActWithoutOperator]);
}

/// SR-092: seeds go out to two admins at the machine, and to nobody else.
#[test]
fn sr_092_an_export_by_less_than_two_admins_is_found() {
    let found = |by: By, with: u128, other: Role| {
        breach(move |log, _| {
            added(log, 2, Role::Admin);
            added(log, 3, other);
            let exported =
                SeedsExported { with: id(with), seeds: 1, client: None, tells_admins: true };
            let exported = OperatorEvent::SeedsExported(exported);
            let (event_type, json) = (exported.event_type(), exported.to_json().unwrap());
            log.write(StreamId::Operator(id(2)), by, event_type, json, &[]);
        })
    };
    let console = || By::Console { user: "ada".to_owned() };
    assert_eq!(found(console(), 3, Role::Admin), []);
    for (by, with, other) in [
        (console(), 2, Role::Admin),
        (console(), 3, Role::Supervisor),
        (console(), 4, Role::Admin),
        (By::Operator { id: id(2) }, 3, Role::Admin),
    ] {
        assert_eq!(found(by, with, other), [Rule::ExportByOne]);
    }
}
