//! Authenticators and recovery codes: offered, enabled, renamed, removed, replaced.

use countersign_events::account::{
    AccountEvent, Assurance, Disabled, EnableRequested, Enabled, FactorRemoved, FactorRenamed,
    HoldPlaced, HoldWhy, Method, Need, Purpose, RecoveryCodesIssued, ReplacementCompleted,
    SessionEndedWhy, SessionOpened,
};
use countersign_events::id::{FactorId, HandleHash, SecretVersion};

use super::code::{self, Judged, Leave, Place};
use super::sessions::{ended, others, session_of};
use super::sign_in::{alive, later, opened, proven_by, vouched_in};
use super::{Decision, existing};
use crate::domain::account::{Account, Offer, Open};
use crate::domain::command::{
    Activate, Context, Enroller, Evidence, RecoveryMinted, RequestEnable,
};
use crate::domain::policy::OFFER_GUESSES_MAX;
use crate::domain::refusal::{Refusal, StepUp};
use crate::domain::totp;

/// Whether the authenticator replaces all there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Enrolling {
    Further,
    /// They are lost.
    Replacing,
    /// They were guessed at too often, and are worth nothing.
    Rebinding,
}

/// Whether whoever asks may enrol an authenticator now. The first needs a fresh password, a further
/// one a fresh second factor (SR-111); a replacement that is due needs the session by a code by
/// e-mail that may complete it; a sign-in may where it asks for one (SR-112). A client app's word
/// stands for the password, so that it enrols the first one of its own users and no further one.
fn may_enrol(
    account: &Account,
    enroller: Enroller,
    context: &Context<'_>,
) -> Result<Enrolling, Refusal> {
    let open = existing(account)?;
    match enroller {
        Enroller::Client => demand_first(open, context)?,
        Enroller::SignIn(hash) => {
            alive(account, hash, Need::Enrolment, context)?;
        }
        Enroller::Session(hash) => {
            let (_, session) = session_of(account, hash, context)?;
            let replaces = session.assurance == Assurance::EmailCode
                && open.two_factor_enabled()
                && open.replacement_due(context.now).is_some();
            if replaces {
                if !session.password_is_fresh(context.now, context.policy) {
                    return Err(context.policy.step_up(StepUp::Password));
                }
                return Ok(Enrolling::Replacing);
            }
            session.demand_fresh(open, context.now, context.policy)?;
        }
    }
    Ok(further(account))
}

/// Demands that there is no authenticator: beside or in the place of one that is in use, or was
/// guessed at too often, another takes its holder's own second factor.
fn demand_first(open: &Open, context: &Context<'_>) -> Result<(), Refusal> {
    if open.two_factor_enabled() {
        return Err(context.policy.step_up(StepUp::SecondFactor));
    }
    Ok(())
}

/// A further authenticator beside those in use, or one in the place of those worth nothing.
fn further(account: &Account) -> Enrolling {
    if account.limits.of(Method::Totp).is_disabled() {
        Enrolling::Rebinding
    } else {
        Enrolling::Further
    }
}

/// Offers an authenticator.
pub(super) fn request_enable(
    account: &Account,
    command: &RequestEnable,
    context: &Context<'_>,
) -> Decision {
    let open = existing(account)?;
    let enrolling = may_enrol(account, command.enroller, context)?;
    if enrolling == Enrolling::Further && open.factors.len() >= context.policy.factors_max {
        return Err(Refusal::Conflict("the account has as many authenticators as allowed"));
    }
    Ok(vec![AccountEvent::EnableRequested(EnableRequested {
        session: command.enroller.bound_to(),
        replaces: open.offer.as_ref().map(|offer| offer.factor),
        ..offered(command.factor, command.secret, context)
    })])
}

/// An authenticator on offer, which takes no other's place.
pub(super) fn offered(
    factor: FactorId,
    secret: SecretVersion,
    context: &Context<'_>,
) -> EnableRequested {
    EnableRequested {
        factor,
        kind: Method::Totp,
        secret,
        algorithm: "SHA1".to_owned(),
        digits: totp::DIGITS,
        period_seconds: u32::try_from(totp::PERIOD_SECONDS).unwrap_or(u32::MAX),
        expires_at: later(context, context.policy.offer_ttl),
        session: None,
        replaces: None,
        imported: false,
    }
}

/// The offer that a session, a sign-in or a client app may confirm (SR-113).
///
/// # Errors
/// [`Refusal::NotFound`] where there is none, it lapsed, or another began it.
pub fn confirmable<'a>(
    open: &'a Open,
    factor: FactorId,
    enroller: Enroller,
    context: &Context<'_>,
) -> Result<&'a Offer, Refusal> {
    open.offer
        .as_ref()
        .filter(|offer| offer.factor == factor && offer.session == enroller.bound_to())
        .filter(|offer| context.now < offer.expires_at && offer.guesses < OFFER_GUESSES_MAX)
        .ok_or(Refusal::NotFound("pending authenticator"))
}

