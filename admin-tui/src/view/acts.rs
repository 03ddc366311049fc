//! The dialog of an act: what it does, the form, the event that it will become, the one it became;
//! and the form of the fresh code that it may need, below that event.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::dialogs::{INNER_COLUMNS, draw_lines, draw_on_edge, event_lines, open, rows_of};
use super::{LABEL_LENGTH, fit, forms, pair, short_id, wrapped};
use crate::model::Model;
use crate::model::account::Event;
use crate::model::act::{Act, ActDialog, ActKind, ActStage};
use crate::model::form::{FieldName, Form};
use crate::printable::Printable;
use crate::text;
use crate::theme::Theme;

/// Rows of a dialog that are neither words, nor fields, nor the event: its frame.
const FRAME_ROWS: u16 = 2;

pub(super) fn draw(
    model: &Model,
    dialog: &ActDialog,
    proof: Option<&Form>,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let title = title(dialog);
    let title = title.as_str();
    if let ActStage::Written { event, scrolled } = &dialog.stage {
        let lines = written_lines(dialog, event, theme);
        let rows = rows_of(&lines);
        return draw_lines(title, lines, (rows, *scrolled), theme, frame, area);
    }
    let Some(act) = dialog.draft() else { return };
    if let Some(form) = proof {
        let event = preview(model, dialog, &act, theme);
        let inner = draw_proof(title, event, form, theme, frame, area);
        if model.waiting.is_none() {
            draw_on_edge(hint_of_proof(form, theme), frame, inner);
        }
        return;
    }
    match &dialog.stage {
        ActStage::Confirming { scrolled, .. } => {
            draw_question(model, dialog, &act, *scrolled, theme, frame, area);
        }
        _ => draw_form(model, dialog, &act, theme, frame, area),
    }
}

/// What the act does, what must be known before a yes, and what was asked for: in this order what
/// is left out where there is no room, the first of it first.
fn words_of(
    model: &Model,
    dialog: &ActDialog,
    act: &Act,
    theme: Theme,
) -> (Vec<Line<'static>>, Vec<Line<'static>>) {
    let effect = lines_of(text::acts::effect(dialog, act, model.as_of()));
    let warning = text::acts::warning(dialog);
    let warning = warning.map(|words| Line::styled(words, theme.attention()));
    let asked = dialog.request.as_ref().filter(|_| dialog.kind == ActKind::Approve);
    let asked = asked.map_or_else(Vec::new, |request| lines_of(&text::acts::asked(request)));
    (effect, warning.into_iter().chain(asked).collect())
}

/// The form, and below it the event that it will become as far as there is room.
fn draw_form(
    model: &Model,
    dialog: &ActDialog,
    act: &Act,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let (mut words, must) = words_of(model, dialog, act, theme);
    let room = usize::from(area.height.saturating_sub(FRAME_ROWS));
    let fields = dialog.form.fields().count();
    let left = room.saturating_sub(fields + 2);
    if words.len() + must.len() > left {
        words.clear();
    }
    words.extend(must);
    let words = whole_or_marked(words, u16::try_from(left).unwrap_or(u16::MAX));
    let preview = preview(model, dialog, act, theme);
    let [said, fields, shown] =
        [words.len(), fields, preview.len()].map(|rows| u16::try_from(rows).unwrap_or(u16::MAX));
    let rows = said.saturating_add(fields + 2 + FRAME_ROWS).saturating_add(shown);
    let inner = open(&title(dialog), rows, theme, frame, area);
    let [above, _, form, _, event] = Layout::vertical([
        Constraint::Length(said),
        Constraint::Length(1),
        Constraint::Length(fields),
        Constraint::Length(1),
        Constraint::Fill(1),
    ])
    .areas(inner);
    frame.render_widget(Paragraph::new(words), above);
    forms::draw(&dialog.form, theme, frame, form);
    frame.render_widget(Paragraph::new(whole_or_marked(preview, event.height)), event);
    draw_on_edge(hint_of_form(dialog, theme), frame, inner);
}

