//! SR-108: every command has a fact that it leaves where it is admitted. A command without a row
//! here does not compile, or fails.

use std::collections::BTreeSet;

use countersign_events::account::{
    AccountEvent, EmailCodeSent, EmailConfirmed, Method, PasswordChangeDemanded, PasswordChangeWhy,
    PasswordResetRequested, PasswordSetWhy, Purpose, ReplacementRequested, ResetScope, Viewed,
};

use super::grants::{granted, issue, redeem};
use super::harness::{
    Given, RIGHT, activate, begin, device, email_code, enable_requested, enrolled, event_id,
    factor, given, hours, mins, prove, register, registered, remove, rename, replace_codes,
    request_enable, send, session, sign_in, signed_in, start, verify, version, waiting,
};
use super::removal::{approve, ask, asked, cancel, complete};
use super::suspension::suspended;
use super::unlock::{closed, holder};
use crate::domain::command::{
    ChangePassword, Command, Evidence, Proven, Repudiate, SetDemandedPassword, Told, WhichDevices,
    WhichSessions,
};
use crate::domain::totp::ComparedTwo;

/// The command's name, and the fact that it leaves.
const fn row(command: &Command) -> (&'static str, &'static str) {
    match command {
        Command::Register(_) => ("Register", "account.registered"),
        Command::Abandon => ("Abandon", "account.registration_abandoned"),
        Command::SetPassword { .. } => ("SetPassword", "account.password_set"),
        Command::SignIn(_) => ("SignIn", "account.password_verified"),
        Command::SendEmailCode(_) => ("SendEmailCode", "account.email_code_requested"),
        Command::VerifyCode(_) => ("VerifyCode", "account.code_verified"),
        Command::Prove(_) => ("Prove", "account.password_verified"),
        Command::ConfirmEmail { .. } => ("ConfirmEmail", "account.email_confirmed"),
        Command::RequestEnable(_) => ("RequestEnable", "account.enable_requested"),
        Command::Activate(_) => ("Activate", "account.enabled"),
        Command::RenameFactor { .. } => ("RenameFactor", "account.factor_renamed"),
        Command::RemoveFactor { .. } => ("RemoveFactor", "account.factor_removed"),
        Command::ReplaceRecoveryCodes { .. } => {
            ("ReplaceRecoveryCodes", "account.recovery_codes_issued")
        }
        Command::ResyncFactor { .. } => ("ResyncFactor", "account.factor_resynced"),
        Command::UnlockPassword { .. } => ("UnlockPassword", "account.password_unlocked"),
        Command::ChangePassword(_) => ("ChangePassword", "account.password_set"),
        Command::RequestPasswordReset => {
            ("RequestPasswordReset", "account.password_reset_requested")
        }
        Command::ResetPassword { .. } => ("ResetPassword", "account.password_set"),
        Command::SetDemandedPassword(_) => ("SetDemandedPassword", "account.password_set"),
        Command::ChangeEmail { .. } => ("ChangeEmail", "account.email_changed"),
        Command::RequestReplacement { .. } => {
            ("RequestReplacement", "account.replacement_requested")
        }
        Command::CancelReplacement { .. } => ("CancelReplacement", "account.replacement_objected"),
        Command::Repudiate(_) => ("Repudiate", "account.repudiated"),
        Command::IssueGrant(_) => ("IssueGrant", "account.grant_issued"),
        Command::RedeemGrant(_) => ("RedeemGrant", "account.grant_redeemed"),
        Command::UseSession(_) => ("UseSession", "account.session_used"),
        Command::EndSessions { .. } => ("EndSessions", "account.sessions_ended"),
        Command::ForgetDevices { .. } => ("ForgetDevices", "account.devices_forgotten"),
        Command::ResetLockout { .. } => ("ResetLockout", "account.lockout_reset"),
        Command::Suspend => ("Suspend", "account.suspended"),
        Command::Resume => ("Resume", "account.resumed"),
        Command::EndAllSessions => ("EndAllSessions", "account.sessions_ended"),
        Command::MailPassword => ("MailPassword", "account.password_mail_asked"),
        Command::AskRemoval(_) => ("AskRemoval", "account.factor_removal_requested"),
        Command::ApproveRemoval { .. } => ("ApproveRemoval", "account.factor_removal_approved"),
        Command::CancelRemoval { .. } => ("CancelRemoval", "account.factor_removal_cancelled"),
        Command::CompleteRemoval { .. } => ("CompleteRemoval", "account.factor_removal_completed"),
        Command::EndForRole => ("EndForRole", "account.sessions_ended"),
        Command::BreakGlass => ("BreakGlass", "account.lockout_reset"),
        Command::View(_) => ("View", "account.history_viewed"),
        Command::RecordMail(_) => ("RecordMail", "account.email_code_sent"),
    }
}

