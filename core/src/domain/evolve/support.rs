//! How what support does changes an account.

use countersign_events::account::{
    AccountEvent, FactorRemovalRequested, SessionEndedWhy, SessionsEnded,
};
use countersign_events::actor::By;
use countersign_events::id::AccountId;
use jiff::Timestamp;

use super::StampedEvent;
use crate::domain::account::Open;
use crate::domain::removal::{NoticeState, Removal};

pub(super) fn evolve(open: &mut Open, stamped: &StampedEvent) {
    let at = stamped.at;
    match &stamped.event {
        AccountEvent::Suspended(_) => {
            open.suspended_at = Some(at);
            open.end_all();
        }
        AccountEvent::Resumed(_) => open.suspended_at = None,
        AccountEvent::FactorRemovalRequested(requested) => {
            let FactorRemovalRequested {
                factor,
                address,
                proof,
                in_person,
                needs_approval,
                runs_at,
                awaits_notice,
            } = *requested;
            open.removal = Some(Removal {
                request: stamped.id,
                asked_in: stamped.revision,
                factor,
                address,
                asked_by: operator(&stamped.by),
                asked_at: at,
                proof,
                in_person,
                needs_approval,
                approved: None,
                runs_at,
                notice: match awaits_notice {
                    true => NoticeState::Pending,
                    false => NoticeState::NotAwaited,
                },
            });
        }
        AccountEvent::FactorRemovalApproved(approved) => {
            let waits = open.removal.as_mut().filter(|it| it.request == approved.request);
            if let Some(removal) = waits {
                removal.approved = Some((operator(&stamped.by), at));
            }
        }
        AccountEvent::NoticeSent(sent) => {
            if let Some(removal) = &mut open.removal {
                removal.notice_sent(sent.cause, at);
            }
        }
        AccountEvent::EmailDeliveryFailed(failed) => {
            if let Some(removal) = &mut open.removal {
                removal.notice_failed(failed, at);
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

/// The operator who did it; of nobody else is such an event.
fn operator(by: &By) -> AccountId {
    match by {
        By::Operator { id } => *id,
        _ => AccountId::new(uuid::Uuid::nil()),
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
