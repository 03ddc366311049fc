//! The people of a test: who they are, what they know, and the phone in their hands.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_core::accounts::Verdict;
use countersign_core::accounts::request::{Call as CoreCall, Net, NewClient};
use countersign_core::clock::Clock as _;
use countersign_events::actor::By;
use countersign_events::client::Scope;
use countersign_events::operator;
use serde_json::{Value, json};

use super::calls::Call;
use super::{STEP, TestApp, loudly};
use crate::phone;

/// The password of everybody.
pub const PASSWORD: &str = "tr0ubador & his mule";
/// Seconds of a time step.
const PERIOD_SECONDS: i64 = 30;

/// Somebody with an account.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The login.
    pub login: String,
    /// The address.
    pub email: String,
    /// The account.
    pub account: String,
    /// The token of a session.
    pub token: String,
    /// The authenticator, once there is one.
    pub factor: String,
    /// Its secret, base32 without padding.
    pub secret: String,
    /// The recovery codes that came with it.
    pub recovery_codes: Vec<String>,
    /// Whether it is an operator, who signs in where operators do.
    pub is_operator: bool,
}

impl TestApp {
    /// Somebody who has registered and signed in, with a password alone.
    ///
    /// # Panics
    /// Where that is refused.
    pub async fn registered(&self, login: &str) -> Person {
        let email = format!("{login}@example.com");
        let body = json!({ "login": login, "email": email, "password": PASSWORD });
        let made = self.post("/v1/accounts", &body).await.is(201);
        let account = made.text_at("/account_id");
        let token = self.sign_in(login, PASSWORD).await.is(200).text_at("/session/token");
        Person { login: login.to_owned(), email, account, token, ..Person::default() }
    }

    /// Somebody with an authenticator, whose next code is the one of the present step.
    ///
    /// # Panics
    /// Where that is refused.
    pub async fn person(&self, login: &str) -> Person {
        let person = self.registered(login).await;
        self.with_authenticator(person, Listener::Public).await
    }

    /// An operator with a session of two factors.
    ///
    /// # Panics
    /// Where that is refused.
    pub async fn operator(&self, login: &str, role: Role) -> Person {
        let setup_token = loudly(self.add_operator(login, role).await);
        let body = json!({ "setup_token": setup_token, "password": PASSWORD });
        let made = self.post("/v1/setup", &body).await.is(201);
        let entered = self.sign_in(login, PASSWORD).on(Listener::Operator).await.is(200);
        let (account, token) = (made.text_at("/account_id"), entered.text_at("/session/token"));
        let login = login.to_owned();
        let person = Person { login, account, token, is_operator: true, ..Person::default() };
        self.with_authenticator(person, Listener::Operator).await
    }

    /// Gives a disabled operator the role back, at the machine.
    ///
    /// # Panics
    /// Where that is refused.
    pub async fn enable_operator(&self, operator: &Person) {
        loudly(self.enable(operator).await);
    }

    /// A client app of every scope: its API key.
    ///
    /// # Panics
    /// Where it cannot be added.
    pub async fn client_app(&self) -> String {
        loudly(self.add_client().await)
    }

