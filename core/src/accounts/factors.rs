//! Authenticators: offered with a QR code, activated, renamed, removed; recovery codes.
//!
//! The order of writes: the secret is durable in the vault before the event that names its
//! version, and destroyed only after the event that gives it up. A crash between leaves a version
//! that no event names, which the sweeper removes, or one that is still there and no longer used.

use std::sync::Arc;

use countersign_events::account::{AccountEvent, Method};
use countersign_events::id::{AccountId, FactorId, HandleHash, SecretVersion};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::answer::{Activated, FactorOffered, FactorView, RecoveryCodes, SessionGiven};
use super::identity::{FactorName, seal_pii};
use super::proof::{compare_totp, prove_in_place, secret_of};
use super::registration::check_text;
use super::request::{Asker, BeginFactor, Call};
use super::{Accounts, Fault, Verdict};
use crate::actors::account::{Batch, Entity, Halt, Mint, Request, Sealed};
use crate::domain::Command;
use crate::domain::account::{Factor, Offer};
use crate::domain::command::{Activate, Context, RequestEnable};
use crate::domain::decide::confirmable;
use crate::domain::refusal::Refusal;
use crate::domain::totp::SECRET_BYTES;
use crate::enrolment;
use crate::entropy;
use crate::handle::SessionToken;
use crate::vault::SecretKind;

/// Characters of an authenticator's name.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 1..=64;

