//! What support may do to an account, and what it leaves behind; and what became of mails.

use countersign_events::account::{
    AccountEvent, HistoryViewed, LockoutReset, Method, PasswordChangeDemanded, PasswordChangeWhy,
    ResetScope, Viewed,
};

use super::{Decision, existing};
use crate::domain::account::Account;
use crate::domain::command::Context;
use crate::domain::policy::LOCKOUT_RESETS_SPAN;
use crate::domain::refusal::Refusal;

/// Ends a lockout. That nothing is locked is no reason to refuse: the act is recorded all the same.
///
/// Wrong codes are forgiven only with a new password: who gave them had the present one, and would
/// begin anew. What must be bound anew still must (SR-123).
pub(super) fn reset_lockout(
    account: &Account,
    scope: ResetScope,
    method: Option<Method>,
    context: &Context<'_>,
) -> Decision {
    let open = existing(account)?;
    let lately = account
        .lockout_resets
        .iter()
        .filter(|at| context.now.duration_since(**at) < LOCKOUT_RESETS_SPAN);
    if lately.count() >= context.policy.lockout_resets_max {
        return Err(Refusal::Conflict(
            "as many lockouts as allowed were ended in the last 30 days",
        ));
    }
    let forgives_codes = scope == ResetScope::Counters && method != Some(Method::Password);
    let demanded = forgives_codes && open.password.is_some() && open.password_change.is_none();
    let demanded =
        demanded.then_some(AccountEvent::PasswordChangeDemanded(PasswordChangeDemanded {
            why: PasswordChangeWhy::Unlocked,
            ends_password: false,
        }));
    let reset = AccountEvent::LockoutReset(LockoutReset { scope, method });
    Ok(std::iter::once(reset).chain(demanded).collect())
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
