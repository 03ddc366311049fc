//! The numbers that the threat model states are those of the program, and the arithmetic is right.

use std::fs;

use countersign_core::domain::limits::{Limit, Limits, Waits, window};
use countersign_core::domain::policy::settings::Settings;
use countersign_core::domain::policy::{LANE_OPENED_BY_MAIL_EVERY, Policy, Profile};
use countersign_events::account::Method;

use crate::root;

/// The likeliest of a million codes of six digits, as RFC 4226, A.4 counts 31 bits.
const LIKELIEST: f64 = 2148.0 / 2_147_483_648.0;
/// Codes of an authenticator that are right at once.
const STEPS: f64 = 3.0;
/// Codes of a recovery set, of 125 bits each.
const RECOVERY_CODES: f64 = 10.0;

fn seconds(span: jiff::SignedDuration) -> String {
    match span.as_secs() {
        short if short < 60 => format!("{short} s"),
        short if short < 3_600 => format!("{} min", short / 60),
        long => format!("{} h", long / 3_600),
    }
}

fn waits(limit: &Limit) -> String {
    match &limit.waits {
        Waits::Ladder(steps) => {
            let steps = steps.iter().map(|(count, wait)| format!("{count}: {}", seconds(*wait)));
            steps.collect::<Vec<_>>().join(", ")
        }
        Waits::Doubling { free, base, max } => format!(
            "from the {}th on {}, doubling, at most {}",
            free + 1,
            seconds(*base),
            seconds(*max)
        ),
    }
}

/// The chance that the guesses of a year hit, all of them allowed.
fn chance(method: Method, limit: &Limit) -> Option<f64> {
    let known = limit.known.and_then(|known| known.cap).unwrap_or(0);
    let lanes = limit.unknown_cap.saturating_add(known);
    let guesses = f64::from(limit.hard_cap.map_or(lanes, |cap| cap.min(lanes)));
    match method {
        Method::Password => None,
        Method::Totp => Some(guesses * STEPS * LIKELIEST),
        Method::EmailCode => Some(guesses * LIKELIEST),
        Method::RecoveryCode => Some(guesses * RECOVERY_CODES * 0.5_f64.powi(125)),
    }
}

fn row(name: &str, method: Method, limit: &Limit) -> String {
    let known = limit.known.map_or("like any other".to_owned(), |known| {
        let all = known.cap.map_or("any number".to_owned(), |cap| cap.to_string());
        format!("{}, {all}", known.per_device)
    });
    let told: Vec<_> = limit.tells_at.iter().map(u32::to_string).collect();
    format!(
        "| {name} | {} | {} | {known} | {} | {} days | {} | {} |",
        waits(limit),
        limit.unknown_cap,
        limit.hard_cap.map_or("never".to_owned(), |cap| cap.to_string()),
        window(method).as_hours() / 24,
        told.join(", "),
        chance(method, limit).map_or("-".to_owned(), |chance| format!("{chance:.1e}")),
    )
}

/// ASVS 6.1.1: the limits are written down as they are in force.
#[test]
fn sr_085_the_threat_model_states_the_numbers_in_force() {
    let policy = Policy::default();
    let limits = &policy.limits;
    assert_eq!(*limits, Limits::standard());
    let text = fs::read_to_string(root().join("docs/threat-model.md")).expect("it is there");
    for (name, method) in [
        ("password", Method::Password),
        ("authenticator code", Method::Totp),
        ("code by e-mail", Method::EmailCode),
        ("recovery code", Method::RecoveryCode),
    ] {
        let row = row(name, method, limits.of(method));
        assert!(text.contains(&row), "not in docs/threat-model.md: {row}");
    }
    // Wherever its lines break.
    let told = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let opened_by_mail = LANE_OPENED_BY_MAIL_EVERY.as_hours() / 24;
    let guesses = limits.totp.unknown_cap + limits.totp.hard_cap.expect("it has one");
    let with_mailbox = format!("{:.1e}", f64::from(guesses) * STEPS * LIKELIEST);
    for (said, number) in [
        ("Five guesses are evaluated in a sign-in", policy.guesses_per_sign_in == 5),
        ("ten retypes of a used code are no guesses", policy.reused_per_sign_in == 10),
        (
            "the next one in the same sign-in or session is looked at only 1 s later",
            policy.guesses_apart.as_secs() == 1,
        ),
        ("At the 10th unresolved code", limits.demands_password == 10),
        ("Support ends two lockouts of an account in 30 days", policy.lockout_resets_max == 2),
        ("three codes by e-mail in 15 minutes", policy.email_sends_per_15m == 3),
        ("and five in 24 hours", policy.email_sends_per_day == 5),
        ("three mails with a link to a new password in an hour", policy.resets_per_hour == 3),
        ("and ten in 24 hours", policy.resets_per_day == 10),
        ("the two kept for known devices", policy.email_sends_reserved == 2),
        ("Set by a link in a mail it does so once in 365 days", opened_by_mail == 365),
        ("has 42 guesses in that year, 16 and 26, a chance of 1.3e-4", with_mailbox == "1.3e-4"),
    ] {
        assert!(told.contains(said) && number, "{said}");
    }
}

