//! What an account remembers of guesses beside their counters.

use countersign_events::account::{AccountEvent, DeliveryFailure, EmailDeliveryFailed};
use jiff::Timestamp;

use crate::domain::account::{Account, Standing};
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
            account.reset_asked_at = Some(at);
        }
        AccountEvent::PasswordResetRenewed(_) => account.reset_asked_at = Some(at),
        AccountEvent::EmailDeliveryFailed(failed) => link_never_came(account, failed),
        _ => {}
    }
}

/// The mail server took no mail for as long as the last link was to work: that mail does not count,
/// or there would be none to ask for once it is back. One that it refused counts, since the next
/// will be refused too.
fn link_never_came(account: &mut Account, failed: &EmailDeliveryFailed) {
    if matches!(failed.class, DeliveryFailure::Refused | DeliveryFailure::NoAddress) {
        return;
    }
    let link = account.open().and_then(|open| open.reset.as_ref());
    let Some(link) = link.filter(|link| link.request == failed.request) else { return };
    let asked_at = link.asked_at;
    account.resets.retain(|at| *at != asked_at);
    if let Standing::Open(open) = &mut account.standing {
        open.reset = None;
    }
}
