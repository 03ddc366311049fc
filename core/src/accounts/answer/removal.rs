//! Removals that support asked for.

use countersign_events::account::IdentityProof;
use countersign_events::id::{AccountId, EventId, FactorId};
use jiff::Timestamp;

use super::EventView;
use crate::domain::removal::NoticeState;

/// Where a removal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovalState {
    /// It waits.
    Pending,
    /// It was done.
    Completed,
    /// Support gave it up.
    Cancelled,
    /// The holder stopped it.
    Objected,
}

/// What support asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovalAbout {
    /// The removal of an authenticator.
    Factor,
    /// The removal of the recovery codes alone.
    RecoveryCodes,
    /// Another address: nothing is removed.
    Address,
}

/// A removal that support asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovalView {
    /// The event that asked for it.
    pub request: EventId,
    /// The account.
    pub account: AccountId,
    /// Its login, masked.
    pub login_hint: String,
    /// What it is about.
    pub about: RemovalAbout,
    /// The authenticator and its name; none where it is about something else.
    pub factor: Option<(FactorId, String)>,
    /// The new address, masked, where it is about that and can be read.
    pub email_hint: Option<String>,
    /// The operator who asked.
    pub asked_by: AccountId,
    /// That operator's login.
    pub asked_by_login: Option<String>,
    /// When.
    pub asked_at: Timestamp,
    /// For which ticket.
    pub ticket: String,
    /// Why, in the words of who asked.
    pub reason: String,
    /// How it was made sure that this is the holder.
    pub proof: IdentityProof,
    /// Whether the delay falls away.
    pub in_person: bool,
    /// Whether another person must approve.
    pub needs_approval: bool,
    /// Who approved, and when.
    pub approved: Option<(AccountId, Timestamp)>,
    /// That operator's login.
    pub approved_by_login: Option<String>,
    /// When its delay ends; not before the holder is told.
    pub runs_at: Timestamp,
    /// What became of the notice of it.
    pub notice: NoticeState,
    /// Whether the holder can object: whether there is a proven address that a link could go to.
    pub can_object: bool,
    /// Where it stands.
    pub state: RemovalState,
}

/// A removal that was asked for, approved or cancelled, with the event that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct RemovalActed {
    /// The removal.
    pub removal: RemovalView,
    /// The event.
    pub event: EventView,
}
