//! Letting a client app know who is signed in: a grant is issued, and redeemed once.

use countersign_events::account::{
    AccountEvent, Assurance, GrantIssued, GrantRedeemed, GrantVoided, GrantVoidedWhy,
};

use super::Decision;
use super::sessions::session_of;
use super::sign_in::later;
use crate::domain::account::Account;
use crate::domain::command::{Context, IssueGrant, RedeemGrant};
use crate::domain::grant::{ACCESS_TTL, GRANT_TTL, REPEAT_TTL};
use crate::domain::refusal::{Refusal, StepUp};
use crate::domain::session::signs_in_at;

/// Issues a grant, where the session is as sure and as young as the app wants it. Otherwise the
/// holder signs in anew, or gets an authenticator first: a password alone is all there is to prove.
pub(super) fn issue(account: &Account, command: &IssueGrant, context: &Context<'_>) -> Decision {
    let (open, session) = session_of(account, command.session, context)?;
    // Whom a client app vouches for is somebody to that app alone.
    let is_of_another = open.client.is_some_and(|made_by| made_by != command.client);
    if is_of_another || !signs_in_at(open, false) {
        return Err(Refusal::NoSession);
    }
    session.demand_more_than_recovery(context.policy)?;
    let is_too_old = |max_age| context.now.duration_since(session.started_at) > max_age;
    if command.max_age.is_some_and(is_too_old) {
        return Err(context.policy.step_up(StepUp::Password));
    }
    if session.assurance < command.assurance {
        let lacks_factor = command.assurance == Assurance::TwoFactor && !open.two_factor_enabled();
        let missing = if lacks_factor { StepUp::SecondFactor } else { StepUp::Password };
        return Err(context.policy.step_up(missing));
    }
    if let Some(retry_at) = session.grants.and_then(|pace| pace.full_until(context.now)) {
        return Err(Refusal::TooManyRequests { retry_at });
    }
    Ok(vec![AccountEvent::GrantIssued(GrantIssued {
        grant: command.grant,
        client: command.client,
        session: command.session,
        challenge: command.challenge,
        expires_at: later(context, GRANT_TTL),
    })])
}

/// Redeems a grant: the first time it comes, by its own app, with what belongs to it. A second use
/// voids it, and so does one that brings something else along: whoever sends that holds what only
/// the app and the browser had. A browser that repeats itself is let be: see
/// [`REPEAT_TTL`].
pub(super) fn redeem(account: &Account, command: &RedeemGrant, context: &Context<'_>) -> Decision {
    let open = account.open().ok_or(Refusal::AuthenticationFailed)?;
    let found = open.grants.get(&command.grant);
    let grant =
        found.filter(|grant| grant.client == command.client && context.now < grant.ends_at());
    let grant = grant.ok_or(Refusal::AuthenticationFailed)?;
    let voided =
        |why| Ok(vec![AccountEvent::GrantVoided(GrantVoided { grant: command.grant, why })]);
    if let Some(redeemed) = &grant.redeemed {
        let is_just_now = context.now.duration_since(redeemed.at) < REPEAT_TTL;
        if redeemed.passes && command.passes && command.fits && is_just_now {
            return Err(Refusal::Conflict("the browser asks again for what it just got"));
        }
        return voided(GrantVoidedWhy::Reused);
    }
    if !command.fits {
        return voided(GrantVoidedWhy::Mismatched);
    }
    let session = session_of(account, grant.session, context);
    let (_, session) = session.map_err(|_| Refusal::AuthenticationFailed)?;
    Ok(vec![AccountEvent::GrantRedeemed(GrantRedeemed {
        grant: command.grant,
        token: command.token,
        expires_at: match command.passes {
            true => session.expires_at,
            false => later(context, ACCESS_TTL),
        },
        assurance: session.assurance,
        amr: session.amr.clone(),
        auth_time: session.started_at,
        passes: command.passes,
    })])
}