impl Accounts {
    /// Offers a new authenticator.
    ///
    /// # Errors
    /// [`Refusal::StepUpRequired`], [`Refusal::NoSession`], [`Refusal::AuthenticationFailed`] for
    /// a wrong password, [`Refusal::Invalid`]; a [`Fault`].
    pub async fn begin_factor(
        &self,
        call: &Call,
        asker: Asker,
        ask: BeginFactor,
    ) -> Verdict<FactorOffered> {
        if let Err(refusal) = check_text("name", &ask.name, NAME_CHARS) {
            return Ok(Err(refusal));
        }
        let asked = self.ask_as(asker, |token| Begin { call: call.clone(), token, ask }).await?;
        match asked {
            Ok(offer) => offer.drawn().await.map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Activates an offered authenticator with its first code.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`], [`Refusal::NotFound`], [`Refusal::NoSession`],
    /// [`Refusal::TooManyRequests`]; a [`Fault`].
    pub async fn activate_factor(
        &self,
        call: &Call,
        asker: Asker,
        factor: FactorId,
        code: Zeroizing<String>,
    ) -> Verdict<Activated> {
        self.ask_as(asker, |token| Activation { call: call.clone(), token, factor, code }).await
    }

    /// Renames an authenticator.
    ///
    /// # Errors
    /// [`Refusal::StepUpRequired`], [`Refusal::NotFound`], [`Refusal::NoSession`],
    /// [`Refusal::Invalid`]; a [`Fault`].
    pub async fn rename_factor(
        &self,
        call: &Call,
        asker: Asker,
        factor: FactorId,
        name: String,
    ) -> Verdict<FactorView> {
        if let Err(refusal) = check_text("name", &name, NAME_CHARS) {
            return Ok(Err(refusal));
        }
        self.ask_as(asker, |token| Rename { call: call.clone(), token, factor, name }).await
    }

    /// Removes an authenticator; the last one switches the second factor off.
    ///
    /// # Errors
    /// [`Refusal::StepUpRequired`], [`Refusal::NotFound`], [`Refusal::NoSession`]; a
    /// [`Fault`].
    pub async fn remove_factor(&self, call: &Call, asker: Asker, factor: FactorId) -> Verdict<()> {
        self.ask_as(asker, |token| Remove { call: call.clone(), token, factor }).await
    }

    /// Issues new recovery codes; the old set is dead.
    ///
    /// # Errors
    /// [`Refusal::StepUpRequired`], [`Refusal::NotFound`], [`Refusal::NoSession`]; a
    /// [`Fault`].
    pub async fn new_recovery_codes(&self, call: &Call, asker: Asker) -> Verdict<RecoveryCodes> {
        self.ask_as(asker, |token| NewRecoveryCodes { call: call.clone(), token }).await
    }
}

/// The session behind a request; none for a client app.
fn session_of(token: Option<&SessionToken>) -> Option<HandleHash> {
    token.map(SessionToken::hash)
}

/// The session of a request that only a holder may make.
fn holder(token: Option<&SessionToken>) -> Result<HandleHash, Refusal> {
    session_of(token).ok_or(Refusal::Forbidden("only the holder may do this"))
}

struct Begin {
    call: Call,
    token: Option<SessionToken>,
    ask: BeginFactor,
}

impl Request for Begin {
    type Answer = Offered;

    async fn perform(&self, entity: &mut Entity) -> Result<Offered, Halt> {
        let session = session_of(self.token.as_ref());
        let begun = entity.begin_within(&self.call, session).await?;
        let batch = match begun.repeated {
            Some(batch) => batch,
            None => self.decide(entity, session, &begun.mint).await?,
        };
        offered(entity, session, &batch).await
    }
}

impl Begin {
    async fn decide(
        &self,
        entity: &mut Entity,
        session: Option<HandleHash>,
        mint: &Mint,
    ) -> Result<Batch, Halt> {
        let first = !entity.open()?.two_factor_enabled();
        if let (Some(session), Some(password), true) = (session, &self.ask.password, first) {
            let unkeyed = Call { idempotency: None, ..self.call.clone() };
            prove_in_place(entity, &unkeyed, session, password).await?;
        }
        let services = Arc::clone(&entity.services);
        let factor = FactorId::new(entropy::uuid_v4(services.log.entropy())?);
        let request = |secret| Command::RequestEnable(RequestEnable { session, factor, secret });
        // Refused before anything is written to the vault.
        entity.rehearse(&request(SecretVersion::new(0)))?;
        let (account, now) = (entity.id()?, entity.now());
        let secret = entropy::bytes::<SECRET_BYTES>(services.log.entropy())?;
        let version =
            services.secrets.put(account, SecretKind::Totp, secret.as_slice(), now).await?;
        let name = FactorName { name: self.ask.name.clone() };
        let pii = seal_pii(&services.secrets, account, &name).await?;
        let replaced = entity.open()?.offer.as_ref().map(|offer| offer.secret);
        let sealed = Sealed { pii: Some(pii), net: None };
        let batch = entity.decide(&self.call, &request(version), sealed, Some(mint)).await?;
        if let Some(replaced) = replaced {
            entity.destroy(account, SecretKind::Totp, replaced).await;
        }
        Ok(batch)
    }
}

/// The offer, its secret read from the vault: the same for a repeated request, until a code has
/// activated it, it lapses, or another takes its place (SR-005, SR-113).
async fn offered(
    entity: &Entity,
    session: Option<HandleHash>,
    batch: &Batch,
) -> Result<Offered, Halt> {
    let requested = batch.find(|event| match event {
        AccountEvent::EnableRequested(requested) => Some(requested),
        _ => None,
    });
    let requested = requested.ok_or(Refusal::AuthenticationFailed)?;
    pending(entity, requested.factor, session)?;
    let secret = secret_of(entity, entity.id()?, requested.secret).await?;
    let identity = entity.identity().await?;
    let issuer = &entity.services.issuer;
    // A name may have what a label may not: a colon, for one.
    let label = enrolment::account_label(identity.shown_name());
    let uri = enrolment::otpauth_uri(issuer, &label, &secret)?;
    Ok(Offered {
        factor: requested.factor,
        secret: enrolment::base32(&secret),
        otpauth_uri: uri,
        expires_at: requested.expires_at,
    })
}

/// The offer that this session, or a client app, may confirm now.
fn pending(entity: &Entity, factor: FactorId, session: Option<HandleHash>) -> Result<Offer, Halt> {
    let (now, policy) = (entity.now(), &entity.services.policy);
    let context = Context { now, policy, refused: &[].into() };
    Ok(confirmable(entity.open()?, factor, session, &context)?.clone())
}

/// An offer whose QR code is not drawn yet.
struct Offered {
    factor: FactorId,
    secret: Zeroizing<String>,
    otpauth_uri: Zeroizing<String>,
    expires_at: Timestamp,
}

impl Offered {
    /// Draws the QR code. That takes a millisecond or more, in which no account's thread may be
    /// held up.
    async fn drawn(self) -> Result<FactorOffered, Fault> {
        let Self { factor, secret, otpauth_uri, expires_at } = self;
        let draw = move || enrolment::qr_svg(&otpauth_uri).map(|svg| (otpauth_uri, svg));
        let drawn = tokio::task::spawn_blocking(draw).await;
        let (otpauth_uri, qr_svg) = drawn.map_err(|gone| Fault::Internal(gone.to_string()))??;
        Ok(FactorOffered { factor, secret, otpauth_uri, qr_svg, expires_at })
    }
}

struct Activation {
    call: Call,
    token: Option<SessionToken>,
    factor: FactorId,
    code: Zeroizing<String>,
}

impl Request for Activation {
    type Answer = Activated;

    async fn perform(&self, entity: &mut Entity) -> Result<Activated, Halt> {
        let session = session_of(self.token.as_ref());
        let begun = entity.begin_within(&self.call, session).await?;
        let (services, account) = (Arc::clone(&entity.services), entity.id()?);
        let recovery = begun.mint.recovery(&services.secrets, services.log.entropy(), account)?;
        let batch = match begun.repeated {
            Some(batch) => batch,
            None => {
                let offer = pending(entity, self.factor, session)?;
                entity.admit(Method::Totp)?;
                let compared = compare_totp(entity, self.factor, offer.secret, &self.code).await?;
                let minted = recovery.minted;
                let command = Command::Activate(Activate { session, compared, minted });
                let sealed = Sealed::default();
                entity.decide(&self.call, &command, sealed, Some(&begun.mint)).await?
            }
        };
        activated(entity, &batch, self.factor, self.token.as_ref(), recovery.codes).await
    }
}

async fn activated(
    entity: &Entity,
    batch: &Batch,
    factor: FactorId,
    token: Option<&SessionToken>,
    codes: RecoveryCodes,
) -> Result<Activated, Halt> {
    let verified = batch.find(|event| match event {
        AccountEvent::CodeVerified(verified) => Some(verified),
        _ => None,
    });
    let verified = verified.ok_or(Refusal::AuthenticationFailed)?;
    let issued = batch.find(|event| match event {
        AccountEvent::RecoveryCodesIssued(_) => Some(()),
        _ => None,
    });
    // The session keeps its token (SR-129 exempts the activation): it is lifted, not replaced.
    let session = token.zip(verified.session.as_ref()).map(|(token, opened)| SessionGiven {
        token: token.clone(),
        expires_at: opened.expires_at,
        assurance: opened.assurance,
        amr: opened.amr.clone(),
    });
    let factor = view_of(entity, factor).await?;
    Ok(Activated { factor, recovery_codes: issued.map(|()| codes), session })
}

/// An authenticator in use, with its name.
pub(super) async fn view_of(entity: &Entity, factor: FactorId) -> Result<FactorView, Halt> {
    let open = entity.open()?;
    let found = open.factors.get(&factor).ok_or(Refusal::NotFound("authenticator"))?;
    let Factor { enabled_at, last_used_at, named_at, .. } = found.clone();
    Ok(FactorView {
        factor,
        kind: Method::Totp,
        name: entity.factor_name(named_at).await?,
        enabled_at,
        last_used_at: Some(last_used_at),
    })
}

struct Rename {
    call: Call,
    token: Option<SessionToken>,
    factor: FactorId,
    name: String,
}

impl Request for Rename {
    type Answer = FactorView;

    async fn perform(&self, entity: &mut Entity) -> Result<FactorView, Halt> {
        let session = holder(self.token.as_ref())?;
        let begun = entity.begin_within(&self.call, Some(session)).await?;
        if begun.repeated.is_none() {
            let command = Command::RenameFactor { session, factor: self.factor };
            entity.rehearse(&command)?;
            let name = FactorName { name: self.name.clone() };
            let pii = seal_pii(&entity.services.secrets, entity.id()?, &name).await?;
            let sealed = Sealed { pii: Some(pii), net: None };
            entity.decide(&self.call, &command, sealed, Some(&begun.mint)).await?;
        }
        view_of(entity, self.factor).await
    }
}

struct Remove {
    call: Call,
    token: Option<SessionToken>,
    factor: FactorId,
}

impl Request for Remove {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        let session = holder(self.token.as_ref())?;
        let begun = entity.begin_within(&self.call, Some(session)).await?;
        if begun.repeated.is_some() {
            return Ok(());
        }
        let secret = entity.open()?.factors.get(&self.factor).map(|factor| factor.secret);
        let command = Command::RemoveFactor { session, factor: self.factor };
        entity.decide(&self.call, &command, Sealed::default(), Some(&begun.mint)).await?;
        if let Some(secret) = secret {
            entity.destroy(entity.id()?, SecretKind::Totp, secret).await;
        }
        Ok(())
    }
}

struct NewRecoveryCodes {
    call: Call,
    token: Option<SessionToken>,
}

impl Request for NewRecoveryCodes {
    type Answer = RecoveryCodes;

    async fn perform(&self, entity: &mut Entity) -> Result<RecoveryCodes, Halt> {
        let session = holder(self.token.as_ref())?;
        let begun = entity.begin_within(&self.call, Some(session)).await?;
        let (services, account) = (Arc::clone(&entity.services), entity.id()?);
        let recovery = begun.mint.recovery(&services.secrets, services.log.entropy(), account)?;
        if begun.repeated.is_none() {
            let command = Command::ReplaceRecoveryCodes { session, minted: recovery.minted };
            entity.decide(&self.call, &command, Sealed::default(), Some(&begun.mint)).await?;
        }
        Ok(recovery.codes)
    }
}

impl Entity {
    /// Destroys a secret that no event needs any more. The event stands already: a failure leaves
    /// a version that the sweeper removes.
    pub(super) async fn destroy(
        &self,
        account: AccountId,
        kind: SecretKind,
        version: SecretVersion,
    ) {
        if let Err(error) = self.services.secrets.destroy(account, kind, version).await {
            tracing::warn!(%account, %version, %error, "a secret outlives its use");
        }
    }
}
