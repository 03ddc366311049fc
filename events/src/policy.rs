//! What can happen to the policy: the numbers that decisions are taken by.
//!
//! Every entry of an account names the version it was decided under; this stream says what that
//! version was. Settings stand by their names in the configuration, with values as they would stand
//! there, so that a reader needs no program to know what was in force.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::account::is_false;
use crate::catalogue::events;
use crate::id::PolicyVersion;

/// A setting that has another value than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// The value before; none where there was no policy.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub before: Value,
    /// The value from now on; none where it is set no more.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub after: Value,
}

/// A policy is in force from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// Its version: one more than the one before, beginning with 1.
    pub version: PolicyVersion,
    /// The profile that what was not set by itself came from.
    pub profile: String,
    /// Every setting with its value.
    pub settings: BTreeMap<String, Value>,
    /// What differs from the version before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub changed: BTreeMap<String, Changed>,
    /// The settings that are looser than the standard: whoever set them accepted the risk.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted_risks: Vec<String>,
    /// Whether all admins are told of it by mail.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells_admins: bool,
}

events! {
    /// Everything that can happen to the policy.
    PolicyEvent {
        Set(Set) = "policy.set" v 1,
    }
}
