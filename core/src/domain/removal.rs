//! What support asked for and waits: the removal of an authenticator or of the recovery codes, or
//! another address.

use countersign_events::account::{
    AccountEvent, DeliveryFailure, EmailDeliveryFailed, FactorRemovalRequested, IdentityProof,
};
use countersign_events::actor::By;
use countersign_events::id::{AccountId, EventId, FactorId, Revision};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::StampedEvent;

use super::account::Open;

/// How late the notice may leave without moving the time: mail takes a while, and a time that was
/// told should stay.
pub const NOTICE_LATE_MAX: SignedDuration = SignedDuration::from_hours(1);

/// A removal that support asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The event that asked for it.
    pub request: EventId,
    /// The entry whose sealed part holds its reason and ticket.
    pub asked_in: Revision,
    /// The authenticator; none where it is about the recovery codes alone, or about the address.
    pub factor: Option<FactorId>,
    /// Whether it is about the address.
    pub address: bool,
    /// The operator who asked.
    pub asked_by: AccountId,
    /// When.
    pub asked_at: Timestamp,
    /// How it was made sure that this is the holder.
    pub proof: IdentityProof,
    /// Whether the delay falls away for it.
    pub in_person: bool,
    /// Whether another person must approve.
    pub needs_approval: bool,
    /// Who approved, and when.
    pub approved: Option<(AccountId, Timestamp)>,
    /// From when it is done, once approved, where the holder was told at once.
    pub runs_at: Timestamp,
    /// What became of the notice that tells the holder of it.
    pub notice: NoticeState,
}

/// What became of the notice of what support asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// There is no address that it could go to, or whoever asked stood there in person.
    NotAwaited,
    /// It has not left.
    Pending,
    /// The mail server has taken it.
    Sent(Timestamp),
    /// The mail server refused it for good: there is no such mailbox.
    Refused(Timestamp),
    /// It was given up, as no mail server took it.
    GivenUp,
}

impl Removal {
    /// What was asked for, by its event.
    #[must_use]
    pub fn asked(requested: &FactorRemovalRequested, stamped: &StampedEvent) -> Self {
        let FactorRemovalRequested {
            factor,
            address,
            proof,
            in_person,
            needs_approval,
            runs_at,
            awaits_notice,
        } = *requested;
        Self {
            request: stamped.id,
            asked_in: stamped.revision,
            factor,
            address,
            asked_by: operator(&stamped.by),
            asked_at: stamped.at,
            proof,
            in_person,
            needs_approval,
            approved: None,
            runs_at,
            notice: match awaits_notice {
                true => NoticeState::Pending,
                false => NoticeState::NotAwaited,
            },
        }
    }

    /// Takes what happened to it while it waits.
    pub fn take(&mut self, stamped: &StampedEvent) {
        let at = stamped.at;
        match &stamped.event {
            AccountEvent::FactorRemovalApproved(approved) if approved.request == self.request => {
                self.approved = Some((operator(&stamped.by), at));
            }
            AccountEvent::NoticeSent(sent) => self.notice_sent(sent.cause, at),
            AccountEvent::EmailDeliveryFailed(failed) => self.notice_failed(failed, at),
            _ => {}
        }
    }

    /// From when it is done, once approved: the holder has the whole delay to object in, counted
    /// from when he was told. None while he was not, and never where the notice was given up.
    ///
    /// Nor where it was refused: a mail server that is set up wrongly refuses everybody's. But a
    /// mailbox that is no more is why another address is asked for, and there, where another person
    /// approves, it keeps nobody out for ever (SR-124).
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        let told_at = match self.notice {
            NoticeState::NotAwaited => return Some(self.runs_at),
            NoticeState::Sent(at) => at,
            NoticeState::Refused(at) if self.address && self.needs_approval => at,
            NoticeState::Refused(_) | NoticeState::Pending | NoticeState::GivenUp => return None,
        };
        let late = told_at.duration_since(self.asked_at).saturating_sub(NOTICE_LATE_MAX);
        let late = late.max(SignedDuration::ZERO);
        Some(self.runs_at.saturating_add(late).unwrap_or(Timestamp::MAX))
    }

    /// Whether it is to be done now.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        let may = self.approved.is_some() || !self.needs_approval;
        may && self.due_at().is_some_and(|due_at| due_at <= now)
    }

    /// The mail server took the notice.
    fn notice_sent(&mut self, cause: EventId, at: Timestamp) {
        if cause == self.request && self.notice == NoticeState::Pending {
            self.notice = NoticeState::Sent(at);
        }
    }

    /// The notice was given up.
    fn notice_failed(&mut self, failed: &EmailDeliveryFailed, at: Timestamp) {
        if failed.request == self.request && self.notice == NoticeState::Pending {
            self.notice = match failed.class {
                DeliveryFailure::Refused | DeliveryFailure::NoAddress => NoticeState::Refused(at),
                DeliveryFailure::Deferred
                | DeliveryFailure::Unreachable
                | DeliveryFailure::Expired => NoticeState::GivenUp,
            };
        }
    }
}

impl Open {
    /// Whether a notice's link to object has somewhere to go: to an address that was proven, be it
    /// the present one or one that is told still (SR-124).
    #[must_use]
    pub fn can_object(&self, now: Timestamp) -> bool {
        let mut told = self.former_emails.iter().filter(|former| now < former.until);
        self.has_proven_address() || told.any(|former| former.email.confirmed)
    }
}

/// The operator who did it; of nobody else is such an event.
fn operator(by: &By) -> AccountId {
    match by {
        By::Operator { id } => *id,
        _ => AccountId::new(Uuid::nil()),
    }
}
