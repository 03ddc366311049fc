//! Logs for the tests of this module: written entry by entry, chained and sealed as they should
//! be, so that each test can break exactly one thing.

mod exported;

use std::cell::RefCell;
use std::collections::BTreeMap;

use countersign_events::account::{
    AccountEvent, Assurance, CodeRejected, CodeVerified, CooledDown, Counted, EmailCodeRequested,
    EnableRequested, Enabled, FactorResynced, KeyCreated, Lane, LockoutReset, Method, Need, Origin,
    PasswordSet, PasswordSetWhy, PasswordVerified, Purpose, RecoveryCodeUsed, RecoveryCodesIssued,
    Registered, RejectedWhy, ResetScope, SessionOpened, SignInOpened,
};
use countersign_events::actor::By;
use countersign_events::entry::{Draft, SealClass, SealedPart};
use countersign_events::id::{
    AccountId, CorrelationId, Digest, EventId, FactorId, HandleHash, Hash32, LogId, PolicyVersion,
    Revision, SecretVersion, StreamId,
};
use countersign_events::log_event::{Created, LogEvent};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub(super) use exported::{key, sign, sign_as};

/// What these logs call themselves.
pub(super) const ORIGIN: &str = "countersign.example/log";
pub(super) const FACTOR: FactorId = FactorId::new(Uuid::from_u128(0xf));
pub(super) const OPERATOR: By = By::Operator { id: AccountId::new(Uuid::from_u128(0x0b)) };

/// A handle by a number.
pub(super) fn handle(number: u8) -> HandleHash {
    Digest::new([number; 16])
}

pub(super) fn account(number: u128) -> StreamId {
    StreamId::Account(AccountId::new(Uuid::from_u128(number)))
}

/// An entry as it is stored.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) stream: StreamId,
    pub(super) revision: Revision,
    pub(super) bytes: Vec<u8>,
    pub(super) sealed: Option<Vec<u8>>,
}

/// A log that grows.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) entries: Vec<Stored>,
    pub(super) now: Timestamp,
    written_at: Timestamp,
    heads: BTreeMap<StreamId, (Revision, Hash32)>,
    /// When each session ends: by another name it ends no later.
    ends: RefCell<BTreeMap<u8, Timestamp>>,
}

impl Sample {
    /// A log that was just created.
    pub(super) fn new() -> Self {
        let now = "2026-11-24T05:00:00Z".parse().unwrap();
        let (heads, ends) = (BTreeMap::new(), RefCell::default());
        let mut log = Self { entries: vec![], now, written_at: now, heads, ends };
        let event = LogEvent::Created(Created {
            log: log.id(),
            origin: ORIGIN.to_owned(),
            key: key().key(),
        });
        let json = event.to_json().unwrap();
        log.write(StreamId::Log, By::System, event.event_type(), json, &[]);
        log
    }

    pub(super) fn id(&self) -> LogId {
        LogId::new(Uuid::from_u128(0x99))
    }

    pub(super) fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    /// Appends what happened to an account, by its holder.
    pub(super) fn happened(&mut self, stream: StreamId, event: &AccountEvent) -> EventId {
        self.happened_by(stream, By::Holder, event, &[])
    }

    pub(super) fn happened_by(
        &mut self,
        stream: StreamId,
        by: By,
        event: &AccountEvent,
        sealed: &[SealClass],
    ) -> EventId {
        self.write(stream, by, event.event_type(), event.to_json().unwrap(), sealed)
    }

    pub(super) fn write(
        &mut self,
        stream: StreamId,
        by: By,
        event_type: &'static str,
        data: String,
        sealed: &[SealClass],
    ) -> EventId {
        let number = u128::try_from(self.entries.len()).unwrap() + 1;
        let id = EventId::new(Uuid::from_u128(number));
        let seal = |class: &SealClass| SealedPart {
            class: *class,
            key: "k1".to_owned(),
            ciphertext: [number.to_le_bytes().as_slice(), &[*class as u8; 32]].concat(),
        };
        let draft = Draft {
            id,
            at: self.now,
            event_type,
            version: 1,
            by,
            correlation: CorrelationId::new(Uuid::from_u128(number)),
            causation: None,
            policy: PolicyVersion::new(1),
            idempotency: None,
            data,
            sealed: sealed.iter().map(seal).collect(),
        };
        self.written_at = self.now;
        let before = self.heads.get(&stream);
        let revision = before.map_or(Revision::new(0), |(revision, _)| revision.next());
        let prev = before.map(|(_, leaf)| *leaf);
        let written = draft.write(self.id(), stream, revision, prev).unwrap();
        self.heads.insert(stream, (revision, written.leaf));
        let (bytes, sealed) = (written.bytes, written.sealed);
        self.entries.push(Stored { stream, revision, bytes, sealed });
        id
    }
}