/// Below one in ten thousand for each account and year, all methods together.
#[test]
fn sr_085_the_sum_of_all_methods_is_below_one_in_ten_thousand() {
    let limits = Limits::standard();
    let methods = [Method::Totp, Method::EmailCode, Method::RecoveryCode];
    let sum: f64 = methods.into_iter().filter_map(|it| chance(it, limits.of(it))).sum();
    assert!(sum < 1e-4, "{sum:e}");
    assert!(sum > 9e-5, "and the arithmetic is the one that was meant: {sum:e}");
}

/// The likeliest of a hundred million codes of eight digits.
const LIKELIEST_OF_EIGHT: f64 = 22.0 / 2_147_483_648.0;

/// The chance in a year under a policy, of all methods that it leaves.
fn chance_of(policy: &Policy) -> f64 {
    let (limits, mode) = (&policy.limits, &policy.settings()["email.mode"]);
    let steps: f64 = policy.totp_skew.offsets().map(|_| 1.0).sum();
    let by_email = chance(Method::EmailCode, &limits.email_code).unwrap_or_default();
    let by_email = match mode.as_str().unwrap_or_default() {
        "sign_in" => by_email,
        "recovery_only" => by_email * LIKELIEST_OF_EIGHT / LIKELIEST,
        _ => 0.0,
    };
    let totp = chance(Method::Totp, &limits.totp).unwrap_or_default() / STEPS * steps;
    totp + by_email + chance(Method::RecoveryCode, &limits.recovery_code).unwrap_or_default()
}

/// ASVS 6.1.1: the profiles, and what stricter settings leave, are those of the program.
#[test]
fn sr_096_the_threat_model_states_the_profiles_and_what_stricter_settings_leave() {
    let text = fs::read_to_string(root().join("docs/threat-model.md")).expect("it is there");
    for profile in Profile::ALL {
        let policy = Policy::of(profile);
        let settings = policy.settings();
        let word = |key: &str| settings[key].as_str().unwrap().to_owned();
        let row = format!(
            "| `{}` | `{}` | {} characters | `{}` |",
            profile.name(),
            word("email.mode"),
            policy.passwords.chars_alone,
            word("password.on_cap"),
        );
        assert!(text.contains(&row), "not in docs/threat-model.md: {row}");
    }
    let standard = format!("which is {:.1e} in `standard`", chance_of(&Policy::default()));
    assert!(text.contains(&standard), "not in docs/threat-model.md: {standard}");
    let rows =
        text.lines().filter(|line| line.starts_with("| `totp.") || line.starts_with("| `em"));
    let mut found = 0;
    for row in rows {
        let mut cells = row.split(" | ");
        let (said, left) = (cells.next().unwrap(), cells.next().unwrap());
        let set = said.trim_start_matches("| ").split(':').next().unwrap();
        let settings: Settings = set
            .split(" and ")
            .map(|pair| {
                let (key, value) = pair.trim_matches('`').split_once(" = ").unwrap();
                let of_limit = if key.contains('.') { "" } else { "totp.limit." };
                (format!("{of_limit}{key}"), serde_json::from_str(value).expect(row))
            })
            .collect();
        let policy = Policy::with(Profile::Standard, &settings).expect(row);
        assert!(policy.loosened().is_empty(), "{row}");
        assert_eq!(left.trim_end_matches(" |"), format!("{:.1e}", chance_of(&policy)), "{row}");
        found += 1;
    }
    assert_eq!(found, 6, "rows of stricter settings");
}

/// What is told of the breaker and of guarded accounts.
#[test]
fn sr_091_the_threat_model_states_what_the_breaker_does() {
    let text = fs::read_to_string(root().join("docs/threat-model.md")).expect("it is there");
    let breaker = Policy::default().breaker;
    let guarded = "at most 3 unresolved second-step guesses from unknown devices in 24 hours";
    assert!(text.contains(guarded) && breaker.guarded_allowance == 3 && !breaker.enforce);
    let operating = fs::read_to_string(root().join("docs/operating.md")).expect("it is there");
    let trips =
        "more than 200 failed codes in an hour and five times the usual, or on more than\n30 %";
    assert!(operating.contains(trips) && breaker.failures_min == 200);
    assert_eq!((breaker.times_usual, breaker.share_percent), (5, 30));
}
