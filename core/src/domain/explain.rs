//! Explains: an event, or a lock, in a sentence that support and holders can read.

use std::fmt;

use countersign_events::account::{
    AccountEvent, CodeRejected, CodeVerified, DeliveryFailure, Method, Need, Notice, Origin,
    PasswordSetWhy, Purpose, RejectedWhy, SessionEndedWhy, Viewed,
};

use jiff::Timestamp;

use super::totp::PERIOD_SECONDS;

mod limits;
pub use limits::{Ways, lock};
mod grants;
mod others;
pub use others::by_type;
mod recovery;
mod support;
#[cfg(test)]
mod tests;

/// A method, as people call it.
#[must_use]
pub const fn method(method: Method) -> &'static str {
    match method {
        Method::Password => "password",
        Method::Totp => "authenticator code",
        Method::EmailCode => "code by e-mail",
        Method::RecoveryCode => "recovery code",
    }
}

const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::SignIn => "to sign in",
        Purpose::Enable => "to activate an authenticator",
        Purpose::StepUp => "to prove it again",
        Purpose::ConfirmEmail => "to confirm the e-mail address",
        Purpose::ChangeEmail => "to take another e-mail address",
        Purpose::Resync => "to tell where the phone's clock is",
    }
}

/// The same with its article.
const fn one(of: Method) -> &'static str {
    match of {
        Method::Password => "a password",
        Method::Totp => "an authenticator code",
        Method::EmailCode => "a code by e-mail",
        Method::RecoveryCode => "a recovery code",
    }
}

/// A time as people read it, in UTC like the log.
fn time(at: Timestamp) -> impl fmt::Display {
    at.strftime("%Y-%m-%d %H:%M:%S UTC")
}

/// An event, in a sentence.
#[must_use]
pub fn event(event: &AccountEvent) -> String {
    match event {
        AccountEvent::Registered(registered) if registered.imported => {
            "an import created the account".into()
        }
        AccountEvent::Registered(registered) => match registered.origin {
            Origin::Holder => "the account was created".into(),
            Origin::Client => "a client app created the account".into(),
            Origin::Operator => "the operator's account was created".into(),
        },
        AccountEvent::KeyCreated(_) => "the account got its data key".into(),
        AccountEvent::RegistrationAbandoned(_) => {
            "a registration that never came was given up".into()
        }
        AccountEvent::EmailConfirmed(_) => "the e-mail address was confirmed".into(),
        AccountEvent::PasswordSet(set) => match set.why {
            PasswordSetWhy::Initial => "the first password was set".into(),
            PasswordSetWhy::Changed => "the password was changed".into(),
            PasswordSetWhy::Rehashed => "the password's hash was strengthened".into(),
            PasswordSetWhy::Reset if set.forgives_codes => {
                "a new password was set by a link sent by mail; once in a year that forgives wrong \
                 codes from unknown devices"
                    .into()
            }
            PasswordSetWhy::Reset => "a new password was set by a link sent by mail".into(),
            PasswordSetWhy::Demanded => "a new password was set, as the sign-in demanded".into(),
            PasswordSetWhy::LetInAnew => {
                "a new password was set, in the place of one that was ended at the machine".into()
            }
        },
        AccountEvent::PasswordVerified(verified) => match &verified.sign_in {
            Some(opened) => {
                let at = if opened.device.is_some() { " at a known device" } else { "" };
                let asked_for = match opened.needs {
                    Need::SecondFactor => "a second factor",
                    Need::NewPassword => "a new one",
                    Need::Enrolment => "an authenticator",
                };
                format!("the right password was given{at}; {asked_for} was asked for")
            }
            None => format!("the right password was given {}", purpose(verified.purpose)),
        },
        AccountEvent::FirstFactorVouched(vouched) => match &vouched.sign_in {
            Some(_) => "a client app checked the password; a second factor was asked for".into(),
            None => "a client app checked the password and signed the holder in".into(),
        },
        AccountEvent::EnableRequested(requested) if requested.imported => {
            "an import brought an authenticator along that was in use elsewhere".into()
        }
        AccountEvent::EnableRequested(_) => {
            "an authenticator was asked for and its QR code shown".into()
        }
        AccountEvent::CodeVerified(verified) => accepted(verified),
        AccountEvent::Enabled(_) => "an authenticator was enabled".into(),
        AccountEvent::CodeRejected(rejected) => refused(rejected),
        _ => event_of_the_rest(event),
    }
}

