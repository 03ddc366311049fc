use countersign_events::account::{
    AccountEvent, Assurance, CodeVerified, DeviceRemembered, DevicesForgotten, Disabled, Enabled,
    FactorRemoved, FactorResynced, HistoryViewed, Method, PasswordSet, PasswordSetWhy,
    PasswordVerified, Purpose, RecoveryCodeUsed, RejectedWhy, SessionOpened, SignInOpened, Viewed,
};
use countersign_events::actor::By;
use countersign_events::entry::SealClass;
use countersign_events::id::{Digest, SecretVersion, StreamId};
use jiff::SignedDuration;
use tempfile::TempDir;

use crate::audit::finding::Rule;
use crate::audit::sample::{FACTOR, OPERATOR, Sample, account, handle};
use crate::audit::source::Source;
use crate::audit::verify::verify;

mod grants;
mod guesses;
mod imports;
mod policy;
mod recovery;
mod staff;
mod support;

fn rules(log: &Sample) -> Vec<Rule> {
    let place = TempDir::new().unwrap();
    log.export(place.path());
    let report = verify(Source::open(place.path()).unwrap(), None, &mut |_, _| {});
    report.findings.iter().map(|finding| finding.rule).collect()
}

/// Takes the journey further by something that must not happen.
fn breach(what: impl FnOnce(&mut Sample, StreamId)) -> Vec<Rule> {
    let mut log = Sample::journey();
    what(&mut log, account(1));
    rules(&log)
}

#[test]
fn sr_007_a_second_acceptance_of_a_step_is_found_and_so_is_an_earlier_step() {
    let again = |step| {
        breach(move |log, stream| {
            log.begin(stream, 0x41);
            log.complete(stream, 0x41, step, 0x42);
        })
    };
    assert_eq!(again(105), [Rule::StepAcceptedTwice]);
    assert_eq!(again(104), [Rule::StepNotLater]);
    assert_eq!(again(106), []);
}

/// SR-014: what is accepted lies around what was accepted before, and never further.
#[test]
fn sr_014_a_code_outside_the_window_of_its_phone_is_found() {
    let accepted = |offsets: &'static [i32]| {
        breach(move |log, stream| {
            for (number, offset) in (0_u8..).zip(offsets) {
                log.begin(stream, 0x41 + number);
                let step = 200 + u64::from(number);
                log.complete_off(stream, (0x41 + number, 0x61 + number), step, *offset);
            }
        })
    };
    for honest in [&[1, 2, 1, 0, -1][..], &[-1, -2, -2, 0, 1], &[0, 0]] {
        assert_eq!(accepted(honest), [], "{honest:?}");
    }
    for off in [&[2][..], &[-2], &[-1, 1], &[1, -1], &[-1, -2, -3], &[1, 2, 3]] {
        assert_eq!(accepted(off), [Rule::CodeOutsideWindow], "{off:?}");
    }
}

/// SR-018: a clock is set by two codes, within twenty steps, in a session that something else than
/// that authenticator has proven; and from then on codes around that are right.
#[test]
fn sr_018_a_clock_that_is_set_without_its_proof_is_found() {
    let by_recovery = |offset: i32, then: &'static [i32]| {
        breach(move |log, stream| {
            log.begin(stream, 0x41);
            log.complete_by_recovery(stream, 0x41, 5, 0x42);
            log.resync(stream, 0x42, 200, offset);
            for (number, offset) in (0_u8..).zip(then) {
                log.begin(stream, 0x51 + number);
                let step = 210 + u64::from(number);
                log.complete_off(stream, (0x51 + number, 0x61 + number), step, *offset);
            }
        })
    };
    assert_eq!(by_recovery(-12, &[-13, -14, -12, -11]), []);
    assert_eq!(by_recovery(-12, &[0]), [Rule::CodeOutsideWindow]);
    assert_eq!(by_recovery(-12, &[-11, -13]), [Rule::CodeOutsideWindow]);
    assert_eq!(by_recovery(20, &[]), []);
    assert_eq!(by_recovery(21, &[]), [Rule::ResyncWithoutProof]);
    let by_itself = breach(|log, stream| log.resync(stream, 0x15, 200, -12));
    assert_eq!(by_itself, [Rule::ResyncWithoutProof]);
    let by_email = breach(|log, stream| log.resync(stream, 0x13, 200, -12));
    assert_eq!(by_email, [Rule::ResyncWithoutProof]);
    let without_codes = breach(|log, stream| {
        let resynced = FactorResynced { factor: FACTOR, offset: -12 };
        log.happened(stream, &AccountEvent::FactorResynced(resynced));
    });
    assert_eq!(without_codes, [Rule::ResyncWithoutProof]);
}

