//! One account: its time line, its past, and what can be done to it.

use countersign_api::contract::id::AccountId;

use crate::effect::{Effect, Look};
use crate::keymap::Action;
use crate::message::Answer;
use crate::model::act::{ActDialog, ActKind};
use crate::model::dialog::event_filter_form;
use crate::model::form::{FieldName, Form};
use crate::model::time_line::TimeLine;
use crate::model::travel::{Moment, Travel};
use crate::model::{AccountScreen, Accounts, Dialog, Model, Screen};
use crate::text;
use crate::update::{PAGE_LINES, screens};

/// Opens an account; the way back leads to the screen that is left.
pub(super) fn open(model: &mut Model, id: AccountId) -> Vec<Effect> {
    let here = std::mem::replace(&mut model.screen, Screen::Accounts(Accounts::new()));
    model.screen = Screen::Account(AccountScreen {
        id,
        account: None,
        kind: None,
        time_line: TimeLine::default(),
        back: Box::new(here),
    });
    model.forget_quiet();
    let ticket = model.ticket();
    let effects = model.send(Look::OpenAccount { account: id, kind: None, ticket });
    // A ticket of the caller before: nobody would notice by the account alone.
    let of_another = model.ticket_account.replace(id).is_some_and(|before| before != id);
    if of_another && !model.ticket.is_empty() {
        model.say(&text::still_for(&model.ticket.clone()));
    }
    effects
}

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let ticket = model.ticket();
    let Screen::Account(screen) = &mut model.screen else { return Vec::new() };
    match action {
        Action::Up => screen.time_line.select(-1),
        Action::Down => screen.time_line.select(1),
        Action::PageUp => screen.time_line.select(-PAGE_LINES),
        Action::PageDown => screen.time_line.select(PAGE_LINES),
        Action::Accept => {
            if let Some(event) = screen.time_line.selected().cloned() {
                model.dialogs.push(Dialog::Event { event, scrolled: 0 });
            }
        }
        Action::Older => {
            if let Some(cursor) = screen.time_line.older() {
                let (account, kind) = (screen.id, screen.kind);
                return model.send(Look::Events { account, kind, cursor: Some(cursor), ticket });
            }
        }
        Action::Newer => {
            if let Some(cursor) = screen.time_line.newer() {
                let (account, kind) = (screen.id, screen.kind);
                return model.send(Look::Events { account, kind, cursor, ticket });
            }
        }
        Action::Filter => {
            let chosen = text::KINDS.iter().position(|(kind, _)| *kind == screen.kind);
            model.dialogs.push(Dialog::EventFilter(event_filter_form(chosen.unwrap_or(0))));
        }
        Action::Why if screen.account.is_some() => {
            model.dialogs.push(Dialog::Why { scrolled: 0 });
        }
        Action::Whole if screen.account.is_some() => {
            model.dialogs.push(Dialog::Whole { scrolled: 0 });
        }
        Action::Travel => return set_out(model),
        Action::Begin(kind) => begin(model, kind),
        Action::Back => {
            model.trouble = None;
            model.screen = (*screen.back).clone();
            return screens::fill(model);
        }
        _ => {}
    }
    Vec::new()
}

/// Begins an act on the account, once its state is there to judge by.
fn begin(model: &mut Model, kind: ActKind) {
    let Screen::Account(AccountScreen { account: Some(account), .. }) = &model.screen else {
        return;
    };
    let whose = account.login.clone().unwrap_or_default();
    let mut act = if kind == ActKind::AskRemoval {
        let factors: Vec<_> =
            account.factors.iter().map(|factor| (factor.id, factor.name.clone())).collect();
        let codes = account.recovery_codes_left > 0;
        ActDialog::removal_of(account.id, whose, &factors, codes, &model.ticket)
    } else {
        ActDialog::new(kind, account.id, whose, &model.ticket)
    };
    // A client app's users have their password there: with them nothing is mailed.
    act.address_proven = account.email_confirmed || account.login.is_none();
    act.can_object = account.email_confirmed;
    model.trouble = None;
    model.dialogs.push(Dialog::Act(act));
}

/// Into the past, from the selected event on.
fn set_out(model: &mut Model) -> Vec<Effect> {
    let ticket = model.ticket();
    let Screen::Account(AccountScreen { id, account: Some(account), time_line, .. }) =
        &model.screen
    else {
        return Vec::new();
    };
    let (id, newest) = (*id, account.revision);
    let revision = time_line.selected().map_or(newest, |event| event.revision);
    let travel = Travel { account: id, revision, newest, moment: None, raw: false, scrolled: 0 };
    model.dialogs.push(Dialog::Travel(travel));
    model.send(Look::Travel { account: id, revision, ticket })
}

/// Steps through the past.
pub(super) fn act_travel(model: &mut Model, action: Action) -> Vec<Effect> {
    let ticket = model.ticket();
    let Some(Dialog::Travel(travel)) = model.dialogs.last_mut() else { return Vec::new() };
    let wanted = match action {
        Action::Whole => {
            (travel.raw, travel.scrolled) = (!travel.raw, 0);
            return Vec::new();
        }
        Action::Older => travel.revision.saturating_sub(1),
        Action::Newer => travel.revision.saturating_add(1).min(travel.newest),
        Action::First => 0,
        Action::Last => travel.newest,
        _ => return Vec::new(),
    };
    if wanted == travel.revision && travel.moment.is_some() {
        return Vec::new();
    }
    travel.revision = wanted;
    travel.scrolled = 0;
    let account = travel.account;
    model.send(Look::Travel { account, revision: wanted, ticket })
}

/// A moment of the past came.
pub(super) fn arrived(model: &mut Model, mut moment: Moment) -> Vec<Effect> {
    model.name_own(&mut moment.event);
    if let Some(Dialog::Travel(travel)) = model.dialogs.last_mut() {
        travel.newest = travel.newest.max(moment.newest);
        travel.moment = Some(moment);
    }
    Vec::new()
}

/// Shows only events of the chosen kind.
pub(super) fn filter(model: &mut Model, form: &Form) -> Vec<Effect> {
    let ticket = model.ticket();
    let Screen::Account(screen) = &mut model.screen else { return Vec::new() };
    screen.kind = text::KINDS.get(form.chosen(FieldName::Kind)).and_then(|(kind, _)| *kind);
    let (account, kind) = (screen.id, screen.kind);
    model.send(Look::Events { account, kind, cursor: None, ticket })
}

/// An account or a page of its time line came.
pub(super) fn loaded(model: &mut Model, mut answer: Answer) -> Vec<Effect> {
    if let Answer::Opened { events, .. } | Answer::Events { events, .. } = &mut answer {
        events.iter_mut().for_each(|event| model.name_own(event));
    }
    let Screen::Account(screen) = &mut model.screen else { return Vec::new() };
    match answer {
        Answer::Opened { account, events, older } => {
            screen.account = Some(account);
            screen.time_line = TimeLine::newest(events, older);
        }
        Answer::Events { cursor: None, events, older } => {
            screen.time_line = TimeLine::newest(events, older);
        }
        Answer::Events { cursor, events, older } => {
            screen.time_line = screen.time_line.turned(cursor, events, older);
        }
        _ => {}
    }
    Vec::new()
}
