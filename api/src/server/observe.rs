//! The metrics that are read off and not counted.

use std::sync::{Arc, Weak};

use countersign_core::clock::Clock;
use countersign_core::sources::Observed;
use countersign_core::webhooks::queue::WeakDeliveries;
use countersign_events::store::sqlite::SqliteStore;

use super::Accounts;

/// What is read off when metrics are asked for. Holds nothing open.
pub(super) fn observe(
    accounts: &Accounts,
    counted: Weak<SqliteStore>,
    clock: Arc<dyn Clock>,
    queue: WeakDeliveries,
) -> Box<dyn Fn() + Send + Sync> {
    let (directory, progress) = (accounts.directory().clone(), accounts.read_model().progress());
    let sources = Arc::clone(accounts.sources());
    Box::new(move || {
        let position = progress.borrow().position.map_or(0, |position| position.next().get());
        gauge("countersign_accounts_live", directory.live() as u64);
        gauge("countersign_read_model_entries", position);
        observe_sources(&sources.observe());
        if let Some(Ok(totals)) = queue.upgrade().map(|queue| queue.totals()) {
            gauge("countersign_webhook_deliveries_waiting", totals.waiting);
            gauge("countersign_webhook_dead_letters", totals.dead_letters);
        }
        let ahead = clock.shown().duration_since(clock.now());
        metrics::gauge!("countersign_clock_ahead_seconds").set(ahead.as_secs_f64().round());
        if let Some(store) = counted.upgrade() {
            let counts = store.counts();
            gauge("countersign_log_size", store.size());
            metrics::counter!("countersign_log_commits_total").absolute(counts.commits);
            metrics::counter!("countersign_log_entries_total").absolute(counts.entries);
        }
    })
}

fn observe_sources(seen: &Observed) {
    gauge("countersign_sources_remembered", seen.remembered as u64);
    gauge("countersign_sources_blocked", seen.blocked as u64);
    metrics::counter!("countersign_source_blocks_total").absolute(seen.blocks);
    metrics::counter!("countersign_source_refusals_total").absolute(seen.refused);
    let breaker = &seen.breaker;
    gauge("countersign_breaker_tripped", u64::from(breaker.tripped_since.is_some()));
    gauge("countersign_second_step_failures_hour", u64::from(breaker.failures_hour));
    gauge("countersign_second_step_attempts_hour", u64::from(breaker.attempts_hour));
    gauge("countersign_second_step_failures_usual_hour", u64::from(breaker.usual_hour));
}

#[expect(clippy::cast_precision_loss, reason = "a gauge; exact up to 2^53")]
fn gauge(name: &'static str, value: u64) {
    metrics::gauge!(name).set(value as f64);
}
