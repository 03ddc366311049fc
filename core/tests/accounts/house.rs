//! A whole core in a directory of its own, with a clock that stands still until it is moved.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};

use actix_rt::{Arbiter, System};
use countersign_core::accounts::answer::{
    Activated, FactorOffered, SecondFactorRequired, SessionGiven, SignedIn,
};
use countersign_core::accounts::request::{
    Asker, BeginFactor, Call, CodeAnswer, IdempotencyKey, Net, PasswordSignIn, Register,
};
use countersign_core::accounts::{Accounts, KnownClients, Verdict};
use countersign_core::actors::account::Services;
use countersign_core::actors::directory::Directory;
use countersign_core::actors::log::Log;
use countersign_core::actors::policy::PolicyInForce;
use countersign_core::actors::projector::Projector;
use countersign_core::clock::{Clock, ManualClock};
use countersign_core::domain::policy::Policy;
use countersign_core::domain::refusal::Refusal;
use countersign_core::entropy::OsEntropy;
use countersign_core::handle::{SessionToken, SignInHandle};
use countersign_core::mail::ledger::MailLedger;
use countersign_core::projections::ReadModel;
use countersign_core::sources::{SourceLimits, Sources};
use countersign_core::vault::{Argon2Params, Keyring, Passwords, Secrets, SqliteVault};
use countersign_events::account::{AccountEvent, Method};
use countersign_events::actor::By;
use countersign_events::entry::Entry;
use countersign_events::id::{AccountId, FactorId, HandleHash, Revision, StreamId};
use countersign_events::store::EventStore;
use countersign_events::store::sqlite::SqliteStore;
use data_encoding::BASE32_NOPAD;
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// When every test begins: the first second of a time step.
const START_SECOND: i64 = 1_795_000_020;
/// Seconds of a time step.
pub(crate) const STEP: SignedDuration = SignedDuration::from_secs(30);

/// The core.
pub(crate) struct House {
    pub(crate) dir: Arc<tempfile::TempDir>,
    pub(crate) clock: ManualClock,
    pub(crate) services: Arc<Services>,
    pub(crate) accounts: Accounts,
    /// When a code was last refused, by sign-in.
    refused: Mutex<HashMap<HandleHash, Timestamp>>,
}

/// An account with an authenticator, and the phone it is on.
pub(crate) struct Enabled {
    pub(crate) login: String,
    pub(crate) account: AccountId,
    pub(crate) factor: FactorId,
    pub(crate) secret: Vec<u8>,
    pub(crate) token: SessionToken,
    pub(crate) recovery_codes: Vec<String>,
}

/// Runs a test on an actor system of its own.
pub(crate) fn run<F: Future>(test: F) -> F::Output {
    System::new().block_on(test)
}

impl House {
    /// A new house.
    pub(crate) async fn new() -> Self {
        let start = Timestamp::from_second(START_SECOND).unwrap();
        Self::open(Arc::new(tempfile::tempdir().unwrap()), ManualClock::new(start)).await
    }

    /// A new house in which sources are limited, too. In every other they are not: one address
    /// stands for everybody there, and what is tested holds without that layer.
    pub(crate) async fn limited() -> Self {
        let start = Timestamp::from_second(START_SECOND).unwrap();
        let (dir, clock) = (Arc::new(tempfile::tempdir().unwrap()), ManualClock::new(start));
        let store = Self::store_in(&dir, &clock);
        Self::within(store, dir, clock, Some(SourceLimits::default())).await
    }

    /// The house of a directory, as after a restart.
    pub(crate) async fn open(dir: Arc<tempfile::TempDir>, clock: ManualClock) -> Self {
        Self::over(Self::store_in(&dir, &clock), dir, clock).await
    }

    fn store_in(dir: &tempfile::TempDir, clock: &ManualClock) -> Arc<dyn EventStore> {
        let (path, clock) = (dir.path().join("log.db"), clock.clone());
        Arc::new(SqliteStore::open(&path, Arc::new(move || clock.now())).unwrap())
    }

    /// The house over a store.
    pub(crate) async fn over(
        store: Arc<dyn EventStore>,
        dir: Arc<tempfile::TempDir>,
        clock: ManualClock,
    ) -> Self {
        Self::within(store, dir, clock, None).await
    }

