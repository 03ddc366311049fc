//! What is different between two states, part by part.

use serde_json::{Map, Value};

use crate::accounts::answer::ChangeView;

/// What is different, in the order of the paths (RFC 6901). Lists are compared as a whole.
pub(super) fn changes(before: &Value, after: &Value) -> Vec<ChangeView> {
    let mut found = vec![];
    compare("", Some(before), Some(after), &mut found);
    found
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<ChangeView>) {
    if before == after {
        return;
    }
    match (before.and_then(Value::as_object), after.and_then(Value::as_object)) {
        (Some(before), Some(after)) => {
            for field in fields(before, after) {
                let path = format!("{path}/{}", field.replace('~', "~0").replace('/', "~1"));
                compare(&path, before.get(field), after.get(field), found);
            }
        }
        _ => found.push(ChangeView {
            path: path.to_owned(),
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

/// The names of either, each once and in order.
fn fields<'a>(one: &'a Map<String, Value>, other: &'a Map<String, Value>) -> Vec<&'a String> {
    let mut fields: Vec<&String> = one.keys().chain(other.keys()).collect();
    fields.sort_unstable();
    fields.dedup();
    fields
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ChangeView, changes};

    fn change(path: &str, before: Option<Value>, after: Option<Value>) -> ChangeView {
        ChangeView { path: path.to_owned(), before, after }
    }

    #[test]
    fn each_part_that_is_different_is_told_once() {
        let before = json!({ "same": 1, "gone": { "a": 1 }, "deep": { "x": 1, "y": [1] } });
        let after = json!({ "same": 1, "deep": { "x": 2, "y": [1, 2] }, "new/~": null });
        assert_eq!(
            changes(&before, &after),
            [
                change("/deep/x", Some(json!(1)), Some(json!(2))),
                change("/deep/y", Some(json!([1])), Some(json!([1, 2]))),
                change("/gone", Some(json!({ "a": 1 })), None),
                change("/new~1~0", None, Some(Value::Null)),
            ]
        );
        assert_eq!(changes(&after, &after), []);
    }

    #[test]
    fn what_is_another_kind_of_thing_is_told_whole() {
        let found =
            changes(&json!({ "standing": "vacant" }), &json!({ "standing": { "open": 1 } }));
        let after = Some(json!({ "open": 1 }));
        assert_eq!(found, [change("/standing", Some(json!("vacant")), after)]);
    }
}