/// The life of one account, in facts.
impl Sample {
    pub(super) fn register(&mut self, stream: StreamId) {
        let registered = Registered {
            origin: Origin::Holder,
            client: None,
            has_email: true,
            email_confirmed: false,
            imported: false,
        };
        let sealed = [SealClass::Pii, SealClass::Net];
        self.happened_by(stream, By::Holder, &AccountEvent::Registered(registered), &sealed);
        let key = KeyCreated { key: "k1".to_owned(), commitment: Digest::new([1; 32]) };
        self.happened(stream, &AccountEvent::KeyCreated(key));
        let set = PasswordSet::new(SecretVersion::new(1), PasswordSetWhy::Initial);
        self.happened(stream, &AccountEvent::PasswordSet(set));
    }

    pub(super) fn session(
        &self,
        session: u8,
        assurance: Assurance,
        replaces: Option<u8>,
    ) -> SessionOpened {
        let earlier = self.ends.borrow_mut().remove(&replaces.unwrap_or(session));
        let earlier = earlier.filter(|ends| self.now < *ends);
        let expires_at = earlier.unwrap_or(self.now + SignedDuration::from_hours(12));
        self.ends.borrow_mut().insert(session, expires_at);
        SessionOpened {
            session: handle(session),
            assurance,
            amr: vec!["pwd".to_owned()],
            expires_at,
            replaces: replaces.map(handle),
            device: None,
            vouched_in: None,
        }
    }

    /// The right password, and no second factor asked for.
    pub(super) fn sign_in_by_password(&mut self, stream: StreamId, session: u8) {
        let session = Some(self.session(session, Assurance::Password, None));
        let verified =
            PasswordVerified { purpose: Purpose::SignIn, sign_in: None, session, device: None };
        let event = AccountEvent::PasswordVerified(verified);
        self.happened_by(stream, By::Holder, &event, &[SealClass::Net]);
    }

    pub(super) fn waits(&self, sign_in: u8) -> SignInOpened {
        let expires_at = self.now + SignedDuration::from_mins(10);
        let (sign_in, needs) = (handle(sign_in), Need::SecondFactor);
        SignInOpened { sign_in, expires_at, needs, device: None }
    }

    /// The right password; a sign-in waits.
    pub(super) fn begin(&mut self, stream: StreamId, sign_in: u8) {
        let sign_in = Some(self.waits(sign_in));
        let verified =
            PasswordVerified { purpose: Purpose::SignIn, sign_in, session: None, device: None };
        self.happened(stream, &AccountEvent::PasswordVerified(verified));
    }

    pub(super) fn code(&self, method: Method, step: Option<u64>, purpose: Purpose) -> CodeVerified {
        CodeVerified {
            method,
            factor: step.map(|_| FACTOR),
            step,
            offset: step.map(|_| 0),
            request: None,
            purpose,
            sign_in: None,
            in_session: None,
            next: None,
            session: None,
            device: None,
        }
    }

    /// Two codes in a row tell how far off the phone is.
    pub(super) fn resync(&mut self, stream: StreamId, session: u8, step: u64, offset: i32) {
        let verified = CodeVerified {
            offset: Some(offset),
            in_session: Some(handle(session)),
            ..self.code(Method::Totp, Some(step), Purpose::Resync)
        };
        self.happened(stream, &AccountEvent::CodeVerified(verified));
        let resynced = FactorResynced { factor: FACTOR, offset };
        self.happened(stream, &AccountEvent::FactorResynced(resynced));
    }

    /// A code of the authenticator completes a sign-in.
    pub(super) fn complete(&mut self, stream: StreamId, sign_in: u8, step: u64, session: u8) {
        self.complete_off(stream, (sign_in, session), step, 0);
    }

    /// The same, of a phone so many steps off.
    pub(super) fn complete_off(
        &mut self,
        stream: StreamId,
        (sign_in, session): (u8, u8),
        step: u64,
        offset: i32,
    ) {
        let verified = CodeVerified {
            offset: Some(offset),
            sign_in: Some(handle(sign_in)),
            session: Some(self.session(session, Assurance::TwoFactor, None)),
            ..self.code(Method::Totp, Some(step), Purpose::SignIn)
        };
        self.happened(stream, &AccountEvent::CodeVerified(verified));
    }

    pub(super) fn request_enable(&mut self, stream: StreamId, session: u8) {
        let requested = EnableRequested {
            factor: FACTOR,
            kind: Method::Totp,
            secret: SecretVersion::new(5),
            algorithm: "SHA1".to_owned(),
            digits: 6,
            period_seconds: 30,
            expires_at: self.now + SignedDuration::from_mins(10),
            session: Some(handle(session)),
            replaces: None,
            imported: false,
        };
        let event = AccountEvent::EnableRequested(requested);
        self.happened_by(stream, By::Holder, &event, &[SealClass::Pii]);
    }

