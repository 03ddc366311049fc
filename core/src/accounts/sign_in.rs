//! Signing in: with a password or a client app's word, then with a code.
//!
//! A login that does not exist goes the same way on its own `unknown-` stream: the same limits,
//! the same hashing, one entry as well, so that nobody can tell it from a real one (SR-051).

use countersign_events::account::{
    AccountEvent, Method, Need, Purpose, SessionOpened, SignInOpened,
};
use countersign_events::id::{AccountId, ClientId, HandleHash, SecretVersion, StreamId};
use zeroize::Zeroizing;

use super::answer::{
    DeviceGiven, EmailCodePromised, EmailCodeUnderWay, MethodOffered, MoreRequired,
    SecondFactorRequired, SessionGiven, SignedIn,
};
use super::assertion::Vouch;
use super::blind::blinded;
use super::code_mail::{LookForCode, SendCode};
use super::identity::{seal_net, seal_pii};
use super::passwords::put_password;
use super::proof::evidence;
use super::registration::check_text;
use super::request::{Call, CodeAnswer, PasswordSignIn, VouchedSignIn};
use super::source::Leave;
use super::{Accounts, Fault, Verdict, mask};
use crate::actors::account::{Batch, Entity, Halt, Mint, Request, Sealed};
use crate::domain::Command;
use crate::domain::account::Open;
use crate::domain::command::{FirstFactor, SignIn, VerifyCode};
use crate::domain::refusal::Refusal;
use crate::domain::session::signs_in_at;
use crate::handle::SignInHandle;
use crate::vault::SecretKind;

/// Characters of what a client app wants told back.
pub const NONCE_CHARS: std::ops::RangeInclusive<usize> = 1..=255;

