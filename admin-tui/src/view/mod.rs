//! Drawing: the model as a frame, and nothing else.
//!
//! From the top: a bar that says where one is and who one is, the screen, a line that says what
//! goes on, the keys of the moment, the screens. Dialogs lie over the screen. Nothing here changes
//! the model, and every foreign text comes as [`crate::printable::Printable`].

mod account;
mod accounts;
mod acts;
mod chart;
mod dialogs;
mod fit;
mod foot;
mod forms;
mod live;
mod log;
mod operators;
mod removals;
mod sign_in;
mod state;
mod statistics;
mod travel;

use countersign_api::contract::id::AccountId;
use ratatui::Frame;
use ratatui::layout::{Constraint, Flex, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Wrap};

use crate::model::form::Form;
use crate::model::{Dialog, Enrol, Model, Screen};
use crate::printable::Printable;
use crate::qr_code;
use crate::text;
use crate::theme::Theme;
use fit::{begun, cut, wrapped};

/// The smallest terminal that everything fits in.
pub const COLUMNS_MIN: u16 = 80;
/// The smallest terminal that everything fits in.
pub const ROWS_MIN: u16 = 24;

/// Draws the model.
pub fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < COLUMNS_MIN || area.height < ROWS_MIN {
        let words =
            format!("{} This one has {} and {}.", text::say::TOO_SMALL, area.width, area.height);
        frame.render_widget(Paragraph::new(words).wrap(Wrap { trim: true }), area);
        return;
    }
    let area = draw_code_of_offer(model, theme, frame, area);
    let foot = foot::Foot::new(model, theme, area);
    let [bar, body, below] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(foot.rows()),
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
        Screen::Lockouts(screen) => accounts::draw_lockouts(model, screen, theme, frame, body),
        Screen::Removals(screen) => removals::draw(model, screen, theme, frame, body),
        Screen::Live => live::draw(model, theme, frame, body),
        Screen::Statistics(screen) => statistics::draw(model, screen, theme, frame, body),
        Screen::Log(screen) => log::draw(model, screen, theme, frame, body),
        Screen::Operators(screen) => operators::draw(model, screen, theme, frame, body),
    }
    for (place, dialog) in model.dialogs.iter().enumerate() {
        match dialog {
            Dialog::Act(act) => {
                let proof = proof_over(model, place);
                acts::draw(model, act, proof, theme, frame, body);
            }
            // It stands within the act that it is for.
            Dialog::StepUp { .. } if is_over_act(model, place) => {}
            Dialog::Travel(travel) => travel::draw(model, travel, theme, frame, body),
            other => dialogs::draw(model, other, theme, frame, body),
        }
    }
    foot.draw(theme, frame, below);
}

/// The form of the fresh code that lies right over a dialog.
fn proof_over(model: &Model, place: usize) -> Option<&Form> {
    match model.dialogs.get(place + 1)? {
        Dialog::StepUp { form, .. } => Some(form),
        _ => None,
    }
}

fn is_over_act(model: &Model, place: usize) -> bool {
    let below = place.checked_sub(1).and_then(|below| model.dialogs.get(below));
    matches!(below, Some(Dialog::Act(_)))
}

fn draw_bar(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Block::new().style(theme.header()), area);
    let left = Line::from(format!(" {}", text::NAME));
    let room = usize::from(area.width).saturating_sub(left.width() + 1);
    frame.render_widget(left, area);
    // Where there is no room for all of it, less: a cut address would be worse than none.
    let right = who_and_where(model, room).into_iter().map(Line::from);
    if let Some(right) = right.into_iter().find(|right| right.width() <= room) {
        frame.render_widget(right.right_aligned(), area);
    }
}

/// Who is signed in, where, and for which ticket: all of it, then less and less.
fn who_and_where(model: &Model, room: usize) -> Vec<String> {
    if let Some(archive) = &model.archive {
        return text::archive(archive);
    }
    let Some(operator) = &model.operator else { return vec![format!("{} ", model.server)] };
    let who = match operator.role {
        Some(role) => format!("{} ({})", operator.login, text::role(role)),
        None => operator.login.to_string(),
    };
    let place = &model.server;
    if model.ticket.is_empty() {
        return vec![format!("{who} at {place} "), format!("{who} ")];
    }
    let ticket = Printable::new(&model.ticket);
    vec![
        format!("ticket {ticket}   {who} at {place} "),
        format!("ticket {ticket}   {who} "),
        format!("ticket {ticket} "),
        // What everything is for is always seen, if only its beginning.
        format!("ticket {} ", begun(ticket.as_str(), room.saturating_sub(TICKET_AROUND_COLUMNS))),
    ]
}

/// Columns of the words around a ticket in the bar.
const TICKET_AROUND_COLUMNS: usize = 8;

/// The beginning of an account's id: what is masked alike is told apart by it.
fn short_id(id: AccountId) -> String {
    id.to_string().chars().take(SHORT_ID_COLUMNS.into()).collect()
}

/// Columns of the beginning of an id.
const SHORT_ID_COLUMNS: u16 = 8;

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
const LABEL_LENGTH: u16 = 16;
const LABEL_COLUMNS: usize = LABEL_LENGTH as usize;

/// What stands in a list or box before there is anything to show.
fn draw_instead(words: &str, block: Block<'_>, frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Paragraph::new(words).wrap(Wrap { trim: true }).block(block), area);
}

/// The words for something that is not there yet: on its way, or not to be had.
fn not_there(model: &Model) -> &'static str {
    if model.waiting.is_some() { text::say::LOADING } else { text::say::NOT_LOADED }
}
