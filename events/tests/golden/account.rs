//! What the golden payloads of accounts must decode to.

use countersign_events::account::{
    AccountEvent as Of, Assurance, AttemptsRefused, CodeRejected, CodeVerified, CooledDown,
    Counted, DeliveryFailure, DeviceRemembered, DevicesForgotten, Disabled, EmailCodeRequested,
    EmailCodeSent, EmailConfirmed, EmailDeliveryFailed, EnableRequested, Enabled, FactorRemoved,
    FactorRenamed, FirstFactorVouched, HistoryViewed, KeyCreated, Lane, LockoutReset, Method, Need,
    Notice, NoticeSent, Origin, PasswordRejected, PasswordSet, PasswordSetWhy, PasswordVerified,
    Purpose, RecoveryCodeUsed, RecoveryCodesIssued, Registered, RegistrationAbandoned, RejectedWhy,
    ResetScope, SessionEndedWhy, SessionOpened, SessionUsed, SessionsEnded, SignInOpened, Viewed,
};
use countersign_events::id::{
    ClientId, Digest, EventId, FactorId, HandleHash, Hash32, Nonce, SecretVersion,
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{Event, Golden, clocks, grants, limits, recovery, support};

pub(crate) const FACTOR: FactorId =
    FactorId::new(Uuid::from_u128(0x2222_2222_2222_4222_8222_2222_2222_2222));
const OLD_FACTOR: FactorId =
    FactorId::new(Uuid::from_u128(0x2222_2222_2222_4222_8222_2222_2222_2223));
pub(crate) const CLIENT: ClientId =
    ClientId::new(Uuid::from_u128(0x3333_3333_3333_4333_8333_3333_3333_3333));
pub(crate) const EVENT: EventId =
    EventId::new(Uuid::from_u128(0x0193_8000_0000_7000_8000_0000_0000_0001));
pub(crate) const SIGN_IN: HandleHash = Digest::new([0xa1; 16]);
pub(crate) const SESSION: HandleHash = Digest::new([0xa2; 16]);
const OLD_SESSION: HandleHash = Digest::new([0xa3; 16]);
pub(crate) const DEVICE: HandleHash = Digest::new([0xa4; 16]);
const OLD_DEVICE: HandleHash = Digest::new([0xa5; 16]);

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn early() -> Timestamp {
    at("2026-11-24T05:00:00Z")
}

pub(crate) fn late() -> Timestamp {
    at("2026-11-24T05:10:00.125Z")
}

pub(crate) fn hash(byte: u8) -> Hash32 {
    Digest::new([byte; 32])
}

pub(crate) fn two_factor_session() -> SessionOpened {
    SessionOpened {
        session: SESSION,
        assurance: Assurance::TwoFactor,
        amr: vec!["pwd".into(), "otp".into(), "mfa".into()],
        expires_at: at("2026-11-24T17:00:00Z"),
        replaces: Some(OLD_SESSION),
        device: None,
        vouched_in: None,
    }
}

pub(crate) fn password_session() -> SessionOpened {
    SessionOpened {
        assurance: Assurance::Password,
        amr: vec!["pwd".into()],
        replaces: None,
        ..two_factor_session()
    }
}

pub(crate) fn sign_in() -> SignInOpened {
    SignInOpened { sign_in: SIGN_IN, expires_at: late(), needs: Need::SecondFactor, device: None }
}

fn at_known_device() -> SignInOpened {
    SignInOpened { device: Some(DEVICE), ..sign_in() }
}

fn remembered() -> SessionOpened {
    let expires_at = at("2027-02-22T05:00:00Z");
    let device = DeviceRemembered { device: DEVICE, expires_at, replaces: Some(OLD_DEVICE) };
    SessionOpened { device: Some(device), ..password_session() }
}

pub(crate) fn goldens() -> Vec<Golden> {
    [registration(), first_factors(), authenticators(), codes(), mails(), locks(), sessions()]
        .into_iter()
        .flatten()
        .chain(recovery::goldens())
        .chain(grants::goldens())
        .chain(limits::goldens())
        .chain(clocks::goldens())
        .chain(support::goldens())
        .map(|(form, event)| (form, Event::Account(Box::new(event))))
        .collect()
}

fn registration() -> Vec<(&'static str, Of)> {
    let registered = |origin, client, has_email, email_confirmed| {
        let imported = false;
        Of::Registered(Registered { origin, client, has_email, email_confirmed, imported })
    };
    let imported = Registered {
        origin: Origin::Holder,
        client: None,
        has_email: true,
        email_confirmed: false,
        imported: true,
    };
    let set = |version, why| Of::PasswordSet(PasswordSet::new(SecretVersion::new(version), why));
    vec![
        ("full", registered(Origin::Client, Some(CLIENT), true, true)),
        ("minimal", registered(Origin::Holder, None, true, false)),
        ("operator", registered(Origin::Operator, None, false, false)),
        ("whole", Of::Registered(Registered { client: Some(CLIENT), ..imported.clone() })),
        ("imported", Of::Registered(imported)),
        ("full", Of::KeyCreated(KeyCreated { key: "k1".into(), commitment: hash(0xb1) })),
        ("full", Of::RegistrationAbandoned(RegistrationAbandoned {})),
        ("full", Of::EmailConfirmed(EmailConfirmed {})),
        ("full", set((1 << 53) - 1, PasswordSetWhy::Initial)),
        ("changed", set(1, PasswordSetWhy::Changed)),
        ("rehashed", set(2, PasswordSetWhy::Rehashed)),
        ("let_in_anew", set(3, PasswordSetWhy::LetInAnew)),
    ]
}

fn first_factors() -> Vec<(&'static str, Of)> {
    let verified = |purpose, sign_in, session| {
        Of::PasswordVerified(PasswordVerified { purpose, sign_in, session, device: None })
    };
    let vouched = |sign_in, session| {
        Of::FirstFactorVouched(FirstFactorVouched { sign_in, session, device: None })
    };
    vec![
        ("full", verified(Purpose::SignIn, Some(sign_in()), Some(two_factor_session()))),
        ("minimal", verified(Purpose::StepUp, None, None)),
        ("session", verified(Purpose::SignIn, None, Some(password_session()))),
        ("known_device", verified(Purpose::SignIn, Some(at_known_device()), None)),
        ("remembered", verified(Purpose::SignIn, None, Some(remembered()))),
        ("full", vouched(Some(sign_in()), Some(password_session()))),
        ("minimal", vouched(None, None)),
        (
            "whole",
            Of::FirstFactorVouched(FirstFactorVouched {
                sign_in: Some(sign_in()),
                session: Some(password_session()),
                device: Some(DEVICE),
            }),
        ),
        (
            "full",
            Of::PasswordRejected(PasswordRejected {
                suspended: false,
                purpose: Purpose::StepUp,
                in_session: Some(SESSION),
                unresolved: 5,
                counted: Counted::default(),
            }),
        ),
        (
            "minimal",
            Of::PasswordRejected(PasswordRejected {
                suspended: false,
                purpose: Purpose::SignIn,
                in_session: None,
                unresolved: 1,
                counted: Counted::default(),
            }),
        ),
    ]
}

fn authenticators() -> Vec<(&'static str, Of)> {
    let requested = EnableRequested {
        factor: FACTOR,
        kind: Method::Totp,
        secret: SecretVersion::new((1 << 52) + 1),
        algorithm: "SHA1".into(),
        digits: 6,
        period_seconds: 30,
        expires_at: late(),
        session: Some(SESSION),
        replaces: Some(OLD_FACTOR),
        imported: false,
    };
    let minimal = EnableRequested {
        secret: SecretVersion::new(0),
        session: None,
        replaces: None,
        ..requested.clone()
    };
    let imported = EnableRequested { imported: true, ..minimal.clone() };
    let whole = EnableRequested { imported: true, ..requested.clone() };
    let issued =
        |hashes| Of::RecoveryCodesIssued(RecoveryCodesIssued { pepper: "p1".into(), hashes });
    vec![
        ("full", Of::EnableRequested(requested)),
        ("minimal", Of::EnableRequested(minimal)),
        ("imported", Of::EnableRequested(imported)),
        ("whole", Of::EnableRequested(whole)),
        ("full", Of::Enabled(Enabled { factor: FACTOR })),
        ("full", Of::FactorRenamed(FactorRenamed { factor: FACTOR })),
        ("full", Of::FactorRemoved(FactorRemoved { factor: FACTOR })),
        ("full", Of::Disabled(Disabled {})),
        ("full", issued(vec![hash(0xc0), hash(0xc1)])),
        ("minimal", issued(vec![])),
        ("full", Of::RecoveryCodeUsed(RecoveryCodeUsed { index: 9, left: 0 })),
    ]
}

fn codes() -> Vec<(&'static str, Of)> {
    let verified = |method, purpose| CodeVerified {
        method,
        factor: None,
        step: None,
        offset: None,
        request: None,
        purpose,
        sign_in: None,
        in_session: None,
        next: None,
        session: None,
        device: None,
    };
    let totp = |step, offset, purpose| CodeVerified {
        factor: Some(FACTOR),
        step: Some(step),
        offset: Some(offset),
        ..verified(Method::Totp, purpose)
    };
    let full = CodeVerified {
        request: Some(EVENT),
        sign_in: Some(SIGN_IN),
        in_session: Some(OLD_SESSION),
        next: None,
        session: Some(two_factor_session()),
        ..totp(59_856_840, -1, Purpose::SignIn)
    };
    let email =
        CodeVerified { request: Some(EVENT), ..verified(Method::EmailCode, Purpose::ConfirmEmail) };
    let enable = CodeVerified { in_session: Some(SESSION), ..totp(1 << 33, 1, Purpose::Enable) };
    let mut all = vec![
        ("full", Of::CodeVerified(full)),
        ("minimal", Of::CodeVerified(verified(Method::RecoveryCode, Purpose::StepUp))),
        ("email", Of::CodeVerified(email)),
        ("enable", Of::CodeVerified(enable)),
    ];
    all.extend(rejected_codes());
    all
}

fn rejected_codes() -> Vec<(&'static str, Of)> {
    let minimal = CodeRejected {
        method: Method::EmailCode,
        factor: None,
        why: RejectedWhy::Expired,
        off_by_steps: None,
        purpose: Purpose::ConfirmEmail,
        sign_in: None,
        in_session: None,
        in_sign_in: 0,
        unresolved: 0,
        counted: Counted::default(),
    };
    let full = CodeRejected {
        method: Method::Totp,
        factor: Some(FACTOR),
        why: RejectedWhy::Wrong,
        off_by_steps: Some(-10),
        purpose: Purpose::SignIn,
        sign_in: Some(SIGN_IN),
        in_session: Some(SESSION),
        in_sign_in: 5,
        unresolved: 4,
        counted: Counted::default(),
    };
    let reused = CodeRejected {
        why: RejectedWhy::Reused,
        off_by_steps: None,
        purpose: Purpose::StepUp,
        sign_in: None,
        in_session: None,
        in_sign_in: 1,
        unresolved: 0,
        ..full.clone()
    };
    let none_issued = CodeRejected {
        method: Method::RecoveryCode,
        factor: None,
        why: RejectedWhy::NoneIssued,
        off_by_steps: None,
        in_session: None,
        in_sign_in: 1,
        unresolved: 1,
        ..full.clone()
    };
    vec![
        ("full", Of::CodeRejected(full)),
        ("minimal", Of::CodeRejected(minimal)),
        ("reused", Of::CodeRejected(reused)),
        ("none_issued", Of::CodeRejected(none_issued)),
    ]
}

fn mails() -> Vec<(&'static str, Of)> {
    let failed = |attempts, class| {
        Of::EmailDeliveryFailed(EmailDeliveryFailed { request: EVENT, attempts, class })
    };
    let notice = |notice| Of::NoticeSent(NoticeSent { notice, cause: EVENT, attempts: 1 });
    let requested = EmailCodeRequested {
        purpose: Purpose::SignIn,
        bound_to: SIGN_IN,
        nonce: Nonce::parse("0123456789abcdeffedcba9876543210").unwrap(),
        expires_at: late(),
        digits: None,
    };
    vec![
        ("full", Of::EmailCodeRequested(requested)),
        ("full", Of::EmailCodeSent(EmailCodeSent { request: EVENT, attempts: 3 })),
        ("full", failed(7, DeliveryFailure::Refused)),
        ("deferred", failed(1, DeliveryFailure::Deferred)),
        ("unreachable", failed(1, DeliveryFailure::Unreachable)),
        ("expired", failed(1, DeliveryFailure::Expired)),
        ("no_address", failed(1, DeliveryFailure::NoAddress)),
        ("full", notice(Notice::FactorEnabled)),
        ("factor_removed", notice(Notice::FactorRemoved)),
        ("recovery_code_used", notice(Notice::RecoveryCodeUsed)),
        ("locked", notice(Notice::Locked)),
        ("unlocked", notice(Notice::Unlocked)),
        ("signed_in_by_email", notice(Notice::SignedInByEmail)),
        ("recovery_codes_replaced", notice(Notice::RecoveryCodesReplaced)),
    ]
}

fn locks() -> Vec<(&'static str, Of)> {
    let refused = AttemptsRefused {
        method: Method::Password,
        lane: Lane::Unknown,
        count: 1_000_000_007,
        first: early(),
        last: late(),
        rule: String::new(),
    };
    let cooled = CooledDown {
        method: Method::Totp,
        lane: Lane::Unknown,
        until: late(),
        unresolved: 5,
        rule: "simple-5-15m".into(),
        ends_sign_ins: false,
    };
    let reset = |scope, method| Of::LockoutReset(LockoutReset { scope, method });
    vec![
        ("full", Of::AttemptsRefused(refused)),
        ("full", Of::CooledDown(cooled)),
        ("full", reset(ResetScope::Counters, Some(Method::Totp))),
        ("minimal", reset(ResetScope::CoolDown, None)),
    ]
}

fn sessions() -> Vec<(&'static str, Of)> {
    let ended = |sessions, why| Of::SessionsEnded(SessionsEnded::new(sessions, why));
    let viewed = |what| Of::HistoryViewed(HistoryViewed { what });
    vec![
        ("full", Of::SessionUsed(SessionUsed { session: SESSION })),
        ("full", ended(vec![SESSION, OLD_SESSION], SessionEndedWhy::SignedOut)),
        ("minimal", ended(vec![], SessionEndedWhy::Revoked)),
        ("full", Of::DevicesForgotten(DevicesForgotten { devices: vec![DEVICE, OLD_DEVICE] })),
        ("one", Of::DevicesForgotten(DevicesForgotten { devices: vec![DEVICE] })),
        ("factor_changed", ended(vec![SESSION], SessionEndedWhy::FactorChanged)),
        ("too_many", ended(vec![SESSION], SessionEndedWhy::TooMany)),
        ("full", viewed(Viewed::Account)),
        ("events", viewed(Viewed::Events)),
        ("state", viewed(Viewed::State)),
        ("search", viewed(Viewed::Search)),
        ("log", viewed(Viewed::Log)),
    ]
}
