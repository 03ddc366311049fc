//! What goes out to client apps: events of their accounts, and the webhooks that carry them.

use countersign_events::id::{AccountId, ClientId, EventId, Position};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::EventView;

/// An event of an account, as it goes out to the client app that made the account.
#[derive(Debug, Clone, PartialEq)]
pub struct OutgoingView {
    /// Its id: the same however often it is told.
    pub id: EventId,
    /// Its place in the log.
    pub position: Position,
    /// The account.
    pub account: AccountId,
    /// What happened.
    pub event: EventView,
}

/// A new webhook, or one with a new secret.
#[derive(Debug, Clone)]
pub struct WebhookSecretGiven {
    /// The app.
    pub client: ClientId,
    /// What the webhook is called by.
    pub webhook: EventId,
    /// Told once.
    pub secret: Zeroizing<String>,
    /// Until when its other secrets sign beside this one; none where it has no other.
    pub others_end_at: Option<Timestamp>,
}

/// A webhook of a client app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookView {
    /// What it is called by.
    pub webhook: EventId,
    /// Where it is told.
    pub url: String,
    /// Of what; of everything, where there are none.
    pub types: Vec<String>,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// How it goes.
    pub standing: WebhookStanding,
}

/// How the deliveries of a webhook go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookStanding {
    /// Deliveries that wait, or are tried again later.
    pub waiting: u64,
    /// Deliveries that were given up.
    pub dead_letters: u64,
    /// Everything before this position was delivered or given up; none where it has not begun.
    pub next: Option<Position>,
    /// What was not taken and is tried again; none where everything is taken.
    pub retrying: Option<RetryingView>,
}

/// Deliveries that were not taken and are tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryingView {
    /// Since when the oldest of them waits.
    pub since: Timestamp,
    /// How the last attempt at any of them failed.
    pub why: String,
    /// When the next is tried.
    pub next_at: Timestamp,
}

/// A delivery that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterView {
    /// The event's place in the log.
    pub position: Position,
    /// The account that it happened to.
    pub account: AccountId,
    /// Since when it waited.
    pub queued_at: Timestamp,
    /// Attempts made.
    pub attempts: u32,
    /// How the last one failed, in a word: a status, or what kept it from one.
    pub why: String,
    /// When it was given up.
    pub given_up_at: Timestamp,
}
