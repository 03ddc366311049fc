//! The profiles: what is in force where a setting says nothing.

use serde::{Deserialize, Serialize};

use super::{EmailMode, Policy};

/// Characters of a password that is all an account has, in the strict profile (D-12).
const CHARS_ALONE_STRICT: usize = 15;

/// Which values stand where none is set.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// What people were promised: a code by e-mail completes a sign-in, and no stranger can disable
    /// a password.
    #[default]
    Standard,
    /// Nearer to the standards: e-mail is for recovery only, a password alone is long, and a
    /// hundred wrong ones disable it until a new one is set by mail.
    Strict,
}

impl Profile {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Standard, Self::Strict];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Strict => "strict",
        }
    }

    /// The profile of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }
}

impl Policy {
    /// The policy of a profile, with nothing set.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        let mut policy = Self { profile, ..Self::default() };
        if profile == Profile::Strict {
            policy.email_mode = EmailMode::RecoveryOnly;
            policy.passwords.chars_alone = CHARS_ALONE_STRICT;
            policy.limits.password.hard_cap = Some(policy.limits.password.unknown_cap);
        }
        policy
    }
}
