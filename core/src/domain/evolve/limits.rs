//! What an account remembers of guesses beside their counters.

use countersign_events::account::{
    AccountEvent, ClockStepped, DeliveryFailure, EmailDeliveryFailed,
};
use jiff::Timestamp;

use crate::domain::account::{Account, Standing};
use crate::domain::clock_step::after_step;
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
        AccountEvent::ClockStepped(step) => clock_stepped(account, step),
        _ => {}
    }
}

/// What is remembered for long is as old as it was: no time passed. Waits and what can be used for
/// a while end by the clock.
fn clock_stepped(account: &mut Account, step: &ClockStepped) {
    account.clock_alarm = Some(step.alarm);
    for at in &mut account.lockout_resets {
        *at = after_step(*at, step);
    }
    if let Standing::Open(open) = &mut account.standing {
        let opened = &mut open.lane_opened_by_mail_at;
        *opened = opened.map(|at| after_step(at, step));
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
