//! The kinds of settings: how a value is read, bounded and compared.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Number, Value, json};

use super::super::{Policy, Skew, span};
use crate::domain::limits::Waits;

/// Steps of a ladder at the most.
const LADDER_STEPS_MAX: usize = 16;
/// The longest wait of a ladder.
const LADDER_WAIT_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Failures up to which ladders are compared: no cap is beyond it.
const LADDER_COMPARED_TO: u32 = 100;

/// A setting.
#[derive(Debug)]
pub struct Setting {
    /// Its dotted name.
    pub key: &'static str,
    pub(super) kind: Kind,
}

/// Which of two values is tighter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tighter {
    Lower,
    Higher,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// A whole number.
    Count {
        tighter: Tighter,
        /// The least and the greatest that are ever taken.
        bounds: (u64, u64),
        get: fn(&Policy) -> u64,
        set: fn(&mut Policy, u64),
    },
    /// A span of time.
    Span {
        tighter: Tighter,
        bounds: (SignedDuration, SignedDuration),
        get: fn(&Policy) -> SignedDuration,
        set: fn(&mut Policy, SignedDuration),
    },
    /// A share of one, kept in percent; the lower, the tighter.
    Share { bounds: (u32, u32), get: fn(&Policy) -> u32, set: fn(&mut Policy, u32) },
    /// A ladder of waits.
    Ladder { get: fn(&Policy) -> &Waits, set: fn(&mut Policy, Waits) },
    /// The window of an authenticator's codes.
    Skew,
    /// One of some words, the loosest first.
    Word {
        words: &'static [&'static str],
        get: fn(&Policy) -> &'static str,
        set: fn(&mut Policy, &str),
    },
    /// On or off; which of it is tighter, if either is.
    Switch { tighter: Option<bool>, get: fn(&Policy) -> bool, set: fn(&mut Policy, bool) },
    /// A moment, or none: the standard is none, and any is tighter.
    Moment { get: fn(&Policy) -> Option<Timestamp>, set: fn(&mut Policy, Option<Timestamp>) },
    /// What cannot be set, in JSON.
    Fixed(&'static str),
}

/// A number of the policy, whatever its width.
pub(super) trait Whole: Copy {
    fn get(self) -> u64;
    fn put(value: u64) -> Self;
}

macro_rules! whole {
    ($($number:ty),*) => { $(
        impl Whole for $number {
            fn get(self) -> u64 {
                u64::try_from(self).unwrap_or(u64::MAX)
            }

            fn put(value: u64) -> Self {
                Self::try_from(value).unwrap_or(Self::MAX)
            }
        }
    )* };
}
whole!(u8, u32, usize);

impl Setting {
    /// Its value in a policy.
    #[must_use]
    pub fn value(&self, policy: &Policy) -> Value {
        match &self.kind {
            Kind::Count { get, .. } => json!(get(policy)),
            Kind::Span { get, .. } => json!(span::write(get(policy))),
            Kind::Share { get, .. } => share(get(policy)),
            Kind::Ladder { get, .. } => ladder(get(policy)),
            Kind::Skew => json!(policy.totp_skew.offsets().collect::<Vec<_>>()),
            Kind::Word { get, .. } => json!(get(policy)),
            Kind::Switch { get, .. } => json!(get(policy)),
            Kind::Moment { get, .. } => json!(get(policy)),
            Kind::Fixed(text) => serde_json::from_str(text).unwrap_or_default(),
        }
    }

    /// Sets it.
    ///
    /// # Errors
    /// What it must be, where the value is of another kind or out of bounds.
    pub fn set(&self, policy: &mut Policy, value: &Value) -> Result<(), String> {
        match &self.kind {
            Kind::Count { bounds: (least, most), set, .. } => {
                let fits = value.as_u64().filter(|count| (least..=most).contains(&count));
                set(policy, fits.ok_or_else(|| format!("must be {least} to {most}"))?);
            }
            Kind::Span { bounds: (least, most), set, .. } => {
                let read = value.as_str().and_then(span::parse);
                let fits = read.filter(|span| (least..=most).contains(&span));
                let (least, most) = (span::write(*least), span::write(*most));
                let reason = || format!("must be a time from {least} to {most}, such as {least}");
                set(policy, fits.ok_or_else(reason)?);
            }
            Kind::Share { bounds: (least, most), set, .. } => {
                let read = value.as_f64().and_then(percent);
                let fits = read.filter(|percent| (least..=most).contains(&percent));
                let reason = || format!("must be {} to {}", share(*least), share(*most));
                set(policy, fits.ok_or_else(reason)?);
            }
            Kind::Ladder { set, .. } => set(policy, read_ladder(value)?),
            Kind::Skew => policy.totp_skew = read_skew(value)?,
            Kind::Word { words, set, .. } => {
                let fits = value.as_str().filter(|word| words.contains(word));
                let reason = || format!("must be one of {}", words.join(", "));
                set(policy, fits.ok_or_else(reason)?);
            }
            Kind::Switch { set, .. } => {
                set(policy, value.as_bool().ok_or("must be true or false")?);
            }
            Kind::Moment { set, .. } => {
                let wrong = || "must be a time such as 2027-01-31T00:00:00Z".to_owned();
                let read = match value {
                    Value::Null => None,
                    Value::String(text) => Some(text.parse().map_err(|_| wrong())?),
                    _ => return Err(wrong()),
                };
                set(policy, read);
            }
            Kind::Fixed(_) => {
                let fixed = self.value(policy);
                let same_span = || {
                    let read = |value: &Value| value.as_str().and_then(span::parse);
                    read(value).is_some_and(|span| read(&fixed) == Some(span))
                };
                if *value != fixed && !same_span() {
                    return Err(format!("is {fixed} in this version, and cannot be set"));
                }
            }
        }
        Ok(())
    }