impl Accounts {
    /// Begins a sign-in with a password.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`], [`Refusal::TooManyRequests`],
    /// [`Refusal::IdempotencyKeyReused`]; a [`Fault`].
    pub async fn sign_in(&self, call: &Call, ask: PasswordSignIn) -> Verdict<SignedIn> {
        if let Err(refusal) = self.same_guess(call).await? {
            return Ok(Err(refusal));
        }
        let name = self.secrets().login_hash(&ask.login);
        let request = || ByPassword { call: call.clone(), password: ask.password.clone() };
        if let Some(account) = self.secrets().find(name).await? {
            match self.ask(StreamId::Account(account), request()).await? {
                // Claimed and never registered, or nobody's who signs in here: it does not exist.
                Ok(None) => {}
                Ok(Some(signed_in)) => return Ok(Ok(signed_in)),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        match self.ask(StreamId::Unknown(name), request()).await? {
            Ok(Some(signed_in)) => Ok(Ok(signed_in)),
            Ok(None) => Ok(Err(Refusal::AuthenticationFailed)),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Begins a sign-in on the word of a client app, which checked the password itself, and may
    /// name the device: the app's word makes that known once all is proven there.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a subject the app did not make, [`Refusal::Invalid`],
    /// [`Refusal::IdempotencyKeyReused`]; a [`Fault`].
    pub async fn vouch(
        &self,
        call: &Call,
        client: ClientId,
        VouchedSignIn { subject, device, nonce }: VouchedSignIn,
    ) -> Verdict<SignedIn> {
        let is_fine =
            nonce.as_ref().map_or(Ok(()), |nonce| check_text("nonce", nonce, NONCE_CHARS));
        if let Err(refusal) = is_fine {
            return Ok(Err(refusal));
        }
        if let Err(refusal) = self.same_request(call).await? {
            return Ok(Err(refusal));
        }
        let name = self.secrets().subject_hash(client, &subject);
        match self.secrets().find(name).await? {
            None => Ok(Err(Refusal::NotFound("account"))),
            Some(account) => {
                // The same name means another device with another app, and with another account.
                let hashed = |name: String| {
                    let (client, account) = (client.to_string(), account.to_string());
                    let parts = [client.as_bytes(), account.as_bytes(), name.as_bytes()];
                    self.secrets().fingerprint("vouched device", &parts)
                };
                let device = device.map(hashed);
                let request = Vouched { call: call.clone(), device, nonce };
                self.ask(StreamId::Account(account), request).await
            }
        }
    }

    /// Sends a code by e-mail to go on with a sign-in.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`], [`Refusal::TooManyRequests`]; a [`Fault`].
    pub async fn send_email_code(
        &self,
        call: &Call,
        sign_in: SignInHandle,
    ) -> Verdict<EmailCodePromised> {
        let stream = StreamId::Account(sign_in.account());
        let bound_to = sign_in.hash();
        let send = SendCode { call: call.clone(), purpose: Purpose::SignIn, bound_to };
        Ok(self.blinded_promise(self.ask(stream, send).await?))
    }

    /// How far the mail is that a sign-in waits for.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`] for a sign-in that waits for none; a [`Fault`].
    pub async fn email_code(&self, sign_in: SignInHandle) -> Verdict<EmailCodeUnderWay> {
        if self.policy().blind_sign_in {
            return Ok(Err(Refusal::AuthenticationFailed));
        }
        let stream = StreamId::Account(sign_in.account());
        self.ask(stream, LookForCode { sign_in }).await
    }

    /// Completes a sign-in with a code.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`], [`Refusal::TooManyRequests`], [`Refusal::Invalid`]; a
    /// [`Fault`].
    pub async fn answer(
        &self,
        call: &Call,
        sign_in: SignInHandle,
        answer: CodeAnswer,
    ) -> Verdict<SignedIn> {
        let stream = StreamId::Account(sign_in.account());
        let answered = self.ask(stream, Answered { call: call.clone(), sign_in, answer }).await?;
        Ok(self.blinded_answer(answered))
    }
}

/// A sign-in by password. Answers `None`, and keeps no key, for an account that never came to be,
/// or does not sign in where this is asked.
struct ByPassword {
    call: Call,
    password: Zeroizing<String>,
}

impl Request for ByPassword {
    type Answer = Option<SignedIn>;

    async fn perform(&self, entity: &mut Entity) -> Result<Option<SignedIn>, Halt> {
        entity.load().await?;
        let is_account = matches!(entity.stream, StreamId::Account(_));
        let open = entity.account().open();
        if is_account && !open.is_some_and(|open| signs_in_at(open, self.call.staff_only)) {
            return Ok(None);
        }
        let begun = entity.begin(&self.call).await?;
        let batch = match begun.repeated {
            Some(batch) => batch,
            None => self.decide(entity, &begun.mint).await?,
        };
        let step = signed_in(entity, &self.call, &batch, &begun.mint).await;
        blinded(entity, &begun.mint, &batch, step).map(Some)
    }
}

impl ByPassword {
    async fn decide(&self, entity: &mut Entity, mint: &Mint) -> Result<Batch, Halt> {
        let leave = match entity.admit_guess(&self.call, Method::Password, None).await {
            // Worth nothing until it is set anew: that costs what a wrong one does.
            Err(Halt::Refusal(Refusal::AuthenticationFailed)) => {
                compare_with_none(entity, &self.password).await?;
                entity.note_worthless_password(&self.call).await;
                return Err(Halt::Refusal(Refusal::AuthenticationFailed));
            }
            admitted => admitted?,
        };
        let checked = check_password(entity, &leave, &self.password).await?;
        // Nothing of a suspended account changes by a sign-in, not even a hash that is outdated.
        let checked = match entity.account().open().is_some_and(Open::is_suspended) {
            true => Checked::Wrong,
            false => checked,
        };
        let first = match checked {
            Checked::Wrong => FirstFactor::PasswordWrong,
            Checked::Right => FirstFactor::PasswordRight { rehashed: None },
            Checked::Outdated { .. } => {
                let rehashed = put_password(entity, &self.password).await?;
                FirstFactor::PasswordRight { rehashed: Some(rehashed) }
            }
        };
        let net = seal_net(entity, &self.call).await?;
        let command = Command::SignIn(sign_in_command(entity, first, mint));
        let sealed = Sealed { pii: None, net: Some(net) };
        let batch = entity.decide(&self.call, &command, sealed, Some(mint)).await?;
        if let Checked::Outdated { account, version } = checked {
            entity.destroy(account, SecretKind::Password, version).await;
        }
        Ok(batch)
    }
}

/// What checking a password gave.
#[derive(Debug, Clone, Copy)]
pub(super) enum Checked {
    /// It is another, or there is none.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, under parameters weaker than today's.
    Outdated { account: AccountId, version: SecretVersion },
}

/// Checks a password at the same cost whether there is one or not, and with the same faults: one
/// that nobody has is looked for like any other (SR-051).
pub(super) async fn check_password(
    entity: &Entity,
    leave: &Leave,
    password: &str,
) -> Result<Checked, Halt> {
    leave.demand(Method::Password)?;
    let services = &entity.services;
    let current = entity.account().open().and_then(|open| open.password);
    let Some(version) = current else {
        compare_with_none(entity, password).await?;
        return Ok(Checked::Wrong);
    };
    let account = entity.id()?;
    let phc = services.secrets.get(account, SecretKind::Password, version).await?;
    let missing = || Fault::FailsClosed(format!("password {version} of {account} is missing"));
    let phc = phc.ok_or_else(missing)?;
    let phc = std::str::from_utf8(&phc)
        .map_err(|_| Fault::FailsClosed(format!("password {version} of {account} is damaged")))?;
    let matched = services.passwords.verify(password, Some(phc)).await?;
    Ok(match (matched.right, matched.outdated) {
        (false, _) => Checked::Wrong,
        (true, false) => Checked::Right,
        (true, true) => Checked::Outdated { account, version },
    })
}

/// What a comparison costs, where there is nothing to compare with.
async fn compare_with_none(entity: &Entity, password: &str) -> Result<(), Halt> {
    let (nobody, none) = (AccountId::new(uuid::Uuid::nil()), SecretVersion::new(0));
    entity.services.secrets.get(nobody, SecretKind::Password, none).await?;
    entity.services.passwords.compare_with_none(password).await?;
    Ok(())
}

/// The command of a sign-in. A login that does not exist has no handles to give out.
fn sign_in_command(entity: &Entity, first: FirstFactor, mint: &Mint) -> SignIn {
    let nobody = AccountId::new(uuid::Uuid::nil());
    let account = entity.id().unwrap_or(nobody);
    SignIn { first, sign_in: mint.sign_in(account).hash(), session: mint.session(account).hash() }
}

/// A sign-in on the word of a client app.
struct Vouched {
    call: Call,
    device: Option<HandleHash>,
    nonce: Option<String>,
}

impl Request for Vouched {
    type Answer = SignedIn;

    async fn perform(&self, entity: &mut Entity) -> Result<SignedIn, Halt> {
        let vouched = async |entity: &mut Entity, mint: &Mint| {
            let net = seal_net(entity, &self.call).await?;
            let first = FirstFactor::Vouched { device: self.device };
            let command = Command::SignIn(sign_in_command(entity, first, mint));
            let pii = match self.nonce.clone() {
                Some(nonce) => {
                    let (secrets, account) = (&entity.services.secrets, entity.id()?);
                    Some(seal_pii(secrets, account, &Vouch { nonce }).await?)
                }
                None => None,
            };
            let sealed = Sealed { pii, net: Some(net) };
            entity.decide(&self.call, &command, sealed, Some(mint)).await
        };
        let (batch, mint) = entity.once(&self.call, vouched).await?;
        signed_in(entity, &self.call, &batch, &mint).await
    }
}

/// The answer to a step of a sign-in, read from the events it left.
pub(super) async fn signed_in(
    entity: &Entity,
    call: &Call,
    batch: &Batch,
    mint: &Mint,
) -> Result<SignedIn, Halt> {
    type Next<'a> = (Option<&'a SignInOpened>, Option<&'a SessionOpened>);
    let next: Option<Next<'_>> = batch.find(|event| match event {
        AccountEvent::PasswordVerified(verified) => {
            Some((verified.sign_in.as_ref(), verified.session.as_ref()))
        }
        AccountEvent::FirstFactorVouched(vouched) => {
            Some((vouched.sign_in.as_ref(), vouched.session.as_ref()))
        }
        AccountEvent::CodeVerified(verified) => {
            Some((verified.next.as_ref(), verified.session.as_ref()))
        }
        AccountEvent::PasswordSet(set) if set.sign_in.is_some() => {
            Some((set.next.as_ref(), set.session.as_ref()))
        }
        _ => None,
    });
    let (opened, session) = next.ok_or(Refusal::AuthenticationFailed)?;
    if let Some(session) = session {
        return Ok(SignedIn::Completed(given(entity, batch, session, mint).await?));
    }
    let opened = opened.ok_or(Refusal::AuthenticationFailed)?;
    let (id, expires_at) = (mint.sign_in(entity.id()?), opened.expires_at);
    Ok(match opened.needs {
        Need::SecondFactor => {
            let methods = methods_offered(entity, call, opened.sign_in).await?;
            SignedIn::SecondFactorRequired(SecondFactorRequired { id, methods, expires_at })
        }
        Need::NewPassword => SignedIn::PasswordChangeRequired(MoreRequired { id, expires_at }),
        Need::Enrolment => SignedIn::EnrolmentRequired(MoreRequired { id, expires_at }),
    })
}

/// A session that an event started, with the token that was minted for it.
pub(super) async fn given(
    entity: &Entity,
    batch: &Batch,
    opened: &SessionOpened,
    mint: &Mint,
) -> Result<SessionGiven, Halt> {
    Ok(SessionGiven {
        token: mint.session(entity.id()?),
        expires_at: opened.expires_at,
        assurance: opened.assurance,
        amr: opened.amr.clone(),
        device: device_given(entity, opened, mint)?,
        assertion: entity.assertion(batch, opened).await?,
    })
}

fn device_given(
    entity: &Entity,
    opened: &SessionOpened,
    mint: &Mint,
) -> Result<Option<DeviceGiven>, Halt> {
    let Some(remembered) = &opened.device else { return Ok(None) };
    let handle = mint.device(entity.id()?);
    // A device that a client app named holds nothing of ours.
    let is_ours = handle.hash() == remembered.device;
    Ok(is_ours.then_some(DeviceGiven { handle, expires_at: remembered.expires_at }))
}

/// The ways to answer, told only after the right password (SR-063). What is shut for longer than
/// somebody waits is not offered.
async fn methods_offered(
    entity: &Entity,
    call: &Call,
    sign_in: HandleHash,
) -> Result<Vec<MethodOffered>, Halt> {
    let open = entity.open()?;
    let mut methods = vec![];
    let is_shut = |method| entity.is_shut(call, method, Some(sign_in));
    let takes_codes = !is_shut(Method::Totp);
    for (factor, state) in open.factors.iter().filter(|_| takes_codes) {
        let name = entity.factor_name(state.named_at).await?;
        methods.push(MethodOffered {
            method: Method::Totp,
            factor: Some(*factor),
            name: Some(name),
            hint: None,
        });
    }
    let other = |method, hint| MethodOffered { method, factor: None, name: None, hint };
    let offers_codes = open.offers_email_codes(entity.now(), entity.policy());
    if offers_codes && !is_shut(Method::EmailCode) {
        let hint = entity.identity().await?.email.as_deref().map(mask::email);
        methods.push(other(Method::EmailCode, hint));
    }
    let codes_left = open.recovery.as_ref().is_some_and(|set| set.left() > 0);
    if codes_left && !is_shut(Method::RecoveryCode) {
        methods.push(other(Method::RecoveryCode, None));
    }
    Ok(methods)
}

/// A code to complete a sign-in.
struct Answered {
    call: Call,
    sign_in: SignInHandle,
    answer: CodeAnswer,
}

impl Request for Answered {
    type Answer = SignedIn;

    async fn perform(&self, entity: &mut Entity) -> Result<SignedIn, Halt> {
        let answered = self.answered(entity).await;
        entity.note_blind(&self.call, self.sign_in.hash(), &answered).await;
        answered
    }
}

impl Answered {
    async fn answered(&self, entity: &mut Entity) -> Result<SignedIn, Halt> {
        let verifying = async |entity: &mut Entity, mint: &Mint| {
            let sign_in = self.sign_in.hash();
            let open = entity.account().open().ok_or(Refusal::AuthenticationFailed)?;
            if !open.sign_ins.contains_key(&sign_in) {
                return Err(Refusal::AuthenticationFailed.into());
            }
            entity.demand_vouched_sign_in(sign_in).await?;
            let (with, purpose) = (Some(sign_in), Purpose::SignIn);
            let leave = entity.admit_guess(&self.call, self.answer.method, with).await?;
            let evidence = evidence(entity, &leave, &self.answer, purpose, sign_in).await?;
            let account = entity.id()?;
            let (session, next) = (mint.session(account).hash(), mint.sign_in(account).hash());
            let command = Command::VerifyCode(VerifyCode { sign_in, evidence, session, next });
            entity.decide(&self.call, &command, Sealed::default(), Some(mint)).await
        };
        let (batch, mint) = entity.once(&self.call, verifying).await?;
        signed_in(entity, &self.call, &batch, &mint).await
    }
}

/// The session that a proof started, or the one class of refusals.
pub(super) async fn session_given(
    entity: &Entity,
    batch: &Batch,
    mint: &Mint,
) -> Result<SessionGiven, Halt> {
    let opened = session_opened(batch).ok_or(Refusal::AuthenticationFailed)?;
    given(entity, batch, opened, mint).await
}

/// The session that a proof started.
pub(super) fn session_opened(batch: &Batch) -> Option<&SessionOpened> {
    batch.find(|event| match event {
        AccountEvent::CodeVerified(verified) => verified.session.as_ref(),
        AccountEvent::PasswordVerified(verified) => verified.session.as_ref(),
        _ => None,
    })
}
