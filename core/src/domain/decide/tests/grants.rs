//! Client apps are told who signed in: once, of sessions that are alive and sure enough.

use countersign_events::account::{
    AccountEvent, Assurance, GrantIssued, GrantRedeemed, GrantVoided, GrantVoidedWhy, Origin,
    SessionEndedWhy,
};
use countersign_events::id::{ClientId, HandleHash, Hash32};
use jiff::SignedDuration;
use uuid::Uuid;

use super::harness::{
    Given, RIGHT, amr, begin, ended, enrolled, given, hours, mins, prove, secs, session, signed_in,
    start,
};
use crate::domain::command::{Command, IssueGrant, Proven, RedeemGrant};
use crate::domain::grant::{GRANTS_MAX, GRANTS_PACE_MAX};
use crate::domain::policy::Policy;
use crate::domain::refusal::{Refusal, StepUp};

const CHALLENGE: Hash32 = Hash32::new([9; 32]);

fn client(number: u128) -> ClientId {
    ClientId::new(Uuid::from_u128(number))
}

fn grant(number: u8) -> HandleHash {
    HandleHash::new([number | 0x80; 16])
}

fn asked(number: u8) -> IssueGrant {
    IssueGrant {
        session: session(1),
        client: client(1),
        grant: grant(number),
        challenge: CHALLENGE,
        assurance: Assurance::Password,
        max_age: None,
    }
}

pub(super) fn issue(number: u8) -> Command {
    Command::IssueGrant(asked(number))
}

pub(super) fn redeem(number: u8) -> Command {
    brought(number, client(1), true)
}

fn brought(number: u8, client: ClientId, fits: bool) -> Command {
    let token = HandleHash::new([number | 0x40; 16]);
    let passes = false;
    Command::RedeemGrant(RedeemGrant { grant: grant(number), client, fits, token, passes })
}

fn issued(number: u8, at: SignedDuration) -> AccountEvent {
    AccountEvent::GrantIssued(GrantIssued {
        grant: grant(number),
        client: client(1),
        session: session(1),
        challenge: CHALLENGE,
        expires_at: start() + at + secs(60),
    })
}

fn voided(number: u8, why: GrantVoidedWhy) -> AccountEvent {
    AccountEvent::GrantVoided(GrantVoided { grant: grant(number), why })
}

pub(super) fn granted() -> Given {
    given(signed_in()).play(issue(1))
}

#[test]
fn a_session_is_granted_and_told_once() {
    given(signed_in()).when(issue(1)).then([issued(1, SignedDuration::ZERO)]);
    let told = AccountEvent::GrantRedeemed(GrantRedeemed {
        grant: grant(1),
        token: HandleHash::new([0x41; 16]),
        expires_at: start() + secs(59) + mins(5),
        assurance: Assurance::Password,
        amr: amr(&["pwd"]),
        auth_time: start(),
        passes: false,
    });
    let later = granted().after(secs(59));
    later.when(redeem(1)).then([told]);
    let redeemed = later.play(redeem(1));
    redeemed.when(redeem(1)).then([voided(1, GrantVoidedWhy::Reused)]);
    redeemed.play(redeem(1)).when(redeem(1)).refused(Refusal::AuthenticationFailed);
    redeemed_for(5).when(redeem(1)).refused(Refusal::AuthenticationFailed);
}

fn redeemed_for(minutes: i64) -> Given {
    granted().play(redeem(1)).after(mins(minutes))
}

/// SR-062: whom an app vouches for is somebody to that app alone: its key opens no other.
#[test]
fn sr_062_a_client_apps_own_account_is_granted_to_that_app_alone() {
    let mut events = signed_in();
    let Some(AccountEvent::Registered(registered)) = events.first_mut() else { unreachable!() };
    (registered.origin, registered.client) = (Origin::Client, Some(client(1)));
    given(events.clone()).when(issue(1)).then([issued(1, SignedDuration::ZERO)]);
    let other = Command::IssueGrant(IssueGrant { client: client(2), ..asked(1) });
    given(events).when(other).refused(Refusal::NoSession);
}

/// A pass lives as long as the session may, and not a moment longer.
#[test]
fn a_pass_lives_as_long_as_its_session() {
    let Command::RedeemGrant(redeem) = redeem(1) else { unreachable!() };
    let passes = granted().play(Command::RedeemGrant(RedeemGrant { passes: true, ..redeem }));
    let token = HandleHash::new([0x41; 16]);
    let is_good = |given: &Given, at: SignedDuration| {
        given.account.open().unwrap().granted(token, start() + at).is_some()
    };
    assert!(is_good(&passes, hours(12) - secs(1)) && !is_good(&passes, hours(12)));
    let over = passes.and([ended(&[1], SessionEndedWhy::SignedOut)]);
    assert!(!is_good(&over, mins(1)));
}

