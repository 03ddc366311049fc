//! Every event, and every lock, in the words that support and holders read. The events are the
//! golden payloads of the language: what was once written is explained for ever.

use std::collections::BTreeSet;
use std::path::Path;

use countersign_events::account::{
    AccountEvent, AttemptsRefused, Lane, Method, PasswordChangeDemanded, PasswordChangeWhy,
};
use jiff::Timestamp;

use super::{Ways, event, lock};
use crate::domain::limits::{Lock, Rule};

/// The golden payloads of accounts, by type and form, and what is said of each, line by line.
const SENTENCES: &str = include_str!("sentences.txt");

/// The lines: type, form, sentence.
fn sentences() -> Vec<(&'static str, &'static str, &'static str)> {
    let read = |line: &'static str| {
        let (golden, sentence) = line.split_once(": ")?;
        let (event_type, form) = golden.split_once(' ')?;
        Some((event_type, form, sentence))
    };
    SENTENCES.lines().map(|line| read(line).expect("type form: sentence")).collect()
}

/// A golden payload: its type, and its form within the type.
fn golden(event_type: &str, form: &str) -> AccountEvent {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/tests/golden/v1");
    let path = directory.join(format!("{event_type}.{form}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}", path.display()));
    AccountEvent::decode(event_type, 1, text.trim_end()).unwrap()
}

#[test]
fn every_event_is_told_in_a_sentence() {
    for (event_type, form, sentence) in sentences() {
        assert_eq!(event(&golden(event_type, form)), sentence, "{event_type} {form}");
    }
    let told: BTreeSet<&str> = sentences().iter().map(|(event_type, ..)| *event_type).collect();
    let all: BTreeSet<&str> = AccountEvent::CATALOGUE.iter().map(|row| row.event_type).collect();
    assert_eq!(told, all, "a type without a sentence here");
}

/// Who ended the password is told, and nobody is said to have said what he did not.
#[test]
fn a_password_that_support_ended_is_not_told_as_the_holders_word() {
    let why = PasswordChangeWhy::Unlocked;
    let demanded = PasswordChangeDemanded { why, ends_password: true };
    let sentence = event(&AccountEvent::PasswordChangeDemanded(demanded));
    assert!(sentence.contains("support forgave wrong codes"), "{sentence}");
    assert!(!sentence.contains("the holder said"), "{sentence}");
}

/// A sentence is for people: no type, no id, no word of a program.
#[test]
fn no_sentence_shows_the_machine() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/tests/golden/v1");
    let files = std::fs::read_dir(directory).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let goldens = names.filter(|name| name.starts_with("account.") && name.ends_with(".json"));
    let mut seen = 0;
    for name in goldens {
        let mut parts = name.trim_end_matches(".json").rsplitn(2, '.');
        let (form, event_type) = (parts.next().unwrap(), parts.next().unwrap());
        let sentence = event(&golden(event_type, form));
        seen += 1;
        for machine in ["account.", "_", "0000-", "a1a1", "a2a2", "{", "()", "(s)"] {
            assert!(!sentence.contains(machine), "{name}: {sentence}");
        }
    }
    assert_eq!(seen, sentences().len(), "a golden payload without a sentence here");
}

