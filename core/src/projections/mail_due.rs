//! Which mail an event calls for: a pure function of the log.

use countersign_events::account::{
    AccountEvent, Method, Notice, PasswordSetWhy, Purpose, RejectedWhy, SessionEndedWhy,
};
use countersign_events::id::EventId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::mail::wording::{Doer, NoticeFacts};

/// What a mail is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// The code that an `EmailCodeRequested` asked for.
    Code,
    /// The link to a new password that a `PasswordResetRequested` asked for.
    ResetLink,
    /// A notice, and what it knows.
    Notice {
        /// Which.
        notice: Notice,
        /// What it knows.
        facts: NoticeFacts,
    },
}

/// A mail that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailDue {
    /// What it is.
    pub kind: MailKind,
    /// After when it is of no use.
    pub expires_at: Option<Timestamp>,
}

/// What the log says of an account before the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// Whether it has an address at all. Without one there is nobody to tell.
    pub has_email: bool,
    /// Whether it has recovery codes that a new set takes the place of.
    pub has_recovery_codes: bool,
    /// Whether what support was asked for, and waits, is about the address.
    pub waits_for_address: bool,
}

/// The mail that an event calls for.
#[must_use]
pub fn mail_due(event: &AccountEvent, by: Doer, before: Before) -> Option<MailDue> {
    // A code to another address goes there, whether or not there is one already.
    let goes_elsewhere = matches!(
        event,
        AccountEvent::EmailCodeRequested(request) if request.purpose == Purpose::ChangeEmail
    );
    if !before.has_email && !goes_elsewhere {
        return None;
    }
    let facts = NoticeFacts::of(by);
    if let Some(of_guesses) = guesses(event, &facts) {
        return Some(of_guesses);
    }
    match event {
        AccountEvent::EmailCodeRequested(request) => {
            Some(MailDue { kind: MailKind::Code, expires_at: Some(request.expires_at) })
        }
        AccountEvent::PasswordResetRequested(request) => request
            .link_until
            .map(|until| MailDue { kind: MailKind::ResetLink, expires_at: Some(until) }),
        AccountEvent::PasswordSet(set) => match set.why {
            PasswordSetWhy::Reset => notice(Notice::PasswordReset, facts),
            PasswordSetWhy::Changed | PasswordSetWhy::Demanded | PasswordSetWhy::LetInAnew => {
                notice(Notice::PasswordChanged, facts)
            }
            PasswordSetWhy::Initial | PasswordSetWhy::Rehashed => None,
        },
        AccountEvent::EmailChanged(changed) => notice(
            Notice::EmailChanged,
            NoticeFacts { until: (!changed.unproven).then_some(changed.undo_until), ..facts },
        ),
        AccountEvent::EmailChangeUndone(_) => notice(Notice::EmailChangeUndone, facts),
        AccountEvent::ReplacementRequested(requested) => notice(
            Notice::ReplacementRequested,
            NoticeFacts { until: Some(requested.due_at), ..facts },
        ),
        AccountEvent::ReplacementObjected(_) => notice(Notice::ReplacementStopped, facts),
        AccountEvent::ReplacementCompleted(_) => notice(Notice::ReplacementCompleted, facts),
        AccountEvent::Repudiated(_) => notice(Notice::Repudiated, facts),
        AccountEvent::SessionsEnded(ended) if ended.tells_holder => {
            notice(Notice::SessionMadeRoom, NoticeFacts { by: Doer::Service, ..facts })
        }
        // Staff enables none but by an import, which goes on with what the holder has.
        AccountEvent::Enabled(_) if by != Doer::Staff => notice(Notice::FactorEnabled, facts),
        // What support had removed is told with the removal.
        AccountEvent::FactorRemoved(_) if by != Doer::Service => {
            notice(Notice::FactorRemoved, facts)
        }
        AccountEvent::RecoveryCodeUsed(used) => {
            notice(Notice::RecoveryCodeUsed, NoticeFacts { left: Some(used.left), ..facts })
        }
        AccountEvent::LockoutReset(reset) => {
            notice(Notice::Unlocked, NoticeFacts { method: reset.method, ..facts })
        }
        AccountEvent::RecoveryCodesIssued(_) if before.has_recovery_codes => {
            notice(Notice::RecoveryCodesReplaced, facts)
        }
        AccountEvent::CodeVerified(verified)
            if verified.method == Method::EmailCode && verified.purpose == Purpose::SignIn =>
        {
            notice(Notice::SignedInByEmail, facts)
        }
        _ => of_support(event, before, facts),
    }
}

