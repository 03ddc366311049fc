//! Going from one screen to another, and the screens that are lists or numbers.

use crate::effect::{Effect, Look};
use crate::keymap::{Action, Place};
use crate::message::Answer;
use crate::model::act::{ActDialog, ActKind};
use crate::model::operators::Operators;
use crate::model::statistics::next_window;
use crate::model::{Dialog, Lockouts, LogScreen, Model, Removals, Screen, StatisticsScreen};
use crate::update::{PAGE_LINES, account, live, look_of};

/// Goes to a screen. What was being read elsewhere is given up.
pub(super) fn go(model: &mut Model, place: Place) -> Vec<Effect> {
    // An act under way must not be left: nobody would see what became of it.
    if model.waiting.as_ref().is_some_and(|waiting| waiting.call.is_act()) {
        return Vec::new();
    }
    let mut effects = Vec::new();
    let here = model.screen.place();
    (model.waiting, model.trouble, model.notice) = (None, None, None);
    model.forget_quiet();
    model.dialogs.clear();
    if here == Some(Place::Live) && place != Place::Live {
        effects.extend(live::leave(model));
    }
    keep_accounts(model);
    let to = match place {
        // From wherever, and whichever account is open: the next caller is named in full.
        Place::Accounts => {
            let mut accounts = model.desk.take().unwrap_or_else(|| Box::new(model.accounts()));
            accounts.search_anew();
            Screen::Accounts(*accounts)
        }
        Place::Lockouts => Screen::Lockouts(Lockouts::default()),
        Place::Removals => Screen::Removals(Removals::default()),
        Place::Live => Screen::Live,
        Place::Statistics => Screen::Statistics(StatisticsScreen::default()),
        Place::Log => Screen::Log(LogScreen::default()),
        Place::Operators => Screen::Operators(Operators::default()),
    };
    model.screen = to;
    effects.extend(enter(model));
    effects
}

/// Goes to the first screen that the role may see, where it may not see this one.
pub(super) fn begin_where_allowed(model: &mut Model) -> Vec<Effect> {
    let forbidden = |place: Place| !model.may_see(place);
    if !model.screen.place().is_some_and(forbidden) {
        return Vec::new();
    }
    let first = [Place::Live, Place::Statistics].into_iter().find(|place| model.may_see(*place));
    first.map_or_else(Vec::new, |place| go(model, place))
}

/// Keeps the list of accounts that is left, or that an open account leads back to.
fn keep_accounts(model: &mut Model) {
    let list = match &model.screen {
        Screen::Accounts(accounts) => Some(accounts),
        Screen::Account(screen) => match &*screen.back {
            Screen::Accounts(accounts) => Some(accounts),
            _ => None,
        },
        _ => None,
    };
    if let Some(list) = list {
        model.desk = Some(Box::new(list.clone()));
    }
}

/// Asks for what the screen shows, unless it is there already.
fn enter(model: &mut Model) -> Vec<Effect> {
    let look = match &model.screen {
        Screen::Live => return model.follow(),
        Screen::Accounts(_) => None,
        _ => look_of(model),
    };
    look.map_or_else(Vec::new, |look| model.send(look))
}

/// Asks for what the screen shows, where that is not there: one comes back to it from elsewhere.
pub(super) fn fill(model: &mut Model) -> Vec<Effect> {
    let is_there = match &model.screen {
        Screen::Lockouts(screen) => screen.hits.is_some(),
        Screen::Removals(screen) => screen.removals.is_some(),
        _ => false,
    };
    if is_there { Vec::new() } else { enter(model) }
}

fn moved(selected: &mut usize, count: usize, action: Action) -> Vec<Effect> {
    let lines = match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -PAGE_LINES,
        Action::PageDown => PAGE_LINES,
        _ => 0,
    };
    *selected = selected.saturating_add_signed(lines).min(count.saturating_sub(1));
    Vec::new()
}

pub(super) fn act_lockouts(model: &mut Model, action: Action) -> Vec<Effect> {
    let Screen::Lockouts(screen) = &mut model.screen else { return Vec::new() };
    let hits = screen.hits.as_deref().unwrap_or_default();
    if action != Action::Accept {
        return moved(&mut screen.selected, hits.len(), action);
    }
    match hits.get(screen.selected).map(|hit| hit.id) {
        Some(id) => account::open(model, id),
        None => Vec::new(),
    }
}

pub(super) fn act_removals(model: &mut Model, action: Action) -> Vec<Effect> {
    let Screen::Removals(screen) = &mut model.screen else { return Vec::new() };
    let count = screen.removals.as_ref().map_or(0, Vec::len);
    let Some(removal) = screen.selected().cloned() else { return Vec::new() };
    match action {
        Action::Accept => account::open(model, removal.account),
        Action::Begin(kind @ (ActKind::Approve | ActKind::Cancel)) => {
            let act = ActDialog::on_request(kind, removal, &model.ticket);
            model.trouble = None;
            model.dialogs.push(Dialog::Act(act));
            Vec::new()
        }
        _ => moved(&mut screen.selected, count, action),
    }
}

pub(super) fn act_operators(model: &mut Model, action: Action) -> Vec<Effect> {
    let Screen::Operators(screen) = &mut model.screen else { return Vec::new() };
    let count = screen.listed.as_ref().map_or(0, Vec::len);
    moved(&mut screen.selected, count, action)
}

pub(super) fn act_statistics(model: &mut Model, action: Action) -> Vec<Effect> {
    let Screen::Statistics(screen) = &mut model.screen else { return Vec::new() };
    if action != Action::Span {
        return Vec::new();
    }
    screen.window = next_window(screen.window);
    screen.numbers = None;
    let window = screen.window;
    // Whatever was on its way is about another window.
    model.forget_quiet();
    model.send(Look::Statistics { window })
}

/// What one of these screens shows has come.
pub(super) fn came(model: &mut Model, answer: Answer) -> Vec<Effect> {
    let now = Some(model.as_of());
    match (&mut model.screen, answer) {
        (Screen::Lockouts(screen), Answer::Found(hits)) => {
            screen.selected = screen.selected.min(hits.len().saturating_sub(1));
            (screen.hits, screen.as_of) = (Some(hits), now);
        }
        (Screen::Removals(screen), Answer::Removals(mut removals)) => {
            removals.sort_by_key(|removal| removal.runs_at);
            // The same removal stays selected, wherever it stands now.
            let id = screen.selected().map(|removal| removal.id);
            let place = removals.iter().position(|removal| Some(removal.id) == id);
            screen.selected = place.unwrap_or(0);
            (screen.removals, screen.as_of) = (Some(removals), now);
        }
        (Screen::Statistics(screen), Answer::Statistics(numbers))
            if numbers.window == screen.window =>
        {
            (screen.numbers, screen.as_of) = (Some(numbers), now);
        }
        (Screen::Log(screen), Answer::LogHealth(health)) => {
            (screen.health, screen.as_of) = (Some(health), now);
        }
        (Screen::Operators(screen), Answer::Operators(listed)) => {
            screen.selected = screen.selected.min(listed.len().saturating_sub(1));
            (screen.listed, screen.as_of) = (Some(listed), now);
        }
        _ => {}
    }
    Vec::new()
}
