//! What a life is made of: chance, and scenes that chance alone would not play.

use countersign_events::account::{Assurance, Method, PasswordSetWhy, Purpose, ResetScope};
use countersign_events::id::{HandleHash, SecretVersion};
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::sample::select;

use super::actions::{Action, Back, Typed};
use super::desk::Desk;
use crate::domain::command::{FirstFactor, Told};
use crate::domain::decide::tests::harness::{hours, mins, secs};

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
    let scenes = [
        lost_phone(),
        forgotten_password(),
        asked_too_often(),
        closed_by_guesses(),
        another_address(),
        undone.concat(),
        not_me(),
        guesses_for_days(Typed::Totp(0, vec![])),
        guessed_at_and_by_mail(),
        guesses_for_days(Typed::Recovery(None)),
        guesses_for_days(Typed::Email(false)),
        guesses_by_mail(),
        suspended(),
        removed(true),
        removed(false),
        told_late(),
    ];
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

/// Somebody who has the password, half a day after half a day.
fn guesses_for_days(typed: Typed) -> Vec<Step> {
    let first = FirstFactor::PasswordRight { rehashed: None };
    let guess = (secs(1), Action::Answer(0, typed));
    let half_day = [vec![(hours(12), Action::SignIn(first))], vec![guess; 5]].concat();
    vec![half_day; 14].concat()
}

/// The same with codes by e-mail that were sent.
fn guesses_by_mail() -> Vec<Step> {
    let first = FirstFactor::PasswordRight { rehashed: None };
    let sent = (secs(61), Action::Send(Purpose::SignIn, 0));
    let guess = (secs(1), Action::Answer(0, Typed::Email(false)));
    let begun = vec![(hours(12), Action::SignIn(first)), sent];
    vec![[begun, vec![guess; 5]].concat(); 14].concat()
}

/// Somebody who guesses codes, until the holder sets another password by mail.
fn guessed_at_and_by_mail() -> Vec<Step> {
    let reset = vec![now(Action::RequestReset), now(Action::ResetPassword)];
    [confirms(), guesses_for_days(Typed::Totp(0, vec![])), reset].concat()
}

fn confirms() -> Vec<Step> {
    let sent = (secs(61), Action::Send(Purpose::ConfirmEmail, 0));
    vec![sent, now(Action::ConfirmEmail(0, true))]
}

fn forgotten_password() -> Vec<Step> {
    let reset = vec![now(Action::RequestReset), now(Action::ResetPassword)];
    [confirms(), reset, by_email()].concat()
}

fn asked_too_often() -> Vec<Step> {
    let asks = vec![now(Action::RequestReset); 4];
    let again = vec![(mins(20), Action::RequestReset), now(Action::ResetPassword)];
    [confirms(), asks, again, vec![now(Action::RequestReset)]].concat()
}

/// A hundred wrong passwords, as fast as the waits allow, and the link of the mail that tells.
fn closed_by_guesses() -> Vec<Step> {
    let right = FirstFactor::PasswordRight { rehashed: None };
    let guesses = vec![(hours(1), Action::SignIn(FirstFactor::PasswordWrong)); 101];
    [confirms(), guesses, vec![now(Action::Unlock), now(Action::SignIn(right))]].concat()
}

fn another_address() -> Vec<Step> {
    let proven = Action::ProveCode(0, Typed::Totp(0, vec![0]));
    let sent = Action::Send(Purpose::ChangeEmail, 0);
    vec![(secs(61), proven), now(sent), now(Action::ChangeEmail(0, true))]
}

/// Suspended, and tried at, and resumed again.
fn suspended() -> Vec<Step> {
    let first = FirstFactor::PasswordRight { rehashed: None };
    let tries = [now(Action::SignIn(first)), now(Action::Answer(0, Typed::Totp(0, vec![0])))];
    let suspends = vec![now(Action::Desk(Desk::Suspend, 1))];
    [suspends, tries.to_vec(), vec![now(Action::Desk(Desk::Resume, 2))]].concat()
}

