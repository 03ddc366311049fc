//! Each number, at its edge; what moves a block and what does not.

use countersign_events::id::{AccountId, Hash32};
use uuid::Uuid;

use super::*;
use crate::clock::ManualClock;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

struct House {
    clock: ManualClock,
    sources: Sources,
}

fn house_of(limits: SourceLimits, remembered_max: usize, blocked_max: usize) -> House {
    let clock = ManualClock::new("2026-11-24T12:00:00Z".parse().unwrap());
    let limits = Some(limits);
    let sources = Sources::within(limits, Arc::new(clock.clone()), remembered_max, blocked_max);
    House { clock, sources }
}

fn house() -> House {
    house_of(SourceLimits::default(), SOURCES_MAX, BLOCKED_MAX)
}

fn account(number: u128) -> StreamId {
    StreamId::Account(AccountId::new(Uuid::from_u128(number)))
}

impl House {
    fn note(&self, from: &str, account: StreamId, outcome: Outcome) {
        self.sources.note(Source::parse(from), account, outcome);
    }

    fn fail_password(&self, from: &str, number: u128) {
        self.note(from, account(number), Outcome::PasswordRejected);
    }

    fn fail_code(&self, from: &str, number: u128) {
        self.note(from, account(number), Outcome::CodeRejected);
    }

    /// When a source is let in again; now, where it is not blocked.
    fn blocked_until(&self, from: &str) -> Option<Timestamp> {
        match self.sources.admit(Source::parse(from)) {
            Ok(()) => None,
            Err(Refusal::TooManyRequests { retry_at }) => Some(retry_at),
            Err(other) => panic!("{other}"),
        }
    }

    fn is_blocked(&self, from: &str) -> bool {
        self.blocked_until(from).is_some()
    }

    fn mail(&self, from: &str) -> Result<(), Refusal> {
        self.sources.admit_mail(Source::parse(from))
    }

    fn in_an_hour(&self) -> Timestamp {
        self.clock.now().saturating_add(HOUR).unwrap()
    }
}

const HERE: &str = "192.0.2.7";

#[test]
fn sr_091_the_60th_wrong_password_of_an_hour_blocks_for_an_hour() {
    let house = house();
    for failure in 0..59 {
        house.fail_password(HERE, failure % 2);
        assert!(!house.is_blocked(HERE), "{failure}");
    }
    house.fail_password(HERE, 1);
    assert_eq!(house.blocked_until(HERE), Some(house.in_an_hour()));
    assert!(!house.is_blocked("192.0.2.8"));
    house.clock.advance(HOUR);
    assert!(!house.is_blocked(HERE));
}

#[test]
fn sr_091_wrong_passwords_of_an_hour_ago_are_forgotten() {
    let house = house();
    (0..59).for_each(|_| house.fail_password(HERE, 1));
    house.clock.advance(HOUR + MINUTE * 2);
    (0..59).for_each(|_| house.fail_password(HERE, 1));
    assert!(!house.is_blocked(HERE));
    house.fail_password(HERE, 1);
    assert!(house.is_blocked(HERE));
}

#[test]
fn sr_091_the_300th_wrong_password_of_a_day_blocks() {
    let house = house();
    for failure in 0..299 {
        house.fail_password(HERE, 1);
        assert!(!house.is_blocked(HERE), "{failure}");
        house.clock.advance(MINUTE * 2);
    }
    house.fail_password(HERE, 1);
    assert!(house.is_blocked(HERE));
    // The day is not forgiven with the hour.
    house.clock.advance(HOUR);
    assert!(!house.is_blocked(HERE));
    house.fail_password(HERE, 1);
    assert!(house.is_blocked(HERE));
}

#[test]
fn sr_091_a_wrong_password_at_the_20th_login_blocks_whether_there_are_such_accounts_or_not() {
    let unknown = |number: u8| StreamId::Unknown(Hash32::new([number; 32]));
    let house = house();
    (0..10).for_each(|number| house.fail_password(HERE, number));
    for number in 0..9 {
        house.note(HERE, unknown(number), Outcome::PasswordRejected);
        house.fail_password(HERE, 1);
    }
    assert!(!house.is_blocked(HERE));
    house.note(HERE, unknown(9), Outcome::PasswordRejected);
    assert!(house.is_blocked(HERE));
}

#[test]
fn sr_091_the_20th_wrong_code_of_an_hour_blocks() {
    let house = house();
    (0..19).for_each(|failure| house.fail_code(HERE, failure % 4));
    assert!(!house.is_blocked(HERE));
    house.fail_code(HERE, 0);
    assert_eq!(house.blocked_until(HERE), Some(house.in_an_hour()));
}