/// What may be told to an account, by the source.
fn variants() -> BTreeSet<&'static str> {
    let source = include_str!("../../command.rs");
    let body = source.split("pub enum Command {").nth(1).unwrap().split("\n}\n").next().unwrap();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let named = lines.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    named.map(|line| line.split([',', '(', ' ']).next().unwrap()).collect()
}

/// A session by a code by e-mail.
fn by_email() -> Given {
    let sent = email_code(Purpose::SignIn, sign_in(1), 7, mins(10));
    let given = given([waiting(), vec![sent]].concat());
    given.play(verify(1, Evidence::EmailCode { right: true }))
}

fn with_code(purpose: Purpose) -> Given {
    given([enrolled(), vec![email_code(purpose, session(1), 7, mins(10))]].concat())
}

fn demanded() -> Given {
    let why = PasswordChangeWhy::Guessed;
    let demanded = PasswordChangeDemanded { why, ends_password: false };
    let given = given([enrolled(), vec![AccountEvent::PasswordChangeDemanded(demanded)]].concat());
    let given = given.after(mins(1)).play(begin(RIGHT, 1));
    let code = given.totp(&[0]);
    given.play(verify(1, code))
}

/// A phone found by two codes, in a session that a recovery code has proven.
fn resynced() -> (Given, Command) {
    let code = Proven::Code(Evidence::RecoveryCode { index: Some(0) });
    let given = given(enrolled()).after(mins(30)).play(prove(1, code, 2));
    let compared = ComparedTwo::with_offset(factor(1), given.step(), Some(-12));
    (given, Command::ResyncFactor { session: session(2), compared })
}

/// A password that a hundred wrong ones have closed.
fn unlocked() -> (Given, Command) {
    let (given, cause) = closed(holder());
    (given, Command::UnlockPassword { cause })
}

/// Each command where it is admitted: what the account has been through, and the command.
fn cases() -> Vec<(Given, Command)> {
    let link_until = Some(start() + mins(30));
    let reset = AccountEvent::PasswordResetRequested(PasswordResetRequested { link_until });
    let due = ReplacementRequested { due_at: start() + hours(24), expires_at: start() + hours(48) };
    let due = AccountEvent::ReplacementRequested(due);
    let offered = given([signed_in(), vec![enable_requested(1, Some(1), mins(10))]].concat());
    let compared = offered.compared(1, &[0]);
    let browser = given(enrolled()).after(mins(1)).at_device(None, 1).play(begin(RIGHT, 1));
    let code = browser.totp(&[0]);
    let browser = browser.play(verify(1, code));
    let typed = given(waiting()).after(mins(1));
    let code = typed.totp(&[0]);
    vec![
        (given([]), Command::Register(register())),
        (given([]), Command::Abandon),
        (
            given(registered()[..2].to_vec()),
            Command::SetPassword { version: version(1), why: PasswordSetWhy::Initial },
        ),
        (given(registered()), begin(RIGHT, 1)),
        (given(waiting()), send(Purpose::SignIn, sign_in(1), 7)),
        (typed, verify(1, code)),
        (given(signed_in()), prove(1, Proven::Password { right: true }, 2)),
        (
            with_code(Purpose::ConfirmEmail),
            Command::ConfirmEmail { session: session(1), right: true },
        ),
        (given(signed_in()), request_enable(Some(1), 1)),
        (offered, activate(Some(1), compared)),
        (given(enrolled()), rename(1, 1)),
        (given(enrolled()), remove(1, 1)),
        (given(enrolled()), replace_codes(1)),
        (
            given(enrolled()),
            Command::ChangePassword(ChangePassword {
                session: session(1),
                version: Some(version(2)),
                next: session(2),
            }),
        ),
        (given(registered()), Command::RequestPasswordReset),
        (
            given(
                [registered(), vec![AccountEvent::EmailConfirmed(EmailConfirmed {}), reset]]
                    .concat(),
            ),
            Command::ResetPassword { version: version(2) },
        ),
        (
            demanded(),
            Command::SetDemandedPassword(SetDemandedPassword {
                sign_in: sign_in(51),
                version: version(2),
                next: sign_in(60),
                session: session(60),
            }),
        ),
        (
            with_code(Purpose::ChangeEmail),
            Command::ChangeEmail { session: session(1), right: true },
        ),
        (by_email(), Command::RequestReplacement { session: session(51) }),
        (
            given([enrolled(), vec![due]].concat()),
            Command::CancelReplacement { session: session(1) },
        ),
        (
            given(enrolled()),
            Command::Repudiate(Repudiate { cause: event_id(3), at: start(), told: Told::Other }),
        ),
        (given(signed_in()), issue(1)),
        (granted(), redeem(1)),
        (given(enrolled()).after(mins(6)), Command::UseSession(session(1))),
        (
            given(enrolled()),
            Command::EndSessions { session: session(1), which: WhichSessions::Own },
        ),
        (
            browser,
            Command::ForgetDevices { session: session(51), which: WhichDevices::One(device(1)) },
        ),
        (
            given(enrolled()),
            Command::ResetLockout { scope: ResetScope::CoolDown, method: Some(Method::Totp) },
        ),
        resynced(),
        unlocked(),
        (given(enrolled()), Command::Suspend),
        (given([enrolled(), vec![suspended()]].concat()), Command::Resume),
        (given(enrolled()), Command::EndAllSessions),
        (
            given([registered(), vec![AccountEvent::EmailConfirmed(EmailConfirmed {})]].concat()),
            Command::MailPassword,
        ),
        (given(enrolled()), ask(1)),
        (asked(), approve(2)),
        (asked(), cancel()),
        (asked().by(2).play(approve(2)).at(hours(24)), complete()),
        (given(enrolled()), Command::EndForRole),
        (given(enrolled()), Command::BreakGlass),
        (given(enrolled()), Command::View(Viewed::Account)),
        (
            given(enrolled()),
            Command::RecordMail(AccountEvent::EmailCodeSent(EmailCodeSent {
                request: event_id(1),
                attempts: 1,
            })),
        ),
    ]
}

