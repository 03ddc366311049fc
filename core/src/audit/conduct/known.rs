//! What is known of a stream's authenticators, sign-ins, sessions and codes, as far as rules need
//! it.

use countersign_events::account::{Assurance, Need, Purpose};
use countersign_events::id::{EventId, FactorId};
use jiff::Timestamp;

#[derive(Debug, Clone, Default)]
pub(super) struct Factor {
    pub(super) enabled: bool,
    pub(super) imported: bool,
    pub(super) last_step: Option<u64>,
    /// The offset that its clock was found at, and the last that was accepted, at most one step
    /// from that.
    pub(super) centre: i32,
    pub(super) learned: i32,
    /// Where two codes in a row just told that it is.
    pub(super) told: Option<i32>,
}

#[derive(Debug, Clone)]
pub(super) struct SignIn {
    pub(super) expires_at: Timestamp,
    pub(super) needs: Need,
    pub(super) at_known_device: bool,
    /// How sure of its holder it is so far.
    pub(super) proven: Assurance,
    pub(super) guesses: u32,
    pub(super) reused: u32,
}

#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) expires_at: Timestamp,
    pub(super) assurance: Assurance,
    /// The authenticator that last proved its second factor.
    pub(super) by: Option<FactorId>,
}

#[derive(Debug, Clone)]
pub(super) struct EmailCode {
    pub(super) request: EventId,
    pub(super) purpose: Purpose,
    pub(super) expires_at: Timestamp,
}
