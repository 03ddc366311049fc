//! What a phone's codes tell of its clock, and which of its codes are accepted for that.
//!
//! ```text
//!   centre            0, or where an explicit resynchronisation found the phone (SR-018)
//!   learned           the last accepted offset, at most one step from the centre (SR-014)
//!   window            {learned - 1, learned, learned + 1}: shifted, narrowed by a policy, never
//!                     widened
//! ```
//!
//! A phone 40 s slow shows the code of T-1 for 20 s of each step and that of T-2 for 10 s: it
//! enters once at the edge, and from then on always. Offsets are relative to the server's own step,
//! and everything here is folded from events, so that a replay learns the same.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{RESYNC_STEPS, WINDOW_STEPS};
use crate::domain::policy::Skew;

/// Steps from its centre that a phone's accepted codes can shift its window by.
pub const LEARNED_STEPS: i32 = 1;

/// The offsets whose codes are accepted: three, or as few as the policy has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    first: i32,
    last: i32,
}

impl Window {
    /// [`WINDOW_STEPS`] on either side of an offset.
    #[must_use]
    pub const fn around(middle: i32) -> Self {
        let first = middle.saturating_sub(WINDOW_STEPS);
        Self { first, last: middle.saturating_add(WINDOW_STEPS) }
    }

    /// Its offsets, the oldest first.
    #[must_use]
    pub const fn offsets(self) -> RangeInclusive<i32> {
        self.first..=self.last
    }
}

/// Where a phone's clock is, as far as its codes told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    centre: i32,
    learned: i32,
}

impl Drift {
    /// The offset around which codes are compared.
    #[must_use]
    pub const fn centre(self) -> i32 {
        self.centre
    }

    /// After a code of this offset was accepted.
    #[must_use]
    pub fn accepted(self, offset: i32) -> Self {
        let (least, most) = (self.centre - LEARNED_STEPS, self.centre + LEARNED_STEPS);
        Self { learned: offset.clamp(least, most), ..self }
    }

    /// After two codes in a row told that a phone is there: nothing is learned of it yet.
    #[must_use]
    pub fn resynced(offset: i32) -> Self {
        let centre = offset.clamp(-RESYNC_STEPS, RESYNC_STEPS);
        Self { centre, learned: centre }
    }

    /// The codes that are accepted next.
    #[must_use]
    pub const fn window(self) -> Window {
        Window::around(self.learned)
    }

    /// The same where a policy has the window narrower (SR-013): what of it also lies in that
    /// narrower window around the centre. A narrow window that followed what was learned would
    /// leave a phone behind that is right again: one code typed late, and the next in time would
    /// be too early, for ever. The centre is in both, so that there is always a code that enters.
    #[must_use]
    pub fn narrowed(self, skew: Skew) -> Window {
        let whole = self.window();
        if skew == Skew::Whole {
            return whole;
        }
        let around = skew.offsets().map(|offset| self.centre.saturating_add(offset));
        let none = (i32::MAX, i32::MIN);
        let (first, last) =
            around.fold(none, |(first, last), offset| (first.min(offset), last.max(offset)));
        Window { first: first.max(whole.first), last: last.min(whole.last) }
    }
}
