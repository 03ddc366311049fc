//! What callers do: any of it at any time, with handles that are live, dead or another's.

use countersign_events::account::{
    AccountEvent, Assurance, EmailCodeSent, EmailDeliveryFailed, Method, Notice, NoticeSent,
    PasswordSetWhy, Purpose, ResetScope, Viewed,
};
use countersign_events::id::{ClientId, FactorId, HandleHash, Hash32, Nonce, SecretVersion};
use uuid::Uuid;

use super::Life;
use super::desk::Desk;
use crate::domain::command::{
    Activate, ChangePassword, Command, Enroller, Evidence, FirstFactor, IssueGrant, Prove, Proven,
    RedeemGrant, Repudiate, RequestEnable, SendEmailCode, SetDemandedPassword, SignIn, Told,
    VerifyCode, WhichDevices, WhichSessions,
};
use crate::domain::decide::tests::harness::{event_id, minted, register};
use crate::domain::totp::{Compared, ComparedTwo, PERIOD_SECONDS};

/// Which handle or authenticator: counted back from the newest.
pub(super) type Back = usize;

/// What is typed.
#[derive(Debug, Clone)]
pub(super) enum Typed {
    /// An authenticator's code: the offsets of the steps it belongs to.
    Totp(Back, Vec<i32>),
    Email(bool),
    Recovery(Option<u32>),
    Nothing(Method),
}

#[derive(Debug, Clone)]
pub(super) enum Action {
    Register,
    Abandon,
    SetPassword(PasswordSetWhy),
    SignIn(FirstFactor),
    Send(Purpose, Back),
    Answer(Back, Typed),
    ProvePassword(Back, bool),
    ProveCode(Back, Typed),
    ConfirmEmail(Back, bool),
    Offer(Option<Back>),
    Activate(Option<Back>, Vec<i32>),
    Rename(Back, Back),
    Remove(Back, Back),
    ReplaceCodes(Back),
    /// Which session, which authenticator, and where two codes in a row are.
    Resync(Back, usize, Option<i32>),
    Use(Back),
    /// An app asks who is signed in, and how sure that must be.
    Grant(Back, Assurance),
    /// An app brings its newest grant, with what belongs to it or not.
    Redeem(bool),
    EndOwn(Back),
    EndOther(Back, Option<Back>),
    /// Forget a device, or all of them.
    Forget(Back, Option<Back>),
    Reset(ResetScope, Option<Method>),
    ChangePassword(Back, bool),
    RequestReset,
    ResetPassword,
    Unlock,
    SetDemanded(Back),
    ChangeEmail(Back, bool),
    RequestReplacement(Back),
    CancelReplacement(Back),
    Repudiate(Told),
    View,
    /// Support, and which of its people.
    Desk(Desk, u128),
    Mail(u8),
    /// The actor dies, and another loads the account.
    Crash,
}

/// Most lives begin with an account that has an authenticator.
pub(super) fn prelude() -> [Action; 5] {
    let first = FirstFactor::PasswordRight { rehashed: None };
    let offer = Action::Offer(Some(0));
    let activate = Action::Activate(Some(0), vec![0]);
    [Action::Register, Action::SignIn(first), offer, activate, Action::SignIn(first)]
}

fn at(handles: &[HandleHash], back: Back) -> HandleHash {
    let newest_first = handles.iter().rev().copied().cycle().nth(back);
    newest_first.unwrap_or(HandleHash::new([0xFF; 16]))
}

/// The sign-in or session that a code is given in.
pub(super) fn within(command: &Command) -> Option<HandleHash> {
    match command {
        Command::VerifyCode(verify) => Some(verify.sign_in),
        Command::Prove(Prove { session, .. })
        | Command::ConfirmEmail { session, .. }
        | Command::ChangeEmail { session, .. }
        | Command::ResyncFactor { session, .. } => Some(*session),
        _ => None,
    }
}

impl Action {
    /// The number of the operator who acts; none of any other.
    pub(super) const fn operator(&self) -> Option<u128> {
        match self {
            Self::Desk(Desk::Complete | Desk::Notice, _) => None,
            Self::Desk(_, by) => Some(*by),
            _ => None,
        }
    }

    /// The method that is guessed.
    pub(super) fn method(&self) -> Option<Method> {
        match self {
            Self::SignIn(first) if !matches!(first, FirstFactor::Vouched { .. }) => {
                Some(Method::Password)
            }
            Self::ProvePassword(..) => Some(Method::Password),
            Self::Answer(_, typed) | Self::ProveCode(_, typed) => Some(typed.method()),
            Self::ConfirmEmail(..) | Self::ChangeEmail(..) => Some(Method::EmailCode),
            Self::ChangePassword(..) => Some(Method::Password),
            Self::Resync(..) => Some(Method::Totp),
            _ => None,
        }
    }

