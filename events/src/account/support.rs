//! What support does to an account beyond ending a lockout. Each has sealed `pii`: `{reason,
//! ticket}`, but where it says otherwise.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::is_false;
use crate::id::{EventId, FactorId};

/// Support suspended the account: nobody signs in, and whatever had begun ended at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspended {}

/// Support ended a suspension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resumed {}

/// Support had a link to a new password sent to the address on record (stands beside its
/// `PasswordResetRequested`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordMailAsked {}

/// How support made sure that it speaks with the holder: a method and nothing else (SR-127).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityProof {
    /// Called back under the number on record.
    CallBack,
    /// Seen in person, with a document.
    InPerson,
    /// Seen in a video call, and compared with a picture on record.
    VideoCall,
    /// Somebody who knows the holder spoke for the holder.
    KnownColleague,
    /// The holder's superior spoke for the holder.
    Superior,
    /// Identified as at the beginning.
    IdentifiedAnew,
}

/// Support asked for the removal of an authenticator, or of the recovery codes, or for another
/// address. The service does it by itself from a time on, unless it is stopped. What `pii` holds of
/// an address beside its reason and ticket is `email`: the new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorRemovalRequested {
    /// The authenticator; none where it is about the recovery codes alone, or about the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<FactorId>,
    /// Whether it is about the address: another takes its place, and nothing is removed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub address: bool,
    /// How it was made sure that this is the holder.
    pub proof: IdentityProof,
    /// Whether the delay falls away, since the holder stands there in person.
    #[serde(default, skip_serializing_if = "is_false")]
    pub in_person: bool,
    /// Whether another person must approve.
    pub needs_approval: bool,
    /// From when it is done, once approved.
    pub runs_at: Timestamp,
    /// Whether it is done only once the notice of it has left, and that much later where the notice
    /// leaves late.
    #[serde(default, skip_serializing_if = "is_false")]
    pub awaits_notice: bool,
}

/// Another person of support approved a removal, or another address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorRemovalApproved {
    /// The event that asked for it.
    pub request: EventId,
}

/// Support gave a removal, or another address, up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorRemovalCancelled {
    /// The event that asked for it.
    pub request: EventId,
}

/// The holder stopped a removal, or another address, by the link of a notice (stands beside its
/// `Repudiated`). Nothing sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorRemovalObjected {
    /// The event that asked for it.
    pub request: EventId,
}

/// The service did a removal: the recovery codes are dead, and so is the authenticator that it was
/// about (stands beside its `FactorRemoved`). Nothing sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorRemovalCompleted {
    /// The event that asked for it.
    pub request: EventId,
}

/// What of an account was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Viewed {
    /// Its masked state.
    Account,
    /// Its time line.
    Events,
    /// Its state as of an earlier revision.
    State,
    /// Whether there is one: an exact search by login or address.
    Search,
    /// The log as it grows, which names nobody: recorded of the operator's own account.
    Log,
}

/// An operator looked. Sealed `pii`: `{ticket?}`; none where a search found nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryViewed {
    /// At what.
    pub what: Viewed,
}
