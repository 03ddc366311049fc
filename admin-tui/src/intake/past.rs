//! An account's past taken in: what an event changed, in words first.
//!
//! The state is the service's own: its names, its hashes, its places in the log. Whoever helps
//! somebody on the phone wants to know that a fourth try failed and until when it waits. So what
//! changed is told field by field, in words, without what only the service can read; all of it as
//! it is stays one key away.

use countersign_api::contract::look::{StateAsOf, StateChanges};
use jiff::Timestamp;
use serde_json::Value;

use super::taken_in::{event, lines};
use crate::model::travel::{Change, Moment};
use crate::printable::Printable;
use crate::text;

pub(super) fn moment(changes: &StateChanges, state: &StateAsOf) -> Moment {
    let value = |value: &Value| Printable::from(value.to_string());
    let mut words = Vec::new();
    for change in &changes.changes {
        let path = change.path.split('/').filter(|part| !part.is_empty());
        let path: Vec<String> =
            path.map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
        tell(&path, change.before.as_ref(), change.after.as_ref(), &mut words);
    }
    Moment {
        event: event(&changes.event),
        words,
        changes: changes
            .changes
            .iter()
            .map(|change| Change {
                path: Printable::new(change.path.trim_start_matches('/')),
                before: change.before.as_ref().map(value),
                after: change.after.as_ref().map(value),
            })
            .collect(),
        state: lines(&state.state),
        newest: changes.newest.max(state.newest),
    }
}

/// Parts of a path that say nothing by themselves.
const EMPTY: [&str; 2] = ["standing", "open"];
/// Fields that only the service can read: keys of requests, hashes, and places in the log.
const INNER: [&str; 19] = [
    "idempotency",
    "commit",
    "commitment",
    "hash",
    "hashes",
    "pepper",
    "nonce",
    "secret",
    "version",
    "key",
    "vouched",
    "device",
    "within",
    "request",
    "identity_at",
    "named_at",
    "opened_in",
    "seen_in",
    "asked_in",
];

/// Tells what became different, field by field.
fn tell(path: &[String], before: Option<&Value>, after: Option<&Value>, words: &mut Vec<Change>) {
    let (before, after) = (before.filter(|it| !it.is_null()), after.filter(|it| !it.is_null()));
    let is_inner = path.iter().any(|name| INNER.contains(&name.as_str()));
    if before == after || is_inner {
        return;
    }
    let objects = (before.and_then(Value::as_object), after.and_then(Value::as_object));
    if objects.0.is_some() || objects.1.is_some() {
        let names = [objects.0, objects.1].into_iter().flatten().flat_map(|fields| fields.keys());
        let mut names: Vec<&String> = names.collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let field = |of: Option<&serde_json::Map<String, Value>>| {
                of.and_then(|it| it.get(name)).cloned()
            };
            let path: Vec<String> = path.iter().chain([name]).cloned().collect();
            tell(&path, field(objects.0).as_ref(), field(objects.1).as_ref(), words);
        }
        return;
    }
    let is_hidden = |value: Option<&Value>| value.and_then(Value::as_str).is_some_and(is_hash);
    if is_hidden(before) || is_hidden(after) {
        return;
    }
    words.push(Change {
        path: name_of(path),
        before: before.map(in_words),
        after: after.map(in_words),
    });
}

/// Characters of a hash, at least.
const HASH_CHARS_MIN: usize = 24;

/// Whether it is a hash or a key, which nobody reads: long, of one piece, and no id.
fn is_hash(text: &str) -> bool {
    let in_one =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-' | ':');
    let has_digit = text.chars().any(|c| c.is_ascii_digit());
    text.len() >= HASH_CHARS_MIN
        && text.chars().all(in_one)
        && has_digit
        && uuid::Uuid::parse_str(text).is_err()
        && text.parse::<Timestamp>().is_err()
}

