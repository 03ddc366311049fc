//! Looking at an account's past: which events, the state as of then, and what an event changed.
//!
//! No type of this module has a field for a password, a secret or a code (SR-121).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::event::Event;

/// What events are about, as a time line is filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Passwords given, sign-ins, sessions, devices.
    SignIns,
    /// Codes: asked for, accepted, refused.
    Codes,
    /// What must wait or is closed, and what ended that.
    Locks,
    /// Looks and acts of support, and what two people do.
    Support,
    /// Mails: sent, and given up.
    Mail,
    /// What the account proves itself with: authenticators, recovery codes, password, address.
    Factors,
}

/// In which order a time line is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The newest event first.
    #[default]
    Newest,
    /// The oldest event first.
    Oldest,
}

/// The state of an account as of then, folded from its events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct StateAsOf {
    /// The last revision that it covers; left out where nothing had happened yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The newest revision of the account, this look's own included.
    pub newest: u64,
    /// The state.
    #[cfg_attr(feature = "server", schema(value_type = Object))]
    pub state: Value,
}

/// The query of `GET /v1/support/accounts/{account}/changes`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "server", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ChangesQuery {
    /// Up to and with this revision.
    pub revision: u64,
    /// From the state after this revision, an earlier one; the one right before without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// The ticket that it is for, 1 to 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

/// What became different between two revisions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct StateChanges {
    /// The revision before; left out where nothing had happened yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// The revision after.
    pub revision: u64,
    /// The newest revision of the account, this look's own included.
    pub newest: u64,
    /// The event of `revision`.
    pub event: Event,
    /// What is different, in the order of the paths.
    pub changes: Vec<StateChange>,
}

/// One part of the state that became different.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct StateChange {
    /// Where, as a JSON pointer (RFC 6901) into the state.
    pub path: String,
    /// What stood there; left out where nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(value_type = Option<Object>))]
    pub before: Option<Value>,
    /// What stands there; left out where nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(value_type = Option<Object>))]
    pub after: Option<Value>,
}
