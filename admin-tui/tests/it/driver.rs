//! A console in a test: keys and answers go in, effects and frames come out.

use countersign_admin_tui::effect::{Call, CallNumber, Effect};
use countersign_admin_tui::message::{Answer, Failure, Followed, Message};
use countersign_admin_tui::model::account::{Account, Event};
use countersign_admin_tui::model::{Archive, Model, Screen};
use countersign_admin_tui::printable::Printable;
use countersign_admin_tui::theme::Theme;
use countersign_admin_tui::update::update;
use countersign_admin_tui::view;
use countersign_api::contract::kind::Role;
use countersign_api::contract::secret::Secret;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::SignedDuration;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::samples::{code_wanted, hit, now, own_id, session};

/// The seed of every test's idempotency keys.
pub(crate) const SEED: &str = "0123456789abcdef0123456789abcdef";

/// A console.
#[derive(Clone)]
pub(crate) struct Console {
    pub(crate) model: Model,
    /// What the last message led to.
    pub(crate) effects: Vec<Effect>,
}

impl Console {
    /// As it starts.
    pub(crate) fn start() -> Self {
        let model = Model::new("http://127.0.0.1:8781/", SEED, now());
        Self { model, effects: Vec::new() }
    }

    /// On an exported log of so many entries, which ended a while ago.
    pub(crate) fn of_archive(size: u64) -> Self {
        let ends_at = now() - SignedDuration::from_hours(24 * 30);
        let archive = Archive { directory: Printable::new("audit-export"), size, ends_at };
        let (model, effects) = Model::of_archive(archive, Secret::new("reader"), SEED, now());
        Self { model, effects }
    }

    /// With an operator signed in.
    pub(crate) fn signed_in() -> Self {
        Self::signed_in_as(Role::Support)
    }

    /// With an operator of this role signed in.
    pub(crate) fn signed_in_as(role: Role) -> Self {
        let mut console = Self::start();
        console.sign_in_with_password();
        console.answer(code_wanted());
        console.text("123456").press(KeyCode::Enter);
        console.answer(Answer::SignedIn(session("first token")));
        console.answer_quietly(Answer::Me { role, account: own_id() });
        console
    }

    /// With an operator signed in, and on another screen than the accounts.
    pub(crate) fn at(key: u8) -> Self {
        Self::at_as(key, Role::Support)
    }

    /// The same for an operator of this role.
    pub(crate) fn at_as(key: u8, role: Role) -> Self {
        let mut console = Self::signed_in_as(role);
        console.press(KeyCode::F(key));
        console
    }

    /// With an account open.
    pub(crate) fn on_account(account: Account, events: Vec<Event>) -> Self {
        Self::on_account_as(Role::Support, account, events)
    }

    pub(crate) fn on_account_as(role: Role, account: Account, events: Vec<Event>) -> Self {
        let mut console = Self::signed_in_as(role);
        console.text("ana.lima").press(KeyCode::Enter);
        console.answer(Answer::Found(vec![hit()]));
        console.press(KeyCode::Enter);
        console.answer(Answer::Opened { account: Box::new(account), events, older: None });
        console
    }

    pub(crate) fn sign_in_with_password(&mut self) {
        self.text("olga").press(KeyCode::Enter);
        self.text("correct horse").press(KeyCode::Enter);
    }

    /// After a session that ended, by the same operator: the login stands there already.
    pub(crate) fn sign_in_again(&mut self, token: &str) {
        self.text("correct horse").press(KeyCode::Enter);
        self.answer(code_wanted());
        self.text("654321").press(KeyCode::Enter);
        self.answer(Answer::SignedIn(session(token)));
    }

    /// The calls that the last message led to, with their tokens.
    pub(crate) fn calls(&self) -> Vec<(Option<&str>, &Call)> {
        let calls = self.effects.iter().filter_map(|effect| match effect {
            Effect::Send { bearer, call, .. } => Some((bearer.as_ref().map(Secret::reveal), call)),
            _ => None,
        });
        calls.collect()
    }

    pub(crate) fn message(&mut self, message: Message) -> &mut Self {
        self.effects = update(&mut self.model, message);
        update(&mut self.model, Message::Drawn);
        self
    }

    pub(crate) fn press(&mut self, code: KeyCode) -> &mut Self {
        self.message(Message::Key(KeyEvent::from(code)))
    }

    pub(crate) fn control(&mut self, letter: char) -> &mut Self {
        let event = KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
        self.message(Message::Key(event))
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            self.press(KeyCode::Char(character));
        }
        self
    }

    /// The number of the call under way.
    pub(crate) fn number(&self) -> CallNumber {
        self.model.waiting.as_ref().expect("a call is under way").number
    }

    pub(crate) fn answer(&mut self, answer: Answer) -> &mut Self {
        let number = self.number();
        self.message(Message::Answered { number, outcome: Ok(answer) })
    }

    /// Answers the call that nobody waits for.
    pub(crate) fn answer_quietly(&mut self, answer: Answer) -> &mut Self {
        let number = self.model.quiet.as_ref().expect("a quiet call is under way").number;
        self.message(Message::Answered { number, outcome: Ok(answer) })
    }

    /// Something comes of the log that is followed.
    pub(crate) fn followed(&mut self, what: Followed) -> &mut Self {
        let number = self.model.live.number;
        self.message(Message::Followed { number, what })
    }

    /// So many seconds later.
    pub(crate) fn later(&mut self, seconds: i64) -> &mut Self {
        let now = self.model.now + SignedDuration::from_secs(seconds);
        self.message(Message::Tick(now))
    }

    pub(crate) fn fail(&mut self, failure: Failure) -> &mut Self {
        let number = self.number();
        self.message(Message::Answered { number, outcome: Err(failure) })
    }

    /// The one call that the last message led to, with its token.
    pub(crate) fn call(&self) -> (Option<&str>, &Call) {
        match self.effects.as_slice() {
            [Effect::Send { bearer, call, .. }] => (bearer.as_ref().map(Secret::reveal), call),
            other => panic!("not one call: {other:?}"),
        }
    }

    pub(crate) fn is_accounts(&self) -> bool {
        matches!(self.model.screen, Screen::Accounts(_))
    }

    /// Draws it.
    pub(crate) fn frame(&self, theme: Theme, size: (u16, u16)) -> Terminal<TestBackend> {
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        terminal.draw(|frame| view::draw(&self.model, theme, frame)).unwrap();
        terminal
    }

    /// The words of a frame without its lines' ends, at which a sentence may be broken, and without
    /// a QR code beside them.
    pub(crate) fn said(&self) -> String {
        let words = self.words();
        let words = words.split(|c: char| c.is_whitespace() || c == '"');
        let is_drawn = |word: &&str| word.chars().all(|c| "█▀▄".contains(c));
        words.filter(|word| !is_drawn(word)).collect::<Vec<_>>().join(" ")
    }

    /// The words of a frame.
    pub(crate) fn words(&self) -> String {
        self.frame(Theme::new(true), (80, 24)).backend().to_string()
    }
}
