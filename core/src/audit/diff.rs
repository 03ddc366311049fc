//! Compares two logs: the same, one the beginning of the other, or apart from a position on.
//!
//! Both are read side by side. Behind the first difference, an entry that stands in both, wherever,
//! is matched by its hash; what is left stands in one of them alone, and is told by stream.
//!
//! **What must stay true:** memory is bounded: by [`PENDING_MAX`] hashes on each side, and by
//! [`LISTED_MAX`] entries that are described.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use countersign_events::account::AccountEvent;
use countersign_events::entry::Entry;
use countersign_events::id::{Hash32, StreamId};
use countersign_events::tree::{TreeHead, leaf_hash};
use jiff::Timestamp;
use serde::Serialize;

use super::Progress;
use super::source::{Line, Source, SourceError};
use crate::domain::explain;

/// Entries of one log that are held until the other has them too.
pub const PENDING_MAX: usize = 1 << 20;
/// Entries that are described, of both logs together.
pub const LISTED_MAX: usize = 1000;
/// Streams that are listed.
pub const STREAMS_LISTED_MAX: usize = 1000;

/// How many entries lie between two reports of progress.
const PROGRESS_EVERY: u64 = 4096;

/// How two logs stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Entry by entry the same.
    Same,
    /// The first is the beginning of the second.
    FirstIsBeginning,
    /// The second is the beginning of the first.
    SecondIsBeginning,
    /// They differ.
    Diverged,
}

/// One of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Entries.
    pub size: u64,
    /// Their root.
    pub root: Hash32,
}

/// An entry in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Its position.
    pub position: u64,
    /// Its stream; none where the bytes are no entry.
    pub stream: Option<String>,
    /// Its place in the stream.
    pub revision: Option<u64>,
    /// When.
    pub at: Option<Timestamp>,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// What happened, in a sentence.
    pub explanation: String,
}

/// Where the two part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// The first position at which they differ.
    pub position: u64,
    /// What the first has there.
    pub a: Told,
    /// What the second has there.
    pub b: Told,
}

/// What one stream has in one log alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Apart {
    /// The stream's name; `?` for bytes that are no entry.
    pub stream: String,
    /// Entries that the first alone has.
    pub only_a: u64,
    /// Entries that the second alone has.
    pub only_b: u64,
    /// Those of the first, as far as they are listed.
    pub a: Vec<Told>,
    /// Those of the second, as far as they are listed.
    pub b: Vec<Told>,
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// In one word.
    pub outcome: Outcome,
    /// The first log.
    pub a: Side,
    /// The second log.
    pub b: Side,
    /// Where they part.
    pub divergence: Option<Divergence>,
    /// Entries behind that which both have, in another order or not.
    pub shared_behind: u64,
    /// Streams with entries that one alone has.
    pub streams_total: u64,
    /// These streams, the first [`STREAMS_LISTED_MAX`] of them by name.
    pub streams: Vec<Apart>,
    /// Whether more entries differ than can be matched: the counts are those of the first ones.
    pub cut_off: bool,
}

/// Compares two exports or data directories.
///
/// # Errors
/// What could not be read.
pub fn diff(a: &Path, b: &Path, progress: Progress<'_>) -> Result<Difference, SourceError> {
    diff_within(a, b, PENDING_MAX, progress)
}

fn diff_within(
    a: &Path,
    b: &Path,
    pending_max: usize,
    progress: Progress<'_>,
) -> Result<Difference, SourceError> {
    let (mut first, mut second) = (Source::open(a)?, Source::open(b)?);
    let expected = first.expected().max(second.expected());
    let mut reading = Reading::new(pending_max);
    loop {
        let (left, right) = (first.next_line()?, second.next_line()?);
        if left.is_none() && right.is_none() {
            break;
        }
        reading.pair(left.as_ref(), right.as_ref());
        let done = reading.a.size().max(reading.b.size());
        if done.is_multiple_of(PROGRESS_EVERY) {
            progress(done, expected);
        }
    }
    progress(reading.a.size().max(reading.b.size()), expected);
    let streams = if reading.divergence.is_some() { reading.apart(a, b)? } else { vec![] };
    Ok(reading.told(streams))
}

struct Reading {
    a: TreeHead,
    b: TreeHead,
    pending_max: usize,
    divergence: Option<Divergence>,
    /// Behind the divergence, by leaf: the positions of what the other has not shown yet.
    only_a: HashMap<Hash32, u64>,
    only_b: HashMap<Hash32, u64>,
    shared_behind: u64,
    cut_off: bool,
}

impl Reading {
    fn new(pending_max: usize) -> Self {
        Self {
            a: TreeHead::default(),
            b: TreeHead::default(),
            pending_max,
            divergence: None,
            only_a: HashMap::new(),
            only_b: HashMap::new(),
            shared_behind: 0,
            cut_off: false,
        }
    }

