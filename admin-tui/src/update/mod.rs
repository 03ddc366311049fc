//! What follows from a message: the whole behaviour of the console, as a pure function.
//!
//! `update` changes the model and says what it wants done. No clock, no network and no terminal
//! are here; the tests drive the console with messages and read the effects.

mod accounts;
mod answers;
mod dialogs;
mod sign_in;

use crossterm::event::{KeyEvent, KeyEventKind};

use crate::effect::Effect;
use crate::keymap::{self, Action};
use crate::message::Message;
use crate::model::{Dialog, Model, Screen};

pub(crate) use dialogs::request as unlock_request;

/// Lines that a page key moves.
pub(crate) const PAGE_LINES: isize = 10;

/// Takes a message in.
pub fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(event) if event.kind == KeyEventKind::Release => Vec::new(),
        Message::Key(event) => key(model, event),
        Message::Paste(text) => {
            if let Some(form) = model.form_mut() {
                form.paste(&text);
            }
            Vec::new()
        }
        Message::Tick(now) => {
            model.now = now;
            Vec::new()
        }
        Message::Answered { number, outcome } => answers::answered(model, number, outcome),
        Message::Stop => quit(model),
    }
}

fn key(model: &mut Model, event: KeyEvent) -> Vec<Effect> {
    match keymap::action(&model.contexts(), event) {
        Some(action) => act(model, action),
        None => {
            if let Some(form) = model.form_mut() {
                form.key(event);
            }
            Vec::new()
        }
    }
}

fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Quit => return quit(model),
        Action::Help => {
            if !matches!(model.dialogs.last(), Some(Dialog::Help { .. })) {
                model.dialogs.push(Dialog::Help { scrolled: 0 });
            }
            return Vec::new();
        }
        // While a call is under way the model must not move away from under its answer. Reading
        // may be given up; an act may not, since nobody would see what became of it.
        Action::Back if model.waiting.as_ref().is_some_and(|waiting| !waiting.call.is_act()) => {
            model.waiting = None;
            return Vec::new();
        }
        Action::Accept | Action::Retry | Action::Back if model.waiting.is_some() => {
            return Vec::new();
        }
        Action::Retry => return retry(model),
        Action::NextField => return in_form(model, crate::model::form::Form::next),
        Action::PreviousField => return in_form(model, crate::model::form::Form::previous),
        Action::TurnOn => return in_form(model, |form| form.turn(true)),
        Action::TurnBack => return in_form(model, |form| form.turn(false)),
        _ => {}
    }
    if model.dialogs.last().is_some() {
        return dialogs::act(model, action);
    }
    match &model.screen {
        Screen::SignIn(_) => sign_in::act(model, action),
        Screen::SetUp(_) => sign_in::act_set_up(model, action),
        Screen::Enrol(_) => sign_in::act_enrol(model, action),
        Screen::Accounts(_) => accounts::act_list(model, action),
        Screen::Account(_) => accounts::act_account(model, action),
    }
}

fn in_form(model: &mut Model, change: impl FnOnce(&mut crate::model::form::Form)) -> Vec<Effect> {
    if let Some(form) = model.form_mut() {
        change(form);
    }
    Vec::new()
}

/// Tries again what failed; where nothing did, loads the screen anew.
fn retry(model: &mut Model) -> Vec<Effect> {
    let failed = model.trouble.as_ref().and_then(|trouble| trouble.retry.clone());
    let call = failed.or_else(|| match (&model.screen, model.dialogs.is_empty()) {
        (Screen::Accounts(accounts), true) => accounts.shows.call(),
        (Screen::Account(account), true) => {
            Some(crate::effect::Call::OpenAccount { account: account.id })
        }
        _ => None,
    });
    call.map_or_else(Vec::new, |call| model.send(call))
}

fn quit(model: &mut Model) -> Vec<Effect> {
    vec![Effect::Quit { bearer: model.operator.take().map(|operator| operator.token) }]
}
