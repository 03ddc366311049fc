//! Prepares a data directory offline: accounts with an authenticator, and the client app that
//! vouches for them.
//!
//! Every account goes the way of a client app's user, through the same actors and the same log as
//! in service, so that limits and replay protection stand as they would. Only passwords are left
//! out: a client app vouches, and no Argon2 run stands between the accounts.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use countersign_core::accounts::request::{
    AccountRef, Asker, BeginFactor, Call, Net, NewClient, RegisterSubject, VouchedSignIn,
};
use countersign_core::accounts::{Accounts, KnownClients, Verdict};
use countersign_core::actors::account::Services;
use countersign_core::actors::directory::Directory;
use countersign_core::actors::log::Log;
use countersign_core::actors::policy::PolicyInForce;
use countersign_core::clock::{Clock, SystemClock};
use countersign_core::domain::policy::Policy;
use countersign_core::domain::totp::Generator;
use countersign_core::entropy::{Entropy, OsEntropy};
use countersign_core::projections::ReadModel;
use countersign_core::sources::Sources;
use countersign_core::vault::{Argon2Params, Keyring, Passwords, Secrets, SqliteVault};
use countersign_events::actor::By;
use countersign_events::client::Scope;
use countersign_events::id::{AccountId, ClientId};
use countersign_events::store::sqlite::SqliteStore;
use data_encoding::BASE32_NOPAD;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use zeroize::Zeroizing;

/// Accounts that are prepared at once: enough to fill the log's batches.
const AT_ONCE: usize = 128;
/// Seconds of a time step.
const PERIOD_SECONDS: i64 = 30;

/// An account with an authenticator.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The client app's name for it.
    pub subject: String,
    /// The authenticator's secret.
    pub secret: Vec<u8>,
}

/// What is in the data directory.
#[derive(Debug, Clone)]
pub struct Preparation {
    /// The accounts.
    pub accounts: Vec<Prepared>,
    /// The key of the client app that made them.
    pub key: Arc<str>,
    /// The account with a long stream.
    pub busy: AccountId,
}

/// The present time step.
#[must_use]
pub fn step_now() -> u64 {
    step_at(SystemClock.now())
}

/// The time step of a time.
pub(super) fn step_at(at: Timestamp) -> u64 {
    u64::try_from(at.as_second() / PERIOD_SECONDS).unwrap_or(0)
}

impl Prepared {
    /// The code of a time step.
    ///
    /// # Errors
    /// If the secret is none.
    pub fn code(&self, step: u64) -> anyhow::Result<String> {
        code(&self.secret, step)
    }

    /// A code that no step around this one has.
    ///
    /// # Errors
    /// If the secret is none.
    pub fn wrong_code(&self, step: u64) -> anyhow::Result<String> {
        /// A measurement ends before so many steps have gone by.
        const STEPS_AROUND: u64 = 4;
        let steps = step.saturating_sub(STEPS_AROUND)..=step.saturating_add(STEPS_AROUND);
        let near: Vec<String> = steps.map(|step| self.code(step)).collect::<Result<_, _>>()?;
        let mut wrong = (0..=near.len()).map(|code| format!("{code:06}"));
        wrong.find(|code| !near.contains(code)).context("no wrong code")
    }
}

fn code(secret: &[u8], step: u64) -> anyhow::Result<String> {
    Ok(Generator::new(secret)?.code(step))
}

/// Fills `data` with `accounts` accounts, and one more with `sign_ins` sign-ins; closes it.
///
/// # Errors
/// What could not be written.
pub async fn prepare(data: &Path, accounts: usize, sign_ins: usize) -> anyhow::Result<Preparation> {
    let (_services, opened) = open(data, Arc::new(SystemClock)).await?;
    let added = yes(opened
        .add_client(&call(&opened)?, NewClient::new("bench".into(), scopes(), None))
        .await)?;
    let client = added.client;
    let accounts = stream::iter(0..accounts)
        .map(|number| enabled(&opened, client, number))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let busy = registered(&opened, client, "busy".into()).await?;
    for _ in 0..sign_ins {
        yes(opened.vouch(&call(&opened)?, client, VouchedSignIn::new("busy".into(), None)).await)?;
    }
    opened.directory().drain().await;
    Ok(Preparation { accounts, key: added.api_key.reveal().as_str().into(), busy })
}

