//! Somebody who makes calls over a real connection, beside the model of his account: what he hears
//! must be what the model says.

use std::collections::BTreeMap;

use countersign_tests::app::Member;
use countersign_tests::bench::http::Connection;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::account::{Account, Expected, Typed, Way, rules};
use crate::documented::NOBODYS_HANDLE;

/// A call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letter {
    /// The first factor, again.
    Begin,
    /// Codes of the authenticator: the one that it shows, one that it does not, and the one that
    /// was accepted last.
    Right,
    Wrong,
    Used,
    /// The next recovery code.
    Recovery,
    /// Asks for a code by e-mail; types the one that came last, and one that never came.
    Send,
    Mailed,
    NeverMailed,
    /// Looks at the session; proves again in it, with a right code and a wrong one; signs out.
    Look,
    Prove,
    ProveWrong,
    SignOut,
}

/// Somebody, the model of the account, and what he holds.
pub(super) struct Person {
    pub(super) member: Member,
    pub(super) model: Account,
    sign_in: Option<(usize, String)>,
    /// Every token with its number, the last one first.
    tokens: Vec<(usize, String)>,
    /// The code that came last, and the sign-in that it was asked for in.
    pub(super) mailed: Option<(usize, String)>,
    pub(super) walked: Vec<Option<Letter>>,
}

/// An answer, as far as it is looked at.
struct Heard {
    status: u16,
    body: Value,
}

/// Nothing, or what was not as the model says.
pub(super) type Outcome = Result<(), String>;

impl Person {
    pub(super) fn new(member: Member) -> Self {
        let model = Account::enrolled_at(member.step);
        let (sign_in, tokens, mailed, walked) = (None, vec![], None, vec![]);
        Self { member, model, sign_in, tokens, mailed, walked }
    }

    /// The steps around now whose code this is.
    fn steps_of(&self, code: &str, step: i64) -> Vec<i64> {
        let near = step - rules::KNOWN_STEPS..=step + rules::KNOWN_STEPS;
        near.filter(|near| self.member.code(*near) == code).collect()
    }

    /// A code that is none of those around now.
    fn wrong_code(&self, step: i64) -> String {
        let mut codes = (0..).map(|number| format!("{number:06}"));
        codes.find(|code| self.steps_of(code, step).is_empty()).unwrap()
    }

    fn totp(&self, letter: Letter, step: i64) -> (String, Typed) {
        let code = match letter {
            Letter::Right | Letter::Prove => self.member.code(step),
            Letter::Used => self.member.code(self.model.last_step),
            _ => return (self.wrong_code(step), Typed::Wrong),
        };
        let typed = self.model.totp(step, &self.steps_of(&code, step));
        (code, typed)
    }

    pub(super) async fn make(&mut self, wire: &mut Wire, letter: Letter, now: i64) -> Outcome {
        self.walked.push(Some(letter));
        let step = now.div_euclid(rules::STEP);
        let made = match letter {
            Letter::Begin => self.begin(wire, now).await,
            Letter::Right | Letter::Wrong | Letter::Used => {
                let (code, typed) = self.totp(letter, step);
                self.answer(wire, now, Way::Totp, &code, typed).await
            }
            Letter::Recovery => {
                let codes = &self.member.recovery_codes;
                let next = codes.get(self.model.recovery_used);
                let typed = next.map_or(Typed::Used, |_| Typed::Right(None));
                let code = next.unwrap_or(&codes[0]).clone();
                self.answer(wire, now, Way::RecoveryCode, &code, typed).await
            }
            Letter::Send => self.send(wire, now).await,
            Letter::Mailed | Letter::NeverMailed => self.by_mail(wire, letter, now).await,
            Letter::Look => self.look(wire, now).await,
            Letter::Prove | Letter::ProveWrong => {
                let (code, typed) = self.totp(letter, step);
                self.prove(wire, now, &code, typed).await
            }
            Letter::SignOut => self.sign_out(wire, now).await,
        };
        made.map_err(|wrong| format!("{:?}, {}: {wrong}", self.walked, self.member.subject))
    }

