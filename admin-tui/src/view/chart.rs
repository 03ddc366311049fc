//! A chart: counts over time, the newest at the right, above an axis of times.

use countersign_api::contract::statistics::Window;
use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Sparkline;

use super::boxed;
use crate::model::statistics::{Numbers, at_column, drawn};
use crate::text;
use crate::theme::Theme;

/// Rows of a chart that has an axis, at least.
const ROWS_MIN: u16 = 2;
/// Columns between two times.
const GAP_COLUMNS: usize = 2;

/// Counts over time.
pub(super) struct Chart {
    pub(super) title: String,
    pub(super) counts: Vec<u64>,
    pub(super) style: Style,
}

impl Chart {
    pub(super) fn draw(&self, numbers: &Numbers, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
        let columns = usize::from(area.width.saturating_sub(2));
        let (drawn, buckets) = drawn(&self.counts, columns);
        let most = drawn.iter().copied().max().unwrap_or(0);
        let seconds = numbers.bucket_seconds.saturating_mul(buckets);
        let scale = match most {
            0 => " none ".to_owned(),
            most => format!(" at most {} in {} ", text::number(most), text::span(seconds)),
        };
        let scale = Line::from(Span::styled(scale, theme.label())).right_aligned();
        let block = boxed(&self.title, theme).title_bottom(scale);
        let inner = block.inner(area);
        frame.render_widget(block, area);
        // What is newest stands at the right edge, whatever is left over at the other.
        let width = u16::try_from(drawn.len()).unwrap_or(inner.width).min(inner.width);
        let right = Rect { x: inner.right() - width, width, ..inner };
        let mut bars = right;
        if inner.height >= ROWS_MIN && width > 0 {
            bars.height -= 1;
            let axis = axis(numbers, self.counts.len(), drawn.len());
            let below = Rect { y: bars.bottom(), height: 1, ..right };
            frame.render_widget(Span::styled(axis, theme.label()), below);
        }
        frame.render_widget(Sparkline::default().data(&drawn).style(self.style), bars);
    }
}

/// How a time is said.
type Said = fn(Timestamp) -> String;

/// The times at the left, in the middle and at the right of so many columns: with their days where
/// there is room for them, without the middle one where there is none for it.
fn axis(numbers: &Numbers, counts: usize, columns: usize) -> String {
    let middle = columns / 2;
    let times = [numbers.from, at_column(numbers, counts, columns, middle), numbers.to];
    let (long, short): (Said, Said) = match numbers.window {
        Window::Hour => (text::hour_and_minute, text::hour_and_minute),
        Window::Day => (text::day_and_minute, text::hour_and_minute),
        Window::Week => (text::day_and_minute, text::day),
    };
    let fits = |times: &[String; 3]| {
        let needed: usize = times.iter().map(String::len).sum();
        needed + 2 * GAP_COLUMNS <= columns
    };
    let times = [times.map(long), times.map(short)].into_iter().find(fits);
    let [left, centre, right] = times.unwrap_or_else(|| {
        let [from, _, to] = [numbers.from, numbers.from, numbers.to].map(short);
        [from, String::new(), to]
    });
    // Over its own column, as far as its neighbours leave room.
    let last = columns.saturating_sub(right.len());
    let at = middle.saturating_sub(centre.len() / 2);
    let at = at.min(last.saturating_sub(centre.len() + GAP_COLUMNS)).max(left.len() + GAP_COLUMNS);
    let line = format!("{left:<at$}{centre}");
    format!("{line:<last$}{right}")
}

#[cfg(test)]
mod tests {
    use super::axis;
    use crate::model::statistics::Numbers;
    use countersign_api::contract::statistics::{StandingNow, Totals, Window};
    use jiff::{SignedDuration, Timestamp};

    fn numbers(window: Window, hours: i64, bucket_seconds: u64) -> Numbers {
        let to: Timestamp = "2026-11-24T14:00:00Z".parse().unwrap();
        Numbers {
            window,
            from: to - SignedDuration::from_hours(hours),
            to,
            bucket_seconds,
            series: Vec::new(),
            totals: Totals::default(),
            reasons: Vec::new(),
            now: StandingNow::default(),
        }
    }

    #[test]
    fn an_axis_names_its_ends_and_its_middle_in_as_many_columns_as_there_are() {
        let cases = [
            (Window::Hour, 1, 60, 60, 30, "13:00        13:30       14:00"),
            (Window::Day, 24, 900, 96, 32, "14:00         02:00        14:00"),
            (Window::Week, 168, 3_600, 168, 34, "11-17          11-21         11-24"),
            (Window::Week, 168, 3_600, 168, 42, "11-17 14:00     11-21 02:00    11-24 14:00"),
        ];
        for (window, hours, bucket_seconds, counts, columns, expected) in cases {
            let said = axis(&numbers(window, hours, bucket_seconds), counts, columns);
            assert_eq!(said, expected, "{columns}");
            assert_eq!(said.len(), columns);
        }
    }

    #[test]
    fn where_there_is_no_room_for_three_times_there_are_two() {
        assert_eq!(axis(&numbers(Window::Hour, 1, 60), 60, 12), "13:00  14:00");
    }
}
