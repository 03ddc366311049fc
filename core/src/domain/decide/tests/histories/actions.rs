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
    Activate, ChangePassword, Command, Enroller, Evidence, FirstFactor, Prove, Proven, Repudiate,
    RequestEnable, SendEmailCode, SetDemandedPassword, SignIn, Told, VerifyCode, WhichSessions,
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
    ChangePassword(Back, bool),
    RequestReset,
    ResetPassword,
    SetDemanded(Back),
    ChangeEmail(Back, bool),
    RequestReplacement(Back),
    CancelReplacement(Back),
    Repudiate(Told),
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
            Self::ConfirmEmail(..) | Self::ChangeEmail(..) => Some(Method::EmailCode),
            Self::ChangePassword(..) => Some(Method::Password),
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
                let of = life.account.open().and_then(|open| open.former_email.as_ref());
                let cause = of.map_or(other, |former| former.change);
                Command::Repudiate(Repudiate { cause, told: *told })
            }
            _ => Command::View(Viewed::Account),
        }
    }
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
type Step = (SignedDuration, Action);

/// What happens next: one thing, or now and then a scene that chance alone would not play.
pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop_oneof![
        60 => (passes(), action()).prop_map(|step| vec![step]),
        1 => scene(),
    ]
}

/// A scene, with something else in the middle of it one time in two.
fn scene() -> impl Strategy<Value = Vec<Step>> {
    let undone = [confirms(), another_address(), vec![now(Action::Repudiate(Told::EmailChange))]];
    let scenes = [lost_phone(), forgotten_password(), another_address(), undone.concat(), not_me()];
    let played = select(scenes.to_vec());
    (played, proptest::option::of((0_usize..12, passes(), action()))).prop_map(
        |(mut played, between)| {
            if let Some((place, passes, action)) = between {
                played.insert(place.min(played.len()), (passes, action));
            }
            played
        },
    )
}

fn now(action: Action) -> Step {
    (SignedDuration::ZERO, action)
}

fn by_email() -> Vec<Step> {
    let first = FirstFactor::PasswordRight { rehashed: None };
    let sent = (secs(61), Action::Send(Purpose::SignIn, 0));
    vec![now(Action::SignIn(first)), sent, now(Action::Answer(0, Typed::Email(true)))]
}

fn lost_phone() -> Vec<Step> {
    let waits = (SignedDuration::from_hours(24), Action::View);
    let enrols = [now(Action::Offer(Some(0))), now(Action::Activate(Some(0), vec![0]))];
    [by_email(), vec![now(Action::RequestReplacement(0)), waits], by_email(), enrols.to_vec()]
        .concat()
}

fn confirms() -> Vec<Step> {
    let sent = (secs(61), Action::Send(Purpose::ConfirmEmail, 0));
    vec![sent, now(Action::ConfirmEmail(0, true))]
}

fn forgotten_password() -> Vec<Step> {
    let reset = vec![now(Action::RequestReset), now(Action::ResetPassword)];
    [confirms(), reset, by_email()].concat()
}

fn another_address() -> Vec<Step> {
    let proven = Action::ProveCode(0, Typed::Totp(0, vec![0]));
    let sent = Action::Send(Purpose::ChangeEmail, 0);
    vec![(secs(61), proven), now(sent), now(Action::ChangeEmail(0, true))]
}

fn not_me() -> Vec<Step> {
    let first = FirstFactor::PasswordRight { rehashed: None };
    let answer = Action::Answer(0, Typed::Totp(0, vec![0]));
    vec![
        now(Action::Repudiate(Told::Other)),
        now(Action::SignIn(first)),
        (secs(31), answer),
        now(Action::SetDemanded(0)),
    ]
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
    prop_oneof![12 => guesses(), 8 => within(), 2 => rare(), 3 => recovering()]
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
    let code_for = select(vec![
        Purpose::SignIn,
        Purpose::SignIn,
        Purpose::SignIn,
        Purpose::ConfirmEmail,
        Purpose::ChangeEmail,
    ]);
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

fn recovering() -> impl Strategy<Value = Action> {
    let told = select(vec![Told::Replacement, Told::EmailChange, Told::PasswordReset, Told::Other]);
    prop_oneof![
        2 => (back(), any::<bool>()).prop_map(|(back, right)| Action::ChangePassword(back, right)),
        2 => Just(Action::RequestReset),
        1 => Just(Action::ResetPassword),
        2 => back().prop_map(Action::SetDemanded),
        2 => (back(), any::<bool>()).prop_map(|(back, right)| Action::ChangeEmail(back, right)),
        2 => back().prop_map(Action::RequestReplacement),
        1 => back().prop_map(Action::CancelReplacement),
        1 => told.prop_map(Action::Repudiate),
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
