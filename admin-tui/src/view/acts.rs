//! The dialog of an act: what it does, the form, the event that it will become, the one it became;
//! and the form of the fresh code that it may need, below that event.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::dialogs::{INNER_COLUMNS, draw_lines, draw_on_edge, event_lines, open, rows_of};
use super::{LABEL_LENGTH, cut, forms, pair, short_id, wrapped};
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
    let mut effect = lines_of(text::acts::effect(&act));
    if let Some(request) = dialog.request.as_ref().filter(|_| dialog.kind == ActKind::Approve) {
        effect.extend(lines_of(&text::acts::asked(request)));
    }
    effect.push(Line::default());
    let preview = preview(model, dialog, &act, theme);
    let filling = matches!(dialog.stage, ActStage::Filling { .. });
    let fields = if filling { dialog.form.fields().count() } else { 0 };
    let room = usize::from(area.height.saturating_sub(FRAME_ROWS));
    // The event is seen whole before a yes; what the act does was read while it was filled in.
    if !filling && effect.len() + preview.len() > room {
        effect.clear();
    }
    let [said, fields, shown] =
        [effect.len(), fields, preview.len()].map(|rows| u16::try_from(rows).unwrap_or(u16::MAX));
    let gap = u16::from(fields > 0);
    let rows = said.saturating_add(fields + gap + FRAME_ROWS).saturating_add(shown);
    let inner = open(title, rows, theme, frame, area);
    let [words, form, _, event] = Layout::vertical([
        Constraint::Length(said),
        Constraint::Length(fields),
        Constraint::Length(gap),
        Constraint::Fill(1),
    ])
    .areas(inner);
    frame.render_widget(Paragraph::new(effect), words);
    if filling {
        forms::draw(&dialog.form, theme, frame, form);
    }
    frame.render_widget(Paragraph::new(whole_or_marked(preview, event.height)), event);
    // While it is being written there is nothing to say yes to.
    if model.waiting.is_none() {
        draw_on_edge(hint_of(dialog, theme), frame, inner);
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

fn hint_of(dialog: &ActDialog, theme: Theme) -> Line<'static> {
    match &dialog.stage {
        ActStage::Confirming { .. } => {
            Line::styled(format!(" {} ", text::say::CONFIRM), theme.attention())
        }
        ActStage::Filling { tried } => match (dialog.form.overflowed(), dialog.lack()) {
            (Some((name, most)), _) => {
                Line::styled(format!(" {} ", text::too_long(name, most)), theme.trouble())
            }
            // What is filled in meanwhile is not missing any more.
            (None, Some((_, says))) if *tried => Line::styled(format!(" {says} "), theme.trouble()),
            (None, _) => Line::default(),
        },
        ActStage::Written { .. } => Line::default(),
    }
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
    let by = model.operator.as_ref().map_or(String::new(), |who| who.login.to_string());
    let mut lines = vec![
        Line::styled(text::title::WILL_BE_WRITTEN, theme.title()),
        pair("Event", Span::styled(dialog.kind.event_type(), theme.strong()), theme),
        pair("Account", Span::raw(format!("{} ({})", dialog.account, dialog.whose)), theme),
        pair("By", Span::raw(format!("operator {by}")), theme),
    ];
    for (name, value) in text::acts::fields(act) {
        lines.push(pair(name, Span::raw(named(dialog, name, value)), theme));
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
            cut(&format!("{value} ({words})"), usize::from(BESIDE_COLUMNS))
        }
        _ => value,
    }
}

/// Columns beside a name.
const BESIDE_COLUMNS: u16 = INNER_COLUMNS - LABEL_LENGTH;

/// A name, and a text beside it; one that is longer than a line stands below.
fn beside(name: &str, words: &str, theme: Theme) -> Vec<Line<'static>> {
    let words = Printable::new(words);
    if Span::raw(words.as_str()).width() <= usize::from(BESIDE_COLUMNS) {
        return vec![pair(name, Span::raw(words.to_string()), theme)];
    }
    let mut lines = vec![pair(name, Span::raw(""), theme)];
    lines.extend(wrapped(words.as_str(), INNER_COLUMNS).into_iter().map(Line::from));
    lines
}
