//! Given, when, then; and the facts that most tests begin with.

use countersign_events::account::{
    AccountEvent, Assurance, CodeRejected, CodeVerified, CooledDown, Counted, EmailCodeRequested,
    EnableRequested, Enabled, KeyCreated, Lane, Method, Need, Origin, PasswordRejected,
    PasswordSet, PasswordSetWhy, PasswordVerified, Purpose, RecoveryCodesIssued, Registered,
    RejectedWhy, SessionEndedWhy, SessionOpened, SessionsEnded, SignInOpened,
};
use countersign_events::actor::By;
use countersign_events::id::{
    AccountId, EventId, FactorId, HandleHash, Hash32, Nonce, Revision, SecretVersion,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::domain::command::{AtDevice, Command, Context, Evidence, RecoveryMinted};
use crate::domain::limits::Refused;
use crate::domain::policy::Policy;
use crate::domain::refusal::Refusal;
use crate::domain::totp::{Compared, PERIOD_SECONDS};
use crate::domain::{Account, StampedEvent, decide, evolve};

mod commands;
pub(super) use commands::*;

/// An account with a past, a time and a policy.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) account: Account,
    pub(super) now: Timestamp,
    pub(super) policy: Policy,
    pub(super) refused: Refused,
    pub(super) device: Option<AtDevice>,
    /// Who does what happens next.
    pub(super) by: By,
}

/// What a command led to.
#[derive(Debug)]
pub(super) struct Outcome(pub(super) Result<Vec<AccountEvent>, Refusal>);

/// An account to which this happened, all of it at [`start`]. Time stands still in most of these
/// tests: the second between two guesses is none here, and has tests of its own (`pace.rs`).
pub(super) fn given(events: impl IntoIterator<Item = AccountEvent>) -> Given {
    let account = Account::default();
    let policy = Policy { guesses_apart: SignedDuration::ZERO, ..Policy::default() };
    let refused = Refused::new();
    Given { account, now: start(), policy, refused, device: None, by: By::Holder }.and(events)
}

impl Given {
    /// This happens too, now.
    pub(super) fn and(mut self, events: impl IntoIterator<Item = AccountEvent>) -> Self {
        for event in events {
            let revision = self.account.last.map_or(Revision::new(0), |(last, _)| last.next());
            let stamped = StampedEvent {
                revision,
                id: event_id(revision.get()),
                at: self.now,
                by: self.by.clone(),
                idempotency: None,
                pii: Some(email_commitment()),
                event,
            };
            self.account = evolve(self.account, &stamped);
        }
        self
    }

    /// An operator does what happens next.
    pub(super) fn by(mut self, number: u128) -> Self {
        self.by = By::Operator { id: operator(number) };
        self
    }

    /// Time passes.
    pub(super) fn after(mut self, span: SignedDuration) -> Self {
        self.now += span;
        self
    }

    /// The time is this long after [`start`].
    pub(super) fn at(mut self, span: SignedDuration) -> Self {
        self.now = start() + span;
        self
    }

    /// Decides a command; nothing happens to the account.
    #[expect(clippy::needless_pass_by_value, reason = "a test writes its command in place")]
    pub(super) fn when(&self, command: Command) -> Outcome {
        let (policy, refused) = (&self.policy, &self.refused);
        let context = Context { now: self.now, policy, refused, device: self.device };
        Outcome(decide(&self.account, &command, &context))
    }

    /// Decides a command that must be admitted, and lets its events happen.
    pub(super) fn play(self, command: Command) -> Self {
        let events = self.when(command).events();
        self.and(events)
    }

    /// The caller is a browser that holds this, and would hold that.
    pub(super) fn at_device(mut self, holds: Option<u8>, next: u8) -> Self {
        self.device = Some(AtDevice { holds: holds.map(device), next: Some(device(next)) });
        self
    }

    /// The caller is a program.
    pub(super) fn elsewhere(mut self) -> Self {
        self.device = None;
        self
    }

    /// Unresolved failures of a method, in both lanes.
    pub(super) fn unresolved(&self, method: Method) -> u32 {
        self.account.limits.of(method).all_unresolved(method, self.now)
    }

    /// The RFC 6238 step of the present.
    pub(super) fn step(&self) -> u64 {
        u64::try_from(self.now.as_second()).unwrap() / PERIOD_SECONDS
    }

    /// An authenticator's code, by the offsets of the steps that it belongs to.
    pub(super) fn totp(&self, offsets: &[i32]) -> Evidence {
        Evidence::Totp(self.compared(1, offsets))
    }

