//! How the parts are put together, and taken apart again.
//!
//! Opened from the inside out: keys, vault, log, read model; then those who follow the log; then
//! the actors behind the one door. Closed the other way round ([`Open::close`]): the courier and
//! the dispatcher first, since they still tell accounts and apps what became of their mails and
//! webhooks; then the projector; then every account passivates; then the files close, and only
//! after them the directory's lock goes.

mod closing;
mod signed;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Weak};

use actix::Addr;
use actix_rt::Arbiter;
use anyhow::{Context as _, bail};
use countersign_core::accounts::KnownClients;
use countersign_core::actors::account::Services;
use countersign_core::actors::courier::{Courier, Post};
use countersign_core::actors::directory::Directory;
use countersign_core::actors::dispatcher::{Dispatch, Dispatcher};
use countersign_core::actors::log::Log;
use countersign_core::actors::policy::{self, PolicyInForce, in_force, policy_of};
use countersign_core::actors::projector::Projector;
use countersign_core::clock::{Clock, SteadyClock, SystemClock};
use countersign_core::domain::policy::Policy;
use countersign_core::entropy::{Entropy, OsEntropy};
use countersign_core::mail::letterhead::Letterhead;
use countersign_core::mail::smtp::{SmtpMailer, SmtpSettings};
use countersign_core::mail::spool::Spool;
use countersign_core::mail::{Mailer, SmtpUrl};
use countersign_core::projections::ReadModel;
use countersign_core::sources::Sources;
use countersign_core::vault::backup;
use countersign_core::vault::files::{DataFiles, LOG_FILE, VAULT_FILE};
use countersign_core::vault::keyring::ROOT_FILE;
use countersign_core::vault::{Argon2Params, Keyring, Passwords, Secrets, SqliteVault, Vault};
use countersign_core::webhooks::Carrier;
use countersign_core::webhooks::queue::Deliveries;
use countersign_events::actor::By;
use countersign_events::id::Hash32;
use countersign_events::store::EventStore;
use countersign_events::store::sqlite::SqliteStore;
use sha2::{Digest as _, Sha256};

use self::closing::Open;
pub(crate) use self::closing::fold;
use super::Accounts;
use super::answers;
use super::carrier::HttpCarrier;
use super::clock_watch;
use super::data_lock::DataLock;
use super::observe::observe;
use super::startup::{Check, Parts};
use super::sweeping;
use crate::config::{Checked, Config};

/// The read models' file.
pub(crate) const READ_FILE: &str = "read.db";
/// The file of the deliveries to webhooks that are not made yet.
const WEBHOOKS_FILE: &str = "webhooks.db";
/// The directory of mails that are files.
const MAIL_DIRECTORY: &str = "mail";
/// Sign-ins that wait for a password hash; the next is answered "unavailable" (SR-052).
const PASSWORD_QUEUE_MAX: usize = 256;

/// Stands something around a part as it is opened.
pub type Around<T> = Arc<dyn Fn(Arc<T>) -> Arc<T> + Send + Sync>;

/// What the machine gives: in tests something else.
#[derive(Clone)]
pub struct Machine {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Takes mails; what the configuration says without one.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Takes deliveries to webhooks; over HTTP without one.
    pub carrier: Option<Arc<dyn Carrier>>,
    /// What stands around the log's store; nothing without one.
    pub around_store: Option<Around<dyn EventStore>>,
    /// What stands around the vault; nothing without one.
    pub around_vault: Option<Around<dyn Vault>>,
}

impl Machine {
    /// The machine itself.
    #[must_use]
    pub fn real() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
            mailer: None,
            carrier: None,
            around_store: None,
            around_vault: None,
        }
    }
}

