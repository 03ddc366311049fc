//! The numbers of one method's limit, and those of the profiles.

use countersign_events::account::Method;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

const DAYS: i64 = 24;

/// How long the unknown lane waits after its n-th unresolved failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// After these, and no others.
    Ladder(Vec<(u32, SignedDuration)>),
    /// After every one but the first few, twice as long each time.
    Doubling {
        /// Failures without a wait.
        free: u32,
        /// The first wait.
        base: SignedDuration,
        /// The longest.
        max: SignedDuration,
    },
}

impl Waits {
    /// The wait after the n-th failure, if there is one.
    #[must_use]
    pub fn after(&self, count: u32) -> Option<SignedDuration> {
        match self {
            Self::Ladder(steps) => {
                steps.iter().find(|(step, _)| *step == count).map(|(_, wait)| *wait)
            }
            Self::Doubling { free, base, max } => {
                let doubled = count.checked_sub(free.saturating_add(1))?;
                let factor = 1_i32.checked_shl(doubled).filter(|factor| *factor > 0);
                let wait = factor.and_then(|factor| base.checked_mul(factor));
                Some(wait.map_or(*max, |wait| wait.min(*max)))
            }
        }
    }
}

/// Those of waits that double; none of a ladder.
impl Waits {
    pub(in crate::domain) fn doubling(&self) -> (u32, SignedDuration, SignedDuration) {
        match self {
            Self::Ladder(_) => (0, SignedDuration::ZERO, SignedDuration::ZERO),
            Self::Doubling { free, base, max } => (*free, *base, *max),
        }
    }

    pub(in crate::domain) const fn set_free(&mut self, count: u32) {
        if let Self::Doubling { free, .. } = self {
            *free = count;
        }
    }

    pub(in crate::domain) const fn set_base(&mut self, wait: SignedDuration) {
        if let Self::Doubling { base, .. } = self {
            *base = wait;
        }
    }

    pub(in crate::domain) const fn set_max(&mut self, wait: SignedDuration) {
        if let Self::Doubling { max, .. } = self {
            *max = wait;
        }
    }
}

/// The lane of known devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownLane {
    /// Unresolved failures of one device; after them its guesses are those of any other.
    pub per_device: u32,
    /// The same of all of them together; none where that is not limited.
    pub cap: Option<u32>,
}

/// The limit of one method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The waits of the unknown lane.
    pub waits: Waits,
    /// Unresolved failures of the unknown lane in the window; with them it is closed.
    pub unknown_cap: u32,
    /// The lane of known devices; without one they share the other.
    pub known: Option<KnownLane>,
    /// Unresolved failures of both lanes; with them what is guessed must be bound anew.
    pub hard_cap: Option<u32>,
    /// Unresolved failures of a lane at which the holder is told.
    pub tells_at: Vec<u32>,
}

/// The limits of every method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Of the password.
    pub password: Limit,
    /// Of codes of an authenticator.
    pub totp: Limit,
    /// Of codes by e-mail.
    pub email_code: Limit,
    /// Of recovery codes.
    pub recovery_code: Limit,
    /// Unresolved failures of second steps from unknown devices that demand a new password: who
    /// makes them knows the one there is.
    pub demands_password: u32,
    /// While accounts are guarded: unresolved failures of second steps from unknown devices in 24
    /// hours; then no more. None while they are not.
    pub guarded: Option<u32>,
}

/// How long a failure counts. Not part of the policy: states are folded with it, and a fold depends
/// on nothing but events.
#[must_use]
pub const fn window(method: Method) -> SignedDuration {
    match method {
        Method::Password => SignedDuration::from_hours(30 * DAYS),
        Method::Totp | Method::EmailCode | Method::RecoveryCode => {
            SignedDuration::from_hours(365 * DAYS)
        }
    }
}

const fn mins(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

const fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

impl Limits {
    /// The limit of a method.
    #[must_use]
    pub const fn of(&self, method: Method) -> &Limit {
        match method {
            Method::Password => &self.password,
            Method::Totp => &self.totp,
            Method::EmailCode => &self.email_code,
            Method::RecoveryCode => &self.recovery_code,
        }
    }

    /// The numbers that are in force unless others are chosen. `docs/threat-model.md` derives them.
    #[must_use]
    pub fn standard() -> Self {
        let base = SignedDuration::from_secs(30);
        Self {
            password: Limit {
                waits: Waits::Doubling { free: 4, base, max: hours(1) },
                unknown_cap: 100,
                known: Some(KnownLane { per_device: 10, cap: None }),
                hard_cap: None,
                tells_at: vec![10, 50],
            },
            totp: Limit {
                waits: Waits::Ladder(vec![(5, mins(15)), (10, hours(1)), (13, hours(12))]),
                unknown_cap: 16,
                known: Some(KnownLane { per_device: 5, cap: Some(10) }),
                hard_cap: Some(26),
                tells_at: vec![3],
            },
            email_code: Limit {
                waits: Waits::Ladder(vec![(5, mins(15)), (10, hours(1)), (15, hours(12))]),
                unknown_cap: 20,
                known: None,
                hard_cap: None,
                tells_at: vec![5],
            },
            recovery_code: Limit {
                waits: Waits::Ladder(vec![(10, hours(1)), (20, hours(24))]),
                unknown_cap: 50,
                known: None,
                hard_cap: Some(50),
                tells_at: vec![3],
            },
            demands_password: 10,
            guarded: None,
        }
    }
}
