//! Thirty days of attack at full rate, and the holder's way in on every one of them (AT-33,
//! SR-088).
//!
//! Every half hour whoever guesses tries all that there is to try, and then the holder comes: on
//! every day in a world of its own, so that nothing he does on one day makes the next one easier;
//! and once more as he lives, day after day in the same one.
//!
//! **What is assumed here:** between two bursts nobody tries, so that whoever waits as long as he
//! is told has the next try. A guesser who never rests takes every try that a wait leaves, and then
//! only a link of a mail, followed in the browser that is to sign in, is a way in: that is played
//! out in `unlock.rs`. Who calls without cookies, or has no proven address, has none.

use countersign_events::account::{Lane, Method};
use countersign_events::id::{HandleHash, SecretVersion};
use jiff::{SignedDuration, Timestamp};

use super::harness::{RIGHT, hours, mins, secs};
use super::world::{World, day};
use crate::domain::command::FirstFactor;
use crate::domain::refusal::Refusal;

const DAYS: i32 = 30;
/// Tries at once, every half hour.
const BURST: usize = 200;

/// What whoever guesses has.
#[derive(Debug, Clone, Copy, Default)]
struct Attacker {
    /// The password of that version.
    password: Option<SecretVersion>,
    /// A cookie of the holder's, copied.
    cookie: Option<HandleHash>,
}

impl Attacker {
    /// Everything that there is to try now: codes, as long as the password is the one that is
    /// known, and passwords.
    fn tries(self, world: &mut World, now: Timestamp) {
        let present = world.account.open().unwrap().password;
        if present.is_some() && present == self.password {
            world.guesses_all_it_may(now, self.cookie);
            world.guesses_all_it_may(now, None);
            // More sign-ins than may wait at once.
            for _ in 0..12 {
                let _refused = world.password(now, None, RIGHT);
            }
        }
        for cookie in [self.cookie, None] {
            for _ in 0..BURST {
                let _refused = world.password(now, cookie, FirstFactor::PasswordWrong);
            }
        }
    }
}

/// How the holder got in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    AtOnce,
    WithinAnHour,
    ByOneMail,
}

/// The holder comes, with the phone and the mailbox and no recovery codes, to a browser that holds
/// this or nothing: at once, after an hour at most, or by a link in a mail.
fn gets_in(
    world: &mut World,
    now: Timestamp,
    cookie: Option<HandleHash>,
) -> (Way, Option<HandleHash>) {
    let until = match world.signs_in(now, cookie, 0) {
        Ok(cookie) => return (Way::AtOnce, cookie),
        Err(Refusal::TooManyRequests { retry_at }) => retry_at,
        Err(refusal) => panic!("{now}: {refusal:?}"),
    };
    if until.duration_since(now) <= hours(1)
        && let Ok(cookie) = world.signs_in(until, cookie, 0)
    {
        return (Way::WithinAnHour, cookie);
    }
    let now = now + mins(1);
    world.resets(now);
    (Way::ByOneMail, world.signs_in(now + secs(31), cookie, 0).expect("by one mail"))
}

/// A world in which the holder has signed in at two devices, an hour ago and now.
fn two_devices() -> (World, [Option<HandleHash>; 2]) {
    let mut world = World::new();
    let devices = [hours(-1), SignedDuration::ZERO].map(|since| {
        let now = day(1) + since;
        world.signs_in(now, None, 0).unwrap()
    });
    (world, devices)
}

fn knows_password(world: &World) -> Attacker {
    Attacker { password: world.account.open().unwrap().password, cookie: None }
}

/// Attacks for thirty days. What each of the browsers needed on each day, in a world of its own.
fn besieged(
    world: &mut World,
    attacker: Attacker,
    browsers: &[Option<HandleHash>],
) -> Vec<Vec<Way>> {
    let mut ways = vec![vec![]; browsers.len()];
    for number in 0..DAYS {
        for half_hour in 0..48 {
            attacker.tries(world, day(2 + number) + mins(30 * half_hour));
        }
        let evening = day(2 + number) + hours(23) + mins(40);
        for (ways, browser) in ways.iter_mut().zip(browsers) {
            ways.push(gets_in(&mut world.clone(), evening, *browser).0);
        }
    }
    ways
}

