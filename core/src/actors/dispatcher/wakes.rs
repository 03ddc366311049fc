//! What wakes the dispatcher.

use std::time::Duration;

use futures::{Stream, stream};
use tokio::sync::watch;

use super::Poke;
use crate::projections::Progress;

/// The pause after a hint: what comes one by one meanwhile is taken in together.
const BREATH: Duration = Duration::from_millis(20);

pub(super) fn changes(counter: watch::Receiver<u64>) -> impl Stream<Item = Poke> {
    stream::unfold((counter, false), |(mut counter, was)| async move {
        if was {
            tokio::time::sleep(BREATH).await;
        }
        counter.changed().await.ok()?;
        Some((Poke, (counter, true)))
    })
}

pub(super) fn becoming_live(progress: watch::Receiver<Progress>) -> impl Stream<Item = Poke> {
    stream::unfold((progress, false), |(mut progress, was)| async move {
        if was {
            progress.wait_for(|progress| !progress.live).await.ok()?;
        }
        progress.wait_for(|progress| progress.live).await.ok()?;
        Some((Poke, (progress, true)))
    })
}
