//! What was withheld, held, not due or not demanded, and done all the same.

use countersign_events::account::{
    AccountEvent, Assurance, BrowserAdmitted, CodeRejected, CooledDown, Counted, EmailChanged,
    EmailCodes, FactorRemoved, HoldPlaced, HoldWhy, Lane, LockRule, LockedOut, Method, Need,
    PasswordChangeDemanded, PasswordChangeWhy, PasswordRejected, PasswordResetRenewed,
    PasswordResetRequested, PasswordSet, PasswordSetWhy, PasswordUnlocked, PasswordVerified,
    Purpose, RejectedWhy, ReplacementCompleted, ReplacementObjected, ReplacementRequested,
    SignInOpened,
};
use countersign_events::id::{EventId, SecretVersion, StreamId};
use jiff::{SignedDuration, Timestamp};

use super::breach;
use crate::audit::finding::Rule;
use crate::audit::sample::{FACTOR, Sample, handle};

const DAY_SECONDS: i64 = 86_400;

fn hold(log: &mut Sample, stream: StreamId, seconds: i64, email_codes: EmailCodes) {
    let until = log.now + SignedDuration::from_secs(seconds);
    let hold = HoldPlaced { why: HoldWhy::PasswordReset, until, email_codes };
    log.happened(stream, &AccountEvent::HoldPlaced(hold));
}

/// A sign-in that a code by e-mail completes.
fn enter_by_email(log: &mut Sample, stream: StreamId) {
    log.begin(stream, 0x41);
    let request = log.send_email_code(stream, 0x41);
    log.complete_by_email(stream, 0x41, request, 0x42);
}

/// SR-053, AT-58.
#[test]
fn sr_053_a_code_by_email_while_it_was_withheld_is_found() {
    let after_seconds = |seconds| {
        breach(move |log, stream| {
            let until = log.now + SignedDuration::from_secs(7 * DAY_SECONDS);
            hold(log, stream, DAY_SECONDS, EmailCodes::WithheldUntil(until));
            log.wait(seconds);
            enter_by_email(log, stream);
        })
    };
    assert_eq!(after_seconds(7 * DAY_SECONDS - 1), [Rule::EmailCodeWithheld]);
    assert_eq!(after_seconds(7 * DAY_SECONDS), []);
    let without_end = breach(|log, stream| {
        hold(log, stream, DAY_SECONDS, EmailCodes::WithheldUntilProof);
        log.wait(365 * DAY_SECONDS);
        enter_by_email(log, stream);
    });
    assert_eq!(without_end, [Rule::EmailCodeWithheld]);
    let proven = breach(|log, stream| {
        hold(log, stream, DAY_SECONDS, EmailCodes::WithheldUntilProof);
        log.begin(stream, 0x43);
        log.complete(stream, 0x43, 200, 0x44);
        enter_by_email(log, stream);
    });
    assert_eq!(proven, []);
}

/// SR-092, SR-123: a password that has ended ends the sign-ins that it began.
#[test]
fn a_code_in_a_sign_in_whose_password_has_ended_is_found() {
    let not_open = |ends_password| {
        let found = breach(move |log, stream| {
            log.begin(stream, 0x41);
            let why = PasswordChangeWhy::Unlocked;
            let demanded = PasswordChangeDemanded { why, ends_password };
            log.happened(stream, &AccountEvent::PasswordChangeDemanded(demanded));
            log.complete(stream, 0x41, 200, 0x44);
        });
        found.contains(&Rule::SignInNotOpen)
    };
    assert!(not_open(true));
    assert!(!not_open(false));
}

fn request_replacement(log: &mut Sample, stream: StreamId) {
    let due_at = log.now + SignedDuration::from_secs(DAY_SECONDS);
    let expires_at = log.now + SignedDuration::from_secs(8 * DAY_SECONDS);
    let requested = ReplacementRequested { due_at, expires_at };
    log.happened(stream, &AccountEvent::ReplacementRequested(requested));
}

fn complete_replacement(log: &mut Sample, stream: StreamId) {
    log.happened(stream, &AccountEvent::ReplacementCompleted(ReplacementCompleted {}));
}

fn remove_factor(log: &mut Sample, stream: StreamId) {
    log.happened(stream, &AccountEvent::FactorRemoved(FactorRemoved { factor: FACTOR }));
}

