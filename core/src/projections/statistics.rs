//! What happened in each minute of the last week: each event is counted once, as it comes.
//!
//! The minutes are a ring of [`MINUTES_KEPT`] slots, so that the rows are bounded whatever the
//! log's age and whatever the clocks of its writers: a minute takes the slot of the one that long
//! before it, and what comes too late for its slot is not counted. What is kept depends on the log
//! alone.

use std::collections::BTreeMap;

use countersign_events::account::{AccountEvent, CodeRejected, Method, RejectedWhy, SessionOpened};
use jiff::Timestamp;
use rusqlite::{Result, Row, Transaction, params};

use super::read_model::{ReadModel, ReadModelError};
use super::schema::{count, number};

/// Minutes that are kept: a week, and the longest bucket twice.
pub const MINUTES_KEPT: i64 = 7 * 24 * 60 + 2 * 60;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Series {
    /// Sign-ins completed.
    SignIns,
    /// Passwords and codes that were looked at and were wrong.
    Failures,
    /// Attempts refused unevaluated.
    Refused,
    /// Waits that began.
    CoolDowns,
    /// Methods that were closed.
    Lockouts,
    /// Mails that a mail server took.
    MailsSent,
    /// Mails given up.
    MailsFailed,
}

impl Series {
    /// All, in the order in which they are told.
    pub const ALL: [Self; 7] = [
        Self::SignIns,
        Self::Failures,
        Self::Refused,
        Self::CoolDowns,
        Self::Lockouts,
        Self::MailsSent,
        Self::MailsFailed,
    ];

    /// The name, as it is told and stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIns => "sign_ins",
            Self::Failures => "failures",
            Self::Refused => "refused",
            Self::CoolDowns => "cool_downs",
            Self::Lockouts => "lockouts",
            Self::MailsSent => "mails_sent",
            Self::MailsFailed => "mails_failed",
        }
    }
}

/// What an event counts as.
struct Counted {
    series: Series,
    /// Why, of failures.
    reason: &'static str,
    count: u64,
}

fn counted(event: &AccountEvent) -> Option<Counted> {
    let one = |series| Some(Counted { series, reason: "", count: 1 });
    let failed = |reason| Some(Counted { series: Series::Failures, reason, count: 1 });
    match event {
        AccountEvent::PasswordVerified(verified) => signed_in(verified.session.as_ref()),
        AccountEvent::FirstFactorVouched(vouched) => signed_in(vouched.session.as_ref()),
        // The first code of an authenticator lifts the session that it was given in.
        AccountEvent::CodeVerified(verified) if verified.in_session.is_none() => {
            signed_in(verified.session.as_ref())
        }
        AccountEvent::PasswordSet(set) => signed_in(set.session.as_ref()),
        AccountEvent::PasswordRejected(_) => failed("password_wrong"),
        AccountEvent::CodeRejected(rejected) => failed(reason(rejected)),
        AccountEvent::AttemptsRefused(refused) => {
            Some(Counted { series: Series::Refused, reason: "", count: refused.count })
        }
        AccountEvent::CooledDown(_) => one(Series::CoolDowns),
        AccountEvent::LockedOut(_) => one(Series::Lockouts),
        AccountEvent::EmailCodeSent(_) | AccountEvent::NoticeSent(_) => one(Series::MailsSent),
        AccountEvent::EmailDeliveryFailed(_) => one(Series::MailsFailed),
        _ => None,
    }
}

/// A session that takes no other's place is a sign-in; another proof within one is none.
fn signed_in(session: Option<&SessionOpened>) -> Option<Counted> {
    session.filter(|session| session.replaces.is_none()).map(|_| Counted {
        series: Series::SignIns,
        reason: "",
        count: 1,
    })
}

const fn reason(rejected: &CodeRejected) -> &'static str {
    match (rejected.method, rejected.why) {
        (Method::Password, _) => "password_wrong",
        (Method::Totp, RejectedWhy::Wrong) if rejected.off_by_steps.is_some() => "totp_clock",
        (Method::Totp, RejectedWhy::Wrong) => "totp_wrong",
        (Method::Totp, RejectedWhy::Reused) => "totp_reused",
        (Method::Totp, RejectedWhy::Expired) => "totp_expired",
        (Method::Totp, RejectedWhy::NoneIssued) => "totp_none",
        (Method::EmailCode, RejectedWhy::Wrong) => "email_code_wrong",
        (Method::EmailCode, RejectedWhy::Reused) => "email_code_reused",
        (Method::EmailCode, RejectedWhy::Expired) => "email_code_expired",
        (Method::EmailCode, RejectedWhy::NoneIssued) => "email_code_none",
        (Method::RecoveryCode, RejectedWhy::Wrong) => "recovery_code_wrong",
        (Method::RecoveryCode, RejectedWhy::Reused) => "recovery_code_reused",
        (Method::RecoveryCode, RejectedWhy::Expired) => "recovery_code_expired",
        (Method::RecoveryCode, RejectedWhy::NoneIssued) => "recovery_code_none",
    }
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

/// Takes in what happened, to an account or on a login that nobody has.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    at: Timestamp,
    event: &AccountEvent,
) -> Result<()> {
    let Some(Counted { series, reason, count }) = counted(event) else { return Ok(()) };
    let minute = minute(at);
    transaction
        .prepare_cached(
            "INSERT INTO minutes_v6 VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET
                count = excluded.count + CASE WHEN minute = excluded.minute THEN count ELSE 0 END,
                minute = excluded.minute
             WHERE excluded.minute >= minute",
        )?
        .execute(params![
            minute.rem_euclid(MINUTES_KEPT),
            series.name(),
            reason,
            minute,
            number(count)
        ])
        .map(drop)
}

