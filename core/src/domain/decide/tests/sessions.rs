//! Within a session: proving again, being used, ending; and how long it lives.

use countersign_events::account::{
    AccountEvent, Assurance, CodeRejected, CodeVerified, Counted, Method, PasswordRejected,
    PasswordVerified, Purpose, RecoveryCodeUsed, RejectedWhy, SessionEndedWhy, SessionOpened,
    SessionUsed,
};
use countersign_events::id::HandleHash;
use jiff::SignedDuration;

use super::harness::{
    Given, RIGHT, amr, begin, cooled_down, email_code, ended, enrolled, given, hours, mins,
    password_session, prove, registered, rejected, secs, session, sign_in, signed_in, start,
    totp_verified, two_factor_session, verify, waiting,
};
use crate::domain::command::{Command, Evidence, FirstFactor, Proven, WhichSessions};
use crate::domain::policy::Policy;
use crate::domain::refusal::{Refusal, StepUp};
use crate::domain::session::check;

const PASSWORD: Proven = Proven::Password { right: true };

fn replacing(opened: SessionOpened) -> Option<SessionOpened> {
    Some(SessionOpened { replaces: Some(session(1)), ..opened })
}

fn end(number: u8, which: WhichSessions) -> Command {
    Command::EndSessions { session: session(number), which }
}

/// SR-129, SR-132: a new token, the same end, and not a bit more sure than what was proven.
#[test]
fn sr_129_a_password_proven_again_gives_a_new_token() {
    let fact = |opened| {
        AccountEvent::PasswordVerified(PasswordVerified {
            purpose: Purpose::StepUp,
            sign_in: None,
            session: replacing(opened),
            device: None,
        })
    };
    let later = given(signed_in()).after(hours(1));
    later.when(prove(1, PASSWORD, 2)).then([fact(password_session(2, hours(12)))]);
    let sure = two_factor_session(2, hours(12), &["pwd", "otp", "mfa"]);
    given(enrolled()).after(hours(1)).when(prove(1, PASSWORD, 2)).then([fact(sure)]);
}

/// SR-129: the old token is dead.
#[test]
fn sr_129_the_token_that_was_replaced_is_dead() {
    let given = given(enrolled()).play(prove(1, PASSWORD, 2));
    for command in [
        prove(1, PASSWORD, 3),
        super::harness::remove(1, 1),
        super::harness::request_enable(Some(1), 2),
        super::harness::replace_codes(1),
        Command::UseSession(session(1)),
        Command::ConfirmEmail { session: session(1), right: true },
        super::harness::send(Purpose::ConfirmEmail, session(1), 1),
        end(1, WhichSessions::Own),
    ] {
        given.when(command).refused(Refusal::NoSession);
    }
    assert_eq!(given.when(super::harness::remove(2, 1)).events().len(), 2);
}

#[test]
fn a_wrong_password_within_a_session_counts() {
    let fact = PasswordRejected {
        suspended: false,
        purpose: Purpose::StepUp,
        in_session: Some(session(1)),
        unresolved: 1,
        counted: Counted::default(),
    };
    given(signed_in())
        .when(prove(1, Proven::Password { right: false }, 2))
        .then([AccountEvent::PasswordRejected(fact)]);
    let cooling = given(signed_in()).and([cooled_down(Method::Password, mins(15))]);
    for right in [true, false] {
        let refusal = Refusal::TooManyRequests { retry_at: start() + mins(15) };
        cooling.when(prove(1, Proven::Password { right }, 2)).refused(refusal);
    }
}

#[test]
fn a_code_proven_again_makes_the_session_two_factors_sure() {
    let given = given(enrolled()).after(mins(1));
    let verified = CodeVerified {
        purpose: Purpose::StepUp,
        sign_in: None,
        in_session: Some(session(1)),
        ..totp_verified(
            given.step(),
            0,
            replacing(two_factor_session(2, hours(12), &["pwd", "otp", "mfa"])),
        )
    };
    given
        .when(prove(1, Proven::Code(given.totp(&[0])), 2))
        .then([AccountEvent::CodeVerified(verified)]);
}

#[test]
fn a_recovery_code_proves_again_and_is_used_up() {
    let proven = ["pwd", "urn:countersign:amr:recovery_code", "mfa"];
    let verified = CodeVerified {
        method: Method::RecoveryCode,
        factor: None,
        step: None,
        offset: None,
        purpose: Purpose::StepUp,
        sign_in: None,
        in_session: Some(session(1)),
        ..totp_verified(0, 0, replacing(two_factor_session(2, hours(12), &proven)))
    };
    let code = Proven::Code(Evidence::RecoveryCode { index: Some(0) });
    given(enrolled()).when(prove(1, code, 2)).then([
        AccountEvent::CodeVerified(verified),
        AccountEvent::RecoveryCodeUsed(RecoveryCodeUsed { index: 0, left: 9 }),
    ]);
}

