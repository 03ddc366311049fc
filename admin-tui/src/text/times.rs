//! Times and lengths of time, in UTC as in the log.

use jiff::Timestamp;

/// A length of time, in the two largest units that are not nothing.
#[must_use]
pub fn span(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, rest) => format!("{rest} s"),
        (0, minutes, _) if minutes >= 10 => format!("{minutes} min"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, rest) => format!("{minutes} min {rest} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// A time, in UTC.
#[must_use]
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Whether two times are of the same year.
#[must_use]
pub fn is_of_the_year(at: Timestamp, now: Timestamp) -> bool {
    let year = |at: Timestamp| at.strftime("%Y").to_string();
    year(at) == year(now)
}

/// A time of this year, in UTC.
#[must_use]
pub fn day_and_time(at: Timestamp) -> String {
    at.strftime("%m-%d %H:%M:%S").to_string()
}

/// The end of something, and how far off it is; without its date where that is today's.
#[must_use]
pub fn until(now: Timestamp, end: Timestamp) -> String {
    let (today, date) = (time(now), time(end));
    let (today, date) = (today.split_once(' '), date.split_once(' '));
    let shown = match (today, date) {
        (Some((today, _)), Some((date, clock))) if today == date => clock.to_owned(),
        _ => time(end),
    };
    match u64::try_from(end.as_second().saturating_sub(now.as_second())) {
        Ok(seconds) if seconds > 0 => format!("{shown} UTC (in {})", span(seconds)),
        _ => format!("{shown} UTC (over)"),
    }
}

/// A time to the minute, in UTC.
#[must_use]
pub fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// The clock alone, in UTC.
#[must_use]
pub fn clock_time(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// The clock without its seconds, in UTC.
#[must_use]
pub fn hour_and_minute(at: Timestamp) -> String {
    at.strftime("%H:%M").to_string()
}

/// A day of this year, in UTC.
#[must_use]
pub fn day(at: Timestamp) -> String {
    at.strftime("%m-%d").to_string()
}

/// A time of this year to the minute, in UTC.
#[must_use]
pub fn day_and_minute(at: Timestamp) -> String {
    at.strftime("%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::{span, until};
    use jiff::Timestamp;

    #[test]
    fn lengths_of_time_are_short_and_exact_where_it_matters() {
        let said: Vec<String> = [7, 60, 75, 899, 3600, 5400, 90_000].map(span).to_vec();
        assert_eq!(said, ["7 s", "1 min", "1 min 15 s", "14 min", "1 h", "1 h 30 min", "25 h"]);
    }

    #[test]
    fn an_end_that_has_come_is_over() {
        let end = Timestamp::from_second(1_000).unwrap();
        assert_eq!(until(end, end), "00:16:40 UTC (over)");
    }

    #[test]
    fn an_end_on_another_day_says_which() {
        let (now, end) = (Timestamp::from_second(0), Timestamp::from_second(90_000));
        let said = until(now.unwrap(), end.unwrap());
        assert_eq!(said, "1970-01-02 01:00:00 UTC (in 25 h)");
    }
}
