//! A golden log: a small journey, entry by entry, with its chains, commitments and root.

use std::collections::BTreeMap;
use std::fs;

use countersign_events::actor::By;
use countersign_events::entry::{Draft, Entry, SealClass, SealedPart, read_sealed};
use countersign_events::id::{Hash32, Revision, StreamId};
use countersign_events::tree::{TreeHead, leaf_hash, seal_commitment};

use crate::{Event, directory};

/// The root over the golden log's 12 leaves, computed outside this program (RFC 6962, 2.1).
const ROOT: &str = "0081fe83d4e8b4a905462748f39cd0ca364a9b1d7b43f7b3319034f067e1d61c";

fn lines() -> Vec<String> {
    let text = fs::read_to_string(directory().join("log/entries.jsonl")).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(str::to_owned).collect()
}

fn sealed() -> BTreeMap<usize, Vec<u8>> {
    let text = fs::read_to_string(directory().join("log/sealed.jsonl")).unwrap();
    text.lines()
        .map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let position = usize::try_from(value["position"].as_u64().unwrap()).unwrap();
            (position, serde_json::to_vec(&value["sealed"]).unwrap())
        })
        .collect()
}

fn type_in_catalogue(event_type: &str) -> &'static str {
    let row = countersign_events::catalogue::rows()
        .into_iter()
        .find(|row| row.event_type == event_type)
        .unwrap();
    row.event_type
}

#[test]
fn every_golden_entry_reads_and_encodes_to_the_same_bytes() {
    for line in lines() {
        let entry = Entry::parse(line.as_bytes()).expect(&line);
        assert_eq!(serde_json::to_string(&entry).unwrap(), line);
        let event = Event::decode(&entry.event_type, entry.version, entry.data.get()).unwrap();
        assert_eq!(event.to_json(), entry.data.get());
    }
}

#[test]
fn writing_the_golden_journey_again_gives_the_golden_bytes() {
    let stored = sealed();
    for (position, line) in lines().into_iter().enumerate() {
        let entry = Entry::parse(line.as_bytes()).unwrap();
        let parts = entry.sealed.iter().map(|(class, reference)| SealedPart {
            class: *class,
            key: reference.key.clone(),
            ciphertext: read_sealed(&stored[&position], *class).unwrap().unwrap(),
        });
        let draft = Draft {
            id: entry.id,
            at: entry.at,
            event_type: type_in_catalogue(&entry.event_type),
            version: entry.version,
            by: entry.by.clone(),
            correlation: entry.correlation,
            causation: entry.causation,
            policy: entry.policy,
            idempotency: entry.idempotency,
            data: entry.data.get().to_owned(),
            sealed: parts.collect(),
        };
        let written = draft.write(entry.log, entry.stream, entry.rev, entry.prev).unwrap();
        assert_eq!(String::from_utf8(written.bytes).unwrap(), line);
        assert_eq!(written.sealed.is_some(), stored.contains_key(&position));
    }
}

#[test]
fn the_golden_log_has_its_chains_its_commitments_and_its_root() {
    let stored = sealed();
    let mut heads: BTreeMap<StreamId, (Revision, Hash32)> = BTreeMap::new();
    let mut tree = TreeHead::default();
    for (position, line) in lines().into_iter().enumerate() {
        let entry = Entry::parse(line.as_bytes()).unwrap();
        let before = heads.get(&entry.stream);
        assert_eq!(entry.prev, before.map(|(_, leaf)| *leaf), "{line}");
        let revision = before.map_or(Revision::new(0), |(revision, _)| revision.next());
        assert_eq!(entry.rev, revision, "{line}");
        for (class, reference) in &entry.sealed {
            let ciphertext = read_sealed(&stored[&position], *class).unwrap().unwrap();
            assert_eq!(seal_commitment(&ciphertext), reference.commit, "{line}");
        }
        let leaf = leaf_hash(line.as_bytes());
        heads.insert(entry.stream, (entry.rev, leaf));
        tree.push(leaf);
    }
    assert_eq!((tree.size(), tree.root().to_string().as_str()), (12, ROOT));
}

#[test]
fn the_golden_log_shows_every_kind_of_actor_and_both_classes_of_sealed_parts() {
    let lines = lines();
    let entries: Vec<Entry<'_>> =
        lines.iter().map(|line| Entry::parse(line.as_bytes()).unwrap()).collect();
    let kinds = |wanted: fn(&By) -> bool| entries.iter().any(|entry| wanted(&entry.by));
    assert!(kinds(|by| matches!(by, By::Holder)));
    assert!(kinds(|by| matches!(by, By::Client { .. })));
    assert!(kinds(|by| matches!(by, By::Operator { .. })));
    assert!(kinds(|by| matches!(by, By::System)));
    assert!(kinds(|by| matches!(by, By::Console { .. })));
    for class in [SealClass::Pii, SealClass::Net] {
        assert!(entries.iter().any(|entry| entry.sealed.contains_key(&class)));
    }
}
