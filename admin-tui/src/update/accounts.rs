//! The list of accounts, and one account.

use crate::effect::{Call, Effect, Lookup};
use crate::keymap::Action;
use crate::message::Answer;
use crate::model::account::TimeLine;
use crate::model::form::{FieldName, Form, REASON_CHARS_MAX, TICKET_CHARS_MAX};
use crate::model::{AccountScreen, Accounts, Dialog, Model, Screen, Shows, Unlock, UnlockStage};
use crate::text;
use crate::update::PAGE_LINES;
use countersign_api::contract::kind::{Method, ResetScope};

pub(super) fn act_list(model: &mut Model, action: Action) -> Vec<Effect> {
    let Screen::Accounts(accounts) = &mut model.screen else { return Vec::new() };
    match action {
        Action::Accept if accounts.in_list => open(model),
        Action::Accept => search(model),
        Action::LockedNow => {
            accounts.shows = Shows::LockedNow;
            accounts.hits = None;
            model.send(Call::LockedNow)
        }
        Action::SwitchLookup => {
            let other = 1 - accounts.form.chosen(FieldName::LookupBy).min(1);
            accounts.form.choose(FieldName::LookupBy, other);
            Vec::new()
        }
        Action::ToList => {
            accounts.in_list = accounts.hits.as_ref().is_some_and(|hits| !hits.is_empty());
            Vec::new()
        }
        Action::ToSearch => {
            accounts.in_list = false;
            Vec::new()
        }
        Action::Up => select(accounts, -1),
        Action::Down => select(accounts, 1),
        Action::PageUp => select(accounts, -PAGE_LINES),
        Action::PageDown => select(accounts, PAGE_LINES),
        _ => Vec::new(),
    }
}

fn select(accounts: &mut Accounts, lines: isize) -> Vec<Effect> {
    let last = accounts.hits.as_ref().map_or(0, Vec::len).saturating_sub(1);
    accounts.selected = accounts.selected.saturating_add_signed(lines).min(last);
    Vec::new()
}

fn search(model: &mut Model) -> Vec<Effect> {
    let Screen::Accounts(accounts) = &mut model.screen else { return Vec::new() };
    let typed = accounts.form.typed(FieldName::Query).trim().to_owned();
    if typed.is_empty() {
        return Vec::new();
    }
    let lookup = match accounts.form.chosen(FieldName::LookupBy) {
        0 => Lookup::Login(typed),
        _ => Lookup::Email(typed),
    };
    accounts.shows = Shows::Search(lookup.clone());
    accounts.hits = None;
    model.send(Call::Search(lookup))
}

fn open(model: &mut Model) -> Vec<Effect> {
    let Screen::Accounts(accounts) = &model.screen else { return Vec::new() };
    let Some(hit) = accounts.selected() else { return Vec::new() };
    let (id, back) = (hit.id, Box::new(accounts.clone()));
    let time_line = TimeLine::default();
    model.screen = Screen::Account(AccountScreen { id, account: None, time_line, back });
    model.send(Call::OpenAccount { account: id })
}

/// A list came.
pub(super) fn found(model: &mut Model, hits: Vec<crate::model::account::Hit>) -> Vec<Effect> {
    if let Screen::Accounts(accounts) = &mut model.screen {
        accounts.in_list = !hits.is_empty();
        accounts.selected = 0;
        accounts.hits = Some(hits);
    }
    Vec::new()
}

pub(super) fn act_account(model: &mut Model, action: Action) -> Vec<Effect> {
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
                let account = screen.id;
                return model.send(Call::Events { account, cursor: Some(cursor) });
            }
        }
        Action::Newer => {
            if let Some(cursor) = screen.time_line.newer() {
                let account = screen.id;
                return model.send(Call::Events { account, cursor });
            }
        }
        Action::Unlock if screen.account.is_some() => {
            let stage = UnlockStage::Filling { missing: None };
            model.trouble = None;
            model.dialogs.push(Dialog::Unlock(Unlock { form: unlock_form(), stage }));
        }
        Action::Back => {
            model.trouble = None;
            model.screen = Screen::Accounts((*screen.back).clone());
        }
        _ => {}
    }
    Vec::new()
}

/// An account or a page of its time line came.
pub(super) fn loaded(model: &mut Model, answer: Answer) -> Vec<Effect> {
    let Screen::Account(screen) = &mut model.screen else { return Vec::new() };
    match answer {
        Answer::Opened { account, events, older } => {
            screen.account = Some(account);
            screen.time_line = TimeLine::newest(events, older);
        }
        Answer::Events { cursor, events, older } => {
            screen.time_line = screen.time_line.turned(cursor, events, older);
        }
        _ => {}
    }
    Vec::new()
}

/// What an unlock may clear, in the order of its choice.
pub(crate) const SCOPES: [ResetScope; 2] = [ResetScope::CoolDown, ResetScope::Counters];
/// Of which methods, in the order of its choice; the first is all of them.
pub(crate) const METHODS: [Option<Method>; 5] = [
    None,
    Some(Method::Password),
    Some(Method::Totp),
    Some(Method::EmailCode),
    Some(Method::RecoveryCode),
];

fn unlock_form() -> Form {
    let scopes = SCOPES.map(|scope| text::scope(scope).into()).to_vec();
    let methods =
        METHODS.map(|method| method.map_or(text::EVERY_METHOD, text::method).into()).to_vec();
    Form::new()
        .choice(FieldName::Scope, scopes)
        .choice(FieldName::Method, methods)
        .line(FieldName::Reason, REASON_CHARS_MAX)
        .line(FieldName::Ticket, TICKET_CHARS_MAX)
}
