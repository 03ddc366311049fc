//! Operators who are set up already, and sign in at a console.

use std::path::Path;

use countersign_tests::bench::prepare::step_now;
use countersign_tests::console::{Console, Key, program};
use countersign_tests::phone::code;
use countersign_tests::server::{Server, verb};
use serde_json::{Value, json};

use crate::enter;
use crate::holder::post;

const PASSWORD: &str = "an old oak by the river";

/// A terminal in which a whole time line is seen at once.
pub(crate) const ROOMY: (u16, u16) = (132, 43);
/// The smallest that the console is made for.
pub(crate) const SMALL: (u16, u16) = (80, 24);

/// Where operators reach a server.
pub(crate) fn url(server: &Server) -> String {
    format!("http://{}", server.operator)
}

/// An operator.
pub(crate) struct Staff {
    login: &'static str,
    secret: String,
    /// The time step whose code was used up.
    step: u64,
}

impl Staff {
    /// Adds an operator, who chooses a password and an authenticator.
    pub(crate) fn set_up(server: &Server, data: &Path, login: &'static str, role: &str) -> Self {
        let data = data.to_str().unwrap();
        let line = ["operator", "add", login, "--role", role, "--json", "--data", data];
        let (exit, out, err) = verb(&line).unwrap();
        assert_eq!(exit, Some(0), "{err}");
        let added: Value = serde_json::from_str(&out).unwrap();
        let to = server.operator;
        let body = json!({ "setup_token": added["setup_token"], "password": PASSWORD });
        assert_eq!(post(to, "/v1/setup", None, &body).status, 201);
        let body = json!({ "login": login, "password": PASSWORD });
        let session = post(to, "/v1/sign-ins", None, &body);
        let token = Some(session.text_at("/session/token"));
        let body = json!({ "kind": "totp", "name": "phone", "password": PASSWORD });
        let offered = post(to, "/v1/accounts/me/factors", token, &body);
        assert_eq!(offered.status, 202, "{offered:?}");
        let secret = offered.text_at("/secret").to_owned();
        let step = step_now();
        let path = format!("/v1/accounts/me/factors/{}/activate", offered.text_at("/factor_id"));
        let first = json!({ "code": code(&secret, step).unwrap() });
        let activated = post(to, &path, token, &first);
        assert_eq!(activated.status, 200, "{activated:?}");
        Self { login, secret, step }
    }

    /// Signs in at a console of its own: the proof is fresh for five minutes.
    pub(crate) fn at_a_console(&self, url: &str, size: (u16, u16)) -> Console {
        let program = program("countersign-admin").unwrap();
        let mut console = Console::start_sized(&program, url, &[], size).unwrap();
        console.wait_for_text("Sign in").unwrap();
        enter(&mut console, self.login);
        enter(&mut console, PASSWORD);
        console.wait_for_text("Second factor").unwrap();
        let step = step_now().max(self.step + 1);
        enter(&mut console, &code(&self.secret, step).unwrap());
        // Where the role begins.
        console.wait_for_text("F1 help  F").unwrap();
        console
    }
}

/// From wherever to the search, and to the open account.
pub(crate) fn open(console: &mut Console, login: &str) {
    console.press(Key::Function(2)).unwrap();
    console.wait_for_text("┌ Search").unwrap();
    enter(console, login);
    console.wait_for_text("> ").unwrap();
    console.press(Key::Enter).unwrap();
    console.wait_for_text("Second factor   ").unwrap();
}

/// Chooses *in person* where nothing is chosen yet, and goes on.
pub(crate) fn choose_in_person(console: &mut Console) {
    console.press(Key::Right).unwrap();
    console.press(Key::Right).unwrap();
    console.press(Key::Enter).unwrap();
}

/// Reason and ticket, a look at the event, and the yes.
pub(crate) fn say_why(console: &mut Console, reason: &str, ticket: &str) {
    enter(console, reason);
    enter(console, ticket);
    let screen = console.wait_for_text("y writes it").unwrap();
    assert!(screen.contains("This event will be written") && screen.contains(reason), "{screen}");
    console.type_text("y").unwrap();
}

/// What somebody does, and why.
pub(crate) struct Act {
    /// The key that begins it.
    pub(crate) key: &'static str,
    /// The title of its dialog.
    pub(crate) title: &'static str,
    /// The event that it writes.
    pub(crate) event: &'static str,
    pub(crate) reason: &'static str,
    /// The ticket to type: nothing where it is there already.
    pub(crate) ticket: &'static str,
}

impl Act {
    /// From its key to the event that was written: first the event that will be is seen.
    pub(crate) fn is_done_at(&self, console: &mut Console) {
        self.is_asked_for_at(console);
        self.is_written_at(console);
    }

    /// Opens its dialog, gives the answers, looks at the event and says yes.
    pub(crate) fn is_asked_for_at(&self, console: &mut Console) {
        console.type_text(self.key).unwrap();
        console.wait_for_text(self.title).unwrap();
        self.is_confirmed_at(console);
    }

    /// From the reason on.
    pub(crate) fn is_confirmed_at(&self, console: &mut Console) {
        enter(console, self.reason);
        enter(console, self.ticket);
        let screen = console.wait_for_text("y writes it").unwrap();
        for part in ["This event will be written", self.event, self.reason, self.ticket] {
            assert!(screen.contains(part), "{part} in\n{screen}");
        }
        console.type_text("y").unwrap();
    }

    /// Sees the event that was written, and goes back to the screen below.
    pub(crate) fn is_written_at(&self, console: &mut Console) {
        let screen = console.wait_for_text("This event was written").unwrap();
        for part in [self.event, self.reason, self.ticket] {
            assert!(screen.contains(part), "{part} in\n{screen}");
        }
        console.press(Key::Enter).unwrap();
        console.wait_until_gone("This event was written").unwrap();
    }
}
