//! A console in a test: keys and answers go in, effects and frames come out.

use countersign_admin_tui::effect::{Call, CallNumber, Effect};
use countersign_admin_tui::message::{Answer, Failure, Message, SessionGiven, Way};
use countersign_admin_tui::model::account::{Account, Event, Factor, Hit, Lock};
use countersign_admin_tui::model::{Model, Screen};
use countersign_admin_tui::printable::Printable;
use countersign_admin_tui::theme::Theme;
use countersign_admin_tui::update::update;
use countersign_admin_tui::view;
use countersign_api::contract::id::{AccountId, FactorId};
use countersign_api::contract::kind::{Assurance, CodeMethod, Method};
use countersign_api::contract::problem::{PROOF_FAILED, ProblemCode};
use countersign_api::contract::secret::Secret;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// The seed of every test's idempotency keys.
pub(crate) const SEED: &str = "0123456789abcdef0123456789abcdef";

/// A console.
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

    /// With an operator signed in.
    pub(crate) fn signed_in() -> Self {
        let mut console = Self::start();
        console.sign_in_with_password();
        console.answer(code_wanted());
        console.text("123456").press(KeyCode::Enter);
        console.answer(Answer::SignedIn(session("first token")));
        console
    }

    /// With an account open.
    pub(crate) fn on_account(account: Account, events: Vec<Event>) -> Self {
        let mut console = Self::signed_in();
        console.text("ana.lima").press(KeyCode::Enter);
        console.answer(Answer::Found(vec![hit()]));
        console.press(KeyCode::Enter);
        console.answer(Answer::Opened { account, events, older: None });
        console
    }

    pub(crate) fn sign_in_with_password(&mut self) {
        self.text("olga").press(KeyCode::Enter);
        self.text("correct horse").press(KeyCode::Enter);
    }

    pub(crate) fn message(&mut self, message: Message) -> &mut Self {
        self.effects = update(&mut self.model, message);
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

    /// The words of a frame.
    pub(crate) fn words(&self) -> String {
        self.frame(Theme::new(true), (80, 24)).backend().to_string()
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-11-24T13:52:30Z".parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}Z").parse().unwrap()
}

pub(crate) fn account_id() -> AccountId {
    AccountId::parse("6f1c2a9e-0c1d-4a57-9d0e-3c5b7a1f2e48").unwrap()
}

pub(crate) fn factor_id() -> FactorId {
    FactorId::parse("0d9a3c61-7be2-4a0e-8a59-5f6d2b1c4e70").unwrap()
}

pub(crate) fn session(token: &str) -> SessionGiven {
    SessionGiven { token: Secret::new(token), assurance: Assurance::TwoFactor }
}

pub(crate) fn password_session(token: &str) -> SessionGiven {
    SessionGiven { token: Secret::new(token), assurance: Assurance::Password }
}

pub(crate) fn code_wanted() -> Answer {
    Answer::CodeWanted {
        sign_in: Secret::new("sign-in handle"),
        ways: vec![
            Way {
                method: CodeMethod::Totp,
                factor: Some(factor_id()),
                name: Some("work phone".into()),
            },
            Way { method: CodeMethod::EmailCode, factor: None, name: None },
            Way { method: CodeMethod::RecoveryCode, factor: None, name: None },
        ],
    }
}

