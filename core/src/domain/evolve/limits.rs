//! What an account remembers of guesses beside their counters.

use countersign_events::account::AccountEvent;
use jiff::Timestamp;

use crate::domain::account::Account;
use crate::domain::email_code::forget_old_sends;
use crate::domain::policy::LOCKOUT_RESETS_SPAN;

/// Before the account itself evolves: what it was decides what an event means.
pub(super) fn evolve(account: &mut Account, event: &AccountEvent, at: Timestamp) {
    let is_first = account.open().is_none_or(|open| open.factors.is_empty());
    account.limits.take(event, at, is_first);
    match event {
        AccountEvent::LockoutReset(_) => {
            let resets = &mut account.lockout_resets;
            resets.retain(|earlier| at.duration_since(*earlier) < LOCKOUT_RESETS_SPAN);
            resets.push(at);
        }
        AccountEvent::PasswordResetRequested(_) => {
            forget_old_sends(&mut account.resets, at);
            account.resets.push(at);
        }
        _ => {}
    }
}
