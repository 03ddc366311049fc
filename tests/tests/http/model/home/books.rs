//! The books of an account with a password, a known browser and a mailbox: what the documents say
//! must happen, in as few words as will do. They share no code with the program.

use std::collections::BTreeMap;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;
pub(super) const YEAR: i64 = 365 * DAY;
const SIGN_IN_LIVES: i64 = 10 * MINUTE;
const GUESSES_PER_SIGN_IN: u32 = 5;
const SESSION_IDLE: i64 = 30 * MINUTE;
const DEVICE_LIVES: i64 = 90 * DAY;
const LINK_LIVES: i64 = 30 * MINUTE;
const WITHHELD: i64 = 7 * DAY;
/// Unresolved second steps from unknown browsers that demand a new password.
const DEMANDS: usize = 10;

/// A call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// The right password at the known browser, or at one that holds nothing.
    Home,
    Away,
    /// The whole sign-in there: the password, and the code that the authenticator shows.
    EnterHome,
    EnterAway,
    /// A wrong password at a browser that holds nothing.
    WrongPassword,
    /// A code of the authenticator in the sign-in begun last: the one it shows, or another. Where a
    /// new password is asked for then, it is set at once.
    Right,
    Wrong,
    /// Asks for a link to a new password; follows the newest one.
    Ask,
    Use,
    /// Follows the link of the newest notice: this was not me.
    Object,
    /// Follows the link that opens a closed password.
    Unlock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Password,
    Totp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    Unknown,
    Known,
}

/// What must be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// A sign-in that waits, with these ways to go on.
    Begun(Vec<&'static str>),
    /// A session; first a new password, where one is demanded.
    Entered {
        demanded: bool,
    },
    /// It is done, whatever there was to do.
    Done(u16),
    Refused,
    Waits(i64),
    /// What is over is refused; as long as its way must wait, that may be told instead.
    RefusedOrWaits(i64),
}

/// What a notice tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Guesses,
    PasswordReset,
    Other,
}

#[derive(Debug, Clone)]
struct Failure {
    way: Way,
    at: i64,
    sign_in: Option<usize>,
    lane: Lane,
    device: Option<u32>,
}

#[derive(Debug, Clone)]
struct SignIn {
    began: i64,
    guesses: u32,
    over: bool,
    at_home: bool,
    /// Whether it began at a browser that was known then.
    known: bool,
}

/// The browser at home, while it is known.
#[derive(Debug, Clone, Copy)]
struct Known {
    generation: u32,
    first_seen: i64,
    until: i64,
}

/// The books.
#[derive(Debug, Clone, Default)]
pub(super) struct Books {
    password_cap: usize,
    known: Option<Known>,
    generations: u32,
    failures: Vec<Failure>,
    waits: BTreeMap<Way, i64>,
    sign_ins: Vec<SignIn>,
    demanded: bool,
    /// Until when codes by e-mail are withheld.
    withheld: Option<i64>,
    link: Option<i64>,
    asked: Vec<i64>,
    opened_by_mail: Option<i64>,
    closed: bool,
    /// When each session was last used, by its number; and how many there ever were.
    sessions: BTreeMap<usize, i64>,
    pub(super) entered: usize,
    pub(super) passwords: u32,
    pub(super) facts: BTreeMap<&'static str, u64>,
    /// Of every wrong code: its lane, and how many are unresolved in it then.
    pub(super) counted: Vec<(Lane, u32)>,
}

impl Books {
    /// Those of an account whose password so many wrong ones close.
    pub(super) fn under(password_cap: usize) -> Self {
        Self { password_cap, ..Self::default() }
    }

    fn happens(&mut self, fact: &'static str) {
        *self.facts.entry(fact).or_default() += 1;
    }

    fn cap(&self, way: Way) -> usize {
        match way {
            Way::Password => self.password_cap,
            Way::Totp => 16,
        }
    }

    const fn window(way: Way) -> i64 {
        match way {
            Way::Password => 30 * DAY,
            Way::Totp => YEAR,
        }
    }

    fn counting(&self, way: Way, lane: Lane, now: i64) -> Vec<&Failure> {
        let counts =
            |it: &&Failure| it.way == way && it.lane == lane && now - it.at < Self::window(way);
        self.failures.iter().filter(counts).collect()
    }

    fn count(&self, way: Way, lane: Lane, now: i64) -> usize {
        self.counting(way, lane, now).len()
    }

    fn known(&self, at_home: bool, now: i64) -> Option<Known> {
        self.known.filter(|known| at_home && now < known.until)
    }