/// SR-009: retypes of an accepted code are no guesses, and not without end: ten in a session,
/// whatever its token, then no code proves anything in it.
#[test]
fn sr_009_the_eleventh_retype_within_a_session_is_not_evaluated() {
    let given = given(enrolled()).and([super::harness::sign_in_opened(1, mins(10))]);
    let retype = |number| prove(number, Proven::Code(given.totp(&[0])), 3);
    let five = (0..5).fold(given.clone(), |given, _| given.play(retype(1)));
    let five = five.play(prove(1, PASSWORD, 2));
    let nine = (0..4).fold(five, |given, _| given.play(retype(2)));
    let fact = CodeRejected {
        purpose: Purpose::StepUp,
        sign_in: None,
        in_session: Some(session(2)),
        ..rejected(Method::Totp, RejectedWhy::Reused, (0, 0))
    };
    nine.when(retype(2)).then([AccountEvent::CodeRejected(fact)]);
    let ten = nine.clone().play(retype(2));
    ten.when(retype(2)).refused(Refusal::AuthenticationFailed);
    let (nine, ten) = (nine.after(mins(1)), ten.after(mins(1)));
    let right = |given: &Given| prove(2, Proven::Code(given.totp(&[0])), 3);
    assert_eq!(nine.when(right(&nine)).events().len(), 1);
    ten.when(right(&ten)).refused(Refusal::AuthenticationFailed);
    // The password and other sign-ins are as before.
    assert_eq!(ten.when(prove(2, PASSWORD, 3)).events().len(), 1);
    assert_eq!(ten.answer(ten.totp(&[0])).events().len(), 1);
}

/// A step-up is a guess like any other: it is counted with the sign-ins' own.
#[test]
fn a_wrong_code_within_a_session_counts() {
    let given = given(enrolled()).after(mins(1));
    let fact = CodeRejected {
        purpose: Purpose::StepUp,
        sign_in: None,
        in_session: Some(session(1)),
        ..rejected(Method::Totp, RejectedWhy::Wrong, (0, 1))
    };
    let wrong = || prove(1, Proven::Code(given.totp(&[])), 2);
    given.when(wrong()).then([AccountEvent::CodeRejected(fact)]);
    let cooled = (0..5).fold(given.clone(), |given, _| given.play(wrong()));
    let refusal = Refusal::TooManyRequests { retry_at: start() + mins(16) };
    let right = Proven::Code(given.totp(&[0]));
    cooled.when(prove(1, right, 2)).refused(refusal.clone());
    let cooled = cooled.and([super::harness::sign_in_opened(1, mins(10))]);
    cooled.answer(given.totp(&[0])).refused(refusal);
}

#[test]
fn nothing_is_proven_in_a_session_that_is_none() {
    for account in [given(registered()), given([]), given(signed_in()).after(hours(12))] {
        account.when(prove(1, PASSWORD, 2)).refused(Refusal::NoSession);
    }
}

const VOUCHED: FirstFactor = FirstFactor::Vouched { device: None };