    fn pair(&mut self, left: Option<&Line>, right: Option<&Line>) {
        if let (Some(left), Some(right)) = (left, right)
            && self.divergence.is_none()
            && left.bytes != right.bytes
        {
            let (a, b) = (Told::of(left), Told::of(right));
            self.divergence = Some(Divergence { position: self.a.size(), a, b });
        }
        let leaf = |line: &Line| (leaf_hash(&line.bytes), line.position.get());
        let (left, right) = (left.map(leaf), right.map(leaf));
        if let Some((leaf, _)) = left {
            self.a.push(leaf);
        }
        if let Some((leaf, _)) = right {
            self.b.push(leaf);
        }
        if self.divergence.is_none() || self.cut_off {
            return;
        }
        if let Some(left) = left {
            self.shared_behind += meet(&mut self.only_b, &mut self.only_a, left);
        }
        if let Some(right) = right {
            self.shared_behind += meet(&mut self.only_a, &mut self.only_b, right);
        }
        self.cut_off = self.only_a.len().max(self.only_b.len()) >= self.pending_max;
    }

    /// Reads once more what stands in one of them alone.
    fn apart(&self, a: &Path, b: &Path) -> Result<Vec<Apart>, SourceError> {
        let mut streams: BTreeMap<String, Apart> = BTreeMap::new();
        let mut listed = 0;
        for (is_first, directory, only) in [(true, a, &self.only_a), (false, b, &self.only_b)] {
            let mut positions: BTreeSet<u64> = only.values().copied().collect();
            // Half of the list is for each, so that none takes it all.
            let listed_max = if is_first { LISTED_MAX / 2 } else { LISTED_MAX };
            let mut source = Source::open(directory)?;
            while let Some(line) = source.next_line()? {
                if positions.is_empty() {
                    break;
                }
                if !positions.remove(&line.position.get()) {
                    continue;
                }
                let told = Told::of(&line);
                let stream = told.stream.clone().unwrap_or_else(|| "?".to_owned());
                let apart = streams.entry(stream).or_default();
                let (count, list) = match is_first {
                    true => (&mut apart.only_a, &mut apart.a),
                    false => (&mut apart.only_b, &mut apart.b),
                };
                *count += 1;
                if listed < listed_max {
                    list.push(told);
                    listed += 1;
                }
            }
        }
        Ok(streams.into_iter().map(|(stream, apart)| Apart { stream, ..apart }).collect())
    }

    fn told(self, mut streams: Vec<Apart>) -> Difference {
        let outcome = match (&self.divergence, self.a.size().cmp(&self.b.size())) {
            (Some(_), _) => Outcome::Diverged,
            (None, std::cmp::Ordering::Equal) => Outcome::Same,
            (None, std::cmp::Ordering::Less) => Outcome::FirstIsBeginning,
            (None, std::cmp::Ordering::Greater) => Outcome::SecondIsBeginning,
        };
        let streams_total = u64::try_from(streams.len()).unwrap_or(u64::MAX);
        streams.truncate(STREAMS_LISTED_MAX);
        Difference {
            outcome,
            a: Side { size: self.a.size(), root: self.a.root() },
            b: Side { size: self.b.size(), root: self.b.root() },
            divergence: self.divergence,
            shared_behind: self.shared_behind,
            streams_total,
            streams,
            cut_off: self.cut_off,
        }
    }
}

/// Matches an entry with one that waits on the other side, or lets it wait: how many were matched.
fn meet(
    other: &mut HashMap<Hash32, u64>,
    own: &mut HashMap<Hash32, u64>,
    (leaf, position): (Hash32, u64),
) -> u64 {
    if other.remove(&leaf).is_some() {
        return 1;
    }
    own.insert(leaf, position);
    0
}

impl Told {
    fn of(line: &Line) -> Self {
        let position = line.position.get();
        let Ok(entry) = Entry::parse(&line.bytes) else {
            let explanation = "bytes that are no entry".to_owned();
            let (stream, revision, at, event_type) = (None, None, None, None);
            return Self { position, stream, revision, at, event_type, explanation };
        };
        Self {
            position,
            stream: Some(entry.stream.to_string()),
            revision: Some(entry.rev.get()),
            at: Some(entry.at),
            event_type: Some(entry.event_type.clone().into_owned()),
            explanation: explained(&entry),
        }
    }
}

/// What happened, as far as the data reads.
fn explained(entry: &Entry<'_>) -> String {
    let is_account = matches!(entry.stream, StreamId::Account(_) | StreamId::Unknown(_));
    let decoded = AccountEvent::decode(&entry.event_type, entry.version, entry.data.get());
    match decoded {
        Ok(event) if is_account => explain::event(&event),
        _ => explain::by_type(&entry.event_type),
    }
}

#[cfg(test)]
mod tests;