/// Approved, and its time over before the notice leaves.
fn told_late() -> Vec<Step> {
    vec![
        now(Action::Desk(Desk::Ask(true, false), 1)),
        now(Action::Desk(Desk::Approve, 2)),
        (hours(25), Action::Desk(Desk::Complete, 0)),
        now(Action::Desk(Desk::Notice, 0)),
        now(Action::Desk(Desk::Complete, 0)),
        (hours(24), Action::Desk(Desk::Complete, 0)),
    ]
}

/// Asked for by one, approved by another, and done when it is due.
fn removed(of_factor: bool) -> Vec<Step> {
    vec![
        now(Action::Desk(Desk::Ask(of_factor, false), 1)),
        now(Action::Desk(Desk::Approve, 1)),
        now(Action::Desk(Desk::Approve, 2)),
        now(Action::Desk(Desk::Notice, 0)),
        (hours(23), Action::Desk(Desk::Complete, 0)),
        (hours(1), Action::Desk(Desk::Complete, 0)),
        now(Action::Desk(Desk::Complete, 0)),
    ]
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

/// Whether a history is one of a year and more.
pub(super) fn is_long() -> impl Strategy<Value = bool> {
    prop_oneof![7 => Just(false), 1 => Just(true)]
}

fn passes() -> impl Strategy<Value = SignedDuration> {
    prop_oneof![
        30 => Just(SignedDuration::ZERO),
        40 => (1_i64..60).prop_map(secs),
        6 => (1_i64..15).prop_map(mins),
        // As long as a cool-down.
        8 => (15_i64..17).prop_map(mins),
        3 => (17_i64..1_500).prop_map(mins),
        2 => (24_i64..24 * 40).prop_map(hours),
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
        FirstFactor::Vouched { device: None },
        FirstFactor::Vouched { device: Some(HandleHash::new([0xD1; 16])) },
        FirstFactor::Vouched { device: Some(HandleHash::new([0xD2; 16])) },
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
        2 => (back(), 0_usize..2, proptest::option::weighted(0.7, -19_i32..=20))
            .prop_map(|(back, which, found)| Action::Resync(back, which, found)),
        2 => back().prop_map(Action::Use),
        1 => (back(), select(&[Assurance::Password, Assurance::TwoFactor][..]))
            .prop_map(|(back, assurance)| Action::Grant(back, assurance)),
        1 => proptest::bool::weighted(0.8).prop_map(Action::Redeem),
        1 => back().prop_map(Action::EndOwn),
        1 => (back(), maybe()).prop_map(|(back, other)| Action::EndOther(back, other)),
        1 => (back(), maybe()).prop_map(|(back, device)| Action::Forget(back, device)),
    ]
}

fn recovering() -> impl Strategy<Value = Action> {
    let told = select(vec![
        Told::Replacement,
        Told::Removal,
        Told::EmailChange,
        Told::PasswordReset,
        Told::Guesses,
        Told::Other,
    ]);
    prop_oneof![
        2 => (back(), any::<bool>()).prop_map(|(back, right)| Action::ChangePassword(back, right)),
        2 => Just(Action::RequestReset),
        1 => Just(Action::ResetPassword),
        1 => Just(Action::Unlock),
        2 => back().prop_map(Action::SetDemanded),
        2 => (back(), any::<bool>()).prop_map(|(back, right)| Action::ChangeEmail(back, right)),
        2 => back().prop_map(Action::RequestReplacement),
        1 => back().prop_map(Action::CancelReplacement),
        1 => told.prop_map(Action::Repudiate),
    ]
}

fn desk() -> impl Strategy<Value = Action> {
    let acts = select(vec![
        Desk::Resume,
        Desk::EndSessions,
        Desk::MailPassword,
        Desk::Ask(true, false),
        Desk::Ask(true, true),
        Desk::Ask(false, false),
        Desk::Approve,
        Desk::Approve,
        Desk::Cancel,
        Desk::Notice,
        Desk::Notice,
        Desk::Complete,
    ]);
    (acts, 1_u128..4).prop_map(|(act, by)| Action::Desk(act, by))
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
        1 => desk(),
        1 => Just(Action::Crash),
        2 => any::<u8>().prop_map(Action::Mail),
    ]
}
