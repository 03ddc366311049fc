//! The model of an account: what the documents say, in as few words as will do. It shares no code
//! with the program. Every number and every rule stands here once.

use std::collections::BTreeMap;

/// The numbers: guess limits, sign-ins, codes by e-mail, sessions; times in seconds.
pub(super) mod rules {
    use super::Way;

    pub(crate) const MINUTE: i64 = 60;
    pub(crate) const HOUR: i64 = 60 * MINUTE;
    /// A time step of an authenticator.
    pub(crate) const STEP: i64 = 30;
    pub(crate) const YEAR: i64 = 365 * 24 * HOUR;
    /// Guesses in one sign-in, and retypes of a used code.
    pub(crate) const GUESSES_PER_SIGN_IN: u32 = 5;
    pub(crate) const RETYPES_PER_SIGN_IN: u32 = 10;
    pub(crate) const SIGN_IN_LIVES: i64 = 10 * MINUTE;
    /// How many steps away a code is still known for what it is.
    pub(crate) const KNOWN_STEPS: i64 = 10;
    /// Codes by e-mail: how long one lives, how far apart, and how many a day for strangers.
    pub(crate) const MAILED_LIVES: i64 = 10 * MINUTE;
    pub(crate) const MAILED_APART: i64 = MINUTE;
    pub(crate) const MAILED_A_DAY: usize = 3;
    pub(crate) const DAY: i64 = 24 * HOUR;
    pub(crate) const SESSION_LIVES: i64 = 12 * HOUR;
    pub(crate) const SESSION_IDLE: i64 = 30 * MINUTE;

    /// The waits of a stranger, by unresolved failures.
    pub(crate) const fn ladder(way: Way) -> &'static [(usize, i64)] {
        match way {
            Way::Totp => &[(5, 15 * MINUTE), (10, HOUR), (13, 12 * HOUR)],
            Way::EmailCode => &[(5, 15 * MINUTE), (10, HOUR), (15, 12 * HOUR)],
            Way::RecoveryCode => &[(10, HOUR), (20, 24 * HOUR)],
        }
    }

    /// Unresolved failures that close a way to strangers.
    pub(crate) const fn cap(way: Way) -> usize {
        match way {
            Way::Totp => 16,
            Way::EmailCode => 20,
            Way::RecoveryCode => 50,
        }
    }

    /// Whether a success by one way forgives what was wrong in another, in the same place: what
    /// proves a second factor forgives every way; a code by e-mail its own.
    pub(crate) fn forgives(success: Way, failure: Way) -> bool {
        success == failure || success != Way::EmailCode
    }
}

/// A way to prove the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Totp,
    EmailCode,
    RecoveryCode,
}

/// What a typed code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// One that may be accepted; an authenticator's with its step.
    Right(Option<i64>),
    /// One that was accepted before.
    Used,
    Wrong,
    /// Anything, where no code was sent: there is nothing to guess.
    Nothing,
}

/// What must be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Accepted,
    /// One class of refusals, whatever was wrong.
    Refused,
    /// Not evaluated, until then.
    Waits(i64),
    /// What is over is refused; as long as its way must wait, that may be told instead.
    RefusedOrWaits(i64),
    /// Begun: for a mail.
    Promised,
}

/// Where a code is given: in a sign-in, or in a session under its present token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    SignIn(usize),
    Session(usize),
}

#[derive(Debug, Clone, Default)]
struct SignIn {
    began: i64,
    guesses: u32,
    retypes: u32,
    over: bool,
    /// When the code by e-mail that is live in it was asked for.
    mailed: Option<i64>,
}

/// A session, under its present token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Session {
    pub(super) assurance: &'static str,
    started: i64,
    used: i64,
}

/// An account without known devices.
#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    sign_ins: Vec<SignIn>,
    failures: Vec<(Way, i64, Place)>,
    waits: BTreeMap<Way, i64>,
    sends: Vec<i64>,
    /// Tokens that were ever given, and the sessions that are alive, by theirs.
    pub(super) tokens: usize,
    sessions: BTreeMap<usize, Session>,
    pub(super) last_step: i64,
    pub(super) recovery_used: usize,
    /// What must stand in the log, by type.
    pub(super) facts: BTreeMap<&'static str, u64>,
    /// Attempts that were refused unevaluated.
    pub(super) unevaluated: u64,
    /// The unresolved failures that every refused code must tell of, in their order.
    pub(super) counted: Vec<(Way, u32)>,
}

