//! Sweeping: secrets that no event names are removed, regularly, while the server runs.
//!
//! A crash between a secret and its event leaves a version that nothing uses. It is removed once
//! it is old enough that no request can still be about to name it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use actix_rt::ArbiterHandle;
use countersign_core::clock::Clock;
use countersign_core::vault::{Vault, sweep};
use countersign_events::store::EventStore;

/// From one sweep to the next, and from the start to the first.
const EVERY: Duration = Duration::from_secs(3600);

/// Sweeps until the log is closed. Holds nothing open between two sweeps.
pub(super) fn start_on(
    arbiter: &ArbiterHandle,
    vault: Weak<dyn Vault>,
    store: Weak<dyn EventStore>,
    clock: Arc<dyn Clock>,
) {
    arbiter.spawn(async move {
        let mut due = tokio::time::interval(EVERY);
        due.tick().await;
        loop {
            due.tick().await;
            let (Some(vault), Some(store)) = (vault.upgrade(), store.upgrade()) else { return };
            match sweep::sweep(vault.as_ref(), store.as_ref(), clock.now()).await {
                Ok(swept) => tracing::info!(?swept, "secrets without an event were looked for"),
                Err(error) => tracing::warn!(%error, "the sweep did not finish"),
            }
        }
    });
}
