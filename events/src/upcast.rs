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

/// What a step has lowered or dropped: every number of the earlier data must be there and no
/// smaller, and every other fact must be there (SR-110).
#[cfg(test)]
fn lost(before: &serde_json::Value, after: &serde_json::Value, at: &str) -> Vec<String> {
    use serde_json::Value;
    match (before, after) {
        (Value::Object(fields), Value::Object(lifted)) => fields
            .iter()
            .flat_map(|(name, value)| match lifted.get(name) {
                Some(after) => lost(value, after, &format!("{at}/{name}")),
                None => vec![format!("{at}/{name} is gone")],
            })
            .collect(),
        (Value::Array(items), Value::Array(lifted)) if items.len() <= lifted.len() => {
            let pairs = items.iter().zip(lifted);
            pairs.flat_map(|(before, after)| lost(before, after, &format!("{at}/-"))).collect()
        }
        (Value::Number(number), Value::Number(lifted)) => {
            let is_lower = lifted.as_f64() < number.as_f64();
            is_lower.then(|| format!("{at} falls from {number} to {lifted}")).into_iter().collect()
        }
        (before, after) if before == after => vec![],
        _ => vec![format!("{at} was {before} and is {after}")],
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::{UPCASTERS, Upcaster, lift, lost, upcast};

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

    /// The golden payloads of a type at a version.
    fn goldens(event_type: &str, version: u16) -> Vec<String> {
        let directory =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/v{version}"));
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let named = entries.filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with(&format!("{event_type}.")) && name.ends_with(".json")
        });
        named.map(|entry| std::fs::read_to_string(entry.path()).unwrap()).collect()
    }

    /// What the steps lose of payloads; a step that no payload goes through is not shown at all.
    fn losses(steps: &[Upcaster], payloads: impl Fn(&Upcaster) -> Vec<String>) -> Vec<String> {
        let mut found = vec![];
        for step in steps {
            let payloads = payloads(step);
            if payloads.is_empty() {
                found.push(format!("{} v{}: no golden payload", step.event_type, step.from));
            }
            for payload in payloads {
                let before: Value = serde_json::from_str(&payload).unwrap();
                let after: Value = serde_json::from_str(&(step.lift)(&payload)).unwrap();
                let at = format!("{} v{}", step.event_type, step.from);
                found.extend(lost(&before, &after, &at));
            }
        }
        found
    }

    /// SR-110, AT-57: no step lowers a number or drops a fact of any golden payload of its version.
    #[test]
    fn sr_110_no_step_lowers_a_counter_or_drops_a_fact() {
        let of_version = |step: &Upcaster| goldens(step.event_type, step.from);
        assert_eq!(losses(UPCASTERS, of_version), [] as [String; 0]);
        assert!(goldens("account.code_rejected", 1).len() > 3, "the goldens are found");
    }

    /// SR-110: and a step that did would be found, whichever way it did it.
    #[test]
    fn sr_110_a_step_that_lowers_a_counter_is_found() {
        let lowered = |lift: fn(&str) -> String| {
            let steps = [Upcaster { event_type: "account.code_rejected", from: 1, lift }];
            losses(&steps, |step| goldens(step.event_type, step.from))
        };
        assert_eq!(lowered(str::to_owned), [] as [String; 0]);
        assert_eq!(
            lowered(|data| {
                let mut value: Value = serde_json::from_str(data).unwrap();
                value["added"] = json!({ "since": 1 });
                value.to_string()
            }),
            [] as [String; 0],
        );
        let halved = lowered(|data| {
            let mut value: Value = serde_json::from_str(data).unwrap();
            value["unresolved"] = json!(value["unresolved"].as_u64().unwrap() / 2);
            value.to_string()
        });
        assert!(halved.iter().any(|loss| loss.contains("/unresolved falls")), "{halved:?}");
        let dropped = lowered(|data| {
            let mut value: Value = serde_json::from_str(data).unwrap();
            value.as_object_mut().unwrap().remove("in_sign_in");
            value.to_string()
        });
        assert!(dropped.iter().any(|loss| loss.contains("/in_sign_in is gone")), "{dropped:?}");
        let excused = lowered(|data| data.replace("\"wrong\"", "\"reused\""));
        assert!(excused.iter().any(|loss| loss.contains("/why was")), "{excused:?}");
        let unknown = [Upcaster { event_type: "no.such", from: 7, lift: str::to_owned }];
        assert_eq!(losses(&unknown, |step| goldens(step.event_type, step.from)).len(), 1);
    }
}
