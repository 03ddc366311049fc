//! What support may do to an account, and what it leaves behind; and what became of mails.

use countersign_events::account::{
    AccountEvent, HistoryViewed, LockoutReset, Method, PasswordChangeDemanded, PasswordChangeWhy,
    PasswordMailAsked, PasswordResetRequested, ResetScope, Resumed, SessionEndedWhy, SessionsEnded,
    Suspended, Viewed,
};

use super::sessions::{ended, others};
use super::sign_in::later;
use super::{Decision, existing};
use crate::domain::account::Account;
use crate::domain::command::Context;
use crate::domain::email_code::admit_link;
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
    if !open.has_proven_address() {
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

/// Suspends the account: nobody signs in, and nothing that had begun goes on.
pub(super) fn suspend(account: &Account) -> Decision {
    if existing(account)?.is_suspended() {
        return Err(Refusal::Conflict("the account is suspended already"));
    }
    Ok(vec![AccountEvent::Suspended(Suspended {})])
}

/// Ends a suspension.
pub(super) fn resume(account: &Account) -> Decision {
    existing(account)?.suspended_at.ok_or(Refusal::Conflict("the account is not suspended"))?;
    Ok(vec![AccountEvent::Resumed(Resumed {})])
}

/// Ends every session, and every sign-in in progress. That there is none is no reason to refuse:
/// the act is recorded all the same.
pub(super) fn end_all_sessions(account: &Account) -> Decision {
    let open = existing(account)?;
    let ended = SessionsEnded::new(others(open, None), SessionEndedWhy::Support);
    Ok(vec![AccountEvent::SessionsEnded(ended)])
}

/// Ends every session of an operator whose role is taken away, or given back: none that began with
/// a role is there to act with it again (SR-120, SR-131). Where there is none, there is nothing to
/// say.
pub(super) fn end_for_role(account: &Account) -> Decision {
    let open = existing(account)?;
    Ok(ended(others(open, None), SessionEndedWhy::RoleChanged).into_iter().collect())
}

/// Has a link to a new password sent to the address on record, within the limits of what anybody
/// can ask for. Whom support speaks with makes no difference: the mail goes where it always goes.
pub(super) fn mail_password(account: &Account, context: &Context<'_>) -> Decision {
    let open = existing(account)?;
    if !open.has_had_password() {
        return Err(Refusal::Conflict("the account has no password here"));
    }
    if !open.has_proven_address() {
        return Err(Refusal::Conflict("no address was proven that a link could go to"));
    }
    admit_link(&account.resets, context.now, context.policy)?;
    let link_until = Some(later(context, context.policy.reset_ttl));
    let sent = AccountEvent::PasswordResetRequested(PasswordResetRequested { link_until });
    Ok(vec![AccountEvent::PasswordMailAsked(PasswordMailAsked {}), sent])
}

/// Two people at the machine let an operator in anew (SR-092). What was guessed is forgiven
/// together with the password that it was guessed with, and everything that began with it ends;
/// what must be bound anew still must. A suspension ends with it: nobody else may be there who
/// could end one of an admin. Said again before there is another password, it is done
/// already.
pub(super) fn break_glass(account: &Account, context: &Context<'_>) -> Decision {
    let open = existing(account)?;
    let resumed = open.suspended_at.map(|_| AccountEvent::Resumed(Resumed {}));
    let is_done = account.limits.unresolved(context.now).next().is_none() && resumed.is_none();
    if open.password.is_none() && is_done {
        return Ok(vec![]);
    }
    let reset = LockoutReset { scope: ResetScope::Counters, method: None };
    let demanded = AccountEvent::PasswordChangeDemanded(PasswordChangeDemanded {
        why: PasswordChangeWhy::Unlocked,
        ends_password: true,
    });
    let ended = ended(others(open, None), SessionEndedWhy::Revoked);
    Ok([Some(AccountEvent::LockoutReset(reset)), Some(demanded), ended, resumed]
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
