//! Grants: what a client app finds out by, who is signed in in a browser (the authorization codes
//! of RFC 6749, 4.1).
//!
//! ```text
//!            GrantIssued              GrantRedeemed
//!   nothing ─────────────▶ waits ───────────────────▶ redeemed
//!                            │ 60 s, a mismatch          │ 5 min, a second use
//!                            ▼                           ▼
//!                          dead                        dead
//! ```
//!
//! A grant that lets a browser pass at a host stays as long as its session may. A browser repeats
//! what it asked for when a connection breaks, so that there a second use within [`REPEAT_TTL`],
//! with all that belongs to it, is refused and voids nothing.
//!
//! A grant speaks for one session, and is worth nothing once that has ended.

use countersign_events::id::{ClientId, HandleHash, Hash32, Revision};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::account::{Open, Session};

/// How long a grant waits to be redeemed.
pub const GRANT_TTL: SignedDuration = SignedDuration::from_secs(60);
/// How long an app may ask again who it is.
pub const ACCESS_TTL: SignedDuration = SignedDuration::from_mins(5);
/// How long after its use a browser may bring a grant again without being a thief.
pub const REPEAT_TTL: SignedDuration = SignedDuration::from_secs(10);
/// Grants of one account at once; the oldest goes, and a pass only where there is nothing else.
pub const GRANTS_MAX: usize = 64;
/// Grants that one session is given in [`GRANT_PACE_SPAN`]: each is an entry of the log.
pub const GRANTS_PACE_MAX: u32 = 60;
/// The span that they are counted in.
pub const GRANT_PACE_SPAN: SignedDuration = SignedDuration::from_mins(1);

/// How many grants a session was given in a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantPace {
    /// When the first was.
    pub since: Timestamp,
    /// How many.
    pub count: u32,
}

impl GrantPace {
    /// The same after one more: in the span that runs, or in one that begins with it.
    #[must_use]
    pub fn after(earlier: Option<Self>, at: Timestamp) -> Self {
        match earlier.filter(|pace| at < pace.ends_at()) {
            Some(Self { since, count }) => Self { since, count: count.saturating_add(1) },
            None => Self { since: at, count: 1 },
        }
    }

    /// Until when no more are given, where there were as many as may be.
    #[must_use]
    pub fn full_until(&self, now: Timestamp) -> Option<Timestamp> {
        (self.count >= GRANTS_PACE_MAX && now < self.ends_at()).then(|| self.ends_at())
    }

    fn ends_at(&self) -> Timestamp {
        self.since.saturating_add(GRANT_PACE_SPAN).unwrap_or(Timestamp::MAX)
    }
}

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Which app may redeem it.
    pub client: ClientId,
    /// The session that it speaks for.
    pub session: HandleHash,
    /// SHA-256 of what the app must bring along.
    pub challenge: Hash32,
    /// The entry whose sealed part says where to the browser went back, and what the app wants
    /// told.
    pub issued_in: Revision,
    /// When it dies, unless it is redeemed.
    pub expires_at: Timestamp,
    /// What it led to.
    pub redeemed: Option<Redeemed>,
}

/// What a redeemed grant led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redeemed {
    /// The hash of the token.
    pub token: HandleHash,
    /// When that dies.
    pub expires_at: Timestamp,
    /// Whether it is a pass.
    pub passes: bool,
    /// When it was.
    pub at: Timestamp,
}

impl Grant {
    /// Whether it lets a browser pass at a host.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.redeemed.as_ref().is_some_and(|redeemed| redeemed.passes)
    }

    /// When nothing is left of it.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.redeemed.as_ref().map_or(self.expires_at, |redeemed| redeemed.expires_at)
    }
}

impl Open {
    /// The grant that led to this token, and its session, while both are alive.
    #[must_use]
    pub fn granted(&self, token: HandleHash, now: Timestamp) -> Option<(&Grant, &Session)> {
        let led_to = |grant: &&Grant| {
            let redeemed = grant.redeemed.as_ref();
            redeemed.is_some_and(|redeemed| redeemed.token == token && now < redeemed.expires_at)
        };
        let grant = self.grants.values().find(led_to)?;
        let session = self.sessions.get(&grant.session)?;
        (now < session.expires_at).then_some((grant, session))
    }
}
