//! Proofs: what was typed, compared with exactly one thing (SR-017), and proving again.

use countersign_events::account::{Method, Purpose};
use countersign_events::id::{AccountId, FactorId, HandleHash, SecretVersion, StreamId};
use jiff::Timestamp;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::answer::{EmailCodePromised, SessionGiven};
use super::code_mail::SendCode;
use super::identity::{Identity, open_pii, seal_pii};
use super::request::{Call, CodeAnswer, Proof};
use super::sign_in::{Checked, check_password, session_given};
use super::source::Leave;
use super::{Accounts, Fault, Verdict};
use crate::actors::account::{Batch, Entity, Halt, Mint, Request, Sealed};
use crate::domain::Command;
use crate::domain::account::{EmailCode, Open};
use crate::domain::command::{Evidence, Prove, Proven};
use crate::domain::recovery_code::NormalRecoveryCode;
use crate::domain::refusal::Refusal;
use crate::domain::totp::{Compared, Generator};
use crate::handle::SessionToken;
use crate::vault::SecretKind;
use countersign_events::account::AccountEvent;

/// The field that names one of several authenticators.
pub const WHICH_FACTOR: &str = "factor_id";

impl Accounts {
    /// Proves again within a session: a new token takes its place.
    ///
    /// # Errors
    /// [`Refusal::NoSession`], [`Refusal::AuthenticationFailed`], [`Refusal::TooManyRequests`]; a
    /// [`Fault`].
    pub async fn prove(
        &self,
        call: &Call,
        token: &SessionToken,
        proof: Proof,
    ) -> Verdict<SessionGiven> {
        let request = ProveAgain { call: call.clone(), session: token.hash(), proof };
        self.ask(StreamId::Account(token.account()), request).await
    }

    /// Sends a code that confirms the address.
    ///
    /// # Errors
    /// [`Refusal::NoSession`], [`Refusal::TooManyRequests`]; a [`Fault`].
    pub async fn send_confirmation(
        &self,
        call: &Call,
        token: &SessionToken,
    ) -> Verdict<EmailCodePromised> {
        let (purpose, bound_to) = (Purpose::ConfirmEmail, token.hash());
        let request = SendCode { call: call.clone(), purpose, bound_to };
        self.ask(StreamId::Account(token.account()), request).await
    }

    /// Confirms the address with a code that was sent to it.
    ///
    /// # Errors
    /// [`Refusal::NoSession`], [`Refusal::AuthenticationFailed`], [`Refusal::TooManyRequests`]; a
    /// [`Fault`].
    pub async fn confirm_email(
        &self,
        call: &Call,
        token: &SessionToken,
        code: Zeroizing<String>,
    ) -> Verdict<()> {
        let request = ConfirmEmail { call: call.clone(), session: token.hash(), code };
        self.ask(StreamId::Account(token.account()), request).await
    }
}

/// Compares a code with the one thing that its method and factor name.
pub(super) async fn evidence(
    entity: &Entity,
    leave: &Leave,
    answer: &CodeAnswer,
    purpose: Purpose,
    bound_to: HandleHash,
) -> Result<Evidence, Halt> {
    let open = entity.open()?;
    match answer.method {
        Method::Totp => {
            let blind = entity.policy().blind_sign_in && purpose == Purpose::SignIn;
            if answer.factor.is_none() && open.factors.is_empty() && purpose == Purpose::SignIn {
                // There is none to name.
                return Err(Refusal::AuthenticationFailed.into());
            }
            let factor = named_factor(open, answer.factor, blind)?;
            match open.factors.get(&factor) {
                None => Ok(Evidence::Nothing { method: Method::Totp, factor: Some(factor) }),
                Some(state) => {
                    let of = (factor, state.secret, state.drift.centre());
                    Ok(Evidence::Totp(compare_totp(entity, leave, of, &answer.code).await?))
                }
            }
        }
        Method::EmailCode => email_evidence(entity, leave, &answer.code, purpose, bound_to),
        Method::RecoveryCode => recovery_evidence(entity, leave, open, &answer.code),
        Method::Password => {
            let reason = "a password is no second factor".to_owned();
            Err(Refusal::Invalid { field: "method", reason }.into())
        }
    }
}

/// The authenticator that was named; it may be left out while there is only one, and at a blind
/// sign-in, which tells of none: then the one that was used last is meant.
fn named_factor(open: &Open, named: Option<FactorId>, blind: bool) -> Result<FactorId, Refusal> {
    let mut factors = open.factors.keys();
    match (named, factors.next(), factors.next()) {
        (Some(factor), _, _) => Ok(factor),
        (None, Some(only), None) => Ok(*only),
        (None, ..) if blind => {
            let last_used = open.factors.iter().max_by_key(|(_, factor)| factor.last_used_at);
            last_used.map(|(id, _)| *id).ok_or(Refusal::AuthenticationFailed)
        }
        (None, _, _) => {
            let reason = "name one of the authenticators that `methods` offers".to_owned();
            Err(Refusal::Invalid { field: WHICH_FACTOR, reason })
        }
    }
}

