//! What the console knows and shows: one value, changed by `update`, drawn by `view`.
//!
//! A screen is one of an enum, and each holds only what it needs. Dialogs lie over it in a stack;
//! the top one has the keyboard. At most one call is under way; its outcome is known by its number,
//! and any other is ignored. The model holds no clock and no randomness: the time comes with
//! messages, idempotency keys from a seed that the runtime gave at the start.

pub mod account;
pub mod form;

use countersign_api::contract::id::{AccountId, FactorId};
use countersign_api::contract::secret::Secret;
use jiff::Timestamp;

use crate::effect::{Call, CallNumber, Effect, Lookup};
use crate::keymap::Context;
use crate::message::{Failure, Way};
use crate::printable::Printable;
use account::{Account, Event, Hit, TimeLine};
use form::{CODE_CHARS_MAX, Entry, FieldName, Form, LINE_CHARS_MAX, SECRET_CHARS_MAX};

/// Everything.
#[derive(Debug, Clone)]
pub struct Model {
    /// The server's base URL.
    pub server: Printable,
    /// The time, as of the last message that told it.
    pub now: Timestamp,
    /// Who is signed in.
    pub operator: Option<Operator>,
    /// What is on the screen.
    pub screen: Screen,
    /// What lies over it; the last one is on top.
    pub dialogs: Vec<Dialog>,
    /// The call under way.
    pub waiting: Option<Waiting>,
    /// What went wrong last.
    pub trouble: Option<Trouble>,
    /// What went well last.
    pub notice: Option<&'static str>,
    seed: String,
    calls: u64,
    keys: u64,
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct Operator {
    /// The login, as typed.
    pub login: Printable,
    /// The session's token.
    pub token: Secret,
}

/// A call under way.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its number.
    pub number: CallNumber,
    /// The call, for trying again.
    pub call: Call,
}

/// What went wrong.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// Why.
    pub failure: Failure,
    /// The call to try again, where that makes sense.
    pub retry: Option<Call>,
}

/// What is on the screen.
#[derive(Debug, Clone)]
pub enum Screen {
    /// An operator signs in.
    SignIn(SignIn),
    /// A new operator chooses a password.
    SetUp(Form),
    /// A new operator enrols an authenticator.
    Enrol(Enrol),
    /// Accounts: search, or locked now.
    Accounts(Accounts),
    /// One account.
    Account(AccountScreen),
}

/// An operator signs in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Login and password, or way and code.
    pub form: Form,
    /// The login that was given.
    pub login: String,
    /// The password that was given: the enrolment of a first authenticator needs it.
    pub password: Secret,
    /// What a code is asked for.
    pub question: Option<Question>,
}

/// A sign-in that waits for its code.
#[derive(Debug, Clone)]
pub struct Question {
    /// What to go on with.
    pub sign_in: Secret,
    /// How it can be answered.
    pub ways: Vec<Way>,
}

/// A new operator enrols an authenticator.
#[derive(Debug, Clone)]
pub enum Enrol {
    /// It was asked for.
    Asked {
        /// The password, for asking again.
        password: Secret,
    },
    /// It waits for its first code.
    Offered {
        /// Which.
        factor: FactorId,
        /// Its secret.
        secret: Secret,
        /// The `otpauth` URI.
        uri: Secret,
        /// The code.
        form: Form,
    },
    /// It is in use: the recovery codes are shown this once.
    Done {
        /// The codes.
        recovery_codes: Vec<Secret>,
    },
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
}

impl Shows {
    /// The call that fills the list again.
    #[must_use]
    pub fn call(&self) -> Option<Call> {
        match self {
            Self::Nothing => None,
            Self::Search(lookup) => Some(Call::Search(lookup.clone())),
            Self::LockedNow => Some(Call::LockedNow),
        }
    }
}

/// One account.
#[derive(Debug, Clone)]
pub struct AccountScreen {
    /// Which.
    pub id: AccountId,
    /// Its state: none before the first answer.
    pub account: Option<Account>,
    /// Its time line.
    pub time_line: TimeLine,
    /// The list to come back to.
    pub back: Box<Accounts>,
}

/// What lies over the screen.
#[derive(Debug, Clone)]
pub enum Dialog {
    /// The keys.
    Help {
        /// Lines scrolled past.
        scrolled: usize,
    },
    /// One event, whole.
    Event {
        /// The event.
        event: Event,
        /// Lines scrolled past.
        scrolled: usize,
    },
    /// The end of a lockout.
    Unlock(Unlock),
    /// A fresh code is asked for, then a call is sent again.
    StepUp {
        /// Way and code.
        form: Form,
        /// The call.
        then: Call,
    },
}

/// The end of a lockout, from the question to the event.
#[derive(Debug, Clone)]
pub struct Unlock {
    /// Scope, method, reason and ticket.
    pub form: Form,
    /// How far it is.
    pub stage: UnlockStage,
}

/// How far an unlock is.
#[derive(Debug, Clone)]
pub enum UnlockStage {
    /// Being filled in; with what is missing, once somebody tried to go on.
    Filling {
        /// What is missing.
        missing: Option<FieldName>,
    },
    /// The event that will be written is shown.
    Confirming,
    /// The event that was written is shown.
    Written(Event),
}