    pub(super) fn compared(&self, number: u128, offsets: &[i32]) -> Compared {
        Compared::with_offsets(factor(number), self.step(), offsets)
    }

    /// Completes the first sign-in with this, or not.
    pub(super) fn answer(&self, evidence: Evidence) -> Outcome {
        self.when(verify(1, evidence))
    }
}

impl Outcome {
    pub(super) fn then(self, expected: impl IntoIterator<Item = AccountEvent>) {
        assert_eq!(self.0, Ok(expected.into_iter().collect()));
    }

    pub(super) fn refused(self, refusal: Refusal) {
        assert_eq!(self.0, Err(refusal));
    }

    pub(super) fn stays_quiet(self) {
        self.then([]);
    }

    pub(super) fn events(self) -> Vec<AccountEvent> {
        self.0.unwrap()
    }
}

pub(super) fn start() -> Timestamp {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

pub(super) const fn secs(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

pub(super) const fn mins(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

pub(super) const fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

// Names. Sign-ins and sessions are hashes of handles: equal numbers must not be equal hashes.

pub(super) const fn sign_in(number: u8) -> HandleHash {
    HandleHash::new([number; 16])
}

pub(super) const fn session(number: u8) -> HandleHash {
    HandleHash::new([100 + number; 16])
}

pub(super) const fn device(number: u8) -> HandleHash {
    HandleHash::new([200 + number; 16])
}

pub(super) const fn operator(number: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(0xA000 + number))
}

pub(super) const fn factor(number: u128) -> FactorId {
    FactorId::new(Uuid::from_u128(number))
}

pub(super) fn event_id(revision: u64) -> EventId {
    EventId::new(Uuid::from_u128(0xE000 + u128::from(revision)))
}

pub(super) const fn version(number: u64) -> SecretVersion {
    SecretVersion::new(number)
}

pub(super) const fn nonce(number: u8) -> Nonce {
    Nonce::new([number; 16])
}

pub(super) const fn email_commitment() -> Hash32 {
    Hash32::new([0xEE; 32])
}

pub(super) fn key() -> KeyCreated {
    KeyCreated { key: "k1".into(), commitment: Hash32::new([1; 32]) }
}

pub(super) fn minted() -> RecoveryMinted {
    let hashes = (0..10).map(|index| Hash32::new([index; 32])).collect();
    RecoveryMinted { pepper: "p1".into(), hashes }
}

pub(super) fn amr(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

// Facts.

pub(super) fn registered() -> Vec<AccountEvent> {
    vec![
        AccountEvent::Registered(Registered {
            origin: Origin::Holder,
            client: None,
            has_email: true,
            email_confirmed: false,
            imported: false,
        }),
        AccountEvent::KeyCreated(key()),
        password_set(1, PasswordSetWhy::Initial),
    ]
}

/// A person with a password, signed in in session 1.
pub(super) fn signed_in() -> Vec<AccountEvent> {
    let session = Some(password_session(1, hours(12)));
    let purpose = Purpose::SignIn;
    let verified = PasswordVerified { purpose, sign_in: None, session, device: None };
    [registered(), vec![AccountEvent::PasswordVerified(verified)]].concat()
}

/// The same with an authenticator, whose code of the step at [`start`] is used up.
pub(super) fn enrolled() -> Vec<AccountEvent> {
    let step = given([]).step();
    let opened = two_factor_session(1, hours(12), &["pwd", "otp", "mfa"]);
    let verified = CodeVerified {
        purpose: Purpose::Enable,
        sign_in: None,
        in_session: Some(session(1)),
        ..totp_verified(step, 0, Some(opened))
    };
    let events = vec![
        enable_requested(1, Some(1), mins(10)),
        AccountEvent::CodeVerified(verified),
        AccountEvent::Enabled(Enabled { factor: factor(1) }),
        recovery_issued(),
    ];
    [signed_in(), events].concat()
}

/// The same, and sign-in 1 waits for its second factor.
pub(super) fn waiting() -> Vec<AccountEvent> {
    [enrolled(), vec![sign_in_opened(1, mins(10))]].concat()
}

pub(super) fn password_set(number: u64, why: PasswordSetWhy) -> AccountEvent {
    AccountEvent::PasswordSet(PasswordSet::new(version(number), why))
}

pub(super) fn sign_in_opened(number: u8, expires: SignedDuration) -> AccountEvent {
    let opened = waits(number, Need::SecondFactor, expires);
    AccountEvent::PasswordVerified(PasswordVerified {
        purpose: Purpose::SignIn,
        sign_in: Some(opened),
        session: None,
        device: None,
    })
}

pub(super) fn waits(number: u8, needs: Need, expires: SignedDuration) -> SignInOpened {
    SignInOpened { sign_in: sign_in(number), expires_at: start() + expires, needs, device: None }
}

pub(super) fn password_rejected(unresolved: u32) -> AccountEvent {
    AccountEvent::PasswordRejected(PasswordRejected {
        suspended: false,
        purpose: Purpose::SignIn,
        in_session: None,
        unresolved,
        counted: Counted::default(),
    })
}

pub(super) fn password_session(number: u8, expires: SignedDuration) -> SessionOpened {
    SessionOpened {
        session: session(number),
        assurance: Assurance::Password,
        amr: amr(&["pwd"]),
        expires_at: start() + expires,
        replaces: None,
        device: None,
        vouched_in: None,
    }
}

pub(super) fn two_factor_session(
    number: u8,
    expires: SignedDuration,
    proven: &[&str],
) -> SessionOpened {
    let assurance = Assurance::TwoFactor;
    SessionOpened { assurance, amr: amr(proven), ..password_session(number, expires) }
}

pub(super) fn enable_requested(
    number: u128,
    in_session: Option<u8>,
    expires: SignedDuration,
) -> AccountEvent {
    AccountEvent::EnableRequested(EnableRequested {
        factor: factor(number),
        kind: Method::Totp,
        secret: version(u64::try_from(number).unwrap()),
        algorithm: "SHA1".into(),
        digits: 6,
        period_seconds: 30,
        expires_at: start() + expires,
        session: in_session.map(session),
        replaces: None,
        imported: false,
    })
}

/// A code of the first authenticator that completes sign-in 1.
pub(super) fn totp_verified(step: u64, offset: i32, opened: Option<SessionOpened>) -> CodeVerified {
    CodeVerified {
        method: Method::Totp,
        factor: Some(factor(1)),
        step: Some(step),
        offset: Some(offset),
        request: None,
        purpose: Purpose::SignIn,
        sign_in: Some(sign_in(1)),
        in_session: None,
        next: None,
        session: opened,
        device: None,
    }
}

/// A refused code of sign-in 1.
pub(super) fn rejected(method: Method, why: RejectedWhy, counts: (u32, u32)) -> CodeRejected {
    CodeRejected {
        method,
        factor: (method == Method::Totp).then_some(factor(1)),
        why,
        off_by_steps: None,
        purpose: Purpose::SignIn,
        sign_in: Some(sign_in(1)),
        in_session: None,
        in_sign_in: counts.0,
        unresolved: counts.1,
        counted: Counted::default(),
    }
}

pub(super) fn wrong(method: Method, in_sign_in: u32, unresolved: u32) -> AccountEvent {
    AccountEvent::CodeRejected(rejected(method, RejectedWhy::Wrong, (in_sign_in, unresolved)))
}

/// The same, and the holder is told.
pub(super) fn told(event: AccountEvent) -> AccountEvent {
    let AccountEvent::CodeRejected(mut rejected) = event else { panic!("no refused code") };
    rejected.counted.tells_holder = true;
    AccountEvent::CodeRejected(rejected)
}

pub(super) fn cooled_down(method: Method, until: SignedDuration) -> AccountEvent {
    AccountEvent::CooledDown(CooledDown {
        method,
        lane: Lane::Unknown,
        until: start() + until,
        unresolved: 5,
        rule: "wait".into(),
        ends_sign_ins: method != Method::Password,
    })
}

pub(super) fn email_code(
    purpose: Purpose,
    bound_to: HandleHash,
    number: u8,
    expires: SignedDuration,
) -> AccountEvent {
    AccountEvent::EmailCodeRequested(EmailCodeRequested {
        purpose,
        bound_to,
        nonce: nonce(number),
        expires_at: start() + expires,
        digits: None,
    })
}

pub(super) fn recovery_issued() -> AccountEvent {
    let RecoveryMinted { pepper, hashes } = minted();
    AccountEvent::RecoveryCodesIssued(RecoveryCodesIssued { pepper, hashes })
}

pub(super) fn ended(numbers: &[u8], why: SessionEndedWhy) -> AccountEvent {
    let sessions = numbers.iter().map(|number| session(*number)).collect();
    AccountEvent::SessionsEnded(SessionsEnded::new(sessions, why))
}