/// Why is it locked: what was counted, what is refused, since when, until when, and what ends it.
#[test]
fn a_lock_is_explained_with_its_reason_and_its_end() {
    let at = |second: i64| Timestamp::from_second(1_795_000_000 + second).unwrap();
    let shut = |method, rule, until: Option<i64>, unresolved| Lock {
        method,
        lane: Lane::Unknown,
        rule,
        since: at(0),
        until: until.map(at),
        unresolved,
    };
    let told = |shut: &Lock| lock(shut, Ways { password: true, mail: true });
    let with_factor = "a new password set with a second factor,";
    for (method, what, ends) in [
        (Method::Password, "password", "a new password by mail"),
        (Method::Totp, "authenticator code", with_factor),
        (Method::EmailCode, "code by e-mail", with_factor),
        (Method::RecoveryCode, "recovery code", with_factor),
    ] {
        let expected = format!(
            "5 wrong tries from devices that are not known: every {what} from there is refused \
             from 2026-11-18 11:06:40 UTC until 2026-11-18 11:21:40 UTC; the time, {ends} or \
             support ends it, and trying on does not make it longer"
        );
        assert_eq!(told(&shut(method, Rule::Wait, Some(900), 5)), expected);
    }
    let year = 365 * 24 * 3_600;
    assert_eq!(
        told(&shut(Method::Totp, Rule::LaneCap, Some(year), 16)),
        "16 wrong tries from devices that are not known: every authenticator code from there is \
         refused from 2026-11-18 11:06:40 UTC until 2027-11-18 11:06:40 UTC; known devices are not \
         concerned; a new password, set with a second factor or once in a year by mail, or support \
         ends it earlier"
    );
    let known = Lock { lane: Lane::Known, ..shut(Method::Totp, Rule::LaneCap, Some(year), 10) };
    assert_eq!(
        told(&known),
        "10 wrong tries from known devices: since 2026-11-18 11:06:40 UTC an authenticator code \
         from there counts as one from any other until 2027-11-18 11:06:40 UTC; a right one ends it"
    );
    assert_eq!(
        told(&shut(Method::Totp, Rule::HardCap, None, 26)),
        "26 wrong tries in all: every authenticator code is refused since 2026-11-18 11:06:40 UTC; \
         only a new authenticator ends it, set up with a recovery code, after a code by e-mail or \
         with support"
    );
    assert_eq!(
        told(&shut(Method::RecoveryCode, Rule::HardCap, None, 50)),
        "50 wrong tries in all: every recovery code is refused since 2026-11-18 11:06:40 UTC; only \
         new recovery codes end it"
    );
    assert_eq!(
        told(&shut(Method::Password, Rule::HardCap, None, 100)),
        "100 wrong tries in all: every password is refused since 2026-11-18 11:06:40 UTC; only a \
         new password ends it, set by a link sent by mail, or support"
    );
    assert_eq!(
        told(&shut(Method::Totp, Rule::Guarded, Some(24 * 3_600), 3)),
        "second factors fail everywhere far more often than usual, and 3 wrong tries in a day came \
         from devices that are not known: every authenticator code from there is refused from \
         2026-11-18 11:06:40 UTC until 2026-11-19 11:06:40 UTC; known devices are not concerned; \
         it ends with the alarm, or by time"
    );
    assert_eq!(
        told(&shut(Method::EmailCode, Rule::Pace, Some(1), 1)),
        "a code was refused at 2026-11-18 11:06:40 UTC: the next code by e-mail in the same \
         sign-in or session is refused until 2026-11-18 11:06:41 UTC, is not counted, and makes \
         nothing longer"
    );
}

/// No way is named that there is not: an app's users have no password here, and no link goes to an
/// address that was never proven.
#[test]
fn a_lock_names_no_way_out_that_the_account_has_not() {
    let at = Timestamp::from_second(1_795_000_000).unwrap();
    let ends = |method, rule, (password, mail): (bool, bool)| {
        let (lane, since, until) = (Lane::Unknown, at, Some(at));
        let shut = Lock { method, lane, rule, since, until, unresolved: 16 };
        lock(&shut, Ways { password, mail })
    };
    let unproven = (true, false);
    let of_an_app = (false, false);
    for (method, rule, ways, end) in [
        (Method::Password, Rule::Wait, unproven, "; the time or support ends it, and trying"),
        (Method::Totp, Rule::Wait, of_an_app, "; the time or support ends it, and trying"),
        (Method::Password, Rule::LaneCap, unproven, "set at a known device, or support ends it"),
        (Method::Totp, Rule::LaneCap, unproven, "set with a second factor, ends it earlier"),
        (Method::Totp, Rule::LaneCap, of_an_app, "concerned; support ends it earlier"),
        (Method::Password, Rule::HardCap, unproven, "no proven address to send a link to"),
    ] {
        let said = ends(method, rule, ways);
        assert!(said.contains(end), "{said}");
        assert!(!said.contains("by mail"), "{said}");
    }
}

#[test]
fn one_try_is_told_as_one() {
    let AccountEvent::AttemptsRefused(refused) = golden("account.attempts_refused", "full") else {
        panic!("another event")
    };
    let one = AccountEvent::AttemptsRefused(AttemptsRefused { count: 1, ..refused });
    let said = event(&one);
    assert!(said.starts_with("1 more try by password was refused unread"), "{said}");
}
