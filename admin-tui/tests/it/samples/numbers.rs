//! Numbers and the log's health, as the server might tell them.

use countersign_admin_tui::model::health::{Follower, Health};
use countersign_admin_tui::model::statistics::{Measure, Numbers};
use countersign_admin_tui::printable::Printable;
use countersign_api::contract::statistics::{StandingNow, Totals, Window};

use jiff::SignedDuration;

use super::at;

pub(crate) fn numbers(window: Window) -> Numbers {
    let (buckets, bucket_seconds) = match window {
        Window::Hour => (60, 60),
        Window::Day => (96, 900),
        Window::Week => (168, 3_600),
    };
    let to = at("24T13:53:00");
    let length = SignedDuration::from_secs(i64::try_from(buckets * bucket_seconds).unwrap());
    let wave = |high: u64| -> Vec<u64> { (0..buckets).map(|n| (n * 7 + n * n) % high).collect() };
    Numbers {
        window,
        from: to - length,
        to,
        bucket_seconds,
        series: vec![
            (Measure::SignIns, wave(45)),
            (Measure::Failures, wave(12)),
            (Measure::Refused, wave(3)),
            (Measure::CoolDowns, wave(4)),
            (Measure::Lockouts, wave(2)),
            (Measure::MailsSent, wave(20)),
            (Measure::MailsFailed, vec![0; 60]),
        ],
        totals: Totals {
            sign_ins: 1_320,
            failures: 330,
            refused: 60,
            cool_downs: 90,
            lockouts: 3,
            mails_sent: 570,
            mails_failed: 0,
        },
        reasons: [
            ("authenticator code: wrong", 201),
            ("password: wrong", 90),
            ("authenticator code: used before", 21),
            ("e-mail code: too late", 12),
            ("recovery code: wrong", 4),
            ("password common", 1),
            ("authenticator code of a disabled authenticator", 1),
        ]
        .map(|(reason, count)| (Printable::new(reason), count))
        .to_vec(),
        now: StandingNow { accounts: 12_345, two_factor: 9_876, locked: 3, mails_waiting: 0 },
    }
}

pub(crate) fn no_numbers() -> Numbers {
    let full = numbers(Window::Hour);
    Numbers {
        series: full.series.iter().map(|(of, counts)| (*of, vec![0; counts.len()])).collect(),
        totals: Totals::default(),
        reasons: Vec::new(),
        now: StandingNow::default(),
        ..full
    }
}

pub(crate) fn health() -> Health {
    let follower = |name: &str, lag_entries, lag_seconds, not_understood| Follower {
        name: name.into(),
        position: Some(2_000_017 - lag_entries),
        lag_entries,
        lag_seconds,
        not_understood,
    };
    Health {
        head: Some(2_000_017),
        read_models: vec![
            follower("accounts", 0, 0, 0),
            follower("mail outbox", 3, 1, 0),
            follower("time line", 1_204, 14, 0),
            follower("statistics", 0, 0, 2),
        ],
        checkpoint: Some((2_000_000, at("24T13:50:00"))),
        mails_waiting: 4,
        oldest_mail_seconds: Some(75),
    }
}

/// The health of a log that nothing has happened in.
pub(crate) fn young_health() -> Health {
    Health {
        head: None,
        read_models: Vec::new(),
        checkpoint: None,
        mails_waiting: 0,
        oldest_mail_seconds: None,
    }
}
