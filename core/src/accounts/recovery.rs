//! Another address, a lost phone, and "this was not me".

use countersign_events::account::{AccountEvent, PasswordSetWhy, Purpose};
use countersign_events::id::{HandleHash, Nonce, StreamId};
use zeroize::Zeroizing;

use super::answer::{Effect, EmailCodePromised, ObjectionView, ReplacementView};
use super::code_mail::promised;
use super::identity::{Identity, open_pii, seal_net, seal_pii};
use super::mail::event_since;
use super::passwords::destroy_former;
use super::proof::prove_in_place;
use super::registration::check_email;
use super::request::Call;
use super::view::replacement_view;
use super::{Accounts, Verdict};
use crate::actors::account::{Batch, Entity, Halt, Request, Sealed, stamped};
use crate::domain::command::{Repudiate, SendEmailCode, Told};
use crate::domain::policy::OBJECTION_TTL;
use crate::domain::refusal::Refusal;
use crate::domain::{Command, StampedEvent};
use crate::entropy;
use crate::handle::SessionToken;
use crate::mail::link::{LinkKind, LinkToken};

impl Accounts {
    /// Sends a code to the address that is to take the place of the present one.
    ///
    /// # Errors
    /// [`Refusal::NoSession`], [`Refusal::StepUpRequired`], [`Refusal::Held`],
    /// [`Refusal::AuthenticationFailed`] for a wrong password, [`Refusal::Invalid`],
    /// [`Refusal::TooManyRequests`]; a [`Fault`](super::Fault).
    pub async fn change_email(
        &self,
        call: &Call,
        token: &SessionToken,
        email: String,
        password: Option<Zeroizing<String>>,
    ) -> Verdict<EmailCodePromised> {
        if let Err(refusal) = check_email(&email) {
            return Ok(Err(refusal));
        }
        let session = token.hash();
        let change = ChangeEmail { call: call.clone(), session, email, password };
        self.ask(StreamId::Account(token.account()), change).await
    }

    /// Asks to replace the authenticators of a lost phone.
    ///
    /// # Errors
    /// [`Refusal::NoSession`], [`Refusal::Forbidden`], [`Refusal::NotFound`]; a
    /// [`Fault`](super::Fault).
    pub async fn request_replacement(
        &self,
        call: &Call,
        token: &SessionToken,
    ) -> Verdict<ReplacementView> {
        let request = RequestReplacement { call: call.clone(), session: token.hash() };
        self.ask(StreamId::Account(token.account()), request).await
    }

    /// Gives a replacement up.
    ///
    /// # Errors
    /// [`Refusal::NoSession`], [`Refusal::NotFound`]; a [`Fault`](super::Fault).
    pub async fn cancel_replacement(&self, call: &Call, token: &SessionToken) -> Verdict<()> {
        let request = CancelReplacement { call: call.clone(), session: token.hash() };
        self.ask(StreamId::Account(token.account()), request).await
    }