/// SR-108: each leaves its fact, and none is missing.
#[test]
fn sr_108_every_command_that_is_admitted_leaves_its_fact() {
    let mut decided = BTreeSet::new();
    for (given, command) in cases() {
        let (name, fact) = row(&command);
        let events = given.when(command).0;
        let events = events.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        let left: Vec<_> = events.iter().map(AccountEvent::event_type).collect();
        assert!(left.contains(&fact), "{name} left {left:?} and no {fact}");
        decided.insert(name);
    }
    assert_eq!(decided, variants());
}

/// SR-108: what is refused after it was evaluated is a fact as well: every way to be wrong.
#[test]
fn sr_108_every_wrong_proof_leaves_its_fact() {
    let wrong = |given: Given, command: Command, fact: &str| {
        let events = given.when(command).events();
        let left: Vec<_> = events.iter().map(AccountEvent::event_type).collect();
        assert!(left.contains(&fact), "{left:?}");
    };
    let no_password = crate::domain::command::FirstFactor::PasswordWrong;
    wrong(given(registered()), begin(no_password, 1), "account.password_rejected");
    wrong(given([]), begin(no_password, 1), "account.password_rejected");
    let typed = given(waiting());
    for evidence in [
        typed.totp(&[]),
        typed.totp(&[0]),
        Evidence::EmailCode { right: false },
        Evidence::RecoveryCode { index: None },
        Evidence::Nothing { method: Method::Totp, factor: Some(factor(9)) },
    ] {
        wrong(typed.clone(), verify(1, evidence), "account.code_rejected");
    }
    let proof = Proven::Password { right: false };
    wrong(given(enrolled()), prove(1, proof, 2), "account.password_rejected");
    let proof = Proven::Code(typed.totp(&[]));
    wrong(given(enrolled()), prove(1, proof, 2), "account.code_rejected");
    let confirm = Command::ConfirmEmail { session: session(1), right: false };
    wrong(with_code(Purpose::ConfirmEmail), confirm, "account.code_rejected");
    let change = ChangePassword { session: session(1), version: None, next: session(2) };
    wrong(given(enrolled()), Command::ChangePassword(change), "account.password_rejected");
    let offered = given([signed_in(), vec![enable_requested(1, Some(1), mins(10))]].concat());
    let compared = offered.compared(1, &[]);
    wrong(offered, activate(Some(1), compared), "account.code_rejected");
}
