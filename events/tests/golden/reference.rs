//! `docs/events.md`: every event with the fields of its payload, made from what says so already.
//!
//! Names, types and meanings come from the documentation of the payloads in `events/src`; the
//! golden payloads check them: a full one has exactly these fields in this order, and a field is
//! optional exactly where a payload decodes without it. The file is committed and checked fresh;
//! `COUNTERSIGN_WRITE_DOCS=1` writes it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use countersign_events::account::AccountEvent;
use countersign_events::catalogue::CatalogueRow;
use countersign_events::client::ClientEvent;
use countersign_events::log_event::LogEvent;
use countersign_events::operator::OperatorEvent;
use countersign_events::policy::PolicyEvent;
use serde_json::{Map, Value};

use super::source::{Item, Shape, Source};
use super::{Event, directory};

const INTRODUCTION: &str = "\
# Events

Made from the documentation of `events/src` and the golden payloads by a test of
`countersign-events`; do not edit. `COUNTERSIGN_WRITE_DOCS=1 cargo test --release -p
countersign-events --test golden` writes it anew.

Every entry of the log has one of these types, under a version of its shape. A type is permanent;
a new shape is a new version, never a change. This is what stands in an entry's `data`. Personal
data never does: where an event has some, it is sealed beside the entry, as its sentence says.
Fields marked \"optional\" are left out where they mean nothing; there are no others.
";

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/events.md")
}

/// The files that define payloads, with the rows of the catalogue that they bind.
fn modules() -> [(&'static str, &'static str, &'static [CatalogueRow]); 5] {
    [
        (
            "Accounts",
            "account.rs account/factors.rs account/grants.rs account/limits.rs account/mail.rs \
             account/recovery.rs account/sessions.rs account/support.rs",
            AccountEvent::CATALOGUE,
        ),
        ("Operators", "operator.rs", OperatorEvent::CATALOGUE),
        ("Client apps", "client.rs client/webhooks.rs", ClientEvent::CATALOGUE),
        ("The policy", "policy.rs", PolicyEvent::CATALOGUE),
        ("The log itself", "log_event.rs", LogEvent::CATALOGUE),
    ]
}

/// What a type is in JSON.
fn in_json(rust: &str, source: &Source) -> String {
    if let Some(inner) = rust.strip_prefix("Vec<").and_then(|rest| rest.strip_suffix('>')) {
        return format!("list of: {}", in_json(inner, source));
    }
    let of_map = rust.strip_prefix("BTreeMap<String, ").and_then(|rest| rest.strip_suffix('>'));
    if let Some(inner) = of_map {
        return format!("by name: {}", in_json(inner, source));
    }
    match rust {
        "bool" => "`true` or `false`".to_owned(),
        "u8" | "u32" | "u64" | "i32" => "number".to_owned(),
        "Value" => "what stands in the configuration".to_owned(),
        "PolicyVersion" | "Position" | "Revision" => "number".to_owned(),
        "SecretVersion" => "number below 2^53".to_owned(),
        "String" => "text".to_owned(),
        "Timestamp" => "time (RFC 3339, UTC)".to_owned(),
        "AccountId" | "FactorId" | "EventId" | "ClientId" | "LogId" => "UUID".to_owned(),
        "HandleHash" | "Nonce" => "32 hexadecimal digits".to_owned(),
        "Hash32" => "64 hexadecimal digits".to_owned(),
        name => match source.item(name).map(|item| &item.shape) {
            Some(Shape::Words(_) | Shape::Fields(_)) => format!("[{name}](#{})", lower(name)),
            None => panic!("{name} has no description in JSON"),
        },
    }
}

fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn table(item: &Item, source: &Source) -> String {
    let mut text = String::new();
    match &item.shape {
        Shape::Fields(fields) if fields.is_empty() => text.push_str("\nNo fields: `{}`.\n"),
        Shape::Fields(fields) => {
            text.push_str("\n| field | JSON | meaning |\n|---|---|---|\n");
            for field in fields {
                let optional = if field.optional { ", optional" } else { "" };
                let json = in_json(&field.rust, source);
                writeln!(text, "| `{}`{optional} | {json} | {} |", field.name, field.doc).unwrap();
            }
        }
        Shape::Words(words) => {
            text.push_str("\n| word | meaning |\n|---|---|\n");
            for (word, doc) in words {
                writeln!(text, "| `{word}` | {doc} |").unwrap();
            }
        }
    }
    text
}

fn full_payload(row: &CatalogueRow) -> String {
    let path = |form| directory().join(format!("{}.{form}.json", row.event_type));
    // Fields that came later stand in a payload of their own: goldens do not change.
    let read = |form| fs::read_to_string(path(form)).ok();
    let last = ["whole_3", "whole_2", "whole", "full"].into_iter().find_map(read);
    last.unwrap().trim_end().to_owned()
}

/// The fields that the source tells of are those of the payload, and the optional ones are those
/// that it decodes without.
fn check(row: &CatalogueRow, item: &Item) {
    let Shape::Fields(fields) = &item.shape else { panic!("{} is no struct", item.name) };
    let payload: Map<String, Value> = serde_json::from_str(&full_payload(row)).unwrap();
    let mut told: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let mut found: Vec<&str> = payload.keys().map(String::as_str).collect();
    told.sort_unstable();
    found.sort_unstable();
    assert_eq!(told, found, "{}", row.event_type);
    for field in fields {
        let mut without = payload.clone();
        without.remove(&field.name);
        let without = Value::Object(without).to_string();
        let decodes = Event::decode(row.event_type, row.version, &without).is_ok();
        assert_eq!(decodes, field.optional, "{} without {}", row.event_type, field.name);
    }
}

fn reference() -> String {
    let mut text = INTRODUCTION.to_owned();
    let mut parts = String::new();
    for (title, file, rows) in modules() {
        let source = Source::read(file);
        write!(text, "\n## {title}\n").unwrap();
        for row in rows {
            let item = source.payload(row.event_type);
            check(row, item);
            let CatalogueRow { event_type, version } = row;
            write!(text, "\n### `{event_type}` version {version}\n\n{}\n", item.doc).unwrap();
            text.push_str(&table(item, &source));
            let payload = full_payload(row);
            if payload != "{}" {
                write!(text, "\n```json\n{payload}\n```\n").unwrap();
            }
        }
        for item in source.parts() {
            write!(parts, "\n### {}\n\n{}\n{}", item.name, item.doc, table(item, &source)).unwrap();
        }
    }
    write!(text, "\n## Parts and words\n{parts}").unwrap();
    text
}

#[test]
fn the_reference_of_events_is_fresh() {
    let now = reference();
    if std::env::var_os("COUNTERSIGN_WRITE_DOCS").is_some() {
        fs::write(docs(), &now).unwrap();
    }
    let committed = fs::read_to_string(docs()).unwrap();
    assert!(committed == now, "docs/events.md is stale: its first lines say how to write it");
}
