//! An account with an authenticator, and everybody around it: who owns it and who guesses at it,
//! with what each of them holds.

use countersign_events::account::{
    AccountEvent, CodeRejected, Counted, EmailConfirmed, Lane, LockRule, LockedOut, Method,
    PasswordRejected, Purpose, SessionOpened,
};
use countersign_events::actor::By;
use countersign_events::id::{HandleHash, Nonce, Revision};
use jiff::{SignedDuration, Timestamp};

use super::harness::{RIGHT, email_commitment, enrolled, event_id, factor, given, start, version};
use crate::domain::command::{
    AtDevice, Command, Context, Evidence, FirstFactor, Prove, Proven, SendEmailCode,
    SetDemandedPassword, SignIn, VerifyCode,
};
use crate::domain::limits::Refused;
use crate::domain::policy::Policy;
use crate::domain::refusal::Refusal;
use crate::domain::totp::{Compared, PERIOD_SECONDS};
use crate::domain::{Account, StampedEvent, decide, evolve};

pub(super) const DAY: SignedDuration = SignedDuration::from_hours(24);

/// An account, and everybody around it.
#[derive(Clone)]
pub(super) struct World {
    pub(super) account: Account,
    pub(super) policy: Policy,
    minted: u64,
    /// The lanes of the guesses that were evaluated and wrong.
    pub(super) evaluated: Vec<(Method, Lane)>,
    /// The entries that the log has grown by.
    pub(super) entries: usize,
    /// Methods that must be bound anew, as the log says.
    pub(super) disabled: Vec<Method>,
}

/// What a browser holds: a session, and what makes it a known device.
#[derive(Debug, Clone, Copy)]
pub(super) struct Browser {
    pub(super) session: HandleHash,
    pub(super) cookie: Option<HandleHash>,
}

impl World {
    /// The holder has signed in nowhere yet, and proven his address.
    pub(super) fn new() -> Self {
        let confirmed = AccountEvent::EmailConfirmed(EmailConfirmed {});
        Self {
            account: given(enrolled()).and([confirmed]).account,
            policy: Policy::default(),
            minted: 0,
            evaluated: vec![],
            entries: 0,
            disabled: vec![],
        }
    }

    /// The same where nobody is ever asked for a new password, so that the caps alone hold.
    pub(super) fn without_demands() -> Self {
        let mut world = Self::new();
        world.policy.limits.demands_password = u32::MAX;
        world
    }

    pub(super) fn mint(&mut self) -> HandleHash {
        self.minted += 1;
        HandleHash::new(u128::from(self.minted).to_be_bytes())
    }

