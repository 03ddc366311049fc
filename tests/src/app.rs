//! A whole server in this process: the real assembly on free ports, in a directory of its own, on
//! a clock that stands still until it is moved, with doubles where tests make trouble.
//!
//! [`TestApp::run`] is the only way in. It hands a running server to the test and, when the test
//! is through, heals what was broken, lets every mail come to its end, stops the server and proves
//! what must be true after any test ([`proofs`]). No test can forget it.

mod calls;
mod crowd;
mod declared;
mod moving;
mod person;
mod proofs;
mod relying;
mod survivor;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::Addr;
use anyhow::Context as _;
use countersign_api::config::{Config, PasswordHash};
use countersign_api::server::Accounts;
use countersign_api::server::assembly::{self, Machine};
use countersign_api::server::data_lock::DataLock;
use countersign_api::server::startup::{Addresses, Application, Listeners, StartError, Stopper};
use countersign_core::actors::courier::{self, Courier};
use countersign_core::actors::dispatcher::{self, Dispatcher};
use countersign_core::clock::{Clock as _, ManualClock};
use countersign_core::domain::policy::Policy;
use countersign_core::entropy::OsEntropy;
use countersign_core::sources::Sources;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::canaries::Canaries;
use crate::faulty_store::StoreSwitch;
use crate::faulty_vault::VaultSwitch;
use crate::post_office::PostOffice;
use crate::receiver::Receivers;

pub use calls::{Answered, Call, Face};
pub use crowd::{Crowd, Member, Resident};
pub use person::{PASSWORD, Person};
pub use relying::RelyingApp;
pub use survivor::Survivor;

/// When every test begins: the first second of a time step.
const START: &str = "2026-11-24T12:00:00Z";
/// A time step of an authenticator.
pub const STEP: SignedDuration = SignedDuration::from_secs(30);
/// How passwords are hashed here: far below the floor of a configuration, for tests hash a lot.
const CHEAP: PasswordHash = PasswordHash { m_kib: 64, t: 1, p: 1, max_parallel: 4 };
/// How long one call may take; more than anything that the server waits for.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// How often the clock is moved to the next mail or delivery at most, until none is left.
const MAILS_MAX: usize = 1000;

/// A server, and what tests do to it.
pub struct TestApp {
    place: TempDir,
    config: Config,
    /// The time.
    pub clock: ManualClock,
    /// Whether the next start takes the clock for right.
    pub accepts_clock: bool,
    /// Makes the log's store fail.
    pub store: StoreSwitch,
    /// Makes the vault fail.
    pub vault: VaultSwitch,
    /// Where mails go.
    pub post: PostOffice,
    /// Where webhooks lead.
    pub receivers: Receivers,
    canaries: Mutex<Canaries>,
    /// When a code was last refused, by the sign-in or session that it was given in.
    refused: Mutex<HashMap<String, Timestamp>>,
    http: reqwest::Client,
    served: Option<Served>,
}

/// The server while it runs.
struct Served {
    addresses: Addresses,
    accounts: Accounts,
    courier: Addr<Courier>,
    dispatcher: Addr<Dispatcher>,
    stopper: Stopper,
    ended: JoinHandle<Result<(), StartError>>,
}

impl TestApp {
    /// Runs a test on a server of its own, and proves afterwards what must be true after any.
    ///
    /// # Panics
    /// Where the server does not start or stop, and where a proof fails.
    pub fn run(test: impl AsyncFnOnce(&mut Self)) {
        Self::run_with(|_| {}, test);
    }

    /// The same under another configuration.
    ///
    /// # Panics
    /// Where the server does not start or stop, and where a proof fails.
    pub fn run_with(configure: impl FnOnce(&mut Config), test: impl AsyncFnOnce(&mut Self)) {
        Self::run_from(loudly(START.parse().context("the start")), configure, test);
    }

    /// The same, beginning at some other time.
    ///
    /// # Panics
    /// Where the server does not start or stop, and where a proof fails.
    pub fn run_from(
        at: Timestamp,
        configure: impl FnOnce(&mut Config),
        test: impl AsyncFnOnce(&mut Self),
    ) {
        let proven = actix_rt::System::new().block_on(async {
            let mut app = Box::pin(Self::start(configure, at)).await?;
            Box::pin(test(&mut app)).await;
            Box::pin(app.close()).await
        });
        let broken = loudly(proven.context("around the test"));
        assert!(broken.is_empty(), "after the test:\n{}", broken.join("\n"));
    }

