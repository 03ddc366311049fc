//! The sections of the policy: how many guesses there are, and how long things last.
//!
//! What each means, and within which bounds, the core says ([`SETTINGS`]); here they only have a
//! place in the file. Times are texts such as `15m`. What a file does not say, the profile does.
//!
//! [`SETTINGS`]: countersign_core::domain::policy::settings::SETTINGS

use countersign_core::domain::policy::{EmailMode, TwoPerson};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::PasswordHash;

/// Authenticators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Totp {
    /// How codes are derived.
    pub algorithm: String,
    /// Digits of a code.
    pub digits: u64,
    /// Seconds of a time step.
    pub period: u64,
    /// The time steps that are accepted.
    pub skew: Value,
    /// Bytes of a secret.
    pub secret_bytes: u64,
    /// How many guesses there are.
    pub limit: TotpLimit,
}

impl Default for Totp {
    fn default() -> Self {
        Self {
            algorithm: "SHA1".to_owned(),
            digits: 6,
            period: 30,
            skew: json!([-1, 0, 1]),
            secret_bytes: 20,
            limit: TotpLimit::default(),
        }
    }
}

/// Guesses of codes of an authenticator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TotpLimit {
    /// In one sign-in, of all methods together.
    pub per_txn: u64,
    /// Waits of unknown devices.
    pub ladder: Value,
    /// From unknown devices, all of them together.
    pub untrusted_cap: u64,
    /// From known devices, all of them together.
    pub trusted_cap: u64,
    /// From each known device.
    pub trusted_per_device: u64,
    /// In all.
    pub hard_cap: u64,
    /// How long a guess counts.
    pub window: String,
}

impl Default for TotpLimit {
    fn default() -> Self {
        Self {
            per_txn: 5,
            ladder: json!([[5, "15m"], [10, "1h"], [13, "12h"]]),
            untrusted_cap: 16,
            trusted_cap: 10,
            trusted_per_device: 5,
            hard_cap: 26,
            window: "365d".to_owned(),
        }
    }
}

/// Codes by e-mail at the sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Email {
    /// What they are good for.
    pub mode: EmailMode,
    /// Whether the code may be the way to recover of who has one address.
    pub single_channel_ack: bool,
    /// Digits of a code.
    pub digits: u64,
    /// How long a code lives.
    pub ttl: String,
    /// Guesses in a sign-in after which none is looked at.
    pub guesses_per_code: u64,
    /// The least time between two.
    pub min_resend: String,
    /// Codes in 15 minutes.
    pub sends_15m: u64,
    /// Codes in 24 hours.
    pub sends_24h: u64,
    /// Waits of unknown devices.
    pub ladder: Value,
    /// Guesses in a year.
    pub cap: u64,
}

impl Default for Email {
    fn default() -> Self {
        Self {
            mode: EmailMode::SignIn,
            single_channel_ack: false,
            digits: 6,
            ttl: "10m".to_owned(),
            guesses_per_code: 5,
            min_resend: "60s".to_owned(),
            sends_15m: 3,
            sends_24h: 5,
            ladder: json!([[5, "15m"], [10, "1h"], [15, "12h"]]),
            cap: 20,
        }
    }
}

/// Recovery codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recovery {
    /// Codes of a set.
    pub count: u64,
    /// Characters of a code.
    pub chars: u64,
    /// Guesses in a sign-in after which none is looked at.
    pub per_txn: u64,
    /// Waits.
    pub ladder: Value,
    /// Guesses in a year.
    pub cap: u64,
}

impl Default for Recovery {
    fn default() -> Self {
        Self { count: 10, chars: 25, per_txn: 5, ladder: json!([[10, "1h"], [20, "24h"]]), cap: 50 }
    }
}

/// Passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Password {
    /// Characters at least, beside a second factor.
    pub min_with_mfa: u64,
    /// Characters at least, where it is all that an account has.
    pub min_alone: u64,
    /// Bytes at most.
    pub max_bytes: u64,
    /// How hard they are to guess at least, as zxcvbn rates it.
    pub min_score: u64,
    /// Wrong ones without a wait.
    pub free: u64,
    /// The first wait.
    pub base: String,
    /// How many times as long the next one is.
    pub factor: u64,
    /// The longest wait.
    pub max: String,
    /// Wrong ones at each known device.
    pub trusted_per_device: u64,
    /// Wrong ones from unknown devices in a month.
    pub cap: u64,
    /// How long a wrong one counts.
    pub window: String,
    /// What happens at the cap.
    pub on_cap: String,
    /// How they are hashed.
    pub hash: PasswordHash,
}

