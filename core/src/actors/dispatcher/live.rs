//! One webhook that is told what happens: what of it is under way, and what is next.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_events::id::{AccountId, EventId, Position};
use jiff::{SignedDuration, Timestamp};

use super::attempt::Outcome;
use super::{Dispatch, UNDER_WAY_PER_WEBHOOK_MAX};
use crate::accounts::Fault;
use crate::webhooks::ledger::Hook;
use crate::webhooks::queue::{DueDelivery, WAITING_MAX};

/// How far a webhook has come is noted in the log at most this often.
pub(super) const PROGRESS_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// A webhook.
pub(super) struct Live {
    pub(super) hook: Arc<Hook>,
    /// The accounts that a delivery is under way of.
    pub(super) under_way: BTreeSet<AccountId>,
    /// When a lane is tried again.
    pub(super) next_at: Option<Timestamp>,
    /// Whether it waits a moment before it takes in or notes anything: something did not work.
    pub(super) pauses: bool,
    taking_in: bool,
    noting: bool,
    /// How far the log was told that it has come, and when.
    noted: (Position, Timestamp),
}

/// What is to be started.
#[derive(Default)]
pub(super) struct Found {
    pub(super) due: Vec<DueDelivery>,
    pub(super) take_in_from: Option<Position>,
    pub(super) note: Option<Position>,
}

/// What is done.
pub(super) enum Done {
    /// A delivery is made, or is tried again later.
    Attempted(DueDelivery),
    /// What became of a delivery could not be written.
    Unwritten(DueDelivery, Outcome),
    /// What the log holds was taken in.
    TakenIn(EventId),
    /// How far it has come was noted.
    Noted(EventId, Position, Timestamp),
    /// Taking in or noting did not work.
    Failed(EventId),
}

impl Done {
    pub(super) const fn webhook(&self) -> EventId {
        match self {
            Self::Attempted(due) | Self::Unwritten(due, _) => due.webhook,
            Self::TakenIn(webhook) | Self::Noted(webhook, ..) | Self::Failed(webhook) => *webhook,
        }
    }
}

impl Live {
    /// A webhook as the log has it now; what is under way goes on.
    pub(super) fn of(hook: Hook, before: Option<Self>) -> Self {
        let noted = (hook.resume, hook.noted_at);
        match before {
            Some(before) => Self { hook: Arc::new(hook), noted, ..before },
            None => Self {
                hook: Arc::new(hook),
                under_way: BTreeSet::new(),
                next_at: None,
                pauses: false,
                taking_in: false,
                noting: false,
                noted,
            },
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.under_way.is_empty() && !self.taking_in && !self.noting
    }

    /// What can be started now; from here on it is under way.
    pub(super) fn look(&mut self, desk: &Dispatch, now: Timestamp) -> Result<Found, Fault> {
        let webhook = self.hook.webhook;
        let mut found = Found::default();
        let free = UNDER_WAY_PER_WEBHOOK_MAX.saturating_sub(self.under_way.len());
        if free > 0 {
            // Those under way may be among the first that are listed.
            let listed = desk.queue.due(webhook, now, free.saturating_add(self.under_way.len()))?;
            let new = listed.into_iter().filter(|due| !self.under_way.contains(&due.account));
            found.due = new.take(free).collect();
            self.under_way.extend(found.due.iter().map(|due| due.account));
        }
        self.next_at = desk.queue.next_at(webhook, now)?;
        if self.pauses {
            return Ok(found);
        }
        if let Some((next, waiting)) = desk.queue.taken_in(webhook)?
            && !self.taking_in
            && waiting < WAITING_MAX
            && !desk.model.app_events(self.hook.client, None, next, 1)?.is_empty()
        {
            self.taking_in = true;
            found.take_in_from = Some(next);
        }
        if !self.noting && now.duration_since(self.noted.1) >= PROGRESS_EVERY {
            let next = desk.queue.standing(webhook)?.next;
            found.note = next.filter(|next| *next > self.noted.0);
            self.noting = found.note.is_some();
            // Where there is nothing to note, it is looked again in as long.
            self.noted.1 = now;
        }
        Ok(found)
    }

    /// Something is done, and no more under way.
    pub(super) fn done(&mut self, done: &Done) {
        match done {
            Done::Attempted(due) => {
                self.under_way.remove(&due.account);
            }
            Done::Unwritten(..) => {}
            Done::TakenIn(_) => self.taking_in = false,
            Done::Noted(_, next, at) => {
                self.noting = false;
                self.noted = (*next, *at);
            }
            Done::Failed(_) => {
                (self.taking_in, self.noting, self.pauses) = (false, false, true);
            }
        }
    }
}
