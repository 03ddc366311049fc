//! TOTP (RFC 6238): which time step a code belongs to.
//!
//! The window is exactly {T-1, T, T+1}, T from the server's clock alone (SR-006). All three
//! candidates, and the steps around them, are computed and compared in constant time, whatever
//! matches (SR-011). A policy may narrow the window, and never widens it. Whether a matched step
//! may be accepted is the decision's business: only one that is later than the last one accepted.

use countersign_events::id::FactorId;
use subtle::{Choice, ConstantTimeEq};
use totp_rs::{Algorithm, Secret, Totp};

use super::policy::Skew;

/// Bytes of a secret (RFC 4226, R6: at least 16; SHA-1's output is 20).
pub const SECRET_BYTES: usize = 20;
/// Digits of a code.
pub const DIGITS: u8 = 6;
/// Seconds of a time step.
pub const PERIOD_SECONDS: u64 = 30;
/// Steps accepted on either side of the server's own.
pub const WINDOW_STEPS: i32 = 1;
/// Steps looked through on either side for the offset of a refused code (SR-015).
pub const DRIFT_STEPS: i32 = 10;

/// The secret is no TOTP secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a totp secret: {0}")]
pub struct InvalidSecret(String);

/// A generator of codes for one secret.
pub struct Generator(Totp);

/// Where a code stands, relative to the server's own step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// The authenticator it was compared with.
    pub factor: FactorId,
    /// The server's own step.
    pub now_step: u64,
    /// Which of the three candidates it equals: bit 0 is T-1, bit 1 is T, bit 2 is T+1.
    matches: u8,
    /// The nearest step outside the window that it equals, as an offset.
    pub drift: Option<i32>,
}

impl Generator {
    /// For a secret of [`SECRET_BYTES`].
    ///
    /// # Errors
    /// [`InvalidSecret`] where the bytes cannot be one.
    pub fn new(secret: &[u8]) -> Result<Self, InvalidSecret> {
        totp_rs::Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_step_duration(PERIOD_SECONDS)
            .with_secret(Secret::from(secret.to_vec()))
            .build()
            .map(Self)
            .map_err(|error| InvalidSecret(error.to_string()))
    }

    /// The code of a step.
    #[must_use]
    pub fn code(&self, step: u64) -> String {
        self.0.generate(step.saturating_mul(PERIOD_SECONDS)).to_string()
    }

    fn is_code(&self, typed: &str, step: u64) -> Choice {
        self.code(step).as_bytes().ct_eq(typed.as_bytes())
    }

    /// Compares a code of six ASCII digits with all candidates of the window, and with the steps
    /// around it.
    #[must_use]
    pub fn compare(&self, factor: FactorId, typed: &str, unix_seconds: u64) -> Compared {
        let now_step = unix_seconds / PERIOD_SECONDS;
        let equal = equal_offsets(now_step, |step| self.is_code(typed, step));
        let is_equal = |offset: i32| (equal >> (offset + DRIFT_STEPS)) & 1 == 1;
        let matches = (-WINDOW_STEPS..=WINDOW_STEPS)
            .rev()
            .fold(0, |bits, offset| (bits << 1) | u8::from(is_equal(offset)));
        // The nearest one: told to support, never to the caller.
        let drift = (WINDOW_STEPS + 1..=DRIFT_STEPS)
            .flat_map(|steps| [-steps, steps])
            .find(|offset| matches == 0 && is_equal(*offset));
        Compared { factor, now_step, matches, drift }
    }
}

/// Which offsets a code belongs to: bit 0 is `-DRIFT_STEPS`, the highest `DRIFT_STEPS`.
///
/// Every offset is asked for, whatever matched before: the work is the same for a code that is
/// right, early, late, used or wrong.
fn equal_offsets(now_step: u64, mut is_code: impl FnMut(u64) -> Choice) -> u32 {
    (-DRIFT_STEPS..=DRIFT_STEPS).rev().fold(0, |bits, offset| {
        let step = now_step.saturating_add_signed(i64::from(offset));
        (bits << 1) | u32::from(is_code(step).unwrap_u8())
    })
}

impl Compared {
    /// A comparison made elsewhere, for tests and replays: the offsets within the window that
    /// matched.
    #[must_use]
    pub fn with_offsets(factor: FactorId, now_step: u64, offsets: &[i32]) -> Self {
        let matches = offsets
            .iter()
            .filter(|offset| offset.abs() <= WINDOW_STEPS)
            .fold(0, |bits, offset| bits | (1 << (offset + WINDOW_STEPS)));
        let drift = offsets.iter().copied().find(|offset| offset.abs() > WINDOW_STEPS);
        Self { factor, now_step, matches, drift }
    }

    /// The same within a window that may be narrower: a step outside it is one that a phone is off
    /// by. What was compared, and how long it took, is the same.
    #[must_use]
    pub fn within(mut self, skew: Skew) -> Self {
        let outside = self.steps().map(|(_, offset)| offset);
        let outside = outside.filter(|offset| !skew.offsets().any(|inside| inside == *offset));
        let outside: Vec<i32> = outside.collect();
        for offset in &outside {
            self.matches &= !(1 << (offset + WINDOW_STEPS));
        }
        if self.matches == 0 {
            self.drift = outside.first().copied().or(self.drift);
        }
        self
    }

    /// The steps that matched, oldest first, each with its offset.
    pub fn steps(&self) -> impl Iterator<Item = (u64, i32)> + '_ {
        (-WINDOW_STEPS..=WINDOW_STEPS)
            .filter(|offset| self.matches & (1 << (offset + WINDOW_STEPS)) != 0)
            .map(|offset| (self.now_step.saturating_add_signed(i64::from(offset)), offset))
    }

    /// The first matching step that is later than the last accepted one.
    #[must_use]
    pub fn acceptable(&self, last_step: Option<u64>) -> Option<(u64, i32)> {
        self.steps().find(|(step, _)| last_step.is_none_or(|last| *step > last))
    }

    /// Whether it is a code that was accepted before, or one older than that.
    #[must_use]
    pub fn is_reused(&self, last_step: Option<u64>) -> bool {
        let Some(last) = last_step else { return false };
        let drifted = self.drift.map(|drift| self.now_step.saturating_add_signed(drift.into()));
        self.acceptable(last_step).is_none()
            && (self.steps().next().is_some() || drifted == Some(last))
    }

    /// The offset of a code that is right for another time.
    #[must_use]
    pub fn offset(&self) -> Option<i32> {
        self.steps().next().map(|(_, offset)| offset).or(self.drift)
    }
}

#[cfg(test)]
mod tests;