/// SR-019.
#[test]
fn sr_019_a_replacement_before_its_time_or_of_nobodys_asking_is_found() {
    let after_seconds = |seconds| {
        breach(move |log, stream| {
            request_replacement(log, stream);
            log.wait(seconds);
            complete_replacement(log, stream);
        })
    };
    assert_eq!(after_seconds(DAY_SECONDS - 1), [Rule::ReplacementNotDue]);
    assert_eq!(after_seconds(DAY_SECONDS), []);
    assert_eq!(breach(complete_replacement), [Rule::ReplacementNotDue]);
    let objected = breach(|log, stream| {
        request_replacement(log, stream);
        log.happened(stream, &AccountEvent::ReplacementObjected(ReplacementObjected {}));
        log.wait(DAY_SECONDS);
        complete_replacement(log, stream);
    });
    assert_eq!(objected, [Rule::ReplacementNotDue]);
    let twice = breach(|log, stream| {
        request_replacement(log, stream);
        log.wait(DAY_SECONDS);
        complete_replacement(log, stream);
        complete_replacement(log, stream);
    });
    assert_eq!(twice, [Rule::ReplacementNotDue]);
}

/// SR-118.
#[test]
fn sr_118_a_change_while_it_was_held_is_found() {
    let change_email = |log: &mut Sample, stream| {
        let changed = EmailChanged { undo_until: log.now, unproven: false, request: None };
        log.happened(stream, &AccountEvent::EmailChanged(changed));
    };
    let after_seconds = |seconds, change: fn(&mut Sample, StreamId)| {
        breach(move |log, stream| {
            hold(log, stream, DAY_SECONDS, EmailCodes::Offered);
            // A second one that ends earlier shortens nothing.
            hold(log, stream, 60, EmailCodes::Offered);
            log.wait(seconds);
            change(log, stream);
        })
    };
    for change in [remove_factor as fn(&mut Sample, StreamId), change_email] {
        assert_eq!(after_seconds(DAY_SECONDS - 1, change), [Rule::ChangedWhileHeld]);
        assert_eq!(after_seconds(DAY_SECONDS, change), []);
    }
}

/// What a replacement removes goes with it; the hold that it ends in counts for everything after.
#[test]
fn sr_118_a_replacement_removes_what_it_replaces_and_nothing_more() {
    let replaced = |afterwards: bool| {
        breach(move |log, stream| {
            request_replacement(log, stream);
            log.wait(DAY_SECONDS);
            hold(log, stream, DAY_SECONDS, EmailCodes::Offered);
            complete_replacement(log, stream);
            remove_factor(log, stream);
            hold(log, stream, DAY_SECONDS, EmailCodes::Offered);
            if afterwards {
                remove_factor(log, stream);
            }
        })
    };
    assert_eq!(replaced(false), []);
    assert_eq!(replaced(true), [Rule::ChangedWhileHeld]);
}

/// The right password, and a sign-in that waits for this.
fn begin_with_need(log: &mut Sample, stream: StreamId, sign_in: u8, needs: Need) {
    let sign_in = Some(SignInOpened { needs, ..log.waits(sign_in) });
    let verified =
        PasswordVerified { purpose: Purpose::SignIn, sign_in, session: None, device: None };
    log.happened(stream, &AccountEvent::PasswordVerified(verified));
}

fn link_until(log: &Sample) -> Option<Timestamp> {
    Some(log.now + SignedDuration::from_secs(1800))
}

fn request_link(log: &mut Sample, stream: StreamId) -> EventId {
    let requested = PasswordResetRequested { link_until: link_until(log) };
    log.happened(stream, &AccountEvent::PasswordResetRequested(requested))
}

fn renew_link(log: &mut Sample, stream: StreamId) {
    let renewed = PasswordResetRenewed { link_until: link_until(log) };
    log.happened(stream, &AccountEvent::PasswordResetRenewed(renewed));
}

fn set_by_link(log: &mut Sample, stream: StreamId) {
    let set = PasswordSet::new(SecretVersion::new(9), PasswordSetWhy::Reset);
    log.happened(stream, &AccountEvent::PasswordSet(set));
}