impl Model {
    /// The console as it starts: nobody is signed in.
    ///
    /// The seed must be new for every start, and long enough (22 characters or more) that no other
    /// console has the same: idempotency keys are made of it.
    #[must_use]
    pub fn new(server: &str, seed: impl Into<String>, now: Timestamp) -> Self {
        Self {
            server: Printable::new(server),
            now,
            operator: None,
            screen: Screen::SignIn(SignIn::new("")),
            dialogs: Vec::new(),
            waiting: None,
            trouble: None,
            notice: None,
            seed: seed.into(),
            calls: 0,
            keys: 0,
        }
    }

    /// Has a call sent; what is under way already is forgotten.
    pub fn send(&mut self, call: Call) -> Vec<Effect> {
        self.calls += 1;
        let number = CallNumber(self.calls);
        let bearer = self.operator.as_ref().map(|operator| operator.token.clone());
        self.waiting = Some(Waiting { number, call: call.clone() });
        self.trouble = None;
        self.notice = None;
        vec![Effect::Send { number, bearer, call }]
    }

    /// A new idempotency key.
    pub fn new_key(&mut self) -> String {
        self.keys += 1;
        format!("{}-{}", self.seed, self.keys)
    }

    /// The form that has the keyboard.
    pub fn form_mut(&mut self) -> Option<&mut Form> {
        match self.dialogs.last_mut() {
            Some(Dialog::Unlock(unlock)) => return unlock.form_mut(),
            Some(Dialog::StepUp { form, .. }) => return Some(form),
            Some(Dialog::Help { .. } | Dialog::Event { .. }) => return None,
            None => {}
        }
        match &mut self.screen {
            Screen::SignIn(sign_in) => Some(&mut sign_in.form),
            Screen::SetUp(form) | Screen::Enrol(Enrol::Offered { form, .. }) => Some(form),
            Screen::Accounts(accounts) if !accounts.in_list => Some(&mut accounts.form),
            Screen::Enrol(_) | Screen::Accounts(_) | Screen::Account(_) => None,
        }
    }

    /// Where the keyboard is, for the keymap: the nearest first.
    #[must_use]
    pub fn contexts(&self) -> Vec<Context> {
        self.contexts_below(self.dialogs.len())
    }

    /// The same as if only so many dialogs were open.
    #[must_use]
    pub fn contexts_below(&self, dialogs: usize) -> Vec<Context> {
        let top = self.dialogs.iter().take(dialogs).next_back();
        let mut contexts = match (top, &self.screen) {
            (Some(Dialog::Help { .. } | Dialog::Event { .. }), _) => vec![Context::Reading],
            (Some(Dialog::Unlock(unlock)), _) => unlock.contexts(),
            (Some(Dialog::StepUp { form, .. }), _) => in_form(form),
            (None, Screen::SignIn(sign_in)) => {
                let mut contexts = in_form(&sign_in.form);
                if sign_in.question.is_none() {
                    contexts.push(Context::SignIn);
                }
                contexts
            }
            (None, Screen::SetUp(form) | Screen::Enrol(Enrol::Offered { form, .. })) => {
                in_form(form)
            }
            (None, Screen::Enrol(Enrol::Asked { .. })) => vec![Context::Reading],
            (None, Screen::Enrol(Enrol::Done { .. })) => vec![Context::RecoveryCodes],
            (None, Screen::Accounts(accounts)) if accounts.in_list => vec![Context::List],
            (None, Screen::Accounts(accounts)) => {
                let mut contexts = vec![Context::Search];
                contexts.extend(in_form(&accounts.form));
                contexts
            }
            (None, Screen::Account(_)) => vec![Context::Account],
        };
        contexts.push(Context::Everywhere);
        contexts
    }
}

fn in_form(form: &Form) -> Vec<Context> {
    match form.focused() {
        Some((_, Entry::Choice(_))) => vec![Context::Choice, Context::Form],
        _ => vec![Context::Form],
    }
}

impl SignIn {
    /// Asks for login and password.
    #[must_use]
    pub fn new(login: &str) -> Self {
        let mut form = Form::new()
            .line(FieldName::Login, LINE_CHARS_MAX)
            .masked(FieldName::Password, SECRET_CHARS_MAX);
        if !login.is_empty() {
            form.fill(FieldName::Login, login);
            form.focus_on(FieldName::Password);
        }
        Self { form, login: login.to_owned(), password: Secret::default(), question: None }
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

impl Unlock {
    fn form_mut(&mut self) -> Option<&mut Form> {
        match self.stage {
            UnlockStage::Filling { .. } => Some(&mut self.form),
            UnlockStage::Confirming | UnlockStage::Written(_) => None,
        }
    }

    fn contexts(&self) -> Vec<Context> {
        match self.stage {
            UnlockStage::Filling { .. } => in_form(&self.form),
            UnlockStage::Confirming => vec![Context::Confirm],
            UnlockStage::Written(_) => vec![Context::Reading],
        }
    }
}

/// The form of a step-up.
#[must_use]
pub fn step_up_form() -> Form {
    let ways = vec![crate::text::WAY_TOTP.into(), crate::text::WAY_RECOVERY_CODE.into()];
    let mut form = Form::new().choice(FieldName::Way, ways).masked(FieldName::Code, CODE_CHARS_MAX);
    form.focus_on(FieldName::Code);
    form
}
