//! Starting and stopping.
//!
//! [`Listeners::bind`] takes three sockets, so that every port is known before anything behind them
//! is opened; [`Application::build`] puts the parts behind them;
//! [`Application::run_until_stopped`] serves until its [`Stopper`] is used, and then drains:
//!
//! 1. readiness goes, so that no balancer sends more;
//! 2. the public and the operators' listener stop accepting and finish their requests;
//! 3. the parts behind them close in their own order ([`Parts::close`]);
//! 4. the ops listener goes last, so that the drain can be watched.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use countersign_core::actors::courier::Courier;
use countersign_core::actors::dispatcher::Dispatcher;
use countersign_core::clock::Clock;
use countersign_core::entropy::Entropy;
use countersign_core::mail::spool::Spool;
use futures::future::LocalBoxFuture;
use tokio::sync::watch;

use super::Accounts;
use super::edge::{Desk, Edge};
use super::listener::Listener;
use super::middleware::address::TrustedProxies;
use super::middleware::every_request;
use super::middleware::host::HostList;
use super::ops;
use super::ops::health::Readiness;
use super::ops::metrics::{self, Observe};
use super::portal::{self, Portal};
use super::routes;
use crate::config::Checked;

pub use super::ops::health::Check;

/// How long a request may still take when the server stops.
pub(super) const DRAIN_SECONDS: u64 = 30;
/// How long the head of a request may take to arrive.
pub(super) const HEAD_WAIT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Connections of one worker at most.
const CONNECTIONS_PER_WORKER: usize = 4096;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// What stands behind the listeners.
pub struct Parts {
    /// The core's door.
    pub accounts: Accounts,
    /// Works off the mails that are due; looks again when it is told that the clock was moved.
    pub courier: Addr<Courier>,
    /// Tells webhooks what happened; likewise.
    pub dispatcher: Addr<Dispatcher>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// What must be well for this server to be ready.
    pub checks: Vec<Check>,
    /// Sets the metrics that are read off and not counted.
    pub observe: Box<dyn Fn() + Send + Sync>,
    /// Where mails lie, where they are files.
    pub spool: Option<Spool>,
    /// Closes what is behind, in its own order, after the last request was answered.
    pub close: Box<dyn FnOnce() -> LocalBoxFuture<'static, ()>>,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be taken.
    #[error("cannot listen on {address} ({listener})")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// For what.
        listener: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The pages for people cannot be made.
    #[error("cannot make the portal's pages")]
    Portal(#[from] askama::Error),
    /// A listener stopped by itself.
    #[error("a listener stopped")]
    Stopped(#[source] std::io::Error),
}

/// The addresses that are listened on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// For people and client apps.
    pub public: SocketAddr,
    /// For operators.
    pub operator: SocketAddr,
    /// For those who run the service.
    pub ops: SocketAddr,
}

/// Tells a running application to stop.
#[derive(Debug, Clone)]
pub struct Stopper(Arc<watch::Sender<bool>>);

impl Stopper {
    /// Stop: drain, then return from [`Application::run_until_stopped`].
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Three listeners, bound and not yet served.
pub struct Application {
    addresses: Addresses,
    servers: Vec<Server>,
    ops: Server,
    readiness: Readiness,
    close: Box<dyn FnOnce() -> LocalBoxFuture<'static, ()>>,
    stopper: Stopper,
    stopped: watch::Receiver<bool>,
}

impl Application {
    /// Puts the parts behind the listeners. Must be called within an actix system.
    ///
    /// # Errors
    /// [`StartError::Listen`] where a bound address cannot be served.
    pub fn build(
        checked: &Checked,
        listeners: Listeners,
        parts: Parts,
    ) -> Result<Self, StartError> {
        metrics::install();
        let addresses = listeners.addresses();
        let Listeners { public, operator, ops } = listeners;
        let edge = |bound: &Bound| {
            web::Data::new(Edge {
                listener: bound.listener,
                clock: Arc::clone(&parts.clock),
                entropy: Arc::clone(&parts.entropy),
                hosts: HostList::new(&checked.hosts, checked.scheme(), bound.address),
            })
        };
        let (sender, stopped) = watch::channel(false);
        let stopper = Stopper(Arc::new(sender));
        let desk = web::Data::new(Desk {
            accounts: parts.accounts,
            proxies: TrustedProxies::new(checked.trusted_proxies.clone()),
            registration_open: checked.config.registration.open,
            closing: stopped.clone(),
        });
        let pages = web::Data::new(Portal::new(&checked.config, checked.logo.clone())?);
        let workers = checked.config.listen.workers;
        let public_edge = edge(&public);
        let for_people = Some(pages);
        let for_staff = edge(&operator);
        let servers = vec![
            serve_calls(public, public_edge, desk.clone(), for_people, workers)?,
            serve_calls(operator, for_staff, desk, None, workers)?,
        ];
        let readiness = Readiness::new(parts.checks);
        let ops_edge = edge(&ops);
        let ops = serve_ops(ops, ops_edge, readiness.clone(), parts.observe, parts.spool)?;
        Ok(Self { addresses, servers, ops, readiness, close: parts.close, stopper, stopped })
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// What stops it.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Serves until stopped, then drains.
    ///
    /// # Errors
    /// [`StartError::Stopped`] where a listener ends by itself; the rest was drained then too.
    pub async fn run_until_stopped(mut self) -> Result<(), StartError> {
        let handles: Vec<ServerHandle> = self.servers.iter().map(Server::handle).collect();
        let ops_handle = self.ops.handle();
        let mut running: Vec<_> = self.servers.into_iter().map(actix_rt::spawn).collect();
        running.push(actix_rt::spawn(self.ops));
        self.readiness.set_serving(true);
        let ended = tokio::select! {
            _ = self.stopped.wait_for(|stop| *stop) => Ok(()),
            (ended, _, _) = futures::future::select_all(running.iter_mut()) => match ended {
                Ok(Err(source)) => Err(StartError::Stopped(source)),
                Ok(Ok(())) | Err(_) => Err(StartError::Stopped(std::io::Error::other("ended"))),
            },
        };
        self.readiness.set_serving(false);
        let graceful = handles.iter().map(|handle| handle.stop(true));
        futures::future::join_all(graceful).await;
        (self.close)().await;
        ops_handle.stop(false).await;
        ended
    }
}

/// Three sockets that listen.
pub struct Listeners {
    public: Bound,
    operator: Bound,
    ops: Bound,
}

impl Listeners {
    /// Takes the three addresses of the configuration.
    ///
    /// # Errors
    /// [`StartError::Listen`] names the address that cannot be taken.
    pub fn bind(checked: &Checked) -> Result<Self, StartError> {
        let listen = &checked.config.listen;
        Ok(Self {
            public: Bound::new(listen.public, Listener::Public)?,
            operator: Bound::new(listen.operator, Listener::Operator)?,
            ops: Bound::new(listen.ops, Listener::Ops)?,
        })
    }

