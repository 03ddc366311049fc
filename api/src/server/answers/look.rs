//! Time lines and states as of then, over the wire.

use countersign_core::accounts::answer as core;
use countersign_core::projections::time_line;

use super::event;
use crate::contract::event::Looks;
use crate::contract::look::{EventKind, Order, StateAsOf, StateChange, StateChanges};

pub(crate) const fn looks(view: core::LooksView) -> Looks {
    Looks { count: view.count, since: view.since, first_revision: view.first.get() }
}

pub(crate) const fn core_kind(kind: EventKind) -> time_line::EventKind {
    match kind {
        EventKind::SignIns => time_line::EventKind::SignIns,
        EventKind::Codes => time_line::EventKind::Codes,
        EventKind::Locks => time_line::EventKind::Locks,
        EventKind::Support => time_line::EventKind::Support,
        EventKind::Mail => time_line::EventKind::Mail,
        EventKind::Factors => time_line::EventKind::Factors,
    }
}

pub(crate) const fn core_order(order: Order) -> time_line::Order {
    match order {
        Order::Newest => time_line::Order::Newest,
        Order::Oldest => time_line::Order::Oldest,
    }
}

pub(crate) fn state(view: core::StateView) -> StateAsOf {
    StateAsOf {
        revision: view.revision.map(|revision| revision.get()),
        at: view.at,
        newest: view.newest.get(),
        state: view.state,
    }
}

pub(crate) fn changes(view: core::ChangesView) -> StateChanges {
    let change = |change: core::ChangeView| StateChange {
        path: change.path,
        before: change.before,
        after: change.after,
    };
    StateChanges {
        since: view.since.map(|revision| revision.get()),
        revision: view.revision.get(),
        newest: view.newest.get(),
        event: event(view.event),
        changes: view.changes.into_iter().map(change).collect(),
    }
}
