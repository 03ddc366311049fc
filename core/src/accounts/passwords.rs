//! Passwords: changed by their holder, set anew by a link, or because a sign-in demands it.
//!
//! The order of writes is that of every secret: its hash is durable in the vault before the event
//! that names its version, and the old one is destroyed after it.

use countersign_events::account::Method;
use countersign_events::id::{AccountId, HandleHash, SecretVersion, StreamId};
use futures::future::join_all;
use zeroize::Zeroizing;

use super::answer::{DeviceGiven, SessionGiven, SignedIn};
use super::identity::{Identity, seal_net};
use super::request::Call;
use super::sign_in::{Checked, check_password, session_given, signed_in};
use super::source::Leave;
use super::unlock::browser_admitted;
use super::{Accounts, Fault, Verdict};
use crate::actors::account::{Batch, Entity, Halt, Mint, Request, Sealed, Services};
use crate::domain::Command;
use crate::domain::command::{ChangePassword, SetDemandedPassword};
use crate::domain::refusal::Refusal;
use crate::handle::{SessionToken, SignInHandle};
use crate::mail::link::{LinkKind, LinkToken};
use crate::vault::{AskedBefore, PasswordRules, SecretKind};

impl Accounts {
    /// Changes the password, with the present one; the session goes on under a new token.
    ///
    /// # Errors
    /// [`Refusal::NoSession`], [`Refusal::StepUpRequired`], [`Refusal::AuthenticationFailed`],
    /// [`Refusal::WeakPassword`], [`Refusal::PasswordUnchanged`], [`Refusal::TooManyRequests`]; a
    /// [`Fault`].
    pub async fn change_password(
        &self,
        call: &Call,
        token: &SessionToken,
        current: Zeroizing<String>,
        password: Zeroizing<String>,
    ) -> Verdict<SessionGiven> {
        let change = Change { call: call.clone(), session: token.hash(), current, password };
        self.ask(StreamId::Account(token.account()), change).await
    }

    /// Sends a link to a new password by mail, where there is somebody to send it to; asked too
    /// often, it makes the link of the last mail work again. Whether there
    /// is, nobody is told, not even by a limit: a login that does not exist goes the same way on
    /// its own stream, and what an account's limits refuse leaves no trace in the answer (SR-030).
    ///
    /// Asked by an address, every account is meant that has proven it, whoever has a login that
    /// reads like it.
    ///
    /// # Errors
    /// [`Refusal::IdempotencyKeyReused`], [`Refusal::TooManyRequests`] for a source that asks for
    /// too many mails; a [`Fault`].
    pub async fn request_password_reset(&self, call: &Call, login: &str) -> Verdict<()> {
        // Of the source, not of an account: it says nothing of whether there is one. First of all:
        // nothing is kept of what is refused. What is asked again asks for no other mail.
        if self.asked_before(call).await? != AskedBefore::Alike
            && let Err(refusal) = self.admit_mail_to_anybody(call)
        {
            return Ok(Err(refusal));
        }
        if let Err(refusal) = self.same_request(call).await? {
            return Ok(Err(refusal));
        }
        let name = self.secrets().login_hash(login);
        let mut meant: Vec<AccountId> = self.secrets().find(name).await?.into_iter().collect();
        meant.extend(self.with_proven_address(login).await?);
        meant.sort_unstable();
        meant.dedup();
        // All of them at once: how many there are, the time tells no more than the answer.
        let request = || RequestReset { call: call.clone() };
        let asked =
            meant.into_iter().map(|account| self.ask(StreamId::Account(account), request()));
        let mut met = vec![];
        for verdict in join_all(asked).await {
            met.push(verdict?);
        }
        // Claimed and never registered: to everybody else it does not exist.
        if met.iter().all(|verdict| matches!(verdict, Ok(Asked::Nobody))) {
            let _limited = self.ask(StreamId::Unknown(name), request()).await?;
        }
        Ok(Ok(()))
    }

    async fn with_proven_address(&self, text: &str) -> Result<Vec<AccountId>, Fault> {
        if !text.contains('@') {
            return Ok(vec![]);
        }
        self.caught_up().await?;
        let address = self.secrets().email_hash(text);
        Ok(self.read_model().find_by_proven_email(address, RESETS_AT_ONCE_MAX)?)
    }