/// Opens everything behind the listeners. Must be called within an actix system.
///
/// # Errors
/// What could not be opened, and why.
pub async fn assemble(
    checked: &Checked,
    machine: Machine,
    lock: DataLock,
    public_url: &str,
) -> anyhow::Result<Parts> {
    let config = &checked.config;
    let Machine { clock, entropy, mailer, carrier, around_store, around_vault } = machine;
    let clock: Arc<dyn Clock> = Arc::new(SteadyClock::new(clock));
    let files = DataFiles::below(&config.data).with_keys(&config.keys_directory());
    is_whole(&files)?;
    let keyring = open_keys(&files, entropy.as_ref())?;
    let vault = open_vault(&files, &keyring, around_vault.as_ref()).await?;
    let secrets = Secrets::new(Arc::clone(&vault), Arc::clone(&keyring), Arc::clone(&entropy));
    let sqlite = open_log(&files.log, &clock).context("cannot open the log")?;
    let counted = Arc::downgrade(&sqlite);
    let store = within::<dyn EventStore>(sqlite, around_store.as_ref());
    let origin = origin(public_url);
    let (log, keeper) =
        signed::open(&store, &keyring, &config.data, &origin, &clock, &entropy).await?;
    let checkpoints = keeper.checkpoints();
    if checked.accepts_clock {
        log.accept_clock().await.context("cannot take the clock for right")?;
    }
    let policy = PolicyInForce::new(policy(&log, checked).await?);
    let read_model =
        ReadModel::open(&config.data.join(READ_FILE)).context("cannot open the read model")?;
    let personal = Arc::new(secrets.clone());
    let services = Arc::new(Services {
        log,
        secrets,
        passwords: passwords(config, &keyring, &entropy),
        sources: sources(checked, &clock, &policy),
        staff_sources: sources(checked, &clock, &policy),
        policy: policy.clone(),
        known_clients: KnownClients::default(),
        issuer: config.brand.name.clone(),
        public_url: public_url.to_owned(),
    });
    let directory = Directory::start(parallelism(), &services);
    let watched = Arc::downgrade(&services);
    let queue = open_deliveries(config)?;
    let accounts = Accounts::new(services, directory.clone(), read_model.clone())
        .with_deliveries(queue.clone())
        .with_checkpoints(checkpoints);

    let head = config.letterhead(public_url)?;
    let (mailer, spool) = mailer_of(checked, mailer, &head)?;
    let (projecting, mailing) = (Arbiter::new(), Arbiter::new());
    let projector =
        Projector::start_on(&projecting.handle(), read_model.clone(), Arc::clone(&store), personal);
    let post = Post {
        model: read_model,
        ledger: Arc::new(accounts.clone()),
        mailer,
        head,
        clock: Arc::clone(&clock),
    };
    let courier = Courier::start_on(&mailing.handle(), post);
    let (telling, dispatcher) = tell_webhooks(&accounts, queue.clone(), carrier, &clock)?;
    let poked = (courier.clone(), dispatcher.clone());
    let swept = Arc::downgrade(&vault);
    sweeping::start_on(&mailing.handle(), swept, Arc::downgrade(&store), Arc::clone(&clock));
    clock_watch::start_on(&mailing.handle(), watched);
    mailing.spawn(accounts.clone().remove_when_due());
    let checks = vec![answers(Arc::downgrade(&store)), signed::check(accounts.log().halt())];
    let keeping = signed::keep(keeper);
    let observe = observe(&accounts, counted, Arc::clone(&clock), queue.downgrade());
    let (arbiters, data) = ([projecting, mailing, telling], files.data);
    let open =
        Open { courier, dispatcher, projector, directory, keeping, arbiters, store, data, lock };
    let close = open.closing();
    let (courier, dispatcher) = poked;
    Ok(Parts { accounts, courier, dispatcher, clock, entropy, checks, observe, spool, close })
}

/// Records that this server took up its work, and under which configuration.
///
/// # Errors
/// Where it could not be recorded: then it does not take it up.
pub async fn started(parts: &Parts, config: &Config) -> anyhow::Result<()> {
    let text = toml::to_string(config)?;
    let configuration = Hash32::new(Sha256::digest(text.as_bytes()).into());
    let recorded = parts.accounts.log().server_started(env!("CARGO_PKG_VERSION"), configuration);
    recorded.await.context("cannot record the start")
}

/// The part within what stands around it.
fn within<T: ?Sized>(part: Arc<T>, around: Option<&Around<T>>) -> Arc<T> {
    match around {
        Some(around) => around(part),
        None => part,
    }
}

