//! Upcasters: an old shape of an event is lifted to the current one when it is read.
//!
//! The bytes in the log never change. An upcaster may add what was implied; it may never lower a
//! counter or drop a fact.

use std::borrow::Cow;

/// One step: the data of `event_type` at version `from`, as version `from + 1` has it.
struct Upcaster {
    event_type: &'static str,
    from: u16,
    lift: fn(&str) -> String,
}

/// Every step there is, oldest first. None yet: all types are at version 1.
const UPCASTERS: &[Upcaster] = &[];

/// Lifts data as far as the steps lead.
#[must_use]
pub fn upcast<'a>(event_type: &str, version: u16, data: &'a str) -> (u16, Cow<'a, str>) {
    lift(UPCASTERS, event_type, version, data)
}

fn lift<'a>(
    steps: &[Upcaster],
    event_type: &str,
    version: u16,
    data: &'a str,
) -> (u16, Cow<'a, str>) {
    steps.iter().filter(|step| step.event_type == event_type).fold(
        (version, Cow::Borrowed(data)),
        |(at, data), step| {
            if step.from == at {
                (at.saturating_add(1), Cow::Owned((step.lift)(&data)))
            } else {
                (at, data)
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::{Upcaster, lift, upcast};

    const STEPS: &[Upcaster] = &[
        Upcaster { event_type: "a.b", from: 1, lift: |data| format!("{data}+1") },
        Upcaster { event_type: "a.b", from: 2, lift: |data| format!("{data}+2") },
    ];

    #[test]
    fn steps_follow_one_another_up_to_the_newest_version() {
        assert_eq!(lift(STEPS, "a.b", 1, "x"), (3, "x+1+2".into()));
        assert_eq!(lift(STEPS, "a.b", 2, "x"), (3, "x+2".into()));
        assert_eq!(lift(STEPS, "a.b", 3, "x"), (3, "x".into()));
        assert_eq!(lift(STEPS, "c.d", 1, "x"), (1, "x".into()));
    }

    #[test]
    fn an_unknown_type_is_left_as_it_is() {
        assert_eq!(upcast("no.such", 7, "{}"), (7, "{}".into()));
    }
}
