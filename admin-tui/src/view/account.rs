//! One account: its state in words, then its time line.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Paragraph, Row, Table, TableState, Wrap};

use super::dialogs::event_lines;
use super::state::Words;
use super::{boxed, cut, draw_instead, not_there};
use crate::model::account::Event;
use crate::model::{AccountScreen, Model};
use crate::text;
use crate::theme::Theme;

/// From this width on the selected event stands beside the time line.
const SIDE_BY_SIDE_COLUMNS: u16 = 120;
/// Columns of the selected event there, at least: it has a third.
const EVENT_COLUMNS: u16 = 46;
/// Rows of the time line, at least.
const TIME_LINE_ROWS_MIN: u16 = 7;
/// Columns of a time line beside words and time: borders, gaps, revision, who.
const FIXED_COLUMNS: u16 = 2 + 3 + REVISION_COLUMNS + WHO_COLUMNS;
const REVISION_COLUMNS: u16 = 5;
/// Columns of a day and its time, and of a year before them.
const TIME_COLUMNS: u16 = 14;
const YEAR_COLUMNS: u16 = 5;
const WHO_COLUMNS: u16 = 10;

pub(super) fn draw(
    model: &Model,
    screen: &AccountScreen,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let words = Words { model, theme, width: area.width.saturating_sub(2) };
    let mut lines = match &screen.account {
        Some(account) => words.short(account),
        None => vec![Line::from(not_there(model))],
    };
    let most = usize::from(area.height.saturating_sub(TIME_LINE_ROWS_MIN + 2));
    if lines.len() > most {
        lines.truncate(most.saturating_sub(1));
        lines.push(Line::styled(text::say::MORE_STATE, theme.attention()));
    }
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let [above, below] =
        Layout::vertical([Constraint::Length(rows), Constraint::Fill(1)]).areas(area);
    let title = format!("{} {}", text::title::ACCOUNT, screen.id);
    frame.render_widget(Paragraph::new(lines).block(boxed(&title, theme)), above);
    match screen.time_line.selected() {
        Some(event) if area.width >= SIDE_BY_SIDE_COLUMNS => {
            let event_columns = EVENT_COLUMNS.max(area.width / 3);
            let [left, right] =
                Layout::horizontal([Constraint::Fill(1), Constraint::Length(event_columns)])
                    .areas(below);
            draw_time_line(model, screen, theme, frame, left);
            let words = Paragraph::new(event_lines(event, theme))
                .wrap(Wrap { trim: false })
                .block(boxed(text::title::EVENT, theme));
            frame.render_widget(words, right);
        }
        _ => draw_time_line(model, screen, theme, frame, below),
    }
}

fn draw_time_line(
    model: &Model,
    screen: &AccountScreen,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let line = &screen.time_line;
    let block = boxed(&title(screen), theme);
    if line.events.is_empty() {
        let words = match &screen.account {
            None => not_there(model),
            Some(_) if screen.kind.is_some() => text::say::NO_SUCH_EVENTS,
            Some(_) => text::say::NO_EVENTS,
        };
        return draw_instead(words, block, frame, area);
    }
    // The year stands there only where it is another than this one: it costs words.
    let short = line.events.iter().all(|event| text::is_of_the_year(event.at, model.as_of()));
    let time = if short { text::day_and_time } else { text::time };
    let time_columns = if short { TIME_COLUMNS } else { TIME_COLUMNS + YEAR_COLUMNS };
    let columns = usize::from(area.width.saturating_sub(FIXED_COLUMNS + time_columns));
    let rows = line.events.iter().map(|event| {
        Row::new(vec![
            Cell::from(Line::from(event.revision.to_string()).right_aligned()),
            Cell::from(time(event.at)),
            Cell::from(cut(&what_happened(event), columns)),
            Cell::from(event.by),
        ])
    });
    let widths = [
        Constraint::Length(REVISION_COLUMNS),
        Constraint::Length(time_columns),
        Constraint::Fill(1),
        Constraint::Length(WHO_COLUMNS),
    ];
    let table = Table::new(rows, widths)
        .header(Row::new(["  Rev", "UTC", "What happened", "By"]).style(theme.title()))
        .row_highlight_style(theme.selected())
        .block(block);
    let mut state = TableState::new().with_selected(Some(line.selected));
    frame.render_stateful_widget(table, area, &mut state);
}

/// The sentence; looks that are told as one begin with how many they were.
fn what_happened(event: &Event) -> String {
    match event.looks {
        Some((count, _)) if count > 1 => format!("{count} looks: {}", event.explanation),
        _ => event.explanation.to_string(),
    }
}

fn title(screen: &AccountScreen) -> String {
    let events = &screen.time_line.events;
    let about = match screen.kind {
        Some(kind) => format!(" (only {})", text::kind(kind)),
        None => String::new(),
    };
    let (Some(newest), Some(oldest)) = (events.first(), events.last()) else {
        return format!("{}{about}", text::title::TIME_LINE);
    };
    let (newest, oldest) = (newest.revision, oldest.revision);
    format!("{}{about}: revisions {newest} to {oldest}", text::title::TIME_LINE)
}
