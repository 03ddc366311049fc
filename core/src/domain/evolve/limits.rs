//! How guesses are counted, forgiven and forgotten.

use countersign_events::account::{AccountEvent, Method, PasswordSetWhy, SessionOpened};
use jiff::Timestamp;

use crate::domain::account::Account;
use crate::domain::decide::counts_to_limit;
use crate::domain::email_code::forget_old_sends;
use crate::domain::policy::LOCKOUT_RESETS_SPAN;

/// Before the account itself evolves: what it was decides what an event means.
pub(super) fn evolve(account: &mut Account, event: &AccountEvent, at: Timestamp) {
    let has_authenticators = account.open().is_some_and(|open| !open.factors.is_empty());
    let limits = &mut account.limits;
    match event {
        AccountEvent::PasswordVerified(verified) => {
            limits.password_verified(verified);
            remember(account, verified.session.as_ref());
        }
        AccountEvent::FirstFactorVouched(vouched) => remember(account, vouched.session.as_ref()),
        AccountEvent::PasswordSet(set) => {
            if set.why != PasswordSetWhy::Rehashed {
                limits.counter(Method::Password).begin_anew();
            }
            if set.forgives_codes {
                limits.forgive_codes();
            }
            remember(account, set.session.as_ref());
        }
        AccountEvent::PasswordRejected(rejected) => limits.password_rejected(rejected, at),
        AccountEvent::CodeVerified(verified) => {
            limits.code_verified(verified);
            remember(account, verified.session.as_ref());
        }
        AccountEvent::CodeRejected(rejected)
            if counts_to_limit(rejected.method, rejected.why, rejected.purpose) =>
        {
            limits.code_rejected(rejected, at);
        }
        AccountEvent::CooledDown(cooled) => limits.counter(cooled.method).cool_down(at, cooled),
        AccountEvent::LockedOut(locked) => limits.counter(locked.method).lock_out(at, locked),
        AccountEvent::LockoutReset(reset) => {
            limits.reset(reset);
            let resets = &mut account.lockout_resets;
            resets.retain(|earlier| at.duration_since(*earlier) < LOCKOUT_RESETS_SPAN);
            resets.push(at);
        }
        // Another set of authenticators, or of recovery codes: nothing was guessed of it yet.
        AccountEvent::Enabled(_) if !has_authenticators => {
            limits.counter(Method::Totp).begin_anew();
        }
        AccountEvent::RecoveryCodesIssued(_) => {
            limits.counter(Method::RecoveryCode).begin_anew();
        }
        AccountEvent::PasswordResetRequested(_) => {
            forget_old_sends(&mut account.resets, at);
            account.resets.push(at);
        }
        _ => {}
    }
}

fn remember(account: &mut Account, opened: Option<&SessionOpened>) {
    if let Some(remembered) = opened.and_then(|opened| opened.device.as_ref()) {
        account.limits.device_remembered(remembered);
    }
}
