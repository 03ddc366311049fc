//! What happened is judged by the policy that the log says was in force.

use std::collections::BTreeMap;

use countersign_events::account::{
    AccountEvent, Assurance, Lane, LockRule, LockedOut, Method, Origin, PasswordVerified, Purpose,
    Registered, RejectedWhy, SessionOpened, SessionUsed,
};
use countersign_events::actor::By;
use countersign_events::entry::SealClass;
use countersign_events::id::{PolicyVersion, StreamId};
use countersign_events::policy::{Changed, PolicyEvent, Set};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::rules;
use crate::audit::finding::Rule;
use crate::audit::sample::{OPERATOR, Sample, account, handle};
use crate::domain::policy::{Policy, Profile};

fn version(number: u64, settings: &[(&str, Value)]) -> Set {
    let named = settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
    Set {
        version: PolicyVersion::new(number),
        profile: "standard".to_owned(),
        settings: Policy::of(Profile::Standard).settings().into_iter().chain(named).collect(),
        changed: BTreeMap::new(),
        accepted_risks: vec![],
        tells_admins: false,
    }
}

/// A journey, a first policy, and what happens then.
fn under(set: Set, then: impl FnOnce(&mut Sample, StreamId)) -> Vec<Rule> {
    let mut log = Sample::journey();
    write(&mut log, set);
    then(&mut log, account(1));
    rules(&log)
}

fn write(log: &mut Sample, set: Set) {
    let event = PolicyEvent::Set(set);
    let json = event.to_json().unwrap();
    log.write(StreamId::Policy, By::System, event.event_type(), json, &[]);
}

#[test]
fn sr_058_guesses_in_a_sign_in_are_as_many_as_the_policy_of_their_time_allows() {
    let guesses = |most: u32, wrong: u32| {
        under(version(1, &[("totp.limit.per_txn", json!(most))]), |log, stream| {
            log.begin(stream, 0x41);
            (1..=wrong).for_each(|guess| log.reject(stream, 0x41, RejectedWhy::Wrong, guess));
        })
    };
    assert_eq!(guesses(2, 2), []);
    assert_eq!(guesses(2, 3), [Rule::TooManyGuesses]);
    assert_eq!(guesses(5, 3), []);
}

#[test]
fn an_entry_under_a_version_that_was_not_set_is_found() {
    let begin = |log: &mut Sample, stream| {
        log.begin(stream, 0x41);
    };
    assert_eq!(under(version(1, &[]), begin), []);
    // Entries of a sample name version 1.
    let not_set = under(version(2, &[]), begin);
    assert_eq!(not_set[..2], [Rule::PolicyNotNext, Rule::PolicyNotSet]);
}

#[test]
fn versions_that_skip_one_or_say_untruly_what_they_change_are_found() {
    let second = |number: u64, changed: &[(&str, Value, Value)]| {
        under(version(1, &[]), |log, _| {
            let named = changed.iter().map(|(key, before, after)| {
                let (before, after) = (before.clone(), after.clone());
                ((*key).to_owned(), Changed { before, after })
            });
            let set = version(number, &[("email.cap", json!(19))]);
            write(log, Set { changed: named.collect(), ..set });
        })
    };
    let truly = ("email.cap", json!(20), json!(19));
    assert_eq!(second(2, std::slice::from_ref(&truly)), []);
    assert_eq!(second(3, std::slice::from_ref(&truly)), [Rule::PolicyNotNext]);
    assert_eq!(second(2, &[]), [Rule::PolicyNotNext]);
    assert_eq!(second(2, &[("email.cap", json!(18), json!(19))]), [Rule::PolicyNotNext]);
    let surplus = ("recovery.cap", json!(50), json!(50));
    assert_eq!(second(2, &[truly, surplus]), [Rule::PolicyNotNext]);
}

