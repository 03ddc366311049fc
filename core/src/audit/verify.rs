//! Verifies a log: its bytes, its chains, its root, and that what happened was allowed.
//!
//! Two passes in one reading. The *bytes*: every line is an entry, positions and revisions are
//! dense, every `prev` is the hash of the entry before, time does not run backwards, sealed parts
//! are the ones committed to, the root is the one named. The *conduct* ([`super::conduct`]): no
//! step accepted twice, no session without its proof, no guess in a cool-down.
//!
//! A type or version that this program does not know is no finding: its bytes are checked like
//! any other's, and the report counts it. After a broken link the check goes on from what is
//! there, so that one change is one finding and not a thousand.

use std::collections::{BTreeMap, HashMap};

use countersign_events::account::AccountEvent;
use countersign_events::catalogue::DecodeError;
use countersign_events::client::ClientEvent;
use countersign_events::entry::{Entry, read_sealed};
use countersign_events::id::{Hash32, LogId, Position, Revision, StreamId};
use countersign_events::log_event::LogEvent;
use countersign_events::operator::OperatorEvent;
use countersign_events::policy::PolicyEvent;
use countersign_events::tree::{TreeHead, leaf_hash, seal_commitment};
use jiff::Timestamp;

use super::Progress;
use super::conduct::{Act, Conduct};
use super::finding::{CANNOT_KNOW, FINDINGS_LISTED_MAX, Finding, Report, Rule, Verdict};
use super::manifest::{FORMAT, MANIFEST_FILE, Manifest, SEALED_FILE};
use super::policies::Policies;
use super::source::{Line, Source};
use super::staff::Staff;

/// How many entries lie between two reports of progress.
const PROGRESS_EVERY: u64 = 4096;

/// A root that the auditor knows from elsewhere: the log must have had it at that size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownRoot {
    /// Entries it covers.
    pub size: u64,
    /// The root over them.
    pub root: Hash32,
}

/// Reads all there is and reports what breaks a rule.
pub fn verify(mut source: Source, known: Option<KnownRoot>, progress: Progress<'_>) -> Report {
    let expected = source.expected();
    let mut check = Check { known, ..Check::default() };
    check.compare_known();
    loop {
        match source.next_line() {
            Ok(Some(line)) => check.line(&line),
            Ok(None) => break,
            Err(error) => {
                check.incomplete.push(chain_of(&error));
                break;
            }
        }
        if check.tree.size().is_multiple_of(PROGRESS_EVERY) {
            progress(check.tree.size(), expected);
        }
    }
    progress(check.tree.size(), expected);
    match source.leftovers() {
        Ok(flaws) => flaws.into_iter().for_each(|(rule, detail)| check.whole(rule, detail)),
        Err(error) => check.incomplete.push(chain_of(&error)),
    }
    check.finish(source.manifest())
}

/// An error and what caused it, in one line.
fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// What is known of a stream.
struct Stream {
    revision: Revision,
    leaf: Hash32,
    at: Timestamp,
    conduct: Conduct,
}

/// A verification under way.
#[derive(Default)]
struct Check {
    tree: TreeHead,
    known: Option<KnownRoot>,
    log: Option<LogId>,
    origin: Option<String>,
    key: Option<Hash32>,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    streams: HashMap<StreamId, Stream>,
    policies: Policies,
    staff: Staff,
    next: u64,
    sealed_present: u64,
    sealed_absent: u64,
    unknown_types: BTreeMap<String, u64>,
    findings: Vec<Finding>,
    findings_total: u64,
    incomplete: Vec<String>,
}

/// Where an entry stands, for findings.
struct Place {
    position: Position,
    stream: Option<String>,
    revision: Option<u64>,
}

impl Check {
    fn found(&mut self, place: &Place, rule: Rule, detail: impl Into<String>) {
        self.record(Finding {
            rule,
            position: Some(place.position),
            stream: place.stream.clone(),
            revision: place.revision,
            detail: detail.into(),
        });
    }

    /// A finding that concerns the log as a whole.
    fn whole(&mut self, rule: Rule, detail: String) {
        self.record(Finding { rule, position: None, stream: None, revision: None, detail });
    }

    fn record(&mut self, finding: Finding) {
        self.findings_total = self.findings_total.saturating_add(1);
        if self.findings.len() < FINDINGS_LISTED_MAX {
            self.findings.push(finding);
        }
    }

    fn compare_known(&mut self) {
        let Some(known) = self.known.filter(|known| known.size == self.tree.size()) else { return };
        if known.root != self.tree.root() {
            let (size, root) = (known.size, self.tree.root());
            self.whole(Rule::RootDiffers, format!("over the first {size} entries it is {root}"));
        }
    }