    async fn within(
        store: Arc<dyn EventStore>,
        dir: Arc<tempfile::TempDir>,
        clock: ManualClock,
        limits: Option<SourceLimits>,
    ) -> Self {
        let entropy = Arc::new(OsEntropy);
        let keyring =
            Arc::new(Keyring::open_or_create(&dir.path().join("keys"), &OsEntropy).unwrap());
        let vault = Arc::new(SqliteVault::open(&dir.path().join("vault.db")).unwrap());
        let secrets = Secrets::new(vault, keyring.clone(), entropy.clone());
        let cheap = Argon2Params { m_kib: 64, t: 1, p: 1 };
        let key = keyring.log_public_key();
        let log = Log::open(store.clone(), key, "test", Arc::new(clock.clone()), entropy);
        let services = Arc::new(Services {
            log: log.await.unwrap(),
            secrets: secrets.clone(),
            passwords: Passwords::new(keyring, cheap, 2, 1024),
            policy: PolicyInForce::new(Policy::default()),
            sources: Arc::new(Sources::new(limits, Arc::new(clock.clone()))),
            staff_sources: Arc::new(Sources::new(limits, Arc::new(clock.clone()))),
            known_clients: KnownClients::default(),
            issuer: "Example".to_owned(),
            public_url: "https://id.example".to_owned(),
        });
        let model = ReadModel::open(&dir.path().join("read.db")).unwrap();
        let arbiter = Arbiter::new();
        let keys = Arc::new(secrets);
        let _follows = Projector::start_on(&arbiter.handle(), model.clone(), store, keys);
        let directory = Directory::start(2, &services);
        let accounts = Accounts::new(services.clone(), directory, model);
        Self { dir, clock, services, accounts, refused: Mutex::default() }
    }

    pub(crate) fn store(&self) -> &Arc<dyn EventStore> {
        self.services.log.store()
    }

    /// A call of the holder without an idempotency key.
    pub(crate) fn call(&self) -> Call {
        Call {
            by: By::Holder,
            net: Net {
                ip: "192.0.2.7".to_owned(),
                user_agent: Some("Firefox".to_owned()),
                language: None,
            },
            correlation: self.services.log.correlation_id().unwrap(),
            idempotency: None,
            devices: None,
            staff_only: false,
        }
    }

    /// A call with an idempotency key.
    pub(crate) fn keyed(&self, key: &str, route: &str, body: &str) -> Call {
        let idempotency = Some(IdempotencyKey {
            key: Zeroizing::new(key.to_owned()),
            caller: Zeroizing::new("anyone".to_owned()),
            route: route.to_owned(),
            body: Zeroizing::new(body.as_bytes().to_vec()),
        });
        Call { idempotency, ..self.call() }
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        self.clock.advance(time);
    }

    pub(crate) async fn register(&self, login: &str) -> AccountId {
        yes(self.accounts.register(&self.call(), registration(login)).await)
    }

    pub(crate) async fn sign_in(&self, login: &str, password: &str) -> Verdict<SignedIn> {
        self.accounts.sign_in(&self.call(), password_of(login, password)).await
    }

    /// The same where operators sign in.
    pub(crate) async fn staff_sign_in(&self, login: &str, password: &str) -> Verdict<SignedIn> {
        let call = Call { staff_only: true, ..self.call() };
        self.accounts.sign_in(&call, password_of(login, password)).await
    }

    /// The same where a second factor is asked for.
    pub(crate) async fn staff_second_step(&self, login: &str) -> SecondFactorRequired {
        asked(yes(self.staff_sign_in(login, PASSWORD).await))
    }

    /// Signs an operator in where no second factor is asked for.
    pub(crate) async fn staff_session(&self, login: &str) -> SessionGiven {
        completed(yes(self.staff_sign_in(login, PASSWORD).await))
    }

    /// Signs in where no second factor is asked for.
    pub(crate) async fn session(&self, login: &str) -> SessionGiven {
        completed(yes(self.sign_in(login, PASSWORD).await))
    }

    /// Signs in where a second factor is asked for.
    pub(crate) async fn second_step(&self, login: &str) -> SecondFactorRequired {
        asked(yes(self.sign_in(login, PASSWORD).await))
    }

    pub(crate) async fn offer(&self, token: &SessionToken) -> FactorOffered {
        let ask = BeginFactor { name: "Pixel".to_owned(), password: None };
        yes(self.accounts.begin_factor(&self.call(), Asker::Session(token.clone()), ask).await)
    }

    pub(crate) async fn activate(
        &self,
        token: &SessionToken,
        factor: FactorId,
        code: &str,
    ) -> Verdict<Activated> {
        let asker = Asker::Session(token.clone());
        self.accounts.activate_factor(&self.call(), asker, factor, text(code)).await
    }

    /// Registers and enables an authenticator.
    pub(crate) async fn enabled(&self, login: &str) -> Enabled {
        let account = self.register(login).await;
        let token = self.session(login).await.token;
        let offered = self.offer(&token).await;
        let secret = BASE32_NOPAD.decode(offered.secret.as_bytes()).unwrap();
        let code = self.code(&secret);
        let activated = yes(self.activate(&token, offered.factor, &code).await);
        let recovery_codes = activated.recovery_codes.unwrap();
        Enabled {
            login: login.to_owned(),
            account,
            factor: offered.factor,
            secret,
            token,
            recovery_codes: recovery_codes.iter().map(|code| code.to_string()).collect(),
        }
    }