    /// The lane of a guess, and the browser that it is tied to.
    fn lane(&self, way: Way, at_home: bool, now: i64) -> (Lane, Option<u32>) {
        let Some(known) = self.known(at_home, now) else { return (Lane::Unknown, None) };
        let of_lane = self.counting(way, Lane::Known, now);
        let device = Some(known.generation);
        let of_device = of_lane.iter().filter(|failure| failure.device == device).count();
        let (per_device, all) = match way {
            Way::Password => (10, usize::MAX),
            Way::Totp => (5, 10),
        };
        if of_device < per_device && of_lane.len() < all {
            (Lane::Known, device)
        } else {
            (Lane::Unknown, None)
        }
    }

    /// Until when a guess is refused unevaluated.
    fn shut_until(&self, way: Way, at_home: bool, now: i64) -> Option<i64> {
        if self.lane(way, at_home, now).0 == Lane::Known {
            return None;
        }
        let wait = self.waits.get(&way).copied().filter(|until| now < *until);
        wait.or_else(|| self.closed_until(way, now))
    }

    fn closed_until(&self, way: Way, now: i64) -> Option<i64> {
        let of_lane = self.counting(way, Lane::Unknown, now);
        let beyond = of_lane.len().checked_sub(self.cap(way))?;
        of_lane.get(beyond).map(|oldest| oldest.at + Self::window(way))
    }

    fn wait_after(way: Way, unresolved: usize) -> Option<i64> {
        match (way, unresolved) {
            (Way::Password, 5..) => Some((30 << (unresolved - 5).min(10)).min(HOUR)),
            (Way::Totp, 5) => Some(15 * MINUTE),
            (Way::Totp, 10) => Some(HOUR),
            (Way::Totp, 13) => Some(12 * HOUR),
            _ => None,
        }
    }

    /// A guess that was evaluated and wrong.
    fn fail(&mut self, way: Way, at_home: bool, now: i64, sign_in: Option<usize>) {
        let (lane, device) = self.lane(way, at_home, now);
        self.failures.push(Failure { way, at: now, sign_in, lane, device });
        let unresolved = self.count(way, lane, now);
        self.happens(match way {
            Way::Password => "account.password_rejected",
            Way::Totp => "account.code_rejected",
        });
        if way == Way::Totp {
            self.counted.push((lane, u32::try_from(unresolved).unwrap()));
            let all = unresolved + self.count(way, Lane::Known, now);
            assert!(self.count(way, Lane::Unknown, now) <= 16 && all <= 26, "I1");
        }
        if lane == Lane::Known {
            return;
        }
        let ends_sign_ins = if unresolved >= self.cap(way) {
            self.happens("account.locked_out");
            self.closed |= way == Way::Password;
            true
        } else if let Some(wait) = Self::wait_after(way, unresolved) {
            self.happens("account.cooled_down");
            self.waits.insert(way, now + wait);
            true
        } else {
            false
        };
        if ends_sign_ins && way == Way::Totp {
            let unknown = self.sign_ins.iter_mut().filter(|sign_in| !sign_in.known);
            unknown.for_each(|sign_in| sign_in.over = true);
        }
        if way == Way::Totp && unresolved >= DEMANDS && !self.demanded {
            self.demanded = true;
        }
    }