/// The event before a yes: seen whole, by scrolling where it must be. What the act does was read
/// while it was filled in.
fn draw_question(
    model: &Model,
    dialog: &ActDialog,
    act: &Act,
    scrolled: usize,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let (mut lines, must) = words_of(model, dialog, act, theme);
    let preview = preview(model, dialog, act, theme);
    let room = usize::from(area.height.saturating_sub(FRAME_ROWS));
    if lines.len() + must.len() + 1 + preview.len() > room {
        lines.clear();
    }
    lines.extend(must);
    if !lines.is_empty() && lines.len() + preview.len() < room {
        lines.push(Line::default());
    }
    lines.extend(preview);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(FRAME_ROWS);
    let inner = open(&title(dialog), rows, theme, frame, area);
    let below = lines.len().saturating_sub(usize::from(inner.height));
    let scrolled = scrolled.min(below);
    let shown: Vec<Line<'_>> = lines.into_iter().skip(scrolled).collect();
    frame.render_widget(Paragraph::new(shown), inner);
    // While it is being written there is nothing to say yes to.
    if model.waiting.is_none() {
        let hint = format!(" {} ", text::say::CONFIRM);
        draw_on_edge(Line::styled(hint, theme.attention()), frame, inner);
    }
    if scrolled < below {
        let more = Line::styled(text::MORE_BELOW, theme.key());
        draw_on_edge(more.right_aligned(), frame, inner);
    }
}

/// The form of a fresh code below the event that it is for: nobody proves himself for what he does
/// not see. Where there is no room for all, what goes first is what says least.
fn draw_proof(
    title: &str,
    mut event: Vec<Line<'static>>,
    form: &Form,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) -> Rect {
    let room = usize::from(area.height.saturating_sub(FRAME_ROWS));
    let mut words = vec![Line::default(), Line::styled(text::title::STEP_UP, theme.title())];
    words.extend(lines_of(text::say::STEP_UP));
    let mut fields = form.fields().count();
    if event.len() + words.len() + fields > room {
        words.truncate(2);
    }
    if event.len() + words.len() + fields > room {
        words.remove(0);
    }
    if event.len() + words.len() + fields > room && !event.is_empty() {
        // That it will be written is said on the edge.
        event.remove(0);
    }
    if event.len() + words.len() + fields > room {
        fields = 1;
    }
    if event.len() + words.len() + fields > room {
        words.clear();
    }
    let [shown, said, fields] =
        [event.len(), words.len(), fields].map(|rows| u16::try_from(rows).unwrap_or(u16::MAX));
    let rows = shown.saturating_add(said + fields + FRAME_ROWS);
    let inner = open(title, rows, theme, frame, area);
    let [above, middle, below] = Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(said),
        Constraint::Length(fields),
    ])
    .areas(inner);
    frame.render_widget(Paragraph::new(whole_or_marked(event, above.height)), above);
    frame.render_widget(Paragraph::new(words), middle);
    if fields == 1 {
        forms::draw_focused(form, theme, frame, below);
    } else {
        forms::draw(form, theme, frame, below);
    }
    inner
}

fn hint_of_proof(form: &Form, theme: Theme) -> Line<'static> {
    match form.overflowed() {
        Some((name, most)) => {
            Line::styled(format!(" {} ", text::too_long(name, most)), theme.trouble())
        }
        None => Line::styled(format!(" {} ", text::say::PROVE), theme.attention()),
    }
}

/// What it is, and whose account: by the beginning of its id, since logins are masked alike.
fn title(dialog: &ActDialog) -> String {
    let title = text::acts::title(dialog.kind, dialog.is_address());
    let id = short_id(dialog.account);
    match dialog.whose.as_str() {
        "" => format!("{title} ({id})"),
        whose => format!("{title} ({whose}, {id})"),
    }
}