    /// A code, from somebody who waits the second that lies between two of them in one sign-in.
    pub(crate) async fn answer(
        &self,
        sign_in: &SignInHandle,
        method: Method,
        code: &str,
    ) -> Verdict<SessionGiven> {
        let answer = CodeAnswer { method, factor: None, code: text(code) };
        let last = self.refused.lock().unwrap().get(&sign_in.hash()).copied();
        if let Some(last) = last {
            self.clock.set(self.clock.now().max(last + SignedDuration::from_secs(1)));
        }
        let answered = self.accounts.answer(&self.call(), sign_in.clone(), answer).await?;
        if matches!(answered, Err(Refusal::AuthenticationFailed)) {
            self.refused.lock().unwrap().insert(sign_in.hash(), self.clock.now());
        }
        Ok(answered.map(completed))
    }

    /// What a phone shows now.
    pub(crate) fn code(&self, secret: &[u8]) -> String {
        phone(secret, u64::try_from(self.clock.now().as_second()).unwrap())
    }

    /// A six-digit code that is none of the codes around now.
    pub(crate) fn wrong_code(&self, secret: &[u8]) -> String {
        let now = u64::try_from(self.clock.now().as_second()).unwrap();
        let near: Vec<String> = (0..=24).map(|step| phone(secret, now - 360 + step * 30)).collect();
        (0..1_000_000).map(|n| format!("{n:06}")).find(|code| !near.contains(code)).unwrap()
    }

    /// Asks for a code by e-mail and makes it as the courier does.
    pub(crate) async fn mailed_code(&self, account: AccountId, sign_in: &SignInHandle) -> String {
        yes(self.accounts.send_email_code(&self.call(), sign_in.clone()).await);
        self.last_mailed_code(account).await
    }

    pub(crate) async fn last_mailed_code(&self, account: AccountId) -> String {
        let requested = self.events(account).await.into_iter().rev().find_map(|(id, event)| {
            matches!(event, AccountEvent::EmailCodeRequested(_)).then_some(id)
        });
        let mail = self.accounts.code(account, requested.unwrap()).await.unwrap();
        mail.unwrap().code.to_string()
    }

    /// The events of an account, oldest first.
    pub(crate) async fn events(
        &self,
        account: AccountId,
    ) -> Vec<(countersign_events::id::EventId, AccountEvent)> {
        let stream = StreamId::Account(account);
        let recorded = self.services.log.read_from(stream, Revision::new(0)).await.unwrap();
        let read = |bytes: &[u8]| {
            let entry = Entry::parse(bytes).unwrap();
            let data = entry.data.get();
            (entry.id, AccountEvent::decode(&entry.event_type, entry.version, data).unwrap())
        };
        recorded.iter().map(|recorded| read(&recorded.bytes)).collect()
    }

    /// How many of an account's events are of a type.
    pub(crate) async fn count(&self, account: AccountId, event_type: &str) -> usize {
        let events = self.events(account).await;
        events.iter().filter(|(_, event)| event.event_type() == event_type).count()
    }
}

pub(crate) fn text(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

pub(crate) fn registration(login: &str) -> Register {
    // What a mail server takes, whatever the login is.
    let local: String = login.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
    let local = if local.is_empty() { "somebody" } else { local.as_str() };
    let email = format!("{local}@example.com");
    Register { login: login.to_owned(), email, password: text(PASSWORD) }
}

pub(crate) fn password_of(login: &str, password: &str) -> PasswordSignIn {
    PasswordSignIn { login: login.to_owned(), password: text(password) }
}

/// The answer of a verdict that must be a yes.
#[track_caller]
pub(crate) fn yes<T>(verdict: Verdict<T>) -> T {
    verdict.expect("no fault").unwrap_or_else(|refusal| panic!("refused: {refusal}"))
}

/// The refusal of a verdict that must be a no.
#[track_caller]
pub(crate) fn no<T>(verdict: Verdict<T>) -> Refusal {
    match verdict.expect("no fault") {
        Ok(_) => panic!("not refused"),
        Err(refusal) => refusal,
    }
}

#[track_caller]
pub(crate) fn completed(signed_in: SignedIn) -> SessionGiven {
    match signed_in {
        SignedIn::Completed(session) => session,
        more => panic!("more is asked for: {more:?}"),
    }
}

#[track_caller]
pub(crate) fn asked(signed_in: SignedIn) -> SecondFactorRequired {
    match signed_in {
        SignedIn::SecondFactorRequired(asked) => asked,
        other => panic!("no second factor was asked for: {other:?}"),
    }
}

/// A phone: RFC 6238 with SHA-1, six digits, 30 seconds.
pub(crate) fn phone(secret: &[u8], unix_seconds: u64) -> String {
    totp_rs::Builder::new()
        .with_algorithm(totp_rs::Algorithm::SHA1)
        .with_secret(totp_rs::Secret::from(secret.to_vec()))
        .build()
        .unwrap()
        .generate(unix_seconds)
        .to_string()
}