    /// What a notice told of, to whoever holds its link. Nothing changes by looking (AT-60).
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`] for a link that is not, or no longer, good; a
    /// [`Fault`](super::Fault).
    pub async fn objection(&self, link: LinkToken) -> Verdict<ObjectionView> {
        if !link.is_genuine(self.secrets(), LinkKind::NotMe) {
            return Ok(Err(Refusal::AuthenticationFailed));
        }
        self.ask(StreamId::Account(link.account()), LookAtObjection { link }).await
    }

    /// Says by the link of a notice: this was not me.
    ///
    /// # Errors
    /// As of [`Accounts::objection`].
    pub async fn object(&self, call: &Call, link: LinkToken) -> Verdict<ObjectionView> {
        if !link.is_genuine(self.secrets(), LinkKind::NotMe) {
            return Ok(Err(Refusal::AuthenticationFailed));
        }
        let stream = StreamId::Account(link.account());
        self.ask(stream, Object { call: call.clone(), link }).await
    }
}

struct ChangeEmail {
    call: Call,
    session: HandleHash,
    email: String,
    password: Option<Zeroizing<String>>,
}

impl Request for ChangeEmail {
    type Answer = EmailCodePromised;

    async fn perform(&self, entity: &mut Entity) -> Result<EmailCodePromised, Halt> {
        let begun = entity.begin_within(&self.call, Some(self.session)).await?;
        if begun.repeated.is_none() {
            entity.admit_mail(&self.call, Some(self.session)).await?;
        }
        let batch = match begun.repeated {
            Some(batch) => batch,
            None => {
                let present = entity.identity().await?.email;
                if present.as_deref() == Some(self.email.as_str()) {
                    let reason = "that is the present address".to_owned();
                    return Err(Refusal::Invalid { field: "email", reason }.into());
                }
                let by_password = !entity.open()?.two_factor_enabled();
                if let Some(password) = self.password.as_ref().filter(|_| by_password) {
                    let unkeyed = Call { idempotency: None, ..self.call.clone() };
                    prove_in_place(entity, &unkeyed, self.session, password).await?;
                }
                let nonce = Nonce::new(*entropy::bytes::<16>(entity.services.log.entropy())?);
                let command = Command::SendEmailCode(SendEmailCode {
                    purpose: Purpose::ChangeEmail,
                    bound_to: self.session,
                    nonce,
                });
                entity.rehearse(&self.call, &command)?;
                let address = Identity { email: Some(self.email.clone()), ..Identity::default() };
                let secrets = &entity.services.secrets;
                let pii = seal_pii(secrets, entity.id()?, &address).await?;
                let net = seal_net(entity, &self.call).await?;
                let sealed = Sealed { pii: Some(pii), net: Some(net) };
                entity.decide(&self.call, &command, sealed, Some(&begun.mint)).await?
            }
        };
        promised(entity, &batch, &self.email)
    }
}

struct RequestReplacement {
    call: Call,
    session: HandleHash,
}

impl Request for RequestReplacement {
    type Answer = ReplacementView;

    async fn perform(&self, entity: &mut Entity) -> Result<ReplacementView, Halt> {
        let begun = entity.begin_within(&self.call, Some(self.session)).await?;
        let batch = match begun.repeated {
            Some(batch) => batch,
            None => {
                let command = Command::RequestReplacement { session: self.session };
                entity.rehearse(&self.call, &command)?;
                let net = seal_net(entity, &self.call).await?;
                let sealed = Sealed { pii: None, net: Some(net) };
                entity.decide(&self.call, &command, sealed, Some(&begun.mint)).await?
            }
        };
        if let Some(asked) = batch.0.iter().find_map(asked_in) {
            return Ok(asked);
        }
        // One that waits is not begun anew.
        let (pending, now) = (entity.open()?.replacement.as_ref(), entity.now());
        let pending = pending.map(|pending| replacement_view(pending, now));
        pending.ok_or(Halt::Refusal(Refusal::NotFound("replacement")))
    }
}

/// The replacement that an event has asked for, as it was told then.
fn asked_in(stamped: &StampedEvent) -> Option<ReplacementView> {
    match &stamped.event {
        AccountEvent::ReplacementRequested(asked) => Some(ReplacementView {
            requested_at: stamped.at,
            due_at: asked.due_at,
            expires_at: asked.expires_at,
            due: asked.due_at <= stamped.at,
        }),
        _ => None,
    }
}

struct CancelReplacement {
    call: Call,
    session: HandleHash,
}

impl Request for CancelReplacement {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        let begun = entity.begin_within(&self.call, Some(self.session)).await?;
        if begun.repeated.is_none() {
            let command = Command::CancelReplacement { session: self.session };
            entity.decide(&self.call, &command, Sealed::default(), Some(&begun.mint)).await?;
        }
        Ok(())
    }
}

/// What the link of a notice is about, in its time.
async fn told(entity: &Entity, link: &LinkToken) -> Result<ObjectionView, Halt> {
    entity.account().open().ok_or(Refusal::AuthenticationFailed)?;
    let recorded = event_since(entity, link.event()).await?;
    let event = stamped(&recorded.ok_or(Refusal::AuthenticationFailed)?)?;
    let until = event.at.saturating_add(OBJECTION_TTL).unwrap_or(event.at);
    if entity.now() >= until {
        return Err(Refusal::AuthenticationFailed.into());
    }
    let told = match &event.event {
        AccountEvent::ReplacementRequested(_) => Told::Replacement,
        AccountEvent::FactorRemovalRequested(asked) if !asked.address => Told::Removal,
        AccountEvent::EmailChanged(_) => Told::EmailChange,
        AccountEvent::PasswordSet(set) if set.why == PasswordSetWhy::Reset => Told::PasswordReset,
        AccountEvent::PasswordRejected(_)
        | AccountEvent::CodeRejected(_)
        | AccountEvent::CooledDown(_)
        | AccountEvent::LockedOut(_) => Told::Guesses,
        _ => Told::Other,
    };
    Ok(ObjectionView { told, at: event.at, until, effects: vec![] })
}

/// What the events of an objection do, in the order in which they matter to people. A link that has
/// done it does nothing more, and is no longer good (SR-054).
fn effects<'a>(events: impl IntoIterator<Item = &'a AccountEvent>) -> Result<Vec<Effect>, Halt> {
    let mut effects = vec![];
    let mut repudiates = false;
    for event in events {
        effects.extend(match event {
            AccountEvent::ReplacementObjected(_) => Some(Effect::ReplacementStopped),
            AccountEvent::FactorRemovalObjected(_) => Some(Effect::RemovalStopped),
            AccountEvent::EmailChangeUndone(_) => Some(Effect::AddressRestored),
            AccountEvent::SessionsEnded(_) => Some(Effect::SessionsEnded),
            AccountEvent::PasswordChangeDemanded(demanded) if demanded.ends_password => {
                Some(Effect::PasswordEnded)
            }
            AccountEvent::PasswordChangeDemanded(_) => Some(Effect::PasswordAsked),
            AccountEvent::HoldPlaced(_) => Some(Effect::Held),
            AccountEvent::PasswordResetRequested(_) => Some(Effect::LinkSent),
            AccountEvent::Repudiated(_) => {
                repudiates = true;
                None
            }
            _ => None,
        });
    }
    effects.sort_unstable();
    if repudiates { Ok(effects) } else { Err(Refusal::AuthenticationFailed.into()) }
}

fn repudiation(link: &LinkToken, view: &ObjectionView) -> Command {
    Command::Repudiate(Repudiate { cause: link.event(), at: view.at, told: view.told })
}

struct LookAtObjection {
    link: LinkToken,
}

impl Request for LookAtObjection {
    type Answer = ObjectionView;

    async fn perform(&self, entity: &mut Entity) -> Result<ObjectionView, Halt> {
        entity.load().await?;
        let view = told(entity, &self.link).await?;
        let events = entity.foresee(&repudiation(&self.link, &view))?;
        Ok(ObjectionView { effects: effects(&events)?, ..view })
    }
}

struct Object {
    call: Call,
    link: LinkToken,
}

impl Request for Object {
    type Answer = ObjectionView;

    async fn perform(&self, entity: &mut Entity) -> Result<ObjectionView, Halt> {
        let begun = entity.begin(&self.call).await?;
        let view = told(entity, &self.link).await?;
        let done = |batch: &Batch| effects(batch.0.iter().map(|stamped| &stamped.event));
        if let Some(batch) = &begun.repeated {
            return Ok(ObjectionView { effects: done(batch)?, ..view });
        }
        let (secrets, account) = (&entity.services.secrets, entity.id()?);
        let former = &entity.open()?.former_emails;
        // Who the account was before, sealed anew: taken only where a change is undone.
        let pii = match former.iter().find(|former| former.change == self.link.event()) {
            None => None,
            Some(former) => {
                let recorded = entity.entry_at(former.identity_at).await?;
                let identity: Option<Identity> = open_pii(secrets, account, &recorded).await?;
                Some(seal_pii(secrets, account, &identity.unwrap_or_default()).await?)
            }
        };
        let net = seal_net(entity, &self.call).await?;
        let (command, former) = (repudiation(&self.link, &view), entity.open()?.password);
        let sealed = Sealed { pii, net: Some(net) };
        let batch = entity.decide(&self.call, &command, sealed, Some(&begun.mint)).await?;
        let effects = done(&batch)?;
        destroy_former(entity, former).await?;
        Ok(ObjectionView { effects, ..view })
    }
}
