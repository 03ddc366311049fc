//! Within a session: proving again, confirming the address, ending sessions.

use countersign_events::account::{
    AccountEvent, Assurance, EmailConfirmed, Method, PasswordVerified, Purpose, RejectedWhy,
    SessionEndedWhy, SessionOpened, SessionUsed, SessionsEnded,
};
use countersign_events::id::HandleHash;

use super::Decision;
use super::code::{self, Judged, Leave, Place};
use super::devices;
use super::guesses::admit;
use super::recovery::stops_replacement;
use super::sign_in::{password_wrong, proven_by};
use crate::domain::account::{Account, Open, Session};
use crate::domain::command::{Context, Evidence, Prove, Proven, WhichSessions};
use crate::domain::policy::{REUSED_PER_SESSION_MAX, SESSION_USE_RECORDED_EVERY};
use crate::domain::refusal::Refusal;

/// A session of the account, by its hash. Whether it is idle, the actor has checked: only it knows
/// of uses that are not recorded.
pub(super) fn session_of<'a>(
    account: &'a Account,
    session: HandleHash,
    context: &Context<'_>,
) -> Result<(&'a Open, &'a Session), Refusal> {
    let open = account.open().ok_or(Refusal::NoSession)?;
    let found = open.sessions.get(&session).filter(|found| context.now < found.expires_at);
    found.map(|found| (open, found)).ok_or(Refusal::NoSession)
}

/// Proves again: a new token takes the session's place, and is never weaker (SR-129, SR-132).
pub(super) fn prove(account: &Account, command: &Prove, context: &Context<'_>) -> Decision {
    let (open, session) = session_of(account, command.session, context)?;
    match &command.proven {
        Proven::Password { right: false } => {
            password_wrong(account, Purpose::StepUp, Some(command.session), context)
        }
        Proven::Password { right: true } => {
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
            Ok(events)
        }
        Proven::Code(evidence) => prove_by_code(account, open, session, evidence, command, context),
    }
}

fn prove_by_code(
    account: &Account,
    open: &Open,
    session: &Session,
    evidence: &Evidence,
    command: &Prove,
    context: &Context<'_>,
) -> Decision {
    let method = evidence.method();
    if method == Method::EmailCode {
        let reason = "a code by e-mail proves no second factor".to_owned();
        return Err(Refusal::Invalid { field: "method", reason });
    }
    // A retype is no guess, so that no cool-down ever ends them; each is an entry of the log.
    if session.reused >= REUSED_PER_SESSION_MAX {
        return Err(Refusal::AuthenticationFailed);
    }
    let (admitted, mut events) = admit(account, method, Some(command.session), context)?;
    let place =
        Place { purpose: Purpose::StepUp, sign_in: None, in_session: Some(command.session) };
    let leave = Leave::Admitted(&admitted);
    let judged = code::judge(open, evidence, &place, leave, context);
    if matches!(judged, Judged::Rejected { .. }) {
        events.extend(code::refused(account, judged, evidence, &place, leave, context));
        return Ok(events);
    }
    let (assurance, amr) = proven_by(method);
    let amr: Vec<String> = amr.iter().map(|value| (*value).to_owned()).collect();
    let mut accepted = code::accepted(judged, evidence, &place, admitted.device());
    if let Some(AccountEvent::CodeVerified(verified)) = accepted.first_mut() {
        let opened = replacing((command.session, session), command.next, assurance, &amr);
        let device = devices::renewed(open, &devices::within(open, command.session, context));
        verified.session = Some(SessionOpened { device, ..opened });
    }
    events.extend(accepted);
    events.extend(stops_replacement(open, method, context));
    Ok(events)
}

/// The session that takes the place of the one that proved; its end does not move.
pub(super) fn replacing(
    (replaced, session): (HandleHash, &Session),
    next: HandleHash,
    assurance: Assurance,
    amr: &[String],
) -> SessionOpened {
    SessionOpened {
        session: next,
        assurance,
        amr: amr.to_vec(),
        expires_at: session.expires_at,
        replaces: Some(replaced),
        device: None,
        vouched_in: None,
    }
}

pub(super) fn confirm_email(
    account: &Account,
    session: HandleHash,
    right: bool,
    context: &Context<'_>,
) -> Decision {
    let (open, found) = session_of(account, session, context)?;
    found.demand_more_than_recovery(context.policy)?;
    let place = Place { purpose: Purpose::ConfirmEmail, sign_in: None, in_session: Some(session) };
    let confirmed = AccountEvent::EmailConfirmed(EmailConfirmed {});
    prove_address(account, open, &place, right, confirmed, context)
}

/// Judges the code that a session had sent to an address; what a right one leads to comes along.
pub(super) fn prove_address(
    account: &Account,
    open: &Open,
    place: &Place,
    right: bool,
    proven: AccountEvent,
    context: &Context<'_>,
) -> Decision {
    let (admitted, mut events) = admit(account, Method::EmailCode, place.in_session, context)?;
    let evidence = Evidence::EmailCode { right };
    let leave = Leave::Admitted(&admitted);
    let judged = code::judge(open, &evidence, place, leave, context);
    // Where no code was sent there is no guess, so that no cool-down ends them either.
    let session = place.in_session.and_then(|session| open.sessions.get(&session));
    let is_none = matches!(judged, Judged::Rejected { why: RejectedWhy::NoneIssued, .. });
    if is_none && session.is_some_and(|it| it.reused >= REUSED_PER_SESSION_MAX) {
        return Err(Refusal::AuthenticationFailed);
    }
    if matches!(judged, Judged::Rejected { .. }) {
        events.extend(code::refused(account, judged, &evidence, place, leave, context));
    } else {
        events.extend(code::accepted(judged, &evidence, place, admitted.device()));
        events.push(proven);
    }
    Ok(events)
}

/// Records a use where the last recorded one is old enough to matter.
pub(super) fn record_use(
    account: &Account,
    session: HandleHash,
    context: &Context<'_>,
) -> Decision {
    let (_, found) = session_of(account, session, context)?;
    if context.now.duration_since(found.used_at) < SESSION_USE_RECORDED_EVERY {
        return Ok(vec![]);
    }
    Ok(vec![AccountEvent::SessionUsed(SessionUsed { session })])
}

pub(super) fn end(
    account: &Account,
    session: HandleHash,
    which: WhichSessions,
    context: &Context<'_>,
) -> Decision {
    let (open, found) = session_of(account, session, context)?;
    if which != WhichSessions::Own {
        found.demand_more_than_recovery(context.policy)?;
    }
    let (sessions, why) = match which {
        WhichSessions::Own => (vec![session], SessionEndedWhy::SignedOut),
        WhichSessions::One(other) if open.sessions.contains_key(&other) => {
            (vec![other], SessionEndedWhy::Revoked)
        }
        WhichSessions::One(_) => return Err(Refusal::NotFound("session")),
        WhichSessions::Others => (others(open, Some(session)), SessionEndedWhy::Revoked),
    };
    Ok(ended(sessions, why).into_iter().collect())
}

/// All sessions of the account but one.
pub(super) fn others(open: &Open, but: Option<HandleHash>) -> Vec<HandleHash> {
    open.sessions.keys().copied().filter(|session| Some(*session) != but).collect()
}

pub(super) fn ended(sessions: Vec<HandleHash>, why: SessionEndedWhy) -> Option<AccountEvent> {
    let ended = SessionsEnded::new(sessions, why);
    (!ended.sessions.is_empty()).then_some(AccountEvent::SessionsEnded(ended))
}
