//! Codes by e-mail: asking for one, typing it, and what a session by e-mail may not do.

use countersign_events::account::{
    AccountEvent, Assurance, CodeRejected, CodeVerified, EmailConfirmed, Method, Purpose,
    Registered, RejectedWhy, SessionOpened,
};
use countersign_events::id::EventId;

use super::harness::{
    Given, amr, cooled_down, email_code, enrolled, event_id, given, hours, mins, nonce,
    password_session, rejected, remove, rename, replace_codes, request_enable, secs, send, session,
    sign_in, sign_in_opened, signed_in, start, told, two_factor_session, verify, waiting, wrong,
};
use crate::domain::command::{Command, Evidence, Proven};
use crate::domain::policy::Policy;
use crate::domain::refusal::{Refusal, StepUp};

const RIGHT: Evidence = Evidence::EmailCode { right: true };
const WRONG: Evidence = Evidence::EmailCode { right: false };

fn sent() -> AccountEvent {
    email_code(Purpose::SignIn, sign_in(1), 1, mins(10))
}

/// The id of the event that happens next.
fn next_id(given: &Given) -> EventId {
    event_id(given.account.last.unwrap().0.next().get())
}

fn by_email(request: EventId, opened: SessionOpened) -> AccountEvent {
    AccountEvent::CodeVerified(CodeVerified {
        method: Method::EmailCode,
        factor: None,
        step: None,
        offset: None,
        request: Some(request),
        ..super::harness::totp_verified(0, 0, Some(opened))
    })
}

fn email_session(number: u8, expires: jiff::SignedDuration) -> SessionOpened {
    SessionOpened {
        assurance: Assurance::EmailCode,
        amr: amr(&["pwd", "urn:countersign:amr:email"]),
        ..password_session(number, expires)
    }
}

fn confirmed() -> AccountEvent {
    AccountEvent::EmailConfirmed(EmailConfirmed {})
}

#[test]
fn a_code_is_asked_for_in_a_sign_in() {
    given(waiting()).when(send(Purpose::SignIn, sign_in(1), 1)).then([sent()]);
    given(waiting())
        .when(send(Purpose::SignIn, sign_in(2), 1))
        .refused(Refusal::AuthenticationFailed);
}

#[test]
fn no_code_is_sent_where_there_is_no_address() {
    let mut events = waiting();
    if let AccountEvent::Registered(Registered { has_email, .. }) = &mut events[0] {
        *has_email = false;
    }
    let refusal = Refusal::Conflict("the account has no e-mail address");
    given(events).when(send(Purpose::SignIn, sign_in(1), 1)).refused(refusal);
}

/// SR-026: 60 seconds between two.
#[test]
fn sr_026_a_code_is_sent_again_after_a_minute_and_not_before() {
    let given = given(waiting()).and([sent()]);
    let refusal = Refusal::TooManyRequests { retry_at: start() + secs(60) };
    given.clone().at(secs(59)).when(send(Purpose::SignIn, sign_in(1), 2)).refused(refusal);
    assert_eq!(given.at(secs(60)).when(send(Purpose::SignIn, sign_in(1), 2)).events().len(), 1);
}

/// SR-026: five in 24 hours, whatever sign-in they are for.
#[test]
fn sr_026_the_sixth_code_in_a_day_is_not_sent() {
    let mut given = given(waiting()).and([sign_in_opened(1, hours(25))]);
    given.policy.email_sends_reserved = 0;
    for number in 0..5 {
        given =
            given.at(mins(5 * i64::from(number))).play(send(Purpose::SignIn, sign_in(1), number));
    }
    let given = given.at(hours(24) - secs(1)).and([sign_in_opened(2, hours(25))]);
    let refusal = Refusal::TooManyRequests { retry_at: start() + hours(24) };
    given.when(send(Purpose::SignIn, sign_in(2), 9)).refused(refusal);
    let free = given.at(hours(24)).when(send(Purpose::SignIn, sign_in(2), 9)).events();
    assert_eq!(free, [email_code(Purpose::SignIn, sign_in(2), 9, hours(24) + mins(10))]);
}

