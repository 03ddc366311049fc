//! A year of an account, played out: who guesses at full rate gets no further than the caps, and
//! who owns the account gets in.

use countersign_events::account::{
    AccountEvent, CodeRejected, Counted, EmailConfirmed, Lane, LockRule, LockedOut, Method,
    SessionOpened,
};
use countersign_events::id::{HandleHash, Revision};
use jiff::{SignedDuration, Timestamp};

use super::harness::{
    email_commitment, enrolled, event_id, factor, given, hours, mins, secs, start, version,
};
use crate::domain::command::{
    AtDevice, Command, Context, Evidence, FirstFactor, SetDemandedPassword, SignIn, VerifyCode,
};
use crate::domain::limits::Refused;
use crate::domain::policy::Policy;
use crate::domain::refusal::Refusal;
use crate::domain::totp::{Compared, PERIOD_SECONDS};
use crate::domain::{Account, StampedEvent, decide, evolve};

const RIGHT: FirstFactor = FirstFactor::PasswordRight { rehashed: None };
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// An account with an authenticator, and everybody around it.
struct World {
    account: Account,
    policy: Policy,
    minted: u64,
    /// The lanes of the guesses that were evaluated and wrong.
    evaluated: Vec<Lane>,
    /// The entries that the log has grown by.
    entries: usize,
    /// Methods that must be bound anew, as the log says.
    disabled: Vec<Method>,
}

impl World {
    fn new() -> Self {
        Self {
            account: given(enrolled()).account,
            policy: Policy::default(),
            minted: 0,
            evaluated: vec![],
            entries: 0,
            disabled: vec![],
        }
    }

    fn mint(&mut self) -> HandleHash {
        self.minted += 1;
        HandleHash::new(u128::from(self.minted).to_be_bytes())
    }

    /// One command from a browser that holds a cookie, or from a program that holds none.
    fn ask(
        &mut self,
        now: Timestamp,
        cookie: Option<HandleHash>,
        command: &Command,
    ) -> Result<Vec<AccountEvent>, Refusal> {
        let device = Some(AtDevice { holds: cookie, next: Some(self.mint()) });
        let refused = Refused::new();
        let context = Context { now, policy: &self.policy, refused: &refused, device };
        let events = decide(&self.account, command, &context)?;
        for event in &events {
            self.happens(now, event.clone());
        }
        Ok(events)
    }

    /// An event, appended and evolved.
    fn happens(&mut self, now: Timestamp, event: AccountEvent) {
        let revision = self.account.last.map_or(Revision::new(0), |(last, _)| last.next());
        let (id, pii) = (event_id(revision.get()), Some(email_commitment()));
        if let AccountEvent::LockedOut(LockedOut { method, rule: LockRule::HardCap, .. }) = event {
            self.disabled.push(method);
        }
        let stamped = StampedEvent { revision, id, at: now, idempotency: None, pii, event };
        self.account = evolve(std::mem::take(&mut self.account), &stamped);
        self.entries += 1;
    }

    fn password(
        &mut self,
        now: Timestamp,
        cookie: Option<HandleHash>,
        first: FirstFactor,
    ) -> Result<HandleHash, Refusal> {
        let (sign_in, session) = (self.mint(), self.mint());
        self.ask(now, cookie, &Command::SignIn(SignIn { first, sign_in, session }))?;
        Ok(sign_in)
    }

    fn code(
        &mut self,
        now: Timestamp,
        cookie: Option<HandleHash>,
        sign_in: HandleHash,
        offsets: &[i32],
    ) -> Result<Vec<AccountEvent>, Refusal> {
        let step = u64::try_from(now.as_second()).unwrap() / PERIOD_SECONDS;
        let evidence = Evidence::Totp(Compared::with_offsets(factor(1), step, offsets));
        let (session, next) = (self.mint(), self.mint());
        let command = VerifyCode { sign_in, evidence, session, next };
        let events = self.ask(now, cookie, &Command::VerifyCode(command))?;
        for event in &events {
            if let AccountEvent::CodeRejected(CodeRejected {
                counted: Counted { lane, .. }, ..
            }) = event
            {
                self.evaluated.push(*lane);
            }
        }
        Ok(events)
    }

