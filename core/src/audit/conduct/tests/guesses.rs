//! Guesses by another lane than they had to come by, and beyond what a lane may have.

use countersign_events::account::{
    AccountEvent, Assurance, CodeRejected, CodeVerified, Counted, DeviceRemembered, EmailCodes,
    EnableRequested, Enabled, FactorRemoved, HoldPlaced, HoldWhy, Lane, LockRule, LockedOut,
    Method, PasswordResetRequested, PasswordSet, PasswordSetWhy, Purpose, RejectedWhy,
    SessionOpened,
};
use countersign_events::id::{FactorId, SecretVersion, StreamId};
use jiff::SignedDuration;
use uuid::Uuid;

use super::breach;
use crate::audit::finding::Rule;
use crate::audit::sample::{FACTOR, Sample, handle};

const DAY_SECONDS: i64 = 86_400;
const HALF_DAY_SECONDS: i64 = 13 * 3_600;
const DEVICE: u8 = 0x71;

fn refused(method: Method, why: RejectedWhy, sign_in: u8, counted: Counted) -> AccountEvent {
    AccountEvent::CodeRejected(CodeRejected {
        method,
        factor: (method == Method::Totp).then_some(FACTOR),
        why,
        off_by_steps: None,
        purpose: Purpose::SignIn,
        sign_in: Some(handle(sign_in)),
        in_session: None,
        in_sign_in: 1,
        unresolved: 1,
        counted,
    })
}

/// One wrong code in a fresh sign-in, after all waiting.
fn guess(log: &mut Sample, stream: StreamId, counted: Counted) {
    log.wait(HALF_DAY_SECONDS);
    log.begin(stream, 0x41);
    log.happened(stream, &refused(Method::Totp, RejectedWhy::Wrong, 0x41, counted));
}

fn guesses(log: &mut Sample, stream: StreamId, count: usize) {
    (0..count).for_each(|_| guess(log, stream, Counted::default()));
}

fn at_device() -> Counted {
    Counted { lane: Lane::Known, device: Some(handle(DEVICE)), tells_holder: false }
}

/// The authenticator completes a sign-in at a device, which holds the next handle from then on.
fn completes_at(log: &mut Sample, stream: StreamId, step: u64, device: u8, replaces: Option<u8>) {
    let expires_at = log.now + SignedDuration::from_hours(90 * 24);
    let replaces = replaces.map(handle);
    let remembered = Some(DeviceRemembered { device: handle(device), expires_at, replaces });
    let opened = log.session(0x61, Assurance::TwoFactor, None);
    log.begin(stream, 0x51);
    let verified = CodeVerified {
        sign_in: Some(handle(0x51)),
        session: Some(SessionOpened { device: remembered, ..opened }),
        ..log.code(Method::Totp, Some(step), Purpose::SignIn)
    };
    log.happened(stream, &AccountEvent::CodeVerified(verified));
}

/// SR-085: right or wrong, and for a year.
#[test]
fn sr_085_a_guess_beyond_the_cap_of_unknown_devices_is_found() {
    let after = |count, seconds| {
        breach(move |log, stream| {
            guesses(log, stream, count);
            log.wait(seconds);
            guesses(log, stream, 1);
        })
    };
    assert_eq!(after(15, 0), []);
    assert_eq!(after(16, 0), [Rule::GuessBeyondCap]);
    assert_eq!(after(16, 365 * DAY_SECONDS), []);
    let right = breach(|log, stream| {
        guesses(log, stream, 16);
        log.begin(stream, 0x51);
        log.complete(stream, 0x51, 9_000, 0x52);
    });
    assert_eq!(right, [Rule::GuessBeyondCap]);
}

/// SR-084: only what is in the same sign-in, or a password that says so, makes room.
#[test]
fn sr_084_room_that_nothing_made_is_found() {
    let four = |log: &mut Sample, stream| {
        log.wait(HALF_DAY_SECONDS);
        log.begin(stream, 0x51);
        (1..=4).for_each(|count| log.reject(stream, 0x51, RejectedWhy::Wrong, count));
    };
    let completed = |sign_in| {
        breach(move |log, stream| {
            guesses(log, stream, 11);
            four(log, stream);
            log.begin(stream, 0x53);
            log.complete(stream, sign_in, 9_000, 0x52);
            guesses(log, stream, 2);
        })
    };
    assert_eq!(completed(0x51), []);
    assert_eq!(completed(0x53), [Rule::GuessBeyondCap]);
    let by_mail = |log: &mut Sample, stream, forgives_codes| {
        guesses(log, stream, 4);
        let link_until = Some(log.now + SignedDuration::from_mins(30));
        let sent = AccountEvent::PasswordResetRequested(PasswordResetRequested { link_until });
        log.happened(stream, &sent);
        let set = PasswordSet::new(SecretVersion::new(9), PasswordSetWhy::Reset);
        let set = PasswordSet { forgives_codes, ..set };
        log.happened(stream, &AccountEvent::PasswordSet(set));
    };
    let opened = breach(move |log, stream| {
        guesses(log, stream, 12);
        by_mail(log, stream, true);
        guesses(log, stream, 16);
    });
    assert_eq!(opened, []);
    let shut = breach(move |log, stream| {
        guesses(log, stream, 12);
        by_mail(log, stream, false);
        guesses(log, stream, 1);
    });
    assert_eq!(shut, [Rule::GuessBeyondCap]);
}

/// Something that happens to an account of a log.
type Happens = Box<dyn Fn(&mut Sample, StreamId)>;