pub(crate) fn offered() -> Answer {
    Answer::FactorOffered {
        factor: factor_id(),
        secret: Secret::new("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
        uri: Secret::new(
            "otpauth://totp/Countersign:olga?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\
             &issuer=Countersign&algorithm=SHA1&digits=6&period=30",
        ),
    }
}

pub(crate) fn recovery_codes() -> Vec<Secret> {
    (0..10).map(|n| Secret::new(format!("{n}F3KQ-7WZ2P-M4XVA-90TBR-C6HDN"))).collect()
}

pub(crate) fn hit() -> Hit {
    Hit {
        id: account_id(),
        login_hint: "a•••".into(),
        email_hint: Some("a•••@e•••.org".into()),
        two_factor_enabled: true,
        locked: true,
        locked_until: Some(at("24T14:05:00")),
    }
}

pub(crate) fn other_hit() -> Hit {
    Hit {
        id: AccountId::parse("b2c1d0e9-1f2e-4c3d-8a9b-0e1f2a3b4c5d").unwrap(),
        login_hint: "b•••".into(),
        email_hint: None,
        two_factor_enabled: false,
        locked: false,
        locked_until: None,
    }
}

pub(crate) fn locked_account() -> Account {
    Account {
        id: account_id(),
        login: Some("a•••".into()),
        email_hint: Some("a•••@e•••.org".into()),
        email_confirmed: true,
        two_factor_enabled: true,
        factors: vec![
            Factor {
                name: "Pixel 8".into(),
                enabled_at: at("02T09:14:40"),
                last_used_at: Some(at("23T08:01:12")),
                clock_offset_seconds: Some(-30),
                clock_refused: false,
            },
            Factor {
                name: "tablet \u{1b}[31mred".into(),
                enabled_at: at("03T10:00:00"),
                last_used_at: None,
                clock_offset_seconds: Some(-90),
                clock_refused: true,
            },
        ],
        recovery_codes_left: 9,
        locks: vec![Lock {
            method: Method::Totp,
            until: Some(at("24T14:05:00")),
            explanation: "5 wrong tries in a row: every authenticator code is refused from \
                          2026-11-24 13:50:00 UTC until 2026-11-24 14:05:00 UTC; the time or \
                          support ends it, and trying on does not make it longer"
                .into(),
        }],
        unresolved: vec![(Method::Totp, 5), (Method::Password, 1)],
        sessions: 2,
        created_at: at("02T09:12:05"),
        revision: 11,
    }
}

pub(crate) fn young_account() -> Account {
    Account {
        login: None,
        email_hint: None,
        email_confirmed: false,
        two_factor_enabled: false,
        factors: Vec::new(),
        recovery_codes_left: 0,
        locks: Vec::new(),
        unresolved: Vec::new(),
        sessions: 0,
        revision: 0,
        ..locked_account()
    }
}

fn event(revision: u64, time: &str, event_type: &str, by: &'static str, words: &str) -> Event {
    Event {
        revision,
        at: at(time),
        event_type: event_type.into(),
        by,
        by_whom: by.into(),
        explanation: words.into(),
        data: vec!["{".into(), "  \"method\": \"totp\"".into(), "}".into()],
    }
}

/// The time line of the locked account, newest first, in the words of the server.
pub(crate) fn events() -> Vec<Event> {
    let wrong = |nth: usize| {
        format!(
            "a code was refused (authenticator code): it was wrong; {nth} in this sign-in, {nth} \
             unresolved"
        )
    };
    let waits = "5 wrong tries in a row: every authenticator code is refused until 2026-11-24 \
                 14:05:00 UTC";
    let asked = "an authenticator was asked for and its QR code shown";
    let right = "an authenticator code was accepted to activate an authenticator";
    let mut oldest_first = vec![
        event(0, "02T09:12:05", "account.registered", "holder", "the account was created"),
        event(1, "02T09:12:05", "account.key_created", "holder", "the account got its data key"),
        event(2, "02T09:12:05", "account.password_set", "holder", "the first password was set"),
        event(3, "02T09:14:02", "account.enable_requested", "holder", asked),
        event(4, "02T09:14:40", "account.code_verified", "holder", right),
        event(5, "02T09:14:40", "account.enabled", "holder", "an authenticator was enabled"),
        event(6, "24T13:49:20", "account.code_rejected", "holder", &wrong(1)),
        event(7, "24T13:49:31", "account.code_rejected", "holder", &wrong(2)),
        event(8, "24T13:49:44", "account.code_rejected", "holder", &wrong(3)),
        event(9, "24T13:49:52", "account.code_rejected", "holder", "wrong \u{1b}]0;owned\u{7}"),
        event(10, "24T13:50:00", "account.code_rejected", "holder", &wrong(5)),
        event(11, "24T13:50:00", "account.cooled_down", "holder", waits),
    ];
    oldest_first.reverse();
    oldest_first
}

pub(crate) fn reset_event() -> Event {
    Event {
        data: [
            "{",
            "  \"scope\": \"cool_down\",",
            "  \"reason\": \"called, knows her birthday\",",
            "  \"ticket\": \"4711\"",
            "}",
        ]
        .map(Printable::new)
        .to_vec(),
        by_whom: "operator 7e9d1b2c-3a4f-4e5d-9c8b-7a6f5e4d3c2b".into(),
        ..event(
            12,
            "24T13:53:10",
            "account.lockout_reset",
            "operator",
            "support ended the waiting for every method",
        )
    }
}

pub(crate) fn offline() -> Failure {
    Failure::Offline { why: "Connection refused (os error 111)".into() }
}

pub(crate) fn refused(code: ProblemCode) -> Failure {
    let says = match code {
        ProblemCode::AuthenticationFailed => PROOF_FAILED,
        other => other.title(),
    };
    Failure::Refused { code, says: says.into(), wait_seconds: None }
}

pub(crate) fn too_many() -> Failure {
    Failure::Refused {
        code: ProblemCode::TooManyRequests,
        says: "Too many attempts.".into(),
        wait_seconds: Some(870),
    }
}
