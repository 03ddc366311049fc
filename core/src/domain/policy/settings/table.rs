//! The table: every setting, its bounds, and which direction is tighter.
//!
//! Where the numbers come from is told in `docs/threat-model.md`. A bound stands where a looser
//! value would make a promise of that page plainly false, or shut a holder out.

use jiff::SignedDuration;

use super::super::{EmailMode, TwoPerson};
use super::kind::{Kind, Setting, Tighter, Whole};
use crate::domain::limits::{KnownLane, Limit};

macro_rules! count {
    ($key:literal, $tighter:ident, $least:literal..=$most:literal, $($at:ident).+) => {
        Setting {
            key: $key,
            kind: Kind::Count {
                tighter: Tighter::$tighter,
                bounds: ($least, $most),
                get: |policy| Whole::get(policy.$($at).+),
                set: |policy, count| policy.$($at).+ = Whole::put(count),
            },
        }
    };
}

macro_rules! span {
    ($key:literal, $tighter:ident, $least:expr, $most:expr, $($at:ident).+) => {
        Setting {
            key: $key,
            kind: Kind::Span {
                tighter: Tighter::$tighter,
                bounds: ($least, $most),
                get: |policy| policy.$($at).+,
                set: |policy, span| policy.$($at).+ = span,
            },
        }
    };
}

macro_rules! ladder {
    ($key:literal, $method:ident) => {
        Setting {
            key: $key,
            kind: Kind::Ladder {
                get: |policy| &policy.limits.$method.waits,
                set: |policy, waits| policy.limits.$method.waits = waits,
            },
        }
    };
}

/// Guesses of known devices, which the standard has for passwords and authenticators.
macro_rules! known {
    ($key:literal, $least:literal..=$most:literal, $method:ident, $get:expr, $set:expr) => {
        Setting {
            key: $key,
            kind: Kind::Count {
                tighter: Tighter::Lower,
                bounds: ($least, $most),
                get: |policy| policy.limits.$method.known.map_or(0, $get).into(),
                set: |policy, count| {
                    let change: fn(&mut KnownLane, u32) = $set;
                    if let Some(known) = &mut policy.limits.$method.known {
                        change(known, Whole::put(count));
                    }
                },
            },
        }
    };
}

const fn fixed(key: &'static str, value: &'static str) -> Setting {
    Setting { key, kind: Kind::Fixed(value) }
}

const fn secs(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

const fn mins(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

const fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

const fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count * 24)
}

/// The longest pause between two guesses of one sign-in.
const GUESSES_APART_MAX: SignedDuration = secs(10);
const EMAIL_MODES: &[&str] = &["sign_in", "recovery_only", "off"];
/// The loosest first.
const TWO_PERSON: &[&str] = &["delay", "required"];
const EMAIL_UNLOCK: &str = "email_unlock";
const DISABLE: &str = "disable";

