//! Authenticators: offered with a QR code, and activated.
//!
//! The order of writes: the secret is durable in the vault before the event that names its
//! version, and destroyed only after the event that gives it up. A crash between leaves a version
//! that no event names, which the sweeper removes, or one that is still there and no longer used.

use std::sync::Arc;

use countersign_events::account::{AccountEvent, Method, Need};
use countersign_events::id::{AccountId, FactorId, HandleHash, SecretVersion, StreamId};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::answer::{Activated, ClockView, FactorOffered, FactorView, RecoveryCodes, SessionGiven};
use super::identity::{FactorName, seal_pii};
use super::proof::{compare_totp, prove_in_place, secret_of};
use super::registration::{check_readable, check_text};
use super::request::{Asker, BeginFactor, Call};
use super::{Accounts, Fault, Verdict};
use crate::actors::account::{Batch, Entity, Halt, Mint, Request, Sealed};
use crate::domain::Command;
use crate::domain::account::{ClockSeen, Factor, Offer};
use crate::domain::command::{Activate, Context, Enroller, RequestEnable};
use crate::domain::decide::confirmable;
use crate::domain::explain;
use crate::domain::refusal::Refusal;
use crate::domain::totp::{Drift, PERIOD_SECONDS, SECRET_BYTES};
use crate::enrolment;
use crate::entropy;
use crate::handle::{SessionToken, SignInHandle};
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
        if let Err(refusal) = check_name(&ask.name) {
            return Ok(Err(refusal));
        }
        let begin = |token| Begin { call: call.clone(), who: Enrolling::of(token), ask };
        drawn(self.ask_as(asker, begin).await?).await
    }

    /// Offers the authenticator that a sign-in asks for.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`] where it asks for none, [`Refusal::Invalid`]; a [`Fault`].
    pub async fn begin_demanded_factor(
        &self,
        call: &Call,
        sign_in: SignInHandle,
        name: String,
    ) -> Verdict<FactorOffered> {
        if let Err(refusal) = check_name(&name) {
            return Ok(Err(refusal));
        }
        let stream = StreamId::Account(sign_in.account());
        let ask = BeginFactor { name, password: None };
        let begin = Begin { call: call.clone(), who: Enrolling::SignIn(sign_in), ask };
        drawn(self.ask(stream, begin).await?).await
    }

    /// Activates the authenticator that a sign-in asked for, and starts the session.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`], [`Refusal::NotFound`], [`Refusal::TooManyRequests`]; a
    /// [`Fault`].
    pub async fn activate_demanded_factor(
        &self,
        call: &Call,
        sign_in: SignInHandle,
        factor: FactorId,
        code: Zeroizing<String>,
    ) -> Verdict<Activated> {
        let stream = StreamId::Account(sign_in.account());
        let who = Enrolling::SignIn(sign_in);
        self.ask(stream, Activation { call: call.clone(), who, factor, code }).await
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
        let activation =
            |token| Activation { call: call.clone(), who: Enrolling::of(token), factor, code };
        self.ask_as(asker, activation).await
    }
}

/// Who enrols, with what he holds.
#[derive(Clone)]
enum Enrolling {
    Session(SessionToken),
    SignIn(SignInHandle),
    Client,
}

impl Enrolling {
    fn of(token: Option<SessionToken>) -> Self {
        token.map_or(Self::Client, Self::Session)
    }

    fn enroller(&self) -> Enroller {
        match self {
            Self::Session(token) => Enroller::Session(token.hash()),
            Self::SignIn(sign_in) => Enroller::SignIn(sign_in.hash()),
            Self::Client => Enroller::Client,
        }
    }

    /// A sign-in must be there and ask for an authenticator: every other is one class.
    async fn check(&self, entity: &Entity) -> Result<(), Halt> {
        let Self::SignIn(sign_in) = self else { return Ok(()) };
        entity.demand_vouched_sign_in(sign_in.hash()).await?;
        let open = entity.account().open().ok_or(Refusal::AuthenticationFailed)?;
        let waits = open.sign_ins.get(&sign_in.hash());
        let waits = waits.filter(|waits| waits.needs == Need::Enrolment);
        waits.map(|_| ()).ok_or(Halt::Refusal(Refusal::AuthenticationFailed))
    }

    fn session(&self) -> Option<HandleHash> {
        match self {
            Self::Session(token) => Some(token.hash()),
            Self::SignIn(_) | Self::Client => None,
        }
    }
}

struct Begin {
    call: Call,
    who: Enrolling,
    ask: BeginFactor,
}

impl Request for Begin {
    type Answer = Offered;

    async fn perform(&self, entity: &mut Entity) -> Result<Offered, Halt> {
        let begun = entity.begin_within(&self.call, self.who.session()).await?;
        let batch = match begun.repeated {
            Some(batch) => batch,
            None => self.decide(entity, &begun.mint).await?,
        };
        offered(entity, self.who.enroller(), &batch).await
    }
}