/// Refuses a directory that a restore was cut off in, and one of which a part was lost: made anew,
/// it would answer as if nobody had ever registered, and let anybody take their logins. They are
/// made in the order keys, vault, log, so that a first start which was cut short is not taken for a
/// loss.
fn is_whole(files: &DataFiles) -> anyhow::Result<()> {
    if let Some(left) = backup::unfinished(files) {
        bail!(backup::BackupError::Unfinished(left));
    }
    let (vault, log) = (files.vault.exists(), files.log.exists());
    let (data, keys) = (files.data.display(), files.keys.display());
    if (vault || log) && !Keyring::is_there(&files.keys) {
        bail!("{data} has data, and {keys} has no keys: they are never made anew; see --keys");
    }
    if log && !vault {
        bail!("{data} has a log and no vault: restore {VAULT_FILE}, it is never made anew");
    }
    Ok(())
}

/// The vault, which must fit the keys and the log.
async fn open_vault(
    files: &DataFiles,
    keyring: &Keyring,
    around: Option<&Around<dyn Vault>>,
) -> anyhow::Result<Arc<dyn Vault>> {
    let vault = SqliteVault::open(&files.vault).context("cannot open the vault")?;
    let vault = within::<dyn Vault>(Arc::new(vault), around);
    if !files.log.exists() {
        must_be_empty(vault.as_ref()).await?;
    }
    must_fit(vault.as_ref(), keyring).await?;
    Ok(vault)
}

/// A vault without a log is a first start that was cut short, if it is empty.
async fn must_be_empty(vault: &dyn Vault) -> anyhow::Result<()> {
    let claims = vault.claims(None).await.context("cannot read the vault")?;
    if claims.is_empty() {
        return Ok(());
    }
    bail!(
        "the vault knows accounts, and there is no log: restore {LOG_FILE}, it is never made anew"
    )
}

/// Under another root key every login would be free again, and every code wrong. A vault that has
/// no check value yet gets that of the key it is started with.
async fn must_fit(vault: &dyn Vault, keyring: &Keyring) -> anyhow::Result<()> {
    let check = keyring.root_check();
    let stands = vault.insert_key_check(check).await.context("cannot read the vault")?;
    if stands != check {
        bail!("{ROOT_FILE} is not the one that the vault was made with: put that one back");
    }
    Ok(())
}

/// The log of a data directory.
pub(crate) fn open_log(file: &Path, clock: &Arc<dyn Clock>) -> anyhow::Result<Arc<SqliteStore>> {
    let clock = Arc::clone(clock);
    let store = SqliteStore::open(file, Arc::new(move || clock.now()))?;
    Ok(Arc::new(store))
}

/// The origin line of this log's checkpoints: the host of the public URL, and what it is.
fn origin(public_url: &str) -> String {
    let host = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    let host = host.rsplit_once(':').map_or(host, |(host, _port)| host);
    format!("{host}/log")
}

/// The policy in force: what the log says. A log that says nothing yet is told what the
/// configuration asks for (SR-096).
async fn policy(log: &Log, checked: &Checked) -> anyhow::Result<Policy> {
    let wanted = &checked.policy;
    let Some(stands) = in_force(log).await.context("cannot read the policy")? else {
        let correlation = log.correlation_id()?;
        let set = policy::set(log, &By::System, correlation, wanted, checked.accepts_risk).await;
        let record = set.context("cannot record the policy")??;
        return policy_of(&record).context("cannot record the policy");
    };
    if checked.must_agree {
        agrees(wanted, &stands)?;
    }
    Ok(stands)
}

/// Nobody changes the policy by a start: what was in force is in the log, and so is who changes it.
fn agrees(wanted: &Policy, stands: &Policy) -> anyhow::Result<()> {
    let mut differ: Vec<String> = wanted
        .changes_since(stands)
        .iter()
        .map(|change| format!("{} is {}, not {}", change.key, change.after, change.before))
        .collect();
    if differ.is_empty() && wanted.profile != stands.profile {
        let (here, there) = (wanted.profile.name(), stands.profile.name());
        differ.push(format!("profile is {here}, not {there}"));
    }
    if differ.is_empty() {
        return Ok(());
    }
    bail!(
        "the configuration is not the policy in force (version {}): {}; \
         `countersign policy apply FILE` puts another in force",
        stands.version,
        differ.join(", ")
    )
}

