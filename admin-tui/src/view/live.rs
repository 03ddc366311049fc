//! The log as it grows, the newest line first.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::Span;
use ratatui::widgets::{Cell, Row, Table, TableState};

use super::{SHORT_ID_COLUMNS, boxed, cut, draw_instead};
use crate::model::Model;
use crate::model::live::{Link, Live, LiveLine};
use crate::text;
use crate::theme::Theme;

const TIME_COLUMNS: u16 = 8;
const ABOUT_COLUMNS: u16 = 22;
const WHO_COLUMNS: u16 = 10;
/// Columns of the list beside the words: borders, gaps, and the other columns.
const FIXED_COLUMNS: u16 = 2 + 3 + TIME_COLUMNS + ABOUT_COLUMNS + WHO_COLUMNS;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let live = &model.live;
    let rows = usize::from(area.height);
    let lines: Vec<_> = live.shown().take(live.selected + rows).collect();
    let counts = Span::styled(format!(" {} ", counts(live)), theme.label());
    let title = match model.archive {
        Some(_) if live.filter.is_open() => text::title::LOG_END.to_owned(),
        _ => title(live),
    };
    let block = boxed(&title, theme).title_bottom(counts);
    if lines.is_empty() {
        let words = match (&live.link, live.lines.is_empty()) {
            (_, true) if live.held.is_some() => text::say::NOTHING_HELD,
            (Link::Opening | Link::Off, true) => text::say::LOADING,
            (Link::Open, true) => text::say::NOTHING_LIVE,
            (Link::Lost { .. }, true) => text::say::NOT_FOLLOWED,
            (_, false) => text::say::ALL_HIDDEN,
        };
        return draw_instead(words, block, frame, area);
    }
    let columns = usize::from(area.width.saturating_sub(FIXED_COLUMNS));
    let rows = lines.iter().map(|line| {
        Row::new(vec![
            Cell::from(text::clock_time(line.at)),
            Cell::from(format!("{} {}", text::stream(line.stream), short(line))),
            Cell::from(cut(line.explanation.as_str(), columns)),
            Cell::from(line.by),
        ])
    });
    let widths = [
        Constraint::Length(TIME_COLUMNS),
        Constraint::Length(ABOUT_COLUMNS),
        Constraint::Fill(1),
        Constraint::Length(WHO_COLUMNS),
    ];
    let header = Row::new(["UTC", "About", "What happened", "By"]).style(theme.title());
    let table =
        Table::new(rows, widths).header(header).row_highlight_style(theme.selected()).block(block);
    let mut state = TableState::new().with_selected(Some(live.selected));
    frame.render_stateful_widget(table, area, &mut state);
}

/// The beginning of an id, where a log has it whole: the line is for what happened.
fn short(line: &LiveLine) -> String {
    line.hint.as_str().chars().take(SHORT_ID_COLUMNS.into()).collect()
}

fn title(live: &Live) -> String {
    let how = match (&live.held, &live.link) {
        (Some(held), _) => {
            let waiting = text::number(u64::try_from(held.len()).unwrap_or(u64::MAX));
            format!("held, {waiting} new wait (Space goes on)")
        }
        (None, Link::Open) => "following".to_owned(),
        (None, Link::Opening) => "connecting".to_owned(),
        (None, Link::Lost { .. }) => "not connected".to_owned(),
        (None, Link::Off) => "off".to_owned(),
    };
    if live.filter.is_open() {
        return format!("{}: {how}", text::title::LIVE);
    }
    let stream = live.filter.stream.map_or("", text::stream);
    let words = match live.filter.words.as_str() {
        "" => String::new(),
        words => format!("\"{}\"", crate::printable::Printable::new(words)),
    };
    let only = [stream, words.as_str()].join(" ");
    format!("{}: {how}; only {}", text::title::LIVE, only.trim())
}

/// How much of what was seen is in view, so that nobody takes the view for the whole.
fn counts(live: &Live) -> String {
    let number = |count: usize| text::number(u64::try_from(count).unwrap_or(u64::MAX));
    let shown = live.shown().count();
    let hidden = live.lines.len() - shown;
    format!(
        "{} shown, {} hidden by the filter, {} fallen out of view",
        number(shown),
        number(hidden),
        text::number(live.fallen_out)
    )
}

#[cfg(test)]
mod tests {
    use super::title;
    use crate::model::live::{Link, Live};

    #[test]
    fn the_title_says_what_the_filter_leaves() {
        let mut live = Live { link: Link::Open, ..Live::default() };
        assert_eq!(title(&live), "Live: following");
        live.filter.words = "mail".to_owned();
        assert_eq!(title(&live), "Live: following; only \"mail\"");
        live.hold();
        assert_eq!(title(&live), "Live: held, 0 new wait (Space goes on); only \"mail\"");
    }
}
