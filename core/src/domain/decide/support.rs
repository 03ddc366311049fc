//! What support may do to an account, and what it leaves behind; and what became of mails.

use countersign_events::account::{
    AccountEvent, HistoryViewed, LockoutReset, Method, PasswordChangeDemanded, PasswordChangeWhy,
    PasswordResetRequested, ResetScope, SessionEndedWhy, Viewed,
};

use super::sessions::{ended, others};
use super::sign_in::later;
use super::{Decision, existing};
use crate::domain::account::Account;
use crate::domain::command::Context;
use crate::domain::policy::LOCKOUT_RESETS_SPAN;
use crate::domain::refusal::Refusal;

/// Ends a lockout. That nothing is locked is no reason to refuse: the act is recorded all the same.
/// That a method must be set up anew is one: ending its lockout would change nothing, and would be
/// counted.
///
/// Wrong codes are forgiven only together with the end of the password: who gave them had it, and
/// would begin anew. The holder is sent a link to a new one at once, to an address that was proven;
/// without one there would be no way back, and they are not forgiven. Nor is the password asked for
/// at the next sign-in instead: whoever guesses may be the first to sign in there. What must be
/// bound anew still must (SR-123).
pub(super) fn reset_lockout(
    account: &Account,
    scope: ResetScope,
    method: Option<Method>,
    context: &Context<'_>,
) -> Decision {
    let open = existing(account)?;
    let stays =
        |method: &Method| *method != Method::Password && account.limits.of(*method).is_disabled();
    if method.as_ref().is_some_and(stays) {
        return Err(Refusal::Conflict(
            "this must be set up anew: ending its lockout would not bring it back",
        ));
    }
    let lately = account
        .lockout_resets
        .iter()
        .filter(|at| context.now.duration_since(**at) < LOCKOUT_RESETS_SPAN);
    if lately.count() >= context.policy.lockout_resets_max {
        return Err(Refusal::Conflict(
            "as many lockouts as allowed were ended in the last 30 days",
        ));
    }
    let reset = AccountEvent::LockoutReset(LockoutReset { scope, method });
    let forgives_codes = scope == ResetScope::Counters && method != Some(Method::Password);
    // A client app's users have their password there.
    if !forgives_codes || !open.has_had_password() {
        return Ok(vec![reset]);
    }
    if !open.email.as_ref().is_some_and(|email| email.confirmed) {
        return Err(Refusal::Conflict(
            "wrong codes are forgiven with a new password by mail, and no address was proven: \
             waiting times and wrong passwords can be cleared",
        ));
    }
    let demanded = AccountEvent::PasswordChangeDemanded(PasswordChangeDemanded {
        why: PasswordChangeWhy::Unlocked,
        ends_password: true,
    });
    let link_until = Some(later(context, context.policy.reset_ttl));
    let sent = AccountEvent::PasswordResetRequested(PasswordResetRequested { link_until });
    Ok(vec![reset, demanded, sent])
}

/// Two people at the machine let an operator in anew (SR-092). What was guessed is forgiven
/// together with the password that it was guessed with, and everything that began with it ends;
/// what must be bound anew still must. Said again before there is another password, it is done
/// already.
pub(super) fn break_glass(account: &Account, context: &Context<'_>) -> Decision {
    let open = existing(account)?;
    if open.password.is_none() && account.limits.unresolved(context.now).next().is_none() {
        return Ok(vec![]);
    }
    let reset = LockoutReset { scope: ResetScope::Counters, method: None };
    let demanded = AccountEvent::PasswordChangeDemanded(PasswordChangeDemanded {
        why: PasswordChangeWhy::Unlocked,
        ends_password: true,
    });
    let ended = ended(others(open, None), SessionEndedWhy::Revoked);
    Ok([Some(AccountEvent::LockoutReset(reset)), Some(demanded), ended]
        .into_iter()
        .flatten()
        .collect())
}

/// Records that support looked. A search is a look also where it finds nobody.
pub(super) fn view(account: &Account, what: Viewed) -> Decision {
    if what != Viewed::Search {
        existing(account)?;
    }
    Ok(vec![AccountEvent::HistoryViewed(HistoryViewed { what })])
}

/// Records what became of a mail, and nothing else: this is no way around the other decisions.
pub(super) fn record_mail(event: &AccountEvent) -> Decision {
    match event {
        AccountEvent::EmailCodeSent(_)
        | AccountEvent::NoticeSent(_)
        | AccountEvent::EmailDeliveryFailed(_) => Ok(vec![event.clone()]),
        _ => {
            let reason = "tells nothing of a mail".to_owned();
            Err(Refusal::Invalid { field: "event", reason })
        }
    }
}
