//! Codes by e-mail: whether one may be asked for, and which one is live.
//!
//! A code is stored nowhere. It is derived, with a key that the log does not hold, from a nonce
//! that the log does hold, the account, the sign-in, the purpose and the address. A new code voids
//! the old one of the same sign-in; asking for one resets no counter (SR-023).

use countersign_events::account::Purpose;
use jiff::{SignedDuration, Timestamp};

use super::account::Open;
use super::policy::Policy;
use super::refusal::Refusal;

/// Digits of a code that proves an address, or completes a sign-in.
pub const DIGITS: u8 = 6;
/// Digits of a code that leads to a recovery (SR-020).
pub const RECOVERY_DIGITS: u8 = 8;
/// The shorter span over which sends are limited.
const BURST_SPAN: SignedDuration = SignedDuration::from_mins(15);
/// The span over which sends are limited.
const SENDS_SPAN: SignedDuration = SignedDuration::from_hours(24);

/// Whether another code may be sent now (SR-026). Some are kept for devices that are known and for
/// sessions, so that whoever has the password cannot use up the holder's.
///
/// # Errors
/// [`Refusal::TooManyRequests`] within the resend time, and at the limits of 15 minutes and of the
/// day: until none of them stands in the way.
pub fn admit_send(
    open: &Open,
    has_reserve: bool,
    now: Timestamp,
    policy: &Policy,
) -> Result<(), Refusal> {
    let retry_at = next_send_at(open, has_reserve, now, policy);
    if retry_at <= now { Ok(()) } else { Err(Refusal::TooManyRequests { retry_at }) }
}

/// From when another code may be sent, all limits together.
#[must_use]
pub fn next_send_at(open: &Open, has_reserve: bool, now: Timestamp, policy: &Policy) -> Timestamp {
    let reserved = if has_reserve { 0 } else { policy.email_sends_reserved };
    let of_day = policy.email_sends_per_day.saturating_sub(reserved);
    let limits =
        [(policy.email_resend, 1), (BURST_SPAN, policy.email_sends_per_15m), (SENDS_SPAN, of_day)];
    let room = |(span, most)| room_at(&open.email_sends, span, most, now);
    limits.into_iter().map(room).fold(now, Timestamp::max)
}

/// Whether a session may have those sent that are kept: one that must still prove its address, or
/// is about to take another. What is proven is sent no more than from anywhere, or whoever has a
/// session could use up what is kept for the holder's sign-ins.
#[must_use]
pub fn session_has_reserve(open: &Open, purpose: Purpose) -> bool {
    match purpose {
        Purpose::ConfirmEmail => open.email.as_ref().is_some_and(|email| !email.confirmed),
        Purpose::ChangeEmail => true,
        Purpose::SignIn | Purpose::Enable | Purpose::StepUp | Purpose::Resync => false,
    }
}

/// The shorter span over which requests for a new password are limited.
const RESETS_SPAN: SignedDuration = SignedDuration::from_hours(1);

/// Whether another mail with a link to a new password may be sent now (AT-50).
#[must_use]
pub fn may_mail_link(resets: &[Timestamp], now: Timestamp, policy: &Policy) -> bool {
    admit_link(resets, now, policy).is_ok()
}

/// The same, with from when on one may.
///
/// # Errors
/// [`Refusal::TooManyRequests`].
pub fn admit_link(resets: &[Timestamp], now: Timestamp, policy: &Policy) -> Result<(), Refusal> {
    let limits = [(RESETS_SPAN, policy.resets_per_hour), (SENDS_SPAN, policy.resets_per_day)];
    let room = |(span, most)| room_at(resets, span, most, now);
    let retry_at = limits.into_iter().map(room).fold(now, Timestamp::max);
    if retry_at <= now { Ok(()) } else { Err(Refusal::TooManyRequests { retry_at }) }
}

/// Whether a request beyond these mails was recorded so lately that another would add little: the
/// last link still has more than half of its time. So the log grows by four entries an hour at the
/// most, however often is asked.
#[must_use]
pub fn asked_lately(last: Option<Timestamp>, now: Timestamp, policy: &Policy) -> bool {
    last.is_some_and(|last| now.duration_since(last) < policy.reset_ttl / 2)
}

/// Whether a link's mail is so old that nobody has a use for the link any more.
pub(super) fn is_forgotten(asked_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(asked_at) >= SENDS_SPAN
}

/// From when a span has had fewer than `most` of these, and never before now.
fn room_at(earlier: &[Timestamp], span: SignedDuration, most: usize, now: Timestamp) -> Timestamp {
    let within = || earlier.iter().filter(|at| now.duration_since(**at) < span);
    let Some(beyond) = within().count().checked_sub(most) else { return now };
    let oldest = within().nth(beyond).copied().unwrap_or(now);
    oldest.saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// Forgets sends that no limit looks at any more.
pub(super) fn forget_old_sends(sends: &mut Vec<Timestamp>, now: Timestamp) {
    sends.retain(|at| now.duration_since(*at) < SENDS_SPAN);
}
