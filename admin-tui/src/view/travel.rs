//! An account's past: an event, what it changed, and the state after it.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph, Wrap};

use super::{boxed, draw_instead, not_there, pair};
use crate::model::Model;
use crate::model::travel::{Change, Moment, Travel};
use crate::text;
use crate::theme::Theme;

/// From this width on the state stands beside the changes.
const SIDE_BY_SIDE_COLUMNS: u16 = 120;
/// Rows of the event: five lines of it in a box.
const EVENT_ROWS: u16 = 7;

pub(super) fn draw(
    model: &Model,
    travel: &Travel,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    frame.render_widget(Clear, area);
    let title =
        format!("{}: revision {} of {}", text::title::TRAVEL, travel.revision, travel.newest);
    let block = boxed(&title, theme);
    let Some(moment) = &travel.moment else {
        return draw_instead(not_there(model), block, frame, area);
    };
    let [above, below] =
        Layout::vertical([Constraint::Length(EVENT_ROWS), Constraint::Fill(1)]).areas(area);
    let words = Paragraph::new(event(moment, theme)).wrap(Wrap { trim: true }).block(block);
    frame.render_widget(words, above);
    let scrolled = u16::try_from(travel.scrolled).unwrap_or(u16::MAX);
    if !travel.raw {
        let words = Paragraph::new(in_words(moment, theme)).wrap(Wrap { trim: false });
        let words = words.scroll((scrolled, 0)).block(boxed(text::title::CHANGED, theme));
        return frame.render_widget(words, below);
    }
    if area.width >= SIDE_BY_SIDE_COLUMNS {
        let [left, right] =
            Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(below);
        let changes = Paragraph::new(changes(moment, theme)).wrap(Wrap { trim: false });
        frame.render_widget(changes.block(boxed(text::title::CHANGED, theme)), left);
        let state = Paragraph::new(state(moment)).scroll((scrolled, 0));
        frame.render_widget(state.block(boxed(text::title::STATE_AFTER, theme)), right);
        return;
    }
    let mut lines = changes(moment, theme);
    lines.push(Line::styled(text::title::STATE_AFTER, theme.title()));
    lines.extend(state(moment));
    let lines = Paragraph::new(lines).wrap(Wrap { trim: false }).scroll((scrolled, 0));
    frame.render_widget(lines.block(boxed(text::title::CHANGED, theme)), below);
}

fn event(moment: &Moment, theme: Theme) -> Vec<Line<'_>> {
    let event = &moment.event;
    vec![
        pair("Event", Span::styled(event.event_type.as_str(), theme.strong()), theme),
        pair("At", Span::raw(format!("{} UTC", text::time(event.at))), theme),
        pair("By", Span::raw(event.by_whom.as_str()), theme),
        Line::from(event.explanation.as_str()),
    ]
}

/// What changed, in words: a name, and what stood and stands there.
fn in_words(moment: &Moment, theme: Theme) -> Vec<Line<'_>> {
    if moment.words.is_empty() {
        let nothing = moment.changes.is_empty();
        let words = if nothing { text::say::CHANGED_NOTHING } else { text::say::CHANGED_INSIDE };
        return vec![Line::from(words)];
    }
    moment.words.iter().map(|change| change_line(change, ":", theme)).collect()
}

fn changes(moment: &Moment, theme: Theme) -> Vec<Line<'_>> {
    if moment.changes.is_empty() {
        return vec![Line::from(text::say::CHANGED_NOTHING)];
    }
    moment.changes.iter().map(|change| change_line(change, "", theme)).collect()
}

/// `+` for what is new, `-` for what is gone, `~` for what is different: not by colour alone.
fn change_line<'a>(change: &'a Change, after_name: &str, theme: Theme) -> Line<'a> {
    let path = Span::styled(format!("{}{after_name}", change.path), theme.label());
    match (&change.before, &change.after) {
        (None, Some(after)) => {
            let new = Span::styled(format!(" {after}"), theme.success());
            Line::from(vec![Span::styled("+ ", theme.success()), path, new])
        }
        (Some(before), None) => {
            let gone = Span::styled(format!(" {before}"), theme.trouble());
            Line::from(vec![Span::styled("- ", theme.trouble()), path, gone])
        }
        (before, after) => {
            let text = |side: &Option<crate::printable::Printable>| {
                side.as_ref().map_or(String::new(), ToString::to_string)
            };
            let different = format!(" {} → {}", text(before), text(after));
            let different = Span::styled(different, theme.strong());
            Line::from(vec![Span::styled("~ ", theme.attention()), path, different])
        }
    }
}

fn state(moment: &Moment) -> Vec<Line<'_>> {
    moment.state.iter().map(|line| Line::from(line.as_str())).collect()
}
