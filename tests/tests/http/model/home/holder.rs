//! Somebody at home before two browsers and a mailbox, over a real connection, beside the books.

use countersign_tests::app::Resident;
use countersign_tests::bench::http::Connection;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::books::{Books, Call, Expected, Told};
use crate::cookies::{DEVICE, SESSION, SIGN_IN};
use crate::documented::{NOBODYS_HANDLE, NOBODYS_LINK};

const STEP: i64 = 30;

/// A link of a mail: what it carries, what it is about, and when that happened.
struct Link {
    token: String,
    told: Told,
    at: i64,
}

/// Which browser a sign-in or session is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Its cookies.
    Home,
    /// A program that holds nothing.
    Away,
}

/// Somebody, the books, and what the two hold.
pub(super) struct Holder {
    pub(super) resident: Resident,
    pub(super) books: Books,
    password: String,
    /// What makes the browser at home known.
    device: String,
    sign_in: Option<(At, String, String)>,
    sessions: Vec<(usize, At, String)>,
    /// The newest link to a new password, and the one that unlocks.
    reset: Option<String>,
    unlock: Option<String>,
    not_me: Option<Link>,
    followed: Vec<String>,
    pub(super) made: Vec<Call>,
}

/// An answer, as far as it is looked at.
struct Heard {
    status: u16,
    head: String,
    body: Value,
}

/// Nothing, or what was not as the books say.
pub(super) type Outcome = Result<(), String>;

/// A connection, and the origin of the pages.
pub(super) struct Wire {
    pub(super) connection: Connection,
    pub(super) origin: String,
}

impl Wire {
    async fn post(&mut self, at: At, path: &str, cookies: &str, body: &Value) -> Heard {
        self.ask("POST", at, path, cookies, Some(body)).await
    }

    async fn ask(
        &mut self,
        method: &str,
        at: At,
        path: &str,
        holds: &str,
        body: Option<&Value>,
    ) -> Heard {
        let origin = &self.origin;
        let lines = match at {
            At::Home => format!(
                "X-Countersign-Portal: 1\r\nOrigin: {origin}\r\nSec-Fetch-Site: same-origin\r\n\
                 Cookie: {holds}\r\n"
            ),
            At::Away if holds.is_empty() => String::new(),
            At::Away => format!("Authorization: Bearer {holds}\r\n"),
        };
        let body = body.map(Value::to_string);
        let answer = self.connection.ask(method, path, &lines, body.as_deref()).await;
        let answer = answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let body = serde_json::from_slice(answer.body).unwrap_or_default();
        Heard { status: answer.status, head: answer.head.to_owned(), body }
    }
}

impl Heard {
    fn cookie(&self, name: &str) -> Option<String> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let set = lines.find_map(|(header, value)| {
            let value = value.trim().strip_prefix(name)?.strip_prefix('=')?;
            header.eq_ignore_ascii_case("set-cookie").then_some(value)
        })?;
        Some(set.split(';').next().unwrap_or_default().to_owned())
    }

    fn unlike(&self, expected: &impl std::fmt::Debug) -> String {
        format!("heard {} {}, not {expected:?}", self.status, self.body)
    }

    fn must(&self, expected: &Expected) -> Outcome {
        let until = || {
            let told = self.body["retry_at"].as_str()?;
            told.parse::<Timestamp>().ok().map(Timestamp::as_second)
        };
        let methods = || -> Vec<&str> {
            let methods = self.body["methods"].as_array().map(Vec::as_slice).unwrap_or_default();
            methods.iter().filter_map(|one| one["method"].as_str()).collect()
        };
        let status = || self.body["status"].as_str().unwrap_or_default();
        let is_it = match expected {
            Expected::Begun(ways) => {
                self.status == 200 && status() == "second_factor_required" && methods() == *ways
            }
            Expected::Entered { demanded } => {
                let asks = if *demanded { "password_change_required" } else { "completed" };
                self.status == 200 && status() == asks
            }
            Expected::Done(done) => self.status == *done,
            Expected::Refused => self.status == 401,
            Expected::Waits(end) => self.status == 429 && until() == Some(*end),
            Expected::RefusedOrWaits(end) => {
                self.status == 401 || (self.status == 429 && until() == Some(*end))
            }
        };
        if is_it { Ok(()) } else { Err(self.unlike(expected)) }
    }
}

