//! Support, in lives: what its people do, and what must hold of it, by books of its own.

use countersign_events::account::{AccountEvent, IdentityProof, Notice, NoticeSent};
use countersign_events::id::EventId;
use jiff::{SignedDuration, Timestamp};

use super::Life;
use crate::domain::command::{AskRemoval, Command};
use crate::domain::decide::tests::harness::{event_id, operator};

/// What somebody of support does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Desk {
    Suspend,
    Resume,
    EndSessions,
    MailPassword,
    /// The authenticator, or the recovery codes; whether in person.
    Ask(bool, bool),
    Approve,
    Cancel,
    /// The mail server takes the notice of what waits.
    Notice,
    /// The service looks whether something is due.
    Complete,
}

impl Desk {
    pub(super) fn command(self, life: &Life, by: u128) -> Command {
        let open = life.account.open();
        let waits = open.and_then(|open| open.removal.as_ref());
        let request = waits.map_or(event_id(1), |removal| removal.request);
        match self {
            Self::Suspend => Command::Suspend,
            Self::Resume => Command::Resume,
            Self::EndSessions => Command::EndAllSessions,
            Self::MailPassword => Command::MailPassword,
            Self::Ask(of_factor, in_person) => {
                let first = open.and_then(|open| open.factors.keys().next().copied());
                let proof = IdentityProof::InPerson;
                Command::AskRemoval(AskRemoval {
                    factor: first.filter(|_| of_factor),
                    address: false,
                    proof,
                    in_person,
                    of_operator: false,
                })
            }
            Self::Approve => Command::ApproveRemoval { request, address: false, by: operator(by) },
            Self::Cancel => Command::CancelRemoval { request, address: false },
            Self::Notice => {
                let notice = Notice::RemovalRequested;
                let sent = NoticeSent { notice, cause: request, attempts: 1 };
                Command::RecordMail(AccountEvent::NoticeSent(sent))
            }
            Self::Complete => Command::CompleteRemoval { request },
        }
    }
}

/// A removal that waits.
#[derive(Debug, Clone)]
struct Waiting {
    request: EventId,
    asked_by: u128,
    asked_at: Timestamp,
    runs_at: Timestamp,
    in_person: bool,
    approver: Option<u128>,
    told_at: Option<Timestamp>,
}

/// The books.
#[derive(Debug, Default)]
pub(super) struct Books {
    suspended: bool,
    /// The removal that waits.
    removal: Option<Waiting>,
    /// Whether one is just being done.
    pub(super) removing: bool,
}

impl Books {
    /// One event, of the operator of this number where it is support's, with its id.
    pub(super) fn event(
        &mut self,
        (id, now, by): (EventId, Timestamp, u128),
        event: &AccountEvent,
    ) {
        match event {
            AccountEvent::Suspended(_) => self.suspended = true,
            AccountEvent::Resumed(_) => self.suspended = false,
            AccountEvent::PasswordVerified(_) | AccountEvent::FirstFactorVouched(_) => {
                assert!(!self.suspended, "nobody signs in");
            }
            AccountEvent::CodeVerified(verified) => {
                let begins = verified.session.is_some() || verified.next.is_some();
                assert!(!(self.suspended && begins), "nobody signs in");
            }
            AccountEvent::PasswordRejected(rejected) => {
                assert_eq!(rejected.suspended, self.suspended);
            }
            AccountEvent::FactorRemovalRequested(requested) => {
                let delay = requested.runs_at.duration_since(now);
                assert!(requested.in_person || delay >= SignedDuration::from_hours(24));
                assert!(requested.needs_approval);
                self.removal = Some(Waiting {
                    request: id,
                    asked_by: by,
                    asked_at: now,
                    runs_at: requested.runs_at,
                    in_person: requested.in_person,
                    approver: None,
                    told_at: None,
                });
            }
            AccountEvent::FactorRemovalApproved(approved) => {
                let waiting = self.removal.as_mut().expect("it waits");
                assert!(waiting.request == approved.request && waiting.asked_by != by, "another");
                assert!(waiting.approver.replace(by).is_none(), "approved once");
            }
            AccountEvent::NoticeSent(sent) => {
                let waiting = self.removal.as_mut().filter(|it| it.request == sent.cause);
                if let Some(waiting) = waiting {
                    waiting.told_at.get_or_insert(now);
                }
            }
            AccountEvent::FactorRemovalCancelled(_) | AccountEvent::FactorRemovalObjected(_) => {
                assert!(self.removal.take().is_some(), "it waited");
            }
            AccountEvent::FactorRemovalCompleted(completed) => {
                let waited = self.removal.take().expect("it waited");
                assert_eq!(waited.request, completed.request);
                assert!(waited.approver.is_some() && waited.runs_at <= now, "due, and approved");
                if !waited.in_person {
                    let told_at = waited.told_at.expect("the holder was told");
                    let delay = waited.runs_at.duration_since(waited.asked_at);
                    let had = now.duration_since(told_at);
                    assert!(had >= delay - SignedDuration::from_hours(1), "time to object in");
                }
                self.removing = true;
            }
            AccountEvent::HoldPlaced(_) => self.removing = false,
            _ => {}
        }
    }

    /// The state may have forgotten what is gone by another way, and nothing else.
    pub(super) fn agree(&mut self, account: &crate::domain::Account) {
        let Some(open) = account.open() else { return };
        assert_eq!(open.suspended_at.is_some(), self.suspended);
        if open.removal.is_none() {
            self.removal = None;
        }
        let waits = open.removal.as_ref().map(|removal| removal.request);
        assert_eq!(waits, self.removal.as_ref().map(|it| it.request));
    }
}