impl Account {
    pub(super) fn enrolled_at(step: i64) -> Self {
        Self { last_step: step, ..Self::default() }
    }

    fn happens(&mut self, fact: &'static str) {
        *self.facts.entry(fact).or_default() += 1;
    }

    /// The first factor is proven: a sign-in waits for the second. It touches no counter.
    pub(super) fn begin(&mut self, now: i64) -> usize {
        self.happens("account.first_factor_vouched");
        self.sign_ins.push(SignIn { began: now, ..SignIn::default() });
        self.sign_ins.len() - 1
    }

    /// Unresolved failures of a way.
    pub(super) fn unresolved(&self, way: Way, now: i64) -> usize {
        self.counting(way, now).count()
    }

    fn counting(&self, way: Way, now: i64) -> impl Iterator<Item = i64> {
        let of_way = self.failures.iter().filter(move |failure| failure.0 == way);
        of_way.map(|failure| failure.1).filter(move |at| now - at < rules::YEAR)
    }

    /// Until when guesses by a way are refused unevaluated.
    pub(super) fn shut_until(&self, way: Way, now: i64) -> Option<i64> {
        let waits = self.waits.get(&way).copied().filter(|until| now < *until);
        waits.or_else(|| self.closed_until(way, now))
    }

    /// Until when a way is closed to strangers, by its cap.
    pub(super) fn closed_until(&self, way: Way, now: i64) -> Option<i64> {
        let beyond = self.unresolved(way, now).checked_sub(rules::cap(way))?;
        self.counting(way, now).nth(beyond).map(|oldest| oldest + rules::YEAR)
    }

    fn is_alive(&self, sign_in: usize, now: i64) -> bool {
        self.sign_ins.get(sign_in).is_some_and(|it| {
            !it.over
                && now < it.began + rules::SIGN_IN_LIVES
                && it.guesses < rules::GUESSES_PER_SIGN_IN
                && it.retypes < rules::RETYPES_PER_SIGN_IN
        })
    }

    /// What an authenticator's code is, by the steps that it belongs to.
    pub(super) fn totp(&self, now_step: i64, steps: &[i64]) -> Typed {
        let window = |step: &&i64| (**step - now_step).abs() <= 1;
        let acceptable = steps.iter().filter(window).find(|step| **step > self.last_step);
        match acceptable {
            Some(step) => Typed::Right(Some(*step)),
            None if steps.iter().any(|step| window(&step) || *step == self.last_step) => {
                Typed::Used
            }
            None => Typed::Wrong,
        }
    }

    /// A code in a sign-in, or in none.
    pub(super) fn answer(
        &mut self,
        now: i64,
        sign_in: Option<usize>,
        way: Way,
        typed: Typed,
    ) -> Expected {
        let Some(sign_in) = sign_in else { return Expected::Refused };
        let shut = self.shut_until(way, now);
        if !self.is_alive(sign_in, now) {
            return shut.map_or(Expected::Refused, Expected::RefusedOrWaits);
        }
        if let Some(until) = shut {
            return Expected::Waits(until);
        }
        let place = Place::SignIn(sign_in);
        match typed {
            Typed::Right(step) => {
                self.accept(way, place, step);
                self.sign_ins[sign_in].over = true;
                let assurance = if way == Way::EmailCode { "email_code" } else { "two_factor" };
                self.start(Session { assurance, started: now, used: now });
                Expected::Accepted
            }
            Typed::Used => {
                self.sign_ins[sign_in].retypes += 1;
                self.reject(way, now);
                Expected::Refused
            }
            Typed::Wrong => {
                self.sign_ins[sign_in].guesses += 1;
                self.fail(way, now, place);
                Expected::Refused
            }
            // It counts to the sign-in alone.
            Typed::Nothing => {
                self.sign_ins[sign_in].guesses += 1;
                self.reject(way, now);
                Expected::Refused
            }
        }
    }

    fn start(&mut self, session: Session) {
        self.tokens += 1;
        self.sessions.insert(self.tokens, session);
    }