    fn line(&mut self, line: &Line) {
        let leaf = leaf_hash(&line.bytes);
        self.tree.push(leaf);
        self.compare_known();
        let mut place = Place { position: line.position, stream: None, revision: None };
        let entry = Entry::parse(&line.bytes);
        if let Ok(entry) = &entry {
            place.stream = Some(entry.stream.to_string());
            place.revision = Some(entry.rev.get());
        }
        for (rule, detail) in &line.flaws {
            self.found(&place, *rule, detail.clone());
        }
        if line.position.get() != self.next {
            let detail = format!("position {} was to follow", self.next);
            self.found(&place, Rule::PositionGap, detail);
        }
        self.next = line.position.next().get();
        match entry {
            Ok(entry) => self.entry(&place, line, &entry, leaf),
            Err(error) => self.found(&place, Rule::NotAnEntry, chain_of(&error)),
        }
    }

    fn entry(&mut self, place: &Place, line: &Line, entry: &Entry<'_>, leaf: Hash32) {
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
        let before = self.streams.remove(&entry.stream);
        let (expected, prev, earliest, mut conduct) = match before {
            None => (Revision::new(0), None, Timestamp::MIN, Conduct::new(entry.stream)),
            Some(stream) => (stream.revision.next(), Some(stream.leaf), stream.at, stream.conduct),
        };
        if entry.rev != expected {
            self.found(place, Rule::RevisionGap, format!("revision {expected} was to follow"));
        }
        if entry.prev != prev {
            let prev = prev.map_or_else(|| "none".to_owned(), |prev| prev.to_string());
            self.found(place, Rule::ChainBroken, format!("the entry before hashes to {prev}"));
        }
        if entry.at < earliest {
            self.found(place, Rule::TimeBackwards, format!("{} after {earliest}", entry.at));
        }
        if let Some(event) = act {
            let (policy, breach) = self.policies.of(entry.policy);
            let breaches = conduct.judge(&Act::of(entry, &event, &policy));
            let by_staff = self.staff.judge(entry, &event);
            for (rule, detail) in breach.into_iter().chain(breaches).chain(by_staff) {
                self.found(place, rule, detail);
            }
        }
        let stream = Stream { revision: entry.rev, leaf, at: entry.at.max(earliest), conduct };
        self.streams.insert(entry.stream, stream);
    }

    fn finish(mut self, manifest: Option<Result<&Manifest, &str>>) -> Report {
        match manifest {
            None => {}
            Some(Ok(manifest)) => self.compare_manifest(manifest),
            Some(Err(reason)) => self.incomplete.push(reason.to_owned()),
        }
        if let Some(known) = self.known.filter(|known| known.size > self.tree.size()) {
            let (there, size) = (self.tree.size(), known.size);
            self.whole(Rule::SizeDiffers, format!("{there} entries, {size} were there before"));
        }
        let verdict = match (self.findings_total, self.incomplete.is_empty()) {
            (0, true) => Verdict::Fine,
            (0, false) => Verdict::Incomplete,
            _ => Verdict::Tampered,
        };
        Report {
            verdict,
            log: self.log,
            origin: self.origin,
            key: self.key,
            size: self.tree.size(),
            root: self.tree.root(),
            first_at: self.first_at,
            last_at: self.last_at,
            streams: u64::try_from(self.streams.len()).unwrap_or(u64::MAX),
            sealed_present: self.sealed_present,
            sealed_absent: self.sealed_absent,
            unknown_types: self.unknown_types,
            findings: self.findings,
            findings_total: self.findings_total,
            incomplete: self.incomplete,
            cannot_know: CANNOT_KNOW.map(str::to_owned).to_vec(),
        }
    }

    fn compare_manifest(&mut self, manifest: &Manifest) {
        if manifest.format != FORMAT {
            self.incomplete.push(format!("{MANIFEST_FILE}: format {}", manifest.format));
            return;
        }
        let (size, root) = (self.tree.size(), self.tree.root());
        if size != manifest.size {
            let detail = format!("{size} entries, the manifest says {}", manifest.size);
            self.whole(Rule::SizeDiffers, detail);
        } else if root != manifest.root {
            let detail = format!("it is {root}, the manifest says {}", manifest.root);
            self.whole(Rule::RootDiffers, detail);
        }
        let identity = (self.log, &self.origin, self.key);
        if identity != (manifest.log, &manifest.origin, manifest.key) {
            let detail = "log, origin or key are not the ones of the first entry".to_owned();
            self.whole(Rule::ManifestDiffers, detail);
        }
        if (self.first_at, self.last_at) != (manifest.first_at, manifest.last_at) {
            let detail = "first or last time are not the entries'".to_owned();
            self.whole(Rule::ManifestDiffers, detail);
        }
        if !manifest.sealed && self.sealed_present > 0 {
            let detail = format!("{SEALED_FILE} is there, the manifest says it is not");
            self.whole(Rule::ManifestDiffers, detail);
        }
    }
}

#[cfg(test)]
mod tests;
