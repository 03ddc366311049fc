//! The log and its keeper: compared with what was signed before anything is written.

use std::path::Path;
use std::sync::Arc;

use actix_rt::Arbiter;
use anyhow::Context as _;
use countersign_core::actors::keeper::{Halt, Keeper, Keeping, must_not_be_behind};
use countersign_core::actors::log::Log;
use countersign_core::clock::Clock;
use countersign_core::entropy::Entropy;
use countersign_core::vault::Keyring;
use countersign_events::store::EventStore;

use crate::server::startup::Check;

/// What a start says where the log is not what was signed of it.
const NOT_WRITTEN: &str = "the log is not written to";

/// Opens a log; an empty one is begun, where none was signed.
pub(super) async fn open(
    store: &Arc<dyn EventStore>,
    keyring: &Arc<Keyring>,
    data: &Path,
    origin: &str,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> anyhow::Result<(Log, Keeper)> {
    must_not_be_behind(store.as_ref(), data).await.context(NOT_WRITTEN)?;
    let halt = Halt::default();
    let keep = || Keeper::open(Arc::clone(store), Arc::clone(keyring), data, halt.clone());
    let is_begun = store.head().await.context("cannot read the log")?.is_some();
    let compared = if is_begun { Some(keep().await.context(NOT_WRITTEN)?) } else { None };
    let key = keyring.log_public_key();
    let log = Log::open(Arc::clone(store), key, origin, Arc::clone(clock), Arc::clone(entropy));
    let log = log.await.context("cannot open the log")?.halted_by(halt.clone());
    let keeper = match compared {
        Some(keeper) => keeper,
        None => keep().await.context(NOT_WRITTEN)?,
    };
    Ok((log, keeper))
}

/// Sends the keeper to work.
pub(super) fn keep(keeper: Keeper) -> (Keeping, Arbiter) {
    let arbiter = Arbiter::new();
    (keeper.start_on(&arbiter.handle()), arbiter)
}

/// Well while the log is the one that was signed.
pub(super) fn check(halt: Halt) -> Check {
    let ask = move || -> futures::future::BoxFuture<'static, bool> {
        let is_well = halt.why().is_none();
        Box::pin(async move { is_well })
    };
    ("checkpoints", Box::new(ask))
}