/// SR-132: what was proven, and nothing else, is what a session says.
#[test]
fn sr_132_assurance_and_amr_say_what_was_proven() {
    let waits =
        given(waiting()).and([email_code(Purpose::SignIn, sign_in(1), 1, mins(10))]).after(mins(1));
    let (pwd, email) = ("pwd", "urn:countersign:amr:email");
    let recovery = "urn:countersign:amr:recovery_code";
    let by_code = |evidence| (waits.clone(), verify(1, evidence), session(51));
    let by_password = |first| (given(registered()), begin(first, 2), session(2));
    type Row<'a> = ((Given, Command, HandleHash), Assurance, &'a [&'a str]);
    let table: [Row<'_>; 5] = [
        (by_password(RIGHT), Assurance::Password, &[pwd]),
        (by_password(VOUCHED), Assurance::Password, &[pwd]),
        (by_code(Evidence::EmailCode { right: true }), Assurance::EmailCode, &[pwd, email]),
        (by_code(waits.totp(&[0])), Assurance::TwoFactor, &[pwd, "otp", "mfa"]),
        (
            by_code(Evidence::RecoveryCode { index: Some(1) }),
            Assurance::TwoFactor,
            &[pwd, recovery, "mfa"],
        ),
    ];
    for ((given, command, hash), assurance, expected) in table {
        let on_word = matches!(&command, Command::SignIn(it) if it.first == VOUCHED);
        let given = given.play(command);
        let session = &given.account.open().unwrap().sessions[&hash];
        assert_eq!((session.assurance, &session.amr), (assurance, &amr(expected)));
        assert_eq!(session.auth_time, given.now);
        let second = (assurance == Assurance::TwoFactor).then_some(given.now);
        assert_eq!(session.second_factor_at, second, "{assurance:?}");
        // The password was proven when the sign-in began; an app's word proves none.
        let password_at = if hash == super::harness::session(51) { start() } else { given.now };
        assert_eq!(session.password_at, (!on_word).then_some(password_at));
    }
}

/// SR-130: 12 hours overall, however much it is used and proven.
#[test]
fn sr_130_a_session_ends_after_twelve_hours() {
    let mut given = given(signed_in());
    for minutes in (20..12 * 60).step_by(20) {
        given = given.at(mins(minutes)).play(Command::UseSession(session(1)));
    }
    let given = given.at(hours(12) - secs(1)).play(prove(1, PASSWORD, 2));
    assert_eq!(given.when(end(2, WhichSessions::Own)).events().len(), 1);
    let over = given.at(hours(12));
    over.when(end(2, WhichSessions::Own)).refused(Refusal::NoSession);
    let policy = Policy::default();
    let open = over.account.open().unwrap();
    assert_eq!(check(open, session(2), None, over.now, &policy), Err(Refusal::NoSession));
}

/// SR-130: 30 minutes unused, as recorded or as the actor knows.
#[test]
fn sr_130_an_idle_session_is_dead() {
    let given = given(signed_in());
    let open = given.account.open().unwrap();
    let policy = Policy::default();
    let alive = |seen: Option<SignedDuration>, at| {
        let seen = seen.map(|seen| start() + seen);
        check(open, session(1), seen, start() + at, &policy).is_ok()
    };
    assert!(alive(None, mins(30) - secs(1)));
    assert!(!alive(None, mins(30)));
    assert!(alive(Some(mins(4)), mins(34) - secs(1)));
    assert!(!alive(Some(mins(4)), mins(34)));
    // An older sighting than the recorded one does not shorten it.
    assert!(alive(Some(-mins(9)), mins(30) - secs(1)));
}

#[test]
fn a_use_is_recorded_once_in_five_minutes() {
    let used = || Command::UseSession(session(1));
    let fact = AccountEvent::SessionUsed(SessionUsed { session: session(1) });
    let given = given(signed_in());
    given.clone().at(mins(5) - secs(1)).when(used()).stays_quiet();
    given.clone().at(mins(5)).when(used()).then([fact]);
    given.at(mins(5)).play(used()).at(mins(9)).when(used()).stays_quiet();
}

#[test]
fn sessions_end_alone_or_together() {
    let given = [2, 3].iter().fold(given(signed_in()), |given, n| given.play(begin(RIGHT, *n)));
    given.when(end(1, WhichSessions::Own)).then([ended(&[1], SessionEndedWhy::SignedOut)]);
    given
        .when(end(1, WhichSessions::One(session(3))))
        .then([ended(&[3], SessionEndedWhy::Revoked)]);
    given.when(end(1, WhichSessions::Others)).then([ended(&[2, 3], SessionEndedWhy::Revoked)]);
    given.when(end(1, WhichSessions::One(session(9)))).refused(Refusal::NotFound("session"));
    given.when(end(9, WhichSessions::Others)).refused(Refusal::NoSession);
    let given = given.play(end(1, WhichSessions::Others));
    given.when(end(1, WhichSessions::Others)).stays_quiet();
    given.when(prove(2, PASSWORD, 4)).refused(Refusal::NoSession);
}

/// SR-134, SR-111: a session by a code by e-mail changes no authenticator, no recovery code and no
/// other proof; it may end any session. Who has lost the phone must be able to shut it out.
#[test]
fn sr_134_a_session_by_a_code_by_e_mail_ends_sessions_and_changes_nothing_else() {
    let given = given(waiting()).and([email_code(Purpose::SignIn, sign_in(1), 1, mins(10))]);
    let given = given.play(verify(1, Evidence::EmailCode { right: true }));
    let mine = 51;
    let session_of = |number| given.account.open().unwrap().sessions[&session(number)].assurance;
    assert_eq!((session_of(1), session_of(mine)), (Assurance::TwoFactor, Assurance::EmailCode));
    let proven_again = given.clone().play(prove(mine, PASSWORD, 52));
    for (given, number) in [(&given, mine), (&proven_again, 52)] {
        for command in [
            super::harness::request_enable(Some(number), 2),
            super::harness::rename(number, 1),
            super::harness::remove(number, 1),
            super::harness::replace_codes(number),
        ] {
            given.when(command).refused(Policy::default().step_up(StepUp::SecondFactor));
        }
        let opened = &given.account.open().unwrap().sessions[&session(number)];
        assert_eq!(opened.assurance, Assurance::EmailCode, "the password makes it no surer");
    }
    let by_email = Proven::Code(Evidence::EmailCode { right: true });
    assert!(matches!(given.when(prove(mine, by_email, 52)).0, Err(Refusal::Invalid { .. })));
    let revoked = || [ended(&[1], SessionEndedWhy::Revoked)];
    given.when(end(mine, WhichSessions::One(session(1)))).then(revoked());
    given.when(end(mine, WhichSessions::Others)).then(revoked());
    given.when(end(mine, WhichSessions::Own)).then([ended(&[mine], SessionEndedWhy::SignedOut)]);
}
