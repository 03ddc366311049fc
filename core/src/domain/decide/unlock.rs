//! The password asked for again by whoever reads the mailbox, while others guess.
//!
//! Whoever guesses at full rate takes every try that is free, and every one that a wait leaves: a
//! link that only forgave wrong passwords would hand the holder a race. So the browser in which a
//! link of a mail is followed has tries of its own for a while, as a known device has, at the
//! password and nothing else: it grants no lane for codes, and the password is still asked for.

use countersign_events::account::{AccountEvent, BrowserAdmitted, Lane, Method, PasswordUnlocked};
use countersign_events::id::EventId;

use super::Decision;
use super::devices;
use super::sign_in::later;
use crate::domain::account::{Account, Open};
use crate::domain::command::Context;
use crate::domain::limits::Rule;
use crate::domain::refusal::Refusal;

/// By the link of the lock that closed it, as long as that lasts, and once (SR-088).
pub(super) fn unlock(account: &Account, cause: EventId, context: &Context<'_>) -> Decision {
    let open = account.open().ok_or(Refusal::AuthenticationFailed)?;
    let locks = account.limits.locks(&context.policy.limits, context.now);
    let is_closed = locks.iter().any(|lock| {
        (lock.method, lock.lane, lock.rule) == (Method::Password, Lane::Unknown, Rule::LaneCap)
    });
    if !is_closed || open.password_closed != Some(cause) {
        return Err(Refusal::AuthenticationFailed);
    }
    let browser = admitted(open, context);
    Ok(vec![AccountEvent::PasswordUnlocked(PasswordUnlocked { cause, browser })])
}

/// The same for who set a new password by a link: there is nothing to forgive any more, and those
/// who guess from elsewhere would be back before the holder has typed it.
pub(super) fn after_reset(
    open: &Open,
    cause: EventId,
    context: &Context<'_>,
) -> Option<AccountEvent> {
    let browser = Some(admitted(open, context)?);
    Some(AccountEvent::PasswordUnlocked(PasswordUnlocked { cause, browser }))
}

/// The browser that asks, where it is one that can hold something. A known device has its own lane
/// and keeps what it holds.
fn admitted(open: &Open, context: &Context<'_>) -> Option<BrowserAdmitted> {
    let device = context.device?.next?;
    let expires_at = later(context, context.policy.admitted_ttl);
    devices::known(open, context).is_none().then_some(BrowserAdmitted { device, expires_at })
}
