//! The entries of a log that somebody wants to see.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use countersign_events::entry::Entry;
use countersign_events::id::StreamId;
use jiff::Timestamp;

use super::source::{Line, Source, SourceError};

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Of this stream alone.
    pub stream: Option<StreamId>,
    /// Of one of these types; of any where there is none.
    pub types: BTreeSet<String>,
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Up to and with this time.
    pub to: Option<Timestamp>,
    /// From this position on.
    pub begin: u64,
    /// Before this position.
    pub end: Option<u64>,
    /// So many at most.
    pub limit: Option<u64>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selected {
    /// Entries that were shown.
    pub shown: u64,
    /// Lines in the range of positions that are no entries.
    pub unreadable: u64,
}

impl Selection {
    /// Shows the entries, verbatim, in the order of the log, until `show` breaks it off.
    ///
    /// # Errors
    /// What could not be read.
    pub fn of(
        &self,
        mut source: Source,
        show: &mut dyn FnMut(&Line) -> ControlFlow<()>,
    ) -> Result<Selected, SourceError> {
        if let Some(stream) = &self.stream {
            source.only(stream);
        }
        let (mut shown, mut unreadable) = (0, 0);
        while self.limit.is_none_or(|limit| shown < limit) {
            let Some(line) = source.next_line()? else { break };
            let position = line.position.get();
            if self.end.is_some_and(|end| position >= end) {
                break;
            }
            if position < self.begin {
                continue;
            }
            match Entry::parse(&line.bytes) {
                Ok(entry) if self.selects(&entry) => {
                    shown += 1;
                    if show(&line).is_break() {
                        break;
                    }
                }
                Ok(_) => {}
                Err(_) => unreadable += 1,
            }
        }
        Ok(Selected { shown, unreadable })
    }

    fn selects(&self, entry: &Entry<'_>) -> bool {
        self.stream.is_none_or(|stream| stream == entry.stream)
            && (self.types.is_empty() || self.types.contains(&*entry.event_type))
            && self.from.is_none_or(|from| from <= entry.at)
            && self.to.is_none_or(|to| entry.at <= to)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use tempfile::TempDir;

    use super::Selection;
    use crate::audit::sample::{Sample, account};
    use crate::audit::source::Source;

    fn positions(log: &Sample, selection: &Selection) -> Vec<u64> {
        let place = TempDir::new().unwrap();
        log.export(place.path());
        let mut positions = vec![];
        let shown = selection.of(Source::open(place.path()).unwrap(), &mut |line| {
            assert_eq!(line.bytes, log.entries[positions_of(line.position.get())].bytes);
            positions.push(line.position.get());
            ControlFlow::Continue(())
        });
        assert_eq!(shown.unwrap().shown, u64::try_from(positions.len()).unwrap());
        positions
    }

    fn positions_of(position: u64) -> usize {
        usize::try_from(position).unwrap()
    }

    #[test]
    fn entries_are_shown_by_stream_type_time_and_position() {
        let log = Sample::journey();
        let all = u64::try_from(log.entries.len()).unwrap();
        let any = Selection::default();
        assert_eq!(positions(&log, &any), (0..all).collect::<Vec<_>>());
        let types = ["account.registered".to_owned()].into();
        assert_eq!(positions(&log, &Selection { types, ..any.clone() }), [1, 4]);
        let second = Selection { stream: Some(account(2)), limit: Some(2), ..any.clone() };
        assert_eq!(positions(&log, &second), [4, 5]);
        let range = Selection { begin: 3, end: Some(6), ..any.clone() };
        assert_eq!(positions(&log, &range), [3, 4, 5]);
        let at = Some("2026-11-24T05:00:01Z".parse().unwrap());
        let second = Selection { from: at, to: at, ..any };
        assert!(positions(&log, &second).contains(&4) && !positions(&log, &second).contains(&3));
    }
}
