//! Commands about who is signed in, for client apps.

use countersign_events::account::Assurance;
use countersign_events::id::{ClientId, HandleHash, Hash32};
use jiff::SignedDuration;

/// See [`Command::IssueGrant`](super::Command::IssueGrant).
#[derive(Debug, Clone)]
pub struct IssueGrant {
    /// The session that asks.
    pub session: HandleHash,
    /// The app.
    pub client: ClientId,
    /// The hash of the grant.
    pub grant: HandleHash,
    /// SHA-256 of what the app must bring along.
    pub challenge: Hash32,
    /// How sure the session must be.
    pub assurance: Assurance,
    /// How long ago its holder may have signed in.
    pub max_age: Option<SignedDuration>,
}

/// See [`Command::RedeemGrant`](super::Command::RedeemGrant).
#[derive(Debug, Clone)]
pub struct RedeemGrant {
    /// The grant.
    pub grant: HandleHash,
    /// The app that asks.
    pub client: ClientId,
    /// Whether what it brought along belongs to the grant.
    pub fits: bool,
    /// The hash of the token by which it may ask again, or of the pass.
    pub token: HandleHash,
    /// Whether it is a pass.
    pub passes: bool,
}