impl Holder {
    pub(super) fn new(resident: Resident, password_cap: usize) -> Self {
        let books = Books::under(password_cap);
        Self {
            password: resident.password.clone(),
            resident,
            books,
            device: String::new(),
            sign_in: None,
            sessions: vec![],
            reset: None,
            unlock: None,
            not_me: None,
            followed: vec![],
            made: vec![],
        }
    }

    /// A mail came: its links are kept, the newest of each kind.
    pub(super) fn reads(&mut self, subject: &str, text: &str, at: i64) {
        let link = |page: &str| {
            let mut words = text.split_whitespace();
            words.find_map(|word| word.split_once(page)).map(|(_, token)| token.to_owned())
        };
        self.reset = link("/reset-password#").or_else(|| self.reset.take());
        self.unlock = link("/unlock#").or_else(|| self.unlock.take());
        if let Some(token) = link("/not-me#") {
            let is = |words: &str| subject.contains(words);
            let told = if is("guessing codes") || is("is paused") || is("no password from") {
                Told::Guesses
            } else if is("was set anew") {
                Told::PasswordReset
            } else {
                Told::Other
            };
            self.not_me = Some(Link { token, told, at });
        }
    }

    pub(super) async fn make(&mut self, wire: &mut Wire, call: Call, now: i64) -> Outcome {
        self.made.push(call);
        let made = match call {
            Call::Home => self.begins(wire, At::Home, true, now).await,
            Call::Away => self.begins(wire, At::Away, true, now).await,
            Call::EnterHome => self.enters(wire, At::Home, now).await,
            Call::EnterAway => self.enters(wire, At::Away, now).await,
            Call::WrongPassword => self.begins(wire, At::Away, false, now).await,
            Call::Right | Call::Wrong => self.answers(wire, call == Call::Right, now).await,
            Call::Ask => {
                let body = json!({ "login": self.resident.login });
                let heard = wire.post(At::Away, "/v1/password-resets", "", &body).await;
                heard.must(&self.books.ask(now))
            }
            Call::Use => self.follows_reset(wire, now).await,
            Call::Object => self.objects(wire, now).await,
            Call::Unlock => {
                let token = self.unlock.as_deref().unwrap_or(NOBODYS_LINK);
                let path = format!("/v1/unlocks/{token}");
                let heard = wire.post(At::Away, &path, "", &json!({})).await;
                heard.must(&self.books.unlocks(now))
            }
        };
        made.map_err(|wrong| format!("{:?}, {}: {wrong}", self.made, self.resident.login))
    }

    async fn begins(&mut self, wire: &mut Wire, at: At, right: bool, now: i64) -> Outcome {
        let password = if right { self.password.as_str() } else { "a wrong one for once" };
        let body = json!({ "login": self.resident.login, "password": password });
        let cookies = self.cookies(at, None);
        let heard = wire.post(at, "/v1/sign-ins", &cookies, &body).await;
        let expected = self.books.password(now, at == At::Home, right);
        heard.must(&expected)?;
        if matches!(expected, Expected::Begun(_)) {
            let id = heard.body["id"].as_str().unwrap_or_default().to_owned();
            self.sign_in = Some((at, id, heard.cookie(SIGN_IN).unwrap_or_default()));
        }
        Ok(())
    }

    /// Where the password is refused, the code is typed in the sign-in begun before.
    async fn enters(&mut self, wire: &mut Wire, at: At, now: i64) -> Outcome {
        self.begins(wire, at, true, now).await?;
        self.answers(wire, true, now).await
    }

    /// What a browser sends along.
    fn cookies(&self, at: At, sign_in: Option<&str>) -> String {
        match (at, sign_in) {
            (At::Away, _) => String::new(),
            (At::Home, Some(sign_in)) => format!("{SIGN_IN}={sign_in}; {DEVICE}={}", self.device),
            (At::Home, None) => format!("{DEVICE}={}", self.device),
        }
    }

