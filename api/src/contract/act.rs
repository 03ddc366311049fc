//! What support does to an account beyond ending a lockout: each act with a reason and a ticket,
//! and each answered with the event that it left.
//!
//! No type of this module has a field for a password, a secret or a code, nor for a document that
//! proves who somebody is (SR-121, SR-127).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::Event;
use super::id::{AccountId, FactorId, RemovalId};

/// `POST /v1/support/accounts/{account}/suspensions`, `…/resumptions`, `…/session-ends`,
/// `…/password-mails`, and `…/factor-removals/{removal}/approve` and `…/cancel`, and the same of
/// `…/address-changes/{removal}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// Why, 1 to 500 characters.
    pub reason: String,
    /// The ticket, 1 to 64 characters.
    pub ticket: String,
}

/// An act that was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Acted {
    /// The event that was written.
    pub event: Event,
}

/// How support made sure that it speaks with the holder. What somebody knows of the holder is no
/// proof, and is not offered (SR-127).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IdentityProof {
    /// Called back under the number on record, never one given in the call.
    CallBack,
    /// Seen in person, with a document.
    InPerson,
    /// Seen in a video call, and compared with a picture on record.
    VideoCall,
    /// Somebody who knows the holder was asked by support, and speaks for the holder.
    KnownColleague,
    /// The holder's superior was asked by support, and speaks for the holder.
    Superior,
    /// Identified as at the beginning, by whoever did it then.
    IdentifiedAnew,
}

/// `POST /v1/support/accounts/{account}/factor-removals`: exactly one of `factor_id` and
/// `recovery_codes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AskRemoval {
    /// The authenticator to remove; the recovery codes go with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor_id: Option<FactorId>,
    /// Whether it is about the recovery codes alone.
    #[serde(default, skip_serializing_if = "is_false")]
    pub recovery_codes: bool,
    /// How it was made sure that this is the holder.
    pub proof: IdentityProof,
    /// Whether the delay falls away: only with the proof `in_person`, and only where another person
    /// must approve.
    #[serde(default, skip_serializing_if = "is_false")]
    pub in_person: bool,
    /// Why, 1 to 500 characters.
    pub reason: String,
    /// The ticket, 1 to 64 characters.
    pub ticket: String,
}

/// `POST /v1/support/accounts/{account}/address-changes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AskAddressChange {
    /// The new address.
    pub email: String,
    /// How it was made sure that this is the holder.
    pub proof: IdentityProof,
    /// Why, 1 to 500 characters.
    pub reason: String,
    /// The ticket, 1 to 64 characters.
    pub ticket: String,
}

/// Where the removal of an authenticator stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RemovalState {
    /// It waits: for an approval, for its time, or for both.
    Pending,
    /// It was done.
    Completed,
    /// Support gave it up.
    Cancelled,
    /// The holder said that it was somebody else's doing.
    Objected,
}

/// What became of the notice of what support asked for. The delay runs from when the holder was
/// told, and nothing is done while he was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// There is no address that it could go to, or the holder stood there in person.
    NotAwaited,
    /// It has not left: the removal waits for that.
    Pending,
    /// The mail server has taken it.
    Sent,
    /// The mail server refused it for good. Another address takes its place all the same, where
    /// another person must approve; nothing is removed before support asks anew.
    Refused,
    /// It was given up, as no mail server took it: nothing is done before support asks anew.
    GivenUp,
}

/// What support asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RemovalAbout {
    /// The removal of an authenticator.
    Factor,
    /// The removal of the recovery codes alone.
    RecoveryCodes,
    /// Another address: nothing is removed.
    Address,
}

/// The removal of an authenticator, or of the recovery codes, or another address, that support
/// asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Removal {
    /// Its id: that of the event that asked for it.
    pub removal_id: RemovalId,
    /// The account.
    pub account_id: AccountId,
    /// Its login, masked.
    pub login_hint: String,
    /// What it is about.
    pub about: RemovalAbout,
    /// The authenticator; none where it is about the recovery codes alone, or about the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<RemovalFactor>,
    /// The new address, masked: there where another takes the present one's place, unless it is
    /// sealed, as in an exported log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_hint: Option<String>,
    /// The operator who asked.
    pub asked_by: AccountId,
    /// That operator's login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by_login: Option<String>,
    /// When.
    pub asked_at: Timestamp,
    /// For which ticket.
    pub ticket: String,
    /// Why, in the words of who asked.
    pub reason: String,
    /// How it was made sure that this is the holder.
    pub proof: IdentityProof,
    /// Whether the delay falls away for it.
    pub in_person: bool,
    /// Whether another person must approve.
    pub needs_approval: bool,
    /// The supervisor who approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<AccountId>,
    /// That supervisor's login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by_login: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_at: Option<Timestamp>,
    /// When its delay ends: the service removes by itself from then on, once it is approved and the
    /// holder is told.
    pub runs_at: Timestamp,
    /// What became of the notice that tells the holder.
    pub notice: NoticeState,
    /// Whether the holder can object: to an address that was never proven the notice goes without a
    /// link, and the service cannot be stopped by it.
    pub can_object: bool,
    /// Where it stands.
    pub state: RemovalState,
}

/// The authenticator of a removal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RemovalFactor {
    /// Its id.
    pub id: FactorId,
    /// The holder's name for it.
    pub name: String,
}

/// A removal that was asked for, approved or cancelled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RemovalActed {
    /// The removal.
    pub removal: Removal,
    /// The event that was written.
    pub event: Event,
}

/// The removals that a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RemovalListState {
    /// Those that wait.
    Pending,
}

/// The query of `GET /v1/support/factor-removals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "server", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct RemovalListQuery {
    /// Which removals.
    pub state: RemovalListState,
    /// Where to go on: the last page's `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<u64>,
    /// Items at most, 1 to 200; 50 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}