#[test]
fn a_code_of_an_authenticator_that_is_not_there_is_found() {
    let report = breach(|log, stream| {
        log.begin(stream, 0x41);
        let verified = CodeVerified {
            factor: None,
            sign_in: Some(handle(0x41)),
            ..log.code(Method::Totp, Some(200), Purpose::SignIn)
        };
        log.happened(stream, &AccountEvent::CodeVerified(verified));
    });
    assert_eq!(report, [Rule::NoSuchFactor]);
    let without_code = {
        let mut log = Sample::journey();
        log.request_enable(account(2), 0x21);
        log.happened(account(2), &AccountEvent::Enabled(Enabled { factor: FACTOR }));
        rules(&log)
    };
    assert_eq!(without_code, [Rule::EnabledWithoutCode]);
}

#[test]
fn a_session_without_its_proof_is_found() {
    assert_eq!(
        breach(|log, stream| log.sign_in_by_password(stream, 0x41)),
        [Rule::SessionWithoutProof]
    );
    assert_eq!(breach(|log, stream| log.complete(stream, 0x66, 200, 0x41)), [Rule::SignInNotOpen]);
    let completed_twice = breach(|log, stream| log.complete(stream, 0x35, 200, 0x41));
    assert_eq!(completed_twice, [Rule::SignInNotOpen]);
    let too_late = breach(|log, stream| {
        log.begin(stream, 0x41);
        log.wait(600);
        log.complete(stream, 0x41, 200, 0x42);
    });
    assert_eq!(too_late, [Rule::SignInNotOpen]);
    let step_up = breach(|log, stream| {
        let session = Some(log.session(0x42, Assurance::Password, Some(0x43)));
        let verified =
            PasswordVerified { purpose: Purpose::StepUp, sign_in: None, session, device: None };
        log.happened(stream, &AccountEvent::PasswordVerified(verified));
    });
    assert_eq!(step_up, [Rule::SessionWithoutProof]);
}

#[test]
fn a_session_called_surer_than_proven_is_found() {
    let by_email = breach(|log, stream| {
        log.begin(stream, 0x41);
        let request = log.send_email_code(stream, 0x41);
        let verified = CodeVerified {
            request: Some(request),
            sign_in: Some(handle(0x41)),
            session: Some(log.session(0x42, Assurance::TwoFactor, None)),
            ..log.code(Method::EmailCode, None, Purpose::SignIn)
        };
        log.happened(stream, &AccountEvent::CodeVerified(verified));
    });
    assert_eq!(by_email, [Rule::AssuranceWithoutProof]);
    let by_password = breach(|log, stream| {
        let session = Some(log.session(0x42, Assurance::TwoFactor, Some(0x13)));
        let verified =
            PasswordVerified { purpose: Purpose::StepUp, sign_in: None, session, device: None };
        log.happened(stream, &AccountEvent::PasswordVerified(verified));
    });
    assert_eq!(by_password, [Rule::AssuranceWithoutProof]);
}

/// SR-132: a session that is two factors sure after the second factor was switched off.
#[test]
fn sr_132_a_session_that_stays_sure_without_its_second_factor_is_found() {
    let proven_again = |assurance| {
        breach(move |log, stream| {
            log.happened(stream, &AccountEvent::FactorRemoved(FactorRemoved { factor: FACTOR }));
            log.happened(stream, &AccountEvent::Disabled(Disabled {}));
            let session = Some(log.session(0x42, assurance, Some(0x15)));
            let verified =
                PasswordVerified { purpose: Purpose::StepUp, sign_in: None, session, device: None };
            log.happened(stream, &AccountEvent::PasswordVerified(verified));
        })
    };
    assert_eq!(proven_again(Assurance::TwoFactor), [Rule::AssuranceWithoutProof]);
    assert_eq!(proven_again(Assurance::Password), []);
}

#[test]
fn a_code_by_email_or_of_recovery_that_is_used_twice_is_found() {
    let email = breach(|log, stream| {
        log.begin(stream, 0x41);
        let request = log.send_email_code(stream, 0x41);
        log.complete_by_email(stream, 0x41, request, 0x42);
        log.begin(stream, 0x43);
        log.complete_by_email(stream, 0x43, request, 0x44);
    });
    assert_eq!(email, [Rule::EmailCodeNotLive]);
    let superseded = breach(|log, stream| {
        log.begin(stream, 0x41);
        let request = log.send_email_code(stream, 0x41);
        log.wait(60);
        log.send_email_code(stream, 0x41);
        log.complete_by_email(stream, 0x41, request, 0x42);
    });
    assert_eq!(superseded, [Rule::EmailCodeNotLive]);
    let recovery = breach(|log, stream| {
        let used = RecoveryCodeUsed { index: 4, left: 8 };
        log.happened(stream, &AccountEvent::RecoveryCodeUsed(used));
    });
    assert_eq!(recovery, [Rule::RecoveryCodeUsedTwice]);
}

#[test]
fn a_guess_during_a_cool_down_is_found_and_one_at_its_end_is_not() {
    let after_seconds = |seconds| {
        breach(move |log, stream| {
            log.cool_down(stream, Method::Totp);
            log.wait(seconds);
            log.begin(stream, 0x41);
            log.complete(stream, 0x41, 200, 0x42);
        })
    };
    assert_eq!(after_seconds(899), [Rule::GuessDuringCoolDown]);
    assert_eq!(after_seconds(900), []);
}

