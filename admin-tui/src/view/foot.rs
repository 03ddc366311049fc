//! The foot of every screen: what goes on, the keys of the moment, the screens.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::wrapped;
use crate::effect::Call;
use crate::keymap::{self, Context};
use crate::message::Failure;
use crate::model::live::Link;
use crate::model::{Model, Screen};
use crate::text;
use crate::theme::Theme;
use crate::update::is_resting;

/// Rows of what goes on, at most.
const STATUS_ROWS_MAX: usize = 3;
/// The same where lines are short, beside a QR code, and how short that is.
const STATUS_ROWS_NARROW_MAX: usize = 6;
const NARROW_COLUMNS: u16 = 60;
/// Rows of the keys, at most: all those of an account fit into them on the smallest terminal.
const KEY_ROWS_MAX: usize = 2;

/// The foot, laid out.
pub(super) struct Foot {
    status: Vec<Line<'static>>,
    keys: Vec<Line<'static>>,
    screens: Option<Line<'static>>,
}

impl Foot {
    pub(super) fn new(model: &Model, theme: Theme, area: Rect) -> Self {
        let (words, style) = status(model, theme);
        let mut status = wrapped(&words, area.width.saturating_sub(2));
        let is_narrow = area.width < NARROW_COLUMNS;
        status.truncate(if is_narrow { STATUS_ROWS_NARROW_MAX } else { STATUS_ROWS_MAX });
        let status = status.into_iter().map(|line| Line::styled(format!(" {line}"), style));
        let screens = screens(model, theme);
        let mut pairs = keymap::footer(&model.contexts(), |action| model.offers(action));
        if screens.is_some() {
            // The help stands with the screens.
            pairs.retain(|(_, words)| *words != HELP);
        }
        let keys = keys(pairs, KEY_ROWS_MAX, area.width, theme);
        Self { status: status.collect(), keys, screens }
    }

    pub(super) fn rows(&self) -> u16 {
        let rows = self.status.len() + self.keys.len() + usize::from(self.screens.is_some());
        u16::try_from(rows).unwrap_or(u16::MAX)
    }

    pub(super) fn draw(self, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
        let lengths = [self.status.len(), self.keys.len(), usize::from(self.screens.is_some())];
        let constraints = lengths.map(|rows| Constraint::Length(u16::try_from(rows).unwrap_or(1)));
        let [status, keys, screens] = Layout::vertical(constraints).areas(area);
        frame.render_widget(Paragraph::new(self.status).style(theme.plain()), status);
        frame.render_widget(Paragraph::new(self.keys), keys);
        if let Some(line) = self.screens {
            frame.render_widget(line, screens);
        }
    }
}

/// The footer's word for the help.
const HELP: &str = "help";

/// Key and words as often as they fit; whole pairs only: half a word would be no help.
fn keys(
    pairs: Vec<(String, &'static str)>,
    rows: usize,
    width: u16,
    theme: Theme,
) -> Vec<Line<'static>> {
    let width = usize::from(width);
    let mut lines = vec![Line::from(" ")];
    for (key, words) in pairs {
        let pair = [Span::styled(key, theme.key()), Span::raw(format!(" {words}  "))];
        let more: usize = pair.iter().map(Span::width).sum();
        if lines.last().is_none_or(|line| line.width() + more > width + 2) {
            if lines.len() == rows {
                break;
            }
            lines.push(Line::from(" "));
        }
        if let Some(line) = lines.last_mut() {
            line.spans.extend(pair);
        }
    }
    lines
}

/// The row of the screens: where one is stands out.
fn screens(model: &Model, theme: Theme) -> Option<Line<'static>> {
    let here = model.screen.place()?;
    let mut spans = vec![Span::styled(" F1", theme.key()), Span::raw(format!(" {HELP}"))];
    // A question must be answered or left first: no key is shown that does nothing now.
    let reachable = model.contexts().contains(&Context::Screens);
    let screens = keymap::screens().into_iter().filter(|_| reachable);
    for (key, words, place) in screens.filter(|(_, _, place)| model.may_see(*place)) {
        let style = if place == here { theme.selected() } else { theme.plain() };
        spans.push(Span::raw("  "));
        spans.push(Span::styled(key, theme.key()));
        spans.push(Span::raw(" "));
        spans.push(Span::styled(words, style));
    }
    Some(Line::from(spans))
}

/// What is under way, what went wrong, or what went well.
fn status(model: &Model, theme: Theme) -> (String, Style) {
    if let Some(waiting) = &model.waiting {
        let words = if waiting.call.is_act() { text::say::WRITING } else { text::say::WAITING };
        return (words.to_owned(), theme.attention());
    }
    if let Some(trouble) = &model.trouble {
        if model.archive.is_some() && matches!(trouble.failure, Failure::Offline { .. }) {
            return (text::say::ARCHIVE_GONE.to_owned(), theme.trouble());
        }
        let mut words = text::failure(&trouble.failure);
        if let (Failure::Offline { .. }, Some(away)) = (&trouble.failure, model.away) {
            let asked_again = match &trouble.retry {
                Some(Call::Look(_)) | None => Some(away.again_at),
                Some(_) => None,
            };
            words.push(' ');
            words.push_str(&text::away(model.now, away.since, asked_again));
        }
        return (words, theme.trouble());
    }
    if let (Screen::Live, Link::Lost { why, again_at }) = (&model.screen, &model.live.link) {
        return (text::link_lost(model.now, why, *again_at), theme.trouble());
    }
    let by_itself =
        !matches!(model.screen, Screen::Accounts(_) | Screen::Account(_) | Screen::Operators(_));
    if by_itself && model.screen.place().is_some() && is_resting(model) {
        return (text::say::RESTING.to_owned(), theme.attention());
    }
    let notice = model.notice.as_ref();
    (notice.map_or(String::new(), |notice| notice.words.to_string()), theme.success())
}
