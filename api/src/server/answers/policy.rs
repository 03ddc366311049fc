//! The policy, as it goes over the wire.

use std::mem::discriminant;

use countersign_core::actors::policy::PolicyRecord;
use countersign_core::domain::policy::{Policy as Wanted, Profile};
use countersign_core::domain::refusal::Refusal;
use countersign_events::id::PolicyVersion;
use serde_json::{Map, Value, json};

use super::by;
use crate::contract::policy::{Policy, PolicyChange, SetPolicy, SettingChanged};

/// Versions that a history tells of.
const HISTORY_MAX: usize = 50;

/// A version, or the one in force.
///
/// # Errors
/// [`Refusal::NotFound`] where there is no such version.
pub(crate) fn policy(records: &[PolicyRecord], version: Option<u64>) -> Result<Policy, Refusal> {
    let last = records.last();
    let found = match version.map(PolicyVersion::new) {
        None => last,
        Some(version) => records.iter().find(|record| record.set.version == version),
    };
    let record = found.ok_or(Refusal::NotFound("policy version"))?;
    let set = &record.set;
    Ok(Policy {
        version: set.version.get(),
        in_force: last.is_some_and(|last| last.set.version == set.version),
        since: record.at,
        by: by(record.by.clone()),
        profile: set.profile.clone(),
        settings: set.settings.clone(),
        accepted_risks: set.accepted_risks.clone(),
        history: records.iter().rev().take(HISTORY_MAX).map(change).collect(),
    })
}

fn change(record: &PolicyRecord) -> PolicyChange {
    let set = &record.set;
    let changed = set.changed.iter().map(|(key, changed)| {
        let (before, after) = (changed.before.clone(), changed.after.clone());
        (key.clone(), SettingChanged { before, after })
    });
    PolicyChange {
        version: set.version.get(),
        since: record.at,
        by: by(record.by.clone()),
        profile: set.profile.clone(),
        changed: changed.collect(),
        accepted_risks: set.accepted_risks.clone(),
    }
}

/// Whether each setting is one, and its value of the right kind, whatever it is.
///
/// # Errors
/// What is wrong with the first that is not.
pub(crate) fn check_form(asked: &SetPolicy) -> Result<(), String> {
    let standard = Wanted::of(Profile::Standard).settings();
    for (key, value) in &asked.settings {
        let usual = standard.get(key).ok_or_else(|| format!("there is no setting {key}"))?;
        let fits = match (usual, value) {
            // A moment, which is none in the standard.
            (Value::Null, value) => value.is_null() || value.is_string(),
            (usual, value) => discriminant(usual) == discriminant(value),
        };
        if !fits {
            return Err(format!("{key} is of another kind, such as {usual}"));
        }
    }
    Ok(())
}

/// The policy that is asked for.
///
/// # Errors
/// [`Refusal::Invalid`] for a profile or a setting that there is not, and a value out of bounds.
/// The settings that there are, each with the type of its value.
pub(crate) fn settings_schema() -> Value {
    let of = |value: &Value| match value {
        // A moment, which is none in the standard.
        Value::Null => json!({ "type": ["string", "null"] }),
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Number(number) if number.is_f64() => json!({ "type": "number" }),
        Value::Number(_) => json!({ "type": "integer" }),
        Value::String(_) => json!({ "type": "string" }),
        Value::Array(_) => json!({ "type": "array" }),
        Value::Object(_) => json!({ "type": "object" }),
    };
    let settings = Wanted::of(Profile::Standard).settings();
    let properties: Map<String, Value> =
        settings.iter().map(|(name, value)| (name.clone(), of(value))).collect();
    json!({
        "type": "object",
        "description": "Values by the name of their setting, as in the configuration.",
        "additionalProperties": false,
        "properties": properties,
    })
}

/// The policy that is meant.
///
/// # Errors
/// [`Refusal::Invalid`] for another profile, or settings that contradict each other.
pub(crate) fn wanted(asked: &SetPolicy) -> Result<Wanted, Refusal> {
    let profile = Profile::named(&asked.profile).ok_or_else(|| Refusal::Invalid {
        field: "profile",
        reason: "must be standard or strict".to_owned(),
    })?;
    Wanted::with(profile, &asked.settings)
        .map_err(|error| Refusal::Invalid { field: "settings", reason: error.to_string() })
}
