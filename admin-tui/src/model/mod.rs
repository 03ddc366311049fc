//! What the console knows and shows: one value, changed by `update`, drawn by `view`.
//!
//! A screen is one of an enum, and each holds only what it needs. Dialogs lie over it in a stack;
//! the top one has the keyboard. At most one call is under way that somebody waits for, and at most
//! one that keeps a screen fresh; an outcome is known by its call's number, and any other is
//! ignored. The model holds no clock and no randomness: the time comes with messages, idempotency
//! keys from a seed that the runtime gave at the start.

pub mod account;
pub mod act;
pub mod archive;
mod contexts;
pub mod dialog;
pub mod form;
pub mod health;
pub mod live;
pub mod operators;
pub mod removal;
mod rights;
pub mod screens;
pub mod sign_in;
pub mod statistics;
pub mod time_line;
pub mod travel;
pub mod unfinished;

use countersign_api::contract::id::AccountId;
use countersign_api::contract::kind::Role;
use countersign_api::contract::secret::Secret;
use jiff::{SignedDuration, Timestamp};

use crate::effect::{Call, CallNumber, Effect, Look};
use crate::message::Failure;
use crate::printable::Printable;
use crate::text;
use account::Event;
use live::Live;

pub use archive::Archive;
pub use dialog::Dialog;
pub use screens::{
    AccountScreen, Accounts, Lockouts, LogScreen, Removals, Screen, Shows, StatisticsScreen,
};
pub use sign_in::{Enrol, Question, SignIn, step_up_form};
pub use unfinished::Unfinished;

/// How long it is worth saying that the server answers again.
const NOTICE_FOR: SignedDuration = SignedDuration::from_secs(15);

/// Everything.
#[derive(Debug, Clone)]
pub struct Model {
    /// The server's base URL.
    pub server: Printable,
    /// The exported log that is looked through instead of one.
    pub archive: Option<Archive>,
    /// The time, as of the last message that told it.
    pub now: Timestamp,
    /// Who is signed in.
    pub operator: Option<Operator>,
    /// What is on the screen.
    pub screen: Screen,
    /// The list of accounts as it was left for another screen.
    pub desk: Option<Box<Accounts>>,
    /// What was seen of the log as it grows.
    pub live: Live,
    /// The ticket that everything is for; empty without one.
    pub ticket: String,
    /// The account that was opened under it last.
    pub ticket_account: Option<AccountId>,
    /// What lies over the screen; the last one is on top.
    pub dialogs: Vec<Dialog>,
    /// What was being filled in when the session ended, until somebody signs in.
    pub unfinished: Option<Box<Unfinished>>,
    /// The call under way that somebody waits for.
    pub waiting: Option<Waiting>,
    /// The call under way that keeps a screen fresh.
    pub quiet: Option<Waiting>,
    /// The server, while it does not answer.
    pub away: Option<Away>,
    /// When a key was pressed last.
    pub last_key_at: Timestamp,
    /// What went wrong last.
    pub trouble: Option<Trouble>,
    /// What went well last.
    pub notice: Option<Notice>,
    seed: String,
    calls: u64,
    keys: u64,
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct Operator {
    /// The login, as typed.
    pub login: Printable,
    /// The role, once the server has said it.
    pub role: Option<Role>,
    /// The account, once the server has said it.
    pub account: Option<AccountId>,
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

/// What went well, or is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// In words.
    pub words: Printable,
    /// Until when it is worth saying; until something else is said without it.
    pub until: Option<Timestamp>,
}

/// A server that does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away {
    /// Since when.
    pub since: Timestamp,
    /// Tries in vain, so far.
    pub tries: u32,
    /// When it is asked again by itself: only where that changes nothing.
    pub again_at: Timestamp,
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
            archive: None,
            now,
            operator: None,
            screen: Screen::SignIn(SignIn::new("")),
            desk: None,
            live: Live::default(),
            ticket: String::new(),
            ticket_account: None,
            dialogs: Vec::new(),
            unfinished: None,
            waiting: None,
            quiet: None,
            away: None,
            last_key_at: now,
            trouble: None,
            notice: None,
            seed: seed.into(),
            calls: 0,
            keys: 0,
        }
    }

    /// Has a call sent; what is under way already is forgotten.
    pub fn send(&mut self, call: impl Into<Call>) -> Vec<Effect> {
        let call = call.into();
        let number = self.new_number();
        self.waiting = Some(Waiting { number, call: call.clone() });
        self.trouble = None;
        self.notice = None;
        vec![Effect::Send { number, bearer: self.bearer(), call }]
    }

    /// Says something until something else is to be said.
    pub fn say(&mut self, words: &str) {
        self.notice = Some(Notice { words: Printable::new(words), until: None });
    }

    /// Says what is no news after a moment.
    pub fn say_for_a_moment(&mut self, words: &str) {
        let until = self.now.saturating_add(NOTICE_FOR).ok();
        self.notice = Some(Notice { words: Printable::new(words), until });
    }

    /// Has a call sent that nobody waits for.
    pub fn send_quietly(&mut self, look: Look) -> Vec<Effect> {
        let call = Call::from(look);
        let number = self.new_number();
        self.quiet = Some(Waiting { number, call: call.clone() });
        vec![Effect::Send { number, bearer: self.bearer(), call }]
    }

    /// Forgets what was to keep a screen fresh that is left. Who is signed in stays wanted.
    pub fn forget_quiet(&mut self) {
        self.quiet.take_if(|quiet| quiet.call != Look::WhoAmI.into());
    }

    /// Has the log followed, from where it was seen last.
    pub fn follow(&mut self) -> Vec<Effect> {
        let number = self.new_number();
        self.live.number = number;
        self.live.link = live::Link::Opening;
        let seen = self.live.last.map(|last| last.saturating_add(1));
        let from = seen.or_else(|| self.archive.as_ref().map(Archive::live_from));
        vec![Effect::Follow { number, bearer: self.bearer(), from }]
    }

    /// Puts the operator's own login to an event of his: nobody knows himself by an id.
    pub fn name_own(&self, event: &mut Event) {
        if let Some(Operator { account: Some(account), login, .. }) = &self.operator
            && event.by_whom == text::operator(&Printable::from(account.to_string()))
        {
            event.by_whom = text::operator(login);
        }
    }

    /// The session's token.
    #[must_use]
    pub fn bearer(&self) -> Option<Secret> {
        self.operator.as_ref().map(|operator| operator.token.clone())
    }

    /// The ticket that looks are for.
    #[must_use]
    pub fn ticket(&self) -> Option<String> {
        (!self.ticket.is_empty()).then(|| self.ticket.clone())
    }

    fn new_number(&mut self) -> CallNumber {
        self.calls += 1;
        CallNumber(self.calls)
    }

    /// A new idempotency key.
    pub fn new_key(&mut self) -> String {
        self.keys += 1;
        format!("{}-{}", self.seed, self.keys)
    }
}
