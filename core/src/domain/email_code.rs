//! Codes by e-mail: whether one may be asked for, and which one is live.
//!
//! A code is stored nowhere. It is derived, with a key that the log does not hold, from a nonce
//! that the log does hold, the account, the sign-in, the purpose and the address. A new code voids
//! the old one of the same sign-in; asking for one resets no counter (SR-023).

use jiff::{SignedDuration, Timestamp};

use super::account::Open;
use super::policy::Policy;
use super::refusal::Refusal;

/// Digits of a code that proves an address, or completes a sign-in.
pub const DIGITS: u8 = 6;
/// Digits of a code that leads to a recovery (SR-020).
pub const RECOVERY_DIGITS: u8 = 8;
/// The span over which sends are limited.
const SENDS_SPAN: SignedDuration = SignedDuration::from_hours(24);

/// Whether another code may be sent now (SR-026). Some are kept for devices that are known and for
/// sessions, so that whoever has the password cannot use up the holder's.
///
/// # Errors
/// [`Refusal::TooManyRequests`] within the resend time, and at the day's limit.
pub fn admit_send(
    open: &Open,
    has_reserve: bool,
    now: Timestamp,
    policy: &Policy,
) -> Result<(), Refusal> {
    let recent = || open.email_sends.iter().filter(|at| now.duration_since(**at) < SENDS_SPAN);
    let after = |at: &Timestamp, span| at.saturating_add(span).unwrap_or(Timestamp::MAX);
    if let Some(last) = recent().max().filter(|at| now.duration_since(**at) < policy.email_resend) {
        return Err(Refusal::TooManyRequests { retry_at: after(last, policy.email_resend) });
    }
    let reserved = if has_reserve { 0 } else { policy.email_sends_reserved };
    let most = policy.email_sends_per_day.saturating_sub(reserved);
    if recent().count() >= most {
        // From when one fewer than that is left in the span.
        let gone = recent().count().saturating_sub(most);
        let oldest = recent().nth(gone).map_or(now, |at| after(at, SENDS_SPAN));
        return Err(Refusal::TooManyRequests { retry_at: oldest });
    }
    Ok(())
}

/// The shorter span over which requests for a new password are limited.
const RESETS_SPAN: SignedDuration = SignedDuration::from_hours(1);

/// Whether another link to a new password may be asked for now (AT-50).
///
/// # Errors
/// [`Refusal::TooManyRequests`] at the limit of the hour and of the day.
pub fn admit_reset(resets: &[Timestamp], now: Timestamp, policy: &Policy) -> Result<(), Refusal> {
    let spans = [(RESETS_SPAN, policy.resets_per_hour), (SENDS_SPAN, policy.resets_per_day)];
    for (span, most) in spans {
        let within = || resets.iter().filter(move |at| now.duration_since(**at) < span);
        if within().count() >= most {
            // From when one fewer than the limit is left in the span.
            let gone = within().count().saturating_sub(most);
            let oldest = within().nth(gone).copied().unwrap_or(now);
            let retry_at = oldest.saturating_add(span).unwrap_or(Timestamp::MAX);
            return Err(Refusal::TooManyRequests { retry_at });
        }
    }
    Ok(())
}

/// Forgets sends that no limit looks at any more.
pub(super) fn forget_old_sends(sends: &mut Vec<Timestamp>, now: Timestamp) {
    sends.retain(|at| now.duration_since(*at) < SENDS_SPAN);
}
