//! What accounts work with, and the policy that a request is decided under.

use std::sync::Arc;

use crate::accounts::KnownClients;
use crate::actors::log::Log;
use crate::actors::policy::PolicyInForce;
use crate::domain::policy::Policy;
use crate::sources::Sources;
use crate::vault::{Passwords, Secrets};

/// What accounts work with.
pub struct Services {
    /// The log.
    pub log: Log,
    /// The vault and its keys.
    pub secrets: Secrets,
    /// The bounded pool that hashes passwords.
    pub passwords: Passwords,
    /// The policy in force, which may change while this runs.
    pub policy: PolicyInForce,
    /// Where guesses come from, and how often they fail.
    pub sources: Arc<Sources>,
    /// The same of operators: whoever guesses in public blocks no desk behind the same address.
    pub staff_sources: Arc<Sources>,
    /// The client apps, as far as they were read.
    pub known_clients: KnownClients,
    /// The issuer that phones show.
    pub issuer: String,
    /// The issuer of assertions: the public URL.
    pub public_url: String,
}

impl Services {
    /// One snapshot of the policy. While accounts are guarded, it says so.
    pub(super) fn decided_under(&self) -> Arc<Policy> {
        let policy = self.policy.now();
        if !policy.breaker.enforce || !self.sources.guards() {
            return policy;
        }
        let mut guarded = Policy::clone(&policy);
        guarded.limits.guarded = Some(policy.breaker.guarded_allowance);
        Arc::new(guarded)
    }
}
