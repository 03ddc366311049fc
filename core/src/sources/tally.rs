//! What one source has done, and when that is too much.

use jiff::SignedDuration;

use super::window::{DAY, Distinct, HOUR, Window};

/// What a source may do before it is blocked. Counts are at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLimits {
    /// Wrong passwords in an hour.
    pub password_failures_hour: u32,
    /// Wrong passwords in a day.
    pub password_failures_day: u32,
    /// Accounts, or logins that do not exist, with a wrong password in an hour.
    pub password_accounts_hour: u32,
    /// Wrong or malformed codes in an hour.
    pub code_failures_hour: u32,
    /// Accounts with a wrong code in an hour.
    pub code_accounts_hour: u32,
    /// Mails asked for in an hour; one more is refused, and nothing is blocked.
    pub mails_hour: u32,
    /// How long a source is blocked.
    pub block: SignedDuration,
}

impl Default for SourceLimits {
    fn default() -> Self {
        Self {
            password_failures_hour: 60,
            password_failures_day: 300,
            password_accounts_hour: 20,
            code_failures_hour: 20,
            code_accounts_hour: 5,
            mails_hour: 20,
            block: SignedDuration::from_hours(1),
        }
    }
}

impl SourceLimits {
    /// The same for something that holds so many sources.
    pub(super) fn times(self, times: u32) -> Self {
        Self {
            password_failures_hour: self.password_failures_hour.saturating_mul(times),
            password_failures_day: self.password_failures_day.saturating_mul(times),
            password_accounts_hour: self.password_accounts_hour.saturating_mul(times),
            code_failures_hour: self.code_failures_hour.saturating_mul(times),
            code_accounts_hour: self.code_accounts_hour.saturating_mul(times),
            mails_hour: self.mails_hour.saturating_mul(times),
            block: self.block,
        }
    }
}

/// A failure of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// A wrong password of this account.
    Password(u32),
    /// A wrong code of this account.
    Code(u32),
    /// What is no code at all: whose it would have been is not looked at.
    Malformed,
}

/// What one source has done.
#[derive(Debug, Default)]
pub(super) struct Tally {
    passwords_hour: Window<HOUR>,
    passwords_day: Window<DAY>,
    password_accounts: Distinct,
    codes: Window<HOUR>,
    code_accounts: Distinct,
    pub(super) mails: Window<HOUR>,
}

impl Tally {
    pub(super) fn count(&mut self, failure: Failure, limits: &SourceLimits, now: u64) {
        match failure {
            Failure::Password(account) => {
                self.passwords_hour.add(now);
                self.passwords_day.add(now);
                self.password_accounts.add(account, limits.password_accounts_hour, now);
            }
            Failure::Code(account) => {
                self.codes.add(now);
                self.code_accounts.add(account, limits.code_accounts_hour, now);
            }
            Failure::Malformed => self.codes.add(now),
        }
    }

    /// The limit that is reached, by its name in the configuration.
    pub(super) fn reached(&self, limits: &SourceLimits, now: u64) -> Option<&'static str> {
        let counts = [
            ("pw_fail_1h", self.passwords_hour.count(now), limits.password_failures_hour),
            ("pw_fail_24h", self.passwords_day.count(now), limits.password_failures_day),
            ("accounts_1h", self.password_accounts.count(now), limits.password_accounts_hour),
            ("mfa_fail_1h", self.codes.count(now), limits.code_failures_hour),
            ("mfa_accounts_1h", self.code_accounts.count(now), limits.code_accounts_hour),
        ];
        counts.into_iter().find(|(_, count, limit)| count >= limit).map(|(name, ..)| name)
    }

    /// What a block has answered for: after it the hour begins anew, and the day goes on.
    pub(super) fn begin_hour_anew(&mut self) {
        let Self { passwords_day, mails, .. } = std::mem::take(self);
        *self = Self { passwords_day, mails, ..Self::default() };
    }
}