#[test]
fn sr_091_a_wrong_code_at_the_5th_account_blocks() {
    let house = house();
    (0..4).for_each(|number| house.fail_code(HERE, number));
    assert!(!house.is_blocked(HERE));
    house.fail_code(HERE, 4);
    assert!(house.is_blocked(HERE));
}

#[test]
fn sr_010_what_is_no_code_counts_as_a_failure_of_its_source_and_of_no_account() {
    let house = house();
    (0..19).for_each(|number| house.note(HERE, account(number), Outcome::CodeMalformed));
    assert!(!house.is_blocked(HERE));
    assert_eq!(house.sources.breaker().attempts_hour, 0);
    house.note(HERE, account(0), Outcome::CodeMalformed);
    assert!(house.is_blocked(HERE));
}

#[test]
fn sr_091_passwords_and_codes_are_counted_apart_and_successes_forgive_nothing() {
    let house = house();
    for _ in 0..19 {
        house.fail_code(HERE, 1);
        (0..3).for_each(|_| house.fail_password(HERE, 1));
        (0..50).for_each(|number| house.note(HERE, account(number), Outcome::CodeAccepted));
    }
    assert!(!house.is_blocked(HERE));
    house.fail_code(HERE, 1);
    assert!(house.is_blocked(HERE));
}

#[test]
fn at_33_no_attempt_moves_the_end_of_a_block() {
    let house = house();
    (0..5).for_each(|number| house.fail_code(HERE, number));
    let until = house.blocked_until(HERE);
    for _ in 0..59 {
        house.clock.advance(MINUTE);
        assert_eq!(house.blocked_until(HERE), until);
        // Judged already when the block began.
        (0..100).for_each(|number| house.fail_code(HERE, number));
    }
    house.clock.advance(MINUTE);
    assert!(!house.is_blocked(HERE));
    (0..4).for_each(|number| house.fail_code(HERE, number));
    assert!(!house.is_blocked(HERE), "after a block the hour begins anew");
    assert_eq!(house.sources.observe().blocks, 1);
}

#[test]
fn sr_073_an_ipv6_source_is_its_64_bits() {
    let house = house();
    for number in 0..5 {
        house.fail_code(&format!("2001:db8:1:2:{number}::1"), number);
    }
    assert!(house.is_blocked("2001:db8:1:2:ffff::9"));
    assert!(!house.is_blocked("2001:db8:1:3::1"));
}

#[test]
fn sr_091_48_bits_of_ipv6_have_ten_times_the_numbers() {
    let house = house();
    for number in 0..49 {
        house.fail_code(&format!("2001:db8:1:{:x}::1", number), number);
    }
    assert!(!house.is_blocked("2001:db8:1:ffff::1"));
    house.fail_code("2001:db8:1:1000::1", 49);
    assert!(house.is_blocked("2001:db8:1:ffff::1"));
    assert!(!house.is_blocked("2001:db8:2::1"));
}

#[test]
fn sr_073_an_ipv4_address_in_ipv6_clothes_is_the_same_source() {
    assert_eq!(Source::parse("::ffff:192.0.2.7"), Source::parse(HERE));
    for none in ["", "-", "local", "192.0.2", "192.0.2.7:80", "2001:db8::/64"] {
        assert_eq!(Source::parse(none), None, "{none}");
    }
}

#[test]
fn without_a_source_or_switched_off_nothing_is_limited_and_the_breaker_still_counts() {
    let nowhere = house();
    let off = House {
        sources: Sources::new(None, Arc::new(nowhere.clock.clone())),
        clock: nowhere.clock.clone(),
    };
    for number in 0..1000 {
        nowhere.fail_code("-", number);
        off.fail_code(HERE, number);
        assert_eq!((nowhere.mail("-"), off.mail(HERE)), (Ok(()), Ok(())));
    }
    for house in [nowhere, off] {
        assert!(!house.is_blocked("-") && !house.is_blocked(HERE));
        let observed = house.sources.observe();
        assert_eq!((observed.remembered, observed.breaker.failures_hour), (0, 1000));
        assert!(observed.breaker.tripped_since.is_some());
    }
}