/// SR-096: what is looser than the standard is called so by the event itself.
#[test]
fn sr_096_a_looser_policy_that_names_no_risk_is_found() {
    let looser = |risks: &[&str]| {
        let set = version(1, &[("totp.limit.hard_cap", json!(27))]);
        let accepted_risks = risks.iter().map(|risk| (*risk).to_owned()).collect();
        under(Set { accepted_risks, ..set }, |_, _| {})
    };
    assert_eq!(looser(&["totp.limit.hard_cap"]), []);
    assert_eq!(looser(&[]), [Rule::RiskNotAccepted]);
    assert_eq!(looser(&["email.cap"]), [Rule::RiskNotAccepted]);
}

/// SR-123: a password that its cap disabled is worth nothing, until support brings it back.
#[test]
fn sr_123_a_password_is_worth_nothing_from_its_cap_until_support_brings_it_back() {
    let locked = |log: &mut Sample, stream| {
        log.happened(
            stream,
            &AccountEvent::LockedOut(LockedOut {
                method: Method::Password,
                lane: Lane::Unknown,
                rule: LockRule::HardCap,
                unresolved: 100,
                until: None,
                ends_sign_ins: false,
            }),
        );
    };
    let shut = under(version(1, &[]), |log, stream| {
        locked(log, stream);
        log.begin(stream, 0x41);
    });
    assert_eq!(shut, [Rule::GuessDuringCoolDown]);
    let brought_back = under(version(1, &[]), |log, stream| {
        locked(log, stream);
        log.unlock(stream, OPERATOR, &[SealClass::Pii]);
        log.begin(stream, 0x41);
    });
    assert_eq!(brought_back, []);
}

/// The session of an account made for these, which lives for so long and is used after so long.
fn session(origin: Origin, set: Set, minutes: (i64, i64)) -> Vec<Rule> {
    let (lives, unused) = minutes;
    under(set, |log, _| {
        let stream = account(9);
        let (has_email, email_confirmed, imported) = (false, false, false);
        let of = Registered { origin, client: None, has_email, email_confirmed, imported };
        let sealed = [SealClass::Pii, SealClass::Net];
        log.happened_by(stream, By::Holder, &AccountEvent::Registered(of), &sealed);
        let opened = log.session(0x51, Assurance::Password, None);
        let expires_at = log.now + SignedDuration::from_mins(lives);
        let verified = PasswordVerified {
            purpose: Purpose::SignIn,
            sign_in: None,
            session: Some(SessionOpened { expires_at, ..opened }),
            device: None,
        };
        log.happened(stream, &AccountEvent::PasswordVerified(verified));
        log.wait(unused * 60);
        log.happened(stream, &AccountEvent::SessionUsed(SessionUsed { session: handle(0x51) }));
    })
}

/// SR-120, SR-130: a session lives as long as the policy says, and an operator's shorter; unused
/// for as long as that, and the five minutes that a use may go unrecorded.
#[test]
fn sr_120_a_session_of_an_operator_that_lives_too_long_is_found() {
    let (operator, holder) = (Origin::Operator, Origin::Holder);
    let set = || version(1, &[]);
    let outlived = [Rule::SessionOutlived];
    assert_eq!(session(operator, set(), (8 * 60, 19)), []);
    assert_eq!(session(operator, set(), (8 * 60 + 1, 19)), outlived);
    assert_eq!(session(operator, set(), (8 * 60, 20)), outlived);
    assert_eq!(session(operator, set(), (10, 10)), outlived);
    assert_eq!(session(holder, set(), (12 * 60, 34)), []);
    assert_eq!(session(holder, set(), (12 * 60 + 1, 34)), outlived);
    assert_eq!(session(holder, set(), (12 * 60, 35)), outlived);
    let tighter = || version(1, &[("support.session_idle", json!("5m"))]);
    assert_eq!(session(operator, tighter(), (8 * 60, 10)), outlived);
    // Before these numbers were there, operators had everybody's.
    let mut before = set();
    before.settings.retain(|key, _| !key.starts_with("support.session"));
    assert_eq!(session(operator, before, (12 * 60, 34)), []);
}