/// A browser repeats a GET whose connection broke: with the same and at once, it takes nothing
/// away. What is no browser's, comes late or with something else still voids all.
#[test]
fn a_pass_outlives_a_browser_that_repeats_itself() {
    let Command::RedeemGrant(redeem) = redeem(1) else { unreachable!() };
    let pass = RedeemGrant { passes: true, ..redeem.clone() };
    let again = Command::RedeemGrant(pass.clone());
    let passes = granted().play(again.clone());
    let repeated = Refusal::Conflict("the browser asks again for what it just got");
    passes.when(again.clone()).refused(repeated.clone());
    passes.clone().after(secs(9)).when(again.clone()).refused(repeated);
    let reused = [voided(1, GrantVoidedWhy::Reused)];
    passes.clone().after(secs(10)).when(again.clone()).then(reused.clone());
    let other = Command::RedeemGrant(RedeemGrant { fits: false, ..pass });
    passes.when(other).then(reused.clone());
    let by_the_app = Command::RedeemGrant(redeem);
    passes.when(by_the_app.clone()).then(reused.clone());
    granted().play(by_the_app).when(again).then(reused);
}

#[test]
fn a_grant_is_over_after_a_minute_and_is_its_own_apps() {
    granted().after(secs(60)).when(redeem(1)).refused(Refusal::AuthenticationFailed);
    granted().when(redeem(2)).refused(Refusal::AuthenticationFailed);
    let others = brought(1, client(2), true);
    granted().when(others).refused(Refusal::AuthenticationFailed);
    let wrong = brought(1, client(1), false);
    granted().when(wrong.clone()).then([voided(1, GrantVoidedWhy::Mismatched)]);
    granted().play(wrong).when(redeem(1)).refused(Refusal::AuthenticationFailed);
}

/// SR-132: less than the app asks for is not enough, and there is a way to more.
#[test]
fn sr_132_a_session_is_as_sure_and_as_young_as_the_app_asks() {
    let policy = Policy::default();
    let two_factor =
        || Command::IssueGrant(IssueGrant { assurance: Assurance::TwoFactor, ..asked(1) });
    given(signed_in()).when(two_factor()).refused(policy.step_up(StepUp::SecondFactor));
    given(enrolled()).when(two_factor()).then([issued(1, SignedDuration::ZERO)]);
    let young = Command::IssueGrant(IssueGrant { max_age: Some(mins(10)), ..asked(1) });
    given(signed_in()).after(mins(10)).when(young.clone()).then([issued(1, mins(10))]);
    let late = given(signed_in()).after(mins(11));
    late.when(young).refused(policy.step_up(StepUp::Password));
}

/// SR-129, SR-131: a grant goes along with its session, under whatever token, and ends with it.
#[test]
fn sr_131_a_grant_ends_with_its_session() {
    let password = Proven::Password { right: true };
    let proven = granted().play(prove(1, password, 2));
    assert!(matches!(proven.when(redeem(1)).events()[..], [AccountEvent::GrantRedeemed(_)]));
    let over = granted().and([ended(&[1], SessionEndedWhy::SignedOut)]);
    over.when(redeem(1)).refused(Refusal::AuthenticationFailed);
    let over = granted().after(hours(12));
    over.when(issue(2)).refused(Refusal::NoSession);
}

/// AT-33: a session is given sixty in a minute, under whatever token, and then waits; another one
/// of the same holder does not.
#[test]
fn at_33_a_session_is_given_sixty_grants_in_a_minute() {
    let begun = given(signed_in()).after(mins(1));
    let most = u8::try_from(GRANTS_PACE_MAX).unwrap();
    let full = (0..most).fold(begun, |given, number| given.play(issue(number)));
    let refusal = Refusal::TooManyRequests { retry_at: start() + mins(2) };
    full.when(issue(100)).refused(refusal.clone());
    let proven = full.clone().play(prove(1, Proven::Password { right: true }, 2));
    let of = |number| Command::IssueGrant(IssueGrant { session: session(number), ..asked(100) });
    proven.when(of(2)).refused(refusal.clone());
    full.clone().after(secs(59)).when(issue(100)).refused(refusal);
    assert_eq!(full.clone().after(mins(1)).when(issue(100)).events().len(), 1);
    let another = full.play(begin(RIGHT, 3));
    assert_eq!(another.when(of(3)).events().len(), 1);
}

/// A browser stays let in at its host, however many requests of apps come after.
#[test]
fn a_pass_is_the_last_of_the_grants_to_go() {
    let Command::RedeemGrant(redeem) = redeem(1) else { unreachable!() };
    let passes = granted().play(Command::RedeemGrant(RedeemGrant { passes: true, ..redeem }));
    let given = (2..102).fold(passes, |given, number| {
        let issued = given.after(secs(2)).play(issue(number));
        issued.play(brought(number, client(1), true))
    });
    let open = given.account.open().unwrap();
    assert_eq!(open.grants.len(), GRANTS_MAX);
    assert_eq!(open.grants.values().filter(|grant| grant.passes()).count(), 1);
}

/// Every bound has a name: the oldest goes.
#[test]
fn of_too_many_grants_the_oldest_goes() {
    let many = u8::try_from(GRANTS_MAX).unwrap() + 1;
    let of = |number| match number {
        ..33 => issue(number),
        _ => Command::IssueGrant(IssueGrant { session: session(3), ..asked(number) }),
    };
    let entered = given(signed_in()).play(begin(RIGHT, 3));
    let given = (1..=many).fold(entered, |given, number| given.play(of(number)));
    given.when(redeem(1)).refused(Refusal::AuthenticationFailed);
    assert!(matches!(given.when(redeem(2)).events()[..], [AccountEvent::GrantRedeemed(_)]));
}
