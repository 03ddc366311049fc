//! What lies over a screen: help, one event, the unlock, the step-up.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph, Wrap};

use super::{boxed, centred, forms, pair};
use crate::keymap::{Binding, Context, KEYMAP};
use crate::model::account::Event;
use crate::model::form::Form;
use crate::model::{Dialog, Model, Screen, Unlock, UnlockStage};
use crate::printable::Printable;
use crate::text;
use crate::theme::Theme;
use crate::update::unlock_request;

/// Columns of a dialog.
const DIALOG_COLUMNS: u16 = 76;
/// Rows of an event's dialog.
const EVENT_ROWS: u16 = 20;

pub(super) fn draw(
    model: &Model,
    dialog: &Dialog,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    match dialog {
        Dialog::Help { scrolled } => draw_help(model, *scrolled, theme, frame, area),
        Dialog::Event { event, scrolled } => {
            let inner = open(text::title::EVENT, EVENT_ROWS, theme, frame, area);
            let words = Paragraph::new(event_lines(event, theme)).wrap(Wrap { trim: false });
            frame.render_widget(words.scroll((scroll(*scrolled), 0)), inner);
        }
        Dialog::Unlock(unlock) => draw_unlock(model, unlock, theme, frame, area),
        Dialog::StepUp { form, .. } => draw_step_up(form, theme, frame, area),
    }
}

/// Clears the middle of the area and frames it.
fn open(title: &str, height: u16, theme: Theme, frame: &mut Frame<'_>, area: Rect) -> Rect {
    let around = centred(area, DIALOG_COLUMNS, height.min(area.height));
    frame.render_widget(Clear, around);
    let block = boxed(title, theme);
    let inner = block.inner(around);
    frame.render_widget(block, around);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

fn scroll(lines: usize) -> u16 {
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// The whole keymap: first what holds where one is, then the rest.
fn draw_help(model: &Model, scrolled: usize, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let inner = open(text::title::HELP, area.height, theme, frame, area);
    let mut contexts = model.contexts_below(model.dialogs.len().saturating_sub(1));
    contexts.extend(
        Context::ALL.into_iter().filter(|other| !contexts.contains(other)).collect::<Vec<_>>(),
    );
    let mut lines: Vec<Line<'static>> = Vec::new();
    for context in contexts {
        lines.push(Line::styled(text::context(context), theme.title()));
        let here = KEYMAP.iter().filter(|binding| binding.context == context);
        lines.extend(here.map(|binding| help_line(binding, theme)));
    }
    frame.render_widget(Paragraph::new(lines).scroll((scroll(scrolled), 0)), inner);
}

/// Columns of the keys in the help.
const KEY_COLUMNS: usize = 16;

fn help_line(binding: &Binding, theme: Theme) -> Line<'static> {
    let keys: Vec<String> = binding.keys.iter().map(|chord| chord.name()).collect();
    let keys = format!("{:<KEY_COLUMNS$} ", keys.join(" "));
    Line::from(vec![Span::styled(keys, theme.key()), Span::raw(binding.long)])
}

/// An event, whole.
pub(super) fn event_lines(event: &Event, theme: Theme) -> Vec<Line<'_>> {
    let mut lines = vec![
        pair("Event", Span::styled(event.event_type.as_str(), theme.strong()), theme),
        pair("Revision", Span::raw(event.revision.to_string()), theme),
        pair("At", Span::raw(format!("{} UTC", text::time(event.at))), theme),
        pair("By", Span::raw(event.by_whom.as_str()), theme),
        Line::default(),
        Line::from(event.explanation.as_str()),
        Line::default(),
    ];
    lines.extend(event.data.iter().map(|line| Line::from(line.as_str())));
    lines
}

fn draw_unlock(model: &Model, unlock: &Unlock, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let inner = open(text::title::UNLOCK, 19, theme, frame, area);
    if let UnlockStage::Written(event) = &unlock.stage {
        let mut lines = vec![
            Line::styled(text::say::WRITTEN, theme.success()),
            Line::default(),
            Line::styled(text::title::WAS_WRITTEN, theme.title()),
        ];
        lines.extend(event_lines(event, theme));
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), inner);
        return;
    }
    let [words, fields, _, preview, hint] = Layout::vertical([
        Constraint::Length(3),
        Constraint::Length(4),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(inner);
    let request = unlock_request(&unlock.form);
    let effect = text::unlocking(request.scope, request.method);
    frame.render_widget(Paragraph::new(effect).wrap(Wrap { trim: true }), words);
    match unlock.stage {
        UnlockStage::Confirming => forms::draw_quiet(&unlock.form, theme, frame, fields),
        _ => forms::draw(&unlock.form, theme, frame, fields),
    };
    let lines = preview_lines(model, &unlock.form, theme);
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), preview);
    let hint_line = match unlock.stage {
        UnlockStage::Confirming => Line::styled(text::say::CONFIRM, theme.attention()),
        UnlockStage::Filling { missing: Some(name) } => {
            Line::styled(text::missing(name), theme.trouble())
        }
        _ => Line::default(),
    };
    frame.render_widget(hint_line, hint);
}

/// The event that will be written, from what the form holds now.
fn preview_lines(model: &Model, form: &Form, theme: Theme) -> Vec<Line<'static>> {
    let request = unlock_request(form);
    let by = model.operator.as_ref().map_or(String::new(), |who| who.login.to_string());
    let account = match &model.screen {
        Screen::Account(screen) => screen.id.to_string(),
        _ => String::new(),
    };
    let method = request.method.map_or("all", text::method_in_log);
    let value = |text: String| Span::raw(text);
    vec![
        Line::styled(text::title::WILL_BE_WRITTEN, theme.title()),
        pair("Event", Span::styled(LOCKOUT_RESET, theme.strong()), theme),
        pair("Account", value(account), theme),
        pair("By", value(format!("operator {by}")), theme),
        pair("scope", Span::raw(text::scope_in_log(request.scope)), theme),
        pair("method", Span::raw(method), theme),
        pair("ticket (sealed)", value(Printable::new(&request.ticket).to_string()), theme),
        // Last, since it may be long.
        pair("reason (sealed)", value(Printable::new(&request.reason).to_string()), theme),
    ]
}

/// The type of the event that an unlock writes.
const LOCKOUT_RESET: &str = "account.lockout_reset";

fn draw_step_up(form: &Form, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let inner = open(text::title::STEP_UP, 9, theme, frame, area);
    let [_, words, _, fields] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(2),
        Constraint::Length(1),
        Constraint::Fill(1),
    ])
    .areas(inner);
    frame.render_widget(Paragraph::new(text::say::STEP_UP).wrap(Wrap { trim: true }), words);
    forms::draw(form, theme, frame, fields);
}
