//! A year of an account, played out: who guesses at full rate gets no further than the caps, and
//! who owns the account gets in.

use countersign_events::account::{Lane, Method};
use jiff::SignedDuration;

use super::harness::{RIGHT, hours, mins, secs};
use super::world::{DAY, World, day};
use crate::domain::command::{FirstFactor, Proven};
use crate::domain::refusal::Refusal;

/// AT-36, SR-084: somebody who has the password guesses every hour of a year, four codes and on to
/// the next sign-in (AT-03), while the holder signs in every day. The holder is never asked to
/// change the password here, so that the cap alone is what holds.
#[test]
fn at_36_a_daily_holder_forgives_no_guess_of_a_year() {
    let mut world = World::without_demands();
    let mut cookie = world.signs_in(day(1), None, 0).unwrap();
    for number in 2..366 {
        for hour in 0..24 {
            let now = day(number) + hours(hour);
            world.guesses_all_it_may(now, None);
        }
        let evening = day(number) + hours(23) + mins(30);
        cookie = world.signs_in(evening, cookie, 0).expect("the holder gets in");
    }
    assert_eq!(world.codes(), (16, 0));
    assert!(world.disabled.is_empty());
}

/// SR-094: where the holder is asked, ten guesses are all.
#[test]
fn sr_094_the_holders_new_password_ends_the_attack_at_ten() {
    let mut world = World::new();
    let mut cookie = world.signs_in(day(1), None, 0).unwrap();
    let mut knows = true;
    for number in 2..366 {
        for hour in 0..24 {
            if knows {
                world.guesses_all_it_may(day(number) + hours(hour), None);
            }
        }
        let before = world.account.open().unwrap().password;
        let evening = day(number) + hours(23) + mins(30);
        cookie = world.signs_in(evening, cookie, 0).expect("the holder gets in");
        knows &= world.account.open().unwrap().password == before;
    }
    assert!(!knows, "the password was changed");
    let at_most = 16;
    assert!((10..=at_most).contains(&world.evaluated.len()), "{}", world.evaluated.len());
    assert_eq!(
        world.account.limits.unknown_second_steps(day(366)),
        0,
        "and the lane is open again"
    );
}

/// SR-084, AT-42: with the holder's cookie, copied one morning, there are five guesses more. The
/// holder, whose device is then one like any other, gets in by a recovery code; that forgives them
/// and makes the copy worth nothing.
#[test]
fn sr_084_a_copied_cookie_ends_at_the_holders_next_sign_in() {
    let mut world = World::without_demands();
    let mut cookie = world.signs_in(day(1), None, 0).unwrap();
    let mut copied = None;
    for number in 2..366 {
        if number == 100 {
            copied = cookie;
        }
        for hour in 0..24 {
            let now = day(number) + hours(hour);
            world.guesses_all_it_may(now, copied);
        }
        let evening = day(number) + hours(23) + mins(30);
        let signed_in = world.signs_in(evening, cookie, 0);
        assert_eq!(signed_in.is_err(), number == 100, "{number}: {signed_in:?}");
        cookie = signed_in.unwrap_or_else(|_| world.recovers(evening, cookie));
    }
    assert_eq!(world.codes(), (16, 5));
}

/// SR-084, AT-42: the holder stays signed in and proves the second factor again every day. The copy
/// of his cookie is worth four guesses before the first of these proofs, and nothing after it.
#[test]
fn sr_084_a_daily_proof_within_a_session_is_worth_nothing_to_a_copied_cookie() {
    let mut world = World::without_demands();
    world.policy.session_overall = DAY * 400;
    let mut browser = world.enters(day(1), None, 0).unwrap();
    let copied = browser.cookie;
    for number in 2..92 {
        world.guesses_four(day(number), copied);
        browser = world.steps_up_by_code(day(number) + hours(1), browser);
    }
    assert_eq!(world.codes(), (16, 4));
    assert_ne!(browser.cookie, copied);
}