impl Begin {
    async fn decide(&self, entity: &mut Entity, mint: &Mint) -> Result<Batch, Halt> {
        self.who.check(entity).await?;
        let enroller = self.who.enroller();
        let (open, now) = (entity.open()?, entity.now());
        let by_password = !open.two_factor_enabled() || open.replacement_due(now).is_some();
        let password = self.ask.password.as_ref().filter(|_| by_password);
        if let (Some(session), Some(password)) = (self.who.session(), password) {
            let unkeyed = Call { idempotency: None, ..self.call.clone() };
            prove_in_place(entity, &unkeyed, session, password).await?;
        }
        let services = Arc::clone(&entity.services);
        let factor = FactorId::new(entropy::uuid_v4(services.log.entropy())?);
        let request = |secret| Command::RequestEnable(RequestEnable { enroller, factor, secret });
        // Refused before anything is written to the vault.
        entity.rehearse(&self.call, &request(SecretVersion::new(0)))?;
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
async fn offered(entity: &Entity, enroller: Enroller, batch: &Batch) -> Result<Offered, Halt> {
    let requested = batch.find(|event| match event {
        AccountEvent::EnableRequested(requested) => Some(requested),
        _ => None,
    });
    let requested = requested.ok_or(Refusal::AuthenticationFailed)?;
    pending(entity, requested.factor, enroller)?;
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

/// The offer that this session, sign-in or client app may confirm now.
fn pending(entity: &Entity, factor: FactorId, enroller: Enroller) -> Result<Offer, Halt> {
    let (now, policy) = (entity.now(), entity.policy());
    let context = Context { now, policy, refused: &[].into(), device: None };
    Ok(confirmable(entity.open()?, factor, enroller, &context)?.clone())
}

/// An offer whose QR code is not drawn yet.
struct Offered {
    factor: FactorId,
    secret: Zeroizing<String>,
    otpauth_uri: Zeroizing<String>,
    expires_at: Timestamp,
}

/// An offer with its QR code, where there is an offer.
async fn drawn(offered: Result<Offered, Refusal>) -> Verdict<FactorOffered> {
    match offered {
        Ok(offered) => offered.drawn().await.map(Ok),
        Err(refusal) => Ok(Err(refusal)),
    }
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
    who: Enrolling,
    factor: FactorId,
    code: Zeroizing<String>,
}

impl Request for Activation {
    type Answer = Activated;

    async fn perform(&self, entity: &mut Entity) -> Result<Activated, Halt> {
        let enroller = self.who.enroller();
        let begun = entity.begin_within(&self.call, self.who.session()).await?;
        let (services, account) = (Arc::clone(&entity.services), entity.id()?);
        let recovery = begun.mint.recovery(&services.secrets, services.log.entropy(), account)?;
        let started = begun.mint.session(account);
        let batch = match begun.repeated {
            Some(batch) => batch,
            None => {
                self.who.check(entity).await?;
                let offer = pending(entity, self.factor, enroller)?;
                let (factor, secret, with) = (self.factor, offer.secret, enroller.bound_to());
                let leave = entity.admit_for_offer(&self.call, &offer, with).await?;
                let centre = Drift::default().centre();
                let compared =
                    compare_totp(entity, &leave, (factor, secret, centre), &self.code).await?;
                let (session, minted) = (started.hash(), recovery.minted);
                let command = Command::Activate(Activate { enroller, session, compared, minted });
                self.decide(entity, &command, &begun.mint).await?
            }
        };
        // A session keeps its token (SR-129 exempts the activation): it is lifted, not replaced.
        let token = match &self.who {
            Enrolling::Session(token) => Some(token),
            Enrolling::SignIn(_) => Some(&started),
            Enrolling::Client => None,
        };
        activated(entity, &batch, self.factor, token, recovery.codes).await
    }
}

impl Activation {
    /// Decides, and destroys the secrets of the authenticators that the new one replaces.
    async fn decide(
        &self,
        entity: &mut Entity,
        command: &Command,
        mint: &Mint,
    ) -> Result<Batch, Halt> {
        let secrets: Vec<(FactorId, SecretVersion)> =
            entity.open()?.factors.iter().map(|(id, factor)| (*id, factor.secret)).collect();
        let batch = entity.decide(&self.call, command, Sealed::default(), Some(mint)).await?;
        let account = entity.id()?;
        for (id, secret) in secrets {
            if !entity.open()?.factors.contains_key(&id) {
                entity.destroy(account, SecretKind::Totp, secret).await;
            }
        }
        Ok(batch)
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
    let session = match token.zip(verified.session.as_ref()) {
        Some((token, opened)) => Some(SessionGiven {
            token: token.clone(),
            expires_at: opened.expires_at,
            assurance: opened.assurance,
            amr: opened.amr.clone(),
            device: None,
            assertion: entity.assertion(batch, opened).await?,
        }),
        None => None,
    };
    // Asked again, it says what it said, however often the authenticator was used since.
    let used_at = batch.0.first().map(|stamped| stamped.at);
    let factor = FactorView { last_used_at: used_at, ..view_of(entity, factor).await? };
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
        clock: None,
    })
}

/// The same with what its last code told of its clock.
pub(super) async fn view_with_clock(entity: &Entity, factor: FactorId) -> Result<FactorView, Halt> {
    let seen = entity.open()?.factors.get(&factor).and_then(|found| found.clock);
    let clock = seen.map(|ClockSeen { offset, refused }| ClockView {
        offset_seconds: i64::from(offset).saturating_mul(PERIOD_SECONDS.cast_signed()),
        refused,
        explanation: Some(explain::codes_clock(offset, refused)),
    });
    Ok(FactorView { clock, ..view_of(entity, factor).await? })
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

/// A holder's name for an authenticator: support and the holder read it as it is.
pub(super) fn check_name(name: &str) -> Result<(), Refusal> {
    check_text("name", name, NAME_CHARS)?;
    check_readable("name", name)
}
