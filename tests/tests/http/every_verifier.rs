//! SR-082, AT-12, AT-14: every call that is given a secret declares what can be guessed by it and
//! which methods count that; one that declares nothing fails. Whichever of them a method is used up
//! by, all that share it are shut.

use std::collections::{BTreeMap, BTreeSet};

use countersign_api::contract::kind::Method;
use countersign_api::server::openapi::document_json;
use countersign_api::server::routes::TABLE;
use countersign_api::server::routes::declared::Guesses;
use countersign_tests::app::{Answered, PASSWORD, Person, TestApp};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::acts::prove;
use super::documented::{Operation, operations};

/// A way to try a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    SignIn,
    Answer,
    Proof,
    ChangePassword,
    OfferFactor,
    ChangeEmail,
    ConfirmEmail,
    Resync,
}

/// How what can be guessed by a call is tried. A call that declares guesses must be here.
const WAYS: [(&str, Way); 8] = [
    ("POST /v1/sign-ins", Way::SignIn),
    ("POST /v1/sign-ins/{id}/answers", Way::Answer),
    ("POST /v1/session/proofs", Way::Proof),
    ("POST /v1/accounts/me/password", Way::ChangePassword),
    ("POST /v1/accounts/{account}/factors", Way::OfferFactor),
    ("POST /v1/accounts/me/email", Way::ChangeEmail),
    ("POST /v1/accounts/me/email/confirm", Way::ConfirmEmail),
    ("POST /v1/accounts/{account}/factors/{factor}/resync", Way::Resync),
];

/// The calls that declare guesses, how each is tried, and the methods that it declares.
fn verifiers() -> Vec<(String, Way, &'static [Method])> {
    let mut verifiers = vec![];
    for row in TABLE {
        let Guesses::Counted(methods) = row.guesses else { continue };
        let name = format!("{} {}", row.method, row.path);
        let way = WAYS.iter().find(|(known, _)| *known == name);
        let (_, way) = way.unwrap_or_else(|| panic!("no test guesses by {name}"));
        verifiers.push((name, *way, methods));
    }
    assert_eq!(verifiers.len(), WAYS.len());
    verifiers
}

/// How many wrong ones are evaluated before the first wait.
const BEFORE_THE_WAIT: [(Method, &str, usize); 4] = [
    (Method::Password, "password", 5),
    (Method::Totp, "totp", 5),
    (Method::EmailCode, "email_code", 5),
    (Method::RecoveryCode, "recovery_code", 10),
];

const SECRET_FIELDS: [&str; 5] = ["code", "codes", "password", "current", "setup_token"];

/// Whether a description has a field with a secret, however deep.
fn takes_secret(described: &Value, schemas: &Value) -> bool {
    match described {
        Value::Object(fields) => {
            let named = fields.get("$ref").and_then(Value::as_str);
            let named = named.and_then(|named| named.rsplit('/').next());
            let properties = fields.get("properties").and_then(Value::as_object);
            properties.is_some_and(|all| SECRET_FIELDS.iter().any(|name| all.contains_key(*name)))
                || named.is_some_and(|named| takes_secret(&schemas[named], schemas))
                || fields.values().any(|field| takes_secret(field, schemas))
        }
        Value::Array(items) => items.iter().any(|item| takes_secret(item, schemas)),
        _ => false,
    }
}