/// Compares a code with the secret of an authenticator, around the offset where its phone is; the
/// secret is open for no longer than this.
///
/// While the machine's clock is not the time, one of the two is wrong, and nobody here knows which.
/// A code that is right by the time alone is no guess: it has no verdict, or else a time service
/// that errs would have every honest person locked out by right codes (SR-097). It is not accepted
/// either, for then twice as many codes would be right.
pub(super) async fn compare_totp(
    entity: &Entity,
    leave: &Leave,
    (factor, version, centre): (FactorId, SecretVersion, i32),
    code: &str,
) -> Result<Compared, Halt> {
    let (generator, seconds) = generator_of(entity, leave, version).await?;
    let compared = generator.compare(factor, code, seconds, centre);
    let log = &entity.services.log;
    if log.clock_is_in_doubt() {
        let by_time = generator.compare(factor, code, seconds_of(log.now()), centre);
        let known = entity.open()?.factors.get(&factor);
        let drift = known.map(|known| known.drift).unwrap_or_default();
        let window = drift.narrowed(entity.policy().totp_skew);
        let last_step = known.map(|known| known.last_step);
        let is_right = |compared: &Compared| compared.acceptable(window, last_step).is_some();
        if is_right(&by_time) && !is_right(&compared) {
            let why = "the machine's clock was set, and a code is right by the time before that";
            return Err(Fault::Unavailable(why.to_owned()).into());
        }
    }
    Ok(compared)
}

fn seconds_of(time: Timestamp) -> u64 {
    u64::try_from(time.as_second()).unwrap_or(0)
}

/// What makes the codes of an authenticator, and the time: what the machine's clock shows, as the
/// phone's does, decides (SR-006), not the time of anything else here.
pub(super) async fn generator_of(
    entity: &Entity,
    leave: &Leave,
    version: SecretVersion,
) -> Result<(Generator, u64), Halt> {
    leave.demand(Method::Totp)?;
    let account = entity.id()?;
    let secret = secret_of(entity, account, version).await?;
    let generator = Generator::new(&secret)
        .map_err(|error| Fault::FailsClosed(format!("secret {version} of {account}: {error}")))?;
    Ok((generator, seconds_of(entity.services.log.shown())))
}

/// The secret of an authenticator. One that an event names and the vault lacks fails closed.
pub(super) async fn secret_of(
    entity: &Entity,
    account: AccountId,
    version: SecretVersion,
) -> Result<Zeroizing<Vec<u8>>, Halt> {
    let secret = entity.services.secrets.get(account, SecretKind::Totp, version).await?;
    let missing =
        || Fault::FailsClosed(format!("authenticator secret {version} of {account} is missing"));
    Ok(secret.ok_or_else(missing)?)
}

fn email_evidence(
    entity: &Entity,
    leave: &Leave,
    code: &str,
    purpose: Purpose,
    bound_to: HandleHash,
) -> Result<Evidence, Halt> {
    leave.demand(Method::EmailCode)?;
    let live = entity.open()?.email_codes.get(&bound_to).filter(|live| live.purpose == purpose);
    let Some(live) = live else {
        return Ok(Evidence::Nothing { method: Method::EmailCode, factor: None });
    };
    let secrets = &entity.services.secrets;
    let EmailCode { bound_to, address, nonce, digits, .. } = *live;
    let sent = secrets.email_code(entity.id()?, bound_to, purpose, address, nonce, digits);
    Ok(Evidence::EmailCode { right: sent.as_bytes().ct_eq(code.as_bytes()).into() })
}

/// Compares with every code of the set, used or not, in constant time. What is no code is no
/// guess, whatever the account has (SR-010).
fn recovery_evidence(
    entity: &Entity,
    leave: &Leave,
    open: &Open,
    code: &str,
) -> Result<Evidence, Halt> {
    leave.demand(Method::RecoveryCode)?;
    let Some(normal) = NormalRecoveryCode::parse(code) else {
        let reason = "not a recovery code".to_owned();
        return Err(Refusal::Invalid { field: "code", reason }.into());
    };
    let Some(set) = &open.recovery else {
        return Ok(Evidence::Nothing { method: Method::RecoveryCode, factor: None });
    };
    let typed = entity.services.secrets.recovery_hash(entity.id()?, &normal);
    let equal = |hash: &countersign_events::id::Hash32| -> Choice {
        hash.bytes().as_slice().ct_eq(typed.bytes().as_slice())
    };
    let index = (0_u32..).zip(&set.hashes).fold(None, |found, (index, hash)| {
        if bool::from(equal(hash)) { Some(index) } else { found }
    });
    Ok(Evidence::RecoveryCode { index })
}

struct ProveAgain {
    call: Call,
    session: HandleHash,
    proof: Proof,
}

