//! What support asked for and waits: a list, and the selected request in words.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Table, TableState};

use super::{
    LABEL_LENGTH, SHORT_ID_COLUMNS, boxed, cut, draw_instead, fit, not_there, pair, short_id,
    wrapped,
};
use crate::model::removal::Removal;
use crate::model::{Model, Removals};
use crate::text;
use crate::theme::Theme;

/// Rows of the list, at least: its frame, its head, and two requests.
const LIST_ROWS_MIN: u16 = 5;
/// Columns of what a request is about, at least: the recovery codes fit.
const WHAT_COLUMNS: u16 = 24;
/// Columns of an approval's state, and of how long something waits.
const APPROVAL_COLUMNS: u16 = 8;
const RUNS_COLUMNS: u16 = 14;
/// Columns of all that is not what a request is about: with those of two names, and of the gaps.
const OTHER_COLUMNS: u16 =
    2 + 5 + SHORT_ID_COLUMNS + APPROVAL_COLUMNS + RUNS_COLUMNS + 2 * NAME_COLUMNS;
const NAME_COLUMNS: u16 = 12;

pub(super) fn draw(
    model: &Model,
    screen: &Removals,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let title = match screen.as_of {
        Some(at) => format!("{}, as of {} UTC", text::title::REMOVALS, text::clock_time(at)),
        None => text::title::REMOVALS.to_owned(),
    };
    let block = boxed(&title, theme);
    let (Some(removals), Some(selected)) = (&screen.removals, screen.selected()) else {
        let words = match screen.removals {
            Some(_) if model.archive.is_some() => text::say::NO_REMOVALS_THEN,
            Some(_) => text::say::NO_REMOVALS,
            None => not_there(model),
        };
        return draw_instead(words, block, frame, area);
    };
    let mut lines = lines(model, selected, theme, area.width.saturating_sub(2));
    // The reason comes last, since it may be long.
    let most = usize::from(area.height.saturating_sub(LIST_ROWS_MIN + 2));
    if lines.len() > most {
        lines.truncate(most.saturating_sub(1));
        lines.push(Line::from("…"));
    }
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let [above, below] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(rows)]).areas(area);
    let longest = removals.iter().map(|removal| fit::width(&removal.what())).max().unwrap_or(0);
    let longest = u16::try_from(longest).unwrap_or(u16::MAX);
    let columns = longest.min(area.width.saturating_sub(OTHER_COLUMNS)).max(WHAT_COLUMNS);
    let rows = removals.iter().map(|removal| {
        Row::new(vec![
            Cell::from(removal.login_hint.as_str()),
            Cell::from(short_id(removal.account)),
            Cell::from(cut(&removal.what(), usize::from(columns))),
            Cell::from(removal.asked_by.as_str()),
            Cell::from(needs(removal)),
            Cell::from(in_how_long(model, removal)),
        ])
    });
    let widths = [
        Constraint::Fill(2),
        Constraint::Length(SHORT_ID_COLUMNS),
        Constraint::Length(columns),
        Constraint::Fill(2),
        Constraint::Length(APPROVAL_COLUMNS),
        Constraint::Length(RUNS_COLUMNS),
    ];
    let header = Row::new(["Login", "Account", "About", "Asked by", "Approval", "Runs in"]);
    let table = Table::new(rows, widths)
        .header(header.style(theme.title()))
        .row_highlight_style(theme.selected())
        .block(block);
    let mut state = TableState::new().with_selected(Some(screen.selected));
    frame.render_stateful_widget(table, above, &mut state);
    let words = Paragraph::new(lines);
    frame.render_widget(
        words.block(boxed(text::title::request(selected.is_address()), theme)),
        below,
    );
}

/// How long until its delay ends.
fn in_how_long(model: &Model, removal: &Removal) -> String {
    if !removal.holder_is_told() {
        return text::say::NOT_TOLD.to_owned();
    }
    if removal.runs_when_approved(model.as_of()) {
        return text::say::WHEN_APPROVED.to_owned();
    }
    match u64::try_from(removal.runs_at.as_second() - model.as_of().as_second()) {
        Ok(seconds) if seconds > 0 => text::span(seconds),
        _ => "now".to_owned(),
    }
}

fn needs(removal: &Removal) -> &'static str {
    match (removal.waits_for_approval(), removal.needs_approval) {
        (true, _) => "waits",
        (false, true) => "given",
        (false, false) => "none",
    }
}

fn lines<'a>(model: &Model, removal: &'a Removal, theme: Theme, width: u16) -> Vec<Line<'a>> {
    let asked = format!("{} on {} UTC", removal.asked_by, text::time(removal.asked_at));
    let approval = match (&removal.approved_by, removal.needs_approval) {
        (Some(who), _) => Span::styled(format!("by {who}"), theme.success()),
        (None, true) => Span::styled(text::say::APPROVAL_WAITS, theme.attention()),
        (None, false) => Span::raw(text::say::APPROVAL_NONE),
    };
    let style = if removal.holder_is_told() { theme.plain() } else { theme.attention() };
    let runs = Span::styled(text::runs(removal, model.as_of()), style);
    let mut lines = vec![
        pair("Account", Span::raw(removal.account.to_string()), theme),
        pair("About", Span::styled(removal.what(), theme.strong()), theme),
        pair("Asked by", Span::raw(asked), theme),
        pair("Identified by", Span::raw(text::proof(removal.proof)), theme),
        pair("Ticket", Span::raw(removal.ticket.as_str()), theme),
        pair("Approval", approval, theme),
        pair("Runs from", runs, theme),
    ];
    if !removal.can_object {
        let warning = Span::styled(text::say::CANNOT_OBJECT, theme.attention());
        lines.push(pair("Objection", warning, theme));
    }
    let reason = wrapped(removal.reason.as_str(), width.saturating_sub(LABEL_LENGTH));
    lines.extend(
        reason.into_iter().enumerate().map(|(place, line)| {
            pair(if place == 0 { "Reason" } else { "" }, Span::raw(line), theme)
        }),
    );
    lines
}
