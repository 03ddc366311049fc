//! What can be done to the entries of a log.

use std::collections::HashMap;

use countersign_events::entry::Entry;
use countersign_events::id::{Hash32, Revision};
use countersign_events::tree::leaf_hash;

use crate::audit::sample::{Sample, Stored};

/// Changes a log somewhere near a place; gives the first position that is another then, or none
/// where the log has nothing to do that to.
pub(super) type Change = fn(&mut Vec<Stored>, usize, &Sample) -> Option<usize>;

/// Every field of an entry, by where its value begins.
pub(super) const FIELDS: [&str; 17] = [
    "{",
    "\"log\":\"",
    "\"stream\":\"",
    "\"rev\":",
    "\"id\":\"",
    "\"at\":\"",
    "\"type\":\"account.",
    "\"v\":",
    "\"by\":{",
    "\"cor\":\"",
    "\"pol\":",
    "\"prev\":\"",
    "\"data\":{",
    "\"sealed\":{",
    "\"commit\":\"",
    "\"expires_at\":\"",
    "\"step\":",
];

fn text_of(entry: &Stored) -> String {
    String::from_utf8(entry.bytes.clone()).unwrap()
}

/// The first entry from a place on, and then from the beginning, for which it is so.
fn find(entries: &[Stored], near: usize, is_so: impl Fn(&Stored) -> bool) -> Option<usize> {
    let near = near % entries.len();
    (near..entries.len()).chain(0..near).find(|at| is_so(&entries[*at]))
}

/// Flips a bit of the first byte of a field, or of a later one.
pub(super) fn flip(
    entries: &mut [Stored],
    near: usize,
    field: &str,
    later: usize,
) -> Option<usize> {
    let at = find(entries, near, |entry| text_of(entry).contains(field))?;
    let from = text_of(&entries[at]).find(field)? + field.len();
    let bytes = &mut entries[at].bytes;
    let byte = (from + later).min(bytes.len() - 1);
    bytes[byte] ^= 1;
    Some(at)
}

/// Changes of whole entries, by what they are called.
pub(super) const CHANGES: [(&str, Change); 9] = [
    ("two neighbours are swapped", |entries, near, _| {
        let at = near % (entries.len() - 1);
        entries.swap(at, at + 1);
        Some(at)
    }),
    ("two entries far apart are swapped", |entries, near, _| {
        let (at, last) = (near % (entries.len() / 2), entries.len() - 1);
        entries.swap(at, last);
        Some(at)
    }),
    ("the head is cut off", |entries, _, _| {
        entries.remove(0);
        Some(0)
    }),
    ("an entry in the middle is deleted", |entries, near, _| {
        let at = 1 + near % (entries.len() - 2);
        entries.remove(at);
        Some(at)
    }),
    ("the tail is cut off", |entries, near, _| {
        let left = entries.len() - 1 - near % 5;
        entries.truncate(left);
        Some(left)
    }),
    ("an entry is written twice", |entries, near, _| {
        let at = near % entries.len();
        let again = entries[at].clone();
        entries.insert(at + 1, again);
        Some(at + 1)
    }),
    ("an entry goes to another stream", |entries, near, _| {
        let of_account = |entry: &Stored| entry.stream.to_string().starts_with("account-");
        let at = find(entries, near, of_account)?;
        let (from, to) =
            (entries[at].stream.to_string(), "account-00000000-0000-4000-8000-00000000beef");
        let text = text_of(&entries[at]).replacen(&from, to, 1);
        entries[at].bytes = text.into_bytes();
        Some(at)
    }),
    ("an entry comes from another log", |entries, near, other| {
        let at = near % entries.len();
        let foreign = other.entries[(near / 3) % other.entries.len()].clone();
        let id = "00000000-0000-4000-8000-000000000077";
        let text = text_of(&foreign).replacen(&other.id().to_string(), id, 1);
        entries.insert(at, Stored { bytes: text.into_bytes(), ..foreign });
        Some(at)
    }),
    ("a refused code becomes another", |entries, near, _| {
        let refused = |entry: &Stored| text_of(entry).contains("\"why\":\"wrong\"");
        let at = find(entries, near, refused)?;
        let text = text_of(&entries[at]).replacen("\"why\":\"wrong\"", "\"why\":\"reused\"", 1);
        entries[at].bytes = text.into_bytes();
        Some(at)
    }),
];

/// Puts `text` between two marks.
fn between(entry: &str, begins: &str, ends: &str, text: &str) -> Option<String> {
    let from = entry.find(begins)? + begins.len();
    let to = from + entry[from..].find(ends)?;
    Some(format!("{}{text}{}", &entry[..from], &entry[to..]))
}

/// Chains everything anew, as whoever has the program can: revisions and links fit together again.
pub(super) fn chain_anew(entries: &mut [Stored]) {
    let mut heads = HashMap::new();
    for stored in entries {
        let Ok(entry) = Entry::parse(&stored.bytes) else { continue };
        let stream = entry.stream;
        let head: Option<&(Revision, Hash32)> = heads.get(&stream);
        let revision = head.map_or(Revision::new(0), |(revision, _)| revision.next());
        let prev = head.map_or_else(|| "null".to_owned(), |(_, leaf)| format!("\"{leaf}\""));
        let text = text_of(stored);
        let text = between(&text, "\"rev\":", ",", &revision.to_string()).unwrap();
        let text = between(&text, "\"prev\":", ",\"data\":", &prev).unwrap();
        stored.bytes = text.into_bytes();
        heads.insert(stream, (revision, leaf_hash(&stored.bytes)));
    }
}