/// SR-084, AT-42: a code by e-mail leaves the device its handle, and so forgives nothing there that
/// the copy of it has done.
#[test]
fn sr_084_a_daily_sign_in_by_e_mail_is_worth_nothing_to_a_copied_cookie() {
    let mut world = World::without_demands();
    let cookie = world.signs_in(day(1), None, 0).unwrap();
    for number in 2..92 {
        world.guesses_four(day(number), cookie);
        world.enters_by_mail(day(number) + hours(1), cookie).expect("the holder gets in");
    }
    assert_eq!(world.codes(), (16, 5));
}

/// SR-084, AT-42: nor does the right password within the holder's session forgive what was wrong
/// elsewhere with a copy of its device's cookie: ten in thirty days, and those of any other.
#[test]
fn sr_084_a_daily_password_within_a_session_is_worth_nothing_to_a_copied_cookie() {
    let mut world = World::new();
    world.policy.session_overall = DAY * 400;
    let mut browser = world.enters(day(1), None, 0).unwrap();
    for number in 2..32 {
        for _ in 0..9 {
            let _refused = world.password(day(number), browser.cookie, FirstFactor::PasswordWrong);
        }
        let now = day(number) + hours(2);
        let proven = Proven::Password { right: true };
        browser = world.steps_up(now, browser, proven).unwrap_or(browser);
    }
    assert_eq!(world.of(Method::Password, Lane::Known), 10);
    assert!(world.of(Method::Password, Lane::Unknown) <= 100);
}

/// SR-084, SR-085: whoever has used up a copied cookie goes on in the lane of all, and what is
/// wrong there is tied to no device: the holder's success at his forgives the five, and not the
/// sixteen.
#[test]
fn sr_084_the_holders_device_forgives_nothing_in_the_lane_of_all() {
    let mut world = World::without_demands();
    let cookie = world.signs_in(day(1), None, 0).unwrap();
    for number in 2..60 {
        for hour in 0..24 {
            world.guesses_all_it_may(day(number) + hours(hour), cookie);
        }
    }
    assert_eq!(world.codes(), (16, 5));
    let mut cookie = world.recovers(day(60), cookie);
    for number in 61..360 {
        world.guesses_all_it_may(day(number), None);
        cookie = world.signs_in(day(number) + hours(1), cookie, 0).expect("the holder gets in");
    }
    assert_eq!(world.codes(), (16, 5), "not sixteen more");
}

/// SR-085, SR-086: with every cookie of the holder at once and no sign-in of his in a year: ten
/// from known devices, twenty-six in all, and then the authenticator must be bound anew.
#[test]
fn sr_086_with_every_cookie_it_is_twenty_six_and_the_authenticator_is_worth_nothing() {
    let mut world = World::without_demands();
    let cookies: Vec<_> =
        (1..=4).map(|hour| world.signs_in(day(1) + hours(hour), None, 0).unwrap()).collect();
    for number in 2..80 {
        for hour in 0..24 {
            for cookie in &cookies {
                world.guesses_all_it_may(day(number) + hours(hour), *cookie);
            }
            world.guesses_all_it_may(day(number) + hours(hour), None);
        }
    }
    assert_eq!(world.codes(), (16, 10));
    assert_eq!(world.disabled, [Method::Totp]);
    let sign_in = world.password(day(80), cookies[0], RIGHT).unwrap();
    let refused = world.code(day(80), cookies[0], sign_in, &[0]);
    assert_eq!(refused, Err(Refusal::AuthenticationFailed), "the right code, too");
}