    async fn start(configure: impl FnOnce(&mut Config), at: Timestamp) -> anyhow::Result<Self> {
        let mut config = Config::default();
        let listen = &mut config.listen;
        for address in [&mut listen.public, &mut listen.operator, &mut listen.ops] {
            address.set_port(0);
        }
        listen.workers = 2;
        // Everybody in a test comes from one address, and many fail on purpose. What is tested must
        // hold without this layer; tests of the layer itself switch it on.
        config.source.enabled = false;
        configure(&mut config);
        let mut app = Self::at_rest(config, ManualClock::new(at))?;
        app.serve().await?;
        Ok(app)
    }

    /// One that does not serve yet, with a directory of its own.
    fn at_rest(config: Config, clock: ManualClock) -> anyhow::Result<Self> {
        let place = tempfile::tempdir()?;
        let config = Config { data: place.path().join("data"), ..config };
        Ok(Self {
            place,
            config,
            clock,
            accepts_clock: false,
            store: StoreSwitch::default(),
            vault: VaultSwitch::default(),
            post: PostOffice::default(),
            receivers: Receivers::default(),
            canaries: Mutex::default(),
            refused: Mutex::default(),
            http: client()?,
            served: None,
        })
    }

    async fn serve(&mut self) -> anyhow::Result<()> {
        let mut checked = self.config.clone().check()?;
        checked.config.password.hash = CHEAP;
        checked.accepts_clock = self.accepts_clock;
        let lock = DataLock::take(&checked.config.data)?;
        let listeners = Listeners::bind(&checked)?;
        let url = checked.config.public_url_at(listeners.addresses().public);
        let parts = assembly::assemble(&checked, self.machine(), lock, &url).await?;
        assembly::started(&parts, &checked.config).await?;
        let (accounts, courier) = (parts.accounts.clone(), parts.courier.clone());
        let dispatcher = parts.dispatcher.clone();
        let application = Application::build(&checked, listeners, parts)?;
        let (addresses, stopper) = (application.addresses(), application.stopper());
        let ended = tokio::task::spawn_local(application.run_until_stopped());
        self.served = Some(Served { addresses, accounts, courier, dispatcher, stopper, ended });
        Ok(())
    }

    fn machine(&self) -> Machine {
        let (store, vault) = (self.store.clone(), self.vault.clone());
        Machine {
            clock: Arc::new(self.clock.clone()),
            entropy: Arc::new(OsEntropy),
            mailer: Some(Arc::new(self.post.clone())),
            carrier: Some(Arc::new(self.receivers.clone())),
            around_store: Some(Arc::new(move |inner| store.around(inner))),
            around_vault: Some(Arc::new(move |inner| vault.around(inner))),
        }
    }

