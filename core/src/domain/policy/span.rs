//! Spans of time as people write them: `30s`, `15m`, `1h 30m`, `365d`.

use jiff::SignedDuration;

/// Units, the longest first, and from how many seconds on a span is written in them.
const UNITS: [(char, u64, u64); 4] =
    [('d', 86_400, 48 * 3_600), ('h', 3_600, 3_600), ('m', 60, 120), ('s', 1, 0)];

/// Reads one: whole numbers with `d`, `h`, `m` or `s`, one after the other.
#[must_use]
pub fn parse(text: &str) -> Option<SignedDuration> {
    let mut seconds: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|one: char| !one.is_ascii_digit())?;
        let (count, unit) = rest.split_at_checked(digits)?;
        let name = unit.chars().next()?;
        let (_, length, _) = UNITS.into_iter().find(|(unit, ..)| *unit == name)?;
        seconds = seconds.checked_add(count.parse::<u64>().ok()?.checked_mul(length)?)?;
        rest = unit.get(name.len_utf8()..)?.trim_start();
    }
    i64::try_from(seconds).ok().map(SignedDuration::from_secs)
}

/// Writes one, in the longest unit that fits and is usual.
#[must_use]
pub fn write(span: SignedDuration) -> String {
    let seconds = u64::try_from(span.as_secs()).unwrap_or(0);
    let fits =
        |(_, length, from): &(char, u64, u64)| seconds >= *from && seconds.is_multiple_of(*length);
    let (unit, length, _) = UNITS.into_iter().find(fits).unwrap_or(('s', 1, 0));
    format!("{}{unit}", seconds / length)
}

#[cfg(test)]
mod tests {
    use super::{parse, write};

    #[test]
    fn a_span_is_written_as_it_is_read() {
        let all = ["0s", "30s", "60s", "90s", "2m", "15m", "90m", "1h", "24h", "36h", "2d", "365d"];
        for text in all {
            assert_eq!(parse(text).map(write).as_deref(), Some(text));
        }
        for (text, same) in [("1m", "60s"), ("1h 30m", "90m"), ("1d", "24h"), (" 48h ", "2d")] {
            assert_eq!(parse(text).map(write).as_deref(), Some(same), "{text}");
        }
    }

    #[test]
    fn what_is_no_span_is_none() {
        for text in ["", " ", "5", "m", "-5m", "5 m x", "1.5h", "1w", "99999999999999999999s"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