impl Request for ProveAgain {
    type Answer = SessionGiven;

    async fn perform(&self, entity: &mut Entity) -> Result<SessionGiven, Halt> {
        let begun = entity.begin_replacing(&self.call, self.session).await?;
        let batch = match begun.repeated {
            Some(batch) => batch,
            None => self.decide(entity, &begun.mint).await?,
        };
        session_given(entity, &batch, &begun.mint).await
    }
}

impl ProveAgain {
    async fn decide(&self, entity: &mut Entity, mint: &Mint) -> Result<Batch, Halt> {
        let proven = match &self.proof {
            Proof::Password(password) => {
                password_proven(entity, &self.call, self.session, password).await?
            }
            Proof::Code(answer) => {
                let with = Some(self.session);
                let leave = entity.admit_guess(&self.call, answer.method, with).await?;
                let purpose = Purpose::StepUp;
                Proven::Code(evidence(entity, &leave, answer, purpose, self.session).await?)
            }
        };
        let next = mint.session(entity.id()?).hash();
        let command = Command::Prove(Prove { session: self.session, proven, next });
        entity.decide(&self.call, &command, Sealed::default(), Some(mint)).await
    }
}

async fn password_proven(
    entity: &mut Entity,
    call: &Call,
    session: HandleHash,
    password: &str,
) -> Result<Proven, Halt> {
    let leave = entity.admit_guess(call, Method::Password, Some(session)).await?;
    let right = !matches!(check_password(entity, &leave, password).await?, Checked::Wrong);
    Ok(Proven::Password { right })
}

/// Proves the password within a request that needs it fresh; the session keeps its token.
pub(super) async fn prove_in_place(
    entity: &mut Entity,
    call: &Call,
    session: HandleHash,
    password: &str,
) -> Result<(), Halt> {
    let proven = password_proven(entity, call, session, password).await?;
    let command = Command::Prove(Prove { session, proven, next: session });
    let batch: Batch = entity.decide(call, &command, Sealed::default(), None).await?;
    let verified = batch.find(|event| match event {
        AccountEvent::PasswordVerified(_) => Some(()),
        _ => None,
    });
    verified.ok_or(Halt::Refusal(Refusal::AuthenticationFailed))
}

struct ConfirmEmail {
    call: Call,
    session: HandleHash,
    code: Zeroizing<String>,
}

impl Request for ConfirmEmail {
    type Answer = ();

    async fn perform(&self, entity: &mut Entity) -> Result<(), Halt> {
        let begun = entity.begin_within(&self.call, Some(self.session)).await?;
        let batch = match begun.repeated {
            Some(batch) => batch,
            None => self.decide(entity, &begun.mint).await?,
        };
        let confirmed = batch.find(|event| match event {
            AccountEvent::EmailConfirmed(_) | AccountEvent::EmailChanged(_) => Some(()),
            _ => None,
        });
        confirmed.ok_or(Halt::Refusal(Refusal::AuthenticationFailed))
    }
}

impl ConfirmEmail {
    async fn decide(&self, entity: &mut Entity, mint: &Mint) -> Result<Batch, Halt> {
        let with = Some(self.session);
        let leave = entity.admit_guess(&self.call, Method::EmailCode, with).await?;
        let session = self.session;
        let live = entity.open()?.email_codes.get(&session);
        if let Some(live) = live.filter(|live| live.purpose == Purpose::ChangeEmail) {
            let live = live.clone();
            return self.change(entity, &leave, &live, mint).await;
        }
        let purpose = Purpose::ConfirmEmail;
        let evidence = email_evidence(entity, &leave, &self.code, purpose, session)?;
        let right = matches!(evidence, Evidence::EmailCode { right: true });
        let command = Command::ConfirmEmail { session, right };
        entity.decide(&self.call, &command, Sealed::default(), Some(mint)).await
    }

    /// Takes the address that the live code went to: who the account is, is sealed anew.
    async fn change(
        &self,
        entity: &mut Entity,
        leave: &Leave,
        live: &EmailCode,
        mint: &Mint,
    ) -> Result<Batch, Halt> {
        let session = self.session;
        let evidence = email_evidence(entity, leave, &self.code, live.purpose, session)?;
        let right = matches!(evidence, Evidence::EmailCode { right: true });
        let recorded = entity.entry_at(live.address_at).await?;
        let (secrets, account) = (&entity.services.secrets, entity.id()?);
        let taken: Option<Identity> = open_pii(secrets, account, &recorded).await?;
        let email = taken.and_then(|taken| taken.email);
        let identity = Identity { email, ..entity.identity().await? };
        let pii = seal_pii(secrets, account, &identity).await?;
        let command = Command::ChangeEmail { session, right };
        let sealed = Sealed { pii: Some(pii), net: None };
        entity.decide(&self.call, &command, sealed, Some(mint)).await
    }
}