/// The counts of a window, cut into buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// The beginning of the first bucket.
    pub from: Timestamp,
    /// The end of the last.
    pub to: Timestamp,
    /// The counts of each series, by bucket.
    pub series: Vec<(Series, Vec<u64>)>,
    /// The failures by reason, the most frequent first.
    pub reasons: Vec<(String, u64)>,
}

impl ReadModel {
    /// The last `buckets` of so many minutes each, up to and with the one that `now` lies in.
    ///
    /// # Errors
    /// [`ReadModelError::Sqlite`].
    pub fn statistics(
        &self,
        now: Timestamp,
        bucket_minutes: u32,
        buckets: usize,
    ) -> std::result::Result<Statistics, ReadModelError> {
        let length = i64::from(bucket_minutes.max(1));
        let to = minute(now).div_euclid(length).saturating_add(1).saturating_mul(length);
        let whole = i64::try_from(buckets).unwrap_or(0).saturating_mul(length);
        let from = to.saturating_sub(whole);
        let rows: Vec<(usize, String, String, u64)> = self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT (minute - ?1) / ?3 AS bucket, series, reason, SUM(count)
                     FROM minutes_v6 WHERE minute >= ?1 AND minute < ?2
                     GROUP BY bucket, series, reason",
                )?
                .query_map(params![from, to, length], counts)?
                .collect()
        })?;
        let mut series: Vec<_> =
            Series::ALL.into_iter().map(|series| (series, vec![0; buckets])).collect();
        let mut reasons = BTreeMap::<String, u64>::new();
        for (bucket, name, reason, count) in rows {
            let found = series.iter_mut().find(|(series, _)| series.name() == name);
            if let Some(of_bucket) = found.and_then(|(_, counts)| counts.get_mut(bucket)) {
                *of_bucket += count;
            }
            if !reason.is_empty() {
                *reasons.entry(reason).or_default() += count;
            }
        }
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by(|(_, one), (_, other)| other.cmp(one));
        let at = |minute: i64| {
            Timestamp::from_second(minute.saturating_mul(60)).unwrap_or(Timestamp::UNIX_EPOCH)
        };
        Ok(Statistics { from: at(from), to: at(to), series, reasons })
    }
}

fn counts(row: &Row<'_>) -> Result<(usize, String, String, u64)> {
    Ok((
        usize::try_from(count(row, 0)?).unwrap_or(usize::MAX),
        row.get(1)?,
        row.get(2)?,
        count(row, 3)?,
    ))
}

#[cfg(test)]
mod tests {
    use countersign_events::account::{AccountEvent, AttemptsRefused, Lane, Method};
    use countersign_events::id::{Hash32, Position};
    use jiff::{SignedDuration, Timestamp};

    use super::{MINUTES_KEPT, Series};
    use crate::projections::{Fact, FactKind, ReadModel};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60 + 17).unwrap()
    }

    fn refused(position: u64, minute: i64, count: u64) -> Fact {
        let (first, last) = (at(minute), at(minute));
        let (method, lane, rule) = (Method::Totp, Lane::Unknown, String::new());
        let event = AttemptsRefused { method, lane, count, first, last, rule };
        let event = Box::new(AccountEvent::AttemptsRefused(event));
        let kind = FactKind::Nobody { at: at(minute), event };
        Fact { position: Position::new(position), leaf: Hash32::new([0; 32]), kind, act: None }
    }

    fn counts(model: &ReadModel, now: i64) -> Vec<u64> {
        let counted = model.statistics(at(now), 60, 168).unwrap();
        let (_, counts) =
            counted.series.into_iter().find(|(series, _)| *series == Series::Refused).unwrap();
        counts
    }

    /// A minute takes the slot of the one that a week before it had it; what comes too late for
    /// its slot, and a clock that was far ahead, cost no more than that slot.
    #[test]
    fn minutes_are_a_ring() {
        let dir = tempfile::tempdir().unwrap();
        let model = ReadModel::open(&dir.path().join("read.db")).unwrap();
        let start = 30_000_000 - 30_000_000_i64.rem_euclid(60);
        let minutes = (0..MINUTES_KEPT * 2).step_by(97);
        let mut facts: Vec<Fact> = (0..)
            .zip(minutes.clone())
            .map(|(position, minute)| refused(position, start + minute, 2))
            .collect();
        let next = u64::try_from(facts.len()).unwrap();
        facts.push(refused(next, start, 1000));
        facts.push(refused(next + 1, start + MINUTES_KEPT * 500, 1000));
        model.apply(&facts).unwrap();
        let now = start + MINUTES_KEPT * 2 - 1;
        let counts = counts(&model, now);
        let from = (now.div_euclid(60) + 1) * 60 - 168 * 60;
        let expected: u64 = minutes.filter(|minute| start + minute >= from).map(|_| 2).sum::<u64>();
        let lost = 2; // the slot of the clock that was ahead
        let sum: u64 = counts.iter().sum();
        assert!((expected - lost..=expected).contains(&sum), "{sum} of {expected}");
        let rows = model.dump().unwrap().lines().filter(|row| row.starts_with("minutes")).count();
        assert!(rows <= usize::try_from(MINUTES_KEPT).unwrap(), "{rows}");
        let later = model.statistics(at(now) + SignedDuration::from_hours(1), 1, 60).unwrap();
        assert_eq!(later.to.as_second() - later.from.as_second(), 3600);
    }
}
