//! The dialog of an act: what it does, the form, the event that it will become, the one it became.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::dialogs::{DIALOG_COLUMNS, event_lines, open};
use super::{LABEL_COLUMNS, forms, pair, wrapped};
use crate::model::Model;
use crate::model::account::Event;
use crate::model::act::{Act, ActDialog, ActStage};
use crate::printable::Printable;
use crate::text;
use crate::theme::Theme;

/// Columns within the dialog.
const INNER_COLUMNS: u16 = DIALOG_COLUMNS - 4;
/// Rows of the event that was written.
const WRITTEN_ROWS: u16 = 20;

pub(super) fn draw(
    model: &Model,
    dialog: &ActDialog,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let title = text::acts::title(dialog.kind);
    if let ActStage::Written(event) = &dialog.stage {
        let inner = open(title, WRITTEN_ROWS, theme, frame, area);
        return draw_written(dialog, event, theme, frame, inner);
    }
    let Some(act) = dialog.act() else { return };
    let effect = lines_of(text::acts::effect(&act));
    let preview = preview(model, dialog, &act, theme);
    let filling = matches!(dialog.stage, ActStage::Filling { .. });
    let fields = if filling { dialog.form.fields().count() } else { 0 };
    let [said, fields, shown] =
        [effect.len(), fields, preview.len()].map(|rows| u16::try_from(rows).unwrap_or(u16::MAX));
    let gap = u16::from(fields > 0);
    let rows = said.saturating_add(fields + gap + 1).saturating_add(shown).saturating_add(3);
    let inner = open(title, rows, theme, frame, area);
    let [words, _, form, _, event, hint] = Layout::vertical([
        Constraint::Length(said),
        Constraint::Length(1),
        Constraint::Length(fields),
        Constraint::Length(gap),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(inner);
    frame.render_widget(Paragraph::new(effect), words);
    if filling {
        forms::draw(&dialog.form, theme, frame, form);
    }
    frame.render_widget(Paragraph::new(preview), event);
    frame.render_widget(hint_of(&dialog.stage, theme), hint);
}

fn lines_of(words: &str) -> Vec<Line<'static>> {
    wrapped(words, INNER_COLUMNS).into_iter().map(Line::from).collect()
}

fn hint_of(stage: &ActStage, theme: Theme) -> Line<'static> {
    match stage {
        ActStage::Confirming { .. } => Line::styled(text::say::CONFIRM, theme.attention()),
        ActStage::Filling { missing: Some(name) } => {
            Line::styled(text::acts::missing(*name), theme.trouble())
        }
        ActStage::Filling { missing: None } | ActStage::Written(_) => Line::default(),
    }
}

fn draw_written(
    dialog: &ActDialog,
    event: &Event,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let mut lines = vec![
        Line::styled(text::acts::written(dialog.kind), theme.success()),
        Line::default(),
        Line::styled(text::title::WAS_WRITTEN, theme.title()),
    ];
    lines.extend(event_lines(event, theme));
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
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
        lines.push(pair(name, Span::raw(value), theme));
    }
    let (reason, ticket) = text::acts::why(act);
    // Last, since they may be long.
    lines.extend(beside("ticket (sealed)", ticket, theme));
    lines.extend(beside("reason (sealed)", reason, theme));
    lines
}

/// A name, and beside it a text in as many lines as it takes.
fn beside(name: &str, words: &str, theme: Theme) -> Vec<Line<'static>> {
    let columns = INNER_COLUMNS.saturating_sub(u16::try_from(LABEL_COLUMNS).unwrap_or(0));
    let words = Printable::new(words);
    wrapped(words.as_str(), columns)
        .into_iter()
        .enumerate()
        .map(|(place, line)| pair(if place == 0 { name } else { "" }, Span::raw(line), theme))
        .collect()
}
