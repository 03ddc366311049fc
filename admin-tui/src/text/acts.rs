//! The words of acts: what each does, what it is called, and the event that it will become.

use countersign_api::contract::act::{IdentityProof, NoticeState};
use countersign_api::contract::kind::{Method, ResetScope};
use jiff::Timestamp;

use super::{say, until};
use crate::model::act::{Act, ActDialog, ActKind};
use crate::model::form::FieldName;
use crate::model::removal::Removal;

/// The choice of every method at once.
pub const EVERY_METHOD: &str = "every method";
/// The choice of the recovery codes alone, among the authenticators.
pub const RECOVERY_CODES_ALONE: &str = "the recovery codes alone";
/// What the log calls the authenticator that a removal is about.
pub const FACTOR: &str = "factor";
/// What a request is about that removes nothing.
pub const NEW_ADDRESS: &str = "another address";
/// Where a text stands that the log has sealed, and nobody here has the key.
pub const SEALED: &str = "sealed";
/// When a removal runs, in the order of the choice.
pub const DELAYS: [&str; 2] = ["after the delay", "at once, holder seen in person"];

/// Under the form of an unlock that leaves the password as it is.
const UNLOCK: &str = "Unlocking ends waiting times. It removes no authenticator and \
                          changes no password. The holder is told.";
/// The same of one that forgets wrong codes: whoever gave them had the password.
const UNLOCK_CODES: &str = "Failures of codes are forgotten together with the password: \
                                it ends, and the holder is sent a link to a new one, to an \
                                address that was proven. No authenticator is removed.";

/// Why a removal does not run at its time: the holder is not told.
#[must_use]
pub fn runs_not(removal: &Removal) -> Option<&'static str> {
    if removal.holder_is_told() {
        return None;
    }
    match removal.notice {
        NoticeState::Pending => Some(say::RUNS_ONCE_TOLD),
        _ => Some(say::RUNS_NEVER),
    }
}

/// When a removal runs, or why it does not.
#[must_use]
pub fn runs(removal: &Removal, now: Timestamp) -> String {
    match runs_not(removal) {
        Some(why) => why.to_owned(),
        None if removal.runs_when_approved(now) => say::RUNS_WHEN_APPROVED.to_owned(),
        None if removal.runs_at <= now => say::RUNS_NOW.to_owned(),
        None => until(now, removal.runs_at),
    }
}

/// What an act is called; approving and cancelling by what the request is about.
#[must_use]
pub fn title(kind: ActKind, is_address: bool) -> &'static str {
    match kind {
        ActKind::AskAddress => "Another address: ask for it",
        ActKind::Approve if is_address => "Another address: approve",
        ActKind::Cancel if is_address => "Another address: cancel",
        ActKind::Unlock => "Unlock",
        ActKind::Suspend => "Suspend the account",
        ActKind::Resume => "Resume the account",
        ActKind::EndSessions => "End sessions",
        ActKind::NewPassword => "New password",
        ActKind::AskRemoval => "Remove authenticator: ask for it",
        ActKind::Approve => "Remove authenticator: approve",
        ActKind::Cancel => "Remove authenticator: cancel",
    }
}

/// What an act does.
#[must_use]
pub fn effect(dialog: &ActDialog, act: &Act, now: Timestamp) -> &'static str {
    match act {
        Act::Unlock(request) => unlocking(request.scope, request.method),
        Act::Suspend(_) => {
            "Nobody signs in until it is resumed, and every session ends. Nothing is removed. The \
             holder is told."
        }
        Act::Resume(_) => "The holder can sign in again, as before. The holder is told.",
        Act::EndSessions(_) => {
            "Every session and every sign-in in progress ends. Password and authenticators stay. \
             The holder is told."
        }
        Act::NewPassword(_) => {
            "The holder is sent a link to a new password, to the address that was proven. Nobody \
             here sees either."
        }
        Act::AskRemoval(request) if request.in_person => {
            "It runs at once when another person approves it: no delay, since the holder stands \
             before you. The holder is told, and there is no time to object."
        }
        Act::AskRemoval(_) if !dialog.can_object => {
            "It runs after its delay, once another person has approved it."
        }
        Act::AskRemoval(_) => {
            "The holder is told at once on all addresses and can object. It runs after its delay, \
             once another person has approved it."
        }
        Act::AskAddress(_) if !dialog.can_object => {
            "For who has lost the mailbox and still has the password. It runs after its delay \
             (72 hours by default), once another supervisor has approved it."
        }
        Act::AskAddress(_) => {
            "For who has lost the mailbox and still has the password. The present address and the \
             new one are told at once, and the present one can stop it. It runs after its delay \
             (72 hours by default), once another supervisor has approved it."
        }
        Act::Approve(..) => approving(dialog.request.as_deref(), now),
        Act::Cancel(..) => "All stays as it is. The holder is told.",
    }
}