#[test]
fn at_50_the_21st_mail_of_an_hour_is_refused_and_blocks_nothing() {
    let house = house();
    for mail in 0..20 {
        assert_eq!(house.mail(HERE), Ok(()), "{mail}");
    }
    let Err(Refusal::TooManyRequests { retry_at }) = house.mail(HERE) else { panic!("admitted") };
    let wait = retry_at.duration_since(house.clock.now());
    assert!((HOUR..=HOUR + MINUTE * 2).contains(&wait), "{wait}");
    assert!(!house.is_blocked(HERE));
    assert_eq!(house.mail("192.0.2.8"), Ok(()));
    house.clock.set(retry_at);
    assert_eq!(house.mail(HERE), Ok(()));
    (0..5).for_each(|number| house.fail_code(HERE, number));
    assert!(house.mail(HERE).is_err(), "who is blocked sends no mail");
}

/// SR-097: a clock that is set back shortens no block, and lengthens none for more than it stood.
#[test]
fn sr_097_a_clock_set_back_or_forward_and_back_shortens_no_block() {
    let house = house();
    (0..5).for_each(|number| house.fail_code(HERE, number));
    house.clock.advance(MINUTE * 10);
    assert!(house.is_blocked(HERE));
    house.clock.advance(-HOUR * 24);
    let left = house.blocked_until(HERE).unwrap().duration_since(house.clock.now());
    assert_eq!(left, MINUTE * 50);
    house.clock.advance(MINUTE * 50 - SignedDuration::from_millis(1));
    assert!(house.is_blocked(HERE));
    house.clock.advance(SignedDuration::from_millis(1));
    assert!(!house.is_blocked(HERE));
}

/// AT-55: what many sources leave in memory is bounded, and lets no blocked one go.
#[test]
fn at_55_a_flood_of_sources_evicts_the_least_recent_and_no_blocked_one() {
    let house = house_of(SourceLimits::default(), 100, 2);
    (0..5).for_each(|number| house.fail_code(HERE, number));
    (0..4).for_each(|number| house.fail_code("192.0.2.8", number));
    (0..4).for_each(|number| house.fail_code("192.0.2.9", number));
    for number in 0..99 {
        house.fail_code(&format!("198.51.100.{number}"), number);
    }
    assert_eq!(house.sources.observe().remembered, 100);
    assert!(house.is_blocked(HERE));
    house.fail_code("192.0.2.9", 4);
    assert!(house.is_blocked("192.0.2.9"), "failed recently, so it is remembered");
    house.fail_code("192.0.2.8", 4);
    assert!(!house.is_blocked("192.0.2.8"), "failed least recently");
    // No room for a third block: those that stand stay, and it comes when one has ended.
    (0..9).for_each(|number| house.fail_code("192.0.2.10", number));
    assert!(!house.is_blocked("192.0.2.10"));
    assert!(house.is_blocked(HERE) && house.is_blocked("192.0.2.9"));
    assert_eq!(house.sources.observe().blocked, 2);
    house.clock.advance(HOUR);
    house.fail_code("192.0.2.10", 1);
    (0..5).for_each(|number| house.fail_code("192.0.2.10", number));
    assert!(house.is_blocked("192.0.2.10"));
}

#[test]
fn a_tighter_configuration_is_what_holds() {
    let limits = SourceLimits { code_failures_hour: 1, block: MINUTE, ..SourceLimits::default() };
    let house = house_of(limits, SOURCES_MAX, BLOCKED_MAX);
    house.fail_code(HERE, 1);
    assert!(house.is_blocked(HERE));
    house.clock.advance(MINUTE);
    assert!(!house.is_blocked(HERE));
}

/// AT-33: what client apps tell of is kept apart from the callers, by app; made-up addresses put
/// nobody else's failures or blocks out of memory.
#[test]
fn at_33_what_an_app_tells_of_is_its_own() {
    let house = house_of(SourceLimits::default(), 8, 2);
    let app = |number: u128| Some(ClientId::new(Uuid::from_u128(number)));
    let told = |from: &str, number| Source::parse(from).map(|source| source.told_by(app(number)));
    let fails = |source, number| house.sources.note(source, account(number), Outcome::CodeRejected);
    for number in 0..4 {
        house.fail_code("192.0.2.99", number);
    }
    for address in 0..100 {
        for number in 0..5 {
            fails(told(&format!("192.0.2.{address}"), 1), number);
        }
    }
    let is_blocked = |source| !house.sources.admits(source);
    assert!(is_blocked(told("192.0.2.0", 1)), "as many as there is room for");
    assert!(!is_blocked(told("192.0.2.0", 2)) && !house.is_blocked("192.0.2.0"));
    house.fail_code("192.0.2.99", 4);
    assert!(house.is_blocked("192.0.2.99"), "nothing was forgotten of it");
}