/// Confirms the offer: the first code counts as accepted, so that it never enters (SR-012); every
/// other session ends.
pub(super) fn activate(account: &Account, command: &Activate, context: &Context<'_>) -> Decision {
    let open = existing(account)?;
    let (factor, enroller) = (command.compared.factor, command.enroller);
    let enrolling = may_activate(account, enroller, context)?;
    let leave = Leave::Offer(confirmable(open, factor, enroller, context)?);
    let mut events = vec![];
    let (sign_in, in_session) = match enroller {
        Enroller::SignIn(hash) => (Some(hash), None),
        Enroller::Session(hash) => (None, Some(hash)),
        Enroller::Client => (None, None),
    };
    let place = Place { purpose: Purpose::Enable, sign_in, in_session };
    let evidence = Evidence::Totp(command.compared);
    let judged = code::judge(open, &evidence, &place, leave, context);
    if matches!(judged, Judged::Rejected { .. }) {
        events.extend(code::refused(account, judged, &evidence, &place, leave, context));
        return Ok(events);
    }
    let mut accepted = code::accepted(judged, &evidence, &place, None);
    if let Some(AccountEvent::CodeVerified(verified)) = accepted.first_mut() {
        verified.session = session_enrolled(open, command, context);
    }
    events.extend(accepted);
    if enrolling == Enrolling::Replacing {
        events.push(AccountEvent::ReplacementCompleted(ReplacementCompleted {}));
    }
    if enrolling != Enrolling::Further {
        let removed = open.factors.keys();
        events.extend(removed.map(|id| AccountEvent::FactorRemoved(FactorRemoved { factor: *id })));
    }
    events.push(AccountEvent::Enabled(Enabled { factor }));
    if open.recovery.is_none() || enrolling == Enrolling::Replacing {
        events.push(issued(&command.minted));
    }
    events.extend(ended(others(open, in_session), SessionEndedWhy::FactorChanged));
    if enrolling == Enrolling::Replacing {
        events.push(AccountEvent::HoldPlaced(HoldPlaced {
            why: HoldWhy::Replacement,
            until: later(context, context.policy.hold),
            email_codes: open.email_codes_offered,
        }));
    }
    Ok(events)
}

/// Whether whoever began may still confirm. What had to be fresh for the offer may have aged since;
/// a replacement must still be due, or else the session may enrol nothing.
fn may_activate(
    account: &Account,
    enroller: Enroller,
    context: &Context<'_>,
) -> Result<Enrolling, Refusal> {
    let open = existing(account)?;
    match enroller {
        Enroller::Client | Enroller::SignIn(_) => may_enrol(account, enroller, context),
        Enroller::Session(hash) => {
            let (_, session) = session_of(account, hash, context)?;
            match (session.assurance, open.two_factor_enabled()) {
                (Assurance::TwoFactor, true) | (_, false) => Ok(further(account)),
                (Assurance::EmailCode, true) if open.replacement_due(context.now).is_some() => {
                    Ok(Enrolling::Replacing)
                }
                (_, true) => Err(context.policy.step_up(StepUp::SecondFactor)),
            }
        }
    }
}

/// The session that an activation lifts, which keeps its token and its end, or starts.
fn session_enrolled(
    open: &Open,
    command: &Activate,
    context: &Context<'_>,
) -> Option<SessionOpened> {
    let (assurance, amr) = proven_by(Method::Totp);
    match command.enroller {
        Enroller::Client => None,
        Enroller::SignIn(hash) => {
            let opened = opened(open, (command.session, assurance, amr), context);
            let sign_in = open.sign_ins.get(&hash);
            let vouched_in = sign_in.and_then(|sign_in| vouched_in(open, sign_in));
            Some(SessionOpened { vouched_in, ..opened })
        }
        Enroller::Session(hash) => open.sessions.get(&hash).map(|session| {
            let expires_at = session.expires_at;
            SessionOpened { expires_at, ..opened(open, (hash, assurance, amr), context) }
        }),
    }
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
    open.demand_no_hold(context.now)?;
    if open.factors.len() == 1 && context.policy.requires_two_factor(context.now) {
        return Err(Refusal::Conflict("everybody must have a second factor: add another first"));
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
    let open = with_step_up(account, session, context)?;
    open.demand_no_hold(context.now)?;
    Ok(vec![issued(minted)])
}
