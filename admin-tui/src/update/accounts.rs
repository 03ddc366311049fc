//! The list of accounts: search, what is locked now, what was looked at lately.

use countersign_api::contract::id::AccountId;

use crate::effect::{Effect, Look, Lookup};
use crate::keymap::Action;
use crate::model::account::Hit;
use crate::model::form::FieldName;
use crate::model::{Accounts, Model, Screen, Shows};
use crate::text;
use crate::update::{PAGE_LINES, account, sign_in};

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let Screen::Accounts(accounts) = &mut model.screen else { return Vec::new() };
    match action {
        Action::Accept if accounts.in_list => match accounts.selected().map(|hit| hit.id) {
            Some(id) => account::open(model, id),
            None => Vec::new(),
        },
        Action::Accept => search(model),
        Action::LockedNow => {
            (accounts.shows, accounts.hits) = (Shows::LockedNow, None);
            model.send(Look::LockedNow)
        }
        Action::Recent => {
            (accounts.shows, accounts.hits) = (Shows::Recent, None);
            model.send(Look::Recent)
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
            accounts.search_anew();
            Vec::new()
        }
        Action::Up => select(accounts, -1),
        Action::Down => select(accounts, 1),
        Action::PageUp => select(accounts, -PAGE_LINES),
        Action::PageDown => select(accounts, PAGE_LINES),
        _ => Vec::new(),
    }
}

/// A letter that means nothing in the list begins a search.
pub(super) fn begin_search(model: &mut Model) {
    if let (true, Screen::Accounts(accounts)) = (model.dialogs.is_empty(), &mut model.screen)
        && accounts.in_list
    {
        accounts.search_anew();
    }
}

/// What has an @ is taken for an address; Tab says otherwise.
pub(super) fn take_for_address(model: &mut Model, has_at: bool) {
    if let (true, true, Screen::Accounts(accounts)) =
        (has_at, model.dialogs.is_empty(), &mut model.screen)
    {
        accounts.form.choose(FieldName::LookupBy, 1);
    }
}

fn select(accounts: &mut Accounts, lines: isize) -> Vec<Effect> {
    let last = accounts.hits.as_ref().map_or(0, Vec::len).saturating_sub(1);
    accounts.selected = accounts.selected.saturating_add_signed(lines).min(last);
    Vec::new()
}

fn search(model: &mut Model) -> Vec<Effect> {
    let ticket = model.ticket();
    if model.archive.is_some() {
        return open_by_id(model);
    }
    let Screen::Accounts(accounts) = &mut model.screen else { return Vec::new() };
    let typed = accounts.form.typed(FieldName::Query).trim().to_owned();
    if typed.is_empty() {
        return Vec::new();
    }
    let lookup = match accounts.form.chosen(FieldName::LookupBy) {
        0 => Lookup::Login(typed),
        _ => Lookup::Email(typed),
    };
    // What was found stands there already: to ask again counts again, and F5 does it.
    let shows = Shows::Search(lookup.clone());
    let is_answered = accounts.shows == shows && model.trouble.is_none();
    if let (true, Some(hits)) = (is_answered, &accounts.hits) {
        accounts.in_list = !hits.is_empty();
        return Vec::new();
    }
    accounts.shows = shows;
    accounts.hits = None;
    model.send(Look::Search { lookup, ticket })
}

fn open_by_id(model: &mut Model) -> Vec<Effect> {
    let Screen::Accounts(accounts) = &model.screen else { return Vec::new() };
    let typed = accounts.form.typed(FieldName::AccountId).trim().to_lowercase();
    if typed.is_empty() {
        return Vec::new();
    }
    match AccountId::parse(&typed) {
        Ok(id) => account::open(model, id),
        Err(_) => {
            sign_in::refuse(model, text::say::NO_ACCOUNT_ID);
            Vec::new()
        }
    }
}

/// A list came.
pub(super) fn found(model: &mut Model, hits: Vec<Hit>) -> Vec<Effect> {
    if let Screen::Accounts(accounts) = &mut model.screen {
        accounts.in_list = !hits.is_empty();
        accounts.selected = 0;
        accounts.hits = Some(hits);
    }
    Vec::new()
}
