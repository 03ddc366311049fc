//! The log's health: how far it is, what was signed of it, and how far its followers are behind.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Table};

use super::{boxed, draw_instead, not_there, pair};
use crate::model::health::{Follower, Health};
use crate::model::{LogScreen, Model};
use crate::text;
use crate::theme::Theme;

/// Seconds from which on a follower is called slow.
const SLOW_FROM_SECONDS: u64 = 5;
/// Rows of the box of the log itself, and of that of the mails.
const LOG_ROWS: u16 = 4;

pub(super) fn draw(
    model: &Model,
    screen: &LogScreen,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let title = match screen.as_of {
        Some(at) => format!("{}, as of {} UTC", text::title::LOG, text::clock_time(at)),
        None => text::title::LOG.to_owned(),
    };
    let block = boxed(&title, theme);
    let Some(health) = &screen.health else {
        return draw_instead(not_there(model), block, frame, area);
    };
    let [log, followers, mail] = Layout::vertical([
        Constraint::Length(LOG_ROWS),
        Constraint::Fill(1),
        Constraint::Length(LOG_ROWS),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(of_log(model, health, theme)).block(block), log);
    let block = boxed(text::title::READ_MODELS, theme);
    frame.render_widget(table(health, theme).block(block), followers);
    let block = boxed(text::title::MAIL, theme);
    frame.render_widget(Paragraph::new(of_mail(health, theme)).block(block), mail);
}

fn of_log(model: &Model, health: &Health, theme: Theme) -> Vec<Line<'static>> {
    let head = health.head.map_or("it is empty".to_owned(), text::number);
    let checkpoint = match health.checkpoint {
        Some((size, at)) => {
            let at_second = model.as_of().as_second() - at.as_second();
            let ago = text::span(u64::try_from(at_second).unwrap_or(0));
            let size = text::number(size);
            Span::raw(format!("of {size} entries, {} UTC ({ago} ago)", text::time(at)))
        }
        None => Span::styled(text::say::NO_CHECKPOINT, theme.attention()),
    };
    vec![pair("Last position", Span::raw(head), theme), pair("Checkpoint", checkpoint, theme)]
}

fn of_mail(health: &Health, theme: Theme) -> Vec<Line<'static>> {
    let oldest = health.oldest_mail_seconds.map_or("none".to_owned(), text::span);
    vec![
        pair("Waiting", Span::raw(text::number(health.mails_waiting)), theme),
        pair("Oldest waits", Span::raw(oldest), theme),
    ]
}

fn table(health: &Health, theme: Theme) -> Table<'_> {
    let rows = health.read_models.iter().map(|follower| {
        let position = follower.position.map_or("none".to_owned(), text::number);
        Row::new(vec![
            Cell::from(follower.name.as_str()),
            Cell::from(Line::from(position).right_aligned()),
            Cell::from(Line::from(text::number(follower.lag_entries)).right_aligned()),
            Cell::from(Line::from(text::span(follower.lag_seconds)).right_aligned()),
            Cell::from(how(follower, theme)),
        ])
    });
    let widths = [
        Constraint::Fill(1),
        Constraint::Length(13),
        Constraint::Length(9),
        Constraint::Length(10),
        Constraint::Length(18),
    ];
    let names = ["Read model", "Position", "Behind", "For", "How it is"];
    let header = names.into_iter().enumerate().map(|(place, name)| {
        let line = Line::from(name);
        Cell::from(if (1..=3).contains(&place) { line.right_aligned() } else { line })
    });
    Table::new(rows, widths).header(Row::new(header).style(theme.title())).column_spacing(2)
}

fn how(follower: &Follower, theme: Theme) -> Line<'static> {
    if follower.not_understood > 0 {
        let count = text::number(follower.not_understood);
        return Line::styled(format!("{count} not understood"), theme.trouble());
    }
    if follower.lag_seconds >= SLOW_FROM_SECONDS {
        return Line::styled("behind", theme.attention());
    }
    Line::styled("in step", theme.success())
}
