//! The table of settings: what it reads, what it refuses, what it calls looser.

use serde_json::{Value, json};

use super::{InvalidSetting, SETTINGS, Settings};
use crate::domain::policy::{EmailMode, Policy, Profile, Skew};

fn with(key: &str, value: Value) -> Result<Policy, InvalidSetting> {
    Policy::with(Profile::Standard, &Settings::from([(key.to_owned(), value)]))
}

fn refusal(key: &str, value: Value) -> String {
    with(key, value).expect_err("refused").to_string()
}

#[test]
fn every_setting_of_a_policy_reads_as_it_is_written() {
    for profile in Profile::ALL {
        let policy = Policy::of(profile);
        assert_eq!(Policy::with(profile, &policy.settings()), Ok(policy.clone()));
        assert_eq!(Policy::with(Profile::Standard, &policy.settings()).unwrap().settings(), {
            policy.settings()
        });
    }
    let keys: std::collections::BTreeSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
    assert_eq!(keys.len(), SETTINGS.len(), "no name stands there twice");
}

/// SR-047, SR-019, D-09: what the strict profile changes, and nothing else.
#[test]
fn the_strict_profile_is_tighter_in_three_settings() {
    let changes = Policy::of(Profile::Strict).changes_since(&Policy::of(Profile::Standard));
    let told: Vec<_> =
        changes.iter().map(|it| (it.key, it.before.clone(), it.after.clone())).collect();
    assert_eq!(
        told,
        [
            ("email.mode", json!("sign_in"), json!("recovery_only")),
            ("password.min_alone", json!(8), json!(15)),
            ("password.on_cap", json!("email_unlock"), json!("disable")),
        ]
    );
    assert!(Policy::of(Profile::Strict).loosened().is_empty());
    let over = Settings::from([("email.mode".to_owned(), json!("sign_in"))]);
    let over = Policy::with(Profile::Strict, &over).unwrap();
    assert_eq!((over.email_mode, over.passwords.chars_alone), (EmailMode::SignIn, 15));
}

/// SR-013: the window may be narrowed, never widened.
#[test]
fn sr_013_a_wider_window_is_refused_and_a_narrower_one_taken() {
    for wide in [json!(2), json!([-2, -1, 0, 1]), json!([-1, 0, 1, 2]), json!([0, 1]), json!([])] {
        let said = refusal("totp.skew", wide.clone());
        assert!(
            said.starts_with("totp.skew: must be [-1, 0, 1], [-1, 0] or [0]"),
            "{wide}: {said}"
        );
    }
    for (narrow, skew) in [
        (json!([-1, 0, 1]), Skew::Whole),
        (json!([-1, 0]), Skew::NotAhead),
        (json!([0]), Skew::Own),
    ] {
        let policy = with("totp.skew", narrow).unwrap();
        assert_eq!((policy.totp_skew, policy.loosened()), (skew, vec![]));
    }
}

/// SR-096: what is fixed may be written down as it is, and as nothing else.
#[test]
fn sr_096_what_is_fixed_is_held_to_be_what_it_is() {
    for (key, same, other) in [
        ("totp.digits", json!(6), json!(8)),
        ("totp.limit.window", json!("8760h"), json!("30d")),
        ("password.window", json!("30d"), json!("31d")),
        ("device.grants", json!("throttle_lane_only"), json!("everything")),
        ("txn.live_per_account", json!(10), json!(11)),
    ] {
        assert_eq!(with(key, same).unwrap(), Policy::default(), "{key}");
        assert!(refusal(key, other).contains("cannot be set"), "{key}");
    }
}

