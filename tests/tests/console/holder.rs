//! The holder of an account, at the public listener.

use std::net::SocketAddr;

use countersign_tests::bench::prepare::step_now;
use countersign_tests::mailbox::{Letter, Mailbox};
use countersign_tests::phone::{code, wrong_code};
use countersign_tests::server::{Answered, call};
use serde_json::{Value, json};

pub(crate) const LOGIN: &str = "ana.lima";
pub(crate) const EMAIL: &str = "ana@example.org";
pub(crate) const PASSWORD: &str = "tr0ubador & his mule";
pub(crate) const OTHER_PASSWORD: &str = "tr0ubador & his other mule";
/// Wrong codes in a row after which codes must wait.
pub(crate) const WRONG_CODES: usize = 5;

/// The holder of an account, at the public listener.
pub(crate) struct Holder {
    pub(crate) public: SocketAddr,
    /// The authenticator's secret.
    pub(crate) secret: String,
    /// The time step whose code activated it: the next one is good for half a minute at least.
    step: u64,
    recovery_codes: Vec<String>,
}

impl Holder {
    /// Registers, signs in with the password and activates an authenticator.
    pub(crate) fn with_an_authenticator(public: SocketAddr) -> Self {
        let body = json!({ "login": LOGIN, "email": EMAIL, "password": PASSWORD });
        let registered = post(public, "/v1/accounts", None, &body);
        assert_eq!(registered.status, 201, "{registered:?}");
        let mut holder =
            Self { public, secret: String::new(), step: 0, recovery_codes: Vec::new() };
        let begun = holder.begin();
        let token = Some(begun.text_at("/session/token"));
        let body = json!({ "kind": "totp", "name": "phone" });
        let offered = post(public, "/v1/accounts/me/factors", token, &body);
        holder.secret = offered.text_at("/secret").to_owned();
        holder.step = step_now();
        let path = format!("/v1/accounts/me/factors/{}/activate", offered.text_at("/factor_id"));
        let first = json!({ "code": code(&holder.secret, holder.step).unwrap() });
        let activated = post(public, &path, token, &first);
        assert_eq!(activated.status, 200, "{activated:?}");
        let codes = activated.body["recovery_codes"].as_array().unwrap();
        holder.recovery_codes = codes.iter().map(|it| it.as_str().unwrap().to_owned()).collect();
        holder
    }

    /// Proves the address: a sign-in by a code that went there.
    pub(crate) fn proves_his_address(&self, spool: &Mailbox) {
        let begun = self.begin();
        let path = format!("/v1/sign-ins/{}", begun.text_at("/id"));
        let sent = post(self.public, &format!("{path}/email-code"), None, &json!({}));
        assert_eq!(sent.status, 202, "{sent:?}");
        let letter = spool.wait_for(EMAIL, |letter| letter.code().is_some()).unwrap();
        let body = json!({ "method": "email_code", "code": letter.code().unwrap() });
        let entered = post(self.public, &format!("{path}/answers"), None, &body);
        assert_eq!(entered.status, 200, "{entered:?}");
    }

    /// Signs in with his authenticator: the session's token.
    pub(crate) fn enters(&self) -> String {
        let fresh = code(&self.secret, step_now().max(self.step + 1)).unwrap();
        let entered = self.answer(&self.begin(), &fresh);
        assert_eq!(entered.status, 200, "{entered:?}");
        entered.text_at("/session/token").to_owned()
    }

    /// Signs in with a recovery code, where the authenticator's is used up for now: the token.
    pub(crate) fn enters_by_recovery_code(&mut self) -> String {
        let path = format!("/v1/sign-ins/{}/answers", self.begin().text_at("/id"));
        let body = json!({ "method": "recovery_code", "code": self.recovery_codes.pop() });
        let entered = post(self.public, &path, None, &body);
        assert_eq!(entered.status, 200, "{entered:?}");
        entered.text_at("/session/token").to_owned()
    }

    /// Whether a session is alive.
    pub(crate) fn is_in(&self, token: &str) -> bool {
        match call(self.public, "GET", "/v1/session", Some(token), None).unwrap().status {
            200 => true,
            401 => false,
            other => panic!("neither in nor out: {other}"),
        }
    }

    /// How often each of these stands in his own history.
    pub(crate) fn counts<const N: usize>(&self, token: &str, types: [&str; N]) -> [usize; N] {
        let path = "/v1/accounts/me/history?limit=200";
        let history = call(self.public, "GET", path, Some(token), None).unwrap();
        let items = history.body["items"].as_array().unwrap_or_else(|| panic!("{history:?}"));
        types.map(|name| items.iter().filter(|item| item["type"] == name).count())
    }

    /// Waits for a mail with these words in its subject.
    pub(crate) fn is_told(&self, spool: &Mailbox, subject: &str) -> Letter {
        let is_it =
            |letter: &Letter| letter.header("Subject").is_some_and(|it| it.contains(subject));
        spool.wait_for(EMAIL, is_it).unwrap()
    }

    /// Sets another password by the link in a mail.
    pub(crate) fn sets_another_password(&self, spool: &Mailbox) {
        let subject = |letter: &Letter| letter.header("Subject").unwrap_or_default().to_owned();
        let is_it = |letter: &Letter| subject(letter).contains("A new password");
        let letter = spool.wait_for(EMAIL, is_it).unwrap();
        let link = letter.text.split_whitespace().find_map(|word| word.split_once('#'));
        let path = format!("/v1/password-resets/{}", link.unwrap().1);
        let set = post(self.public, &path, None, &json!({ "password": OTHER_PASSWORD }));
        assert_eq!(set.status, 200, "{set:?}");
    }

    /// The first half of a sign-in.
    pub(crate) fn begin(&self) -> Answered {
        self.begin_with(PASSWORD)
    }

    pub(crate) fn begin_with(&self, password: &str) -> Answered {
        let body = json!({ "login": LOGIN, "password": password });
        let begun = post(self.public, "/v1/sign-ins", None, &body);
        assert_eq!(begun.status, 200, "{begun:?}");
        begun
    }

    /// The second half.
    pub(crate) fn answer(&self, begun: &Answered, code: &str) -> Answered {
        let path = format!("/v1/sign-ins/{}/answers", begun.text_at("/id"));
        post(self.public, &path, None, &json!({ "method": "totp", "code": code }))
    }

    /// The code of the activation's next step.
    pub(crate) fn next_code(&self) -> String {
        code(&self.secret, self.step + 1).unwrap()
    }

    /// Somebody guesses until codes must wait: then not even the right one is looked at.
    pub(crate) fn is_locked_by_wrong_codes(&self) {
        let wrong = wrong_code(&self.secret, self.step).unwrap();
        // Each in a sign-in of its own: in one they would have to lie a second apart.
        for _ in 0..WRONG_CODES {
            assert_eq!(self.answer(&self.begin(), &wrong).status, 401);
        }
        let refused = self.answer(&self.begin(), &self.next_code());
        assert_eq!(refused.status, 429, "{refused:?}");
    }
}

pub(crate) fn post(to: SocketAddr, path: &str, bearer: Option<&str>, body: &Value) -> Answered {
    call(to, "POST", path, bearer, Some(body)).unwrap()
}
