//! What support may do to an account, and what it leaves behind; and what became of mails.

use countersign_events::account::{
    AccountEvent, HistoryViewed, LockoutReset, Method, ResetScope, Viewed,
};

use super::{Decision, existing};
use crate::domain::account::Account;
use crate::domain::refusal::Refusal;

/// Ends a lockout. That nothing is locked is no reason to refuse: the act is recorded all the same.
pub(super) fn reset_lockout(
    account: &Account,
    scope: ResetScope,
    method: Option<Method>,
) -> Decision {
    existing(account)?;
    Ok(vec![AccountEvent::LockoutReset(LockoutReset { scope, method })])
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
