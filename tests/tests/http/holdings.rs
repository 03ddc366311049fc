//! What somebody reaches with only the mailbox, only the password, only the phone, and each two of
//! them: sequences of calls drawn at random, and no session beyond what the holdings grant.

use countersign_tests::app::{PASSWORD, Person, STEP, TestApp};
use jiff::SignedDuration;
use serde_json::json;

use super::back_in::{link, mailed_code, token_in};

/// Sequences for each holding.
const SEQUENCES: u64 = 12;
/// Calls in a sequence.
const CALLS: usize = 10;

#[derive(Debug, Clone, Copy)]
struct Holds {
    mailbox: bool,
    password: bool,
    phone: bool,
}

/// How far one comes: nowhere, or to a session of this assurance.
type Reached = Option<&'static str>;

impl Holds {
    /// What part 5 of the contract grants within a day.
    const fn granted(self) -> Reached {
        match (self.mailbox, self.password, self.phone) {
            (_, true, true) | (true, _, true) => Some("two_factor"),
            (true, true, false) => Some("email_code"),
            (_, _, _) => None,
        }
    }
}

/// Somebody who tries.
struct Tries<'a> {
    app: &'a TestApp,
    holds: Holds,
    victim: &'a Person,
    password: Option<String>,
    sign_in: Option<String>,
    token: Option<String>,
    reached: Reached,
    seed: u64,
}

impl Tries<'_> {
    /// The next number of a sequence that a seed begins (Knuth's MMIX generator).
    fn draw(&mut self, below: u64) -> u64 {
        let next = self.seed.wrapping_mul(6_364_136_223_846_793_005);
        self.seed = next.wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    async fn act(&mut self) {
        match self.draw(9) {
            0 | 1 => self.begin().await,
            2 if self.holds.phone => {
                let code = self.app.code(self.victim);
                self.answer("totp", &code).await;
            }
            3 if self.holds.mailbox => self.by_mail().await,
            4 if self.holds.mailbox => self.reset().await,
            5 if self.holds.mailbox => self.object().await,
            6 => self.app.pass(SignedDuration::from_mins(1)).await,
            7 => self.replace().await,
            _ => self.change().await,
        }
    }

    async fn begin(&mut self) {
        let Some(password) = self.password.clone() else { return };
        let begun = self.app.sign_in(&self.victim.login, &password).await;
        self.went_on(&begun.body);
    }

    fn went_on(&mut self, body: &serde_json::Value) {
        if let Some(id) = body["id"].as_str() {
            self.sign_in = Some(id.to_owned());
        }
        if let Some(token) = body["session"]["token"].as_str() {
            self.token = Some(token.to_owned());
            let assurance = body["session"]["assurance"].as_str();
            let order = [None, Some("password"), Some("email_code"), Some("two_factor")];
            let place = |of: Option<&str>| order.iter().position(|known| *known == of);
            if place(assurance) > place(self.reached) {
                self.reached = order[place(assurance).expect("a known assurance")];
            }
        }
    }

    async fn answer(&mut self, method: &str, code: &str) {
        let Some(sign_in) = self.sign_in.clone() else { return };
        let answered = self.app.answer(&sign_in, method, code).await;
        self.went_on(&answered.body);
        if answered.body["status"] == "password_change_required" {
            let path = format!("/v1/sign-ins/{}/password", answered.text_at("/id"));
            let chosen = format!("chosen by whoever {}", self.seed);
            let set = self.app.post(path, &json!({ "password": chosen })).await;
            self.went_on(&set.body);
            self.password = Some(chosen);
        }
    }

    async fn by_mail(&mut self) {
        let Some(sign_in) = self.sign_in.clone() else { return };
        if self.app.email_code(&sign_in).await.status == 202 {
            let code = mailed_code(self.app, &self.victim.email).await;
            self.answer("email_code", &code).await;
        }
    }

    async fn reset(&mut self) {
        let body = json!({ "login": self.victim.login });
        if self.app.post("/v1/password-resets", &body).await.status == 202 {
            let token = link(self.app, &self.victim.email, "A new password").await;
            let chosen = format!("set by a mail {}", self.seed);
            let path = format!("/v1/password-resets/{token}");
            let set = self.app.post(path, &json!({ "password": chosen })).await;
            assert!(set.body["session"].is_null());
            if set.status == 200 {
                self.password = Some(chosen);
            }
        }
    }

    async fn object(&mut self) {
        self.app.settle().await;
        let mails = self.app.post.mails_to(&self.victim.email);
        let notices = mails.iter().filter(|mail| mail.text.contains("/not-me#"));
        if let Some(token) = notices.filter_map(|mail| token_in(&mail.text)).next_back() {
            let said = self.app.post(format!("/v1/objections/{token}"), &json!({})).await;
            assert!(said.body["session"].is_null());
        }
    }

    /// Asks to replace the phone, and tries to put another in its place at once.
    async fn replace(&mut self) {
        let Some(token) = self.token.clone() else { return };
        let path = "/v1/accounts/me/factors/replacement";
        self.app.post(path, &json!({})).bearer(&token).await;
        let body = json!({ "kind": "totp", "name": "theirs", "password": self.password });
        let offered = self.app.post("/v1/accounts/me/factors", &body).bearer(&token).await;
        if self.holds.granted() == Some("two_factor") {
            return;
        }
        assert_ne!(offered.status, 202, "{:?}", self.holds);
    }

    async fn change(&mut self) {
        let (Some(token), Some(current)) = (self.token.clone(), self.password.clone()) else {
            return;
        };
        let chosen = format!("changed by whoever {}", self.seed);
        let body = json!({ "current": current, "password": chosen });
        let changed = self.app.post("/v1/accounts/me/password", &body).bearer(&token).await;
        self.went_on(&changed.body);
        if changed.status == 200 {
            self.password = Some(chosen);
        }
    }
}

/// SR-053, SR-062, AT-29, AT-58: and each holding does reach what it is granted, so that the test
/// would notice if nobody reached anything.
#[test]
fn at_58_nobody_reaches_a_session_beyond_what_is_granted() {
    TestApp::run(async |app| {
        for number in 1..7_u64 {
            let holds = Holds {
                mailbox: number & 1 != 0,
                password: number & 2 != 0,
                phone: number & 4 != 0,
            };
            let mut most = None;
            for sequence in 0..SEQUENCES {
                let login = format!("victim.{number}.{sequence}");
                let victim = super::back_in::confirmed(app, &login).await;
                app.pass(STEP).await;
                let mut tries = Tries {
                    app,
                    holds,
                    victim: &victim,
                    password: holds.password.then(|| PASSWORD.to_owned()),
                    sign_in: None,
                    token: None,
                    reached: None,
                    seed: number * 1_000 + sequence,
                };
                for _ in 0..CALLS {
                    tries.act().await;
                }
                let fits = match holds.granted() {
                    Some("two_factor") => true,
                    granted => tries.reached.is_none() || tries.reached == granted,
                };
                assert!(fits, "{holds:?} reached {:?}", tries.reached);
                most = most.or(tries.reached);
            }
            assert_eq!(most.is_some(), holds.granted().is_some(), "{holds:?}: {most:?}");
        }
    });
}
