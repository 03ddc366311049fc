//! One entry after the other: what its bytes say, whether it belongs where it stands, and what it
//! does.

use std::collections::BTreeMap;

use countersign_events::account::AccountEvent;
use countersign_events::catalogue::DecodeError;
use countersign_events::client::ClientEvent;
use countersign_events::entry::{Entry, read_sealed};
use countersign_events::id::{Hash32, Position, StreamId};
use countersign_events::log_event::LogEvent;
use countersign_events::operator::OperatorEvent;
use countersign_events::policy::PolicyEvent;
use countersign_events::tree::seal_commitment;

use super::{Check, Place, Stream, chain_of};
use crate::audit::conduct::Act;
use crate::audit::finding::Rule;
use crate::audit::source::Line;

impl Check {
    pub(super) fn entry(&mut self, place: &Place, line: &Line, entry: &Entry<'_>, leaf: Hash32) {
        self.columns(place, line, entry);
        self.belongs(place, entry);
        self.sealed(place, line, entry);
        let act = self.decode(place, entry);
        self.link(place, entry, leaf, act);
    }

    fn columns(&mut self, place: &Place, line: &Line, entry: &Entry<'_>) {
        let Some(columns) = &line.columns else { return };
        if columns.stream != entry.stream.to_string() || columns.revision != entry.rev.get() {
            let detail = format!("stored as {} revision {}", columns.stream, columns.revision);
            self.found(place, Rule::ColumnsDiffer, detail);
        }
    }

    fn belongs(&mut self, place: &Place, entry: &Entry<'_>) {
        self.first_at.get_or_insert(entry.at);
        self.last_at = Some(entry.at);
        let log = *self.log.get_or_insert(entry.log);
        if log != entry.log {
            self.found(place, Rule::OtherLog, format!("names log {}, not {log}", entry.log));
        }
        let creates = entry.stream == StreamId::Log && entry.event_type == "log.created";
        if creates != (place.position == Position::new(0)) {
            let detail = if creates { "creates the log again" } else { "does not create the log" };
            self.found(place, Rule::NotCreatedFirst, detail);
        }
    }

    fn sealed(&mut self, place: &Place, line: &Line, entry: &Entry<'_>) {
        for (class, named) in &entry.sealed {
            let Some(stored) = &line.sealed else {
                self.sealed_absent = self.sealed_absent.saturating_add(1);
                continue;
            };
            match read_sealed(stored, *class) {
                Ok(Some(ciphertext)) if seal_commitment(&ciphertext) == named.commit => {
                    self.sealed_present = self.sealed_present.saturating_add(1);
                }
                Ok(None) => self.sealed_absent = self.sealed_absent.saturating_add(1),
                Ok(Some(_)) => {
                    let detail = format!("{class:?} does not hash to its commitment");
                    self.found(place, Rule::SealedChanged, detail);
                }
                Err(error) => self.found(place, Rule::SealedChanged, error.to_string()),
            }
        }
        let Some(stored) = &line.sealed else { return };
        let classes: BTreeMap<String, serde::de::IgnoredAny> =
            serde_json::from_slice(stored).unwrap_or_default();
        let named: Vec<String> = entry.sealed.keys().map(|c| format!("{c:?}")).collect();
        for class in classes.keys() {
            if !named.iter().any(|named| named.eq_ignore_ascii_case(class)) {
                let detail = format!("a part {class:?} that the entry does not name");
                self.found(place, Rule::SealedSurplus, detail);
            }
        }
    }

    /// Reads the data, and gives what an account did.
    fn decode(&mut self, place: &Place, entry: &Entry<'_>) -> Option<AccountEvent> {
        let (event_type, version, data) = (&*entry.event_type, entry.version, entry.data.get());
        let kind = event_type.split_once('.').map_or("", |(kind, _)| kind);
        let (at_home, decoded) = match entry.stream {
            StreamId::Account(_) | StreamId::Unknown(_) => {
                (kind == "account", AccountEvent::decode(event_type, version, data).map(Some))
            }
            StreamId::Operator(_) => {
                let decoded = OperatorEvent::decode(event_type, version, data);
                (kind == "operator", decoded.map(|event| self.of_staff(place, entry, &event)))
            }
            StreamId::Client(_) => {
                (kind == "client", ClientEvent::decode(event_type, version, data).map(|_| None))
            }
            StreamId::Policy => {
                let decoded = PolicyEvent::decode(event_type, version, data);
                (kind == "policy", decoded.map(|event| self.policy_set(place, &event)))
            }
            StreamId::Log => (kind == "log", self.decode_log(entry).map(|()| None)),
        };
        match decoded {
            _ if !at_home => {
                self.found(place, Rule::WrongStream, format!("{event_type} stands here"));
                None
            }
            Ok(act) => act,
            Err(DecodeError::Unknown { event_type, version }) => {
                let known = self.unknown_types.entry(format!("{event_type} v{version}"));
                *known.or_default() += 1;
                None
            }
            Err(error @ DecodeError::Shape { .. }) => {
                self.found(place, Rule::WrongShape, chain_of(&error));
                None
            }
        }
    }

    fn policy_set(&mut self, place: &Place, event: &PolicyEvent) -> Option<AccountEvent> {
        for (rule, detail) in self.policies.take(event) {
            self.found(place, rule, detail);
        }
        None
    }

    fn of_staff(
        &mut self,
        place: &Place,
        entry: &Entry<'_>,
        event: &OperatorEvent,
    ) -> Option<AccountEvent> {
        if let Some((rule, detail)) = self.staff.take(entry, event) {
            self.found(place, rule, detail);
        }
        None
    }

    fn decode_log(&mut self, entry: &Entry<'_>) -> Result<(), DecodeError> {
        let event = LogEvent::decode(&entry.event_type, entry.version, entry.data.get())?;
        if let LogEvent::Created(created) = event {
            self.origin.get_or_insert(created.origin);
            self.key.get_or_insert(created.key);
        }
        Ok(())
    }

    /// Checks the link to the entry before it in the stream, and what the account did.
    fn link(&mut self, place: &Place, entry: &Entry<'_>, leaf: Hash32, act: Option<AccountEvent>) {
        let new = || Box::new(Stream::new(entry.stream));
        let stream = self.streams.entry(entry.stream).or_insert_with(new);
        let mut broken = vec![];
        if entry.rev != stream.next {
            broken.push((Rule::RevisionGap, format!("revision {} was to follow", stream.next)));
        }
        if entry.prev != stream.leaf {
            let prev = stream.leaf.map_or_else(|| "none".to_owned(), |prev| prev.to_string());
            broken.push((Rule::ChainBroken, format!("the entry before hashes to {prev}")));
        }
        if entry.at < stream.at {
            broken.push((Rule::TimeBackwards, format!("{} after {}", entry.at, stream.at)));
        }
        if let Some(event) = act {
            let (policy, breach) = self.policies.of(entry.policy);
            broken.extend(breach);
            broken.extend(stream.conduct.judge(&Act::of(entry, &event, &policy)));
            broken.extend(self.staff.judge(entry, &event));
        }
        (stream.next, stream.leaf) = (entry.rev.next(), Some(leaf));
        stream.at = stream.at.max(entry.at);
        for (rule, detail) in broken {
            self.found(place, rule, detail);
        }
    }
}