fn approving(request: Option<&Removal>, now: Timestamp) -> &'static str {
    match request {
        Some(request) if request.in_person => {
            "It runs at once when you approve it: the holder was seen in person, and no delay is \
             waited for. Nobody approves what he asked for himself."
        }
        Some(request) if request.runs_when_approved(now) => {
            "It runs at once when you approve it: its delay is over. Nobody approves what he asked \
             for himself."
        }
        Some(request) if !request.can_object => {
            "It runs when its delay is over. Nobody approves what he asked for himself."
        }
        _ => {
            "It runs when its delay is over, unless the holder objects. Nobody approves what he \
             asked for himself."
        }
    }
}

/// What whoever acts must know before a yes.
#[must_use]
pub fn warning(dialog: &ActDialog) -> Option<&'static str> {
    let asks = matches!(dialog.kind, ActKind::AskRemoval | ActKind::AskAddress | ActKind::Approve);
    (asks && !dialog.can_object).then_some(say::CANNOT_OBJECT)
}

fn unlocking(scope: ResetScope, method: Option<Method>) -> &'static str {
    match (scope, method) {
        (ResetScope::CoolDown, _) | (ResetScope::Counters, Some(Method::Password)) => UNLOCK,
        (ResetScope::Counters, _) => UNLOCK_CODES,
    }
}

/// After an act.
#[must_use]
pub fn written(kind: ActKind) -> &'static str {
    match kind {
        ActKind::Unlock => "The account is unlocked. The event stands in its time line.",
        ActKind::Suspend => "The account is suspended. The event stands in its time line.",
        ActKind::Resume => "The account is resumed. The event stands in its time line.",
        ActKind::EndSessions => "Its sessions are over. The event stands in its time line.",
        ActKind::NewPassword => "The link is on its way. The event stands in its time line.",
        ActKind::AskRemoval | ActKind::AskAddress => {
            "The request waits (F4). The event stands in the time line."
        }
        ActKind::Approve => "The request is approved. The event stands in the time line.",
        ActKind::Cancel => "The request is cancelled. The event stands in the time line.",
    }
}

/// What an unlock clears.
#[must_use]
pub fn scope(scope: ResetScope) -> &'static str {
    match scope {
        ResetScope::CoolDown => "waiting times",
        ResetScope::Counters => "waiting times and failures",
    }
}

/// How somebody was identified.
#[must_use]
pub fn proof(proof: IdentityProof) -> &'static str {
    match proof {
        IdentityProof::CallBack => "called back, number on record",
        IdentityProof::InPerson => "in person, with a document",
        IdentityProof::VideoCall => "video call, picture on record",
        IdentityProof::KnownColleague => "a colleague who knows the holder",
        IdentityProof::Superior => "the holder's superior",
        IdentityProof::IdentifiedAnew => "identified anew, as at first",
    }
}

