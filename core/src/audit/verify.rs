//! Verifies a log: its bytes, its chains, its root, and that what happened was allowed.
//!
//! Three things in one reading. The *bytes* ([`entries`]): every line is an entry, positions and
//! revisions are dense, every `prev` is the hash of the entry before, time does not run backwards,
//! sealed parts are the ones committed to. The *tree* ([`signed`]): its root is the one that the
//! checkpoint beside it and older ones say, each signed with the log's key, and what lies there of
//! tiles and leaf hashes is what the entries make. The *conduct* ([`super::conduct`]): no step
//! accepted twice, no session without its proof, no guess in a cool-down.
//!
//! A type or version that this program does not know is no finding: its bytes are checked like
//! any other's, and the report counts it. After a broken link the check goes on from what is
//! there, so that one change is one finding and not a thousand.

mod entries;
mod kept;
mod signed;

use std::collections::{BTreeMap, HashMap};

use countersign_events::entry::Entry;
use countersign_events::id::{Hash32, LogId, Position, Revision, StreamId};
use countersign_events::tree::{TreeHead, leaf_hash};
use jiff::Timestamp;

use super::Progress;
use super::conduct::Conduct;
use super::finding::{
    CANNOT_KNOW, CANNOT_KNOW_UNSIGNED, FINDINGS_LISTED_MAX, Finding, Report, Rule, Verdict,
};
use super::manifest::{FORMAT, FORMAT_UNSIGNED, MANIFEST_FILE, Manifest, SEALED_FILE};
use super::policies::Policies;
use super::source::{Line, Source};
use super::staff::Staff;
use signed::Held;

pub use signed::Against;

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

/// Reads all there is and reports what breaks a rule, known root or none.
pub fn verify(source: Source, known: Option<KnownRoot>, progress: Progress<'_>) -> Report {
    verify_against(source, &Against { root: known, ..Against::default() }, progress)
}

/// The same for an auditor who knows more of the log.
pub fn verify_against(mut source: Source, against: &Against, progress: Progress<'_>) -> Report {
    let expected = source.expected();
    let mut check = Check { held: Held::of(&source, against), ..Check::default() };
    check.held.reached(&check.tree);
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
    /// The revision that is to follow.
    next: Revision,
    /// The hash of the last entry.
    leaf: Option<Hash32>,
    at: Timestamp,
    conduct: Conduct,
}

impl Stream {
    fn new(stream: StreamId) -> Self {
        let (next, conduct) = (Revision::new(0), Conduct::new(stream));
        Self { next, leaf: None, at: Timestamp::MIN, conduct }
    }
}

/// A verification under way.
#[derive(Default)]
struct Check {
    tree: TreeHead,
    held: Held,
    log: Option<LogId>,
    origin: Option<String>,
    key: Option<Hash32>,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    /// Boxed: there are very many, and the table has room for more of them than there are.
    streams: HashMap<StreamId, Box<Stream>>,
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

/// Where an entry stands, for findings: stream and revision as far as they could be read.
#[derive(Debug, Clone, Copy)]
struct Place {
    position: Position,
    stream: Option<StreamId>,
    revision: Option<Revision>,
}

impl Place {
    fn finding(&self, rule: Rule, detail: impl Into<String>) -> Finding {
        Finding {
            rule,
            position: Some(self.position),
            stream: self.stream.map(|stream| stream.to_string()),
            revision: self.revision.map(Revision::get),
            detail: detail.into(),
        }
    }
}

impl Check {
    fn found(&mut self, place: &Place, rule: Rule, detail: impl Into<String>) {
        self.record(place.finding(rule, detail));
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

    fn line(&mut self, line: &Line) {
        let leaf = leaf_hash(&line.bytes);
        let nth = Position::new(self.tree.size());
        self.tree.push_telling(leaf, |height, hash| self.held.completed(height, hash));
        self.held.reached(&self.tree);
        let mut place = Place { position: line.position, stream: None, revision: None };
        let entry = Entry::parse(&line.bytes);
        if let Ok(entry) = &entry {
            (place.stream, place.revision) = (Some(entry.stream), Some(entry.rev));
        }
        self.held.entry(Place { position: nth, ..place }, &line.bytes, leaf);
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

    fn finish(mut self, manifest: Option<Result<&Manifest, &str>>) -> Report {
        match manifest {
            None => {}
            Some(Ok(manifest)) => self.compare_manifest(manifest),
            Some(Err(reason)) => self.incomplete.push(reason.to_owned()),
        }
        let named = self.origin.as_deref().zip(self.key);
        let outcome = std::mem::take(&mut self.held).finish(self.tree.size(), named);
        // First what names its place best, and is not to be lost among the many others.
        let (mut first, others) = (outcome.findings, std::mem::take(&mut self.findings));
        first.sort_by_key(|finding| finding.position.is_none());
        self.findings_total -= u64::try_from(others.len()).unwrap_or(0);
        first.into_iter().chain(others).for_each(|finding| self.record(finding));
        self.incomplete.extend(outcome.incomplete);
        let mut cannot_know = CANNOT_KNOW.map(str::to_owned).to_vec();
        cannot_know.extend(outcome.is_unsigned.then(|| CANNOT_KNOW_UNSIGNED.to_owned()));
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
            signed: outcome.signed,
            newer: outcome.newer,
            held_to: outcome.held_to,
            first_at: self.first_at,
            last_at: self.last_at,
            streams: u64::try_from(self.streams.len()).unwrap_or(u64::MAX),
            sealed_present: self.sealed_present,
            sealed_absent: self.sealed_absent,
            unknown_types: self.unknown_types,
            findings: self.findings,
            findings_total: self.findings_total,
            incomplete: self.incomplete,
            cannot_know,
        }
    }

    fn compare_manifest(&mut self, manifest: &Manifest) {
        if ![FORMAT, FORMAT_UNSIGNED].contains(&manifest.format.as_str()) {
            self.incomplete.push(format!("{MANIFEST_FILE}: format {}", manifest.format));
            return;
        }
        let (size, root) = (self.tree.size(), self.tree.root());
        if let Some(says) = self.held.beside_says() {
            // What the entries must be, the checkpoint says.
            if says != (manifest.size, manifest.root) {
                let detail = "size or root are not the checkpoint's".to_owned();
                self.whole(Rule::ManifestDiffers, detail);
            }
        } else if size != manifest.size {
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