/// The parts that a directory of accounts stands on, without a server before them.
pub(super) async fn open(
    data: &Path,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<(Arc<Services>, Accounts)> {
    std::fs::create_dir_all(data)?;
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    let keyring = Arc::new(Keyring::open_or_create(&data.join("keys"), entropy.as_ref())?);
    let vault = Arc::new(SqliteVault::open(&data.join("vault.db"))?);
    let told = Arc::clone(&clock);
    let store = Arc::new(SqliteStore::open(&data.join("log.db"), Arc::new(move || told.now()))?);
    let key = keyring.log_public_key();
    let log = Log::open(store, key, "bench.invalid", clock, Arc::clone(&entropy)).await?;
    let params = Argon2Params { m_kib: 8, t: 1, p: 1 };
    let services = Arc::new(Services {
        log,
        secrets: Secrets::new(vault, Arc::clone(&keyring), entropy),
        passwords: Passwords::new(keyring, params, 1, 1),
        policy: PolicyInForce::new(Policy::default()),
        sources: Arc::new(Sources::new(None, Arc::new(SystemClock))),
        staff_sources: Arc::new(Sources::new(None, Arc::new(SystemClock))),
        known_clients: KnownClients::default(),
        issuer: "bench".into(),
        public_url: "https://bench.invalid".into(),
    });
    let directory = Directory::start(2, &services);
    let read_model = ReadModel::open(&data.join("unused-read.db"))?;
    Ok((Arc::clone(&services), Accounts::new(services, directory, read_model)))
}

pub(super) fn scopes() -> Vec<Scope> {
    vec![Scope::AccountsWrite, Scope::SignInsVouch, Scope::FactorsWrite]
}

pub(super) fn call(accounts: &Accounts) -> anyhow::Result<Call> {
    Ok(Call {
        by: By::System,
        net: Net { ip: "127.0.0.1".into(), user_agent: None, language: None },
        correlation: accounts.log().correlation_id()?,
        idempotency: None,
        devices: None,
        staff_only: false,
    })
}

pub(super) fn yes<T>(verdict: Verdict<T>) -> anyhow::Result<T> {
    verdict?.map_err(|refusal| anyhow!(refusal))
}

fn subject(number: usize) -> String {
    format!("user {number}")
}

pub(super) async fn registered(
    accounts: &Accounts,
    client: ClientId,
    subject: String,
) -> anyhow::Result<AccountId> {
    let ask = RegisterSubject { subject, email: None, email_verified: false, display_name: None };
    yes(accounts.register_subject(&call(accounts)?, client, ask).await)
}

/// An account with an authenticator.
async fn enabled(accounts: &Accounts, client: ClientId, number: usize) -> anyhow::Result<Prepared> {
    let account = registered(accounts, client, subject(number)).await?;
    let call = call(accounts)?;
    let asker = || Asker::Client { client, account: AccountRef::Id(account) };
    let begin = BeginFactor { name: "phone".into(), password: None };
    let offered = yes(accounts.begin_factor(&call, asker(), begin).await)?;
    let secret = BASE32_NOPAD.decode(offered.secret.as_bytes()).context("base32")?;
    // The step before this one: the present code is left for the measurement. Where a step ends
    // between making the code and judging it, the code is too old by one, and the next one is not.
    for refusals_left in [1, 0] {
        let code = Zeroizing::new(code(&secret, step_now().saturating_sub(1))?);
        match accounts.activate_factor(&call, asker(), offered.factor, code).await? {
            Ok(_) => break,
            Err(_) if refusals_left > 0 => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Ok(Prepared { subject: subject(number), secret })
}