fn sources(checked: &Checked, clock: &Arc<dyn Clock>, policy: &PolicyInForce) -> Arc<Sources> {
    Arc::new(Sources::new(checked.source_limits, Arc::clone(clock)).under(policy.clone()))
}

fn passwords(config: &Config, keyring: &Arc<Keyring>, entropy: &Arc<dyn Entropy>) -> Passwords {
    let hash = config.password.hash;
    let params = Argon2Params { m_kib: hash.m_kib, t: hash.t, p: hash.p };
    Passwords::new(Arc::clone(keyring), params, hash.max_parallel, PASSWORD_QUEUE_MAX)
        .with_entropy(Arc::clone(entropy))
}

type Mailing = (Arc<dyn Mailer>, Option<Spool>);

/// The way out for mails, and the directory where they are files.
fn mailer_of(
    checked: &Checked,
    given: Option<Arc<dyn Mailer>>,
    head: &Letterhead,
) -> anyhow::Result<Mailing> {
    if let Some(mailer) = given {
        return Ok((mailer, None));
    }
    let smtp = &checked.config.smtp;
    match &smtp.url {
        Some(url) => {
            let url = SmtpUrl::parse(url)?;
            let (password, ca) = (smtp.password_file.as_deref(), smtp.root_ca_file.as_deref());
            let settings = SmtpSettings::read(url, password, ca)?;
            Ok((Arc::new(SmtpMailer::start(&settings, head.clone())?), None))
        }
        None if checked.spool => {
            let spool = Spool::open(&checked.config.data.join(MAIL_DIRECTORY), head.clone())
                .context("cannot open the directory of mails")?;
            Ok((Arc::new(spool.clone()), Some(spool)))
        }
        None => bail!("no mail server: give --smtp"),
    }
}

fn open_keys(files: &DataFiles, entropy: &dyn Entropy) -> anyhow::Result<Arc<Keyring>> {
    let keyring = Keyring::open_or_create(&files.keys, entropy);
    let opened = keyring.map(Arc::new);
    opened.with_context(|| format!("cannot open the keys in {}", files.keys.display()))
}

fn open_deliveries(config: &Config) -> anyhow::Result<Deliveries> {
    let file = config.data.join(WEBHOOKS_FILE);
    Deliveries::open(&file).context("cannot open the deliveries to webhooks")
}

/// Starts the dispatcher on an arbiter of its own.
fn tell_webhooks(
    accounts: &Accounts,
    queue: Deliveries,
    given: Option<Arc<dyn Carrier>>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<(Arbiter, Addr<Dispatcher>)> {
    let carrier: Arc<dyn Carrier> = match given {
        Some(carrier) => carrier,
        None => Arc::new(HttpCarrier::new().context("cannot set up TLS for webhooks")?),
    };
    let desk = Dispatch {
        model: accounts.read_model().clone(),
        queue,
        ledger: Arc::new(accounts.clone()),
        carrier,
        body: answers::events::webhook_body,
        clock: Arc::clone(clock),
    };
    let arbiter = Arbiter::new();
    let dispatcher = Dispatcher::start_on(&arbiter.handle(), desk);
    Ok((arbiter, dispatcher))
}

fn parallelism() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Well while the log takes appends, as far as the last one tells.
fn answers(store: Weak<dyn EventStore>) -> Check {
    let ask = move || -> futures::future::BoxFuture<'static, bool> {
        let store = store.upgrade();
        Box::pin(async move {
            match store {
                Some(store) => store.writable().await.is_ok(),
                None => false,
            }
        })
    };
    ("log", Box::new(ask))
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn the_origin_is_the_host_and_no_port() {
        assert_eq!(origin("https://auth.example.com"), "auth.example.com/log");
        assert_eq!(origin("http://127.0.0.1:8780"), "127.0.0.1/log");
    }
}
