//! Authenticators and recovery codes: offered, enabled, renamed, removed, replaced.

use countersign_events::account::{
    AccountEvent, Disabled, EnableRequested, Enabled, FactorRemoved, FactorRenamed, Method,
    Purpose, RecoveryCodesIssued, SessionEndedWhy, SessionOpened,
};
use countersign_events::id::{FactorId, HandleHash};

use super::code::{self, Judged, Place};
use super::sessions::{ended, others, session_of};
use super::sign_in::{later, opened, proven_by};
use super::{Decision, admit, existing};
use crate::domain::account::{Account, Offer, Open};
use crate::domain::command::{Activate, Context, Evidence, RecoveryMinted, RequestEnable};
use crate::domain::refusal::{Refusal, StepUp};
use crate::domain::totp;

/// Offers an authenticator. The first needs a fresh password, a further one a fresh second factor
/// (SR-111); a client app answers for its own users.
pub(super) fn request_enable(
    account: &Account,
    command: &RequestEnable,
    context: &Context<'_>,
) -> Decision {
    let open = existing(account)?;
    if let Some(hash) = command.session {
        let (_, session) = session_of(account, hash, context)?;
        if open.two_factor_enabled() {
            session.demand_second_factor(context.now, context.policy)?;
        } else if !session.password_is_fresh(context.now, context.policy) {
            return Err(Refusal::StepUpRequired(StepUp::Password));
        }
    }
    if open.factors.len() >= context.policy.factors_max {
        return Err(Refusal::Conflict("the account has as many authenticators as allowed"));
    }
    Ok(vec![AccountEvent::EnableRequested(EnableRequested {
        factor: command.factor,
        kind: Method::Totp,
        secret: command.secret,
        algorithm: "SHA1".to_owned(),
        digits: totp::DIGITS,
        period_seconds: u32::try_from(totp::PERIOD_SECONDS).unwrap_or(u32::MAX),
        expires_at: later(context, context.policy.offer_ttl),
        session: command.session,
        replaces: open.offer.as_ref().map(|offer| offer.factor),
    })])
}

/// The offer that a session, or a client app, may confirm (SR-113).
///
/// # Errors
/// [`Refusal::NotFound`] where there is none, it lapsed, or another session began it.
pub fn confirmable<'a>(
    open: &'a Open,
    factor: FactorId,
    session: Option<HandleHash>,
    context: &Context<'_>,
) -> Result<&'a Offer, Refusal> {
    open.offer
        .as_ref()
        .filter(|offer| offer.factor == factor && offer.session == session)
        .filter(|offer| context.now < offer.expires_at)
        .ok_or(Refusal::NotFound("pending authenticator"))
}

/// Confirms the offer: the first code counts as accepted, so that it never enters (SR-012); every
/// other session ends.
pub(super) fn activate(account: &Account, command: &Activate, context: &Context<'_>) -> Decision {
    let open = existing(account)?;
    let factor = command.compared.factor;
    let session = command.session.map(|hash| session_of(account, hash, context)).transpose()?;
    confirmable(open, factor, command.session, context)?;
    let mut events = admit(account, Method::Totp, context)?;
    let place = Place { purpose: Purpose::Enable, sign_in: None, in_session: command.session };
    let evidence = Evidence::Totp(command.compared);
    let judged = code::judge(open, &evidence, &place, context);
    if matches!(judged, Judged::Rejected { .. }) {
        events.extend(code::refused(account, judged, &evidence, &place, context));
        return Ok(events);
    }
    let mut accepted = code::accepted(judged, &evidence, &place);
    if let Some(AccountEvent::CodeVerified(verified)) = accepted.first_mut() {
        let (assurance, amr) = proven_by(Method::Totp);
        // The session keeps its token and its end; it is lifted to two factors.
        verified.session = command.session.zip(session).map(|(hash, (_, session))| {
            let expires_at = session.expires_at;
            SessionOpened { expires_at, ..opened(hash, assurance, amr, context) }
        });
    }
    events.extend(accepted);
    events.push(AccountEvent::Enabled(Enabled { factor }));
    if open.recovery.is_none() {
        events.push(issued(&command.minted));
    }
    events.extend(ended(others(open, command.session), SessionEndedWhy::FactorChanged));
    Ok(events)
}

fn issued(minted: &RecoveryMinted) -> AccountEvent {
    AccountEvent::RecoveryCodesIssued(RecoveryCodesIssued {
        pepper: minted.pepper.clone(),
        hashes: minted.hashes.clone(),
    })
}

/// A factor of an account whose session has just proven its second factor.
fn with_step_up<'a>(
    account: &'a Account,
    session: HandleHash,
    context: &Context<'_>,
) -> Result<&'a Open, Refusal> {
    let (open, session) = session_of(account, session, context)?;
    if !open.two_factor_enabled() {
        // Without authenticators there is nothing to rename, remove or recover. Recovery codes made
        // now would stand in the way of those that the first authenticator brings.
        return Err(Refusal::NotFound("authenticator"));
    }
    session.demand_second_factor(context.now, context.policy)?;
    Ok(open)
}

pub(super) fn rename(
    account: &Account,
    session: HandleHash,
    factor: FactorId,
    context: &Context<'_>,
) -> Decision {
    let open = with_step_up(account, session, context)?;
    if open.factors.contains_key(&factor) {
        Ok(vec![AccountEvent::FactorRenamed(FactorRenamed { factor })])
    } else {
        Err(Refusal::NotFound("authenticator"))
    }
}

pub(super) fn remove(
    account: &Account,
    session: HandleHash,
    factor: FactorId,
    context: &Context<'_>,
) -> Decision {
    let open = with_step_up(account, session, context)?;
    if !open.factors.contains_key(&factor) {
        return Err(Refusal::NotFound("authenticator"));
    }
    let removed = AccountEvent::FactorRemoved(FactorRemoved { factor });
    let disabled = (open.factors.len() == 1).then_some(AccountEvent::Disabled(Disabled {}));
    let ended = ended(others(open, Some(session)), SessionEndedWhy::FactorChanged);
    Ok([Some(removed), disabled, ended].into_iter().flatten().collect())
}

pub(super) fn replace_recovery_codes(
    account: &Account,
    session: HandleHash,
    minted: &RecoveryMinted,
    context: &Context<'_>,
) -> Decision {
    with_step_up(account, session, context)?;
    Ok(vec![issued(minted)])
}
