//! What the store counts, for whoever publishes metrics.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        #[derive(Debug, Default)]
        pub(super) struct Counters {
            $(pub(super) $name: AtomicU64,)+
        }

        /// What a store has counted since it was opened.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct StoreCounts {
            $($(#[$doc])* pub $name: u64,)+
        }

        impl Counters {
            pub(super) fn counts(&self) -> StoreCounts {
                StoreCounts { $($name: self.$name.load(Ordering::Relaxed),)+ }
            }
        }
    };
}

counters! {
    /// Appends that were written.
    appends,
    /// Entries that were written.
    entries,
    /// Appends that had been written before.
    duplicates,
    /// Appends that were refused: conflicts and reused keys.
    refusals,
    /// Transactions that were committed with something new in them.
    commits,
    /// Commits that failed.
    commits_failed,
    /// Checkpoints of the WAL that were made beside the writer.
    checkpoints,
    /// Requests that wait for the writer now.
    queued,
}

/// Adds to a counter.
pub(super) fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}
