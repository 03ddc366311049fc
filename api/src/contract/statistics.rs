//! Live numbers: how many sign-ins, failures, lockouts and mails, over a window of time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A window of time that ends now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// 60 buckets of a minute.
    #[default]
    Hour,
    /// 96 buckets of 15 minutes.
    Day,
    /// 168 buckets of an hour.
    Week,
}

/// The query of `GET /v1/support/stats`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "server", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct StatisticsQuery {
    /// How long a window; an hour without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

/// What happened over a window of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Statistics {
    /// Which window.
    pub window: Window,
    /// Its beginning, which is that of the first bucket.
    pub from: Timestamp,
    /// Its end, which is that of the last bucket: the one that now lies in.
    pub to: Timestamp,
    /// The length of a bucket.
    pub bucket_seconds: u64,
    /// The counts by bucket, one series for each field of the totals, in their order.
    pub series: Vec<Series>,
    /// The sums.
    pub totals: Totals,
    /// The failures, by reason: the most frequent first, none that did not occur.
    pub failures_by_reason: Vec<FailureReason>,
    /// How things stand now, whatever the window.
    pub now: StandingNow,
}

/// One series of counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Series {
    /// `sign_ins`, `failures`, `refused`, `cool_downs`, `lockouts`, `mails_sent`, `mails_failed`.
    pub name: String,
    /// The count of each bucket, the oldest first.
    pub counts: Vec<u64>,
}

/// The sums over a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Totals {
    /// Sign-ins completed.
    pub sign_ins: u64,
    /// Passwords and codes that were looked at and were wrong.
    pub failures: u64,
    /// Attempts refused unevaluated, counted when an event tells of them.
    pub refused: u64,
    /// Waits that began.
    pub cool_downs: u64,
    /// Methods that were closed, or closed to devices that are not known.
    pub lockouts: u64,
    /// Mails that a mail server took.
    pub mails_sent: u64,
    /// Mails given up.
    pub mails_failed: u64,
}

/// How many failures had a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct FailureReason {
    /// Method and reason: `password_wrong`, `totp_wrong`, `totp_reused`, `email_code_expired`, …
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// How things stand now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct StandingNow {
    /// Accounts.
    pub accounts: u64,
    /// Accounts with a second factor.
    pub two_factor: u64,
    /// Accounts with something locked.
    pub locked: u64,
    /// Mails neither sent nor given up.
    pub mails_waiting: u64,
}
