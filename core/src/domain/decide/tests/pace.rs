//! A second between two guesses of one sign-in or session (ASVS 2.4.2): what comes sooner is not
//! evaluated and not counted, and moves nothing.

use countersign_events::account::{AccountEvent, AttemptsRefused, Lane, Method, Purpose};
use jiff::SignedDuration;

use super::harness::{
    Given, activate, enable_requested, enrolled, given, mins, prove, secs, send, session, sign_in,
    sign_in_opened, start, verify, waiting, wrong,
};
use crate::domain::Account;
use crate::domain::command::{Command, Evidence, Proven};
use crate::domain::limits::{RefusedAttempts, Rule};
use crate::domain::policy::Policy;
use crate::domain::refusal::Refusal;

const ALMOST: SignedDuration = SignedDuration::from_millis(999);

/// A code was wrong in sign-in 1 a minute after [`start`], and sign-in 2 waits as well.
fn refused_once() -> Given {
    let waits = given(waiting()).and([sign_in_opened(2, mins(10))]).after(mins(1));
    let given = Given { policy: Policy::default(), ..waits };
    let code = given.totp(&[]);
    given.play(verify(1, code))
}

fn a_second_later() -> Refusal {
    Refusal::TooManyRequests { retry_at: start() + mins(1) + secs(1) }
}

fn every_way(given: &Given) -> [Evidence; 4] {
    [
        given.totp(&[0]),
        given.totp(&[]),
        Evidence::EmailCode { right: false },
        Evidence::RecoveryCode { index: Some(0) },
    ]
}

/// SR-081, SR-083: to the millisecond, whatever the next code is and by whatever method it comes;
/// and nothing is counted or made longer by it.
#[test]
fn sr_083_a_code_is_evaluated_a_second_after_the_one_before_it() {
    let given = refused_once();
    for passed in [SignedDuration::ZERO, SignedDuration::from_millis(500), ALMOST] {
        let soon = given.clone().after(passed);
        for evidence in every_way(&soon) {
            soon.answer(evidence).refused(a_second_later());
        }
        assert_eq!(soon.unresolved(Method::Totp), 1);
    }
    let then = given.after(secs(1));
    for evidence in every_way(&then) {
        assert!(!then.answer(evidence).events().is_empty());
    }
    then.answer(then.totp(&[])).then([wrong(Method::Totp, 2, 2)]);
}

/// SR-009: after a retype of a used code as after a wrong one: nothing tells the two apart.
#[test]
fn sr_015_a_used_code_is_followed_by_a_second_as_well() {
    let used = Given { policy: Policy::default(), ..given(waiting()) };
    let code = used.totp(&[0]);
    let used = used.play(verify(1, code)).after(ALMOST);
    let refusal = Refusal::TooManyRequests { retry_at: start() + secs(1) };
    used.answer(used.totp(&[1])).refused(refusal);
}

/// SR-088: whoever guesses in one sign-in makes nobody wait in another; and to ask for a code by
/// e-mail is no guess.
#[test]
fn sr_088_another_sign_in_does_not_wait_for_it() {
    let given = refused_once();
    let events = given.when(verify(2, given.totp(&[0]))).events();
    assert!(matches!(events[..], [AccountEvent::CodeVerified(_)]), "{events:?}");
    let sent = given.when(send(Purpose::SignIn, sign_in(1), 1)).events();
    assert!(matches!(sent[..], [AccountEvent::EmailCodeRequested(_)]), "{sent:?}");
}

/// SR-095: within a session, by every call that verifies a code, and under whatever token; the
/// password has waits of its own.
#[test]
fn sr_095_proofs_within_a_session_lie_apart_too() {
    let given = Given { policy: Policy::default(), ..given(enrolled()).after(mins(1)) };
    let wrong = prove(1, Proven::Code(given.totp(&[])), 2);
    let refused = given.play(wrong).after(ALMOST);
    let right = || Proven::Code(refused.totp(&[0]));
    refused.when(prove(1, right(), 2)).refused(a_second_later());
    let confirm = Command::ConfirmEmail { session: session(1), right: true };
    refused.when(confirm).refused(a_second_later());
    let renewed = refused.clone().play(prove(1, Proven::Password { right: true }, 2));
    renewed.when(prove(2, right(), 3)).refused(a_second_later());
    let then = renewed.after(SignedDuration::from_millis(1));
    let events = then.when(prove(2, Proven::Code(then.totp(&[0])), 3)).events();
    assert!(matches!(events[..], [AccountEvent::CodeVerified(_)]), "{events:?}");
}

/// SR-085: codes for an authenticator on offer are no guesses, and make nothing wait.
#[test]
fn sr_085_codes_for_an_authenticator_on_offer_follow_each_other_at_once() {
    let given = given(enrolled()).and([enable_requested(2, Some(1), mins(10))]).after(mins(1));
    let given = Given { policy: Policy::default(), ..given };
    let typed = |given: &Given| activate(Some(1), given.compared(2, &[]));
    let command = typed(&given);
    let once = given.play(command);
    assert!(matches!(once.when(typed(&once)).events()[..], [AccountEvent::CodeRejected(_)]));
    let proof = prove(1, Proven::Code(once.totp(&[0])), 2);
    assert!(matches!(once.when(proof).events()[..], [AccountEvent::CodeVerified(_)]));
}

/// SR-108: what was refused is summed up, with its rule, in front of the next that is evaluated.
#[test]
fn sr_108_what_came_too_soon_is_summed_up() {
    let mut then = refused_once().after(secs(1));
    let at = start() + mins(1);
    let sum = RefusedAttempts::count(None, at, Rule::Pace);
    let sum = RefusedAttempts::count(Some(sum), at + ALMOST, Rule::Pace);
    then.refused.insert((Method::Totp, Lane::Unknown), sum);
    let fact = AccountEvent::AttemptsRefused(AttemptsRefused {
        method: Method::Totp,
        lane: Lane::Unknown,
        count: 2,
        first: at,
        last: at + ALMOST,
        rule: "pace".to_owned(),
    });
    then.answer(then.totp(&[])).then([fact, wrong(Method::Totp, 2, 2)]);
}

/// SR-096: as long as the policy says.
#[test]
fn sr_096_guesses_lie_as_far_apart_as_the_policy_says() {
    let mut given = refused_once();
    given.policy.guesses_apart = secs(3);
    let soon = given.clone().after(secs(3) - SignedDuration::from_millis(1));
    let retry_at = start() + mins(1) + secs(3);
    soon.answer(soon.totp(&[])).refused(Refusal::TooManyRequests { retry_at });
    let then = given.after(secs(3));
    then.answer(then.totp(&[])).then([wrong(Method::Totp, 2, 2)]);
}

/// SR-102, I5: a state that was put away and loaded again makes wait as the one before.
#[test]
fn sr_102_a_snapshot_remembers_when_the_last_guess_was() {
    let given = refused_once();
    let stored = serde_json::to_vec(&given.account).unwrap();
    let account: Account = serde_json::from_slice(&stored).unwrap();
    let loaded = Given { account, ..given }.after(ALMOST);
    loaded.answer(loaded.totp(&[0])).refused(a_second_later());
}
