//! The accounts and apps, as the dispatcher sees them.

use countersign_events::id::{ClientId, EventId, Hash32, Position};
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::HookUrl;
use super::sign::HookSecret;
use crate::accounts::Fault;
use crate::accounts::answer::OutgoingView;

/// A webhook that is told what happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// The app.
    pub client: ClientId,
    /// What it is called by.
    pub webhook: EventId,
    /// Where.
    pub url: HookUrl,
    /// Of what; of everything, where there are none.
    pub types: Vec<String>,
    /// Its secrets, the newest first.
    pub secrets: Vec<HookSecret>,
    /// Where to begin, as far as the log tells.
    pub resume: Position,
    /// When the log was told that last.
    pub noted_at: Timestamp,
    /// The last time that it was to be told again from a position on.
    pub replay: Option<(EventId, Position)>,
}

/// What the dispatcher asks, and tells.
pub trait HookLedger: Send + Sync {
    /// Every webhook that was not ended, of every app that was not disabled.
    fn live(&self) -> BoxFuture<'_, Result<Vec<Hook>, Fault>>;

    /// An event as it goes out; none where there is nothing to tell.
    fn outgoing(&self, position: Position) -> BoxFuture<'_, Result<Option<OutgoingView>, Fault>>;

    /// Whether the log holds this entry.
    fn holds(&self, position: Position, leaf: Hash32) -> BoxFuture<'_, Result<bool, Fault>>;

    /// Notes how far a webhook was told.
    fn progressed(
        &self,
        client: ClientId,
        webhook: EventId,
        next: Position,
    ) -> BoxFuture<'_, Result<(), Fault>>;

    /// Ends a webhook whose receiver said that it is gone.
    fn gone(&self, client: ClientId, webhook: EventId) -> BoxFuture<'_, Result<(), Fault>>;
}
