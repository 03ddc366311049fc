//! What lies over a screen to be read, and the small forms. Acts and time travel are elsewhere.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph, Wrap};

use super::state::Words;
use super::{boxed, centred, fit, forms, pair, wrapped};
use crate::keymap::{Binding, Context, KEYMAP};
use crate::model::account::{Account, Event};
use crate::model::form::Form;
use crate::model::live::LiveLine;
use crate::model::{AccountScreen, Dialog, Model, Screen};
use crate::text;
use crate::theme::Theme;

/// Columns of a dialog.
pub(super) const DIALOG_COLUMNS: u16 = 76;

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
            let lines = event_lines(event, theme);
            let rows = rows_of(&lines);
            draw_lines(text::title::EVENT, lines, (rows, *scrolled), theme, frame, area);
        }
        Dialog::LiveLine(line) => {
            let lines = live_lines(line, theme);
            let rows = rows_of(&lines);
            draw_lines(text::title::EVENT, lines, (rows, 0), theme, frame, area);
        }
        Dialog::Why { scrolled } => {
            let lines = of_account(model, theme).map(|(words, of)| words.why(of));
            let lines = lines.unwrap_or_default();
            let rows = rows_of(&lines);
            draw_lines(text::title::WHY, lines, (rows, *scrolled), theme, frame, area);
        }
        Dialog::Whole { scrolled } => {
            let lines = of_account(model, theme).map(|(words, of)| words.whole(of));
            let lines = lines.unwrap_or_default();
            let rows = rows_of(&lines);
            draw_lines(text::title::WHOLE, lines, (rows, *scrolled), theme, frame, area);
        }
        Dialog::EventFilter(form) | Dialog::LiveFilter(form) => {
            draw_form(text::title::FILTER, "", form, theme, frame, area);
        }
        Dialog::Ticket(form) => {
            draw_form(text::title::TICKET, text::say::TICKET, form, theme, frame, area);
        }
        Dialog::StepUp { form, .. } => {
            draw_form(text::title::STEP_UP, text::say::STEP_UP, form, theme, frame, area);
        }
        // Drawn by modules of their own.
        Dialog::Act(_) | Dialog::Travel(_) => {}
    }
}

/// Clears the middle of the area and frames it.
pub(super) fn open(
    title: &str,
    height: u16,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) -> Rect {
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

/// Columns within a dialog.
pub(super) const INNER_COLUMNS: u16 = DIALOG_COLUMNS - 4;
/// Columns that the indentation of data may take from a line.
const INDENTED_COLUMNS: u16 = 6;

/// Rows that lines take in a dialog, at most.
fn wrapped_rows(lines: &[Line<'_>]) -> usize {
    let rows_of_line = |line: &Line<'_>| {
        let words = line.to_string();
        let fits = fit::width(&words) <= usize::from(INNER_COLUMNS);
        if fits { 1 } else { wrapped(&words, INNER_COLUMNS - INDENTED_COLUMNS).len() }
    };
    lines.iter().map(rows_of_line).sum()
}

/// Rows of a dialog with these lines.
pub(super) fn rows_of(lines: &[Line<'_>]) -> u16 {
    u16::try_from(wrapped_rows(lines)).unwrap_or(u16::MAX).saturating_add(2)
}

/// Lines to read, with how high the dialog is and how far they are scrolled.
pub(super) fn draw_lines(
    title: &str,
    lines: Vec<Line<'_>>,
    (rows, scrolled): (u16, usize),
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let inner = open(title, rows, theme, frame, area);
    // The last lines stay in sight, however far one scrolls.
    let below = wrapped_rows(&lines).saturating_sub(usize::from(inner.height));
    let scrolled = scrolled.min(below);
    let words = Paragraph::new(lines).wrap(Wrap { trim: false });
    frame.render_widget(words.scroll((scroll(scrolled), 0)), inner);
    if scrolled < below {
        draw_on_edge(Line::styled(text::MORE_BELOW, theme.key()).right_aligned(), frame, inner);
    }
}

/// A few words on the lower edge of a dialog.
pub(super) fn draw_on_edge(words: Line<'_>, frame: &mut Frame<'_>, inner: Rect) {
    frame.render_widget(words, Rect { y: inner.bottom(), height: 1, ..inner });
}

/// The account on the screen, and what its words are drawn with.
fn of_account(model: &Model, theme: Theme) -> Option<(Words<'_>, &Account)> {
    let words = Words { model, theme, width: INNER_COLUMNS };
    match &model.screen {
        Screen::Account(AccountScreen { account: Some(account), .. }) => {
            Some((words, account.as_ref()))
        }
        _ => None,
    }
}

/// The whole keymap: first what holds where one is, then the rest.
fn draw_help(model: &Model, scrolled: usize, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let mut contexts = model.contexts_below(model.dialogs.len().saturating_sub(1));
    contexts.extend(
        Context::ALL.into_iter().filter(|other| !contexts.contains(other)).collect::<Vec<_>>(),
    );
    let mut lines: Vec<Line<'static>> = Vec::new();
    for context in &contexts {
        let here = KEYMAP.iter().filter(|binding| binding.context == *context);
        let here = here.filter(|binding| binding.holds(&contexts));
        let here: Vec<&Binding> = here.filter(|binding| model.may_use(binding)).collect();
        if !here.is_empty() {
            lines.push(Line::styled(text::context(*context), theme.title()));
            lines.extend(here.into_iter().map(|binding| help_line(binding, theme)));
        }
    }
    draw_lines(text::title::HELP, lines, (area.height, scrolled), theme, frame, area);
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
    ];
    if let Some((count, since)) = event.looks {
        let words = format!("{count}, the first at {} UTC", text::time(since));
        lines.push(pair("Looks", Span::raw(words), theme));
    }
    lines.extend([Line::default(), Line::from(event.explanation.as_str()), Line::default()]);
    lines.extend(event.data.iter().map(|line| Line::from(line.as_str())));
    lines
}

/// A line of the log as it grows, whole: it holds no more than this.
fn live_lines(line: &LiveLine, theme: Theme) -> Vec<Line<'_>> {
    let about = format!("{} {}", text::stream(line.stream), line.hint);
    vec![
        pair("Event", Span::styled(line.event_type.as_str(), theme.strong()), theme),
        pair("Position", Span::raw(text::number(line.position)), theme),
        pair("About", Span::raw(about), theme),
        pair("Revision", Span::raw(line.revision.to_string()), theme),
        pair("At", Span::raw(format!("{} UTC", text::time(line.at))), theme),
        pair("By", Span::raw(line.by), theme),
        Line::default(),
        Line::from(line.explanation.as_str()),
    ]
}

/// A small form with a sentence above it.
fn draw_form(
    title: &str,
    words: &str,
    form: &Form,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let words: Vec<Line<'_>> = match words {
        "" => Vec::new(),
        words => wrapped(words, INNER_COLUMNS).into_iter().map(Line::from).collect(),
    };
    let said = u16::try_from(words.len()).unwrap_or(0);
    let gap = u16::from(said > 0);
    let fields = u16::try_from(form.fields().count()).unwrap_or(1);
    let rows = said + gap + fields + 4;
    let inner = open(title, rows, theme, frame, area);
    let [_, above, _, below] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(said),
        Constraint::Length(gap),
        Constraint::Fill(1),
    ])
    .areas(inner);
    frame.render_widget(Paragraph::new(words), above);
    forms::draw(form, theme, frame, below);
    if let Some((name, most)) = form.overflowed() {
        let words = Line::styled(format!(" {} ", text::too_long(name, most)), theme.trouble());
        draw_on_edge(words, frame, inner);
    }
}
