//! The screens before anything else: signing in, setting up, enrolling.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Padding, Paragraph, Wrap};

use super::{boxed, centred, forms, wrapped};
use crate::model::form::Form;
use crate::model::{Enrol, SignIn};
use crate::text;
use crate::theme::Theme;
use countersign_api::contract::secret::Secret;

/// Columns of the box of a short form.
const BOX_COLUMNS: u16 = 72;

pub(super) fn draw(screen: &SignIn, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let (title, words) = match screen.question {
        Some(_) => (text::title::CODE, text::say::CODE),
        None => (text::title::SIGN_IN, text::say::SIGN_IN),
    };
    draw_short(title, words, &screen.form, theme, frame, area);
}

pub(super) fn draw_set_up(form: &Form, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    draw_short(text::title::SET_UP, text::say::SET_UP, form, theme, frame, area);
}

/// A box in the middle: some words, then the form.
fn draw_short(
    title: &str,
    words: &str,
    form: &Form,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let width = BOX_COLUMNS - 4;
    let words_height = u16::try_from(wrapped(words, width).len()).unwrap_or(1);
    let fields = u16::try_from(form.fields().count()).unwrap_or(1);
    let around = centred(area, BOX_COLUMNS, words_height + fields + 5);
    let block = boxed(title, theme);
    let inner = block.inner(around);
    frame.render_widget(block, around);
    let inner = Rect { x: inner.x + 1, width: inner.width - 2, ..inner };
    let [_, above, _, below] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(words_height),
        Constraint::Length(1),
        Constraint::Fill(1),
    ])
    .areas(inner);
    frame.render_widget(Paragraph::new(words).wrap(Wrap { trim: true }), above);
    forms::draw(form, theme, frame, below);
}

pub(super) fn draw_enrol(
    enrol: &Enrol,
    code_is_beside: bool,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    match enrol {
        Enrol::Asked { .. } => {
            let around = centred(area, BOX_COLUMNS, 5);
            let words = Paragraph::new(text::say::ENROL_ASKED)
                .block(boxed(text::title::ENROL, theme))
                .centered();
            frame.render_widget(words, around);
        }
        Enrol::Offered { secret, uri, form, .. } => {
            let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
            let [above, below] =
                Layout::vertical([Constraint::Fill(1), Constraint::Length(2)]).areas(inner);
            let lines = offer_lines(secret, uri, code_is_beside, theme, inner.width);
            frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: true }), above);
            forms::draw(form, theme, frame, below);
        }
        Enrol::Done { recovery_codes } => draw_codes(recovery_codes, theme, frame, area),
    }
}

/// From this width on there is room for the URI beside the code.
const URI_COLUMNS: u16 = 60;

fn offer_lines(
    secret: &Secret,
    uri: &Secret,
    code_is_beside: bool,
    theme: Theme,
    width: u16,
) -> Vec<Line<'static>> {
    let mut lines = vec![
        Line::styled(text::title::ENROL, theme.title()),
        Line::default(),
        Line::from(text::say::ENROL),
        Line::default(),
    ];
    if !code_is_beside {
        lines.push(Line::styled(text::say::QR_TOO_LARGE, theme.attention()));
        lines.push(Line::default());
    }
    lines.push(Line::styled("Key", theme.label()));
    lines.push(Line::styled(grouped(secret), theme.strong()));
    if !code_is_beside || width >= URI_COLUMNS {
        lines.push(Line::default());
        lines.push(Line::styled("URI", theme.label()));
        lines.push(Line::from(crate::printable::Printable::new(uri.reveal()).to_string()));
    }
    lines
}

/// Characters of a group of a key.
const GROUP_CHARS: usize = 4;

/// The key in groups, as people read it aloud and type it.
fn grouped(secret: &Secret) -> String {
    let shown = crate::printable::Printable::new(secret.reveal()).to_string();
    let characters: Vec<char> = shown.chars().collect();
    let groups: Vec<String> =
        characters.chunks(GROUP_CHARS).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

fn draw_codes(codes: &[Secret], theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let mut lines = vec![Line::default(), Line::from(text::say::RECOVERY_CODES), Line::default()];
    lines.extend(codes.iter().enumerate().map(|(place, code)| {
        let code = crate::printable::Printable::new(code.reveal());
        Line::styled(format!("{:>4}  {code}", place + 1), theme.strong())
    }));
    let height = u16::try_from(codes.len()).unwrap_or(0) + 9;
    let around = centred(area, BOX_COLUMNS, height.min(area.height));
    let block = boxed(text::title::RECOVERY_CODES, theme).padding(Padding::horizontal(1));
    let words = Paragraph::new(lines).wrap(Wrap { trim: false }).block(block);
    frame.render_widget(words, around);
}
