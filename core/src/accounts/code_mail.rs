//! Codes by e-mail: asked for, promised, and how far their mail is.

use countersign_events::account::{AccountEvent, Purpose};
use countersign_events::id::{HandleHash, Nonce};
use jiff::Timestamp;

use super::answer::{EmailCodePromised, EmailCodeUnderWay};
use super::identity::seal_where;
use super::mask;
use super::request::{Call, Net};
use crate::actors::account::{Batch, Entity, Halt, Request, Sealed};
use crate::domain::Command;
use crate::domain::command::SendEmailCode;
use crate::domain::email_code::{next_send_at, session_has_reserve};
use crate::domain::refusal::Refusal;
use crate::entropy;
use crate::handle::SignInHandle;

/// A code by e-mail is asked for, to sign in or to confirm the address.
pub(super) struct SendCode {
    pub(super) call: Call,
    pub(super) purpose: Purpose,
    pub(super) bound_to: HandleHash,
}

impl Request for SendCode {
    type Answer = EmailCodePromised;

    async fn perform(&self, entity: &mut Entity) -> Result<EmailCodePromised, Halt> {
        let begun = entity.begin(&self.call).await?;
        if begun.repeated.is_none() {
            entity.admit_mail(&self.call, Some(self.bound_to)).await?;
        }
        if self.purpose != Purpose::SignIn {
            entity.session(&self.call, self.bound_to).await?;
        } else {
            entity.demand_vouched_sign_in(self.bound_to).await?;
        }
        let batch = match begun.repeated {
            Some(batch) => batch,
            None => {
                let nonce = Nonce::new(*entropy::bytes::<16>(entity.services.log.entropy())?);
                let (purpose, bound_to) = (self.purpose, self.bound_to);
                let command = Command::SendEmailCode(SendEmailCode { purpose, bound_to, nonce });
                entity.rehearse(&self.call, &command)?;
                let net = match self.place(entity).await? {
                    Some(net) => Some(seal_where(entity, &net).await?),
                    None => None,
                };
                let sealed = Sealed { pii: None, net };
                entity.decide(&self.call, &command, sealed, Some(&begun.mint)).await?
            }
        };
        let email = entity.identity().await?.email.unwrap_or_default();
        promised(entity, &batch, &email)
    }
}

impl SendCode {
    /// Where the person sits who waits for the code. Of an account that a client app made every
    /// call comes from the app's own server: there it is where the sign-in or session began, as
    /// the app said.
    async fn place(&self, entity: &Entity) -> Result<Option<Net>, Halt> {
        let open = entity.open()?;
        if open.client.is_none() {
            return Ok(Some(self.call.net.clone()));
        }
        let sign_in = open.sign_ins.get(&self.bound_to).map(|sign_in| sign_in.opened_in);
        let session = open.sessions.get(&self.bound_to).map(|session| session.opened_in);
        match sign_in.or(session) {
            Some(opened_in) => entity.net_of(opened_in).await,
            None => Ok(None),
        }
    }
}

/// How far the mail is that a sign-in waits for.
pub(super) struct LookForCode {
    pub(super) sign_in: SignInHandle,
}

impl Request for LookForCode {
    type Answer = EmailCodeUnderWay;

    async fn perform(&self, entity: &mut Entity) -> Result<EmailCodeUnderWay, Halt> {
        entity.load().await?;
        entity.demand_vouched_sign_in(self.sign_in.hash()).await?;
        let open = entity.account().open().ok_or(Refusal::AuthenticationFailed)?;
        let (now, hash) = (entity.now(), self.sign_in.hash());
        let alive =
            open.sign_ins.get(&hash).filter(|sign_in| now < sign_in.expires_at && !sign_in.ended);
        let code = alive.and_then(|_| open.email_codes.get(&hash));
        let code =
            code.filter(|code| now < code.expires_at).ok_or(Refusal::AuthenticationFailed)?;
        let promised = EmailCodePromised {
            hint: entity.identity().await?.email.as_deref().map(mask::email).unwrap_or_default(),
            resend_at: resend_at(entity, now, Purpose::SignIn, hash)?,
            expires_at: code.expires_at,
        };
        Ok(EmailCodeUnderWay { promised, mail: code.mail })
    }
}

/// What is promised of a code that was asked for.
pub(super) fn promised(
    entity: &Entity,
    batch: &Batch,
    email: &str,
) -> Result<EmailCodePromised, Halt> {
    let requested = batch.0.iter().find_map(|stamped| match &stamped.event {
        AccountEvent::EmailCodeRequested(requested) => Some(requested),
        _ => None,
    });
    let requested = requested.ok_or(Refusal::AuthenticationFailed)?;
    let asked_at = batch.began_at().unwrap_or_else(|| entity.now());
    let (purpose, bound_to) = (requested.purpose, requested.bound_to);
    Ok(EmailCodePromised {
        hint: mask::email(email),
        resend_at: resend_at(entity, asked_at, purpose, bound_to)?,
        expires_at: requested.expires_at,
    })
}

/// From when another code may be asked for, as of then. Where a sign-in began at a known device, so
/// may those that are kept for such.
fn resend_at(
    entity: &Entity,
    then: Timestamp,
    purpose: Purpose,
    bound_to: HandleHash,
) -> Result<Timestamp, Halt> {
    let open = entity.open()?;
    let at_known = || open.sign_ins.get(&bound_to).is_some_and(|sign_in| sign_in.device.is_some());
    let has_reserve = session_has_reserve(open, purpose) || at_known();
    Ok(next_send_at(open, has_reserve, then, entity.policy()))
}
