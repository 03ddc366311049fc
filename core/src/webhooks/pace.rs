//! When a delivery that was not taken is tried again, and when no more: a pure function.

use countersign_events::id::{AccountId, Position};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

/// The pause after the first failed attempt; doubled after each further one.
pub const PAUSE_FIRST: SignedDuration = SignedDuration::from_secs(5);
/// The longest pause between attempts.
pub const PAUSE_MAX: SignedDuration = SignedDuration::from_hours(6);
/// Attempts at one delivery: about two and a half days.
pub const ATTEMPTS_MAX: u32 = 22;
/// A delivery that has waited for so long, behind others too, is tried once more and given up.
pub const AGE_MAX: SignedDuration = SignedDuration::from_hours(72);
/// A pause is longer or shorter by up to this part of it, so that what failed together is not tried
/// again together.
const JITTER_PART: i64 = 4;

/// When to try again after `attempts` failed ones at what has waited since `queued_at`; `None`:
/// give up.
#[must_use]
pub fn next_attempt(
    (account, position): (AccountId, Position),
    attempts: u32,
    queued_at: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    if attempts >= ATTEMPTS_MAX {
        return None;
    }
    let next = later(now, jittered(pause(attempts), account, position, attempts));
    (next < later(queued_at, AGE_MAX)).then_some(next)
}

/// A time after another, at the end of time at most.
#[must_use]
pub fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn pause(failures: u32) -> SignedDuration {
    let doublings = failures.saturating_sub(1).min(16);
    PAUSE_FIRST.saturating_mul(1 << doublings).min(PAUSE_MAX)
}

/// The jitter of an attempt is always the same: it spreads deliveries, and hides nothing.
fn jittered(
    pause: SignedDuration,
    account: AccountId,
    position: Position,
    attempts: u32,
) -> SignedDuration {
    let mut hash = Sha256::new();
    hash.update(account.uuid().as_bytes());
    hash.update(position.get().to_be_bytes());
    hash.update(attempts.to_be_bytes());
    let drawn = hash.finalize().first_chunk::<4>().map_or(0, |four| u32::from_be_bytes(*four));
    let millis = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
    // From a part less to a part more, of a number below 2^32.
    let spread = millis / JITTER_PART;
    let more = (spread * 2).saturating_mul(i64::from(drawn >> 8)) >> 24;
    SignedDuration::from_millis(millis - spread + more)
}

#[cfg(test)]
mod tests {
    use countersign_events::id::{AccountId, Position};
    use jiff::{SignedDuration, Timestamp};
    use uuid::Uuid;

    use super::{AGE_MAX, ATTEMPTS_MAX, PAUSE_MAX, next_attempt};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    fn of(account: u128) -> (AccountId, Position) {
        (AccountId::new(Uuid::from_u128(account)), Position::new(7))
    }

    /// Every attempt of a delivery that is never taken.
    fn attempts(account: u128) -> Vec<Timestamp> {
        let mut made = vec![at(0)];
        while let Some(next) = next_attempt(
            of(account),
            u32::try_from(made.len()).unwrap(),
            at(0),
            *made.last().unwrap(),
        ) {
            made.push(next);
        }
        made
    }

    #[test]
    fn a_delivery_is_tried_for_two_to_three_days_and_not_for_ever() {
        for account in 0..200 {
            let made = attempts(account);
            assert!(made.len() <= ATTEMPTS_MAX as usize);
            let whole = made.last().unwrap().duration_since(at(0));
            assert!(whole > SignedDuration::from_hours(36) && whole < AGE_MAX, "{whole}");
            let pauses: Vec<_> = made.windows(2).map(|two| two[1].duration_since(two[0])).collect();
            let most = PAUSE_MAX.saturating_mul(5) / 4;
            assert!(pauses.iter().all(|pause| *pause <= most), "{pauses:?}");
            let first = pauses[0].as_millis();
            assert!((3_750..=6_250).contains(&first), "{first}");
        }
    }

    #[test]
    fn what_failed_together_is_not_tried_again_together() {
        let second: std::collections::BTreeSet<_> =
            (0..200).map(|account| attempts(account)[1]).collect();
        assert!(second.len() > 150, "{}", second.len());
    }

    #[test]
    fn what_waited_too_long_behind_others_is_tried_once_and_given_up() {
        let now = at(0) + AGE_MAX;
        assert_eq!(next_attempt(of(1), 1, at(0), now), None);
        assert!(next_attempt(of(1), 1, at(60), at(0)).is_some());
    }
}
