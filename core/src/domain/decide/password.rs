//! Passwords: changed by their holder, set anew by mail, or because a sign-in demands it.
//!
//! A password that is set anew by mail never signs anybody in and removes no second factor. So that
//! a mailbox alone is not enough, codes by e-mail are then not offered until another second factor
//! was proven, or days have passed (SR-053).

use countersign_events::account::{
    AccountEvent, EmailCodes, HoldPlaced, HoldWhy, Lane, Method, Need, PasswordResetRenewed,
    PasswordResetRequested, PasswordSet, PasswordSetWhy, PasswordVerified, Purpose,
    SessionEndedWhy,
};
use countersign_events::id::SecretVersion;
use jiff::Timestamp;

use super::Decision;
use super::guesses::admit;
use super::sessions::{ended, others, replacing, session_of};
use super::sign_in::{after_factors, alive, later, password_wrong};
use super::unlock;
use crate::domain::account::{Account, Open};
use crate::domain::command::{ChangePassword, Context, SetDemandedPassword};
use crate::domain::email_code::{asked_lately, may_mail_link};
use crate::domain::limits::{Lock, Rule};
use crate::domain::policy::LANE_OPENED_BY_MAIL_EVERY;
use crate::domain::refusal::Refusal;

/// Changes it: with the present one, and a fresh second factor where there is one (SR-053). Every
/// other session ends; this one goes on under a new token.
pub(super) fn change(
    account: &Account,
    command: &ChangePassword,
    context: &Context<'_>,
) -> Decision {
    let (open, session) = session_of(account, command.session, context)?;
    session.demand_more_than_recovery(context.policy)?;
    if open.password.is_none() {
        return Err(Refusal::Conflict("the account has no password here"));
    }
    if open.two_factor_enabled() {
        session.demand_second_factor(context.now, context.policy)?;
    }
    let Some(version) = command.version else {
        return password_wrong(account, Purpose::StepUp, Some(command.session), context);
    };
    let within = Some(command.session);
    let (admitted, mut events) = admit(account, Method::Password, within, context)?;
    events.push(AccountEvent::PasswordVerified(PasswordVerified {
        device: admitted.device(),
        purpose: Purpose::StepUp,
        sign_in: None,
        session: Some(replacing(
            (command.session, session),
            command.next,
            session.assurance,
            &session.amr,
        )),
    }));
    events.push(AccountEvent::PasswordSet(PasswordSet {
        forgives_codes: open.two_factor_enabled(),
        ..PasswordSet::new(version, PasswordSetWhy::Changed)
    }));
    events.extend(ended(others(open, Some(command.session)), SessionEndedWhy::PasswordChanged));
    Ok(events)
}

/// A link by mail is asked for. A login that does not exist leaves the same events on its stream,
/// within the same limits (SR-030, SR-051); a link goes to an address that was proven, and to no
/// other (SR-027).
///
/// Anybody can ask, and use up the mails that are sent. What is asked for beyond them sends none,
/// and makes the link of the last one work again: whoever reads the mailbox has a link that works
/// by asking once, whatever others have asked for before. A link ends for good only at the hands
/// of whoever holds the account; then the next request sends another, however many there were.
pub(super) fn request_reset(account: &Account, context: &Context<'_>) -> Decision {
    let Context { now, policy, .. } = *context;
    let open = account.open().filter(|open| open.has_had_password() && open.has_proven_address());
    let until = later(context, policy.reset_ttl);
    let has_ended = open.is_some_and(|open| open.reset.is_none());
    if has_ended || may_mail_link(&account.resets, now, policy) {
        let link_until = open.is_some().then_some(until);
        return Ok(vec![AccountEvent::PasswordResetRequested(PasswordResetRequested {
            link_until,
        })]);
    }
    if asked_lately(account.reset_asked_at, now, policy) {
        return Ok(vec![]);
    }
    let link_until = open.is_some().then_some(until);
    Ok(vec![AccountEvent::PasswordResetRenewed(PasswordResetRenewed { link_until })])
}