#[test]
fn a_sixth_guess_in_one_sign_in_is_found_right_or_wrong() {
    let guesses = |wrong: u32, right: bool| {
        breach(move |log, stream| {
            log.begin(stream, 0x41);
            (1..=wrong).for_each(|guess| log.reject(stream, 0x41, RejectedWhy::Wrong, guess));
            if right {
                log.complete(stream, 0x41, 200, 0x42);
            }
        })
    };
    assert_eq!(guesses(4, true), []);
    assert_eq!(guesses(5, false), []);
    assert_eq!(guesses(5, true), [Rule::TooManyGuesses]);
    assert_eq!(guesses(6, false), [Rule::TooManyGuesses]);
}

/// SR-133: a device is called known after a sign-in there, and until it is forgotten.
#[test]
fn sr_133_a_device_that_is_not_known_is_found() {
    let begins = |log: &mut Sample, stream, number: u8| {
        let opened = SignInOpened { device: Some(handle(0x71)), ..log.waits(number) };
        let sign_in = Some(opened);
        let verified =
            PasswordVerified { purpose: Purpose::SignIn, sign_in, session: None, device: None };
        log.happened(stream, &AccountEvent::PasswordVerified(verified));
    };
    let completes = |log: &mut Sample, stream, number: u8, step, replaces: Option<u8>| {
        let expires_at = log.now + SignedDuration::from_hours(90 * 24);
        let replaces = replaces.map(handle);
        let device = Some(DeviceRemembered { device: handle(0x71), expires_at, replaces });
        let opened = log.session(number + 1, Assurance::TwoFactor, None);
        let verified = CodeVerified {
            sign_in: Some(handle(number)),
            session: Some(SessionOpened { device, ..opened }),
            ..log.code(Method::Totp, Some(step), Purpose::SignIn)
        };
        log.happened(stream, &AccountEvent::CodeVerified(verified));
    };
    let after = |what: Option<AccountEvent>, wait: i64| {
        breach(move |log, stream| {
            log.begin(stream, 0x41);
            completes(log, stream, 0x41, 200, None);
            if let Some(event) = &what {
                log.happened(stream, event);
            }
            log.wait(wait);
            begins(log, stream, 0x51);
        })
    };
    let day = 24 * 3_600;
    assert_eq!(after(None, 0), []);
    assert_eq!(after(None, 90 * day), [Rule::DeviceNotKnown]);
    let devices = vec![handle(0x71)];
    let forgotten = AccountEvent::DevicesForgotten(DevicesForgotten { devices });
    assert_eq!(after(Some(forgotten), 0), [Rule::DeviceNotKnown]);
    let set = |why| AccountEvent::PasswordSet(PasswordSet::new(SecretVersion::new(2), why));
    assert_eq!(after(Some(set(PasswordSetWhy::Changed)), 0), [Rule::DeviceNotKnown]);
    assert_eq!(after(Some(set(PasswordSetWhy::Rehashed)), 0), []);
    let never = breach(|log, stream| begins(log, stream, 0x41));
    assert_eq!(never, [Rule::DeviceNotKnown]);
    let gives_way = breach(|log, stream| {
        log.begin(stream, 0x41);
        completes(log, stream, 0x41, 200, Some(0x72));
    });
    assert_eq!(gives_way, [Rule::DeviceNotKnown]);
}

#[test]
fn an_operators_act_without_a_sealed_reason_or_by_nobody_is_found() {
    assert_eq!(breach(|log, stream| log.unlock(stream, OPERATOR, &[])), [Rule::ActWithoutReason]);
    assert_eq!(
        breach(|log, stream| log.unlock(stream, By::Holder, &[SealClass::Pii])),
        [Rule::ActWithoutOperator]
    );
}

#[test]
fn a_session_where_nobody_registered_is_found() {
    let mut log = Sample::new();
    let unknown = StreamId::Unknown(Digest::new([1; 32]));
    log.sign_in_by_password(unknown, 1);
    log.sign_in_by_password(account(9), 1);
    assert_eq!(rules(&log), [Rule::NobodyRegistered, Rule::NobodyRegistered]);
}

/// A search that found nobody is recorded where nobody is; there is nothing else to look at.
#[test]
fn a_look_where_nobody_registered_is_found_unless_it_is_a_search() {
    let looked = |what| {
        let mut log = Sample::new();
        let unknown = StreamId::Unknown(Digest::new([1; 32]));
        log.happened(unknown, &AccountEvent::HistoryViewed(HistoryViewed { what }));
        rules(&log)
    };
    assert_eq!(looked(Viewed::Search), []);
    for what in [Viewed::Account, Viewed::Events, Viewed::State] {
        assert_eq!(looked(what), [Rule::NobodyRegistered]);
    }
}