    async fn begin(&mut self, wire: &mut Wire, now: i64) -> Outcome {
        let body = json!({
            "subject": self.member.subject, "first_factor": "vouched",
            "context": { "ip": "192.0.2.1" }
        });
        let key = wire.key.clone();
        let heard = wire.call("POST", "/v1/sign-ins", Some(&key), Some(&body)).await;
        let serial = self.model.begin(now);
        let told = heard.body["methods"].as_array().map(Vec::as_slice).unwrap_or_default();
        let told: Vec<&str> = told.iter().filter_map(|one| one["method"].as_str()).collect();
        let has_codes = self.model.recovery_used < self.member.recovery_codes.len();
        let there = [
            ("totp", Way::Totp, true),
            ("email_code", Way::EmailCode, self.member.email.is_some()),
            ("recovery_code", Way::RecoveryCode, has_codes),
        ];
        let open = there
            .into_iter()
            .filter(|(_, way, there)| *there && self.model.closed_until(*way, now).is_none());
        let open: Vec<&str> = open.map(|(name, ..)| name).collect();
        let is_asked = heard.body["status"] == "second_factor_required";
        if heard.status != 200 || !is_asked || told != open {
            return Err(heard.unlike(&open));
        }
        let id = heard.body["id"].as_str().unwrap_or_default().to_owned();
        self.sign_in = Some((serial, id));
        Ok(())
    }

    async fn answer(
        &mut self,
        wire: &mut Wire,
        now: i64,
        way: Way,
        code: &str,
        typed: Typed,
    ) -> Outcome {
        let (serial, id) = match &self.sign_in {
            Some((serial, id)) => (Some(*serial), id.as_str()),
            None => (None, NOBODYS_HANDLE),
        };
        let method = match way {
            Way::Totp => "totp",
            Way::EmailCode => "email_code",
            Way::RecoveryCode => "recovery_code",
        };
        let path = format!("/v1/sign-ins/{id}/answers");
        let body = json!({ "method": method, "code": code });
        let heard = wire.call("POST", &path, None, Some(&body)).await;
        let expected = self.model.answer(now, serial, way, typed);
        self.model.unevaluated += u64::from(heard.status == 429);
        heard.must(expected, 200)?;
        if expected == Expected::Accepted {
            let (session, token) = (&heard.body["session"], self.model.tokens);
            let begun = self.model.in_session(now, token).map(|session| session.assurance);
            if session["assurance"].as_str() != begun || heard.body["status"] != "completed" {
                return Err(heard.unlike(&begun));
            }
            let text = session["token"].as_str().unwrap_or_default().to_owned();
            self.tokens.insert(0, (token, text));
        }
        Ok(())
    }

    async fn send(&mut self, wire: &mut Wire, now: i64) -> Outcome {
        let (serial, id) = match &self.sign_in {
            Some((serial, id)) => (Some(*serial), id.as_str()),
            None => (None, NOBODYS_HANDLE),
        };
        let path = format!("/v1/sign-ins/{id}/email-code");
        let heard = wire.call("POST", &path, None, Some(&json!({}))).await;
        let expected = self.model.send(now, serial);
        if expected == Expected::Promised {
            self.mailed = serial.map(|serial| (serial, String::new()));
        }
        heard.must(expected, 202)
    }

    async fn by_mail(&mut self, wire: &mut Wire, letter: Letter, now: i64) -> Outcome {
        let serial = self.sign_in.as_ref().map(|(serial, _)| *serial);
        let came = self.mailed.clone().filter(|(_, code)| !code.is_empty());
        let here = came.as_ref().filter(|(asked_in, _)| Some(*asked_in) == serial);
        let code = match letter {
            Letter::Mailed => {
                came.as_ref().map_or_else(|| "000000".into(), |(_, code)| code.clone())
            }
            _ => {
                let live = here.map(|(_, code)| code.as_str());
                let other = if live == Some("000000") { "000001" } else { "000000" };
                other.to_owned()
            }
        };
        let typed = self.model.mailed(now, serial, here.is_some_and(|(_, live)| *live == code));
        self.answer(wire, now, Way::EmailCode, &code, typed).await
    }

    async fn look(&mut self, wire: &mut Wire, now: i64) -> Outcome {
        let (number, token) = self.token();
        let heard = wire.call("GET", "/v1/session", Some(&token), None).await;
        let session = self.model.in_session(now, number);
        let expected = if session.is_some() { Expected::Accepted } else { Expected::Refused };
        heard.must(expected, 200)?;
        let assurance = session.map(|session| session.assurance);
        if heard.body["assurance"].as_str() != assurance {
            return Err(heard.unlike(&assurance));
        }
        Ok(())
    }