impl Default for Password {
    fn default() -> Self {
        Self {
            min_with_mfa: 8,
            min_alone: 8,
            max_bytes: 1024,
            min_score: 2,
            free: 4,
            base: "30s".to_owned(),
            factor: 2,
            max: "1h".to_owned(),
            trusted_per_device: 10,
            cap: 100,
            window: "30d".to_owned(),
            on_cap: "email_unlock".to_owned(),
            hash: PasswordHash::default(),
        }
    }
}

/// Sign-ins in progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Txn {
    /// How long one waits for its second factor.
    pub ttl: String,
    /// How long after a refused code the next is looked at.
    pub guesses_apart: String,
    /// At one known device at once.
    pub live_per_device: u64,
    /// Of an account at once.
    pub live_per_account: u64,
}

impl Default for Txn {
    fn default() -> Self {
        let (ttl, guesses_apart) = ("10m".to_owned(), "1s".to_owned());
        Self { ttl, guesses_apart, live_per_device: 3, live_per_account: 10 }
    }
}

/// Known devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Device {
    /// How long one is known.
    pub ttl: String,
    /// What being known grants.
    pub grants: String,
}

impl Default for Device {
    fn default() -> Self {
        Self { ttl: "90d".to_owned(), grants: "throttle_lane_only".to_owned() }
    }
}

/// Sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// How long one lives at the most.
    pub overall: String,
    /// How long it lives unused.
    pub idle: String,
    /// How old a fresh proof may be.
    pub step_up_max_age: String,
    /// Of an account at once.
    pub max_per_account: u64,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            overall: "12h".to_owned(),
            idle: "30m".to_owned(),
            step_up_max_age: "5m".to_owned(),
            max_per_account: 10,
        }
    }
}

/// The alarm over all accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerSettings {
    /// Whether it guards accounts.
    pub enforce: bool,
    /// Failures in an hour that are never an alarm.
    pub mfa_fail_1h_min: u64,
    /// Times the usual number that are one.
    pub factor_over_median: u64,
    /// The share of failures that is one.
    pub share: Value,
    /// Guesses at a guarded account.
    pub guarded_allowance_24h: u64,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            enforce: false,
            mfa_fail_1h_min: 200,
            factor_over_median: 5,
            share: json!(0.3),
            guarded_allowance_24h: 3,
        }
    }
}

/// Those who help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Support {
    /// Lockouts of an account that they end in 30 days.
    pub lockout_resets_30d: u64,
    /// How old their proof may be.
    pub step_up: String,
    /// How long a session of theirs lives at the most.
    pub session_overall: String,
    /// How long it lives unused.
    pub session_idle: String,
    /// Whether another must approve what one of them wants removed.
    pub two_person: TwoPerson,
    /// How long the holder can object before.
    pub removal_hold: String,
    /// How long before another address takes the present one's place.
    pub address_hold: String,
    /// Searches of one of them in an hour.
    pub searches_1h: u64,
    /// Looks of one of them at accounts in an hour.
    pub looks_1h: u64,
    /// Lockouts that one of them ends, and links to a new password, in 24 hours.
    pub resets_24h: u64,
    /// Removals that one of them asks for in 24 hours.
    pub factor_removals_24h: u64,
    /// Suspensions by one of them, their ends, and ends of sessions, in 24 hours.
    pub suspensions_24h: u64,
}

impl Default for Support {
    fn default() -> Self {
        Self {
            lockout_resets_30d: 2,
            step_up: "5m".to_owned(),
            session_overall: "8h".to_owned(),
            session_idle: "15m".to_owned(),
            two_person: TwoPerson::Required,
            removal_hold: "24h".to_owned(),
            address_hold: "72h".to_owned(),
            searches_1h: 300,
            looks_1h: 600,
            resets_24h: 20,
            factor_removals_24h: 5,
            suspensions_24h: 20,
        }
    }
}

/// What stays as it is for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hold {
    /// How long, after a way around a proof was used.
    pub after_recovery: String,
}

impl Default for Hold {
    fn default() -> Self {
        Self { after_recovery: "24h".to_owned() }
    }
}