fn event_of_the_rest(event: &AccountEvent) -> String {
    match event {
        AccountEvent::EmailCodeRequested(requested) => {
            format!("a code by e-mail was asked for {}", purpose(requested.purpose))
        }
        AccountEvent::EmailCodeSent(_) => "the mail with the code or the link was sent".into(),
        AccountEvent::EmailDeliveryFailed(failed) => {
            format!("a mail could not be delivered: {}", delivery(failed.class))
        }
        AccountEvent::RecoveryCodesIssued(issued) => {
            format!("{} recovery codes were issued", issued.hashes.len())
        }
        AccountEvent::RecoveryCodeUsed(used) => {
            format!("a recovery code was used; {} left", used.left)
        }
        AccountEvent::FactorRenamed(_) => "an authenticator was renamed".into(),
        AccountEvent::FactorRemoved(_) => "an authenticator was removed".into(),
        AccountEvent::FactorResynced(resynced) => {
            format!("two codes in a row told that {}", clock(resynced.offset))
        }
        AccountEvent::Disabled(_) => "the second factor was switched off".into(),
        AccountEvent::SessionUsed(_) => "a session was in use".into(),
        AccountEvent::SessionsEnded(ended) => {
            let why = match ended.why {
                SessionEndedWhy::SignedOut => "the holder signed out",
                SessionEndedWhy::Revoked => "the holder ended them",
                SessionEndedWhy::FactorChanged => "an authenticator was added or removed",
                SessionEndedWhy::TooMany => "there were too many",
                SessionEndedWhy::PasswordChanged => "the password was set anew",
                SessionEndedWhy::Repudiated => "the holder said: this was not me",
                SessionEndedWhy::Support => "support ended them",
                SessionEndedWhy::AddressChanged => "support had the address changed",
                SessionEndedWhy::RoleChanged => "the operator's role was taken away or given back",
            };
            let count = ended.sessions.len();
            let sessions = if count == 1 { "session" } else { "sessions" };
            let told = if ended.tells_holder { "; the holder is told" } else { "" };
            format!("{count} {sessions} ended: {why}{told}")
        }
        AccountEvent::DevicesForgotten(forgotten) => match forgotten.devices.len() {
            1 => "a device is no longer known".into(),
            count => format!("{count} devices are no longer known"),
        },
        AccountEvent::NoticeSent(sent) => format!("the holder was told: {}", notice(sent.notice)),
        AccountEvent::HistoryViewed(viewed) => match viewed.what {
            Viewed::Account => "support looked at this account",
            Viewed::Events => "support looked at this account's history",
            Viewed::State => "support looked at an earlier state of this account",
            Viewed::Search => "support searched for this login or address",
            Viewed::Log => "this operator followed the log",
        }
        .to_owned(),
        other => recovery::event(other)
            .or_else(|| limits::event(other))
            .or_else(|| support::event(other))
            .or_else(|| grants::event(other))
            .unwrap_or_else(|| other.event_type().to_owned()),
    }
}

fn accepted(verified: &CodeVerified) -> String {
    let more = match verified.next.as_ref().map(|next| next.needs) {
        None => "",
        Some(Need::NewPassword) => "; a new password was asked for",
        Some(Need::Enrolment) => "; an authenticator was asked for",
        Some(Need::SecondFactor) => "; a second factor was asked for",
    };
    format!("{} was accepted {}{more}", one(verified.method), purpose(verified.purpose))
}

