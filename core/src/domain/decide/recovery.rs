//! Another address, a lost phone, and "this was not me".

use countersign_events::account::{
    AccountEvent, Assurance, EmailChangeUndone, EmailChanged, EmailCodes, FactorRemovalObjected,
    HoldPlaced, HoldWhy, Method, PasswordChangeDemanded, PasswordChangeWhy, PasswordResetRequested,
    Purpose, ReplacementObjected, ReplacementRequested, Repudiated, SessionEndedWhy,
};
use countersign_events::id::HandleHash;

use super::code::Place;
use super::devices;
use super::sessions::{ended, others, prove_address, session_of};
use super::sign_in::later;
use super::{Decision, existing};
use crate::domain::account::{Account, Open, Session};
use crate::domain::command::{Context, Repudiate, Told};
use crate::domain::policy::EMAIL_CHANGES_MAX;
use crate::domain::refusal::Refusal;

/// Whether a session may change the address now (SR-117, SR-118).
pub(super) fn may_change_email(
    open: &Open,
    session: &Session,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    session.demand_more_than_recovery(context.policy)?;
    if session.assurance == Assurance::EmailCode {
        return Err(Refusal::Forbidden(
            "a session by a code by e-mail does not change the address",
        ));
    }
    session.demand_fresh(open, context.now, context.policy)?;
    open.demand_no_hold(context.now)?;
    demand_few_changes(open, context)
}

/// Each change can be undone for some days, and there is room for only so many.
pub(super) fn demand_few_changes(open: &Open, context: &Context<'_>) -> Result<(), Refusal> {
    let running = open.former_emails.iter().filter(|former| context.now < former.until);
    if running.clone().count() < EMAIL_CHANGES_MAX {
        return Ok(());
    }
    let retry_at = running.map(|former| former.until).min().unwrap_or(context.now);
    Err(Refusal::TooManyRequests { retry_at })
}

/// Takes the address that a code was sent to; the earlier one is told, and can be taken back.
pub(super) fn change_email(
    account: &Account,
    session: HandleHash,
    right: bool,
    context: &Context<'_>,
) -> Decision {
    let (open, found) = session_of(account, session, context)?;
    found.demand_more_than_recovery(context.policy)?;
    open.demand_no_hold(context.now)?;
    demand_few_changes(open, context)?;
    let place = Place { purpose: Purpose::ChangeEmail, sign_in: None, in_session: Some(session) };
    let undo_until = later(context, context.policy.email_undo);
    let unproven = open.email.as_ref().is_some_and(|email| !email.confirmed);
    let changed = AccountEvent::EmailChanged(EmailChanged { undo_until, unproven, request: None });
    prove_address(account, open, &place, right, changed, context)
}

/// Asks to replace the authenticators: from a session by a code by e-mail, which is what remains to
/// who has lost the phone and the recovery codes. One that waits is not begun again.
pub(super) fn request_replacement(
    account: &Account,
    session: HandleHash,
    context: &Context<'_>,
) -> Decision {
    let (open, session) = session_of(account, session, context)?;
    if !open.two_factor_enabled() {
        return Err(Refusal::NotFound("authenticator"));
    }
    if session.assurance != Assurance::EmailCode {
        return Err(Refusal::Forbidden("only a session by a code by e-mail asks for this"));
    }
    if open.replacement_pending(context.now).is_some() {
        return Ok(vec![]);
    }
    let due_at = later(context, context.policy.replacement_delay);
    let expires_at = due_at.saturating_add(context.policy.replacement_ttl).unwrap_or(due_at);
    let requested = ReplacementRequested { due_at, expires_at };
    Ok(vec![AccountEvent::ReplacementRequested(requested)])
}

/// Gives it up, from any session: whoever signs in with a factor again has found it.
pub(super) fn cancel_replacement(
    account: &Account,
    session: HandleHash,
    context: &Context<'_>,
) -> Decision {
    let (open, _) = session_of(account, session, context)?;
    open.replacement_pending(context.now).ok_or(Refusal::NotFound("replacement"))?;
    Ok(vec![AccountEvent::ReplacementObjected(ReplacementObjected {})])
}

/// A replacement that waits is stopped by a proof of what it says is lost (SR-019).
pub(super) fn stops_replacement(
    open: &Open,
    proven: Method,
    context: &Context<'_>,
) -> Option<AccountEvent> {
    let waits = open.replacement_pending(context.now).is_some();
    (waits && matches!(proven, Method::Totp | Method::RecoveryCode))
        .then_some(AccountEvent::ReplacementObjected(ReplacementObjected {}))
}

/// Who is being guessed at is led to a new password: by a mail of its own, whatever others have
/// asked for, since each notice gives one, to whoever reads the mailbox. What was sent before has
/// ended with everything else.
fn link_at_once(open: &Open, context: &Context<'_>) -> Option<AccountEvent> {
    let sends = open.has_had_password() && open.has_proven_address();
    let link_until = sends.then(|| later(context, context.policy.reset_ttl));
    link_until
        .is_some()
        .then_some(AccountEvent::PasswordResetRequested(PasswordResetRequested { link_until }))
}

/// Undoes what can be undone, and shuts out whoever did it: every session ends, and the next
/// sign-in asks for a new password. Where no second factor stands behind the password, it ends at
/// once, or else whoever knows it would be the first to choose the new one. A link does this once.
pub(super) fn repudiate(account: &Account, command: Repudiate, context: &Context<'_>) -> Decision {
    let open = existing(account)?;
    if open.repudiated.contains_key(&command.cause) {
        return Ok(vec![]);
    }
    let former = open.former_emails.iter().find(|former| {
        former.change == command.cause && former.email.confirmed && context.now < former.until
    });
    let change = former.map(|former| former.change);
    let undone = change.map(|_| AccountEvent::EmailChangeUndone(EmailChangeUndone { change }));
    let objected = open
        .replacement
        .as_ref()
        .map(|_| AccountEvent::ReplacementObjected(ReplacementObjected {}));
    let kept = open.removal.as_ref().map(|removal| {
        AccountEvent::FactorRemovalObjected(FactorRemovalObjected { request: removal.request })
    });
    let hold = (command.told == Told::PasswordReset).then(|| {
        AccountEvent::HoldPlaced(HoldPlaced {
            why: HoldWhy::PasswordResetRepudiated,
            until: later(context, context.policy.hold),
            email_codes: EmailCodes::WithheldUntilProof,
        })
    });
    // A new one comes by mail, to an address that was proven: one there must be.
    let by_mail = undone.is_some() || open.has_proven_address();
    let demanded = open.password.is_some().then_some(AccountEvent::PasswordChangeDemanded(
        PasswordChangeDemanded {
            why: PasswordChangeWhy::Repudiated,
            ends_password: by_mail && !open.two_factor_enabled(),
        },
    ));
    let repudiated = AccountEvent::Repudiated(Repudiated { cause: command.cause });
    let forgotten = devices::forgotten_since(open, command.at, context);
    let ended = ended(others(open, None), SessionEndedWhy::Repudiated);
    let link = (command.told == Told::Guesses).then(|| link_at_once(open, context)).flatten();
    let events = [Some(repudiated), forgotten, objected, kept, undone, hold, demanded, ended, link];
    Ok(events.into_iter().flatten().collect())
}
