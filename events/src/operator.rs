//! What can happen to an operator: an account of this service that may act on others.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::is_false;
use crate::catalogue::events;
use crate::id::{AccountId, ClientId, HandleHash};

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look, unlock, ask for a removal.
    Support,
    /// The same, and approve what another asked for.
    Supervisor,
    /// Read the log.
    Auditor,
    /// Clients, operators, policy.
    Admin,
}

/// An operator was added; a one-time setup token was given out. Added again before it was set up,
/// it has the newer role, and the older token is dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// The role.
    pub role: Role,
    /// The hash of the setup token.
    pub setup: HandleHash,
    /// When the setup token dies.
    pub setup_expires_at: Timestamp,
    /// Whether all admins are told of it by mail.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_admins: bool,
}

/// The setup token was used: the operator has a first password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetUp {}

/// The operator may act no more; a setup token that was not used is dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disabled {
    /// Whether all admins are told of it by mail.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_admins: bool,
}

/// A disabled operator may act again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enabled {
    /// Whether all admins are told of it by mail.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_admins: bool,
}

/// One of two people at the machine asked for an operator to be let in anew, and was told a code
/// for the other. A later request voids it. Sealed `pii`: `{reason, ticket}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnlockRequested {
    /// The hash of the code.
    pub code: HandleHash,
    /// When it dies.
    pub expires_at: Timestamp,
    /// The system user who asked, by number.
    pub uid: u32,
}

/// Another system user confirmed: the operator's password has ended, what was guessed is forgiven,
/// and a one-time token to set a new password with was given out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unlocked {
    /// The hash of the setup token.
    pub setup: HandleHash,
    /// When the setup token dies.
    pub setup_expires_at: Timestamp,
    /// The system user who confirmed, by number.
    pub uid: u32,
    /// Whether all admins are told of it by mail.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_admins: bool,
}

/// This admin and another, both at the machine and each with a code of an authenticator of his own,
/// had the seeds of authenticators written to a file: of people who sign in here, or of a client
/// app's accounts. None of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedsExported {
    /// The other admin.
    pub with: AccountId,
    /// How many.
    pub seeds: u64,
    /// The client app whose accounts they are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    /// Whether all admins are told of it by mail.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_admins: bool,
}

/// What caps of operators count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cap {
    /// Searches in an hour.
    Searches,
    /// Looks at accounts in an hour.
    Looks,
    /// Lockouts ended, and links to a new password sent, in 24 hours.
    Resets,
    /// Removals asked for in 24 hours.
    RemovalsAsked,
    /// Removals approved in 24 hours.
    RemovalsApproved,
    /// Suspensions, their ends, and ends of sessions, in 24 hours.
    Suspensions,
}

/// The operator asked for more than a cap allows, and was refused. Told once in the cap's span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapReached {
    /// Which.
    pub cap: Cap,
    /// How many it allows.
    pub most: u32,
    /// Whether all admins are told of it by mail: once in 24 hours.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_admins: bool,
}

/// Why an operator may not act on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedWhy {
    /// It is the operator's own.
    Own,
    /// It is that of a higher role.
    HigherRole,
}

/// The operator tried to act on an account that no such operator may act on, and was refused. Told
/// once in an hour of each account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActRefused {
    /// On which account.
    pub account: AccountId,
    /// Why it was refused.
    pub why: RefusedWhy,
}

events! {
    /// Everything that can happen to an operator.
    OperatorEvent {
        Added(Added) = "operator.added" v 1,
        SetUp(SetUp) = "operator.set_up" v 1,
        Disabled(Disabled) = "operator.disabled" v 1,
        Enabled(Enabled) = "operator.enabled" v 1,
        UnlockRequested(UnlockRequested) = "operator.unlock_requested" v 1,
        Unlocked(Unlocked) = "operator.unlocked" v 1,
        CapReached(CapReached) = "operator.cap_reached" v 1,
        ActRefused(ActRefused) = "operator.act_refused" v 1,
        SeedsExported(SeedsExported) = "operator.seeds_exported" v 1,
    }
}