    /// The ways that are told after the right password.
    fn ways(&self, at_home: bool, now: i64) -> Vec<&'static str> {
        let is_closed = self.lane(Way::Totp, at_home, now).0 == Lane::Unknown
            && self.waits.get(&Way::Totp).is_none_or(|until| now >= *until)
            && self.closed_until(Way::Totp, now).is_some();
        let is_withheld = self.withheld.is_some_and(|until| now < until);
        let totp = (!is_closed).then_some("totp");
        let by_mail = (!is_withheld).then_some("email_code");
        totp.into_iter().chain(by_mail).chain(Some("recovery_code")).collect()
    }

    pub(super) fn password(&mut self, now: i64, at_home: bool, right: bool) -> Expected {
        if let Some(until) = self.shut_until(Way::Password, at_home, now) {
            return Expected::Waits(until);
        }
        if !right {
            self.fail(Way::Password, at_home, now, None);
            return Expected::Refused;
        }
        self.happens("account.password_verified");
        let known = self.known(at_home, now).is_some();
        self.sign_ins.push(SignIn { began: now, guesses: 0, over: false, at_home, known });
        Expected::Begun(self.ways(at_home, now))
    }

    /// A code in the sign-in begun last. I4: nothing but a right one, in a sign-in that is alive,
    /// leads to a session.
    pub(super) fn code(&mut self, now: i64, right: bool) -> Expected {
        let Some(last) = self.sign_ins.len().checked_sub(1) else { return Expected::Refused };
        let SignIn { began, guesses, over, at_home, .. } = self.sign_ins[last].clone();
        let shut = self.shut_until(Way::Totp, at_home, now);
        if over || now >= began + SIGN_IN_LIVES || guesses >= GUESSES_PER_SIGN_IN {
            return shut.map_or(Expected::Refused, Expected::RefusedOrWaits);
        }
        if let Some(until) = shut {
            return Expected::Waits(until);
        }
        if !right {
            self.sign_ins[last].guesses += 1;
            self.fail(Way::Totp, at_home, now, Some(last));
            return Expected::Refused;
        }
        self.happens("account.code_verified");
        self.failures.retain(|it| it.way != Way::Totp || it.sign_in != Some(last));
        self.withheld = None;
        self.sign_ins[last].over = true;
        let demanded = std::mem::take(&mut self.demanded);
        if at_home {
            self.remembered(now);
        }
        if demanded {
            self.sets_demanded(now, at_home);
        }
        self.entered += 1;
        self.sessions.insert(self.entered, now);
        Expected::Entered { demanded }
    }

    /// A new password, set with the authenticator: what was wrong elsewhere is forgiven, every
    /// other session ends, and no browser is known any more but, as if for the first time, this
    /// one.
    fn sets_demanded(&mut self, now: i64, at_home: bool) {
        self.new_password();
        self.forgives_codes();
        self.sessions.clear();
        let known = self.known.filter(|_| at_home);
        self.known = known.map(|known| Known { first_seen: now, ..known });
    }

    fn new_password(&mut self) {
        self.happens("account.password_set");
        self.passwords += 1;
        self.failures.retain(|failure| failure.way != Way::Password);
        self.waits.remove(&Way::Password);
        self.sign_ins.iter_mut().for_each(|sign_in| sign_in.over = true);
        self.link = None;
        self.closed = false;
    }

    fn forgives_codes(&mut self) {
        self.failures.retain(|it| it.way != Way::Totp || it.lane == Lane::Known);
        self.waits.remove(&Way::Totp);
    }

    /// The browser at home holds another handle: what was wrong at it before is forgiven.
    fn remembered(&mut self, now: i64) {
        let earlier = self.known.filter(|known| now < known.until);
        if let Some(earlier) = earlier {
            self.failures.retain(|failure| failure.device != Some(earlier.generation));
        }
        self.generations += 1;
        let first_seen = earlier.map_or(now, |earlier| earlier.first_seen);
        let until = now + DEVICE_LIVES;
        self.known = Some(Known { generation: self.generations, first_seen, until });
    }

    /// Whether a link is sent.
    pub(super) fn ask(&mut self, now: i64) -> Expected {
        let lately = |span: i64| self.asked.iter().filter(|at| now - **at < span).count();
        if self.link.is_none() || (lately(HOUR) < 3 && lately(DAY) < 10) {
            self.sends_link(now);
        }
        Expected::Done(202)
    }

    fn sends_link(&mut self, now: i64) {
        self.happens("account.password_reset_requested");
        self.link = Some(now + LINK_LIVES);
        self.asked.push(now);
    }

    /// A password by mail, by the link that was sent last.
    pub(super) fn resets(&mut self, now: i64) -> Expected {
        if self.link.is_none_or(|until| now >= until) {
            return Expected::Refused;
        }
        let unresolved = self.count(Way::Totp, Lane::Unknown, now);
        let lately = self.opened_by_mail.is_some_and(|at| now - at < YEAR);
        if unresolved >= DEMANDS && !lately {
            self.forgives_codes();
            self.opened_by_mail = Some(now);
        }
        self.new_password();
        self.sessions.clear();
        // What was objected to is not replaced by a mailbox.
        self.demanded &= self.withheld == Some(i64::MAX);
        self.withheld =
            Some(self.withheld.map_or(now + WITHHELD, |until| until.max(now + WITHHELD)));
        Expected::Done(200)
    }

    /// "This was not me", said of what happened then.
    pub(super) fn objects(&mut self, now: i64, told: Told, at: i64, is_first: bool) -> Expected {
        if !is_first {
            return Expected::Done(200);
        }
        self.happens("account.repudiated");
        self.sign_ins.iter_mut().for_each(|sign_in| sign_in.over = true);
        self.sessions.clear();
        self.known = self.known.filter(|known| now < known.until && known.first_seen < at);
        self.demanded = true;
        self.link = None;
        match told {
            Told::PasswordReset => self.withheld = Some(i64::MAX),
            Told::Guesses => self.sends_link(now),
            Told::Other => {}
        }
        Expected::Done(200)
    }

    pub(super) fn unlocks(&mut self, now: i64) -> Expected {
        if !self.closed || self.closed_until(Way::Password, now).is_none() {
            return Expected::Refused;
        }
        self.closed = false;
        self.waits.remove(&Way::Password);
        self.failures.retain(|it| it.way != Way::Password || it.lane == Lane::Known);
        Expected::Done(200)
    }

    /// Whether a session is alive; then it is used.
    pub(super) fn is_alive(&mut self, now: i64, number: usize) -> bool {
        self.sessions.retain(|_, used| now - *used < SESSION_IDLE);
        self.sessions.get_mut(&number).map(|used| *used = now).is_some()
    }
}
