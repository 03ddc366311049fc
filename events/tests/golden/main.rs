//! Golden payloads and a golden log: what was once written must always read the same.
//!
//! The files under `v1/` were made outside this program, from the catalogue's documentation, so
//! that the encoder does not vouch for itself. Each must decode to the value written out here and
//! encode to the same bytes again. A row of the catalogue without a golden fails.
//!
//! **What must stay true:** goldens are only ever added to. `v1/SHA256SUMS` pins every one of
//! them; a new shape is a new version with goldens of its own, under a new directory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod account;
mod clocks;
mod grants;
mod journey;
mod limits;
mod others;
mod recovery;
mod reference;
mod source;
mod support;
mod webhooks;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use countersign_events::account::AccountEvent;
use countersign_events::catalogue::{DecodeError, rows};
use countersign_events::client::ClientEvent;
use countersign_events::log_event::LogEvent;
use countersign_events::operator::OperatorEvent;
use countersign_events::policy::PolicyEvent;
use sha2::{Digest as _, Sha256};

/// An event of any kind of stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Account(Box<AccountEvent>),
    Operator(OperatorEvent),
    Client(ClientEvent),
    Policy(PolicyEvent),
    Log(LogEvent),
}

impl Event {
    fn event_type(&self) -> &'static str {
        match self {
            Self::Account(event) => event.event_type(),
            Self::Operator(event) => event.event_type(),
            Self::Client(event) => event.event_type(),
            Self::Policy(event) => event.event_type(),
            Self::Log(event) => event.event_type(),
        }
    }

    fn version(&self) -> u16 {
        match self {
            Self::Account(event) => event.version(),
            Self::Operator(event) => event.version(),
            Self::Client(event) => event.version(),
            Self::Policy(event) => event.version(),
            Self::Log(event) => event.version(),
        }
    }

    pub(crate) fn to_json(&self) -> String {
        match self {
            Self::Account(event) => event.to_json(),
            Self::Operator(event) => event.to_json(),
            Self::Client(event) => event.to_json(),
            Self::Policy(event) => event.to_json(),
            Self::Log(event) => event.to_json(),
        }
        .unwrap()
    }

    pub(crate) fn decode(event_type: &str, version: u16, data: &str) -> Result<Self, DecodeError> {
        match event_type.split_once('.').unwrap().0 {
            "account" => {
                AccountEvent::decode(event_type, version, data).map(Box::new).map(Self::Account)
            }
            "operator" => OperatorEvent::decode(event_type, version, data).map(Self::Operator),
            "client" => ClientEvent::decode(event_type, version, data).map(Self::Client),
            "policy" => PolicyEvent::decode(event_type, version, data).map(Self::Policy),
            _ => LogEvent::decode(event_type, version, data).map(Self::Log),
        }
    }
}

/// A golden: its form (the part of the file's name after the type), and what it must decode to.
pub(crate) type Golden = (&'static str, Event);

fn goldens() -> Vec<Golden> {
    let mut all = account::goldens();
    all.extend(others::goldens());
    all.extend(webhooks::goldens());
    all
}

pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}

fn file_name(golden: &Golden) -> String {
    format!("{}.{}.json", golden.1.event_type(), golden.0)
}

#[test]
fn every_golden_payload_decodes_to_its_value_and_encodes_to_the_same_bytes() {
    for golden in goldens() {
        let name = file_name(&golden);
        let text = fs::read_to_string(directory().join(&name)).expect(&name);
        let line = text.strip_suffix('\n').expect(&name);
        let event = Event::decode(golden.1.event_type(), golden.1.version(), line).expect(&name);
        assert_eq!(event, golden.1, "{name}");
        assert_eq!(event.to_json(), line, "{name}");
    }
}

#[test]
fn every_row_of_the_catalogue_has_a_full_golden() {
    let full: BTreeSet<(&str, u16)> = goldens()
        .iter()
        .filter(|(form, _)| *form == "full")
        .map(|(_, event)| (event.event_type(), event.version()))
        .collect();
    let without: Vec<_> =
        rows().into_iter().filter(|row| !full.contains(&(row.event_type, row.version))).collect();
    assert!(without.is_empty(), "catalogue rows without a golden payload: {without:?}");
}

#[test]
fn every_golden_file_is_read_by_a_test() {
    let expected: BTreeSet<String> = goldens().iter().map(file_name).collect();
    let found: BTreeSet<String> = fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn goldens_are_only_ever_added_to() {
    let sums = fs::read_to_string(directory().join("SHA256SUMS")).unwrap();
    let mut pinned = BTreeSet::new();
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        let bytes = fs::read(directory().join(name)).expect("a golden that was once there is gone");
        let found: [u8; 32] = Sha256::digest(&bytes).into();
        assert_eq!(data_encoding::HEXLOWER.encode(&found), sum, "{name} was changed");
        pinned.insert(name.to_owned());
    }
    for golden in goldens() {
        let name = file_name(&golden);
        assert!(pinned.contains(&name), "{name} is not in SHA256SUMS");
    }
}

#[test]
fn a_payload_with_an_unknown_field_a_missing_field_or_an_unknown_version_does_not_decode() {
    for golden in goldens() {
        let name = file_name(&golden);
        let (event_type, version, json) =
            (golden.1.event_type(), golden.1.version(), golden.1.to_json());
        let more = format!("{{\"surplus\":1{}{}", if json == "{}" { "" } else { "," }, &json[1..]);
        assert!(
            matches!(Event::decode(event_type, version, &more), Err(DecodeError::Shape { .. })),
            "{name} with a surplus field"
        );
        assert!(
            matches!(
                Event::decode(event_type, version + 1, &json),
                Err(DecodeError::Unknown { .. })
            ),
            "{name} of an unknown version"
        );
    }
    for lacking in ["account.enabled", "account.code_verified", "log.created", "operator.added"] {
        assert!(
            matches!(Event::decode(lacking, 1, "{}"), Err(DecodeError::Shape { .. })),
            "{lacking} without its fields"
        );
    }
}
