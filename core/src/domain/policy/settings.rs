//! The settings of the policy: one table of their names, bounds, and which direction is tighter.
//!
//! A value is one of JSON, as it stands in the log and in answers; a file's value is the same. The
//! bounds of a setting hold whatever anybody accepts. Within them a value may be tighter than the
//! standard one freely, and looser only at an accepted risk that the log names (SR-096). What
//! states are folded with, and what phones and mails were promised, is fixed: it may be written
//! down, and is then held to be what it is.

mod kind;
mod table;

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Policy, Profile};

pub use kind::Setting;
pub use table::SETTINGS;

/// Values by the name of their setting.
pub type Settings = BTreeMap<String, Value>;

/// A setting that cannot be what it was set to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct InvalidSetting {
    /// Its name.
    pub key: String,
    /// Why.
    pub reason: String,
}

/// A setting whose value differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub key: &'static str,
    /// Its value before.
    pub before: Value,
    /// Its value now.
    pub after: Value,
}

impl Policy {
    /// Every setting with its value.
    #[must_use]
    pub fn settings(&self) -> Settings {
        SETTINGS.iter().map(|setting| (setting.key.to_owned(), setting.value(self))).collect()
    }

    /// The policy of a profile with these settings over it.
    ///
    /// # Errors
    /// [`InvalidSetting`] for a name that is none, a value of another kind, and one out of bounds.
    pub fn with(profile: Profile, settings: &Settings) -> Result<Self, InvalidSetting> {
        let mut policy = Self::of(profile);
        for (key, value) in settings {
            let invalid = |reason| InvalidSetting { key: key.clone(), reason };
            let setting = SETTINGS.iter().find(|setting| setting.key == key);
            let setting = setting.ok_or_else(|| invalid("there is no such setting".to_owned()))?;
            setting.set(&mut policy, value).map_err(invalid)?;
        }
        policy.must_fit_together()?;
        Ok(policy)
    }

    /// Guesses from unknown devices alone must not reach the hard cap: whoever knows a password
    /// could have the authenticator of its holder bound anew.
    fn must_fit_together(&self) -> Result<(), InvalidSetting> {
        let totp = &self.limits.totp;
        if totp.hard_cap.is_none_or(|cap| cap > totp.unknown_cap) {
            return Ok(());
        }
        let reason = format!(
            "must be more than totp.limit.untrusted_cap, which is {}: with guesses from unknown \
             devices alone the authenticator would have to be bound anew",
            totp.unknown_cap
        );
        Err(InvalidSetting { key: "totp.limit.hard_cap".to_owned(), reason })
    }

    /// What differs from another policy, in the order of the table.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<Change> {
        let all = SETTINGS.iter().map(|setting| Change {
            key: setting.key,
            before: setting.value(before),
            after: setting.value(self),
        });
        all.filter(|change| change.before != change.after).collect()
    }

    /// The settings that are looser than those of the standard profile.
    #[must_use]
    pub fn loosened(&self) -> Vec<&'static str> {
        let standard = Self::of(Profile::Standard);
        let looser = SETTINGS.iter().filter(|setting| setting.is_looser(self, &standard));
        looser.map(|setting| setting.key).collect()
    }
}

#[cfg(test)]
mod tests;