/// Every setting, in the order of the reference.
pub const SETTINGS: &[Setting] = &[
    fixed("totp.algorithm", "\"SHA1\""),
    fixed("totp.digits", "6"),
    fixed("totp.period", "30"),
    fixed("totp.secret_bytes", "20"),
    Setting { key: "totp.skew", kind: Kind::Skew },
    count!("totp.limit.per_txn", Lower, 1..=10, guesses_per_sign_in),
    ladder!("totp.limit.ladder", totp),
    count!("totp.limit.untrusted_cap", Lower, 1..=50, limits.totp.unknown_cap),
    known!("totp.limit.trusted_cap", 0..=50, totp, |known| known.cap.unwrap_or(0), |known, cap| {
        known.cap = Some(cap)
    }),
    known!(
        "totp.limit.trusted_per_device",
        0..=10,
        totp,
        |known| known.per_device,
        |known, most| known.per_device = most
    ),
    HARD_CAP,
    fixed("totp.limit.window", "\"365d\""),
    Setting {
        key: "email.mode",
        kind: Kind::Word {
            words: EMAIL_MODES,
            get: |policy| match policy.email_mode {
                EmailMode::SignIn => "sign_in",
                EmailMode::RecoveryOnly => "recovery_only",
                EmailMode::Off => "off",
            },
            set: |policy, word| {
                policy.email_mode = match word {
                    "sign_in" => EmailMode::SignIn,
                    "recovery_only" => EmailMode::RecoveryOnly,
                    _ => EmailMode::Off,
                }
            },
        },
    },
    // An acknowledgement by itself (D-05), and without effect where a code signs in.
    Setting {
        key: "email.single_channel_ack",
        kind: Kind::Switch {
            tighter: None,
            get: |policy| policy.single_channel_ack,
            set: |policy, on| policy.single_channel_ack = on,
        },
    },
    fixed("email.digits", "6"),
    span!("email.ttl", Lower, mins(1), mins(30), email_code_ttl),
    count!("email.guesses_per_code", Lower, 1..=10, email_guesses),
    span!("email.min_resend", Higher, secs(10), mins(10), email_resend),
    count!("email.sends_15m", Lower, 1..=10, email_sends_per_15m),
    // Below three, none would be left for devices that are not known.
    count!("email.sends_24h", Lower, 3..=20, email_sends_per_day),
    ladder!("email.ladder", email_code),
    count!("email.cap", Lower, 1..=50, limits.email_code.unknown_cap),
    fixed("recovery.count", "10"),
    fixed("recovery.chars", "25"),
    count!("recovery.per_txn", Lower, 1..=10, recovery_guesses),
    ladder!("recovery.ladder", recovery_code),
    Setting {
        key: "recovery.cap",
        kind: Kind::Count {
            tighter: Tighter::Lower,
            bounds: (1, 100),
            get: |policy| policy.limits.recovery_code.unknown_cap.into(),
            set: |policy, cap| cap_all(&mut policy.limits.recovery_code, cap),
        },
    },
    count!("password.min_with_mfa", Higher, 8..=64, passwords.chars_beside_second_factor),
    count!("password.min_alone", Higher, 8..=64, passwords.chars_alone),
    fixed("password.max_bytes", "1024"),
    count!("password.min_score", Higher, 2..=4, passwords.score),
    Setting {
        key: "password.free",
        kind: Kind::Count {
            tighter: Tighter::Lower,
            bounds: (0, 10),
            get: |policy| policy.limits.password.waits.doubling().0.into(),
            set: |policy, count| policy.limits.password.waits.set_free(Whole::put(count)),
        },
    },
    Setting {
        key: "password.base",
        kind: Kind::Span {
            tighter: Tighter::Higher,
            bounds: (secs(1), hours(1)),
            get: |policy| policy.limits.password.waits.doubling().1,
            set: |policy, base| policy.limits.password.waits.set_base(base),
        },
    },
    fixed("password.factor", "2"),
    // Never longer: a new device of a holder waits an hour at the most (SR-088).
    Setting {
        key: "password.max",
        kind: Kind::Span {
            tighter: Tighter::Higher,
            bounds: (mins(1), hours(1)),
            get: |policy| policy.limits.password.waits.doubling().2,
            set: |policy, max| policy.limits.password.waits.set_max(max),
        },
    },
    known!(
        "password.trusted_per_device",
        1..=10,
        password,
        |known| known.per_device,
        |known, most| known.per_device = most
    ),
    // Never more: a hundred is where NIST SP 800-63B, 3.2.2 ends.
    Setting {
        key: "password.cap",
        kind: Kind::Count {
            tighter: Tighter::Lower,
            bounds: (10, 100),
            get: |policy| policy.limits.password.unknown_cap.into(),
            set: |policy, cap| cap_all(&mut policy.limits.password, cap),
        },
    },
    fixed("password.window", "\"30d\""),
    Setting {
        key: "password.on_cap",
        kind: Kind::Word {
            words: &[EMAIL_UNLOCK, DISABLE],
            get: |policy| match policy.limits.password.hard_cap {
                None => EMAIL_UNLOCK,
                Some(_) => DISABLE,
            },
            set: |policy, word| {
                let password = &mut policy.limits.password;
                password.hard_cap = (word == DISABLE).then_some(password.unknown_cap);
            },
        },
    },
    span!("txn.ttl", Lower, mins(1), hours(1), sign_in_ttl),
    // Longer than this, a holder who has mistyped a code waits as in a lock that nothing tells of.
    span!("txn.guesses_apart", Higher, secs(0), GUESSES_APART_MAX, guesses_apart),
    fixed("txn.live_per_device", "3"),
    fixed("txn.live_per_account", "10"),
    Setting {
        key: "sign_in.blind",
        kind: Kind::Switch {
            tighter: None,
            get: |policy| policy.blind_sign_in,
            set: |policy, on| policy.blind_sign_in = on,
        },
    },
    Setting {
        key: "two_factor.required_from",
        kind: Kind::Moment {
            get: |policy| policy.two_factor_required_from,
            set: |policy, from| policy.two_factor_required_from = from,
        },
    },
    span!("device.ttl", Lower, days(1), days(180), device_ttl),
    fixed("device.grants", "\"throttle_lane_only\""),
    span!("session.overall", Lower, mins(5), hours(24), session_overall),
    span!("session.idle", Lower, mins(1), hours(1), session_idle),
    span!("session.step_up_max_age", Lower, secs(30), mins(15), fresh),
    count!("session.max_per_account", Lower, 1..=50, sessions_max),
    Setting {
        key: "breaker.enforce",
        kind: Kind::Switch {
            tighter: Some(true),
            get: |policy| policy.breaker.enforce,
            set: |policy, on| policy.breaker.enforce = on,
        },
    },
    count!("breaker.mfa_fail_1h_min", Lower, 1..=100_000, breaker.failures_min),
    count!("breaker.factor_over_median", Lower, 1..=100, breaker.times_usual),
    Setting {
        key: "breaker.share",
        kind: Kind::Share {
            bounds: (1, 90),
            get: |policy| policy.breaker.share_percent,
            set: |policy, percent| policy.breaker.share_percent = percent,
        },
    },
    count!("breaker.guarded_allowance_24h", Lower, 1..=16, breaker.guarded_allowance),
    count!("support.lockout_resets_30d", Lower, 0..=10, lockout_resets_max),
    span!("support.step_up", Lower, secs(30), mins(15), staff_fresh),
    span!("support.session_overall", Lower, mins(5), hours(24), staff_session_overall),
    span!("support.session_idle", Lower, mins(1), hours(1), staff_session_idle),
    Setting {
        key: "support.two_person",
        kind: Kind::Word {
            words: TWO_PERSON,
            get: |policy| match policy.two_person {
                TwoPerson::Delay => "delay",
                TwoPerson::Required => "required",
            },
            set: |policy, word| {
                policy.two_person = match word {
                    "delay" => TwoPerson::Delay,
                    _ => TwoPerson::Required,
                }
            },
        },
    },
    // Never none: only who stands there in person need not wait.
    span!("support.removal_hold", Higher, hours(1), days(7), removal_hold),
    span!("support.address_hold", Higher, days(1), days(14), address_hold),
    count!("support.searches_1h", Lower, 0..=3_000, staff_caps.searches_per_hour),
    count!("support.looks_1h", Lower, 0..=3_000, staff_caps.looks_per_hour),
    count!("support.resets_24h", Lower, 0..=200, staff_caps.resets_per_day),
    count!("support.factor_removals_24h", Lower, 0..=50, staff_caps.removals_per_day),
    count!("support.suspensions_24h", Lower, 0..=200, staff_caps.holds_per_day),
    span!("hold.after_recovery", Higher, hours(1), days(30), hold),
];

/// Never more than a hundred, whoever accepts what (NIST SP 800-63B, 3.2.2).
const HARD_CAP: Setting = Setting {
    key: "totp.limit.hard_cap",
    kind: Kind::Count {
        tighter: Tighter::Lower,
        bounds: (1, 100),
        get: |policy| policy.limits.totp.hard_cap.unwrap_or(0).into(),
        set: |policy, cap| policy.limits.totp.hard_cap = Some(Whole::put(cap)),
    },
};

/// One cap for what comes from unknown devices, and for all of it where there is such a cap.
fn cap_all(limit: &mut Limit, cap: u64) {
    limit.unknown_cap = Whole::put(cap);
    limit.hard_cap = limit.hard_cap.map(|_| limit.unknown_cap);
}
