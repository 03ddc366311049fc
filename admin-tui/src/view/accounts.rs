//! Lists of accounts: a search field above what it found, and what is locked now.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Row, Table, TableState};

use super::{SHORT_ID_COLUMNS, boxed, draw_instead, forms, not_there, short_id};
use crate::model::account::Hit;
use crate::model::{Accounts, Lockouts, Model, Shows};
use crate::text;
use crate::theme::Theme;

/// Columns of an account's id.
const ID_COLUMNS: u16 = 36;
/// The head of the column of what a lock waits for.
const LOCKED_UNTIL: &str = "Locked until";

pub(super) fn draw(
    model: &Model,
    screen: &Accounts,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let [above, below] = Layout::vertical([Constraint::Length(4), Constraint::Fill(1)]).areas(area);
    let block = boxed(text::title::SEARCH, theme);
    let inner = block.inner(above);
    frame.render_widget(block, above);
    if screen.in_list {
        // The list has the keyboard: the form is drawn without its cursor below.
        forms::draw_quiet(&screen.form, theme, frame, inner);
    } else {
        forms::draw(&screen.form, theme, frame, inner);
    }
    let title = match screen.shows {
        Shows::LockedNow => text::title::LOCKED_NOW,
        Shows::Recent if model.archive.is_some() => text::title::LATEST,
        Shows::Recent => text::title::RECENT,
        Shows::Nothing | Shows::Search(_) => text::title::ACCOUNTS,
    };
    let is_before = screen.shows_the_search_before();
    let title = match is_before {
        true => format!("{title}: {}", text::say::FOUND_BEFORE),
        false => title.to_owned(),
    };
    let block = boxed(&title, theme);
    match &screen.hits {
        Some(hits) if !hits.is_empty() => {
            let mut table = table(model, hits, theme).block(block);
            if is_before {
                table = table.style(theme.label());
            }
            let selected = screen.in_list.then_some(screen.selected);
            let mut state = TableState::new().with_selected(selected);
            frame.render_stateful_widget(table, below, &mut state);
        }
        hits => {
            let words = match (&screen.shows, hits) {
                (Shows::Nothing, _) if model.archive.is_some() => text::say::NO_ID_TYPED,
                (Shows::Nothing, _) => text::say::NOTHING_SEARCHED,
                (_, None) => not_there(model),
                (Shows::Search(_), Some(_)) => text::say::NOBODY_FOUND,
                (Shows::LockedNow, Some(_)) => text::say::NOBODY_LOCKED,
                (Shows::Recent, Some(_)) if model.archive.is_some() => text::say::NOBODY_IN_LOG,
                (Shows::Recent, Some(_)) => text::say::NOBODY_RECENT,
            };
            draw_instead(words, block, frame, below);
        }
    }
}

pub(super) fn draw_lockouts(
    model: &Model,
    screen: &Lockouts,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let count = screen.hits.as_ref().map_or(0, Vec::len);
    let title = match screen.as_of {
        Some(at) => {
            let count = text::number(u64::try_from(count).unwrap_or(u64::MAX));
            format!("{}: {count}, as of {} UTC", text::title::LOCKOUTS, text::clock_time(at))
        }
        None => text::title::LOCKOUTS.to_owned(),
    };
    let block = boxed(&title, theme);
    match &screen.hits {
        None => draw_instead(not_there(model), block, frame, area),
        Some(hits) if hits.is_empty() => {
            draw_instead(text::say::NOBODY_LOCKED, block, frame, area);
        }
        Some(hits) => {
            let table = table(model, hits, theme).block(block);
            let mut state = TableState::new().with_selected(Some(screen.selected));
            frame.render_stateful_widget(table, area, &mut state);
        }
    }
}

/// The masked login; the id where no name is known, as in an exported log.
fn named(hit: &Hit) -> String {
    if hit.login_hint.as_str().is_empty() {
        return hit.id.to_string();
    }
    hit.login_hint.to_string()
}

fn locked(model: &Model, hit: &Hit, theme: Theme) -> Line<'static> {
    let until = hit.locked_until.filter(|until| *until > model.as_of());
    match (until, hit.locked && hit.locked_until.is_none()) {
        (Some(until), _) => Line::styled(text::until(model.as_of(), until), theme.trouble()),
        (None, true) => Line::styled(text::say::SET_UP_ANEW, theme.trouble()),
        (None, false) => Line::from("no"),
    }
}

fn table<'a>(model: &Model, hits: &'a [Hit], theme: Theme) -> Table<'a> {
    let locked: Vec<Line<'_>> = hits.iter().map(|hit| locked(model, hit, theme)).collect();
    // No wider than it must be: masked addresses are told apart by their ends.
    let widest = locked.iter().map(Line::width).chain([LOCKED_UNTIL.len()]).max();
    let locked_columns = u16::try_from(widest.unwrap_or_default()).unwrap_or(u16::MAX);
    let rows = hits.iter().zip(locked).map(|(hit, locked)| {
        let mut cells = vec![
            Cell::from(named(hit)),
            Cell::from(hit.email_hint.as_ref().map_or("", |hint| hint.as_str())),
            Cell::from(if hit.two_factor_enabled { "on" } else { "off" }),
            Cell::from(locked),
        ];
        if model.archive.is_none() {
            cells.insert(1, Cell::from(short_id(hit.id)));
        }
        Row::new(cells)
    });
    // An id is longer than a login, and no address stands beside it.
    let (heads, first, second, last) = match model.archive {
        Some(_) => (
            vec!["Account", "", "2FA", LOCKED_UNTIL],
            vec![Constraint::Length(ID_COLUMNS)],
            Constraint::Length(0),
            Constraint::Fill(1),
        ),
        None => (
            vec!["Login", "Account", "E-mail", "2FA", LOCKED_UNTIL],
            vec![Constraint::Fill(2), Constraint::Length(SHORT_ID_COLUMNS)],
            Constraint::Fill(3),
            Constraint::Length(locked_columns),
        ),
    };
    let widths = first.into_iter().chain([second, Constraint::Length(3), last]);
    Table::new(rows, widths)
        .header(Row::new(heads).style(theme.title()))
        .row_highlight_style(theme.selected())
        .highlight_symbol("> ")
}
