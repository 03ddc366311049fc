//! One account: its state in words, then its time line.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Table, TableState, Wrap};

use super::dialogs::event_lines;
use super::{LABEL_COLUMNS, boxed, pair, wrapped};
use crate::model::account::Account;
use crate::model::{AccountScreen, Model};
use crate::text;
use crate::theme::Theme;

/// From this width on the selected event stands beside the time line.
const SIDE_BY_SIDE_COLUMNS: u16 = 120;
/// Columns of the selected event there.
const EVENT_COLUMNS: u16 = 50;
/// Rows of the time line, at least.
const TIME_LINE_ROWS_MIN: u16 = 8;

pub(super) fn draw(
    model: &Model,
    screen: &AccountScreen,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let lines = match &screen.account {
        Some(account) => state(model, account, theme, area.width.saturating_sub(2)),
        None if model.waiting.is_some() => vec![Line::from(text::say::LOADING)],
        None => vec![Line::from(text::say::NOT_LOADED)],
    };
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let rows = rows.min(area.height.saturating_sub(TIME_LINE_ROWS_MIN));
    let [above, below] =
        Layout::vertical([Constraint::Length(rows), Constraint::Fill(1)]).areas(area);
    let title = format!("{} {}", text::title::ACCOUNT, screen.id);
    frame.render_widget(Paragraph::new(lines).block(boxed(&title, theme)), above);
    match screen.time_line.selected() {
        Some(event) if area.width >= SIDE_BY_SIDE_COLUMNS => {
            let [left, right] =
                Layout::horizontal([Constraint::Fill(1), Constraint::Length(EVENT_COLUMNS)])
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

/// The state in words: what is locked comes first, since that is what people call about.
fn state<'a>(model: &Model, account: &'a Account, theme: Theme, width: u16) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    if account.locks.is_empty() {
        lines.push(pair("Locked", Span::styled(text::say::NOT_LOCKED, theme.success()), theme));
    }
    for lock in &account.locks {
        let until = lock.until.map_or_else(
            || text::say::SET_UP_ANEW.to_owned(),
            |until| text::until(model.now, until),
        );
        let words = format!("{} until {until}", text::method(lock.method));
        lines.extend(labelled("Locked", &words, theme.trouble(), theme, width));
        let why = lock.explanation.as_str();
        lines.extend(labelled("", why, theme.plain(), theme, width));
    }
    lines.push(pair("Unresolved", Span::raw(unresolved(account)), theme));
    let login = account.login.as_ref().map_or("", |login| login.as_str());
    lines.push(pair("Login", Span::raw(format!("{login}   {}", email(account))), theme));
    let second = match account.two_factor_enabled {
        true => Span::styled("on", theme.success()),
        false => Span::styled("off", theme.attention()),
    };
    let mut second = pair("Second factor", second, theme);
    let codes = text::count(account.recovery_codes_left, "recovery code", "recovery codes");
    second.push_span(Span::raw(format!(", {codes} left")));
    lines.push(second);
    if account.factors.is_empty() {
        lines.push(pair("Authenticators", Span::raw(text::say::NO_AUTHENTICATOR), theme));
    }
    for (place, factor) in account.factors.iter().enumerate() {
        let label = if place == 0 { "Authenticators" } else { "" };
        let used = factor
            .last_used_at
            .map_or("never used".to_owned(), |at| format!("last used {}", text::time(at)));
        let mut line = pair(label, Span::raw(format!("{}, {used}", factor.name)), theme);
        if let Some(clock) = text::clock(factor.clock_offset_seconds, factor.clock_refused) {
            line.push_span(Span::styled(format!(", {clock}"), theme.attention()));
        }
        lines.push(line);
    }
    let sessions = text::count(account.sessions, "session", "sessions");
    lines.push(pair("Sessions", Span::raw(format!("{sessions} alive")), theme));
    let since = format!("{} UTC", text::time(account.created_at));
    lines.push(pair("Created", Span::raw(since), theme));
    lines
}

/// A name and a text beside it, in as many lines as it takes.
fn labelled(
    label: &str,
    words: &str,
    style: Style,
    theme: Theme,
    width: u16,
) -> Vec<Line<'static>> {
    let beside = width.saturating_sub(u16::try_from(LABEL_COLUMNS).unwrap_or(0));
    wrapped(words, beside)
        .into_iter()
        .enumerate()
        .map(|(place, line)| {
            let label = if place == 0 { label } else { "" };
            pair(label, Span::styled(line, style), theme)
        })
        .collect()
}

fn unresolved(account: &Account) -> String {
    let counted: Vec<String> = account
        .unresolved
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(method, count)| format!("{} {count}", text::method(*method)))
        .collect();
    if counted.is_empty() { text::say::NO_FAILURES.to_owned() } else { counted.join(", ") }
}

fn email(account: &Account) -> String {
    match (&account.email_hint, account.email_confirmed) {
        (None, _) => String::new(),
        (Some(hint), true) => format!("{hint} (confirmed)"),
        (Some(hint), false) => format!("{hint} (not confirmed)"),
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
        let words = match (&screen.account, model.waiting.is_some()) {
            (None, true) => text::say::LOADING,
            (None, false) => text::say::NOT_LOADED,
            (Some(_), _) => text::say::NO_EVENTS,
        };
        frame.render_widget(Paragraph::new(words).block(block), area);
        return;
    }
    let rows = line.events.iter().map(|event| {
        Row::new(vec![
            Cell::from(Line::from(event.revision.to_string()).right_aligned()),
            Cell::from(text::time(event.at)),
            Cell::from(event.explanation.as_str()),
            Cell::from(event.by),
        ])
    });
    let widths = [
        Constraint::Length(5),
        Constraint::Length(19),
        Constraint::Fill(1),
        Constraint::Length(10),
    ];
    let table = Table::new(rows, widths)
        .header(Row::new(["  Rev", "UTC", "What happened", "By"]).style(theme.title()))
        .row_highlight_style(theme.selected())
        .block(block);
    let mut state = TableState::new().with_selected(Some(line.selected));
    frame.render_stateful_widget(table, area, &mut state);
}

fn title(screen: &AccountScreen) -> String {
    let events = &screen.time_line.events;
    let (Some(newest), Some(oldest)) = (events.first(), events.last()) else {
        return text::title::TIME_LINE.to_owned();
    };
    let (newest, oldest) = (newest.revision, oldest.revision);
    format!("{}: revisions {newest} to {oldest}", text::title::TIME_LINE)
}