/// Lines that fit, and where they do not, a mark in place of the last one.
fn whole_or_marked(mut lines: Vec<Line<'static>>, rows: u16) -> Vec<Line<'static>> {
    let rows = usize::from(rows);
    if lines.len() > rows {
        lines.truncate(rows.saturating_sub(1));
        lines.push(Line::from("…"));
    }
    lines
}

fn lines_of(words: &str) -> Vec<Line<'static>> {
    wrapped(words, INNER_COLUMNS).into_iter().map(Line::from).collect()
}

fn hint_of_form(dialog: &ActDialog, theme: Theme) -> Line<'static> {
    let ActStage::Filling { tried } = dialog.stage else { return Line::default() };
    let says = |words: String, style| Line::styled(format!(" {words} "), style);
    if dialog.dropping {
        return says(text::say::DROP.to_owned(), theme.attention());
    }
    if let Some((name, most)) = dialog.form.overflowed() {
        return says(text::too_long(name, most), theme.trouble());
    }
    // What is filled in meanwhile is not missing any more.
    let here = dialog.missing_here().map(text::acts::missing);
    let lack = here.or_else(|| dialog.lack().map(|(_, lack)| lack)).filter(|_| tried);
    lack.map_or_else(Line::default, |words| says(words, theme.trouble()))
}

fn written_lines<'a>(dialog: &ActDialog, event: &'a Event, theme: Theme) -> Vec<Line<'a>> {
    let mut lines = vec![
        Line::styled(text::acts::written(dialog.kind), theme.success()),
        Line::default(),
        Line::styled(text::title::WAS_WRITTEN, theme.title()),
    ];
    lines.extend(event_lines(event, theme));
    lines
}

/// The event that will be written, from what the form holds now.
fn preview(model: &Model, dialog: &ActDialog, act: &Act, theme: Theme) -> Vec<Line<'static>> {
    let by = model.operator.as_ref().map(|who| text::operator(&who.login)).unwrap_or_default();
    let mut lines = vec![
        Line::styled(text::title::WILL_BE_WRITTEN, theme.title()),
        pair("Event", Span::styled(dialog.kind.event_type(), theme.strong()), theme),
    ];
    lines.extend(beside("Account", &format!("{} ({})", dialog.account, dialog.whose), theme));
    lines.extend(beside("By", by.as_str(), theme));
    for (name, value) in text::acts::fields(act) {
        lines.extend(beside(name, &named(dialog, name, value), theme));
    }
    let (reason, ticket) = text::acts::why(act);
    // Last, since they may be long.
    lines.extend(beside("ticket (sealed)", ticket, theme));
    lines.extend(beside("reason (sealed)", reason, theme));
    lines
}

/// An authenticator by its id, as in the log, and by its name, as people know it.
fn named(dialog: &ActDialog, name: &str, value: String) -> String {
    if name == text::acts::PROOF && dialog.form.is_open(FieldName::Proof) {
        return text::acts::NOT_CHOSEN.to_owned();
    }
    let is_one = dialog.form.chosen(FieldName::Factor) < dialog.factors.len();
    match dialog.form.chosen_words(FieldName::Factor) {
        Some(words) if name == text::acts::FACTOR && is_one => {
            format!("{value} ({words})")
        }
        _ => value,
    }
}

/// Columns beside a name.
const BESIDE_COLUMNS: u16 = INNER_COLUMNS - LABEL_LENGTH;

/// A name, and a text beside it; one that is longer than a line stands below.
fn beside(name: &str, words: &str, theme: Theme) -> Vec<Line<'static>> {
    let words = Printable::new(words);
    if fit::width(words.as_str()) <= usize::from(BESIDE_COLUMNS) {
        return vec![pair(name, Span::raw(words.to_string()), theme)];
    }
    let mut lines = vec![pair(name, Span::raw(""), theme)];
    lines.extend(wrapped(words.as_str(), INNER_COLUMNS).into_iter().map(Line::from));
    lines
}