    /// Password, some mistyped codes, and the right one. What the browser holds from then on.
    fn signs_in(
        &mut self,
        now: Timestamp,
        cookie: Option<HandleHash>,
        typos: u32,
    ) -> Result<Option<HandleHash>, Refusal> {
        let sign_in = self.password(now, cookie, RIGHT)?;
        for _ in 0..typos {
            self.code(now, cookie, sign_in, &[])?;
        }
        let events = self.code(now, cookie, sign_in, &[0])?;
        let mut opened = events.iter().find_map(session_opened);
        if let Some(asked) = events.iter().find_map(demanded) {
            let (next, session) = (self.mint(), self.mint());
            let version = version(self.minted);
            let set = SetDemandedPassword { sign_in: asked, version, session, next };
            let events = self.ask(now, cookie, &Command::SetDemandedPassword(set))?;
            opened = events.iter().find_map(session_opened);
        }
        let opened = opened.expect("a session");
        Ok(opened.device.map(|device| device.device))
    }

    /// Password and the first recovery code. What the browser holds from then on.
    fn recovers(&mut self, now: Timestamp, cookie: Option<HandleHash>) -> Option<HandleHash> {
        let sign_in = self.password(now, cookie, RIGHT).unwrap();
        let evidence = Evidence::RecoveryCode { index: Some(0) };
        let (session, next) = (self.mint(), self.mint());
        let command = VerifyCode { sign_in, evidence, session, next };
        let events = self.ask(now, cookie, &Command::VerifyCode(command)).unwrap();
        events.iter().find_map(session_opened)?.device.map(|device| device.device)
    }

    /// As many guesses as are allowed now, five in a sign-in, each in as many as it takes.
    fn guesses_all_it_may(&mut self, now: Timestamp, cookie: Option<HandleHash>) {
        for _ in 0..20 {
            let Ok(sign_in) = self.password(now, cookie, RIGHT) else { return };
            for _ in 0..4 {
                if self.code(now, cookie, sign_in, &[]).is_err() {
                    break;
                }
            }
        }
    }

    fn count(&self, lane: Lane) -> usize {
        self.evaluated.iter().filter(|of| **of == lane).count()
    }
}

fn session_opened(event: &AccountEvent) -> Option<SessionOpened> {
    match event {
        AccountEvent::CodeVerified(verified) => verified.session.clone(),
        AccountEvent::PasswordSet(set) => set.session.clone(),
        _ => None,
    }
}

fn demanded(event: &AccountEvent) -> Option<HandleHash> {
    match event {
        AccountEvent::CodeVerified(verified) => Some(verified.next.as_ref()?.sign_in),
        _ => None,
    }
}

fn day(number: i32) -> Timestamp {
    start() + DAY * number
}

/// AT-36, SR-084: somebody who has the password guesses every hour of a year, four codes and on to
/// the next sign-in (AT-03), while the holder signs in every day. The holder is never asked to
/// change the password here, so that the cap alone is what holds.
#[test]
fn at_36_a_daily_holder_forgives_no_guess_of_a_year() {
    let mut world = World::new();
    world.policy.limits.demands_password = u32::MAX;
    let mut cookie = world.signs_in(day(1), None, 0).unwrap();
    for number in 2..366 {
        for hour in 0..24 {
            let now = day(number) + hours(hour);
            world.guesses_all_it_may(now, None);
        }
        let evening = day(number) + hours(23) + mins(30);
        cookie = world.signs_in(evening, cookie, 0).expect("the holder gets in");
    }
    assert_eq!((world.count(Lane::Unknown), world.count(Lane::Known)), (16, 0));
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
    let mut world = World::new();
    world.policy.limits.demands_password = u32::MAX;
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
    assert_eq!((world.count(Lane::Unknown), world.count(Lane::Known)), (16, 5));
}

/// SR-085, SR-086: with every cookie of the holder at once and no sign-in of his in a year: ten
/// from known devices, twenty-six in all, and then the authenticator must be bound anew.
#[test]
fn sr_086_with_every_cookie_it_is_twenty_six_and_the_authenticator_is_worth_nothing() {
    let mut world = World::new();
    world.policy.limits.demands_password = u32::MAX;
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
    assert_eq!((world.count(Lane::Unknown), world.count(Lane::Known)), (16, 10));
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
    world.policy.email_codes_withheld = SignedDuration::ZERO;
    let confirmed = AccountEvent::EmailConfirmed(EmailConfirmed {});
    world.happens(now, confirmed);
    world.ask(now, None, &Command::RequestPasswordReset).unwrap();
    world.ask(now, None, &Command::ResetPassword { version: version(900) }).unwrap();
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
        let retry_at = day(1) + mins(15);
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