    /// The command, with what its caller mints or remembers.
    pub(super) fn command(&self, life: &mut Life) -> Command {
        let sign_in = |life: &Life, back: Back| at(&life.sign_ins, back);
        let session = |life: &Life, back: Back| at(&life.sessions, back);
        match self {
            Self::Register => Command::Register(register()),
            Self::Abandon => Command::Abandon,
            Self::SetPassword(why) => Command::SetPassword { version: secret(life), why: *why },
            Self::SignIn(first) => {
                let (sign_in, session) = (life.mint_handle(), life.mint_handle());
                Command::SignIn(SignIn { first: *first, sign_in, session })
            }
            Self::Send(purpose, back) => {
                let nonce = Nonce::new(u128::from(life.mint()).to_be_bytes());
                let bound_to = match purpose {
                    Purpose::SignIn => sign_in(life, *back),
                    _ => session(life, *back),
                };
                Command::SendEmailCode(SendEmailCode { purpose: *purpose, bound_to, nonce })
            }
            Self::Answer(back, typed) => Command::VerifyCode(VerifyCode {
                sign_in: sign_in(life, *back),
                evidence: typed.evidence(life),
                session: life.mint_handle(),
                next: life.mint_handle(),
            }),
            Self::ProvePassword(back, right) => Command::Prove(Prove {
                session: session(life, *back),
                proven: Proven::Password { right: *right },
                next: life.mint_handle(),
            }),
            Self::ProveCode(back, typed) => Command::Prove(Prove {
                session: session(life, *back),
                proven: Proven::Code(typed.evidence(life)),
                next: life.mint_handle(),
            }),
            Self::ConfirmEmail(back, right) => {
                Command::ConfirmEmail { session: session(life, *back), right: *right }
            }
            _ => self.command_within(life),
        }
    }

    fn command_within(&self, life: &mut Life) -> Command {
        let session = |back: Back| at(&life.sessions, back);
        match self {
            Self::Offer(back) => {
                let enroller = enroller(back.map(session));
                let factor = FactorId::new(Uuid::from_u128(life.mint().into()));
                Command::RequestEnable(RequestEnable { enroller, factor, secret: secret(life) })
            }
            Self::Activate(back, offsets) => {
                let offer = life.account.open().and_then(|open| open.offer.as_ref());
                let factor = offer.map_or(FactorId::new(Uuid::nil()), |offer| offer.factor);
                let compared = Compared::with_offsets(factor, now_step(life), offsets);
                let enroller = enroller(back.map(session));
                let session = life.mint_handle();
                Command::Activate(Activate { enroller, session, compared, minted: minted() })
            }
            Self::Rename(back, which) => {
                Command::RenameFactor { session: session(*back), factor: factor(life, *which) }
            }
            Self::Remove(back, which) => {
                Command::RemoveFactor { session: session(*back), factor: factor(life, *which) }
            }
            Self::ReplaceCodes(back) => {
                Command::ReplaceRecoveryCodes { session: session(*back), minted: minted() }
            }
            Self::Resync(back, which, found) => {
                let compared =
                    ComparedTwo::with_offset(factor(life, *which), now_step(life), *found);
                Command::ResyncFactor { session: session(*back), compared }
            }
            Self::Use(back) => Command::UseSession(session(*back)),
            Self::Grant(back, assurance) => Command::IssueGrant(IssueGrant {
                session: session(*back),
                client: ClientId::new(Uuid::nil()),
                grant: life.mint_handle(),
                challenge: Hash32::new([1; 32]),
                assurance: *assurance,
                max_age: None,
            }),
            Self::Redeem(fits) => Command::RedeemGrant(RedeemGrant {
                grant: newest_grant(life),
                client: ClientId::new(Uuid::nil()),
                fits: *fits,
                token: life.mint_handle(),
                passes: life.mint().is_multiple_of(2),
            }),
            Self::EndOwn(back) => {
                let which = WhichSessions::Own;
                Command::EndSessions { session: session(*back), which }
            }
            Self::EndOther(back, other) => {
                let which =
                    other.map_or(WhichSessions::Others, |other| WhichSessions::One(session(other)));
                Command::EndSessions { session: session(*back), which }
            }
            Self::Forget(back, device) => {
                let device = device.map(|back| at(&life.devices, back));
                let which = device.map_or(WhichDevices::All, WhichDevices::One);
                Command::ForgetDevices { session: session(*back), which }
            }
            Self::Reset(scope, method) => Command::ResetLockout { scope: *scope, method: *method },
            Self::Mail(number) => Command::RecordMail(mail(*number)),
            _ => self.command_to_recover(life),
        }
    }

