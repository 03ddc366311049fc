//! Who may act here: a list, and the selected one in words.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Table, TableState};

use super::{boxed, draw_instead, not_there, pair};
use crate::model::Model;
use crate::model::operators::{Listed, Operators};
use crate::text;
use crate::theme::Theme;

/// Rows of the box of the selected one: seven lines and the frame.
const ONE_ROWS: u16 = 9;
/// Columns of a role, and of whether somebody may act.
const ROLE_COLUMNS: u16 = 10;
/// Columns of a time to the minute.
const TIME_COLUMNS: u16 = 16;

pub(super) fn draw(
    model: &Model,
    screen: &Operators,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let title = match screen.as_of {
        Some(at) => format!("{}, as of {} UTC", text::title::OPERATORS, text::clock_time(at)),
        None => text::title::OPERATORS.to_owned(),
    };
    let block = boxed(&title, theme);
    let (Some(listed), Some(selected)) = (&screen.listed, screen.selected()) else {
        let words = match screen.listed {
            Some(_) => text::say::NO_OPERATORS,
            None => not_there(model),
        };
        return draw_instead(words, block, frame, area);
    };
    let [above, below] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(ONE_ROWS)]).areas(area);
    let rows = listed.iter().map(|one| {
        Row::new(vec![
            Cell::from(one.login.as_str()),
            Cell::from(text::role(one.role)),
            Cell::from(standing(one, theme)),
            Cell::from(one.role_since.map_or(String::new(), text::minute)),
            Cell::from(last_used(one, theme)),
        ])
    });
    let widths = [
        Constraint::Fill(1),
        Constraint::Length(ROLE_COLUMNS),
        Constraint::Length(ROLE_COLUMNS),
        Constraint::Length(TIME_COLUMNS),
        Constraint::Length(TIME_COLUMNS),
    ];
    let header = Row::new(["Login", "Role", "State", "Role since (UTC)", "Last used (UTC)"]);
    let table = Table::new(rows, widths)
        .header(header.style(theme.title()))
        .row_highlight_style(theme.selected())
        .block(block);
    let mut state = TableState::new().with_selected(Some(screen.selected));
    frame.render_stateful_widget(table, above, &mut state);
    let words = Paragraph::new(lines(selected, theme));
    frame.render_widget(words.block(boxed(text::title::OPERATOR, theme)), below);
}

/// Whether it may act: what is out of the ordinary stands out.
fn standing(one: &Listed, theme: Theme) -> Span<'static> {
    let style = match (one.enabled, one.set_up) {
        (false, _) => theme.trouble(),
        (true, false) => theme.attention(),
        (true, true) => theme.plain(),
    };
    Span::styled(text::standing(one.set_up, one.enabled), style)
}

fn last_used(one: &Listed, theme: Theme) -> Span<'static> {
    match one.last_used_at {
        Some(at) => Span::raw(text::minute(at)),
        None => Span::styled(text::say::NEVER_USED, theme.attention()),
    }
}

fn lines(one: &Listed, theme: Theme) -> Vec<Line<'_>> {
    let since = |at| format!("{}, since {} UTC", text::role(one.role), text::time(at));
    let last_used = match one.last_used_at {
        Some(at) => Span::raw(format!("{} UTC", text::minute(at))),
        None => last_used(one, theme),
    };
    let role = one.role_since.map_or_else(|| text::role(one.role).to_owned(), since);
    let given_by = one.given_by.as_ref().map_or("", |giver| giver.as_str());
    vec![
        pair("Account", Span::raw(one.id.to_string()), theme),
        pair("Login", Span::styled(one.login.as_str(), theme.strong()), theme),
        pair("Role", Span::raw(role), theme),
        pair("Given by", Span::raw(given_by), theme),
        pair("Added", Span::raw(format!("{} UTC", text::time(one.added_at))), theme),
        pair("State", standing(one, theme), theme),
        pair("Last used", last_used, theme),
    ]
}