    /// Sets a new password by the link that a mail carried. Nobody is signed in; a page of ours
    /// that asks has tries of its own for a while, by what is given.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`] for a link that is not, or no longer, good;
    /// [`Refusal::WeakPassword`]; a [`Fault`].
    pub async fn reset_password(
        &self,
        call: &Call,
        link: LinkToken,
        password: Zeroizing<String>,
    ) -> Verdict<Option<DeviceGiven>> {
        if !link.is_genuine(self.secrets(), LinkKind::NewPassword) {
            return Ok(Err(Refusal::AuthenticationFailed));
        }
        let stream = StreamId::Account(link.account());
        self.ask(stream, Reset { call: call.clone(), link, password }).await
    }

    /// Sets the new password that a sign-in asks for, and goes on with the sign-in.
    ///
    /// # Errors
    /// [`Refusal::AuthenticationFailed`] where it asks for none, [`Refusal::WeakPassword`],
    /// [`Refusal::PasswordUnchanged`]; a [`Fault`].
    pub async fn set_demanded_password(
        &self,
        call: &Call,
        sign_in: SignInHandle,
        password: Zeroizing<String>,
    ) -> Verdict<SignedIn> {
        let stream = StreamId::Account(sign_in.account());
        let set = SetDemanded { call: call.clone(), sign_in: sign_in.hash(), password };
        self.ask(stream, set).await
    }
}

/// Accounts of one address that are sent a link at once.
const RESETS_AT_ONCE_MAX: usize = 5;

/// What every password is judged by, whoever it is for.
const SOFTWARE: &str = "Countersign";

/// Whether a new password may be used by whoever this is (SR-049).
pub(super) async fn judge(
    services: &Services,
    password: &str,
    holder: &Identity,
    beside_second_factor: bool,
) -> Result<Result<(), Refusal>, Fault> {
    let wanted = services.policy.now().passwords;
    let chars_min = match beside_second_factor {
        true => wanted.chars_beside_second_factor,
        false => wanted.chars_alone,
    };
    let rules = PasswordRules { chars_min, score_min: wanted.score };
    let of_holder = [&holder.login, &holder.email, &holder.display_name].into_iter().flatten();
    let texts = of_holder.map(String::as_str).chain([services.issuer.as_str(), SOFTWARE]);
    let texts = texts.map(|text| Zeroizing::new(text.to_owned())).collect();
    let judged = services.passwords.judge(rules, password, texts).await?;
    Ok(judged.map_err(Refusal::WeakPassword))
}

/// The same of the account at hand, before anything is compared or written.
pub(super) async fn judge_own(entity: &Entity, password: &str) -> Result<(), Halt> {
    let holder = entity.identity().await?;
    let has_second_factor = entity.open()?.two_factor_enabled();
    judge(&entity.services, password, &holder, has_second_factor).await??;
    Ok(())
}

/// Puts a password into the vault. Its version is nothing until an event names it.
pub(super) async fn put_password(entity: &Entity, password: &str) -> Result<SecretVersion, Halt> {
    let services = &entity.services;
    let phc = services.passwords.hash(password).await?;
    let (account, now) = (entity.id()?, entity.now());
    Ok(services.secrets.put(account, SecretKind::Password, phc.as_bytes(), now).await?)
}

/// Destroys the password that was current before, now that an event names another.
pub(super) async fn destroy_former(
    entity: &Entity,
    former: Option<SecretVersion>,
) -> Result<(), Halt> {
    let current = entity.open()?.password;
    if let Some(former) = former.filter(|former| Some(*former) != current) {
        entity.destroy(entity.id()?, SecretKind::Password, former).await;
    }
    Ok(())
}

struct Change {
    call: Call,
    session: HandleHash,
    current: Zeroizing<String>,
    password: Zeroizing<String>,
}

impl Request for Change {
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

impl Change {
    async fn decide(&self, entity: &mut Entity, mint: &Mint) -> Result<Batch, Halt> {
        let (session, next) = (self.session, mint.session(entity.id()?).hash());
        let command = |version| Command::ChangePassword(ChangePassword { session, version, next });
        // Refused before anything is compared or written.
        entity.rehearse(&self.call, &command(Some(SecretVersion::new(0))))?;
        judge_own(entity, &self.password).await?;
        if self.current == self.password {
            return Err(Refusal::PasswordUnchanged.into());
        }
        let with = Some(self.session);
        let leave = entity.admit_guess(&self.call, Method::Password, with).await?;
        let former = entity.open()?.password;
        let version = match check_password(entity, &leave, &self.current).await? {
            Checked::Wrong => None,
            Checked::Right | Checked::Outdated { .. } => {
                Some(put_password(entity, &self.password).await?)
            }
        };
        let sealed = Sealed::default();
        let batch = entity.decide(&self.call, &command(version), sealed, Some(mint)).await?;
        destroy_former(entity, former.filter(|_| version.is_some())).await?;
        Ok(batch)
    }
}

/// Whether a request met an account or a login that does not exist.
enum Asked {
    Yes,
    Nobody,
}

struct RequestReset {
    call: Call,
}

impl Request for RequestReset {
    type Answer = Asked;