/// AT-33, SR-088: thirty days of wrong passwords at full rate. From a known device the holder gets
/// in at any time; from a new one within an hour, as long as the lane is open, and then at once
/// after a new password by mail.
#[test]
fn at_33_thirty_days_of_wrong_passwords_lock_nobody_out() {
    let mut world = World::new();
    let mut cookie = world.signs_in(day(1), None, 0).unwrap();
    let (mut longest, mut closed_at) = (SignedDuration::ZERO, None);
    for half_hour in 0..(30 * 48) {
        let now = day(2) + mins(30) * half_hour;
        for _ in 0..200 {
            let _refused = world.password(now, None, FirstFactor::PasswordWrong);
        }
        if half_hour % 12 == 0 {
            cookie = world.signs_in(now, cookie, 1).expect("from a known device, at any time");
        }
        match world.password(now, None, FirstFactor::PasswordWrong) {
            Err(Refusal::TooManyRequests { retry_at }) if closed_at.is_none() => {
                let wait = retry_at.duration_since(now);
                if wait > hours(1) {
                    closed_at = Some(now);
                } else {
                    longest = longest.max(wait);
                }
            }
            Err(Refusal::TooManyRequests { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(longest <= hours(1), "{longest:#}");
    let closed_at = closed_at.expect("a hundred wrong ones");
    assert!(closed_at.duration_since(day(2)) >= hours(90), "not before ninety hours");
    let now = day(33);
    world.resets(now);
    world.signs_in(now + secs(31), None, 0).expect("from a new device, after one mail");
}

/// SR-083: a hundred thousand tries in a cool-down leave nothing in the log but one sum.
#[test]
fn sr_083_a_hundred_thousand_refused_tries_leave_no_entry() {
    let mut world = World::new();
    world.guesses_all_it_may(day(1), None);
    assert_eq!(world.evaluated.len(), 5);
    let sign_in = world.password(day(1), None, RIGHT).unwrap();
    let before = world.entries;
    for _ in 0..100_000 {
        let refused = world.code(day(1), None, sign_in, &[]);
        // The fifth code was the first of a second sign-in, three seconds after the first.
        let retry_at = day(1) + secs(3) + mins(15);
        assert_eq!(refused, Err(Refusal::TooManyRequests { retry_at }));
    }
    assert_eq!(world.entries, before);
}

/// Three hundred people, a year, two sign-ins a day, four in a hundred codes mistyped, and of these
/// one in twenty given up: at most one sign-in in five thousand is refused, and nobody's
/// authenticator is disabled, with cookies and without.
#[test]
fn sr_084_three_hundred_people_mistype_for_a_year_and_none_is_locked_out() {
    for keeps_cookies in [true, false] {
        let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
        let (mut refused, mut sign_ins) = (0_u32, 0_u32);
        for _ in 0..300 {
            let mut world = World::new();
            let mut cookie = None;
            for number in 1..366 {
                for hour in [8, 19] {
                    let now = day(number) + hours(hour) + secs(i64::from(chance.of(3_000)));
                    sign_ins += 1;
                    let typos = (0..3).take_while(|_| chance.of(100) < 4).count();
                    let typos = u32::try_from(typos).unwrap();
                    if typos > 0 && chance.of(100) < 5 {
                        let abandoned = world.password(now, cookie, RIGHT).and_then(|sign_in| {
                            (0..typos)
                                .try_for_each(|_| world.code(now, cookie, sign_in, &[]).map(drop))
                        });
                        refused += u32::from(abandoned.is_err());
                        continue;
                    }
                    match world.signs_in(now, cookie, typos) {
                        Ok(next) => cookie = next.filter(|_| keeps_cookies),
                        Err(_) => refused += 1,
                    }
                }
            }
            assert_eq!(world.disabled, [], "nobody is disabled");
        }
        assert_eq!(sign_ins, 300 * 365 * 2);
        assert!(refused * 5_000 <= sign_ins, "{refused} of {sign_ins}, cookies {keeps_cookies}");
    }
}

/// SR-085: forty-eight mistyped codes in a year, each forgiven by the right one that followed, with
/// cookies and without: never refused, and at the end nothing is unresolved.
#[test]
fn sr_085_forty_eight_forgiven_typos_in_a_year_disable_nobody() {
    for keeps_cookies in [true, false] {
        let mut world = World::new();
        let mut cookie = None;
        for number in 1..=48 {
            let now = day(number * 7) + hours(8);
            let next = world.signs_in(now, cookie, 1);
            cookie = next.expect("never refused").filter(|_| keeps_cookies);
        }
        let (elsewhere, known) = world.codes();
        assert_eq!((elsewhere + known, world.disabled.len()), (48, 0), "{keeps_cookies}");
        let counter = world.account.limits.of(Method::Totp);
        assert_eq!(counter.all_unresolved(Method::Totp, day(48 * 7 + 1)), 0, "{keeps_cookies}");
    }
}

/// A generator that gives the same year every time (xorshift64*).
struct Chance(u64);

impl Chance {
    /// A number below this one.
    fn of(&mut self, below: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        u32::try_from(high).unwrap() % below
    }
}