    /// A sign-in with a password, not judged.
    pub fn sign_in(&self, login: &str, password: &str) -> Call<'_> {
        self.post("/v1/sign-ins", &json!({ "login": login, "password": password }))
    }

    /// A sign-in that waits for its second factor: its id.
    ///
    /// # Panics
    /// Where none is asked for.
    pub async fn begin(&self, person: &Person) -> String {
        let at = if person.is_operator { Listener::Operator } else { Listener::Public };
        let begun = self.sign_in(&person.login, PASSWORD).on(at).await.is(200);
        assert_eq!(begun.text_at("/status"), "second_factor_required", "{:?}", begun.face());
        begun.text_at("/id")
    }

    /// An answer to a sign-in, not judged; a second after one that was refused there.
    pub fn answer(&self, sign_in: &str, method: &str, code: &str) -> Call<'_> {
        let body = json!({ "method": method, "code": code });
        self.post(format!("/v1/sign-ins/{sign_in}/answers"), &body)
    }

    /// Asks for a code by e-mail, not judged.
    pub fn email_code(&self, sign_in: &str) -> Call<'_> {
        self.post(format!("/v1/sign-ins/{sign_in}/email-code"), &json!({}))
    }

    /// The present time step.
    #[must_use]
    pub fn step(&self) -> u64 {
        u64::try_from(self.clock.now().as_second() / PERIOD_SECONDS).unwrap_or(0)
    }

    /// What the phone showed or will show, so many steps from now.
    ///
    /// # Panics
    /// Where the person has no authenticator.
    #[must_use]
    pub fn code_at(&self, person: &Person, offset: i64) -> String {
        self.code_of(&person.secret, offset)
    }

    /// The same of an authenticator whose secret (base32) is known.
    ///
    /// # Panics
    /// Where it is no secret.
    #[must_use]
    pub fn code_of(&self, secret: &str, offset: i64) -> String {
        loudly(phone::code(secret, self.step().saturating_add_signed(offset)))
    }

    /// What the phone shows.
    ///
    /// # Panics
    /// Where the person has no authenticator.
    #[must_use]
    pub fn code(&self, person: &Person) -> String {
        self.code_at(person, 0)
    }

    /// What the phone does not show, long before and after.
    ///
    /// # Panics
    /// Where the person has no authenticator.
    #[must_use]
    pub fn wrong_code(&self, person: &Person) -> String {
        self.wrong_code_of(&person.secret)
    }

    /// The same of an authenticator whose secret (base32) is known.
    ///
    /// # Panics
    /// Where it is no secret.
    #[must_use]
    pub fn wrong_code_of(&self, secret: &str) -> String {
        let near: Vec<String> = (-12..=12).map(|offset| self.code_of(secret, offset)).collect();
        let mut candidates = (0..100).map(|number| format!("{number:06}"));
        candidates.find(|candidate| !near.contains(candidate)).unwrap_or_default()
    }

    /// Signs in with a code of the authenticator: the token of a new session.
    ///
    /// # Panics
    /// Where it is refused.
    pub async fn enter(&self, person: &Person) -> String {
        self.pass(STEP).await;
        let sign_in = self.begin(person).await;
        let entered = self.answer(&sign_in, "totp", &self.code(person)).await.is(200);
        entered.text_at("/session/token")
    }

    /// The account, as its holder sees it.
    ///
    /// # Panics
    /// Where the session is over.
    pub async fn account(&self, person: &Person) -> Value {
        self.get("/v1/accounts/me").bearer(&person.token).await.is(200).body
    }

    /// The history, the newest event first.
    ///
    /// # Panics
    /// Where the session is over.
    pub async fn history(&self, person: &Person) -> Vec<Value> {
        let path = "/v1/accounts/me/history?limit=200";
        let told = self.get(path).bearer(&person.token).await.is(200);
        told.body.get("items").and_then(Value::as_array).cloned().unwrap_or_default()
    }

    /// Gives somebody an authenticator, over this listener.
    ///
    /// # Panics
    /// Where that is refused.
    pub async fn with_authenticator(&self, mut person: Person, on: Listener) -> Person {
        let path = "/v1/accounts/me/factors";
        let body = json!({ "kind": "totp", "name": "the red phone" });
        let offered = self.post(path, &body).on(on).bearer(&person.token).await.is(202);
        person.factor = offered.text_at("/factor_id");
        person.secret = offered.text_at("/secret");
        let path = format!("{path}/{}/activate", person.factor);
        let body = json!({ "code": self.code(&person) });
        let activated = self.post(path, &body).on(on).bearer(&person.token).await.is(200);
        person.token = activated.text_at("/session/token");
        let codes = activated.body.get("recovery_codes").and_then(Value::as_array);
        let codes = codes.into_iter().flatten().filter_map(Value::as_str);
        person.recovery_codes = codes.map(str::to_owned).collect();
        self.pass(STEP).await;
        person
    }

    async fn add_operator(&self, login: &str, role: Role) -> anyhow::Result<String> {
        let role = match role {
            Role::Support => operator::Role::Support,
            Role::Supervisor => operator::Role::Supervisor,
            Role::Auditor => operator::Role::Auditor,
            Role::Admin => operator::Role::Admin,
        };
        let call = self.core_call()?;
        let accounts = &self.served()?.accounts;
        let added = yes(accounts.add_operator(&call, login.to_owned(), role).await)?;
        let token = added.setup_token.reveal().to_string();
        self.plant("setup token", token.as_bytes());
        Ok(token)
    }

    async fn add_client(&self) -> anyhow::Result<String> {
        let scopes = vec![
            Scope::AccountsWrite,
            Scope::SignInsVouch,
            Scope::FactorsWrite,
            Scope::HistoryRead,
            Scope::EventsRead,
        ];
        let call = self.core_call()?;
        let accounts = &self.served()?.accounts;
        let added = yes(accounts
            .add_client(&call, NewClient::new("an app".to_owned(), scopes, None))
            .await)?;
        let key = added.api_key.reveal().to_string();
        self.plant("API key", key.as_bytes());
        Ok(key)
    }

    async fn enable(&self, operator: &Person) -> anyhow::Result<()> {
        let accounts = &self.served()?.accounts;
        yes(accounts.enable_operator(&self.core_call()?, operator.account.parse()?).await)
    }

    /// As the command line calls.
    pub(super) fn core_call(&self) -> anyhow::Result<CoreCall> {
        Ok(CoreCall {
            by: By::Console { user: "test".to_owned() },
            net: Net { ip: "local".to_owned(), user_agent: None, language: None },
            correlation: self.served()?.accounts.log().correlation_id()?,
            idempotency: None,
            devices: None,
            staff_only: false,
        })
    }
}

pub(super) fn yes<T>(verdict: Verdict<T>) -> anyhow::Result<T> {
    Ok(verdict??)
}