    /// Where they listen.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        Addresses {
            public: self.public.address,
            operator: self.operator.address,
            ops: self.ops.address,
        }
    }
}

/// A socket that listens.
pub(super) struct Bound {
    listener: Listener,
    pub(super) address: SocketAddr,
    pub(super) socket: TcpListener,
}

impl Bound {
    pub(super) fn new(address: SocketAddr, listener: Listener) -> Result<Self, StartError> {
        let failed = |source| StartError::Listen { address, listener: listener.name(), source };
        let socket = TcpListener::bind(address).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { listener, address, socket })
    }

    pub(super) fn failed(&self) -> impl FnOnce(std::io::Error) -> StartError + use<> {
        let (address, listener) = (self.address, self.listener.name());
        move |source| StartError::Listen { address, listener, source }
    }
}

fn serve_calls(
    bound: Bound,
    edge: web::Data<Edge>,
    desk: web::Data<Desk>,
    pages: Option<web::Data<Portal>>,
    workers: usize,
) -> Result<Server, StartError> {
    let failed = bound.failed();
    let listener = bound.listener;
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(edge.clone())
            .app_data(desk.clone())
            .configure(|config| routes::serve(config, listener))
            .configure(|config| match &pages {
                Some(pages) => portal::serve(config, pages.clone()),
                None => {
                    config.default_service(web::to(routes::not_found));
                }
            })
            .wrap(from_fn(every_request))
    })
    .disable_signals()
    .shutdown_timeout(DRAIN_SECONDS)
    .client_request_timeout(HEAD_WAIT)
    .keep_alive(KEEP_ALIVE)
    .max_connections(CONNECTIONS_PER_WORKER)
    .backlog(BACKLOG);
    if workers > 0 {
        server = server.workers(workers);
    }
    Ok(server.listen(bound.socket).map_err(failed)?.run())
}

fn serve_ops(
    bound: Bound,
    edge: web::Data<Edge>,
    readiness: Readiness,
    observe: Observe,
    spool: Option<Spool>,
) -> Result<Server, StartError> {
    let failed = bound.failed();
    let readiness = web::Data::new(readiness);
    let observe = web::Data::new(observe);
    let spool = spool.map(web::Data::new);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(edge.clone())
            .app_data(readiness.clone())
            .app_data(observe.clone())
            .configure(|config| ops::serve(config, spool.clone()))
            .default_service(web::to(routes::not_found))
            .wrap(from_fn(every_request))
    })
    .disable_signals()
    .workers(1)
    .client_request_timeout(HEAD_WAIT)
    .keep_alive(KEEP_ALIVE)
    .listen(bound.socket);
    Ok(server.map_err(failed)?.run())
}
