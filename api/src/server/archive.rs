//! An exported log behind one listener, read only: what the operators' calls show of it.
//!
//! The actors and read models are those of the server, over a store that takes nothing; the read
//! model lives in a directory that goes with the process. There are no keys but empty new ones, so
//! that nothing personal is ever shown. The clock stands where the log ends: what was locked then
//! is locked, and the last hour is the last hour of the log.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use actix::Addr;
use actix_rt::Arbiter;
use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use anyhow::Context as _;
use countersign_core::accounts::KnownClients;
use countersign_core::actors::account::Services;
use countersign_core::actors::directory::Directory;
use countersign_core::actors::log::Log;
use countersign_core::actors::policy::{PolicyInForce, in_force};
use countersign_core::actors::projector::{self, Projector};
use countersign_core::audit::archive::Archive;
use countersign_core::clock::{Clock, ManualClock};
use countersign_core::domain::policy::Policy;
use countersign_core::entropy::{self, Entropy, OsEntropy};
use countersign_core::handle::SessionToken;
use countersign_core::projections::ReadModel;
use countersign_core::sources::Sources;
use countersign_core::vault::files::DataFiles;
use countersign_core::vault::{Argon2Params, Keyring, Passwords, Secrets, SqliteVault, Vault};
use countersign_events::id::AccountId;
use tempfile::TempDir;
use tokio::sync::watch;

use super::Accounts;
use super::assembly::READ_FILE;
use super::edge::{Desk, Edge};
use super::listener::Listener;
use super::middleware::address::TrustedProxies;
use super::middleware::every_request;
use super::middleware::host::HostList;
use super::routes;
use super::startup::{Bound, DRAIN_SECONDS, HEAD_WAIT, KEEP_ALIVE, StartError};

/// How pages name the scheme: an export is read on the machine that it lies on.
const SCHEME: &str = "http";
/// Passwords that are hashed at once, and that wait for it: nobody signs in here.
const PASSWORDS_MAX: usize = 1;

/// An exported log, served.
pub(crate) struct Reading {
    /// Where it is served.
    pub(crate) address: SocketAddr,
    /// What opens it.
    pub(crate) token: SessionToken,
    server: Server,
    projector: Addr<Projector>,
    directory: Directory,
    projecting: Arbiter,
    closing: watch::Sender<bool>,
    place: TempDir,
}

impl Reading {
    /// Serves an export at an address. Must be called within an actix system.
    ///
    /// # Errors
    /// Where the address is taken, or no temporary directory can be made.
    pub(crate) async fn start(archive: Archive, address: SocketAddr) -> anyhow::Result<Self> {
        let bound = Bound::new(address, Listener::Operator)?;
        let place = own_place().context("no temporary directory")?;
        let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(archive.ends_at()));
        let files = DataFiles::below(place.path());
        let keyring = Arc::new(Keyring::open_or_create(&files.keys, entropy.as_ref())?);
        let vault: Arc<dyn Vault> = Arc::new(SqliteVault::open(&files.vault)?);
        let secrets = Secrets::new(vault, Arc::clone(&keyring), Arc::clone(&entropy));
        let log = Log::of_archive(archive, Arc::clone(&clock), Arc::clone(&entropy));
        let policy = in_force(&log).await.context("cannot read the policy")?;
        let policy: Policy = policy.unwrap_or_default();
        let (store, personal) = (Arc::clone(log.store()), Arc::new(secrets.clone()));
        let unlimited = Arc::new(Sources::new(None, Arc::clone(&clock)));
        let services = Arc::new(Services {
            log,
            secrets,
            passwords: Passwords::new(
                keyring,
                Argon2Params::default(),
                PASSWORDS_MAX,
                PASSWORDS_MAX,
            ),
            policy: PolicyInForce::new(policy),
            sources: Arc::clone(&unlimited),
            staff_sources: unlimited,
            known_clients: KnownClients::default(),
            issuer: String::new(),
            public_url: String::new(),
        });
        let read_model = ReadModel::open(&place.path().join(READ_FILE))?;
        let arbiters = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let directory = Directory::start(arbiters, &services);
        let token = reader(entropy.as_ref())?;
        let accounts =
            Accounts::of_archive(services, directory.clone(), read_model.clone(), &token);
        let projecting = Arbiter::new();
        let projector = Projector::start_on(&projecting.handle(), read_model, store, personal);
        let (closing, closed) = watch::channel(false);
        let desk = web::Data::new(Desk {
            accounts,
            proxies: TrustedProxies::new(vec![]),
            registration_open: false,
            closing: closed,
        });
        let address = bound.address;
        let edge = web::Data::new(Edge {
            listener: Listener::Operator,
            clock,
            entropy,
            hosts: HostList::new(&[], SCHEME, address),
        });
        let server = serve(bound, edge, desk)?;
        Ok(Self { address, token, server, projector, directory, projecting, closing, place })
    }

    /// Serves until `stopped` is done.
    ///
    /// # Errors
    /// [`StartError::Stopped`] where the listener ends by itself.
    pub(crate) async fn run_until(
        self,
        stopped: impl Future<Output = ()>,
    ) -> Result<(), StartError> {
        let handle = self.server.handle();
        let mut running = actix_rt::spawn(self.server);
        let ended = tokio::select! {
            () = stopped => Ok(()),
            ended = &mut running => match ended {
                Ok(Err(source)) => Err(StartError::Stopped(source)),
                Ok(Ok(())) | Err(_) => Err(StartError::Stopped(std::io::Error::other("ended"))),
            },
        };
        self.closing.send_replace(true);
        handle.stop(true).await;
        // An error means that it is gone already.
        let _ = self.projector.send(projector::Stop).await;
        self.directory.drain().await;
        self.projecting.stop();
        drop(self.place);
        ended
    }
}

/// A directory of our own: nobody else on the machine even sees what is in it.
fn own_place() -> std::io::Result<TempDir> {
    let only_ours = Permissions::from_mode(0o700);
    tempfile::Builder::new().prefix("countersign-log-").permissions(only_ours).tempdir()
}

/// Whoever opens the export: a token that nobody else ever sees.
fn reader(entropy: &dyn Entropy) -> anyhow::Result<SessionToken> {
    let nobody = AccountId::new(entropy::uuid_v4(entropy)?);
    Ok(SessionToken::new(nobody, &*entropy::bytes(entropy)?))
}

fn serve(bound: Bound, edge: web::Data<Edge>, desk: web::Data<Desk>) -> Result<Server, StartError> {
    let failed = bound.failed();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(edge.clone())
            .app_data(desk.clone())
            .configure(routes::serve_archive)
            .default_service(web::to(routes::not_found))
            .wrap(from_fn(every_request))
    });
    let server = server
        .disable_signals()
        .workers(1)
        .shutdown_timeout(DRAIN_SECONDS)
        .client_request_timeout(HEAD_WAIT)
        .keep_alive(KEEP_ALIVE)
        .listen(bound.socket);
    Ok(server.map_err(failed)?.run())
}
