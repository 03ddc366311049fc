//! What the screens hold, each no more than it shows.

use countersign_api::contract::id::AccountId;
use countersign_api::contract::look::EventKind;
use countersign_api::contract::statistics::Window;
use jiff::Timestamp;

use super::account::{Account, Hit};
use super::form::{FieldName, Form, LINE_CHARS_MAX};
use super::health::Health;
use super::operators::Operators;
use super::removal::Removal;
use super::statistics::Numbers;
use super::time_line::TimeLine;
use super::{Enrol, SignIn};
use crate::effect::{Look, Lookup};
use crate::keymap::Place;

/// What is on the screen.
#[derive(Debug, Clone)]
pub enum Screen {
    /// An operator signs in.
    SignIn(SignIn),
    /// A new operator chooses a password.
    SetUp(Form),
    /// A new operator enrols an authenticator.
    Enrol(Enrol),
    /// Accounts: search, locked now, or recent.
    Accounts(Accounts),
    /// One account.
    Account(AccountScreen),
    /// What is locked now.
    Lockouts(Lockouts),
    /// Removals that wait.
    Removals(Removals),
    /// What happens now; what was seen of it is kept in the model.
    Live,
    /// The numbers of a window of time.
    Statistics(StatisticsScreen),
    /// The log's health.
    Log(LogScreen),
    /// Who may act here.
    Operators(Operators),
}

impl Screen {
    /// Which of the screens that a key leads to it is.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::SignIn(_) | Self::SetUp(_) | Self::Enrol(_) => None,
            Self::Accounts(_) | Self::Account(_) => Some(Place::Accounts),
            Self::Lockouts(_) => Some(Place::Lockouts),
            Self::Removals(_) => Some(Place::Removals),
            Self::Live => Some(Place::Live),
            Self::Statistics(_) => Some(Place::Statistics),
            Self::Log(_) => Some(Place::Log),
            Self::Operators(_) => Some(Place::Operators),
        }
    }
}

/// Accounts.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// What is looked for.
    pub form: Form,
    /// Whether the list has the keyboard, or the form.
    pub in_list: bool,
    /// What the list shows.
    pub shows: Shows,
    /// The accounts found: none before the first answer.
    pub hits: Option<Vec<Hit>>,
    /// Which one is selected.
    pub selected: usize,
}

/// What a list of accounts shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shows {
    /// Nothing yet.
    Nothing,
    /// What a search found.
    Search(Lookup),
    /// What is locked now.
    LockedNow,
    /// What somebody looked at lately.
    Recent,
}

impl Shows {
    /// The call that fills the list again.
    #[must_use]
    pub fn call(&self, ticket: Option<String>) -> Option<Look> {
        match self {
            Self::Nothing => None,
            Self::Search(lookup) => Some(Look::Search { lookup: lookup.clone(), ticket }),
            Self::LockedNow => Some(Look::LockedNow),
            Self::Recent => Some(Look::Recent),
        }
    }
}

impl Accounts {
    /// Asks what to look for.
    #[must_use]
    pub fn new() -> Self {
        let by = vec![crate::text::BY_LOGIN.into(), crate::text::BY_EMAIL.into()];
        let mut form =
            Form::new().choice(FieldName::LookupBy, by).line(FieldName::Query, LINE_CHARS_MAX);
        form.focus_on(FieldName::Query);
        Self { form, in_list: false, shows: Shows::Nothing, hits: None, selected: 0 }
    }

    /// Asks for an account's id: an exported log holds no names.
    #[must_use]
    pub fn by_id() -> Self {
        Self { form: Form::new().line(FieldName::AccountId, LINE_CHARS_MAX), ..Self::new() }
    }

    /// Gives the keyboard to the search field, empty; the list stays below.
    pub fn search_anew(&mut self) {
        self.in_list = false;
        self.form.clear(FieldName::Query);
        self.form.clear(FieldName::AccountId);
        self.form.choose(FieldName::LookupBy, 0);
        self.form.focus_on(FieldName::Query);
        if self.hits.is_none() {
            self.shows = Shows::Nothing;
        }
    }

    /// Whether the list is what another search found than the one that is being typed.
    #[must_use]
    pub fn shows_the_search_before(&self) -> bool {
        let typed = self.form.typed(FieldName::Query).trim();
        match &self.shows {
            Shows::Search(Lookup::Login(found) | Lookup::Email(found)) => {
                !self.in_list && !typed.is_empty() && typed != found
            }
            Shows::Nothing | Shows::LockedNow | Shows::Recent => false,
        }
    }

    /// The selected account.
    #[must_use]
    pub fn selected(&self) -> Option<&Hit> {
        self.hits.as_ref()?.get(self.selected)
    }
}

impl Default for Accounts {
    fn default() -> Self {
        Self::new()
    }
}

/// One account.
#[derive(Debug, Clone)]
pub struct AccountScreen {
    /// Which.
    pub id: AccountId,
    /// Its state: none before the first answer.
    pub account: Option<Box<Account>>,
    /// What its events are about: anything without it.
    pub kind: Option<EventKind>,
    /// Its time line.
    pub time_line: TimeLine,
    /// The screen to come back to.
    pub back: Box<Screen>,
}

/// What is locked now.
#[derive(Debug, Clone, Default)]
pub struct Lockouts {
    /// The accounts: none before the first answer.
    pub hits: Option<Vec<Hit>>,
    /// Which one is selected.
    pub selected: usize,
    /// As of when.
    pub as_of: Option<Timestamp>,
}

/// Removals that wait.
#[derive(Debug, Clone, Default)]
pub struct Removals {
    /// The removals: none before the first answer.
    pub removals: Option<Vec<Removal>>,
    /// Which one is selected.
    pub selected: usize,
    /// As of when.
    pub as_of: Option<Timestamp>,
}

impl Removals {
    /// The selected removal.
    #[must_use]
    pub fn selected(&self) -> Option<&Removal> {
        self.removals.as_ref()?.get(self.selected)
    }
}

/// The numbers of a window of time.
#[derive(Debug, Clone, Default)]
pub struct StatisticsScreen {
    /// Which window.
    pub window: Window,
    /// The numbers: none before the first answer.
    pub numbers: Option<Numbers>,
    /// As of when.
    pub as_of: Option<Timestamp>,
}

/// The log's health.
#[derive(Debug, Clone, Default)]
pub struct LogScreen {
    /// The health: none before the first answer.
    pub health: Option<Health>,
    /// As of when.
    pub as_of: Option<Timestamp>,
}