/// SR-054: a link works for half an hour, is renewed while it was not used, and is used once.
#[test]
fn sr_054_a_password_set_by_a_link_that_does_not_work_is_found() {
    assert_eq!(breach(set_by_link), [Rule::ResetWithoutLink]);
    let after_seconds = |seconds, renewed_after: Option<i64>| {
        breach(move |log, stream| {
            request_link(log, stream);
            if let Some(renewed_after) = renewed_after {
                log.wait(renewed_after);
                renew_link(log, stream);
            }
            log.wait(seconds);
            set_by_link(log, stream);
        })
    };
    assert_eq!(after_seconds(1799, None), []);
    assert_eq!(after_seconds(1800, None), [Rule::ResetWithoutLink]);
    assert_eq!(after_seconds(1799, Some(3000)), []);
    assert_eq!(after_seconds(1800, Some(3000)), [Rule::ResetWithoutLink]);
    let renewed_after_use = breach(|log, stream| {
        request_link(log, stream);
        set_by_link(log, stream);
        renew_link(log, stream);
    });
    assert_eq!(renewed_after_use, [Rule::ResetWithoutLink]);
    let twice = breach(|log, stream| {
        request_link(log, stream);
        set_by_link(log, stream);
        set_by_link(log, stream);
    });
    assert_eq!(twice, [Rule::ResetWithoutLink]);
}

fn close_password(log: &mut Sample, stream: StreamId) -> EventId {
    let locked = LockedOut {
        method: Method::Password,
        lane: Lane::Unknown,
        rule: LockRule::LaneCap,
        unresolved: 100,
        until: None,
        ends_sign_ins: false,
    };
    log.happened(stream, &AccountEvent::LockedOut(locked))
}

fn unlock(log: &mut Sample, stream: StreamId, cause: EventId) {
    let unlocked = PasswordUnlocked { cause, browser: None };
    log.happened(stream, &AccountEvent::PasswordUnlocked(unlocked));
}

/// SR-088: a password is unlocked by the lock that closed it last, and once; or together with a new
/// one, by its link.
#[test]
fn sr_088_a_password_unlocked_without_a_lock_is_found() {
    let by_lock = |times: usize, closed_again: bool| {
        breach(move |log, stream| {
            let cause = close_password(log, stream);
            if closed_again {
                close_password(log, stream);
            }
            (0..times).for_each(|_| unlock(log, stream, cause));
        })
    };
    assert_eq!(by_lock(1, false), []);
    assert_eq!(by_lock(2, false), [Rule::UnlockedWithoutLink]);
    assert_eq!(by_lock(1, true), [Rule::UnlockedWithoutLink]);
    let with_new_password = |set: bool, times: usize| {
        breach(move |log, stream| {
            let link = request_link(log, stream);
            if set {
                set_by_link(log, stream);
            }
            (0..times).for_each(|_| unlock(log, stream, link));
        })
    };
    assert_eq!(with_new_password(true, 1), []);
    assert_eq!(with_new_password(true, 2), [Rule::UnlockedWithoutLink]);
    assert_eq!(with_new_password(false, 1), [Rule::UnlockedWithoutLink]);
}

fn wrong_code(sign_in: u8, counted: Counted) -> AccountEvent {
    AccountEvent::CodeRejected(CodeRejected {
        method: Method::Totp,
        factor: Some(FACTOR),
        why: RejectedWhy::Wrong,
        off_by_steps: None,
        purpose: Purpose::SignIn,
        sign_in: Some(handle(sign_in)),
        in_session: None,
        in_sign_in: 1,
        unresolved: 1,
        counted,
    })
}

/// SR-133: a browser in which a link was followed has tries of its own at the password, for the
/// time that it was given, and is no known device.
#[test]
fn sr_133_tries_of_a_browser_for_more_than_they_were_given_are_found() {
    let at_browser =
        || Counted { lane: Lane::Known, device: Some(handle(0x71)), tells_holder: false };
    let tried = |seconds, is_code: bool| {
        breach(move |log, stream| {
            let expires_at = log.now + SignedDuration::from_secs(1800);
            let browser = Some(BrowserAdmitted { device: handle(0x71), expires_at });
            let cause = close_password(log, stream);
            let unlocked = PasswordUnlocked { cause, browser };
            log.happened(stream, &AccountEvent::PasswordUnlocked(unlocked));
            log.wait(seconds);
            let password = PasswordRejected {
                suspended: false,
                purpose: Purpose::SignIn,
                in_session: None,
                unresolved: 1,
                counted: at_browser(),
            };
            if is_code {
                log.begin(stream, 0x41);
                log.happened(stream, &wrong_code(0x41, at_browser()));
            } else {
                log.happened(stream, &AccountEvent::PasswordRejected(password));
            }
        })
    };
    assert_eq!(tried(1799, false), []);
    assert_eq!(tried(1800, false), [Rule::DeviceNotKnown]);
    assert_eq!(tried(0, true), [Rule::DeviceNotKnown]);
}