    async fn prove(&mut self, wire: &mut Wire, now: i64, code: &str, typed: Typed) -> Outcome {
        let (number, token) = self.token();
        let body = json!({ "method": "totp", "code": code });
        let heard = wire.call("POST", "/v1/session/proofs", Some(&token), Some(&body)).await;
        let expected = self.model.prove(now, number, typed);
        self.model.unevaluated += u64::from(heard.status == 429);
        heard.must(expected, 200)?;
        if expected == Expected::Accepted {
            let text = heard.body["session"]["token"].as_str().unwrap_or_default().to_owned();
            self.tokens.insert(0, (self.model.tokens, text));
        }
        Ok(())
    }

    async fn sign_out(&mut self, wire: &mut Wire, now: i64) -> Outcome {
        let (number, token) = self.token();
        let heard = wire.call("DELETE", "/v1/session", Some(&token), None).await;
        heard.must(self.model.sign_out(now, number), 204)
    }

    /// The last token, or nobody's.
    fn token(&self) -> (usize, String) {
        self.tokens.first().cloned().unwrap_or_else(|| (0, NOBODYS_HANDLE.to_owned()))
    }

    /// After an order: of all tokens that there were, those that the model says are alive.
    pub(super) async fn tokens_are_dead_or_alive(&mut self, wire: &mut Wire, now: i64) -> Outcome {
        for (number, token) in std::mem::take(&mut self.tokens) {
            let heard = wire.call("GET", "/v1/session", Some(&token), None).await;
            let alive = self.model.in_session(now, number).is_some();
            let expected = if alive { Expected::Accepted } else { Expected::Refused };
            let told = heard.must(expected, 200);
            told.map_err(|wrong| format!("{:?}, then token {number}: {wrong}", self.walked))?;
        }
        Ok(())
    }

    /// As a client app sees the account: what it says of failures is what the model counts.
    pub(super) async fn counters_agree(&mut self, wire: &mut Wire, now: i64) -> Outcome {
        let (key, path) = (wire.key.clone(), format!("/v1/accounts/{}", self.member.account));
        let heard = wire.call("GET", &path, Some(&key), None).await;
        let told = heard.body["unresolved"].as_array().cloned().unwrap_or_default();
        let told: BTreeMap<String, u64> = told
            .iter()
            .map(|one| (one["method"].to_string(), one["count"].as_u64().unwrap_or_default()))
            .filter(|(_, count)| *count > 0)
            .collect();
        let ways = [
            ("\"totp\"", Way::Totp),
            ("\"email_code\"", Way::EmailCode),
            ("\"recovery_code\"", Way::RecoveryCode),
        ];
        let unresolved = |way| u64::try_from(self.model.unresolved(way, now)).unwrap();
        let counted: BTreeMap<String, u64> = ways
            .into_iter()
            .map(|(name, way)| (name.to_owned(), unresolved(way)))
            .filter(|(_, count)| *count > 0)
            .collect();
        if heard.status != 200 || told != counted {
            return Err(format!("{:?}: {}", self.walked, heard.unlike(&counted)));
        }
        Ok(())
    }
}

impl Heard {
    fn unlike(&self, expected: &impl std::fmt::Debug) -> String {
        format!("heard {} {}, not {expected:?}", self.status, self.body)
    }

    fn must(&self, expected: Expected, accepted: u16) -> Outcome {
        let until = || {
            let told = self.body["retry_at"].as_str()?;
            told.parse::<Timestamp>().ok().map(Timestamp::as_second)
        };
        let as_expected = match expected {
            Expected::Accepted | Expected::Promised => self.status == accepted,
            Expected::Refused => self.status == 401,
            Expected::Waits(end) => self.status == 429 && until() == Some(end),
            Expected::RefusedOrWaits(end) => {
                self.status == 401 || (self.status == 429 && until() == Some(end))
            }
        };
        let gives = ["session", "token"].iter().any(|name| self.body.get(name).is_some());
        let is_given = self.status < 300 || !gives;
        if as_expected && is_given { Ok(()) } else { Err(self.unlike(&expected)) }
    }
}

/// A connection, and the key of the app.
pub(super) struct Wire {
    pub(super) connection: Connection,
    pub(super) key: String,
}

impl Wire {
    async fn call(
        &mut self,
        method: &str,
        path: &str,
        bearer: Option<&str>,
        body: Option<&Value>,
    ) -> Heard {
        let body = body.map(Value::to_string);
        let answer = self.connection.call(method, path, bearer, body.as_deref()).await;
        let answer = answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let body = serde_json::from_slice(answer.body).unwrap_or_default();
        Heard { status: answer.status, body }
    }
}
