//! What follows from a message: the whole behaviour of the console, as a pure function.
//!
//! `update` changes the model and says what it wants done. No clock, no network and no terminal
//! are here; the tests drive the console with messages and read the effects.

mod account;
mod accounts;
mod acts;
mod answers;
mod clock;
mod dialogs;
mod live;
mod screens;
mod sign_in;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::effect::{Effect, Look};
use crate::keymap::{self, Action, Place};
use crate::message::Message;
use crate::model::act::ActStage;
use crate::model::form::Entry;
use crate::model::{Dialog, Model, Screen};
use crate::text;

pub(crate) use clock::is_resting;
pub use clock::{AGAIN_SECONDS, REST_AFTER};

/// Lines that a page key moves.
pub(crate) const PAGE_LINES: isize = 10;

/// Takes a message in.
pub fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(event) if event.kind == KeyEventKind::Release => Vec::new(),
        Message::Key(event) => {
            model.last_key_at = model.now;
            key(model, event)
        }
        Message::Paste(text) => {
            model.last_key_at = model.now;
            accounts::begin_search(model);
            say_of_choice(model);
            if let Some(form) = model.form_mut() {
                form.paste(&text);
            }
            accounts::take_for_address(model, text.contains('@'));
            Vec::new()
        }
        Message::Tick(now) => clock::tick(model, now),
        Message::Drawn => {
            if let Some(Dialog::Act(act)) = model.dialogs.last_mut()
                && let ActStage::Confirming { drawn, .. } = &mut act.stage
            {
                *drawn = true;
            }
            Vec::new()
        }
        Message::Followed { number, what } => live::followed(model, number, what),
        Message::Answered { number, outcome } => answers::answered(model, number, outcome),
        Message::Stop => quit(model),
    }
}

fn key(model: &mut Model, event: KeyEvent) -> Vec<Effect> {
    let action = keymap::action(&model.contexts(), event);
    if let Some(Dialog::Act(dialog)) = model.dialogs.last_mut() {
        // Only an Esc right after the first one drops what was typed.
        dialog.dropping &= action == Some(Action::Back);
    }
    match action {
        Some(action) => {
            // It was about what was there before.
            model.notice = None;
            act(model, action)
        }
        None => {
            if is_typed(event) {
                accounts::begin_search(model);
                say_of_choice(model);
            }
            if let Some(form) = model.form_mut() {
                form.key(event);
            }
            accounts::take_for_address(model, matches!(event.code, KeyCode::Char('@')));
            Vec::new()
        }
    }
}

/// What is typed into a choice goes nowhere, and that is said.
fn say_of_choice(model: &mut Model) {
    let focused = model.form_mut().and_then(|form| form.focused());
    if matches!(focused, Some((_, Entry::Choice(_)))) {
        model.say(text::say::CHOOSE_BY_ARROWS);
    }
}

/// Whether the key types something.
fn is_typed(event: KeyEvent) -> bool {
    let is_chord = event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    matches!(event.code, KeyCode::Char(character) if !character.is_control()) && !is_chord
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
        // The keys are told of over anything, and leave it as it was.
        Action::Back if matches!(model.dialogs.last(), Some(Dialog::Help { .. })) => {
            model.dialogs.pop();
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
        Action::Go(place) if !model.may_see(place) => {
            sign_in::refuse(model, text::say::ROLE_MAY_NOT);
            return Vec::new();
        }
        Action::Go(place) => return screens::go(model, place),
        Action::Ticket if !model.may_see(Place::Accounts) => {
            sign_in::refuse(model, text::say::ROLE_MAY_NOT);
            return Vec::new();
        }
        Action::Ticket => return dialogs::ask_ticket(model),
        Action::OpenAccount => return live::open_account(model),
        Action::Begin(kind) if !model.may(kind) => {
            sign_in::refuse(model, text::say::ROLE_MAY_NOT);
            return Vec::new();
        }
        Action::Begin(kind) => {
            if let Some(why) = model.why_not(kind) {
                sign_in::refuse(model, why);
                return Vec::new();
            }
        }
        Action::NextField => return in_form(model, crate::model::form::Form::next),
        Action::PreviousField => return in_form(model, crate::model::form::Form::previous),
        Action::Empty => return in_form(model, crate::model::form::Form::clear_focused),
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
        Screen::Accounts(_) => accounts::act(model, action),
        Screen::Account(_) => account::act(model, action),
        Screen::Lockouts(_) => screens::act_lockouts(model, action),
        Screen::Removals(_) => screens::act_removals(model, action),
        Screen::Live => live::act(model, action),
        Screen::Statistics(_) => screens::act_statistics(model, action),
        Screen::Log(_) => Vec::new(),
        Screen::Operators(_) => screens::act_operators(model, action),
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
    match failed {
        Some(call) => model.send(call),
        None => load_anew(model),
    }
}

/// Loads anew what is on the screen.
fn load_anew(model: &mut Model) -> Vec<Effect> {
    match model.dialogs.last() {
        None => {}
        Some(Dialog::Travel(travel)) => {
            let (account, revision) = (travel.account, travel.revision);
            let ticket = model.ticket();
            return model.send(Look::Travel { account, revision, ticket });
        }
        Some(_) => return Vec::new(),
    }
    if matches!(model.screen, Screen::Live) {
        return model.follow();
    }
    look_of(model).map_or_else(Vec::new, |look| model.send(look))
}

/// What fills the screen.
fn look_of(model: &Model) -> Option<Look> {
    match &model.screen {
        Screen::Accounts(accounts) => accounts.shows.call(model.ticket()),
        Screen::Account(screen) => Some(Look::OpenAccount {
            account: screen.id,
            kind: screen.kind,
            ticket: model.ticket(),
        }),
        Screen::Lockouts(_) => Some(Look::LockedNow),
        Screen::Removals(_) => Some(Look::Removals),
        Screen::Statistics(screen) => Some(Look::Statistics { window: screen.window }),
        Screen::Log(_) => Some(Look::LogHealth),
        Screen::Operators(_) => Some(Look::Operators),
        Screen::SignIn(_) | Screen::SetUp(_) | Screen::Enrol(_) | Screen::Live => None,
    }
}

fn quit(model: &mut Model) -> Vec<Effect> {
    let operator = model.operator.take();
    // There is no session in an exported log that could be ended.
    let signed_in = operator.filter(|_| model.archive.is_none());
    vec![Effect::Quit { bearer: signed_in.map(|operator| operator.token) }]
}
