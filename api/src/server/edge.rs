//! What the requests of one listener are handled with.

use std::sync::Arc;

use countersign_core::clock::Clock;
use countersign_core::entropy::Entropy;
use tokio::sync::watch;

use super::Accounts;
use super::listener::Listener;
use super::middleware::address::TrustedProxies;
use super::middleware::host::HostList;

/// What the middleware of every listener needs.
pub(crate) struct Edge {
    pub(crate) listener: Listener,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) hosts: HostList,
}

/// What the calls of the public and the operators' listener need besides.
pub(crate) struct Desk {
    pub(crate) accounts: Accounts,
    pub(crate) proxies: TrustedProxies,
    /// Whether anyone may register.
    pub(crate) registration_open: bool,
    /// Becomes true when the server begins to stop: what has no end of its own ends then.
    pub(crate) closing: watch::Receiver<bool>,
}
