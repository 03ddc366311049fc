//! What support may do to an account, and what it leaves behind.

use countersign_events::account::{
    AccountEvent, HistoryViewed, LockoutReset, Method, ResetScope, Viewed,
};

use super::{Decision, existing};
use crate::domain::account::Account;

/// Ends a lockout. That nothing is locked is no reason to refuse: the act is recorded all the same.
pub(super) fn reset_lockout(
    account: &Account,
    scope: ResetScope,
    method: Option<Method>,
) -> Decision {
    existing(account)?;
    Ok(vec![AccountEvent::LockoutReset(LockoutReset { scope, method })])
}

pub(super) fn view(account: &Account, what: Viewed) -> Decision {
    existing(account)?;
    Ok(vec![AccountEvent::HistoryViewed(HistoryViewed { what })])
}
