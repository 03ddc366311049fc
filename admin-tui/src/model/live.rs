//! The live events: what was seen of the log since somebody looks at it, within a bound.
//!
//! The newest is first. While the view is held, what comes waits aside, within the same bound; what
//! falls out of either is counted, so that nobody takes the view for the whole. A filter hides
//! lines from the view and keeps them.

use std::collections::VecDeque;

use countersign_api::contract::id::AccountId;
use countersign_api::contract::log::StreamKind;
use jiff::Timestamp;

use crate::effect::CallNumber;
use crate::printable::Printable;

/// Lines kept at most.
pub const LIVE_LINES_MAX: usize = 2_000;

/// An entry of the log, masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveLine {
    /// Its place in the log.
    pub position: u64,
    /// When.
    pub at: Timestamp,
    /// What it is about.
    pub stream: StreamKind,
    /// The beginning of its id; all of it in an exported log.
    pub hint: Printable,
    /// The account that it is about, where the id is whole.
    pub account: Option<AccountId>,
    /// Its place in its stream.
    pub revision: u64,
    /// The type string.
    pub event_type: Printable,
    /// Who, in a word.
    pub by: &'static str,
    /// A sentence.
    pub explanation: Printable,
}

/// What lines are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveFilter {
    /// What they are about: anything without it.
    pub stream: Option<StreamKind>,
    /// What their words must contain, in small letters.
    pub words: String,
}

impl LiveFilter {
    /// Whether a line is shown.
    #[must_use]
    pub fn lets_through(&self, line: &LiveLine) -> bool {
        let contains = |text: &Printable| text.as_str().to_lowercase().contains(&self.words);
        self.stream.is_none_or(|stream| stream == line.stream)
            && (self.words.is_empty()
                || [&line.event_type, &line.explanation, &line.hint].into_iter().any(contains)
                || line.by.contains(&self.words))
    }

    /// Whether it lets everything through.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }
}

/// How the stream is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Link {
    /// Nobody follows.
    #[default]
    Off,
    /// It is being opened.
    Opening,
    /// It is open.
    Open,
    /// It was lost; it is opened again at a time.
    Lost {
        /// Why.
        why: Printable,
        /// When it is tried again.
        again_at: Timestamp,
    },
}

/// What was seen.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// How the stream is.
    pub link: Link,
    /// The stream's number.
    pub number: CallNumber,
    /// Times in a row that it was lost.
    pub losses: u32,
    /// The last position that was seen or passed over.
    pub last: Option<u64>,
    /// The lines, the newest first.
    pub lines: VecDeque<LiveLine>,
    /// What came while the view is held, the newest first; none while it goes on.
    pub held: Option<VecDeque<LiveLine>>,
    /// Lines that fell out of the view since it was cleared.
    pub fallen_out: u64,
    /// What is shown.
    pub filter: LiveFilter,
    /// Which of the lines shown is selected.
    pub selected: usize,
}

impl Live {
    /// Takes lines in, in the order of the log.
    pub fn take_in(&mut self, lines: Vec<LiveLine>) {
        for line in lines {
            // After a lost answer the server may repeat: each position counts once.
            if self.last.is_some_and(|last| line.position <= last) {
                continue;
            }
            self.last = Some(line.position);
            let into = self.held.as_mut().unwrap_or(&mut self.lines);
            into.push_front(line);
            if into.len() > LIVE_LINES_MAX {
                into.pop_back();
                self.fallen_out += 1;
            }
        }
    }

    /// Holds the view as it is.
    pub fn hold(&mut self) {
        self.held.get_or_insert_default();
    }

    /// Lets it go on, with what came meanwhile.
    pub fn go_on(&mut self) {
        let Some(mut waiting) = self.held.take() else { return };
        waiting.append(&mut self.lines);
        self.fallen_out += waiting.len().saturating_sub(LIVE_LINES_MAX) as u64;
        waiting.truncate(LIVE_LINES_MAX);
        self.lines = waiting;
        self.selected = 0;
    }

    /// Forgets what is shown; where it was stays known.
    pub fn clear(&mut self) {
        self.lines.clear();
        if let Some(held) = &mut self.held {
            held.clear();
        }
        self.fallen_out = 0;
        self.selected = 0;
    }

    /// The lines that the filter lets through.
    pub fn shown(&self) -> impl Iterator<Item = &LiveLine> {
        self.lines.iter().filter(|line| self.filter.lets_through(line))
    }

    /// Moves the selection by some lines.
    pub fn select(&mut self, lines: isize) {
        let last = self.shown().count().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(lines).min(last);
    }

    /// The selected line.
    #[must_use]
    pub fn selected(&self) -> Option<&LiveLine> {
        self.shown().nth(self.selected)
    }
}

#[cfg(test)]
mod tests {
    use super::{LIVE_LINES_MAX, Live, LiveFilter, LiveLine};
    use countersign_api::contract::log::StreamKind;
    use jiff::Timestamp;

    fn line(position: u64) -> LiveLine {
        LiveLine {
            position,
            at: Timestamp::UNIX_EPOCH,
            stream: StreamKind::Account,
            hint: "6f1c2a9e".into(),
            account: None,
            revision: position,
            event_type: "account.code_rejected".into(),
            by: "holder",
            explanation: "a code was refused: It was Wrong".into(),
        }
    }

    #[test]
    fn more_lines_than_the_bound_fall_out_and_are_counted() {
        let mut live = Live::default();
        for position in 0..500 * 60 {
            live.take_in(vec![line(position)]);
        }
        assert_eq!(live.lines.len(), LIVE_LINES_MAX);
        assert_eq!(live.lines.front().map(|line| line.position), Some(29_999));
        assert_eq!(live.fallen_out, 30_000 - LIVE_LINES_MAX as u64);
    }

    #[test]
    fn a_view_that_is_held_stays_as_it_is_and_gets_what_came_afterwards() {
        let mut live = Live::default();
        live.take_in(vec![line(0), line(1)]);
        live.hold();
        live.take_in((2..3_000).map(line).collect());
        assert_eq!(live.lines.len(), 2, "the view did not move");
        assert_eq!(live.held.as_ref().map(|held| held.len()), Some(LIVE_LINES_MAX));
        live.go_on();
        assert_eq!(live.lines.len(), LIVE_LINES_MAX);
        assert_eq!(live.fallen_out + LIVE_LINES_MAX as u64, 3_000, "each is shown or counted");
    }

    #[test]
    fn a_position_counts_once_however_often_it_comes() {
        let mut live = Live::default();
        live.take_in(vec![line(7), line(8), line(7), line(8), line(9)]);
        assert_eq!(live.lines.len(), 3);
    }

    #[test]
    fn a_filter_hides_by_words_and_by_what_a_line_is_about() {
        let filter = |words: &str, stream| LiveFilter { stream, words: words.to_owned() };
        for shown in ["", "code_rej", "was wrong", "6f1c", "holder"] {
            assert!(filter(shown, None).lets_through(&line(1)), "{shown}");
        }
        assert!(!filter("mail", None).lets_through(&line(1)));
        assert!(!filter("", Some(StreamKind::Operator)).lets_through(&line(1)));
    }
}
