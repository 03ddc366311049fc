//! How far a code of an authenticator may be off.

use serde::{Deserialize, Serialize};

/// The steps around the one that a phone is taken to be at whose codes are accepted (SR-006). They
/// may be fewer and never more (SR-013); the more, the greater.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skew {
    /// That one alone.
    Own,
    /// It and the one before.
    NotAhead,
    /// It, the one before and the one after.
    #[default]
    Whole,
}

impl Skew {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Own, Self::NotAhead, Self::Whole];

    /// Its offsets, in steps.
    pub fn offsets(self) -> impl Iterator<Item = i32> {
        let (first, last) = match self {
            Self::Own => (0, 0),
            Self::NotAhead => (-1, 0),
            Self::Whole => (-1, 1),
        };
        first..=last
    }
}