/// SR-083: what was to wait is guessed at once after it was unlocked, and not before.
#[test]
fn a_password_that_waits_is_evaluated_once_it_is_unlocked() {
    let guessed = |unlocks: bool| {
        breach(move |log, stream| {
            let cause = close_password(log, stream);
            let cooled = CooledDown {
                method: Method::Password,
                lane: Lane::Unknown,
                until: log.now + SignedDuration::from_secs(3600),
                unresolved: 99,
                rule: "wait".to_owned(),
                ends_sign_ins: false,
            };
            log.happened(stream, &AccountEvent::CooledDown(cooled));
            if unlocks {
                unlock(log, stream, cause);
            }
            log.begin(stream, 0x41);
        })
    };
    assert_eq!(guessed(true), []);
    assert_eq!(guessed(false), [Rule::GuessDuringCoolDown]);
}

/// The password that this sign-in demanded, and the session that follows.
fn set_demanded(log: &mut Sample, stream: StreamId, sign_in: u8, assurance: Assurance) {
    let set = PasswordSet {
        sign_in: Some(handle(sign_in)),
        session: Some(log.session(0x42, assurance, None)),
        ..PasswordSet::new(SecretVersion::new(9), PasswordSetWhy::Demanded)
    };
    log.happened(stream, &AccountEvent::PasswordSet(set));
}

#[test]
fn a_password_that_no_sign_in_demanded_is_found() {
    let demanded = |needs, seconds, times: usize| {
        breach(move |log, stream| {
            begin_with_need(log, stream, 0x41, needs);
            log.wait(seconds);
            (0..times).for_each(|_| set_demanded(log, stream, 0x41, Assurance::Password));
        })
    };
    assert_eq!(demanded(Need::NewPassword, 599, 1), []);
    assert_eq!(demanded(Need::NewPassword, 600, 1), [Rule::PasswordNotDemanded]);
    assert_eq!(demanded(Need::NewPassword, 0, 2), [Rule::PasswordNotDemanded]);
    for needs in [Need::SecondFactor, Need::Enrolment] {
        assert_eq!(demanded(needs, 0, 1), [Rule::PasswordNotDemanded]);
    }
    // A password set by a link in a mail signs nobody in.
    let by_link = |session: Option<u8>| {
        breach(move |log, stream| {
            let opened = session.map(|session| log.session(session, Assurance::Password, None));
            let set = PasswordSet {
                session: opened,
                ..PasswordSet::new(SecretVersion::new(9), PasswordSetWhy::Reset)
            };
            request_link(log, stream);
            log.happened(stream, &AccountEvent::PasswordSet(set));
        })
    };
    assert_eq!(by_link(None), []);
    assert_eq!(by_link(Some(0x42)), [Rule::PasswordNotDemanded]);
}

/// SR-132: the session is as sure as what was proven before the password was asked for.
#[test]
fn sr_132_a_demanded_password_makes_nothing_surer() {
    let surer = breach(|log, stream| {
        begin_with_need(log, stream, 0x41, Need::NewPassword);
        set_demanded(log, stream, 0x41, Assurance::TwoFactor);
    });
    assert_eq!(surer, [Rule::AssuranceWithoutProof]);
}

/// What the old password began goes no further.
#[test]
fn sr_053_a_sign_in_that_outlives_its_password_is_found() {
    let outlived = breach(|log, stream| {
        log.begin(stream, 0x41);
        request_link(log, stream);
        set_by_link(log, stream);
        log.complete(stream, 0x41, 200, 0x42);
    });
    assert_eq!(outlived, [Rule::SignInNotOpen]);
}
