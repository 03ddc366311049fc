//! TOTP (RFC 6238): which time step a code belongs to.
//!
//! A phone whose clock nothing is known of is accepted at exactly {T-1, T, T+1}, T from the
//! server's clock alone (SR-006); what its codes tell of its clock shifts that [`Window`] (SR-014),
//! and a policy may narrow it, and never widens it (SR-013). All candidates, and the steps around
//! them, are computed and compared in constant time, whatever matches (SR-011). Whether a matched
//! step may be accepted is the decision's business: only one within the window, and later than the
//! last one accepted.

use countersign_events::id::FactorId;
use subtle::{Choice, ConstantTimeEq};
use totp_rs::{Algorithm, Secret, Totp};

mod window;
pub use window::{Drift, LEARNED_STEPS, Window};

/// Bytes of a secret (RFC 4226, R6: at least 16; SHA-1's output is 20).
pub const SECRET_BYTES: usize = 20;
/// Digits of a code.
pub const DIGITS: u8 = 6;
/// Seconds of a time step.
pub const PERIOD_SECONDS: u64 = 30;
/// Steps accepted on either side of the one that a phone is taken to be at.
pub const WINDOW_STEPS: i32 = 1;
/// Steps looked through on either side of a phone's centre: they hold every [`Window`] of it, and
/// tell how far off a refused code is (SR-015).
pub const DRIFT_STEPS: i32 = 10;

/// Steps looked through on either side for two codes in a row (SR-018).
pub const RESYNC_STEPS: i32 = 20;

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
    /// The offset around which it was compared.
    centre: i32,
    /// Which of the steps around that it belongs to: bit 0 is [`DRIFT_STEPS`] before it.
    equal: u32,
}

/// Where two codes stand that an authenticator showed one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComparedTwo {
    /// The authenticator they were compared with.
    pub factor: FactorId,
    /// The server's own step.
    pub now_step: u64,
    /// The offset of the second.
    found: Option<i32>,
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

    /// Compares a code of six ASCII digits with all candidates around a centre: the offset that a
    /// phone was found at, or none for one that never was ([`Drift::centre`]).
    #[must_use]
    pub fn compare(
        &self,
        factor: FactorId,
        typed: &str,
        unix_seconds: u64,
        centre: i32,
    ) -> Compared {
        let now_step = unix_seconds / PERIOD_SECONDS;
        let equal = equal_offsets(at(now_step, centre), |step| self.is_code(typed, step));
        Compared { factor, now_step, centre, equal }
    }
}

impl Generator {
    /// Compares two codes of six ASCII digits with every two steps in a row, up to [`RESYNC_STEPS`]
    /// on either side. All are computed and compared, whatever matches.
    #[must_use]
    pub fn compare_two(
        &self,
        factor: FactorId,
        (first, second): (&str, &str),
        unix_seconds: u64,
    ) -> ComparedTwo {
        let now_step = unix_seconds / PERIOD_SECONDS;
        let is_code = |typed: &str, offset| self.is_code(typed, at(now_step, offset));
        let equal: Vec<(i32, Choice)> = (-RESYNC_STEPS + 1..=RESYNC_STEPS)
            .map(|offset| (offset, is_code(first, offset - 1) & is_code(second, offset)))
            .collect();
        let equal = equal.into_iter().filter(|(_, both)| bool::from(*both));
        let found = equal.map(|(offset, _)| offset).min_by_key(|offset| offset.abs());
        ComparedTwo { factor, now_step, found }
    }
}

impl ComparedTwo {
    /// A comparison made elsewhere, for tests: the offset of the second code, if both matched.
    #[must_use]
    pub fn with_offset(factor: FactorId, now_step: u64, found: Option<i32>) -> Self {
        let found = found.filter(|offset| (-RESYNC_STEPS + 1..=RESYNC_STEPS).contains(offset));
        Self { factor, now_step, found }
    }

