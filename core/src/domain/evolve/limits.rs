//! How guesses are counted, forgiven and forgotten.

use countersign_events::account::{
    AccountEvent, DeliveryFailure, EmailDeliveryFailed, Method, PasswordSetWhy, Purpose,
    SessionOpened,
};
use jiff::Timestamp;

use crate::domain::account::{Account, Standing};
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
            // A code of an authenticator that was just shown proves nothing of what is guessed.
            if verified.purpose != Purpose::Enable {
                limits.code_verified(verified);
            }
            remember(account, verified.session.as_ref());
        }
        AccountEvent::CodeRejected(rejected) if counts_to_limit(rejected.why, rejected.purpose) => {
            limits.code_rejected(rejected, at);
        }
        AccountEvent::CooledDown(cooled) => limits.counter(cooled.method).cool_down(at, cooled),
        AccountEvent::LockedOut(locked) => limits.counter(locked.method).lock_out(at, locked),
        AccountEvent::PasswordUnlocked(_) => limits.unlock_password(),
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

fn remember(account: &mut Account, opened: Option<&SessionOpened>) {
    if let Some(remembered) = opened.and_then(|opened| opened.device.as_ref()) {
        account.limits.device_remembered(remembered);
    }
}