/// SR-026: three in 15 minutes.
#[test]
fn sr_026_the_fourth_code_in_a_quarter_of_an_hour_is_not_sent() {
    let mut given = given(waiting()).and([sign_in_opened(1, hours(1))]);
    given.policy.email_sends_reserved = 0;
    for number in 0..3 {
        given = given.at(mins(i64::from(number))).play(send(Purpose::SignIn, sign_in(1), number));
    }
    let refusal = Refusal::TooManyRequests { retry_at: start() + mins(15) };
    given.clone().at(mins(3)).when(send(Purpose::SignIn, sign_in(1), 4)).refused(refusal.clone());
    given
        .clone()
        .at(mins(15) - secs(1))
        .when(send(Purpose::SignIn, sign_in(1), 4))
        .refused(refusal);
    let sent = given.at(mins(15)).when(send(Purpose::SignIn, sign_in(1), 4)).events();
    assert_eq!(sent.len(), 1);
}

/// SR-026, AT-50: from anywhere three codes in a day; two more from a device that is known.
#[test]
fn sr_026_two_codes_a_day_are_kept_for_known_devices() {
    let at_home = given(enrolled()).after(mins(1)).at_device(None, 1);
    let at_home = at_home.clone().and([sign_in_opened(1, hours(1))]);
    let at_home = at_home.clone().play(verify(1, at_home.totp(&[0])));
    let mut given = at_home.elsewhere().and([sign_in_opened(2, hours(1))]);
    for number in 0..3 {
        given = given.after(mins(5)).play(send(Purpose::SignIn, sign_in(2), number));
    }
    let given = given.after(mins(5));
    let refusal = Refusal::TooManyRequests { retry_at: start() + mins(6) + hours(24) };
    given.when(send(Purpose::SignIn, sign_in(2), 4)).refused(refusal);
    let mut known = given.at_device(Some(1), 2);
    for number in 4..6 {
        known = known.play(send(Purpose::SignIn, sign_in(2), number)).after(mins(5));
    }
    let refusal = Refusal::TooManyRequests { retry_at: start() + mins(6) + hours(24) };
    known.when(send(Purpose::SignIn, sign_in(2), 6)).refused(refusal);
}

#[test]
fn no_code_is_sent_while_the_method_cools_down() {
    let cooled = cooled_down(Method::EmailCode, mins(15));
    let given = given(waiting()).and([cooled, sign_in_opened(1, mins(10))]);
    let refusal = Refusal::TooManyRequests { retry_at: start() + mins(15) };
    given.when(send(Purpose::SignIn, sign_in(1), 1)).refused(refusal);
}

#[test]
fn a_code_is_asked_for_to_sign_in_or_to_confirm_the_address_only() {
    for purpose in [Purpose::Enable, Purpose::StepUp] {
        let outcome = given(signed_in()).when(send(purpose, session(1), 1)).0;
        assert!(matches!(outcome, Err(Refusal::Invalid { field: "purpose", .. })), "{outcome:?}");
    }
}

/// Only the actor knows of uses that are not recorded yet: the decision does not call a session
/// idle.
#[test]
fn a_session_whose_last_use_is_not_recorded_gets_its_code() {
    let given = given(signed_in()).after(mins(31));
    let sent = given.when(send(Purpose::ConfirmEmail, session(1), 1)).events();
    assert_eq!(sent, [email_code(Purpose::ConfirmEmail, session(1), 1, mins(41))]);
}

/// SR-132: never two factors; the first right code proves the address, too.
#[test]
fn sr_132_a_right_code_completes_the_sign_in_with_its_own_assurance() {
    let given = given(waiting());
    let request = next_id(&given);
    let given = given.and([sent()]).after(mins(1));
    let opened = email_session(51, hours(12) + mins(1));
    given.answer(RIGHT).then([by_email(request, opened.clone()), confirmed()]);
    given.and([confirmed()]).answer(RIGHT).then([by_email(request, opened)]);
}

