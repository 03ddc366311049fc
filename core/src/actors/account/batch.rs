//! The events of one request, and the sealed parts that stand beside them.

use countersign_events::account::{AccountEvent, SessionEndedWhy, SessionsEnded};
use countersign_events::entry::{Entry, SealedPart};
use countersign_events::store::Recorded;
use jiff::Timestamp;

use crate::accounts::Fault;
use crate::domain::StampedEvent;

/// The sealed parts of a batch, put beside the events that take them.
#[derive(Debug, Clone, Default)]
pub struct Sealed {
    /// Personal data.
    pub pii: Option<SealedPart>,
    /// Address and user agent.
    pub net: Option<SealedPart>,
}

/// The events of one request, as they stand in the log.
#[derive(Debug, Clone)]
pub struct Batch(pub Vec<StampedEvent>);

impl Sealed {
    /// The parts that belong beside an event; each is given out once.
    pub(super) fn take_for(&mut self, event: &AccountEvent) -> Vec<SealedPart> {
        let takes_pii = matches!(
            event,
            AccountEvent::Registered(_)
                | AccountEvent::EnableRequested(_)
                | AccountEvent::FactorRenamed(_)
                | AccountEvent::EmailCodeRequested(_)
                | AccountEvent::EmailChanged(_)
                | AccountEvent::EmailChangeUndone(_)
                | AccountEvent::LockoutReset(_)
                | AccountEvent::Suspended(_)
                | AccountEvent::Resumed(_)
                | AccountEvent::PasswordMailAsked(_)
                | AccountEvent::FactorRemovalRequested(_)
                | AccountEvent::FactorRemovalApproved(_)
                | AccountEvent::FactorRemovalCancelled(_)
                | AccountEvent::FirstFactorVouched(_)
                | AccountEvent::GrantIssued(_)
                | AccountEvent::SessionsEnded(SessionsEnded { why: SessionEndedWhy::Support, .. })
                | AccountEvent::HistoryViewed(_)
        );
        let takes_net = matches!(
            event,
            AccountEvent::PasswordVerified(_)
                | AccountEvent::PasswordRejected(_)
                | AccountEvent::FirstFactorVouched(_)
                | AccountEvent::EmailCodeRequested(_)
                | AccountEvent::PasswordResetRequested(_)
                | AccountEvent::PasswordResetRenewed(_)
                | AccountEvent::PasswordSet(_)
                | AccountEvent::PasswordUnlocked(_)
                | AccountEvent::ReplacementRequested(_)
                | AccountEvent::Repudiated(_)
        );
        let pii = if takes_pii { self.pii.take() } else { None };
        let net = if takes_net { self.net.take() } else { None };
        [pii, net].into_iter().flatten().collect()
    }
}

impl Batch {
    /// When the request was decided; none where it led to nothing.
    #[must_use]
    pub fn began_at(&self) -> Option<Timestamp> {
        self.0.first().map(|stamped| stamped.at)
    }

    /// The first event that `find` recognises.
    pub fn find<'a, T>(&'a self, find: impl Fn(&'a AccountEvent) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(|stamped| find(&stamped.event))
    }
}

/// Reads an entry of an account's stream as the event that `evolve` takes.
///
/// # Errors
/// [`Fault::FailsClosed`] for an entry that does not read, and for a type or version that this
/// program does not know.
pub fn stamped(recorded: &Recorded) -> Result<StampedEvent, Fault> {
    Ok(StampedEvent::of(&Entry::parse(&recorded.bytes)?)?)
}
