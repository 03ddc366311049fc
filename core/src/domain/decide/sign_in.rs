//! Signing in: the first factor, the second, and the way by e-mail.
//!
//! ```text
//!   Anonymous ──right password──▶ waits for its second factor ──right code──▶ session
//!       │                             │ 5 evaluated guesses, or 10 minutes
//!       │ (no second factor)          ▼
//!       └────────────▶ session      dead
//! ```

use countersign_events::account::{
    AccountEvent, Assurance, EmailCodeRequested, EmailConfirmed, FirstFactorVouched, Method, Need,
    PasswordRejected, PasswordSet, PasswordSetWhy, PasswordVerified, Purpose, SessionEndedWhy,
    SessionOpened, SessionsEnded, SignInOpened,
};
use countersign_events::id::{HandleHash, Revision};
use jiff::Timestamp;

use super::code::{self, Judged, Leave, Place};
use super::devices;
use super::guesses::{admit, demand_open, may_tell};
use super::recovery::{may_change_email, stops_replacement};
use super::sessions::session_of;
use super::{Decision, existing};
use crate::domain::account::{Account, Open, Session, SignIn as WaitingSignIn};
use crate::domain::command::{AtDevice, Context, FirstFactor, SendEmailCode, SignIn, VerifyCode};
use crate::domain::email_code;
use crate::domain::policy::{EmailMode, Policy};
use crate::domain::refusal::Refusal;
use crate::domain::session::{AMR_EMAIL, AMR_MFA, AMR_OTP, AMR_PASSWORD, AMR_RECOVERY_CODE};

pub(super) fn begin(account: &Account, command: &SignIn, context: &Context<'_>) -> Decision {
    match command.first {
        FirstFactor::Vouched { device } => {
            let open = existing(account)?;
            if open.is_suspended() {
                return Err(Refusal::AuthenticationFailed);
            }
            let context = &Context { device: device.map(AtDevice::vouched), ..*context };
            let (sign_in, session) = next_step(open, command, false, context);
            let mut events = room_for(open, session.as_ref(), context);
            let vouched = FirstFactorVouched { sign_in, session, device };
            events.push(AccountEvent::FirstFactorVouched(vouched));
            Ok(events)
        }
        FirstFactor::PasswordWrong => password_wrong(account, Purpose::SignIn, None, context),
        // Told apart by nothing, and counted alike: a right password is no way to find out.
        FirstFactor::PasswordRight { .. } if account.open().is_some_and(Open::is_suspended) => {
            password_wrong(account, Purpose::SignIn, None, context)
        }
        FirstFactor::PasswordRight { rehashed } => {
            let (admitted, mut events) = admit(account, Method::Password, None, context)?;
            let Some(open) = account.open() else {
                return password_wrong(account, Purpose::SignIn, None, context);
            };
            let demands = open.password_change.is_some();
            let (sign_in, session) = next_step(open, command, demands, context);
            events.extend(room_for(open, session.as_ref(), context));
            events.push(AccountEvent::PasswordVerified(PasswordVerified {
                purpose: Purpose::SignIn,
                sign_in,
                session,
                device: admitted.device(),
            }));
            events.extend(rehashed.map(|version| {
                AccountEvent::PasswordSet(PasswordSet::new(version, PasswordSetWhy::Rehashed))
            }));
            Ok(events)
        }
    }
}

/// The facts of a wrong password, on a known account and an unknown login alike (SR-051, SR-090).
pub(super) fn password_wrong(
    account: &Account,
    purpose: Purpose,
    in_session: Option<HandleHash>,
    context: &Context<'_>,
) -> Decision {
    let (admitted, mut events) = admit(account, Method::Password, in_session, context)?;
    let wrong = admitted.wrong(account, context);
    events.push(AccountEvent::PasswordRejected(PasswordRejected {
        suspended: account.open().is_some_and(Open::is_suspended),
        purpose,
        in_session,
        unresolved: wrong.unresolved,
        counted: wrong.counted,
    }));
    events.extend(wrong.follows);
    Ok(events)
}

/// What follows the first factor: a sign-in that waits, or at once a session.
fn next_step(
    open: &Open,
    command: &SignIn,
    demands_password: bool,
    context: &Context<'_>,
) -> (Option<SignInOpened>, Option<SessionOpened>) {
    if open.two_factor_enabled() {
        (Some(waits(open, command.sign_in, Need::SecondFactor, context)), None)
    } else {
        let (sign_in, session) = (command.sign_in, command.session);
        let handles = (sign_in, session);
        after_factors(open, None, Method::Password, demands_password, handles, context)
    }
}