/// SR-026, SR-058: a policy may give codes by e-mail fewer guesses in a sign-in than it has in all.
#[test]
fn sr_026_after_so_many_guesses_no_code_by_e_mail_is_looked_at() {
    let mut given = given(waiting()).and([sent()]).after(mins(1));
    given.policy.email_guesses = 2;
    let given = given.clone().play(verify(1, given.totp(&[])));
    assert_eq!(given.answer(RIGHT).events().len(), 2, "one was wrong, of another method");
    let given = given.clone().play(verify(1, WRONG));
    given.when(verify(1, RIGHT)).refused(Refusal::AuthenticationFailed);
    assert!(matches!(given.answer(given.totp(&[0])).events()[..], [AccountEvent::CodeVerified(_)]));
}

/// SR-022: accepted at 9:59, refused at 10:01.
#[test]
fn sr_022_a_code_lives_for_ten_minutes() {
    let given =
        given(signed_in()).and([email_code(Purpose::ConfirmEmail, session(1), 1, mins(10))]);
    let typed = |at, right| {
        given.clone().at(at).when(Command::ConfirmEmail { session: session(1), right }).events()
    };
    assert_eq!(typed(mins(10) - secs(1), true).last(), Some(&confirmed()));
    for at in [mins(10), mins(10) + secs(1)] {
        let [AccountEvent::CodeRejected(rejected)] = &typed(at, true)[..] else { panic!("{at:?}") };
        assert_eq!((rejected.why, rejected.unresolved), (RejectedWhy::Expired, 1));
    }
}

