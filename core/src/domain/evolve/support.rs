//! How what support does changes an account.

use countersign_events::account::{AccountEvent, SessionEndedWhy, SessionsEnded};
use jiff::Timestamp;

use super::StampedEvent;
use crate::domain::account::Open;
use crate::domain::removal::Removal;

pub(super) fn evolve(open: &mut Open, stamped: &StampedEvent) {
    let at = stamped.at;
    match &stamped.event {
        AccountEvent::Suspended(_) => {
            open.suspended_at = Some(at);
            open.end_all();
        }
        AccountEvent::Resumed(_) => open.suspended_at = None,
        AccountEvent::FactorRemovalRequested(requested) => {
            open.removal = Some(Removal::asked(requested, stamped));
        }
        AccountEvent::FactorRemovalApproved(_)
        | AccountEvent::NoticeSent(_)
        | AccountEvent::EmailDeliveryFailed(_) => {
            if let Some(removal) = &mut open.removal {
                removal.take(stamped);
            }
        }
        AccountEvent::FactorRemovalCancelled(_) | AccountEvent::FactorRemovalObjected(_) => {
            open.removal = None;
        }
        AccountEvent::FactorRemovalCompleted(_) => {
            open.removal = None;
            // They were made beside what is removed, and whoever has them gets in (SR-039).
            open.recovery = None;
        }
        _ => {}
    }
}

impl Open {
    /// Sessions ended; where support ended them, so did every sign-in in progress.
    pub(super) fn sessions_ended(&mut self, ended: &SessionsEnded, at: Timestamp) {
        ended.sessions.iter().for_each(|session| self.end(*session));
        if ended.why == SessionEndedWhy::Support {
            self.end_all();
        }
        if ended.tells_holder {
            self.room_told_at = Some(at);
        }
    }

    /// Nothing that had begun goes on.
    pub(super) fn end_all(&mut self) {
        self.sessions.clear();
        self.sign_ins.clear();
        self.email_codes.clear();
        self.offer = None;
    }
}