/// SR-082, AT-14: the calls that are given a secret, by the description that is made from the code,
/// are those that declare what can be guessed by them.
#[test]
fn sr_082_every_call_that_is_given_a_secret_declares_what_counts_it() {
    let document: Value = serde_json::from_str(&document_json().unwrap()).unwrap();
    let takes = |operation: &Operation| {
        let method = operation.method.as_str().to_lowercase();
        let described = &document["paths"][&operation.template][&method];
        let parameters = described["parameters"].as_array().into_iter().flatten();
        let asked = parameters.filter(|one| one["in"] == "query");
        let in_query = asked.filter_map(|one| one["name"].as_str());
        if in_query.into_iter().any(|name| SECRET_FIELDS.contains(&name)) {
            return true;
        }
        let described = &described["requestBody"];
        operation.template.contains("{token}")
            || takes_secret(described, &document["components"]["schemas"])
    };
    let found: BTreeSet<String> =
        operations().iter().filter(|one| takes(one)).map(Operation::name).collect();
    let declares = TABLE.iter().filter(|row| row.guesses != Guesses::Nothing);
    let declared = declares.map(|row| format!("{} {}", row.method, row.path));
    assert_eq!(found, declared.collect::<BTreeSet<_>>());
    // A link is long, and what is long is a link, a setup token, or what an app or a host brings.
    for row in TABLE {
        let others = ["/v1/setup", "/v1/oidc/token", "/.countersign/callback"];
        let is_long = row.path.contains("{token}") || others.contains(&row.path);
        assert_eq!(row.guesses == Guesses::Long, is_long, "{}", row.path);
        let is_offer = row.path.ends_with("/activate");
        assert_eq!(row.guesses == Guesses::Offer, is_offer, "{}", row.path);
    }
}

/// Somebody to guess at, and what is right.
struct Target {
    person: Person,
    /// A sign-in that waits for a code that was mailed.
    sign_in: String,
    /// What is right, by method; the code by e-mail for the sign-in, and for the session.
    right: BTreeMap<&'static str, String>,
    for_session: String,
}

impl Target {
    /// For passwords somebody without a second factor, to whom every call is open with one.
    async fn new(app: &TestApp, login: &str, method: &str) -> Self {
        let mut right = BTreeMap::from([("password", PASSWORD.to_owned())]);
        if method == "password" {
            let person = app.registered(login).await;
            return Self { person, sign_in: String::new(), right, for_session: String::new() };
        }
        let mut person = app.person(login).await;
        let confirm = "/v1/accounts/me/email/confirm";
        app.post(confirm, &json!({})).bearer(&person.token).await.is(202);
        app.settle().await;
        let for_session = app.post.newest_code(&person.email).unwrap();
        app.pass(SignedDuration::from_mins(1)).await;
        let sign_in = app.begin(&person).await;
        app.email_code(&sign_in).await.is(202);
        app.settle().await;
        right.insert("email_code", app.post.newest_code(&person.email).unwrap());
        // A clock is set only where something else was proven a short while ago.
        let by = json!({ "method": "recovery_code", "code": person.recovery_codes[1] });
        let proven = prove(app, &person.token, &by).await.is(200);
        person.token = proven.text_at("/session/token");
        right.insert("totp", app.code(&person));
        right.insert("recovery_code", person.recovery_codes[0].clone());
        Self { person, sign_in, right, for_session }
    }

    fn wrong(&self, app: &TestApp, method: &str) -> String {
        match method {
            "password" => "another long password".to_owned(),
            "totp" => app.wrong_code(&self.person),
            "recovery_code" => "00000-00000-00000-00000-00000".to_owned(),
            _ => {
                let sent = [&self.right["email_code"], &self.for_session];
                let mut codes = (0..3).map(|number| format!("{number:06}"));
                codes.find(|code| !sent.contains(&code)).unwrap()
            }
        }
    }

    fn right(&self, way: Way, method: &str) -> &str {
        if way == Way::ConfirmEmail { &self.for_session } else { &self.right[method] }
    }