    pub(super) fn enable(&mut self, stream: StreamId, session: u8, step: u64) {
        self.request_enable(stream, session);
        let verified = CodeVerified {
            in_session: Some(handle(session)),
            session: Some(self.session(session, Assurance::TwoFactor, None)),
            ..self.code(Method::Totp, Some(step), Purpose::Enable)
        };
        self.happened(stream, &AccountEvent::CodeVerified(verified));
        self.happened(stream, &AccountEvent::Enabled(Enabled { factor: FACTOR }));
        let issued = RecoveryCodesIssued { pepper: "p1".to_owned(), hashes: vec![] };
        self.happened(stream, &AccountEvent::RecoveryCodesIssued(issued));
    }

    pub(super) fn reject(&mut self, stream: StreamId, sign_in: u8, why: RejectedWhy, guess: u32) {
        let rejected = CodeRejected {
            method: Method::Totp,
            factor: Some(FACTOR),
            why,
            off_by_steps: None,
            purpose: Purpose::SignIn,
            sign_in: Some(handle(sign_in)),
            in_session: None,
            in_sign_in: guess,
            unresolved: guess,
            counted: Counted::default(),
        };
        self.happened(stream, &AccountEvent::CodeRejected(rejected));
    }

    pub(super) fn cool_down(&mut self, stream: StreamId, method: Method) {
        let until = self.now + SignedDuration::from_mins(15);
        let (lane, ends_sign_ins) = (Lane::Unknown, method != Method::Password);
        let rule = "wait".to_owned();
        let cooled = CooledDown { method, lane, until, unresolved: 5, rule, ends_sign_ins };
        self.happened(stream, &AccountEvent::CooledDown(cooled));
    }

    pub(super) fn unlock(&mut self, stream: StreamId, by: By, sealed: &[SealClass]) {
        let reset = LockoutReset { scope: ResetScope::Counters, method: None };
        self.happened_by(stream, by, &AccountEvent::LockoutReset(reset), sealed);
    }

    pub(super) fn send_email_code(&mut self, stream: StreamId, sign_in: u8) -> EventId {
        let requested = EmailCodeRequested {
            purpose: Purpose::SignIn,
            bound_to: handle(sign_in),
            nonce: Digest::new([3; 16]),
            digits: None,
            expires_at: self.now + SignedDuration::from_mins(10),
        };
        self.happened(stream, &AccountEvent::EmailCodeRequested(requested))
    }

    pub(super) fn complete_by_email(
        &mut self,
        stream: StreamId,
        sign_in: u8,
        request: EventId,
        session: u8,
    ) {
        let verified = CodeVerified {
            request: Some(request),
            sign_in: Some(handle(sign_in)),
            session: Some(self.session(session, Assurance::EmailCode, None)),
            ..self.code(Method::EmailCode, None, Purpose::SignIn)
        };
        self.happened(stream, &AccountEvent::CodeVerified(verified));
    }

    pub(super) fn complete_by_recovery(
        &mut self,
        stream: StreamId,
        sign_in: u8,
        index: u32,
        session: u8,
    ) {
        let verified = CodeVerified {
            sign_in: Some(handle(sign_in)),
            session: Some(self.session(session, Assurance::TwoFactor, None)),
            ..self.code(Method::RecoveryCode, None, Purpose::SignIn)
        };
        self.happened(stream, &AccountEvent::CodeVerified(verified));
        let used = RecoveryCodeUsed { index, left: 9 };
        self.happened(stream, &AccountEvent::RecoveryCodeUsed(used));
    }

    /// Two accounts: one enables 2FA, signs in by every method, is locked and unlocked.
    pub(super) fn journey() -> Self {
        let mut log = Self::new();
        let (first, second) = (account(1), account(2));
        log.register(first);
        log.wait(1);
        log.register(second);
        log.sign_in_by_password(first, 0x11);
        log.wait(20);
        log.enable(first, 0x11, 100);
        log.sign_in_by_password(second, 0x21);
        log.wait(30);
        log.begin(first, 0x31);
        log.reject(first, 0x31, RejectedWhy::Reused, 0);
        log.reject(first, 0x31, RejectedWhy::Wrong, 1);
        log.complete(first, 0x31, 101, 0x12);
        log.wait(60);
        log.begin(first, 0x32);
        let request = log.send_email_code(first, 0x32);
        log.complete_by_email(first, 0x32, request, 0x13);
        log.begin(first, 0x33);
        log.complete_by_recovery(first, 0x33, 4, 0x14);
        log.begin(first, 0x34);
        for guess in 1..=5 {
            log.reject(first, 0x34, RejectedWhy::Wrong, guess);
        }
        log.cool_down(first, Method::Totp);
        log.wait(30);
        log.unlock(first, OPERATOR, &[SealClass::Pii]);
        log.cool_down(second, Method::Password);
        log.begin(first, 0x35);
        log.complete(first, 0x35, 105, 0x15);
        log
    }
}
