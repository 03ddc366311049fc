//! Codes by e-mail: whether one may be asked for, and which one is live.
//!
//! A code is stored nowhere. It is derived, with a key that the log does not hold, from a nonce
//! that the log does hold, the account, the sign-in, the purpose and the address. A new code voids
//! the old one of the same sign-in; asking for one resets no counter (SR-023).

use jiff::{SignedDuration, Timestamp};

use super::account::Open;
use super::policy::Policy;
use super::refusal::Refusal;

/// The span over which sends are limited.
const SENDS_SPAN: SignedDuration = SignedDuration::from_hours(24);

/// Whether another code may be sent now (SR-026).
///
/// # Errors
/// [`Refusal::TooManyRequests`] within the resend time, and at the day's limit.
pub fn admit_send(open: &Open, now: Timestamp, policy: &Policy) -> Result<(), Refusal> {
    let recent = || open.email_sends.iter().filter(|at| now.duration_since(**at) < SENDS_SPAN);
    let after = |at: &Timestamp, span| at.saturating_add(span).unwrap_or(Timestamp::MAX);
    if let Some(last) = recent().max().filter(|at| now.duration_since(**at) < policy.email_resend) {
        return Err(Refusal::TooManyRequests { retry_at: after(last, policy.email_resend) });
    }
    if recent().count() >= policy.email_sends_per_day {
        let oldest = recent().min().map_or(now, |at| after(at, SENDS_SPAN));
        return Err(Refusal::TooManyRequests { retry_at: oldest });
    }
    Ok(())
}

/// Forgets sends that no limit looks at any more.
pub(super) fn forget_old_sends(sends: &mut Vec<Timestamp>, now: Timestamp) {
    sends.retain(|at| now.duration_since(*at) < SENDS_SPAN);
}