    /// Whether a policy is looser here than another.
    #[must_use]
    pub fn is_looser(&self, policy: &Policy, than: &Policy) -> bool {
        match &self.kind {
            Kind::Count { tighter, get, .. } => tighter.is_looser(get(policy), get(than)),
            Kind::Span { tighter, get, .. } => tighter.is_looser(get(policy), get(than)),
            Kind::Share { get, .. } => get(policy) > get(than),
            Kind::Ladder { get, .. } => waits_less(get(policy), get(than)),
            Kind::Skew => policy.totp_skew > than.totp_skew,
            Kind::Word { words, get, .. } => {
                let place = |word| words.iter().position(|known| *known == word);
                place(get(policy)) < place(get(than))
            }
            Kind::Switch { tighter, get, .. } => {
                tighter.is_some_and(|tighter| get(than) == tighter && get(policy) != tighter)
            }
            Kind::Moment { .. } | Kind::Fixed(_) => false,
        }
    }
}

impl Tighter {
    fn is_looser<T: Ord + Copy>(self, value: T, than: T) -> bool {
        match self {
            Self::Lower => value > than,
            Self::Higher => value < than,
        }
    }
}

/// A share as people write it: 30 percent are 0.3.
fn share(percent: u32) -> Value {
    Number::from_f64(f64::from(percent) / 100.0).map_or(Value::Null, Value::Number)
}

/// Whole percent alone.
fn percent(share: f64) -> Option<u32> {
    (0..=100).find(|percent| (f64::from(*percent) / 100.0 - share).abs() < 1e-9)
}

fn ladder(waits: &Waits) -> Value {
    let Waits::Ladder(steps) = waits else { return Value::Null };
    steps.iter().map(|(count, wait)| json!([count, span::write(*wait)])).collect()
}

fn read_ladder(value: &Value) -> Result<Waits, String> {
    let wrong = || {
        format!(
            "must be at most {LADDER_STEPS_MAX} steps of a number of failures and a wait of 1s to \
             {}, rising, such as [[5, \"15m\"], [10, \"1h\"]]",
            span::write(LADDER_WAIT_MAX)
        )
    };
    let step = |value: &Value| {
        let [count, wait] = value.as_array()?.as_slice() else { return None };
        let count = u32::try_from(count.as_u64()?).ok().filter(|count| *count > 0)?;
        let wait = span::parse(wait.as_str()?)?;
        (SignedDuration::from_secs(1)..=LADDER_WAIT_MAX).contains(&wait).then_some((count, wait))
    };
    let steps = value.as_array().filter(|steps| steps.len() <= LADDER_STEPS_MAX);
    let steps: Option<Vec<_>> = steps.and_then(|steps| steps.iter().map(step).collect());
    let steps = steps.filter(|steps| steps.is_sorted_by(|one, next| one.0 < next.0));
    steps.map(Waits::Ladder).ok_or_else(wrong)
}

/// Whether somebody who goes on failing has waited less by one ladder than by another, ever.
fn waits_less(waits: &Waits, than: &Waits) -> bool {
    let (mut here, mut there) = (SignedDuration::ZERO, SignedDuration::ZERO);
    (1..=LADDER_COMPARED_TO).any(|count| {
        let wait = |waits: &Waits| waits.after(count).unwrap_or(SignedDuration::ZERO);
        here = here.saturating_add(wait(waits));
        there = there.saturating_add(wait(than));
        here < there
    })
}

/// The window may be narrowed and never widened (SR-013).
fn read_skew(value: &Value) -> Result<Skew, String> {
    let of = |skew: &Skew| json!(skew.offsets().collect::<Vec<_>>()) == *value;
    let reason = "must be [-1, 0, 1], [-1, 0] or [0]: the window may be narrowed, never widened";
    Skew::ALL.into_iter().find(of).ok_or_else(|| reason.to_owned())
}
