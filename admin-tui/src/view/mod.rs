//! Drawing: the model as a frame, and nothing else.
//!
//! From the top: a bar that says where one is and who one is, the screen, a line that says what
//! goes on, the keys of the moment. Dialogs lie over the screen. Nothing here changes the model,
//! and every foreign text comes as [`crate::printable::Printable`].

mod account;
mod accounts;
mod dialogs;
mod forms;
mod sign_in;

use ratatui::Frame;
use ratatui::layout::{Constraint, Flex, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Wrap};

use crate::keymap;
use crate::model::{Enrol, Model, Screen};
use crate::qr_code;
use crate::text;
use crate::theme::Theme;

/// The smallest terminal that everything fits in.
pub const COLUMNS_MIN: u16 = 80;
/// The smallest terminal that everything fits in.
pub const ROWS_MIN: u16 = 24;

/// Draws the model.
pub fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < COLUMNS_MIN || area.height < ROWS_MIN {
        let words = Paragraph::new(text::say::TOO_SMALL).wrap(Wrap { trim: true });
        frame.render_widget(words, area);
        return;
    }
    let area = draw_code_of_offer(model, theme, frame, area);
    let words = status_words(model);
    let rows = wrapped(&words.0, area.width.saturating_sub(2)).len().min(STATUS_ROWS_MAX);
    let [bar, body, status, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(u16::try_from(rows).unwrap_or(1)),
        Constraint::Length(1),
    ])
    .areas(area);
    draw_bar(model, theme, frame, bar);
    match &model.screen {
        Screen::SignIn(screen) => sign_in::draw(screen, theme, frame, body),
        Screen::SetUp(form) => sign_in::draw_set_up(form, theme, frame, body),
        Screen::Enrol(enrol) => {
            let code_is_beside = area.x > 0;
            sign_in::draw_enrol(enrol, code_is_beside, theme, frame, body);
        }
        Screen::Accounts(screen) => accounts::draw(model, screen, theme, frame, body),
        Screen::Account(screen) => account::draw(model, screen, theme, frame, body),
    }
    for dialog in &model.dialogs {
        dialogs::draw(model, dialog, theme, frame, body);
    }
    draw_status(words, theme, frame, status);
    draw_keys(model, theme, frame, keys);
}

fn draw_bar(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Block::new().style(theme.header()), area);
    let left = format!(" {}", text::NAME);
    let right = match &model.operator {
        Some(operator) => format!("{} at {} ", operator.login, model.server),
        None => format!("{} ", model.server),
    };
    let (left, right) = (Line::from(left), Line::from(right).right_aligned());
    let both = left.width() + right.width() < usize::from(area.width);
    frame.render_widget(left, area);
    // Where there is no room for both, a cut address would be worse than none.
    if both {
        frame.render_widget(right, area);
    }
}

/// Rows of the line that says what goes on, at most.
const STATUS_ROWS_MAX: usize = 3;

/// How a text is meant.
enum Tone {
    Attention,
    Trouble,
    Success,
}

/// What is under way, what went wrong, or what went well.
fn status_words(model: &Model) -> (String, Tone) {
    if let Some(waiting) = &model.waiting {
        let words = if waiting.call.is_act() { text::say::WRITING } else { text::say::WAITING };
        (words.to_owned(), Tone::Attention)
    } else if let Some(trouble) = &model.trouble {
        (text::failure(&trouble.failure), Tone::Trouble)
    } else {
        (model.notice.unwrap_or_default().to_owned(), Tone::Success)
    }
}

fn draw_status((words, tone): (String, Tone), theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let style = match tone {
        Tone::Attention => theme.attention(),
        Tone::Trouble => theme.trouble(),
        Tone::Success => theme.success(),
    };
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let lines: Vec<Line<'_>> =
        wrapped(&words, inner.width).into_iter().map(|line| Line::styled(line, style)).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

/// Columns of all else beside a QR code, at least.
const BESIDE_COLUMNS: u16 = 34;

/// Draws the QR code of an offer at the full height of the screen, and says what is left of it:
/// all rows of a small terminal are needed. Where it does not fit, nothing is drawn.
fn draw_code_of_offer(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) -> Rect {
    let Screen::Enrol(Enrol::Offered { uri, .. }) = &model.screen else { return area };
    if !model.dialogs.is_empty() {
        return area;
    }
    let code = qr_code::half_blocks(uri).unwrap_or_default();
    let columns = code.first().map_or(0, |line| line.chars().count());
    let (Ok(columns), Ok(rows)) = (u16::try_from(columns), u16::try_from(code.len())) else {
        return area;
    };
    if rows > area.height || columns.saturating_add(BESIDE_COLUMNS) > area.width {
        return area;
    }
    let [left, beside] =
        Layout::horizontal([Constraint::Length(columns), Constraint::Fill(1)]).areas(area);
    let lines: Vec<Line<'_>> = code.into_iter().map(Line::from).collect();
    let left = Rect { height: rows, ..left };
    frame.render_widget(Paragraph::new(lines).style(theme.qr_code()), left);
    beside
}

fn draw_keys(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let mut spans = vec![Span::raw(" ")];
    let mut width = 1;
    for (key, words) in keymap::footer(&model.contexts()) {
        let pair = [Span::styled(key, theme.key()), Span::raw(format!(" {words}  "))];
        width += pair.iter().map(Span::width).sum::<usize>();
        // Whole pairs only: half a word would be no help.
        if width > usize::from(area.width) + 2 {
            break;
        }
        spans.extend(pair);
    }
    frame.render_widget(Line::from(spans), area);
}

/// A box with a title.
fn boxed(title: &str, theme: Theme) -> Block<'static> {
    Block::bordered()
        .border_style(theme.frame())
        .title(Span::styled(format!(" {title} "), theme.title()))
}

/// An area in the middle of another.
fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let [row] = Layout::vertical([Constraint::Length(height)]).flex(Flex::Center).areas(area);
    let [middle] = Layout::horizontal([Constraint::Length(width)]).flex(Flex::Center).areas(row);
    middle
}

/// A name and a value.
fn pair<'a>(label: &str, value: impl Into<Span<'a>>, theme: Theme) -> Line<'a> {
    Line::from(vec![Span::styled(format!("{label:<LABEL_COLUMNS$}"), theme.label()), value.into()])
}

/// Columns of the names beside values.
const LABEL_COLUMNS: usize = 16;

/// A text in lines of a width, broken at spaces; a word that is longer is cut.
fn wrapped(words: &str, width: u16) -> Vec<String> {
    let width = usize::from(width.max(1));
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        let mut rest: String = word.to_owned();
        let needed = Span::raw(line.as_str()).width() + 1 + Span::raw(word).width();
        if !line.is_empty() && needed > width {
            lines.push(std::mem::take(&mut line));
        }
        while Span::raw(rest.as_str()).width() > width {
            let tail = rest.chars().skip(width).collect();
            lines.push(rest.chars().take(width).collect());
            rest = tail;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&rest);
    }
    lines.push(line);
    lines
}