/// What is in the event that an act will become, besides who, whose, ticket and reason: in the
/// words of the log.
#[must_use]
pub fn fields(act: &Act) -> Vec<(&'static str, String)> {
    match act {
        Act::Unlock(request) => vec![
            ("scope", scope_in_log(request.scope).to_owned()),
            ("method", request.method.map_or("all", method_in_log).to_owned()),
        ],
        Act::AskRemoval(request) => vec![
            (
                FACTOR,
                match request.factor_id {
                    Some(id) => id.to_string(),
                    None => "none: the recovery codes".to_owned(),
                },
            ),
            (PROOF, proof_in_log(request.proof).to_owned()),
            ("in_person", request.in_person.to_string()),
        ],
        Act::AskAddress(request) => vec![
            // Sealed in the log; whoever writes it must see that it is the right one.
            ("email (sealed)", request.email.clone()),
            (PROOF, proof_in_log(request.proof).to_owned()),
        ],
        Act::Approve((removal, _), _) | Act::Cancel((removal, _), _) => {
            vec![("request", removal.to_string())]
        }
        Act::Suspend(_) | Act::Resume(_) | Act::EndSessions(_) | Act::NewPassword(_) => Vec::new(),
    }
}

fn scope_in_log(scope: ResetScope) -> &'static str {
    match scope {
        ResetScope::CoolDown => "cool_down",
        ResetScope::Counters => "counters",
    }
}

fn method_in_log(method: Method) -> &'static str {
    match method {
        Method::Password => "password",
        Method::Totp => "totp",
        Method::EmailCode => "email_code",
        Method::RecoveryCode => "recovery_code",
    }
}

fn proof_in_log(proof: IdentityProof) -> &'static str {
    match proof {
        IdentityProof::CallBack => "call_back",
        IdentityProof::InPerson => "in_person",
        IdentityProof::VideoCall => "video_call",
        IdentityProof::KnownColleague => "known_colleague",
        IdentityProof::Superior => "superior",
        IdentityProof::IdentifiedAnew => "identified_anew",
    }
}

/// Reason and ticket of an act.
#[must_use]
pub fn why(act: &Act) -> (&str, &str) {
    match act {
        Act::Unlock(request) => (&request.reason, &request.ticket),
        Act::AskRemoval(request) => (&request.reason, &request.ticket),
        Act::AskAddress(request) => (&request.reason, &request.ticket),
        Act::Suspend(why)
        | Act::Resume(why)
        | Act::EndSessions(why)
        | Act::NewPassword(why)
        | Act::Approve(_, why)
        | Act::Cancel(_, why) => (&why.reason, &why.ticket),
    }
}

/// What is missing before an act can go on.
#[must_use]
pub fn missing(name: FieldName) -> String {
    match name {
        FieldName::Proof => "Choose how the holder was identified.".to_owned(),
        _ => format!("{} is missing.", super::label(name)),
    }
}

/// Where a removal is to run at once for somebody who was not seen.
pub const AT_ONCE_NEEDS_PERSON: &str = "At once is only for who was identified in person.";
/// Where wrong codes are to be forgiven and no link to a new password could be sent.
pub const CODES_NEED_ADDRESS: &str = "No address was proven: only waiting times, or the password.";
/// Where a proof stands that nobody has chosen yet.
pub const NOT_CHOSEN: &str = "not chosen yet";
/// What the log calls how the holder was identified.
pub const PROOF: &str = "proof";

/// What somebody asked for, and why, for whoever decides on it.
#[must_use]
pub fn asked(request: &Removal) -> String {
    format!("{} asks for it ({}): {}", request.asked_by, proof(request.proof), request.reason)
}

/// Why an act cannot be, whoever asks for it.
pub mod cannot {
    /// A link to a new password has nowhere to go.
    pub const NO_ADDRESS: &str = "No address was proven that a link to a new password could go to.";
    /// There is nothing that could be removed.
    pub const NOTHING_TO_REMOVE: &str = "There is no authenticator and no recovery code to remove.";
    /// Something waits already.
    pub const WAITS_ALREADY: &str = "Something waits for this account already: look at F4.";
    /// A request of one's own.
    pub const OWN_REQUEST: &str = "You asked for this yourself: another supervisor approves it.";
    /// A request that waits for nobody.
    pub const APPROVED: &str = "Nobody has to approve this any more.";
}
