//! Watches the clock while nobody calls: one that was set raises its alarm within a second.

use std::sync::Weak;
use std::time::Duration;

use actix_rt::ArbiterHandle;
use countersign_core::actors::account::Services;

/// From one look to the next.
const EVERY: Duration = Duration::from_secs(1);

/// Watches until the services are gone. Holds nothing open between two looks.
pub(super) fn start_on(arbiter: &ArbiterHandle, services: Weak<Services>) {
    arbiter.spawn(async move {
        let mut due = tokio::time::interval(EVERY);
        loop {
            due.tick().await;
            let Some(services) = services.upgrade() else { return };
            if let Err(error) = services.log.record_clock().await {
                tracing::error!(%error, "the clock was set, and that could not be recorded");
            }
        }
    });
}
