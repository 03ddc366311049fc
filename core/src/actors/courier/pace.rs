//! When a mail that was not taken is tried again, and when no more: a pure function.

use jiff::{SignedDuration, Timestamp};

use crate::projections::mail_due::MailKind;
use crate::projections::outbox::DueMail;

/// The pause after the first failed attempt; doubled after each further one.
pub const PAUSE_FIRST: SignedDuration = SignedDuration::from_secs(5);
/// The longest pause between attempts to send a code.
pub const CODE_PAUSE_MAX: SignedDuration = SignedDuration::from_secs(60);
/// The longest pause between attempts to send a notice.
pub const NOTICE_PAUSE_MAX: SignedDuration = SignedDuration::from_hours(1);
/// Attempts to send a code; in ten minutes there is no time for more.
pub const CODE_ATTEMPTS_MAX: u32 = 14;
/// Attempts to send a notice: about a day.
pub const NOTICE_ATTEMPTS_MAX: u32 = 32;
/// After this time even a notice comes too late, whatever it was that kept it.
pub const AGE_MAX: SignedDuration = SignedDuration::from_hours(48);

/// When to try again after `attempts` failed ones; `None`: give up.
pub(super) fn next_attempt(mail: &DueMail, attempts: u32, now: Timestamp) -> Option<Timestamp> {
    let (pause_max, attempts_max) = match mail.kind {
        MailKind::Code | MailKind::ResetLink => (CODE_PAUSE_MAX, CODE_ATTEMPTS_MAX),
        MailKind::Notice { .. } => (NOTICE_PAUSE_MAX, NOTICE_ATTEMPTS_MAX),
    };
    if attempts >= attempts_max {
        return None;
    }
    let next = later(now, pause(attempts).min(pause_max));
    (next < useless_from(mail)).then_some(next)
}

/// From when on a mail is of no use.
pub(super) fn useless_from(mail: &DueMail) -> Timestamp {
    mail.expires_at.unwrap_or(Timestamp::MAX).min(later(mail.due_at, AGE_MAX))
}

/// The pause after so many failures.
pub(super) fn pause(failures: u32) -> SignedDuration {
    let doublings = failures.saturating_sub(1).min(16);
    PAUSE_FIRST.saturating_mul(1 << doublings)
}

/// A time after another, at the end of time at most.
pub(super) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use countersign_events::account::Notice;
    use countersign_events::id::{AccountId, EventId};
    use jiff::{SignedDuration, Timestamp};
    use uuid::Uuid;

    use super::{AGE_MAX, CODE_ATTEMPTS_MAX, NOTICE_ATTEMPTS_MAX, NOTICE_PAUSE_MAX, next_attempt};
    use crate::mail::wording::{Doer, NoticeFacts};
    use crate::projections::mail_due::MailKind;
    use crate::projections::outbox::DueMail;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn mail(kind: MailKind, expires_at: Option<Timestamp>) -> DueMail {
        DueMail {
            event: EventId::new(Uuid::from_u128(1)),
            account: AccountId::new(Uuid::from_u128(2)),
            kind,
            due_at: at(0),
            expires_at,
            attempts: 0,
        }
    }

    fn notice() -> DueMail {
        let facts = NoticeFacts::of(Doer::Holder);
        mail(MailKind::Notice { notice: Notice::Locked, facts }, None)
    }

    /// Every attempt of a mail that always fails.
    fn attempts(mail: &DueMail) -> Vec<Timestamp> {
        let mut made = vec![at(0)];
        while let Some(next) =
            next_attempt(mail, u32::try_from(made.len()).unwrap(), *made.last().unwrap())
        {
            made.push(next);
        }
        made
    }

    #[test]
    fn a_code_is_tried_often_and_never_after_it_has_expired() {
        let made = attempts(&mail(MailKind::Code, Some(at(600))));
        assert_eq!(made[..4], [at(0), at(5), at(15), at(35)]);
        assert!(made.len() <= CODE_ATTEMPTS_MAX as usize);
        assert!(*made.last().unwrap() < at(600) && *made.last().unwrap() > at(500));
        assert_eq!(attempts(&mail(MailKind::Code, Some(at(5)))), [at(0)]);
    }

    #[test]
    fn a_notice_is_tried_for_a_day_and_not_for_ever() {
        let made = attempts(&notice());
        assert_eq!(made.len(), NOTICE_ATTEMPTS_MAX as usize);
        let pauses: Vec<_> = made.windows(2).map(|two| two[1].duration_since(two[0])).collect();
        assert!(pauses.iter().all(|pause| *pause <= NOTICE_PAUSE_MAX));
        assert!(pauses.windows(2).all(|two| two[0] <= two[1]));
        let day = made.last().unwrap().duration_since(at(0));
        assert!(day > SignedDuration::from_hours(20) && day < AGE_MAX, "{day}");
    }
}