fn refused(rejected: &CodeRejected) -> String {
    let why = match (rejected.why, rejected.off_by_steps) {
        (RejectedWhy::Wrong, Some(steps)) => clock(steps),
        (RejectedWhy::Wrong, None) => "it was wrong".into(),
        (RejectedWhy::Reused, _) => "it had been used before".into(),
        (RejectedWhy::Expired, _) => "it had expired".into(),
        (RejectedWhy::NoneIssued, _) => "there was none to compare with".into(),
    };
    format!(
        "a code was refused ({}{}): {why}; {} in this sign-in, {} unresolved{}",
        method(rejected.method),
        limits::at(rejected.counted.lane),
        rejected.in_sign_in,
        rejected.unresolved,
        limits::told(rejected.counted)
    )
}

/// What the last code of an authenticator told of its phone's clock, for support on the phone.
#[must_use]
pub fn codes_clock(steps: i32, is_refused: bool) -> String {
    let seconds = u64::from(steps.unsigned_abs()).saturating_mul(PERIOD_SECONDS);
    let off = match steps {
        0 => return "codes on time".to_owned(),
        ..0 => format!("codes about {seconds} s slow"),
        1.. => format!("codes about {seconds} s fast"),
    };
    if is_refused {
        format!("{off}: refused until the phone's clock is set right")
    } else {
        format!("{off}, and accepted")
    }
}

/// Where a phone's clock is, by its codes.
fn clock(steps: i32) -> String {
    let seconds = u64::from(steps.unsigned_abs()) * PERIOD_SECONDS;
    match steps {
        0 => "the phone's clock is right".to_owned(),
        ..0 => format!("the phone's clock is about {seconds} s slow"),
        1.. => format!("the phone's clock is about {seconds} s fast"),
    }
}

const fn delivery(class: DeliveryFailure) -> &'static str {
    match class {
        DeliveryFailure::Refused => "the mail server refused it",
        DeliveryFailure::Deferred => "the mail server put it off until it was given up",
        DeliveryFailure::Unreachable => "the mail server could not be reached",
        DeliveryFailure::Expired => "the code expired before it could be sent",
        DeliveryFailure::NoAddress => "there is no address to send to",
    }
}

const fn notice(notice: Notice) -> &'static str {
    match notice {
        Notice::FactorEnabled => "an authenticator was enabled",
        Notice::FactorRemoved => "an authenticator was removed",
        Notice::RecoveryCodeUsed => "a recovery code was used",
        Notice::Locked => "too many wrong tries",
        Notice::CodesGuessed => "wrong codes with the right password",
        Notice::PasswordGuessed => "many wrong passwords",
        Notice::Unlocked => "support ended a lockout",
        Notice::SignedInByEmail => "somebody signed in with a code by e-mail",
        Notice::RecoveryCodesReplaced => "new recovery codes were made",
        Notice::PasswordReset => "the password was set anew by mail",
        Notice::PasswordChanged => "the password was changed",
        Notice::EmailChanged => "another e-mail address was taken",
        Notice::EmailChangeUndone => "the earlier e-mail address was taken back",
        Notice::ReplacementRequested => "the authenticator is to be replaced",
        Notice::ReplacementStopped => "the authenticator will not be replaced",
        Notice::ReplacementCompleted => "the authenticator was replaced",
        Notice::Repudiated => "all sessions were ended at the holder's word",
        Notice::CodeReplayed => "a used code was typed again",
        Notice::SessionMadeRoom => "the oldest session made room for another",
        Notice::Suspended => "support suspended the account",
        Notice::Resumed => "support ended the suspension",
        Notice::SessionsEnded => "support ended all sessions",
        Notice::PasswordMailed => "support had a link to a new password sent",
        Notice::RemovalRequested => "an authenticator is to be removed by support",
        Notice::RemovalStopped => "no authenticator is removed by support",
        Notice::RemovalCompleted => "an authenticator was removed by support",
        Notice::AddressChangeRequested => "support was asked to change the address",
        Notice::AddressChangeStopped => "support does not change the address",
        Notice::CapReached => "an operator asked for more than a cap allows",
        Notice::AdminActed => "who may act, or the policy, was changed",
    }
}