/// SR-022: in a sign-in that outlives its code, too.
#[test]
fn sr_022_a_code_does_not_outlive_itself_in_a_longer_sign_in() {
    let given = given(waiting()).and([sign_in_opened(2, mins(30))]);
    let given = given.and([email_code(Purpose::SignIn, sign_in(2), 1, mins(10))]);
    let events = given.at(mins(10) + secs(1)).when(verify(2, RIGHT)).events();
    let [AccountEvent::CodeRejected(rejected)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(rejected.why, RejectedWhy::Expired);
}

/// SR-022, SR-009: a code that was accepted is gone, in a sign-in and in a session.
#[test]
fn sr_022_a_code_is_accepted_once() {
    let given = given(waiting()).and([sent()]);
    given.play(verify(1, RIGHT)).answer(RIGHT).refused(Refusal::AuthenticationFailed);
    let asked = email_code(Purpose::ConfirmEmail, session(1), 1, mins(10));
    let confirm = || Command::ConfirmEmail { session: session(1), right: true };
    let given = super::harness::given(signed_in()).and([asked]).play(confirm());
    let events = given.when(confirm()).events();
    let [AccountEvent::CodeRejected(rejected)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(rejected.why, RejectedWhy::NoneIssued);
}

/// SR-021: the code of sign-in 1 is nothing in sign-in 2, nor for another purpose; the guess
/// counts where it was made.
#[test]
fn sr_021_a_code_is_good_for_its_own_sign_in_and_purpose() {
    let given = given(waiting()).and([sent(), sign_in_opened(2, mins(10))]);
    let none = CodeRejected {
        sign_in: Some(sign_in(2)),
        ..rejected(Method::EmailCode, RejectedWhy::NoneIssued, (1, 0))
    };
    given.when(verify(2, RIGHT)).then([AccountEvent::CodeRejected(none)]);
    let events = given.when(Command::ConfirmEmail { session: session(1), right: true }).events();
    let [AccountEvent::CodeRejected(rejected)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(rejected.why, RejectedWhy::NoneIssued);
}

/// SR-023: 3 wrong, a new code, 2 wrong: the sign-in is dead. A new code resets nothing.
#[test]
fn sr_023_a_new_code_voids_the_old_one_and_resets_no_counter() {
    let given = given(waiting()).and([sent()]);
    let given = given.and((1..=3).map(|count| wrong(Method::EmailCode, count, count)));
    let given = given.after(mins(1)).play(send(Purpose::SignIn, sign_in(1), 2));
    let live = &given.account.open().unwrap().email_codes;
    assert_eq!(live.len(), 1, "one live code for a sign-in");
    assert_eq!(live[&sign_in(1)].nonce, nonce(2));
    given.answer(WRONG).then([wrong(Method::EmailCode, 4, 4)]);
    let given = given.play(verify(1, WRONG));
    given
        .answer(WRONG)
        .then([told(wrong(Method::EmailCode, 5, 5)), cooled_down(Method::EmailCode, mins(16))]);
    given.play(verify(1, WRONG)).answer(RIGHT).refused(Refusal::AuthenticationFailed);
}

/// SR-026: after the cap, the right code of a fresh sign-in is not evaluated either.
#[test]
fn sr_026_a_right_code_after_the_cap_is_refused_unevaluated() {
    let given = given(waiting()).and([sent()]);
    let given = (0..5).fold(given, |given, _| given.play(verify(1, WRONG)));
    let given = given.and([sign_in_opened(2, mins(10))]);
    let refusal = Refusal::TooManyRequests { retry_at: start() + mins(15) };
    given.when(verify(2, RIGHT)).refused(refusal);
}

#[test]
fn a_session_confirms_its_address() {
    let given = given(signed_in());
    let request = next_id(&given);
    let given = given.play(send(Purpose::ConfirmEmail, session(1), 1));
    let verified = CodeVerified {
        method: Method::EmailCode,
        factor: None,
        step: None,
        offset: None,
        request: Some(request),
        purpose: Purpose::ConfirmEmail,
        sign_in: None,
        in_session: Some(session(1)),
        next: None,
        session: None,
        device: None,
    };
    let confirm = |right| Command::ConfirmEmail { session: session(1), right };
    given.when(confirm(true)).then([AccountEvent::CodeVerified(verified), confirmed()]);
    let refused = CodeRejected {
        purpose: Purpose::ConfirmEmail,
        sign_in: None,
        in_session: Some(session(1)),
        ..rejected(Method::EmailCode, RejectedWhy::Wrong, (0, 1))
    };
    given.when(confirm(false)).then([AccountEvent::CodeRejected(refused)]);
    let elsewhere = Command::ConfirmEmail { session: session(9), right: true };
    given.when(elsewhere).refused(Refusal::NoSession);
}

/// A code by e-mail proves no second factor: not in a session either.
#[test]
fn a_code_by_email_is_no_proof_within_a_session() {
    let outcome = given(waiting()).when(super::harness::prove(1, Proven::Code(RIGHT), 2)).0;
    assert!(matches!(outcome, Err(Refusal::Invalid { field: "method", .. })), "{outcome:?}");
}

/// SR-019: such a session changes no factor and no recovery codes.
#[test]
fn a_session_by_email_changes_nothing_that_protects_the_account() {
    let given = given(waiting()).and([sent()]).play(verify(1, RIGHT));
    assert_eq!(given.account.open().unwrap().sessions.len(), 2);
    for command in [request_enable(Some(51), 2), rename(51, 1), remove(51, 1), replace_codes(51)] {
        given.when(command).refused(Policy::default().step_up(StepUp::SecondFactor));
    }
    // Not with a fresh password either.
    let given = given.play(super::harness::prove(51, Proven::Password { right: true }, 52));
    given.when(remove(52, 1)).refused(Policy::default().step_up(StepUp::SecondFactor));
    let lifted = two_factor_session(53, hours(12), &["pwd", "otp", "mfa"]);
    let given = given.after(mins(1));
    let proof = Proven::Code(given.totp(&[0]));
    let given = given.play(super::harness::prove(52, proof, 53));
    let session = &given.account.open().unwrap().sessions[&session(53)];
    assert_eq!((session.assurance, &session.amr), (lifted.assurance, &lifted.amr));
}