/// Sets it by a link. Sessions and sign-ins end; nobody is signed in.
pub(super) fn reset(account: &Account, version: SecretVersion, context: &Context<'_>) -> Decision {
    let open = account.open().ok_or(Refusal::AuthenticationFailed)?;
    let link = open.reset.as_ref().filter(|link| context.now < link.expires_at);
    let link = link.ok_or(Refusal::AuthenticationFailed)?;
    let set = AccountEvent::PasswordSet(PasswordSet {
        forgives_codes: opens_lane(account, open, context),
        ..PasswordSet::new(version, PasswordSetWhy::Reset)
    });
    let hold = AccountEvent::HoldPlaced(HoldPlaced {
        why: HoldWhy::PasswordReset,
        until: held_until(open, context),
        email_codes: withheld(open, context),
    });
    let ended = ended(others(open, None), SessionEndedWhy::PasswordChanged);
    let admitted = unlock::after_reset(open, link.request, context);
    Ok([Some(set), Some(hold), ended, admitted].into_iter().flatten().collect())
}

/// Whether a password by mail opens the lane of codes from unknown devices: where somebody who had
/// the one that ends has shut it, or is about to, so that the holder gets in from a new device by
/// one mail. Not twice in a year, or else the mailbox would be sixteen guesses each time.
fn opens_lane(account: &Account, open: &Open, context: &Context<'_>) -> bool {
    let (limits, now) = (&context.policy.limits, context.now);
    let lately = open
        .lane_opened_by_mail_at
        .is_some_and(|at| now.duration_since(at) < LANE_OPENED_BY_MAIL_EVERY);
    let guessed = account.limits.unknown_second_steps(now) >= limits.demands_password;
    let is_closed = |lock: &Lock| {
        (lock.lane, lock.rule) == (Lane::Unknown, Rule::LaneCap) && lock.method != Method::Password
    };
    !lately && (guessed || account.limits.locks(limits, now).iter().any(is_closed))
}

/// Until when a reset holds what it holds. Where something was held lately it is not begun anew:
/// who only reads a mailbox must not be able to keep its address for ever.
fn held_until(open: &Open, context: &Context<'_>) -> Timestamp {
    let lately = open.held_until.filter(|held| {
        context.now < held.saturating_add(context.policy.hold_again).unwrap_or(*held)
    });
    lately.unwrap_or_else(|| later(context, context.policy.hold))
}

/// Codes by e-mail are withheld for some time; where they are already, not for a shorter one.
pub(super) fn withheld(open: &Open, context: &Context<'_>) -> EmailCodes {
    let until = later(context, context.policy.email_codes_withheld);
    match open.email_codes_offered {
        EmailCodes::WithheldUntilProof => EmailCodes::WithheldUntilProof,
        EmailCodes::WithheldUntil(earlier) => EmailCodes::WithheldUntil(earlier.max(until)),
        EmailCodes::Offered => EmailCodes::WithheldUntil(until),
    }
}

/// Sets the one that a sign-in demands, and goes on with the sign-in.
pub(super) fn set_demanded(
    account: &Account,
    command: &SetDemandedPassword,
    context: &Context<'_>,
) -> Decision {
    let (open, sign_in) = alive(account, command.sign_in, Need::NewPassword, context)?;
    let proven = sign_in.proven.map_or(Method::Password, |(method, ..)| method);
    // What is demanded is about to be given.
    let (next, session) =
        after_factors(open, Some(sign_in), proven, false, (command.next, command.session), context);
    let set = AccountEvent::PasswordSet(PasswordSet {
        sign_in: Some(command.sign_in),
        next,
        session,
        // Nobody gets new guesses for a mailbox and a password that is known.
        forgives_codes: matches!(proven, Method::Totp | Method::RecoveryCode),
        ..PasswordSet::new(command.version, PasswordSetWhy::Demanded)
    });
    let ended = ended(others(open, None), SessionEndedWhy::PasswordChanged);
    // The earlier sessions first: the one that starts stays.
    Ok([ended, Some(set)].into_iter().flatten().collect())
}
