//! Who of the staff there was, as an auditor learns it on the way.
//!
//! What an operator does to an account is judged by the role that it had then, and by that of the
//! account. Both stand on streams of their own, each decided on what was there a moment before: so
//! a change counts against an act only once it is [`SETTLED`]. What a log says in which no operator
//! was ever added is not judged.

use std::collections::HashMap;

use countersign_events::account::{AccountEvent, HistoryViewed, SessionEndedWhy, Viewed};
use countersign_events::actor::By;
use countersign_events::entry::Entry;
use countersign_events::id::{AccountId, StreamId};
use countersign_events::operator::{OperatorEvent, Role};
use jiff::{SignedDuration, Timestamp};

use super::conduct::Breach;
use super::finding::Rule;

/// How long ago a change must be to have been there when another stream's event was decided.
const SETTLED: SignedDuration = SignedDuration::from_mins(1);

/// The operators so far.
#[derive(Debug, Default)]
pub(super) struct Staff(HashMap<AccountId, Operator>);

#[derive(Debug, Clone, Copy)]
struct Operator {
    role: Role,
    role_since: Timestamp,
    disabled_since: Option<Timestamp>,
}

impl Staff {
    /// Takes the next event of an operator's stream, and says what is wrong with it.
    pub(super) fn take(&mut self, entry: &Entry<'_>, event: &OperatorEvent) -> Option<Breach> {
        let StreamId::Operator(account) = entry.stream else { return None };
        if let OperatorEvent::SeedsExported(exported) = event {
            return self.exported(entry, [account, exported.with]);
        }
        let known = self.0.get_mut(&account);
        match (event, known) {
            (OperatorEvent::Added(added), Some(known)) if known.role != added.role => {
                (known.role, known.role_since) = (added.role, entry.at);
            }
            (OperatorEvent::Added(added), None) => {
                let (role, role_since) = (added.role, entry.at);
                self.0.insert(account, Operator { role, role_since, disabled_since: None });
            }
            (OperatorEvent::Disabled(_), Some(known)) => known.disabled_since = Some(entry.at),
            (OperatorEvent::Enabled(_), Some(known)) => known.disabled_since = None,
            _ => {}
        }
        None
    }

    /// Seeds are given out to two admins at the machine.
    fn exported(&self, entry: &Entry<'_>, by: [AccountId; 2]) -> Option<Breach> {
        let wrong = |why: String| Some((Rule::ExportByOne, why));
        let [one, other] = by;
        if one == other {
            return wrong(format!("{one} confirmed twice"));
        }
        if !matches!(entry.by, By::Console { .. }) {
            return wrong("by nobody at the machine".to_owned());
        }
        let may = |id: &AccountId| {
            self.0.get(id).is_some_and(|it| it.role == Role::Admin && it.disabled_since.is_none())
        };
        by.iter().find(|id| !may(id)).and_then(|id| wrong(format!("{id} is no admin who may act")))
    }

    /// Judges what an operator did to an account.
    pub(super) fn judge(&self, entry: &Entry<'_>, event: &AccountEvent) -> Option<Breach> {
        let By::Operator { id } = entry.by else { return None };
        let whose = match entry.stream {
            StreamId::Account(account) => Some(account),
            _ => None,
        };
        let (is_own, act) = (whose == Some(id), act(event));
        let is_on_account = matches!(act, Some(Act::OnAccount | Act::Approval));
        if self.0.is_empty() || (is_own && !is_on_account) {
            return None;
        }
        let event_type = event.event_type();
        let wrong = |rule, why: &str| Some((rule, format!("{event_type} by {id}, {why}")));
        if is_own {
            return wrong(Rule::ActBeyondRole, "on himself");
        }
        if act == Some(Act::Never) {
            return wrong(Rule::ActBeyondRole, "which is for the holder alone");
        }
        let Some(operator) = self.0.get(&id) else {
            return wrong(Rule::ActWithoutOperator, "who was never added");
        };
        let is_settled = |since: Timestamp| SETTLED < entry.at.duration_since(since);
        if operator.disabled_since.is_some_and(is_settled) {
            return wrong(Rule::ActWithoutOperator, "who was disabled");
        }
        let act = act?;
        let may = match act {
            Act::Approval => operator.role == Role::Supervisor,
            _ => matches!(operator.role, Role::Support | Role::Supervisor),
        };
        if !may && is_settled(operator.role_since) {
            return wrong(Rule::ActBeyondRole, "whose role does not allow it");
        }
        let of_whom = whose.and_then(|account| self.0.get(&account));
        let is_higher = of_whom.is_some_and(|other| {
            rank(operator.role) < rank(other.role) && is_settled(other.role_since)
        });
        if is_higher && act != Act::Look {
            return wrong(Rule::ActBeyondRole, "on a higher role");
        }
        None
    }
}

/// Nobody acts on a higher role.
const fn rank(role: Role) -> u8 {
    match role {
        Role::Support => 1,
        Role::Supervisor => 2,
        Role::Auditor | Role::Admin => 3,
    }
}

/// What an event is, by an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Look,
    OnAccount,
    Approval,
    /// What no operator ever does for another.
    Never,
}

fn act(event: &AccountEvent) -> Option<Act> {
    match event {
        AccountEvent::HistoryViewed(HistoryViewed { what }) => {
            (*what != Viewed::Log).then_some(Act::Look)
        }
        AccountEvent::LockoutReset(_)
        | AccountEvent::Suspended(_)
        | AccountEvent::Resumed(_)
        | AccountEvent::PasswordMailAsked(_)
        | AccountEvent::FactorRemovalRequested(_)
        | AccountEvent::FactorRemovalCancelled(_) => Some(Act::OnAccount),
        AccountEvent::SessionsEnded(ended) => {
            (ended.why == SessionEndedWhy::Support).then_some(Act::OnAccount)
        }
        AccountEvent::FactorRemovalApproved(_) => Some(Act::Approval),
        AccountEvent::PasswordVerified(_)
        | AccountEvent::CodeVerified(_)
        | AccountEvent::PasswordSet(_)
        | AccountEvent::EnableRequested(_)
        | AccountEvent::Enabled(_)
        | AccountEvent::FactorRemoved(_)
        | AccountEvent::FactorRemovalCompleted(_)
        | AccountEvent::RecoveryCodesIssued(_) => Some(Act::Never),
        _ => None,
    }
}
