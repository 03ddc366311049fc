//! The double's transaction file: one list of events, and what may be appended to it.

use std::collections::HashMap;

/// An event as a client proposes it.
#[derive(Debug, Clone)]
pub(super) struct Proposed {
    pub(super) id: String,
    pub(super) kind: HashMap<String, String>,
    pub(super) metadata: Vec<u8>,
    pub(super) data: Vec<u8>,
}

/// An event as the server keeps it.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) stream: Vec<u8>,
    pub(super) revision: u64,
    /// Both the commit and the prepare position.
    pub(super) position: u64,
    pub(super) event: Proposed,
}

/// What an append expects of its stream.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expectation {
    NoStream,
    Revision(u64),
}

/// Where a successful append ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    pub(super) last: Option<u64>,
    pub(super) position: u64,
}

/// Everything, in the order of its positions.
#[derive(Debug, Default)]
pub(super) struct Log {
    events: Vec<Event>,
    streams: HashMap<Vec<u8>, Vec<usize>>,
    size: u64,
}

impl Log {
    /// A log that somebody else uses too.
    pub(super) fn new() -> Self {
        let mut log = Self::default();
        log.stranger("orders-1");
        // Two that begin as names of ours do, and are none.
        log.stranger("logistics");
        log.stranger("account-of-mine");
        log
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn all(&self) -> &[Event] {
        &self.events
    }

    /// The events of a stream, `None` if it has none.
    pub(super) fn stream(&self, name: &[u8]) -> Option<Vec<&Event>> {
        let places = self.streams.get(name)?;
        Some(places.iter().filter_map(|place| self.events.get(*place)).collect())
    }

    /// Appends all or nothing; the error is the stream's last revision.
    ///
    /// An append whose events are already there, behind the expected revision and in this order,
    /// succeeds again without effect: so does the server, by event ids alone.
    pub(super) fn append(
        &mut self,
        stream: &[u8],
        expected: Expectation,
        proposed: Vec<Proposed>,
    ) -> Result<Written, Option<u64>> {
        let there = self.stream(stream).unwrap_or_default();
        let end = there.len() as u64;
        let from = match expected {
            Expectation::NoStream => 0,
            Expectation::Revision(revision) => revision.saturating_add(1),
        };
        let last = |end: u64| end.checked_sub(1);
        if from != end {
            let behind = usize::try_from(from).ok().and_then(|from| there.get(from..));
            let again = behind.unwrap_or_default();
            let repeated = again.len() >= proposed.len()
                && !proposed.is_empty()
                && again.iter().zip(&proposed).all(|(old, new)| old.event.id == new.id);
            let written = again.get(proposed.len().saturating_sub(1)).filter(|_| repeated);
            return match written {
                Some(end) => Ok(Written { last: Some(end.revision), position: end.position }),
                None => Err(last(end)),
            };
        }
        let count = proposed.len() as u64;
        for event in proposed {
            self.push(stream, event);
        }
        // Somebody else writes as well: a position is no count of ours.
        if self.events.len().is_multiple_of(3) {
            self.stranger("orders-2");
        }
        Ok(Written { last: last(end.saturating_add(count)), position: self.size })
    }

    fn push(&mut self, stream: &[u8], event: Proposed) {
        let places = self.streams.entry(stream.to_vec()).or_default();
        let revision = places.len() as u64;
        places.push(self.events.len());
        self.size += 64 + (event.data.len() + event.metadata.len()) as u64;
        let position = self.size;
        self.events.push(Event { stream: stream.to_vec(), revision, position, event });
    }

    fn stranger(&mut self, stream: &str) {
        let kind = HashMap::from([
            ("type".to_owned(), "order-placed".to_owned()),
            ("content-type".to_owned(), "application/json".to_owned()),
        ]);
        let id = format!("00000000-0000-4000-8000-{:012x}", self.events.len());
        let event = Proposed { id, kind, metadata: Vec::new(), data: b"{}".to_vec() };
        self.push(stream.as_bytes(), event);
    }
}