fn waits(open: &Open, sign_in: HandleHash, needs: Need, context: &Context<'_>) -> SignInOpened {
    let expires_at = later(context, context.policy.sign_in_ttl);
    SignInOpened { sign_in, expires_at, needs, device: devices::known(open, context) }
}

/// What follows the factors there are: a new password where one is demanded, an authenticator where
/// everybody must have one, and then the session.
pub(super) fn after_factors(
    open: &Open,
    earlier: Option<&WaitingSignIn>,
    proven: Method,
    demands_password: bool,
    (next, session): (HandleHash, HandleHash),
    context: &Context<'_>,
) -> (Option<SignInOpened>, Option<SessionOpened>) {
    if demands_password {
        return (Some(waits(open, next, Need::NewPassword, context)), None);
    }
    if !open.two_factor_enabled() && context.policy.requires_two_factor(context.now) {
        return (Some(waits(open, next, Need::Enrolment, context)), None);
    }
    let (assurance, amr) = proven_by(proven);
    let device = devices::remembered(open, assurance, context);
    let opened = opened(open, (session, assurance, amr), context);
    let vouched_in = earlier.and_then(|earlier| vouched_in(open, earlier));
    (None, Some(SessionOpened { device, vouched_in, ..opened }))
}

/// Where a client app began the sign-in: only its own accounts have no password here.
pub(super) fn vouched_in(open: &Open, sign_in: &WaitingSignIn) -> Option<Revision> {
    open.client.map(|_| sign_in.opened_in)
}

/// Ends the oldest session where a new one would be one too many (SR-136): of those that may still
/// be in use only where there is no other, and then the holder is told.
fn room_for(
    open: &Open,
    opening: Option<&SessionOpened>,
    context: &Context<'_>,
) -> Vec<AccountEvent> {
    let alive = open.sessions.iter().filter(|(_, session)| context.now < session.expires_at);
    if opening.is_none() || alive.clone().count() < context.policy.sessions_max {
        return vec![];
    }
    let idle = context.policy.session_spans(open.origin).idle;
    let in_use = |session: &Session| session.may_be_in_use(context.now, idle);
    let oldest = alive.min_by_key(|(_, session)| (in_use(session), session.started_at));
    let tells_holder = oldest.is_some_and(|(_, session)| in_use(session))
        && may_tell(open.room_told_at, context.now);
    let sessions = oldest.map(|(hash, _)| *hash).into_iter().collect();
    let ended = SessionsEnded::new(sessions, SessionEndedWhy::TooMany);
    vec![AccountEvent::SessionsEnded(SessionsEnded { tells_holder, ..ended })]
}

pub(super) fn opened(
    open: &Open,
    (session, assurance, amr): (HandleHash, Assurance, &[&str]),
    context: &Context<'_>,
) -> SessionOpened {
    SessionOpened {
        session,
        assurance,
        amr: amr.iter().map(|value| (*value).to_owned()).collect(),
        expires_at: later(context, context.policy.session_spans(open.origin).overall),
        replaces: None,
        device: None,
        vouched_in: None,
    }
}

pub(super) fn later(context: &Context<'_>, span: jiff::SignedDuration) -> Timestamp {
    context.now.saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// How sure a session is after a code, and how that was proven.
pub(super) const fn proven_by(method: Method) -> (Assurance, &'static [&'static str]) {
    match method {
        Method::Password => (Assurance::Password, &[AMR_PASSWORD]),
        Method::Totp => (Assurance::TwoFactor, &[AMR_PASSWORD, AMR_OTP, AMR_MFA]),
        Method::EmailCode => (Assurance::EmailCode, &[AMR_PASSWORD, AMR_EMAIL]),
        Method::RecoveryCode => (Assurance::TwoFactor, &[AMR_PASSWORD, AMR_RECOVERY_CODE, AMR_MFA]),
    }
}

/// A sign-in that is alive and waits for this; everything else is one class (SR-055, SR-058).
pub(super) fn alive<'a>(
    account: &'a Account,
    sign_in: HandleHash,
    needs: Need,
    context: &Context<'_>,
) -> Result<(&'a Open, &'a WaitingSignIn), Refusal> {
    let open = account.open().ok_or(Refusal::AuthenticationFailed)?;
    let found = open.sign_ins.get(&sign_in).ok_or(Refusal::AuthenticationFailed)?;
    let is_alive = found.needs == needs
        && !found.ended
        && context.now < found.expires_at
        && found.guesses < context.policy.guesses_per_sign_in
        && found.reused < context.policy.reused_per_sign_in;
    if is_alive { Ok((open, found)) } else { Err(Refusal::AuthenticationFailed) }
}

