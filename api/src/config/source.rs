//! What one source may do before it is blocked: `[source]`.

use std::ops::RangeInclusive;

use countersign_core::sources::SourceLimits;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// So many times its default a number may be: whoever needs more switches the limits off.
const TIMES_DEFAULT_MAX: u32 = 10;
/// How long a block may be.
const BLOCK: RangeInclusive<SignedDuration> =
    SignedDuration::from_mins(1)..=SignedDuration::from_hours(24);

/// What one source may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Source {
    /// Whether sources are limited.
    pub enabled: bool,
    /// Wrong passwords in an hour.
    pub pw_fail_1h: u32,
    /// Wrong passwords in a day.
    pub pw_fail_24h: u32,
    /// Logins with a wrong password in an hour.
    pub accounts_1h: u32,
    /// Wrong codes in an hour.
    pub mfa_fail_1h: u32,
    /// Accounts with a wrong code in an hour.
    pub mfa_accounts_1h: u32,
    /// Mails asked for in an hour.
    pub mails_1h: u32,
    /// How long a source is blocked.
    pub block: String,
}

impl Default for Source {
    fn default() -> Self {
        let limits = SourceLimits::default();
        Self {
            enabled: true,
            pw_fail_1h: limits.password_failures_hour,
            pw_fail_24h: limits.password_failures_day,
            accounts_1h: limits.password_accounts_hour,
            mfa_fail_1h: limits.code_failures_hour,
            mfa_accounts_1h: limits.code_accounts_hour,
            mails_1h: limits.mails_hour,
            block: "1h".to_owned(),
        }
    }
}

impl Source {
    /// The limits; none where they are switched off.
    pub(super) fn check(&self) -> Result<Option<SourceLimits>, ConfigError> {
        let usual = Self::default();
        for (key, value, default) in [
            ("source.pw_fail_1h", self.pw_fail_1h, usual.pw_fail_1h),
            ("source.pw_fail_24h", self.pw_fail_24h, usual.pw_fail_24h),
            ("source.accounts_1h", self.accounts_1h, usual.accounts_1h),
            ("source.mfa_fail_1h", self.mfa_fail_1h, usual.mfa_fail_1h),
            ("source.mfa_accounts_1h", self.mfa_accounts_1h, usual.mfa_accounts_1h),
            ("source.mails_1h", self.mails_1h, usual.mails_1h),
        ] {
            let most = default.saturating_mul(TIMES_DEFAULT_MAX);
            if !(1..=most).contains(&value) {
                let reason = format!("must be 1 to {most}");
                return Err(ConfigError::Setting { key, reason });
            }
        }
        let block = self.block.parse::<SignedDuration>().ok().filter(|wait| BLOCK.contains(wait));
        let block = block.ok_or_else(|| ConfigError::Setting {
            key: "source.block",
            reason: "must be a time from 1m to 24h, such as 1h or 90m".to_owned(),
        })?;
        Ok(self.enabled.then_some(SourceLimits {
            password_failures_hour: self.pw_fail_1h,
            password_failures_day: self.pw_fail_24h,
            password_accounts_hour: self.accounts_1h,
            code_failures_hour: self.mfa_fail_1h,
            code_accounts_hour: self.mfa_accounts_1h,
            mails_hour: self.mails_1h,
            block,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(change: impl FnOnce(&mut Source)) -> String {
        let mut source = Source::default();
        change(&mut source);
        source.check().expect_err("refused").to_string()
    }

    #[test]
    fn sr_091_sources_are_limited_by_default_as_the_core_has_it() {
        assert_eq!(Source::default().check().unwrap(), Some(SourceLimits::default()));
        let off = Source { enabled: false, ..Source::default() };
        assert_eq!(off.check().unwrap(), None);
    }

    #[test]
    fn a_number_is_at_least_one_and_at_most_ten_times_its_default() {
        assert_eq!(
            refusal(|source| source.mfa_accounts_1h = 0),
            "source.mfa_accounts_1h: must be 1 to 50"
        );
        assert_eq!(refusal(|source| source.mails_1h = 201), "source.mails_1h: must be 1 to 200");
        let tight = Source { pw_fail_1h: 1, mfa_accounts_1h: 50, ..Source::default() };
        assert!(tight.check().is_ok());
    }

    #[test]
    fn a_block_is_a_minute_to_a_day() {
        for bad in ["", "1", "59s", "25h", "-1h", "always"] {
            let error = refusal(|source| source.block = bad.to_owned());
            assert!(error.starts_with("source.block: must be"), "{bad}: {error}");
        }
        for good in ["1m", "90m", "1h 30m", "24h", "PT2H"] {
            let source = Source { block: good.to_owned(), ..Source::default() };
            assert!(source.check().is_ok(), "{good}");
        }
    }
}