    fn accept(&mut self, way: Way, place: Place, step: Option<i64>) {
        self.happens("account.code_verified");
        self.last_step = step.unwrap_or(self.last_step);
        if way == Way::RecoveryCode {
            self.happens("account.recovery_code_used");
            self.recovery_used += 1;
        }
        self.failures.retain(|failure| failure.2 != place || !rules::forgives(way, failure.0));
    }

    fn reject(&mut self, way: Way, now: i64) {
        self.happens("account.code_rejected");
        let unresolved = u32::try_from(self.unresolved(way, now)).unwrap();
        self.counted.push((way, unresolved));
    }

    /// A guess that was evaluated and wrong: it counts, and may begin a wait or close the way. Then
    /// every sign-in that waits is over.
    fn fail(&mut self, way: Way, now: i64, place: Place) {
        self.failures.push((way, now, place));
        self.reject(way, now);
        let unresolved = self.unresolved(way, now);
        let wait = rules::ladder(way).iter().find(|(step, _)| *step == unresolved);
        if unresolved >= rules::cap(way) {
            self.happens("account.locked_out");
        } else if let Some((_, wait)) = wait {
            self.happens("account.cooled_down");
            self.waits.insert(way, now + wait);
        } else {
            return;
        }
        self.sign_ins.iter_mut().for_each(|sign_in| sign_in.over = true);
    }

    /// A code by e-mail is asked for.
    pub(super) fn send(&mut self, now: i64, sign_in: Option<usize>) -> Expected {
        let Some(sign_in) = sign_in.filter(|sign_in| self.is_alive(*sign_in, now)) else {
            return Expected::Refused;
        };
        if let Some(until) = self.shut_until(Way::EmailCode, now) {
            return Expected::Waits(until);
        }
        self.sends.retain(|at| now - at < rules::DAY);
        if let Some(last) = self.sends.last().filter(|at| now - **at < rules::MAILED_APART) {
            return Expected::Waits(last + rules::MAILED_APART);
        }
        if self.sends.len() >= rules::MAILED_A_DAY {
            let beyond = self.sends.len() - rules::MAILED_A_DAY;
            return Expected::Waits(self.sends[beyond] + rules::DAY);
        }
        self.sends.push(now);
        self.sign_ins[sign_in].mailed = Some(now);
        self.happens("account.email_code_requested");
        Expected::Promised
    }

    /// What a mailed code is in a sign-in: the one that was asked for last there, or not.
    pub(super) fn mailed(&self, now: i64, sign_in: Option<usize>, is_it: bool) -> Typed {
        let sign_in = sign_in.and_then(|sign_in| self.sign_ins.get(sign_in));
        match sign_in.and_then(|sign_in| sign_in.mailed) {
            Some(at) if is_it && now < at + rules::MAILED_LIVES => Typed::Right(None),
            Some(_) => Typed::Wrong,
            None => Typed::Nothing,
        }
    }

    /// The session of a token, if it is alive: then it is used by whatever is asked in it.
    pub(super) fn in_session(&mut self, now: i64, token: usize) -> Option<Session> {
        self.sessions.retain(|_, session| {
            now < session.started + rules::SESSION_LIVES && now - session.used < rules::SESSION_IDLE
        });
        let session = self.sessions.get_mut(&token)?;
        session.used = now;
        Some(*session)
    }

    /// Proves again within a session, with an authenticator's code: the token changes.
    pub(super) fn prove(&mut self, now: i64, token: usize, typed: Typed) -> Expected {
        let Some(session) = self.in_session(now, token) else { return Expected::Refused };
        if let Some(until) = self.shut_until(Way::Totp, now) {
            return Expected::Waits(until);
        }
        let place = Place::Session(token);
        match typed {
            Typed::Right(step) => {
                self.accept(Way::Totp, place, step);
                self.sessions.remove(&token);
                self.start(Session { assurance: "two_factor", ..session });
                Expected::Accepted
            }
            Typed::Used | Typed::Nothing => {
                self.reject(Way::Totp, now);
                Expected::Refused
            }
            Typed::Wrong => {
                self.fail(Way::Totp, now, place);
                Expected::Refused
            }
        }
    }

    /// Signs out.
    pub(super) fn sign_out(&mut self, now: i64, token: usize) -> Expected {
        if self.in_session(now, token).is_none() {
            return Expected::Refused;
        }
        self.sessions.remove(&token);
        Expected::Accepted
    }
}