/// What is told of what support does.
fn of_support(event: &AccountEvent, before: Before, facts: NoticeFacts) -> Option<MailDue> {
    match event {
        AccountEvent::Suspended(_) => notice(Notice::Suspended, facts),
        AccountEvent::Resumed(_) => notice(Notice::Resumed, facts),
        AccountEvent::PasswordMailAsked(_) => notice(Notice::PasswordMailed, facts),
        // What ended beside something else is told with that.
        AccountEvent::SessionsEnded(ended)
            if ended.why == SessionEndedWhy::Support && facts.by == Doer::Staff =>
        {
            notice(Notice::SessionsEnded, facts)
        }
        AccountEvent::FactorRemovalRequested(requested) if requested.address => {
            let until = Some(requested.runs_at);
            notice(Notice::AddressChangeRequested, NoticeFacts { until, ..facts })
        }
        AccountEvent::FactorRemovalRequested(requested) => {
            let method = match requested.factor {
                Some(_) => Method::Totp,
                None => Method::RecoveryCode,
            };
            let until = Some(requested.runs_at);
            notice(Notice::RemovalRequested, NoticeFacts { method: Some(method), until, ..facts })
        }
        AccountEvent::FactorRemovalCancelled(_) | AccountEvent::FactorRemovalObjected(_) => {
            let stopped = match before.waits_for_address {
                true => Notice::AddressChangeStopped,
                false => Notice::RemovalStopped,
            };
            notice(stopped, facts)
        }
        AccountEvent::FactorRemovalCompleted(_) => notice(Notice::RemovalCompleted, facts),
        _ => None,
    }
}

fn notice(notice: Notice, facts: NoticeFacts) -> Option<MailDue> {
    Some(MailDue { kind: MailKind::Notice { notice, facts }, expires_at: None })
}

/// What is told of guesses.
fn guesses(event: &AccountEvent, facts: &NoticeFacts) -> Option<MailDue> {
    let by_service = NoticeFacts { by: Doer::Service, ..facts.clone() };
    match event {
        AccountEvent::PasswordRejected(rejected) if rejected.counted.tells_holder => {
            notice(Notice::PasswordGuessed, by_service)
        }
        AccountEvent::CodeRejected(rejected) if rejected.counted.tells_holder => {
            let about = match rejected.why {
                RejectedWhy::Reused => Notice::CodeReplayed,
                RejectedWhy::Wrong | RejectedWhy::Expired | RejectedWhy::NoneIssued => {
                    Notice::CodesGuessed
                }
            };
            notice(about, NoticeFacts { method: Some(rejected.method), ..by_service })
        }
        // Passwords wait after every failure: of these the holder is told when they are many.
        AccountEvent::CooledDown(cooled) if cooled.method != Method::Password => notice(
            Notice::Locked,
            NoticeFacts { method: Some(cooled.method), until: Some(cooled.until), ..by_service },
        ),
        AccountEvent::LockedOut(locked) => notice(
            Notice::Locked,
            NoticeFacts { method: Some(locked.method), until: locked.until, ..by_service },
        ),
        _ => None,
    }
}

/// The mail that an event closes: sent, or given up.
#[must_use]
pub const fn mail_closed(event: &AccountEvent) -> Option<EventId> {
    match event {
        AccountEvent::EmailCodeSent(sent) => Some(sent.request),
        AccountEvent::NoticeSent(sent) => Some(sent.cause),
        AccountEvent::EmailDeliveryFailed(failed) => Some(failed.request),
        _ => None,
    }
}