    fn command_to_recover(&self, life: &mut Life) -> Command {
        let session = |life: &Life, back: Back| at(&life.sessions, back);
        match self {
            Self::ChangePassword(back, right) => Command::ChangePassword(ChangePassword {
                session: session(life, *back),
                version: right.then(|| secret(life)),
                next: life.mint_handle(),
            }),
            Self::RequestReset => Command::RequestPasswordReset,
            Self::ResetPassword => Command::ResetPassword { version: secret(life) },
            Self::Unlock => {
                let closed = life.account.open().and_then(|open| open.password_closed);
                Command::UnlockPassword { cause: closed.unwrap_or(event_id(1)) }
            }
            Self::SetDemanded(back) => Command::SetDemandedPassword(SetDemandedPassword {
                sign_in: at(&life.sign_ins, *back),
                version: secret(life),
                next: life.mint_handle(),
                session: life.mint_handle(),
            }),
            Self::ChangeEmail(back, right) => {
                Command::ChangeEmail { session: session(life, *back), right: *right }
            }
            Self::RequestReplacement(back) => {
                Command::RequestReplacement { session: session(life, *back) }
            }
            Self::CancelReplacement(back) => {
                Command::CancelReplacement { session: session(life, *back) }
            }
            Self::Repudiate(told) => {
                let other = event_id(life.mint());
                let of = life.account.open().and_then(|open| open.former_emails.first());
                let cause = of.map_or(other, |former| former.change);
                let back = usize::try_from(life.mint() % 40).unwrap();
                let at = life.log.iter().rev().nth(back).map_or(life.now(), |event| event.at);
                Command::Repudiate(Repudiate { cause, at, told: *told })
            }
            Self::Desk(act, by) => act.command(life, *by),
            _ => Command::View(Viewed::Account),
        }
    }
}

fn newest_grant(life: &Life) -> HandleHash {
    let grants = life.account.open().map(|open| open.grants.iter());
    let newest = grants.into_iter().flatten().max_by_key(|(_, grant)| grant.issued_in);
    newest.map_or(HandleHash::new([0xFF; 16]), |(hash, _)| *hash)
}

fn enroller(session: Option<HandleHash>) -> Enroller {
    session.map_or(Enroller::Client, Enroller::Session)
}

impl Typed {
    const fn method(&self) -> Method {
        match self {
            Self::Totp(..) => Method::Totp,
            Self::Email(_) => Method::EmailCode,
            Self::Recovery(_) => Method::RecoveryCode,
            Self::Nothing(method) => *method,
        }
    }

    fn evidence(&self, life: &Life) -> Evidence {
        match self {
            Self::Totp(which, offsets) => {
                let factor = factor(life, *which);
                let found = life.account.open().and_then(|open| open.factors.get(&factor));
                let centre = found.map_or(0, |found| found.drift.centre());
                // Where a phone is far off, its codes are.
                let offsets: Vec<i32> = offsets.iter().map(|offset| centre + offset).collect();
                let now = now_step(life);
                Evidence::Totp(Compared::with_offsets_around(factor, now, centre, &offsets))
            }
            Self::Email(right) => Evidence::EmailCode { right: *right },
            Self::Recovery(index) => Evidence::RecoveryCode { index: *index },
            Self::Nothing(method) => Evidence::Nothing { method: *method, factor: None },
        }
    }
}

fn now_step(life: &Life) -> u64 {
    u64::try_from(life.now().as_second()).unwrap() / PERIOD_SECONDS
}

fn secret(life: &mut Life) -> SecretVersion {
    SecretVersion::new(life.mint())
}

fn factor(life: &Life, which: Back) -> FactorId {
    let open = life.account.open();
    let found = open.and_then(|open| open.factors.keys().copied().cycle().nth(which));
    found.unwrap_or(FactorId::new(Uuid::nil()))
}

fn mail(number: u8) -> AccountEvent {
    let (request, attempts) = (event_id(1), 1);
    let class = countersign_events::account::DeliveryFailure::Deferred;
    match number % 3 {
        0 => AccountEvent::EmailCodeSent(EmailCodeSent { request, attempts }),
        1 => AccountEvent::EmailDeliveryFailed(EmailDeliveryFailed { request, attempts, class }),
        _ => {
            let notice = Notice::Locked;
            AccountEvent::NoticeSent(NoticeSent { notice, cause: request, attempts })
        }
    }
}