    async fn answers(&mut self, wire: &mut Wire, right: bool, now: i64) -> Outcome {
        let nobodys = || (At::Away, NOBODYS_HANDLE.to_owned(), String::new());
        let (at, id, cookie) = self.sign_in.clone().unwrap_or_else(nobodys);
        let step = now.div_euclid(STEP);
        let code = if right { self.resident.code(step) } else { self.wrong_code(step) };
        let cookies = self.cookies(at, Some(&cookie));
        let (path, body) =
            (format!("/v1/sign-ins/{id}/answers"), json!({ "method": "totp", "code": code }));
        let heard = wire.post(at, &path, &cookies, &body).await;
        let expected = self.books.code(now, right);
        heard.must(&expected)?;
        let entered = match expected {
            Expected::Entered { demanded: false } => heard,
            Expected::Entered { demanded: true } => self.sets_demanded(wire, at, &heard).await?,
            _ => return Ok(()),
        };
        if let Some(device) = entered.cookie(DEVICE) {
            self.device = device;
        }
        let token = match at {
            At::Home => entered.cookie(SESSION).unwrap_or_default(),
            At::Away => entered.body["session"]["token"].as_str().unwrap_or_default().to_owned(),
        };
        let is_sure = entered.body["session"]["assurance"] == "two_factor";
        self.sessions.push((self.books.entered, at, token));
        if is_sure { Ok(()) } else { Err(entered.unlike(&"two factors")) }
    }

    async fn sets_demanded(
        &mut self,
        wire: &mut Wire,
        at: At,
        asked: &Heard,
    ) -> Result<Heard, String> {
        let id = asked.body["id"].as_str().unwrap_or_default();
        let cookie = asked.cookie(SIGN_IN).unwrap_or_default();
        let cookies = self.cookies(at, Some(&cookie));
        let password = self.another_password();
        let path = format!("/v1/sign-ins/{id}/password");
        let heard = wire.post(at, &path, &cookies, &json!({ "password": password })).await;
        heard.must(&Expected::Entered { demanded: false })?;
        self.password = password;
        Ok(heard)
    }

    /// Another with each that was set, and with each that is tried.
    fn another_password(&self) -> String {
        let (set, made) = (self.books.passwords, self.made.len());
        format!("{}, {set} of them in {made}", self.resident.password)
    }

    /// A code that is none of those around now.
    fn wrong_code(&self, step: i64) -> String {
        let near: Vec<String> =
            (step - 12..=step + 12).map(|step| self.resident.code(step)).collect();
        let mut codes = (0..).map(|number| format!("{number:06}"));
        codes.find(|code| !near.contains(code)).unwrap()
    }

    async fn follows_reset(&mut self, wire: &mut Wire, now: i64) -> Outcome {
        let token = self.reset.as_deref().unwrap_or(NOBODYS_LINK);
        let path = format!("/v1/password-resets/{token}");
        let password = self.another_password();
        let heard = wire.post(At::Away, &path, "", &json!({ "password": password })).await;
        let expected = self.books.resets(now);
        if expected == Expected::Done(200) {
            self.password = password;
        }
        heard.must(&expected)
    }

    async fn objects(&mut self, wire: &mut Wire, now: i64) -> Outcome {
        let Some(Link { token, told, at }) = &self.not_me else {
            let path = format!("/v1/objections/{NOBODYS_LINK}");
            return wire.post(At::Away, &path, "", &json!({})).await.must(&Expected::Refused);
        };
        let path = format!("/v1/objections/{token}");
        let heard = wire.post(At::Away, &path, "", &json!({})).await;
        let is_first = !self.followed.contains(token);
        let expected = self.books.objects(now, *told, *at, is_first);
        self.followed.push(token.clone());
        heard.must(&expected)
    }

    /// I4: of all sessions that there were, those are alive that the books say.
    pub(super) async fn sessions_are_dead_or_alive(
        &mut self,
        wire: &mut Wire,
        now: i64,
    ) -> Outcome {
        for (number, at, token) in std::mem::take(&mut self.sessions) {
            let held = match at {
                At::Home => format!("{SESSION}={token}"),
                At::Away => token,
            };
            let heard = wire.ask("GET", at, "/v1/session", &held, None).await;
            let is_alive = self.books.is_alive(now, number);
            let expected = if is_alive { Expected::Done(200) } else { Expected::Refused };
            let told = heard.must(&expected);
            told.map_err(|wrong| format!("{:?}, then session {number}: {wrong}", self.made))?;
        }
        Ok(())
    }
}
