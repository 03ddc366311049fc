//! Live numbers and the log as it grows, over the wire.

use countersign_core::accounts::{answer as core, request};
use countersign_core::projections::statistics::Series as Counted;
use countersign_events::id::{Position, StreamId};

use super::by;
use crate::contract::log::{
    Heartbeat, LogHealth, LogLine, MailHealth, ReadModelHealth, StreamKind,
};
use crate::contract::statistics::{FailureReason, Series, StandingNow, Statistics, Totals, Window};

/// The one file of read models.
const READ_MODEL: &str = "read";

pub(crate) const fn core_window(window: Window) -> request::Window {
    match window {
        Window::Hour => request::Window::Hour,
        Window::Day => request::Window::Day,
        Window::Week => request::Window::Week,
    }
}

pub(crate) fn statistics(window: Window, view: core::StatisticsView) -> Statistics {
    let (happened, counts) = (view.happened, view.counts);
    let sum = |wanted: Counted| {
        let found = happened.series.iter().find(|(series, _)| *series == wanted);
        found.map_or(0, |(_, counts)| counts.iter().sum())
    };
    let totals = Totals {
        sign_ins: sum(Counted::SignIns),
        failures: sum(Counted::Failures),
        refused: sum(Counted::Refused),
        cool_downs: sum(Counted::CoolDowns),
        lockouts: sum(Counted::Lockouts),
        mails_sent: sum(Counted::MailsSent),
        mails_failed: sum(Counted::MailsFailed),
    };
    let series = happened.series.into_iter();
    let reasons = happened.reasons.into_iter();
    Statistics {
        window,
        from: happened.from,
        to: happened.to,
        bucket_seconds: u64::from(view.bucket_minutes) * 60,
        series: series
            .map(|(series, counts)| Series { name: series.name().to_owned(), counts })
            .collect(),
        totals,
        failures_by_reason: reasons
            .map(|(reason, count)| FailureReason { reason, count })
            .collect(),
        now: StandingNow {
            accounts: counts.accounts,
            two_factor: counts.two_factor,
            locked: counts.locked,
            mails_waiting: counts.mails_due,
        },
    }
}

pub(crate) fn health(view: core::HealthView) -> LogHealth {
    LogHealth {
        head: position(view.head),
        read_models: vec![ReadModelHealth {
            name: READ_MODEL.to_owned(),
            position: position(view.position),
            lag_entries: view.lag_entries,
            lag_seconds: view.lag_seconds,
            not_understood: view.not_understood,
        }],
        last_checkpoint: None,
        mail: MailHealth { waiting: view.mails_waiting, oldest_seconds: view.oldest_mail_seconds },
    }
}

pub(crate) fn line(view: core::LineView) -> LogLine {
    LogLine {
        position: view.position.get(),
        at: view.at,
        stream: match view.stream {
            StreamId::Account(_) => StreamKind::Account,
            StreamId::Unknown(_) => StreamKind::Unknown,
            StreamId::Operator(_) => StreamKind::Operator,
            StreamId::Client(_) => StreamKind::Client,
            StreamId::Policy => StreamKind::Policy,
            StreamId::Log => StreamKind::Log,
        },
        hint: view.hint,
        revision: view.revision.get(),
        event_type: view.event_type,
        by: by(view.by),
        explanation: view.explanation,
    }
}

pub(crate) fn heartbeat(at: Option<Position>, head: Option<Position>) -> Heartbeat {
    Heartbeat { position: position(at), head: position(head) }
}

fn position(position: Option<Position>) -> Option<u64> {
    position.map(Position::get)
}
