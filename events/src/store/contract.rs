//! The contract suite: what every store must do, as cases that any backend can run.
//!
//! A case knows nothing of the backend behind the trait. It takes a [`Backend`], opens a store that
//! is its own, and panics where the store breaks a promise. Cases are values with a name, so that a
//! test list, a binary or a report can run them one by one; a backend that cannot do something
//! (travel in time, be reopened) says so, and whoever leaves a case out has to name it.
//!
//! Cases want a tokio runtime with more than one thread. They sleep never, wait for at most
//! [`PATIENCE`], and count positions from the head they found.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a case fails by panicking, as every test does"
)]

mod append;
mod batch;
mod concurrency;
mod conflict;
mod fixture;
mod key;
mod order;
mod read;
mod reopening;
mod resolve;
mod snapshot;
mod subscription;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use super::EventStore;

/// How long a case waits for something that must come before it gives up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A kind of store, as the suite sees it.
pub trait Backend: Send + Sync + 'static {
    /// A store that nobody else uses. Its log should be empty.
    fn open(&self) -> BoxFuture<'_, Arc<dyn EventStore>>;

    /// The store last opened, opened again after it was closed. Asked only where
    /// [`Capability::Reopen`] is claimed, and after every handle was dropped.
    fn reopen(&self) -> BoxFuture<'_, Arc<dyn EventStore>>;

    /// Moves the store's clock forward. Asked only where [`Capability::Clock`] is claimed.
    fn advance(&self, by: Duration);

    /// Whether it can do what some cases need.
    fn can(&self, capability: Capability) -> bool;

    /// Makes the streams and keys of this run differ from those of another run on the same log.
    fn salt(&self) -> u64 {
        0
    }
}

/// What a case may need beyond the store itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Closing the store and opening it again.
    Reopen,
    /// A clock that can be moved.
    Clock,
}

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Appending, its bounds, and bytes that come back verbatim (P3, P7, P9).
    Append,
    /// Expected revisions (P2).
    Conflict,
    /// Append keys (P6).
    Key,
    /// Many appends with one durable write.
    Batch,
    /// Reading streams (P5).
    Read,
    /// The one order of the log (P4).
    Order,
    /// Subscriptions (P4).
    Subscription,
    /// Snapshots.
    Snapshot,
    /// What became of an append (P8).
    Resolve,
    /// Many callers at once (P2, P6).
    Concurrency,
    /// Closing and opening again (P1).
    Reopening,
}

/// One case of the contract.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its name, a sentence, unique in the suite.
    pub name: &'static str,
    /// What it is about.
    pub group: Group,
    /// What it needs beyond the store itself.
    pub needs: Option<Capability>,
    run: fn(Arc<dyn Backend>) -> BoxFuture<'static, ()>,
}

impl Case {
    /// Runs it.
    ///
    /// # Panics
    /// Where the store breaks its contract.
    pub async fn run(&self, backend: Arc<dyn Backend>) {
        if let Some(capability) = self.needs {
            assert!(backend.can(capability), "{} needs {capability:?}", self.name);
        }
        (self.run)(backend).await;
    }
}

/// All cases, in the order in which they are best read.
#[must_use]
pub fn cases() -> Vec<Case> {
    [
        append::cases(),
        conflict::cases(),
        key::cases(),
        batch::cases(),
        read::cases(),
        order::cases(),
        subscription::cases(),
        snapshot::cases(),
        resolve::cases(),
        concurrency::cases(),
        reopening::cases(),
    ]
    .concat()
}

/// Lists the cases of a module: `async fn(Fixture)` by name, some with what they need.
macro_rules! list_cases {
    ($group:ident: $($name:ident $(needs $capability:ident)?),+ $(,)?) => {
        pub(super) fn cases() -> Vec<$crate::store::contract::Case> {
            vec![$($crate::store::contract::Case {
                name: stringify!($name),
                group: $crate::store::contract::Group::$group,
                needs: [$(Some($crate::store::contract::Capability::$capability),)? None][0],
                run: |backend| {
                    Box::pin(async move { $name(Fixture::open(backend).await).await })
                },
            }),+]
        }
    };
}
use list_cases;