    /// Stops the server and starts it again on the same directory.
    ///
    /// # Errors
    /// Where it does not stop or start.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.restart_after(|_| ()).await
    }

    /// The same, with something that is done while nobody serves.
    ///
    /// # Errors
    /// Where it does not stop or start.
    pub async fn restart_after(&mut self, between: impl FnOnce(&mut Self)) -> anyhow::Result<()> {
        self.stop().await?;
        between(self);
        self.serve().await
    }

    /// Tells it to stop and waits until it has drained.
    async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(Served { accounts, courier, dispatcher, stopper, ended, .. }) = self.served.take()
        else {
            return Ok(());
        };
        // All hold the log open; so do idle connections hold the listeners.
        drop((accounts, courier, dispatcher));
        self.http = client()?;
        stopper.stop();
        ended.await??;
        Ok(())
    }

    fn served(&self) -> anyhow::Result<&Served> {
        self.served.as_ref().context("the server is stopped")
    }

    /// The limits per source, and the breaker.
    ///
    /// # Panics
    /// Where the server is stopped.
    #[must_use]
    pub fn sources(&self) -> Arc<Sources> {
        Arc::clone(loudly(self.served()).accounts.sources())
    }

    /// The directory of its data.
    #[must_use]
    pub fn data(&self) -> &std::path::Path {
        &self.config.data
    }

    /// Moves the clock, and tells the courier and the dispatcher, who know no other time.
    ///
    /// # Panics
    /// Where the server is stopped.
    pub async fn pass(&self, time: SignedDuration) {
        self.clock.advance(time);
        loudly(self.poke().await);
    }

    async fn poke(&self) -> anyhow::Result<()> {
        let served = self.served()?;
        served.courier.send(courier::Poke).await?;
        Ok(served.dispatcher.send(dispatcher::Poke).await?)
    }

    /// Puts another policy in force, at whatever risk, as the command line does.
    ///
    /// # Panics
    /// Where the server is stopped or the policy is refused.
    pub async fn put_in_force(&self, change: impl FnOnce(&mut Policy)) {
        let accounts = &loudly(self.served()).accounts;
        let mut wanted = Policy::clone(&accounts.policy());
        change(&mut wanted);
        let call = loudly(self.core_call());
        let set = accounts.set_policy(&call, &wanted, true).await;
        loudly(set.context("the policy").and_then(|set| set.context("the policy")));
    }

    /// Has the service look for removals that are due now, as it does by itself before long: how
    /// many of them were.
    ///
    /// # Panics
    /// Where the server is stopped or the log does not answer.
    pub async fn removals_due(&self) -> usize {
        self.settle().await;
        let accounts = loudly(self.served()).accounts.clone();
        loudly(accounts.remove_due().await.context("removals that are due"))
    }

    /// Waits until somebody else than the test has done every removal that is due.
    ///
    /// # Panics
    /// Where the server is stopped or the read model does not answer.
    pub async fn removals_done(&self) {
        let model = loudly(self.served()).accounts.read_model().clone();
        let mut changes = model.removal_changes();
        while !loudly(model.removals_due(self.clock.now(), 1).context("due")).is_empty() {
            loudly(changes.changed().await.context("the read model"));
        }
    }

    /// Waits until the read models have all of the log, and no mail and no delivery to a webhook is
    /// under way or due now; tells when the next one is tried again.
    ///
    /// # Panics
    /// Where the server is stopped or the log does not answer.
    pub async fn settle(&self) -> Option<Timestamp> {
        loudly(self.settled().await)
    }

    async fn settled(&self) -> anyhow::Result<Option<Timestamp>> {
        let served = self.served()?;
        let store = served.accounts.log().store();
        loop {
            let head = store.head().await?;
            if let Some(head) = head {
                served.accounts.read_model().caught_up(head).await;
            }
            let mail = served.courier.send(courier::Rest).await?;
            let delivery = served.dispatcher.send(dispatcher::Rest).await?;
            let next = [mail, delivery].into_iter().flatten().min();
            if store.head().await? == head {
                return Ok(next);
            }
        }
    }

    /// Heals what was broken, and lets every mail be delivered or given up.
    async fn heal(&self) -> anyhow::Result<()> {
        self.store.works();
        self.vault.works();
        self.post.works();
        self.receivers.works();
        for _ in 0..MAILS_MAX {
            self.poke().await?;
            let Some(next) = self.settled().await? else { return Ok(()) };
            self.clock.set(next.max(self.clock.now()));
        }
        anyhow::bail!("mails are due for ever")
    }

    async fn close(mut self) -> anyhow::Result<Vec<String>> {
        self.heal().await.context("a mail never came to its end")?;
        let mut broken = self.nothing_leaked_while_serving().await?;
        self.stop().await.context("the server did not stop")?;
        broken.extend(self.nothing_leaked()?);
        broken.extend(self.log_is_sound()?);
        broken.extend(self.data_fits_together().await?);
        Ok(broken)
    }

    fn canaries(&self) -> MutexGuard<'_, Canaries> {
        self.canaries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plants a secret that no body of a call tells of.
    pub fn plant(&self, what: &str, secret: &[u8]) {
        self.canaries().plant(what, secret);
    }
}

fn client() -> anyhow::Result<reqwest::Client> {
    let stays = reqwest::redirect::Policy::none();
    Ok(reqwest::Client::builder().no_proxy().redirect(stays).timeout(CALL_TIMEOUT).build()?)
}

/// What a test cannot go on without.
#[track_caller]
#[expect(clippy::panic, reason = "a test may fail loudly")]
fn loudly<T>(result: anyhow::Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error:?}"),
    }
}
