//! The policy: the numbers that decisions are taken by, and who set them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::event::By;

/// `PUT /v1/policy`: the whole policy. What is not said is as the profile has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetPolicy {
    /// `standard` or `strict`.
    pub profile: String,
    /// Values by the name of their setting, as in the configuration: `{"totp.limit.hard_cap": 20}`.
    #[serde(default)]
    #[cfg_attr(feature = "server", schema(value_type = Object))]
    pub settings: BTreeMap<String, Value>,
}

/// The query of `GET /v1/policy`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "server", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct PolicyQuery {
    /// The version; without it the one in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// A version of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Policy {
    /// Its number, named by every event decided under it.
    pub version: u64,
    /// Whether it is the one in force.
    pub in_force: bool,
    /// Since when it is, or was.
    pub since: Timestamp,
    /// Who set it.
    pub by: By,
    /// The profile that what was not set by itself came from.
    pub profile: String,
    /// Every setting with its value.
    #[cfg_attr(feature = "server", schema(value_type = Object))]
    pub settings: BTreeMap<String, Value>,
    /// The settings that are looser than the standard, whose risk was accepted.
    pub accepted_risks: Vec<String>,
    /// The versions up to the one in force, the latest first; the last fifty.
    pub history: Vec<PolicyChange>,
}

/// How a version came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PolicyChange {
    /// Its number.
    pub version: u64,
    /// Since when it was in force.
    pub since: Timestamp,
    /// Who set it.
    pub by: By,
    /// Its profile.
    pub profile: String,
    /// What differs from the version before.
    pub changed: BTreeMap<String, SettingChanged>,
    /// The settings that are looser than the standard, whose risk was accepted.
    pub accepted_risks: Vec<String>,
}

/// A setting's values before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SettingChanged {
    /// Before; `null` where there was none.
    #[cfg_attr(feature = "server", schema(value_type = Object))]
    pub before: Value,
    /// After; `null` where there is none.
    #[cfg_attr(feature = "server", schema(value_type = Object))]
    pub after: Value,
}
