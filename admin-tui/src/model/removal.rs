//! What support asked for and waits, with all text made printable: the removal of an authenticator
//! or of the recovery codes, or another address.

use countersign_api::contract::act::{IdentityProof, NoticeState, RemovalAbout, RemovalState};
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
    /// What it is about.
    pub about: RemovalAbout,
    /// The authenticator's name, or its id where no name is known.
    pub factor: Option<Printable>,
    /// The new address, masked, where it is about that and can be read.
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
    /// Whether no delay is waited for.
    pub in_person: bool,
    /// Whether another person must approve.
    pub needs_approval: bool,
    /// Who approved.
    pub approved_by: Option<Printable>,
    /// When its delay ends.
    pub runs_at: Timestamp,
    /// What became of the notice that tells the holder.
    pub notice: NoticeState,
    /// Whether the holder can object.
    pub can_object: bool,
    /// Where it stands.
    pub state: RemovalState,
}

impl Removal {
    /// What it is about.
    #[must_use]
    pub fn what(&self) -> String {
        let or_sealed = |words: &Option<Printable>| match words {
            Some(words) => words.to_string(),
            None => text::SEALED.to_owned(),
        };
        match self.about {
            RemovalAbout::Address => {
                format!("{}: {}", text::NEW_ADDRESS, or_sealed(&self.email_hint))
            }
            RemovalAbout::Factor => or_sealed(&self.factor),
            RemovalAbout::RecoveryCodes => text::RECOVERY_CODES_ALONE.to_owned(),
        }
    }

    /// Whether it is about another address, and removes nothing.
    #[must_use]
    pub fn is_address(&self) -> bool {
        self.about == RemovalAbout::Address
    }

    /// Whether it runs at its time: not while the holder is not told.
    #[must_use]
    pub fn holder_is_told(&self) -> bool {
        match self.notice {
            NoticeState::NotAwaited | NoticeState::Sent => true,
            NoticeState::Refused => self.is_address() && self.needs_approval,
            NoticeState::Pending | NoticeState::GivenUp => false,
        }
    }

    /// Whether somebody must still approve it.
    #[must_use]
    pub fn waits_for_approval(&self) -> bool {
        self.needs_approval && self.approved_by.is_none()
    }

    /// Whether nothing but an approval is waited for: it runs in the moment that it is given.
    #[must_use]
    pub fn runs_when_approved(&self, now: Timestamp) -> bool {
        self.waits_for_approval() && self.holder_is_told() && self.runs_at <= now
    }
}
