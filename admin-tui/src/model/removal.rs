//! Removals of authenticators that support asked for, with all text made printable.

use countersign_api::contract::act::{IdentityProof, NoticeState, RemovalState};
use countersign_api::contract::id::{AccountId, RemovalId};
use jiff::Timestamp;

use crate::printable::Printable;
use crate::text;

/// A removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Its id.
    pub id: RemovalId,
    /// The account.
    pub account: AccountId,
    /// Its login, masked.
    pub login_hint: Printable,
    /// The authenticator's name; none where it is about the recovery codes alone.
    pub factor: Option<Printable>,
    /// The new address, masked, where it is about that and nothing is removed.
    pub email_hint: Option<Printable>,
    /// Who asked.
    pub asked_by: Printable,
    /// When.
    pub asked_at: Timestamp,
    /// For which ticket.
    pub ticket: Printable,
    /// Why, in the words of who asked.
    pub reason: Printable,
    /// How the holder was identified.
    pub proof: IdentityProof,
    /// Whether another person must approve.
    pub needs_approval: bool,
    /// Who approved.
    pub approved_by: Option<Printable>,
    /// When its delay ends.
    pub runs_at: Timestamp,
    /// What became of the notice that tells the holder.
    pub notice: NoticeState,
    /// Where it stands.
    pub state: RemovalState,
}

impl Removal {
    /// What it is about.
    #[must_use]
    pub fn what(&self) -> String {
        match (&self.email_hint, &self.factor) {
            (Some(email), _) => format!("{}: {}", text::NEW_ADDRESS, email.as_str()),
            (None, Some(factor)) => factor.as_str().to_owned(),
            (None, None) => text::RECOVERY_CODES_ALONE.to_owned(),
        }
    }

    /// Whether it runs at its time: not while the holder is not told.
    #[must_use]
    pub const fn holder_is_told(&self) -> bool {
        match self.notice {
            NoticeState::NotAwaited | NoticeState::Sent => true,
            NoticeState::Refused => self.email_hint.is_some() && self.needs_approval,
            NoticeState::Pending | NoticeState::GivenUp => false,
        }
    }

    /// Whether somebody must still approve it.
    #[must_use]
    pub fn waits_for_approval(&self) -> bool {
        self.needs_approval && self.approved_by.is_none()
    }
}
