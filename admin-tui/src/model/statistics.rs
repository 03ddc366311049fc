//! The numbers of a window of time, with all text made printable.

use countersign_api::contract::statistics::{StandingNow, Totals, Window};
use jiff::{SignedDuration, Timestamp};

use crate::printable::Printable;

/// What happened over a window of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// Which window.
    pub window: Window,
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Seconds of a bucket.
    pub bucket_seconds: u64,
    /// The counts by bucket, the oldest first.
    pub series: Vec<(Measure, Vec<u64>)>,
    /// The sums.
    pub totals: Totals,
    /// The failures by reason, the most frequent first.
    pub reasons: Vec<(Printable, u64)>,
    /// How things stand now.
    pub now: StandingNow,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Sign-ins completed.
    SignIns,
    /// Passwords and codes that were wrong.
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

impl Measure {
    /// By the name that the contract has for it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "sign_ins" => Self::SignIns,
            "failures" => Self::Failures,
            "refused" => Self::Refused,
            "cool_downs" => Self::CoolDowns,
            "lockouts" => Self::Lockouts,
            "mails_sent" => Self::MailsSent,
            "mails_failed" => Self::MailsFailed,
            _ => return None,
        })
    }
}

impl Numbers {
    /// The counts of one measure.
    #[must_use]
    pub fn counts(&self, measure: Measure) -> &[u64] {
        self.series
            .iter()
            .find(|(of, _)| *of == measure)
            .map_or(&[], |(_, counts)| counts.as_slice())
    }
}

/// The window after this one, from the longest to the shortest.
#[must_use]
pub const fn next_window(window: Window) -> Window {
    match window {
        Window::Hour => Window::Day,
        Window::Day => Window::Week,
        Window::Week => Window::Hour,
    }
}

/// Counts as they fill so many columns, and how many neighbours were added up for each: where there
/// are more columns than counts, each count takes several.
#[must_use]
pub fn drawn(counts: &[u64], columns: usize) -> (Vec<u64>, u64) {
    if columns == 0 || counts.is_empty() {
        return (Vec::new(), 1);
    }
    if counts.len() <= columns {
        let each = columns / counts.len();
        let wide = counts.iter().flat_map(|count| std::iter::repeat_n(*count, each)).collect();
        return (wide, 1);
    }
    let together = counts.len().div_ceil(columns);
    // From the newest on, so that the last column is as whole as the others.
    let mut few: Vec<u64> = counts.rchunks(together).map(|chunk| chunk.iter().sum()).collect();
    few.reverse();
    (few, u64::try_from(together).unwrap_or(u64::MAX))
}

/// When a column begins, of so many columns as so many counts were drawn in: the last one ends with
/// the window.
#[must_use]
pub fn at_column(numbers: &Numbers, counts: usize, columns: usize, column: usize) -> Timestamp {
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let together = counts.div_ceil(columns.max(1)).max(1);
    // Where there are more columns than counts, all of them span the counts.
    let spanned = if columns > counts { counts } else { columns * together };
    let bucket = i64::try_from(numbers.bucket_seconds).unwrap_or(i64::MAX);
    let seconds = number(spanned).saturating_mul(bucket);
    let left = seconds.saturating_mul(number(columns.saturating_sub(column)));
    let before = SignedDuration::from_secs(left / number(columns.max(1)));
    numbers.to.saturating_sub(before).unwrap_or(numbers.to)
}

#[cfg(test)]
mod tests {
    use super::drawn;

    #[test]
    fn neighbours_are_added_up_until_all_fit_and_nothing_is_lost() {
        assert_eq!(drawn(&[1, 2, 3, 4, 5], 3), (vec![1, 5, 9], 2));
        let many: Vec<u64> = (0..168).collect();
        for columns in 1..168 {
            let (few, _) = drawn(&many, columns);
            assert!(few.len() <= columns);
            assert_eq!(few.iter().sum::<u64>(), many.iter().sum::<u64>());
        }
    }

    #[test]
    fn few_counts_are_drawn_wide() {
        assert_eq!(drawn(&[1, 2], 5), (vec![1, 1, 2, 2], 1));
        assert_eq!(drawn(&[], 5), (vec![], 1));
    }
}