    /// One command from a browser that holds a cookie, or from one that holds none.
    pub(super) fn ask(
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
    pub(super) fn happens(&mut self, now: Timestamp, event: AccountEvent) {
        let revision = self.account.last.map_or(Revision::new(0), |(last, _)| last.next());
        let (id, pii) = (event_id(revision.get()), Some(email_commitment()));
        match &event {
            AccountEvent::LockedOut(LockedOut { method, rule: LockRule::HardCap, .. }) => {
                self.disabled.push(*method);
            }
            AccountEvent::CodeRejected(CodeRejected { method, counted, .. }) => {
                self.evaluated.push((*method, counted.lane));
            }
            AccountEvent::PasswordRejected(PasswordRejected {
                counted: Counted { lane, .. },
                ..
            }) => self.evaluated.push((Method::Password, *lane)),
            _ => {}
        }
        let (at, by, idempotency) = (now, By::Holder, None);
        let stamped = StampedEvent { revision, id, at, by, idempotency, pii, event };
        self.account = evolve(std::mem::take(&mut self.account), &stamped);
        self.entries += 1;
    }

    pub(super) fn password(
        &mut self,
        now: Timestamp,
        cookie: Option<HandleHash>,
        first: FirstFactor,
    ) -> Result<HandleHash, Refusal> {
        let (sign_in, session) = (self.mint(), self.mint());
        self.ask(now, cookie, &Command::SignIn(SignIn { first, sign_in, session }))?;
        Ok(sign_in)
    }

    fn totp(now: Timestamp, offsets: &[i32]) -> Evidence {
        let step = u64::try_from(now.as_second()).unwrap() / PERIOD_SECONDS;
        Evidence::Totp(Compared::with_offsets(factor(1), step, offsets))
    }

    pub(super) fn answer(
        &mut self,
        now: Timestamp,
        cookie: Option<HandleHash>,
        sign_in: HandleHash,
        evidence: Evidence,
    ) -> Result<Vec<AccountEvent>, Refusal> {
        let (session, next) = (self.mint(), self.mint());
        let command = VerifyCode { sign_in, evidence, session, next };
        self.ask(now, cookie, &Command::VerifyCode(command))
    }

    pub(super) fn code(
        &mut self,
        now: Timestamp,
        cookie: Option<HandleHash>,
        sign_in: HandleHash,
        offsets: &[i32],
    ) -> Result<Vec<AccountEvent>, Refusal> {
        self.answer(now, cookie, sign_in, Self::totp(now, offsets))
    }

    /// Password, some mistyped codes, and the right one. What the browser holds from then on.
    pub(super) fn enters(
        &mut self,
        now: Timestamp,
        cookie: Option<HandleHash>,
        typos: u32,
    ) -> Result<Browser, Refusal> {
        let sign_in = self.password(now, cookie, RIGHT)?;
        for _ in 0..typos {
            self.code(now, cookie, sign_in, &[])?;
        }
        let events = self.code(now, cookie, sign_in, &[0])?;
        Ok(self.completed(now, cookie, &events))
    }

    /// The same; what makes the browser known from then on.
    pub(super) fn signs_in(
        &mut self,
        now: Timestamp,
        cookie: Option<HandleHash>,
        typos: u32,
    ) -> Result<Option<HandleHash>, Refusal> {
        self.enters(now, cookie, typos).map(|browser| browser.cookie)
    }

    /// A sign-in that was proven, with the new password that it may ask for.
    fn completed(
        &mut self,
        now: Timestamp,
        cookie: Option<HandleHash>,
        events: &[AccountEvent],
    ) -> Browser {
        let mut opened = events.iter().find_map(session_opened);
        if let Some(asked) = events.iter().find_map(demanded) {
            let (next, session) = (self.mint(), self.mint());
            let version = version(self.minted);
            let set = SetDemandedPassword { sign_in: asked, version, session, next };
            let events = self.ask(now, cookie, &Command::SetDemandedPassword(set)).unwrap();
            opened = events.iter().find_map(session_opened);
        }
        let opened = opened.expect("a session");
        let cookie = opened.device.map(|device| device.device).or(cookie);
        Browser { session: opened.session, cookie }
    }

    /// Password and the first recovery code. What makes the browser known from then on.
    pub(super) fn recovers(
        &mut self,
        now: Timestamp,
        cookie: Option<HandleHash>,
    ) -> Option<HandleHash> {
        let sign_in = self.password(now, cookie, RIGHT).unwrap();
        let evidence = Evidence::RecoveryCode { index: Some(0) };
        let events = self.answer(now, cookie, sign_in, evidence).unwrap();
        self.completed(now, cookie, &events).cookie
    }

    /// Password and a code by e-mail: the browser stays what it was.
    pub(super) fn enters_by_mail(
        &mut self,
        now: Timestamp,
        cookie: Option<HandleHash>,
    ) -> Result<Browser, Refusal> {
        let sign_in = self.password(now, cookie, RIGHT)?;
        let nonce = Nonce::new(u128::from(self.minted).to_be_bytes());
        let send = SendEmailCode { purpose: Purpose::SignIn, bound_to: sign_in, nonce };
        self.ask(now, cookie, &Command::SendEmailCode(send))?;
        let evidence = Evidence::EmailCode { right: true };
        let events = self.answer(now, cookie, sign_in, evidence)?;
        Ok(self.completed(now, cookie, &events))
    }

    /// Proves again, in the session of a browser.
    pub(super) fn steps_up(
        &mut self,
        now: Timestamp,
        browser: Browser,
        proven: Proven,
    ) -> Result<Browser, Refusal> {
        let prove = Prove { session: browser.session, proven, next: self.mint() };
        let events = self.ask(now, browser.cookie, &Command::Prove(prove))?;
        let opened = events.iter().find_map(session_opened).expect("a session");
        let cookie = opened.device.map(|device| device.device).or(browser.cookie);
        Ok(Browser { session: opened.session, cookie })
    }

    /// The same with the right code of the authenticator.
    pub(super) fn steps_up_by_code(&mut self, now: Timestamp, browser: Browser) -> Browser {
        self.steps_up(now, browser, Proven::Code(Self::totp(now, &[0]))).expect("it is his")
    }

    /// A new password by a link in a mail.
    pub(super) fn resets(&mut self, now: Timestamp) {
        let version = version(u64::MAX - self.minted);
        self.ask(now, None, &Command::RequestPasswordReset).expect("a link");
        self.ask(now, None, &Command::ResetPassword { version }).expect("a new password");
    }

    /// As many guesses as are allowed now, four in a sign-in, each in as many as it takes.
    pub(super) fn guesses_all_it_may(&mut self, now: Timestamp, cookie: Option<HandleHash>) {
        for _ in 0..20 {
            let Ok(sign_in) = self.password(now, cookie, RIGHT) else { return };
            for _ in 0..4 {
                if self.code(now, cookie, sign_in, &[]).is_err() {
                    break;
                }
            }
        }
    }

    /// Four guesses in one sign-in: as many as are forgiven, if anything is.
    pub(super) fn guesses_four(&mut self, now: Timestamp, cookie: Option<HandleHash>) {
        let Ok(sign_in) = self.password(now, cookie, RIGHT) else { return };
        for _ in 0..4 {
            let _refused = self.code(now, cookie, sign_in, &[]);
        }
    }

    /// Wrong guesses of a method that a lane evaluated.
    pub(super) fn of(&self, method: Method, lane: Lane) -> usize {
        self.evaluated.iter().filter(|of| **of == (method, lane)).count()
    }

    /// The same of the authenticator, in both lanes.
    pub(super) fn codes(&self) -> (usize, usize) {
        (self.of(Method::Totp, Lane::Unknown), self.of(Method::Totp, Lane::Known))
    }
}

fn session_opened(event: &AccountEvent) -> Option<SessionOpened> {
    match event {
        AccountEvent::CodeVerified(verified) => verified.session.clone(),
        AccountEvent::PasswordVerified(verified) => verified.session.clone(),
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

pub(super) fn day(number: i32) -> Timestamp {
    start() + DAY * number
}