/// Where it is, in words: without hashes, and of an id the beginning.
fn name_of(path: &[String]) -> Printable {
    let parts = path.iter().filter(|part| !EMPTY.contains(&part.as_str()) && !is_hash(part));
    let parts: Vec<String> = parts
        .map(|part| match uuid::Uuid::parse_str(part) {
            Ok(_) => part.chars().take(ID_CHARS).collect(),
            Err(_) => text::part_of_state(part),
        })
        .collect();
    Printable::from(parts.join(", "))
}

/// Characters of an id that tell it apart.
const ID_CHARS: usize = 8;
/// Values of a list that are told one by one.
const LISTED_MAX: usize = 3;

/// A value in words.
fn in_words(value: &Value) -> Printable {
    let words = match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(string) => match string.parse::<Timestamp>() {
            Ok(at) => format!("{} UTC", text::time(at)),
            Err(_) => string.replace('_', " "),
        },
        Value::Array(items) => {
            let plain = |item: &Value| !item.is_object() && !item.is_array();
            let hidden = |item: &Value| item.as_str().is_some_and(is_hash);
            if items.is_empty() {
                text::NOTHING.to_owned()
            } else if items.len() <= LISTED_MAX && items.iter().all(|it| plain(it) && !hidden(it)) {
                let items: Vec<String> = items.iter().map(|it| in_words(it).to_string()).collect();
                items.join("; ")
            } else {
                let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
                text::count(count, "entry", "entries")
            }
        }
        other => other.to_string(),
    };
    Printable::from(words)
}

#[cfg(test)]
mod tests {
    use super::moment;
    use serde_json::json;

    const HASH: &str = "b51e4f4b7f7c2a9e0c1d4a579d0e3c5b7a1f2e48b51e4f4b7f7c2a9e0c1d4a57";

    const FACTOR: &str = "6f1c2a9e-0c1d-4a57-9d0e-3c5b7a1f2e48";

    #[test]
    fn what_changed_is_told_in_words_and_without_what_nobody_reads() {
        let event = json!({
            "revision": 9, "at": "2026-11-24T13:50:00Z", "type": "account.code_rejected",
            "by": { "kind": "holder" }, "data": {}, "explanation": "refused",
        });
        let changes = json!({
            "revision": 9, "newest": 11, "event": event, "changes": [
                { "path": "/limits/totp/unresolved", "before": 3, "after": 4 },
                { "path": "/limits/totp/wait", "before": null,
                  "after": { "since": "2026-11-24T13:50:00Z", "until": "2026-11-24T14:05:00Z" } },
                { "path": format!("/standing/open/sessions/{HASH}"), "before": null,
                  "after": { "assurance": "two_factor", "device": HASH, "opened_in": 4 } },
                { "path": "/standing/open/email/commit", "before": HASH,
                  "after": HASH.to_uppercase() },
                { "path": "/idempotency/keys", "before": [], "after": [HASH] },
                { "path": format!("/standing/open/factors/{FACTOR}/last_used_at"),
                  "before": "2026-11-23T08:00:00Z", "after": "2026-11-24T08:00:00Z" },
            ],
        });
        let state = json!({ "newest": 11, "state": { "limits": 1 } });
        let state = serde_json::from_value(state).unwrap();
        let taken_in = moment(&serde_json::from_value(changes).unwrap(), &state);
        let told = taken_in.words.iter().map(|change| {
            let side = |side: &Option<crate::printable::Printable>| {
                side.as_ref().map_or("-".to_owned(), ToString::to_string)
            };
            format!("{}: {} > {}", change.path, side(&change.before), side(&change.after))
        });
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                "guesses, authenticator code, unresolved: 3 > 4",
                "guesses, authenticator code, wait, since: - > 2026-11-24 13:50:00 UTC",
                "guesses, authenticator code, wait, until: - > 2026-11-24 14:05:00 UTC",
                "session, assurance: - > two factor",
                "authenticator, 6f1c2a9e, last used at: \
                 2026-11-23 08:00:00 UTC > 2026-11-24 08:00:00 UTC",
            ]
        );
        assert_eq!(taken_in.changes.len(), 6, "as it is, all of it is there");
    }
}
