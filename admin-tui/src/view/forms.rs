//! Forms: a label and a field per line, the cursor where typing goes.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{LABEL_COLUMNS, fit};
use crate::model::form::{Choice, Entry, FieldName, Form, Line as TypedLine};
use crate::printable::Printable;
use crate::text;
use crate::theme::Theme;

/// Draws a form that has the keyboard, a line per field.
pub(super) fn draw(form: &Form, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    draw_fields(form, true, theme, frame, area);
}

/// Draws the one field that has the keyboard, where there is no room for more.
pub(super) fn draw_focused(form: &Form, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    if let Some((name, entry)) = form.focused() {
        draw_field((name, entry, true), theme, frame, Rect { height: 1, ..area });
    }
}

/// Draws a form while something else has the keyboard.
pub(super) fn draw_quiet(form: &Form, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    draw_fields(form, false, theme, frame, area);
}

fn draw_fields(form: &Form, active: bool, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    for (row, (name, entry, focused)) in (area.y..area.bottom()).zip(form.fields()) {
        let line = Rect { y: row, height: 1, ..area };
        draw_field((name, entry, focused && active), theme, frame, line);
    }
}

/// Draws a label and its field, with whether it has the keyboard.
fn draw_field(
    (name, entry, focused): (FieldName, &Entry, bool),
    theme: Theme,
    frame: &mut Frame<'_>,
    line: Rect,
) {
    let label = format!("{:<LABEL_COLUMNS$}", text::label(name));
    frame.render_widget(Span::styled(label, theme.label()), line);
    let offset = u16::try_from(LABEL_COLUMNS).unwrap_or(0).min(line.width);
    let field = Rect { x: line.x + offset, width: line.width - offset, ..line };
    match entry {
        Entry::Line(typed) => draw_line(typed, focused, theme, frame, field),
        Entry::Choice(choice) => {
            frame.render_widget(choice_line(choice, focused, theme, field.width), field);
        }
    }
}

/// Draws what was typed; a text longer than the field is scrolled so that the cursor is seen.
fn draw_line(typed: &TypedLine, focused: bool, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let (shown, cursor) = (typed.shown(), typed.cursor());
    let width = usize::from(area.width.saturating_sub(1));
    let (visible, skipped) = fit::without(&shown, cursor.saturating_sub(width));
    let filled = fit::filled(visible, width);
    // What the first key replaces stands there as if it were selected.
    let style = match (focused, typed.is_proposed()) {
        (true, true) => theme.selected(),
        (true, false) => theme.field(),
        (false, _) => theme.plain(),
    };
    frame.render_widget(Span::styled(filled, style), area);
    if focused {
        let column = u16::try_from(cursor.saturating_sub(skipped)).unwrap_or(0);
        frame.set_cursor_position(Position::new(area.x + column, area.y));
    }
}

/// The options side by side; where they do not all fit, the chosen one and how many there are.
fn choice_line(choice: &Choice, focused: bool, theme: Theme, width: u16) -> Line<'static> {
    let style = if focused { theme.selected() } else { theme.strong() };
    let options = choice.options();
    let spans: Vec<Span<'static>> = options
        .iter()
        .enumerate()
        .flat_map(|(place, option)| {
            let chosen = Some(place) == choice.chosen();
            let mark = if chosen { "(•) " } else { "( ) " };
            let style = if chosen { style } else { theme.plain() };
            [Span::styled(format!("{mark}{option}"), style), Span::raw("  ")]
        })
        .collect();
    let all = Line::from(spans);
    if all.width() <= usize::from(width) + 2 {
        return all;
    }
    let Some(chosen) = choice.chosen() else {
        let one_of = format!("  one of {}", options.len());
        return Line::from(vec![
            Span::styled(format!("< {} >", text::CHOOSE), style),
            Span::raw(one_of),
        ]);
    };
    let option = options.get(chosen).map_or("", Printable::as_str);
    let place = format!("  {} of {}", chosen + 1, options.len());
    Line::from(vec![Span::styled(format!("< {option} >"), style), Span::raw(place)])
}
