//! What one listener knows: the core's door, time, randomness, and who may knock.

use std::sync::Arc;

use countersign_core::clock::Clock;
use countersign_core::entropy::Entropy;

use super::Accounts;
use super::middleware::address::TrustedProxies;
use super::middleware::host::HostList;

/// The three listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// For people and client apps.
    Public,
    /// For operators: bearer only.
    Operator,
    /// For those who run the service: health, metrics, documentation.
    Ops,
}

impl Listener {
    /// Its name in log lines and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Operator => "operator",
            Self::Ops => "ops",
        }
    }
}

/// What every request of a listener is handled with.
pub(crate) struct Edge {
    pub(crate) listener: Listener,
    pub(crate) accounts: Accounts,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) hosts: HostList,
    pub(crate) proxies: TrustedProxies,
    /// Whether anyone may register.
    pub(crate) registration_open: bool,
}
