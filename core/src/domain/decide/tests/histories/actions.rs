//! What callers do: any of it at any time, with handles that are live, dead or another's.

use countersign_events::account::{
    AccountEvent, EmailCodeSent, EmailDeliveryFailed, Method, Notice, NoticeSent, PasswordSetWhy,
    Purpose, ResetScope, Viewed,
};
use countersign_events::id::{FactorId, HandleHash, Nonce, SecretVersion};
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use super::Life;
use crate::domain::command::{
    Activate, Command, Evidence, FirstFactor, Prove, Proven, RequestEnable, SendEmailCode, SignIn,
    VerifyCode, WhichSessions,
};
use crate::domain::decide::tests::harness::{event_id, mins, minted, register, secs};
use crate::domain::totp::{Compared, PERIOD_SECONDS};

/// Which handle or authenticator: counted back from the newest.
type Back = usize;

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
    Use(Back),
    EndOwn(Back),
    EndOther(Back, Option<Back>),
    Reset(ResetScope, Option<Method>),
    View,
    Mail(u8),
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

impl Action {
    /// The method that is guessed.
    pub(super) fn method(&self) -> Option<Method> {
        match self {
            Self::SignIn(first) if *first != FirstFactor::Vouched => Some(Method::Password),
            Self::ProvePassword(..) => Some(Method::Password),
            Self::Answer(_, typed) | Self::ProveCode(_, typed) => Some(typed.method()),
            Self::ConfirmEmail(..) => Some(Method::EmailCode),
            Self::Activate(..) => Some(Method::Totp),
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
                let session = back.map(session);
                let factor = FactorId::new(Uuid::from_u128(life.mint().into()));
                Command::RequestEnable(RequestEnable { session, factor, secret: secret(life) })
            }
            Self::Activate(back, offsets) => {
                let offer = life.account.open().and_then(|open| open.offer.as_ref());
                let factor = offer.map_or(FactorId::new(Uuid::nil()), |offer| offer.factor);
                let compared = Compared::with_offsets(factor, now_step(life), offsets);
                let session = back.map(session);
                Command::Activate(Activate { session, compared, minted: minted() })
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
            Self::Use(back) => Command::UseSession(session(*back)),
            Self::EndOwn(back) => {
                let which = WhichSessions::Own;
                Command::EndSessions { session: session(*back), which }
            }
            Self::EndOther(back, other) => {
                let which =
                    other.map_or(WhichSessions::Others, |other| WhichSessions::One(session(other)));
                Command::EndSessions { session: session(*back), which }
            }
            Self::Reset(scope, method) => Command::ResetLockout { scope: *scope, method: *method },
            Self::Mail(number) => Command::RecordMail(mail(*number)),
            _ => Command::View(Viewed::Account),
        }
    }
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
                Evidence::Totp(Compared::with_offsets(factor, now_step(life), offsets))
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

/// A span and an action.
pub(super) fn step() -> impl Strategy<Value = (SignedDuration, Action)> {
    (passes(), action())
}

fn passes() -> impl Strategy<Value = SignedDuration> {
    prop_oneof![
        30 => Just(SignedDuration::ZERO),
        40 => (1_i64..60).prop_map(secs),
        6 => (1_i64..15).prop_map(mins),
        // As long as a cool-down.
        8 => (15_i64..17).prop_map(mins),
        3 => (17_i64..1_500).prop_map(mins),
        // The clock goes back.
        10 => (-120_i64..0).prop_map(secs),
        2 => (-3_000_i64..0).prop_map(mins),
    ]
}

fn back() -> impl Strategy<Value = Back> {
    prop_oneof![6 => Just(0), 3 => 0_usize..4, 1 => 0_usize..30]
}

fn method() -> impl Strategy<Value = Method> {
    select(vec![Method::Password, Method::Totp, Method::EmailCode, Method::RecoveryCode])
}

fn offsets() -> impl Strategy<Value = Vec<i32>> {
    prop_oneof![
        4 => (-1_i32..=1).prop_map(|offset| vec![offset]),
        3 => Just(vec![]),
        1 => (-10_i32..=10).prop_map(|offset| vec![offset]),
        1 => Just(vec![-1, 1]),
    ]
}

fn typed() -> impl Strategy<Value = Typed> {
    let index = prop_oneof![(0_u32..11).prop_map(Some), Just(None)];
    let second = select(vec![Method::Totp, Method::EmailCode, Method::RecoveryCode]);
    prop_oneof![
        6 => (0_usize..2, offsets()).prop_map(|(which, offsets)| Typed::Totp(which, offsets)),
        3 => any::<bool>().prop_map(Typed::Email),
        2 => index.prop_map(Typed::Recovery),
        1 => second.prop_map(Typed::Nothing),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![6 => guesses(), 4 => within(), 1 => rare()]
}

fn guesses() -> impl Strategy<Value = Action> {
    let rehashed = Some(SecretVersion::new(9));
    let first = select(vec![
        FirstFactor::PasswordRight { rehashed: None },
        FirstFactor::PasswordRight { rehashed },
        FirstFactor::PasswordWrong,
        FirstFactor::PasswordWrong,
        FirstFactor::PasswordWrong,
        FirstFactor::Vouched,
    ]);
    let code_for = select(vec![Purpose::SignIn, Purpose::SignIn, Purpose::ConfirmEmail]);
    prop_oneof![
        4 => first.prop_map(Action::SignIn),
        8 => (back(), typed()).prop_map(|(back, typed)| Action::Answer(back, typed)),
        2 => (code_for, back()).prop_map(|(purpose, back)| Action::Send(purpose, back)),
        1 => (back(), any::<bool>()).prop_map(|(back, right)| Action::ConfirmEmail(back, right)),
    ]
}

fn within() -> impl Strategy<Value = Action> {
    let maybe = || proptest::option::weighted(0.8, back());
    prop_oneof![
        3 => (back(), any::<bool>()).prop_map(|(back, right)| Action::ProvePassword(back, right)),
        3 => (back(), typed()).prop_map(|(back, typed)| Action::ProveCode(back, typed)),
        2 => maybe().prop_map(Action::Offer),
        3 => (maybe(), offsets()).prop_map(|(back, offsets)| Action::Activate(back, offsets)),
        1 => (back(), 0_usize..2).prop_map(|(back, which)| Action::Rename(back, which)),
        1 => (back(), 0_usize..2).prop_map(|(back, which)| Action::Remove(back, which)),
        1 => back().prop_map(Action::ReplaceCodes),
        2 => back().prop_map(Action::Use),
        1 => back().prop_map(Action::EndOwn),
        1 => (back(), maybe()).prop_map(|(back, other)| Action::EndOther(back, other)),
    ]
}

fn rare() -> impl Strategy<Value = Action> {
    let scope = select(vec![ResetScope::CoolDown, ResetScope::Counters]);
    let why = select(vec![PasswordSetWhy::Initial, PasswordSetWhy::Changed]);
    prop_oneof![
        1 => Just(Action::Register),
        1 => Just(Action::Abandon),
        1 => why.prop_map(Action::SetPassword),
        1 => (scope, proptest::option::of(method()))
            .prop_map(|(scope, method)| Action::Reset(scope, method)),
        1 => Just(Action::View),
        2 => any::<u8>().prop_map(Action::Mail),
    ]
}