    async fn guess(&self, app: &TestApp, way: Way, method: &str, secret: &str) -> Answered {
        let Person { login, token, .. } = &self.person;
        let of_session = |path: &str, body: Value| app.post(path, &body).bearer(token);
        match way {
            Way::SignIn => app.sign_in(login, secret).await,
            // A code by e-mail is good in its own sign-in alone; of any other method more are
            // tried than one sign-in has.
            Way::Answer if method == "email_code" => {
                app.answer(&self.sign_in, method, secret).await
            }
            Way::Answer => {
                let sign_in = app.begin(&self.person).await;
                app.answer(&sign_in, method, secret).await
            }
            Way::Proof if method == "password" => {
                prove(app, token, &json!({ "password": secret })).await
            }
            Way::Proof => prove(app, token, &json!({ "method": method, "code": secret })).await,
            Way::ChangePassword => {
                let body = json!({ "current": secret, "password": "a brand new passphrase" });
                of_session("/v1/accounts/me/password", body).await
            }
            Way::OfferFactor => {
                let body = json!({ "kind": "totp", "name": "phone", "password": secret });
                of_session("/v1/accounts/me/factors", body).await
            }
            Way::ChangeEmail => {
                let body = json!({ "email": "other@example.com", "password": secret });
                of_session("/v1/accounts/me/email", body).await
            }
            Way::ConfirmEmail => {
                let body = json!({ "code": secret });
                of_session("/v1/accounts/me/email/confirm", body).await
            }
            Way::Resync => {
                // The right one, and the one that follows it; or twice what is wrong.
                let is_right = secret == self.right["totp"];
                let next = if is_right { app.code_at(&self.person, 1) } else { secret.to_owned() };
                let path = format!("/v1/accounts/me/factors/{}/resync", self.person.factor);
                of_session(&path, json!({ "codes": [secret, next] })).await
            }
        }
    }

    fn judged(&self, app: &TestApp) -> usize {
        ["account.password_rejected", "account.code_rejected"]
            .iter()
            .map(|event| app.count(&self.person.account, event))
            .sum()
    }
}

/// AT-12, SR-082, SR-095: used up by any call, a method is shut at every call that takes it, for
/// right and wrong alike, and nothing more is evaluated.
#[test]
fn at_12_used_up_by_one_call_a_method_is_shut_at_every_other() {
    TestApp::run(async |app| {
        let mut tried = 0;
        let verifiers = verifiers();
        for (counted, method, guesses) in BEFORE_THE_WAIT {
            let ways = || verifiers.iter().filter(|(_, _, methods)| methods.contains(&counted));
            for (name, way, _) in ways() {
                let target = Target::new(app, &format!("guessed.{tried}"), method).await;
                let wrong = target.wrong(app, method);
                for guess in 0..guesses {
                    let refused = target.guess(app, *way, method, &wrong).await;
                    let face = refused.face();
                    assert_eq!(refused.status, 401, "{method} by {name}, {guess}: {face:?}");
                }
                assert_eq!(target.judged(app), guesses, "{method} by {name}");
                for (other, way, _) in ways() {
                    for secret in [target.right(*way, method), &wrong] {
                        let refused = target.guess(app, *way, method, secret).await;
                        let face = refused.face();
                        assert_eq!(refused.status, 429, "{name}, then {other}: {face:?}");
                    }
                }
                assert_eq!(target.judged(app), guesses, "{method} by {name}");
                tried += 1;
            }
        }
        assert_eq!(tried, verifiers.iter().map(|(.., methods)| methods.len()).sum::<usize>());
    });
}

/// SR-082: a code for an authenticator on offer counts to the offer, which lapses with the tenth.
#[test]
fn sr_082_an_offer_counts_its_own_wrong_codes() {
    TestApp::run(async |app| {
        let mut marlene = app.registered("marlene.offered").await;
        let path = "/v1/accounts/me/factors";
        let body = json!({ "kind": "totp", "name": "phone" });
        let offered = app.post(path, &body).bearer(&marlene.token).await.is(202);
        marlene.secret = offered.text_at("/secret");
        let path = format!("{path}/{}/activate", offered.text_at("/factor_id"));
        let activate = |code: &str| app.post(&path, &json!({ "code": code }));
        for _ in 0..10 {
            activate(&app.wrong_code(&marlene)).bearer(&marlene.token).await.is(401);
        }
        activate(&app.code(&marlene)).bearer(&marlene.token).await.is(404);
    });
}
