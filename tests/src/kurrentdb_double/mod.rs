//! A small KurrentDB in this process: the real protocol over a real socket, the data in memory.
//!
//! It does what the server does for the calls that the log's adapter makes: appends with an
//! expected revision and the server's own idempotency, reads of a stream and of `$all` in both
//! directions with a filter by prefix, the list of supported methods. What it does not do it
//! answers with UNIMPLEMENTED, never with something made up. Between our events it holds some of
//! strangers, and its positions have gaps, as those of a server in use do.

mod log;
mod prompt;
mod service;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures::stream;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::Server;

use self::log::Log;
use self::prompt::Prompt;
use self::service::Service;
use proto::event_store::client::server_features::server_features_server::ServerFeaturesServer;
use proto::event_store::client::streams::streams_server::StreamsServer;

/// What the build script made of the protos.
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    rustdoc::all,
    reason = "generated"
)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/kurrentdb_protocol.rs"));
}

/// The largest append that the server takes by default, in bytes.
pub const APPEND_BYTES_MAX: usize = 1024 * 1024;

/// A running double; it stops when it is dropped.
pub struct KurrentDouble {
    address: SocketAddr,
    log: Arc<Mutex<Log>>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl KurrentDouble {
    /// Starts it on a free port of the loopback interface.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start() -> std::io::Result<Self> {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts it on this address, with an empty log.
    ///
    /// # Errors
    /// If the address is taken.
    pub async fn start_on(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let incoming = stream::unfold(listener, |listener| async move {
            let accepted = listener.accept().await.map(|(socket, _)| Prompt(socket));
            Some((accepted, listener))
        });
        let log = Arc::new(Mutex::new(Log::new()));
        let service = Service::new(Arc::clone(&log));
        let (stop, stopped) = oneshot::channel::<()>();
        let server = Server::builder()
            .add_service(StreamsServer::new(service.clone()))
            .add_service(ServerFeaturesServer::new(service))
            .serve_with_incoming_shutdown(incoming, async {
                // An error is the other end gone, which is how a drop says it.
                let _ = stopped.await;
            });
        Ok(Self { address, log, stop, server: tokio::spawn(server) })
    }

    /// Stops it; from then on nobody listens at its address, which is returned.
    pub async fn stop(self) -> SocketAddr {
        let Self { address, stop, server, .. } = self;
        drop(stop);
        // However it ended, it has ended.
        let _ = server.await;
        address
    }

    /// Where a client connects to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("esdb://{}?tls=false", self.address)
    }

    /// Events that the log holds, those of strangers included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.log.lock().map(|log| log.len()).unwrap_or_default()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
