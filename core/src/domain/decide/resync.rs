//! An authenticator whose clock is too far off to be learned: found by two codes in a row.
//!
//! Two codes that follow one another say where a phone is, within twenty steps. Since so many are
//! looked through, they are taken only in a session whose second factor was just proven by other
//! means (SR-018), and a wrong pair is a guess at the method like any other (SR-095).

use countersign_events::account::{AccountEvent, FactorResynced, Method, Purpose, RejectedWhy};
use countersign_events::id::{FactorId, HandleHash};

use super::Decision;
use super::code::{self, Judged, Leave, Place};
use super::guesses::admit;
use super::sessions::session_of;
use crate::domain::account::{Account, Factor};
use crate::domain::command::{Context, Evidence};
use crate::domain::policy::REUSED_PER_SESSION_MAX;
use crate::domain::refusal::Refusal;
use crate::domain::totp::ComparedTwo;

/// The authenticator that a session may resynchronise now.
///
/// # Errors
/// [`Refusal::NoSession`]; [`Refusal::NotFound`]; [`Refusal::StepUpRequired`] where nothing else
/// was proven a short while ago; [`Refusal::AuthenticationFailed`] in a session in which used codes
/// were typed too often.
pub fn resynchronisable<'a>(
    account: &'a Account,
    session: HandleHash,
    factor: FactorId,
    context: &Context<'_>,
) -> Result<&'a Factor, Refusal> {
    let (open, session) = session_of(account, session, context)?;
    let found = open.factors.get(&factor).ok_or(Refusal::NotFound("authenticator"))?;
    session.demand_another(factor, context.now, context.policy)?;
    if session.reused >= REUSED_PER_SESSION_MAX {
        return Err(Refusal::AuthenticationFailed);
    }
    Ok(found)
}

/// Takes a phone to be where two of its codes say that it is. Both are used up.
pub(super) fn resync(
    account: &Account,
    session: HandleHash,
    compared: &ComparedTwo,
    context: &Context<'_>,
) -> Decision {
    let factor = compared.factor;
    let last_step = resynchronisable(account, session, factor, context)?.last_step;
    let (admitted, mut events) = admit(account, Method::Totp, Some(session), context)?;
    let place = Place { purpose: Purpose::Resync, sign_in: None, in_session: Some(session) };
    let evidence = Evidence::Nothing { method: Method::Totp, factor: Some(factor) };
    let found = compared.step().filter(|_| !compared.is_reused(last_step));
    let Some((step, offset)) = found else {
        let why = match compared.step() {
            Some(_) => RejectedWhy::Reused,
            None => RejectedWhy::Wrong,
        };
        let judged = Judged::Rejected { why, off_by_steps: None };
        let leave = Leave::Admitted(&admitted);
        events.extend(code::refused(account, judged, &evidence, &place, leave, context));
        return Ok(events);
    };
    let judged = Judged::Totp { step, offset };
    events.extend(code::accepted(judged, &evidence, &place, admitted.device()));
    events.push(AccountEvent::FactorResynced(FactorResynced { factor, offset }));
    Ok(events)
}