fn is_always(ways: &[Way], way: Way) -> bool {
    ways.len() == usize::try_from(DAYS).unwrap() && ways.iter().all(|of| *of == way)
}

/// Who knows nothing makes unknown devices wait for the password, an hour at most, and closes their
/// lane after days: then it takes one mail.
#[test]
fn at_33_sr_088_who_knows_nothing_shuts_nobody_out() {
    let (mut world, devices) = two_devices();
    let ways = besieged(&mut world, Attacker::default(), &[devices[0], None]);
    assert!(is_always(&ways[0], Way::AtOnce), "{:?}", ways[0]);
    assert!(ways[1].contains(&Way::WithinAnHour) && ways[1].contains(&Way::ByOneMail));
    assert_eq!(world.of(Method::Password, Lane::Unknown), 100);
    assert_eq!(world.codes(), (0, 0));
}

/// Who knows the password closes the lane of codes from unknown devices as well. A known device
/// gets in at once, and a new one by one mail, which ends that password and opens the lane.
#[test]
fn at_33_sr_088_who_knows_the_password_shuts_nobody_out() {
    let (mut world, devices) = two_devices();
    let attacker = knows_password(&world);
    let ways = besieged(&mut world, attacker, &[devices[0], None]);
    assert!(is_always(&ways[0], Way::AtOnce), "{:?}", ways[0]);
    assert!(ways[1].iter().all(|way| *way <= Way::ByOneMail), "{:?}", ways[1]);
    assert_eq!(world.codes(), (16, 0));
    assert!(world.disabled.is_empty());
}

/// With a cookie that was copied at one of them, that device is used up, and gets in by one mail
/// like a new one; the other, whose cookie nobody copied, at once.
#[test]
fn at_33_sr_088_who_copied_a_cookie_too_shuts_nobody_out() {
    let (mut world, devices) = two_devices();
    let attacker = Attacker { cookie: devices[1], ..knows_password(&world) };
    let ways = besieged(&mut world, attacker, &[devices[0], devices[1], None]);
    assert!(is_always(&ways[0], Way::AtOnce), "{:?}", ways[0]);
    assert!(is_always(&ways[1], Way::ByOneMail), "{:?}", ways[1]);
    assert!(is_always(&ways[2], Way::ByOneMail), "{:?}", ways[2]);
    assert_eq!(world.codes(), (16, 5));
    assert!(world.disabled.is_empty());
}

/// As the holder lives: one day of trouble at the most, and the guesser is gone with the password.
#[test]
fn at_33_sr_088_whoever_comes_every_day_is_rid_of_the_guesser_on_the_first() {
    for copies in [false, true] {
        let (mut world, [_, mut cookie]) = two_devices();
        let copied = cookie.filter(|_| copies);
        let attacker = Attacker { cookie: copied, ..knows_password(&world) };
        let mut ways = vec![];
        for number in 0..DAYS {
            for half_hour in 0..48 {
                attacker.tries(&mut world, day(2 + number) + mins(30 * half_hour));
            }
            let evening = day(2 + number) + hours(23) + mins(40);
            let (way, next) = gets_in(&mut world, evening, cookie);
            ways.push(way);
            cookie = next;
        }
        let first = if copies { Way::ByOneMail } else { Way::AtOnce };
        assert_eq!(ways[0], first);
        assert!(ways[1..].iter().all(|way| *way == Way::AtOnce), "{ways:?}");
        assert_ne!(world.account.open().unwrap().password, attacker.password);
        let (elsewhere, at_it) = world.codes();
        assert!(elsewhere <= 16 && at_it <= 5, "{elsewhere} and {at_it}");
    }
}