#[test]
fn what_is_out_of_bounds_or_of_another_kind_is_refused_by_name() {
    for (key, value, said) in [
        ("totp.limit.hard_cap", json!(101), "totp.limit.hard_cap: must be 1 to 100"),
        ("totp.limit.hard_cap", json!("many"), "totp.limit.hard_cap: must be 1 to 100"),
        ("session.idle", json!("61m"), "session.idle: must be a time from 60s to 1h, such as 60s"),
        ("session.idle", json!(30), "session.idle: must be a time from 60s to 1h, such as 60s"),
        ("breaker.share", json!(0.305), "breaker.share: must be 0.01 to 0.9"),
        ("email.mode", json!("always"), "email.mode: must be one of sign_in, recovery_only, off"),
        ("breaker.enforce", json!("yes"), "breaker.enforce: must be true or false"),
        ("totp.limit.cap", json!(1), "totp.limit.cap: there is no such setting"),
    ] {
        assert_eq!(refusal(key, value), said);
    }
    for ladder in [json!([[5]]), json!([[5, "15m"], [5, "1h"]]), json!([[0, "1h"]]), json!("x")] {
        assert!(refusal("totp.limit.ladder", ladder).contains("rising"));
    }
    for ladder in [json!([[5, "8d"]]), json!([[5, "0s"]])] {
        assert!(refusal("email.ladder", ladder).contains("a wait of 1s to 7d"));
    }
    let long: Vec<_> = (1..=17).map(|count| json!([count, "1h"])).collect();
    assert!(with("recovery.ladder", Value::Array(long)).is_err());
}

/// SR-096: a ladder is looser where somebody who goes on failing has waited less, at any point.
#[test]
fn sr_096_a_ladder_is_looser_where_anybody_waits_less() {
    for (ladder, looser) in [
        (json!([[5, "15m"], [10, "1h"], [13, "12h"]]), false),
        (json!([[4, "15m"], [10, "1h"], [13, "12h"]]), false),
        (json!([[5, "12h"], [13, "2h"]]), false),
        (json!([[5, "15m"], [10, "1h"], [13, "11h"]]), true),
        (json!([[6, "15m"], [10, "1h"], [13, "12h"]]), true),
        (json!([[5, "12h"]]), true),
        (json!([]), true),
    ] {
        let loosened = with("totp.limit.ladder", ladder.clone()).unwrap().loosened();
        assert_eq!(!loosened.is_empty(), looser, "{ladder}");
    }
}

/// D-09: at the cap a password is disabled as a whole, whichever is set first.
#[test]
fn a_password_is_disabled_at_its_cap_where_that_is_set() {
    let settings = [("password.cap", json!(50)), ("password.on_cap", json!("disable"))];
    let settings = settings.map(|(key, value)| (key.to_owned(), value));
    let policy = Policy::with(Profile::Standard, &Settings::from(settings)).unwrap();
    let password = &policy.limits.password;
    assert_eq!((password.unknown_cap, password.hard_cap), (50, Some(50)));
    let strict = Settings::from([("password.cap".to_owned(), json!(50))]);
    let strict = Policy::with(Profile::Strict, &strict).unwrap();
    assert_eq!(strict.limits.password.hard_cap, Some(50));
}

/// Caps that contradict each other are refused, in whatever order they are set.
#[test]
fn a_hard_cap_that_unknown_devices_alone_would_reach_is_refused() {
    let both = |unknown: u32, hard: u32| {
        let settings = [
            ("totp.limit.untrusted_cap".to_owned(), json!(unknown)),
            ("totp.limit.hard_cap".to_owned(), json!(hard)),
        ];
        Policy::with(Profile::Standard, &Settings::from(settings))
    };
    for (unknown, hard) in [(40, 20), (16, 16), (27, 26)] {
        let said = both(unknown, hard).expect_err("refused").to_string();
        let expected = format!(
            "totp.limit.hard_cap: must be more than totp.limit.untrusted_cap, which is {unknown}"
        );
        assert!(said.starts_with(&expected), "{said}");
    }
    assert_eq!(both(15, 16).unwrap().limits.totp.hard_cap, Some(16));
    assert!(refusal("totp.limit.hard_cap", json!(3)).contains("which is 16"));
}