/// SR-084, SR-085: a known device has five, and again once it holds another handle.
#[test]
fn sr_085_a_guess_beyond_the_cap_of_a_known_device_is_found() {
    let at_it = |count: usize, device: u8| {
        move |log: &mut Sample, stream| {
            let counted = Counted { device: Some(handle(device)), ..at_device() };
            (0..count).for_each(|_| guess(log, stream, counted));
        }
    };
    let five = |more: Vec<Happens>| {
        breach(move |log, stream| {
            completes_at(log, stream, 9_000, DEVICE, None);
            at_it(5, DEVICE)(log, stream);
            more.iter().for_each(|what| what(log, stream));
        })
    };
    assert_eq!(five(vec![]), []);
    assert_eq!(five(vec![Box::new(at_it(1, DEVICE))]), [Rule::GuessBeyondCap]);
    let renews = |log: &mut Sample, stream| completes_at(log, stream, 9_100, 0x72, Some(DEVICE));
    assert_eq!(five(vec![Box::new(renews), Box::new(at_it(5, 0x72))]), []);
    let another = |log: &mut Sample, stream| completes_at(log, stream, 9_100, 0x72, None);
    let ten = five(vec![Box::new(another), Box::new(at_it(5, 0x72))]);
    assert_eq!(ten, []);
    let third = |log: &mut Sample, stream| completes_at(log, stream, 9_200, 0x73, None);
    let more: Vec<Happens> = vec![
        Box::new(another),
        Box::new(at_it(5, 0x72)),
        Box::new(third),
        Box::new(at_it(1, 0x73)),
    ];
    assert_eq!(five(more), [Rule::GuessBeyondCap], "ten of all known devices");
}

/// The lane that an entry claims is the one that its device says.
#[test]
fn a_guess_by_another_lane_than_its_own_is_found() {
    let claims = |lane, device: Option<u8>| {
        breach(move |log, stream| {
            completes_at(log, stream, 9_000, DEVICE, None);
            let device = device.map(handle);
            guess(log, stream, Counted { lane, device, tells_holder: false });
        })
    };
    assert_eq!(claims(Lane::Known, Some(DEVICE)), []);
    assert_eq!(claims(Lane::Unknown, None), []);
    assert_eq!(claims(Lane::Known, None), [Rule::LaneMistaken]);
    assert_eq!(claims(Lane::Unknown, Some(DEVICE)), [Rule::LaneMistaken]);
    assert_eq!(claims(Lane::Known, Some(0x79)), [Rule::DeviceNotKnown]);
    let by_mail = breach(|log, stream| {
        completes_at(log, stream, 9_000, DEVICE, None);
        log.begin(stream, 0x41);
        log.happened(stream, &refused(Method::EmailCode, RejectedWhy::Wrong, 0x41, at_device()));
    });
    assert_eq!(by_mail, [Rule::LaneMistaken], "codes by e-mail share the lane of all");
}

/// SR-026: a code by e-mail where none was sent counts to nothing but its sign-in.
#[test]
fn sr_026_codes_where_none_was_sent_are_beyond_no_cap() {
    let all = |why| {
        breach(move |log, stream| {
            for _ in 0..21 {
                log.wait(HALF_DAY_SECONDS);
                log.begin(stream, 0x41);
                let refused = refused(Method::EmailCode, why, 0x41, Counted::default());
                log.happened(stream, &refused);
            }
        })
    };
    assert_eq!(all(RejectedWhy::NoneIssued), []);
    assert_eq!(all(RejectedWhy::Wrong), [Rule::GuessBeyondCap]);
}

/// SR-086, SR-118: an authenticator that is worth nothing makes way for another while a hold keeps
/// everything else as it is; one that is worth something does not.
#[test]
fn sr_086_what_is_worth_nothing_is_bound_anew_under_a_hold() {
    let rebound = |worthless: bool| {
        breach(move |log, stream| {
            let until = log.now + SignedDuration::from_hours(24);
            let (why, email_codes) = (HoldWhy::PasswordReset, EmailCodes::Offered);
            log.happened(stream, &AccountEvent::HoldPlaced(HoldPlaced { why, until, email_codes }));
            if worthless {
                let (method, lane, rule) = (Method::Totp, Lane::Unknown, LockRule::HardCap);
                let (unresolved, until, ends_sign_ins) = (26, None, true);
                let locked = LockedOut { method, lane, rule, unresolved, until, ends_sign_ins };
                log.happened(stream, &AccountEvent::LockedOut(locked));
            }
            let other = FactorId::new(Uuid::from_u128(77));
            let requested = EnableRequested {
                factor: other,
                kind: Method::Totp,
                secret: SecretVersion::new(6),
                algorithm: "SHA1".to_owned(),
                digits: 6,
                period_seconds: 30,
                expires_at: log.now + SignedDuration::from_mins(10),
                session: Some(handle(0x15)),
                replaces: None,
                imported: false,
            };
            log.happened(stream, &AccountEvent::EnableRequested(requested));
            let verified = CodeVerified {
                factor: Some(other),
                in_session: Some(handle(0x15)),
                session: Some(log.session(0x15, Assurance::TwoFactor, None)),
                ..log.code(Method::Totp, Some(9_000), Purpose::Enable)
            };
            log.happened(stream, &AccountEvent::CodeVerified(verified));
            log.happened(stream, &AccountEvent::FactorRemoved(FactorRemoved { factor: FACTOR }));
            log.happened(stream, &AccountEvent::Enabled(Enabled { factor: other }));
        })
    };
    assert_eq!(rebound(true), []);
    assert_eq!(rebound(false), [Rule::ChangedWhileHeld]);
}