    async fn perform(&self, entity: &mut Entity) -> Result<Asked, Halt> {
        entity.load().await?;
        let is_account = matches!(entity.stream, StreamId::Account(_));
        if is_account && entity.account().open().is_none() {
            return Ok(Asked::Nobody);
        }
        let begun = entity.begin(&self.call).await?;
        if begun.repeated.is_none() {
            let command = Command::RequestPasswordReset;
            entity.rehearse(&self.call, &command)?;
            let net = seal_net(entity, &self.call).await?;
            let sealed = Sealed { pii: None, net: Some(net) };
            entity.decide(&self.call, &command, sealed, Some(&begun.mint)).await?;
        }
        Ok(Asked::Yes)
    }
}

struct Reset {
    call: Call,
    link: LinkToken,
    password: Zeroizing<String>,
}

impl Request for Reset {
    type Answer = Option<DeviceGiven>;

    async fn perform(&self, entity: &mut Entity) -> Result<Option<DeviceGiven>, Halt> {
        let set = async |entity: &mut Entity, mint: &Mint| self.set(entity, mint).await;
        let (batch, mint) = entity.once(&self.call, set).await?;
        browser_admitted(entity, &batch, &mint)
    }
}

impl Reset {
    async fn set(&self, entity: &mut Entity, mint: &Mint) -> Result<Batch, Halt> {
        // The newest link is the only one, and each is used once. Whether it works now is decided
        // below.
        let open = entity.account().open().ok_or(Refusal::AuthenticationFailed)?;
        let live = open.reset.as_ref().filter(|live| live.request == self.link.event());
        live.ok_or(Refusal::AuthenticationFailed)?;
        entity.rehearse(&self.call, &Command::ResetPassword { version: SecretVersion::new(0) })?;
        judge_own(entity, &self.password).await?;
        let former = entity.open()?.password;
        let version = put_password(entity, &self.password).await?;
        let net = seal_net(entity, &self.call).await?;
        let sealed = Sealed { pii: None, net: Some(net) };
        let command = Command::ResetPassword { version };
        let batch = entity.decide(&self.call, &command, sealed, Some(mint)).await?;
        destroy_former(entity, former).await?;
        Ok(batch)
    }
}

struct SetDemanded {
    call: Call,
    sign_in: HandleHash,
    password: Zeroizing<String>,
}

impl Request for SetDemanded {
    type Answer = SignedIn;

    async fn perform(&self, entity: &mut Entity) -> Result<SignedIn, Halt> {
        let setting = async |entity: &mut Entity, mint: &Mint| {
            let open = entity.account().open().ok_or(Refusal::AuthenticationFailed)?;
            let leave = open.sign_ins.get(&self.sign_in).and_then(Leave::proven);
            let leave = leave.ok_or(Refusal::AuthenticationFailed)?;
            let former = open.password;
            judge_own(entity, &self.password).await?;
            if !matches!(check_password(entity, &leave, &self.password).await?, Checked::Wrong) {
                return Err(Refusal::PasswordUnchanged.into());
            }
            let version = put_password(entity, &self.password).await?;
            let account = entity.id()?;
            let command = Command::SetDemandedPassword(SetDemandedPassword {
                sign_in: self.sign_in,
                version,
                next: mint.sign_in(account).hash(),
                session: mint.session(account).hash(),
            });
            let net = seal_net(entity, &self.call).await?;
            let sealed = Sealed { pii: None, net: Some(net) };
            let batch = entity.decide(&self.call, &command, sealed, Some(mint)).await?;
            destroy_former(entity, former).await?;
            Ok(batch)
        };
        let (batch, mint) = entity.once(&self.call, setting).await?;
        signed_in(entity, &self.call, &batch, &mint).await
    }
}