pub(super) fn verify_code(
    account: &Account,
    command: &VerifyCode,
    context: &Context<'_>,
) -> Decision {
    let (open, waiting) = alive(account, command.sign_in, Need::SecondFactor, context)?;
    let context = &devices::within(open, command.sign_in, context);
    let method = command.evidence.method();
    if waiting.guesses >= guesses_of(method, context.policy) {
        return Err(Refusal::AuthenticationFailed);
    }
    let (admitted, mut events) = admit(account, method, Some(command.sign_in), context)?;
    let place =
        Place { purpose: Purpose::SignIn, sign_in: Some(command.sign_in), in_session: None };
    let leave = Leave::Admitted(&admitted);
    let judged = code::judge(open, &command.evidence, &place, leave, context);
    if matches!(judged, Judged::Rejected { .. }) {
        events.extend(code::refused(account, judged, &command.evidence, &place, leave, context));
        return Ok(events);
    }
    let demands = open.password_change.is_some();
    let (next, session) = after_factors(
        open,
        Some(waiting),
        method,
        demands,
        (command.next, command.session),
        context,
    );
    events.extend(room_for(open, session.as_ref(), context));
    let mut accepted = code::accepted(judged, &command.evidence, &place, admitted.device());
    if let Some(AccountEvent::CodeVerified(verified)) = accepted.first_mut() {
        (verified.next, verified.session) = (next, session);
    }
    events.extend(accepted);
    events.extend(first_email_code(open, method));
    events.extend(stops_replacement(open, method, context));
    Ok(events)
}

/// Guesses in a sign-in, by whatever method, after which this one is not looked at any more.
const fn guesses_of(method: Method, policy: &Policy) -> u32 {
    match method {
        Method::EmailCode => policy.email_guesses,
        Method::RecoveryCode => policy.recovery_guesses,
        Method::Totp | Method::Password => policy.guesses_per_sign_in,
    }
}

/// The first right code by e-mail proves the address, too.
fn first_email_code(open: &Open, method: Method) -> Option<AccountEvent> {
    let unconfirmed = open.email.as_ref().is_some_and(|email| !email.confirmed);
    (method == Method::EmailCode && unconfirmed)
        .then_some(AccountEvent::EmailConfirmed(EmailConfirmed {}))
}

/// Digits of a code, where they are not six: more, where it is the way to recover.
fn digits(purpose: Purpose, context: &Context<'_>) -> Option<u8> {
    let recovers = context.policy.email_mode == EmailMode::RecoveryOnly;
    (purpose == Purpose::SignIn && recovers).then_some(email_code::RECOVERY_DIGITS)
}

pub(super) fn send_email_code(
    account: &Account,
    command: &SendEmailCode,
    context: &Context<'_>,
) -> Decision {
    let open = match command.purpose {
        Purpose::SignIn => {
            let (open, _) = alive(account, command.bound_to, Need::SecondFactor, context)?;
            if open.email.is_some() && !open.offers_email_codes(context.now, context.policy) {
                return Err(Refusal::AuthenticationFailed);
            }
            open
        }
        Purpose::ConfirmEmail => {
            let (open, session) = session_of(account, command.bound_to, context)?;
            session.demand_more_than_recovery(context.policy)?;
            open
        }
        Purpose::ChangeEmail => {
            let (open, session) = session_of(account, command.bound_to, context)?;
            may_change_email(open, session, context)?;
            open
        }
        Purpose::Enable | Purpose::StepUp | Purpose::Resync => {
            let reason = "a code by e-mail proves no second factor".to_owned();
            return Err(Refusal::Invalid { field: "purpose", reason });
        }
    };
    if open.email.is_none() && command.purpose != Purpose::ChangeEmail {
        return Err(Refusal::Conflict("the account has no e-mail address"));
    }
    demand_open(account, Method::EmailCode, Some(command.bound_to), context)?;
    let at = devices::at(open, Some(command.bound_to), context.device);
    let has_reserve = email_code::session_has_reserve(open, command.purpose)
        || devices::known_at(open, at, context.now).is_some();
    email_code::admit_send(open, has_reserve, context.now, context.policy)?;
    Ok(vec![AccountEvent::EmailCodeRequested(EmailCodeRequested {
        purpose: command.purpose,
        bound_to: command.bound_to,
        nonce: command.nonce,
        digits: digits(command.purpose, context),
        expires_at: later(context, context.policy.email_code_ttl),
    })])
}