    /// The step of the second code, with its offset.
    #[must_use]
    pub fn step(&self) -> Option<(u64, i32)> {
        self.found.map(|offset| (at(self.now_step, offset), offset))
    }

    /// Whether one of the two was accepted before, or is older than one that was.
    #[must_use]
    pub fn is_reused(&self, last_step: u64) -> bool {
        self.found.is_some_and(|offset| at(self.now_step, offset.saturating_sub(1)) <= last_step)
    }
}

/// The step at an offset from another.
fn at(step: u64, offset: i32) -> u64 {
    step.saturating_add_signed(i64::from(offset))
}

/// Which offsets from a step a code belongs to: bit 0 is `-DRIFT_STEPS`, the highest `DRIFT_STEPS`.
///
/// Every offset is asked for, whatever matched before: the work is the same for a code that is
/// right, early, late, used or wrong.
fn equal_offsets(step: u64, mut is_code: impl FnMut(u64) -> Choice) -> u32 {
    (-DRIFT_STEPS..=DRIFT_STEPS)
        .rev()
        .fold(0, |bits, offset| (bits << 1) | u32::from(is_code(at(step, offset)).unwrap_u8()))
}

impl Compared {
    /// A comparison made elsewhere, for tests and replays: the offsets that matched, around none.
    #[must_use]
    pub fn with_offsets(factor: FactorId, now_step: u64, offsets: &[i32]) -> Self {
        Self::with_offsets_around(factor, now_step, 0, offsets)
    }

    /// The same around a centre.
    #[must_use]
    pub fn with_offsets_around(
        factor: FactorId,
        now_step: u64,
        centre: i32,
        offsets: &[i32],
    ) -> Self {
        let equal = offsets
            .iter()
            .map(|offset| offset.saturating_sub(centre))
            .filter(|offset| (-DRIFT_STEPS..=DRIFT_STEPS).contains(offset))
            .fold(0, |bits, offset| bits | (1 << (offset + DRIFT_STEPS)));
        Self { factor, now_step, centre, equal }
    }

    fn is_equal(&self, offset: i32) -> bool {
        let from_centre = offset.saturating_sub(self.centre);
        (-DRIFT_STEPS..=DRIFT_STEPS).contains(&from_centre)
            && (self.equal >> (from_centre + DRIFT_STEPS)) & 1 == 1
    }

    /// The steps of a window that matched, oldest first, each with its offset.
    fn steps(&self, window: Window) -> impl Iterator<Item = (u64, i32)> {
        let equal = window.offsets().filter(|offset| self.is_equal(*offset));
        equal.map(|offset| (at(self.now_step, offset), offset))
    }

    /// The offsets that matched, the ones nearest to the centre first.
    fn nearest(&self) -> impl Iterator<Item = i32> {
        (0..=DRIFT_STEPS)
            .flat_map(|steps| [-steps, steps])
            .map(|from_centre| self.centre.saturating_add(from_centre))
            .filter(|offset| self.is_equal(*offset))
    }

    /// The first matching step of the window that is later than the last accepted one.
    #[must_use]
    pub fn acceptable(&self, window: Window, last_step: Option<u64>) -> Option<(u64, i32)> {
        self.steps(window).find(|(step, _)| last_step.is_none_or(|last| *step > last))
    }

    /// Whether it is a code that was accepted before, or one of the window that is older than that.
    #[must_use]
    pub fn is_reused(&self, window: Window, last_step: Option<u64>) -> bool {
        let Some(last) = last_step else { return false };
        self.acceptable(window, last_step).is_none()
            && (self.steps(window).next().is_some()
                || self.nearest().any(|offset| at(self.now_step, offset) == last))
    }

    /// The offset of a code that is right for another time.
    #[must_use]
    pub fn offset(&self) -> Option<i32> {
        self.nearest().next()
    }
}

#[cfg(test)]
mod tests;
