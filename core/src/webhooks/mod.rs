//! Webhooks: what happens to the accounts of a client app, told to a URL of its own.
//!
//! A delivery is one event for one webhook, signed as Standard Webhooks says. The log is the queue:
//! a webhook takes in what the log holds for its app, from position to position, and what it has
//! taken in and not yet told lies in a file of its own ([`queue`]). The way out
//! is a [`Carrier`]; HTTP is the server's.
//!
//! ```text
//! log ──taken in──▶ waiting ──▶ sending ──2xx──▶ told
//!                    ▲   ▲         │ anything else
//!                    │   └─ later ─┤
//!                    │             └─ too often, or too old ──▶ dead letter
//!                    └──────────────────── redelivered ─────────────┘
//! ```
//!
//! Each account has its lane: its events are told in the order of the log, and one that is not
//! taken holds up those behind it and those of nobody else.
//!
//! **What must stay true.** Nobody waits for a receiver: not who signs in, nor another receiver. A
//! delivery is told at least once, under the same `webhook-id` however often; more than once only
//! where we stopped between the receiver's answer and our note of it, or where an admin asked for
//! it. Nothing personal and no secret of ours leaves the house but the signature.

pub mod address;
pub mod ledger;
pub mod pace;
pub mod queue;
pub mod sign;

use std::fmt;

use countersign_events::id::EventId;
use futures::future::BoxFuture;
use jiff::Timestamp;

pub use self::address::{HookUrl, InvalidHookUrl};

/// A delivery, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Where.
    pub url: HookUrl,
    /// The event that it tells: `webhook-id`.
    pub event: EventId,
    /// When this attempt is made: `webhook-timestamp`.
    pub at: Timestamp,
    /// The signatures of this attempt: `webhook-signature`.
    pub signature: String,
    /// The body, the same at every attempt.
    pub body: Vec<u8>,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Delivery({})", self.event)
    }
}

/// Takes deliveries out of the house.
pub trait Carrier: Send + Sync {
    /// Hands a delivery over; `Ok` means that the receiver has taken it.
    fn carry(&self, delivery: Delivery) -> BoxFuture<'_, Result<(), NotTaken>>;
}

/// Why a receiver did not take a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It said that it is gone for ever: 410.
    #[error("gone")]
    Gone,
    /// It answered with another status than 2xx.
    #[error("{0}")]
    Status(u16),
    /// It did not answer in time.
    #[error("timed_out")]
    TimedOut,
    /// No connection, a broken one, or no trust in its certificate.
    #[error("unreachable")]
    Unreachable,
}
